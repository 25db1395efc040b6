//! Bodies of the portal: clients send forms or JSON, everywhere.

use axum::{
    extract::{FromRequest, Request},
    http::header::CONTENT_TYPE,
};
use model::portal::Body;

use crate::{
    App, Error, Result,
    extract::{BODY_LIMIT, read_optional_body},
};

/// A form or a JSON object, whatever the client sends; an absent body is an empty one.
pub struct PortalBody(pub Body);

impl FromRequest<App> for PortalBody {
    type Rejection = Error;

    async fn from_request(request: Request, _app: &App) -> Result<Self> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let body = read_optional_body(request, BODY_LIMIT).await?;
        parse(&content_type, body.trim_ascii()).map(Self)
    }
}

fn parse(content_type: &str, body: &[u8]) -> Result<Body> {
    let is_json = content_type.contains("json") || (!content_type.contains("form") && body.starts_with(b"{"));
    if body.is_empty() || body == b"null" {
        return Ok(Body::default());
    }
    if is_json {
        let object = serde_json::from_slice(body).map_err(|_| Error::bad_request("The body is not a JSON object"))?;
        return Ok(Body::from_json(&object));
    }
    if content_type.contains("multipart") {
        return Err(Error::bad_request("Send application/x-www-form-urlencoded or application/json"));
    }
    let pairs: Vec<_> = serde_urlencoded::from_bytes(body).map_err(|_| Error::bad_request("The body is not a form"))?;
    Ok(Body::from_form(pairs))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn forms_and_json_read_the_same() {
        let form = parse("application/x-www-form-urlencoded; charset=utf-8", b"email=a%40b.c&service.id=x+y").unwrap();
        for content_type in ["application/json", ""] {
            assert_eq!(parse(content_type, br#"{"email":"a@b.c","service":{"id":"x y"}}"#).unwrap(), form);
        }
        assert_eq!(parse("", b"email=a%40b.c&service.id=x+y").unwrap(), form);
        for nothing in [&b""[..], b"null"] {
            assert_eq!(parse("application/json", nothing).unwrap(), Body::default());
        }
        assert!(parse("application/json", b"[1]").is_err() && parse("multipart/form-data", b"x").is_err());
    }
}
