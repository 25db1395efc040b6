//! One file as an answer: its type, the coding that the client takes, its ETag and how long it may be kept.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A file as [`crate::pack`] leaves it. At least one of the two bodies is there.
#[derive(Debug)]
pub struct Asset {
    pub name: &'static str,
    pub content_type: &'static str,
    /// Without its quotes.
    pub etag: &'static str,
    pub plain: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
}

/// How long a client may keep a file without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// For ever: its address holds the version.
    Immutable,
    /// It asks each time, and a short answer says that nothing changed.
    Asked,
}

impl Asset {
    pub fn answer(&self, asked: &HeaderMap, age: Age) -> Response {
        let gzip = self.gzip.filter(|_| accepts_gzip(asked) || self.plain.is_none() && accepts_any(asked));
        let Some(body) = gzip.or(self.plain) else {
            return (StatusCode::NOT_ACCEPTABLE, "This file is kept compressed: ask with `Accept-Encoding: gzip`")
                .into_response();
        };
        // Two codings of a file are two representations, and strong tags must differ.
        let etag = format!("\"{}{}\"", self.etag, if gzip.is_some() { "-gzip" } else { "" });
        let cache = match age {
            Age::Immutable => "public, max-age=31536000, immutable",
            Age::Asked => "no-cache",
        };
        let about = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, cache), (header::VARY, "accept-encoding")];
        if knows(asked, &etag) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        let mut response = (about, [(header::CONTENT_TYPE, self.content_type)], Body::from(body)).into_response();
        if gzip.is_some() {
            response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        }
        response
    }
}

fn knows(asked: &HeaderMap, etag: &str) -> bool {
    let tags = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| {
        // A cache in between may have weakened the tag.
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

fn accepts_gzip(asked: &HeaderMap) -> bool {
    codings(asked).any(|(coding, wanted)| wanted && matches!(coding, "gzip" | "x-gzip" | "*"))
}

/// Whether nothing was said about codings: then any will do.
fn accepts_any(asked: &HeaderMap) -> bool {
    !asked.contains_key(header::ACCEPT_ENCODING)
}

/// The codings of Accept-Encoding, each with whether it is wanted: one with weight 0 is refused.
fn codings(asked: &HeaderMap) -> impl Iterator<Item = (&str, bool)> {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|part| {
        let (coding, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        (coding.trim(), weight.is_none_or(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const BOTH: Asset =
        Asset { name: "a.css", content_type: "text/css", etag: "1", plain: Some(b"plain"), gzip: Some(b"packed") };
    const PACKED: Asset = Asset { plain: None, ..BOTH };

    fn ask(asset: &Asset, headers: &[(header::HeaderName, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        asset.answer(&headers, Age::Asked)
    }

    fn is_packed(response: &Response) -> bool {
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().contains_key(header::CONTENT_ENCODING)
    }

    #[test]
    fn the_coding_is_one_that_the_client_takes() {
        for (accepted, packed) in
            [("gzip", true), ("br, gzip;q=0.5", true), ("*", true), ("br", false), ("gzip;q=0", false), ("", false)]
        {
            assert_eq!(is_packed(&ask(&BOTH, &[(header::ACCEPT_ENCODING, accepted)])), packed, "{accepted}");
        }
        assert!(!is_packed(&ask(&BOTH, &[])));
        assert!(is_packed(&ask(&PACKED, &[])));
        let refused = ask(&PACKED, &[(header::ACCEPT_ENCODING, "identity")]);
        assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let gzip = (header::ACCEPT_ENCODING, "gzip");
        for (known, asked, status) in [
            ("\"1-gzip\"", vec![gzip.clone()], StatusCode::NOT_MODIFIED),
            ("\"0\", W/\"1-gzip\"", vec![gzip.clone()], StatusCode::NOT_MODIFIED),
            ("*", vec![], StatusCode::NOT_MODIFIED),
            ("\"1\"", vec![], StatusCode::NOT_MODIFIED),
            ("\"1\"", vec![gzip], StatusCode::OK),
            ("\"2\"", vec![], StatusCode::OK),
        ] {
            let headers: Vec<_> = asked.into_iter().chain([(header::IF_NONE_MATCH, known)]).collect();
            let response = ask(&BOTH, &headers);
            assert_eq!(response.status(), status, "{known}");
            assert!(response.headers().contains_key(header::ETAG));
        }
    }

    #[test]
    fn only_a_versioned_address_is_kept_unasked() {
        let cache = |age| BOTH.answer(&HeaderMap::new(), age).headers().get(header::CACHE_CONTROL).unwrap().clone();
        assert_eq!(cache(Age::Asked), "no-cache");
        assert!(cache(Age::Immutable).to_str().unwrap().contains("immutable"));
    }
}
