//! Where a request comes from, for limits on guesses: the client's address, of which storage only sees a keyed hash.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use crypto::hash;

use crate::{App, Error, Result};

/// The client's network, where it is known.
pub struct Source(Option<String>);

impl FromRequestParts<App> for Source {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let address = match &app.portal().accounts()?.client_address_header {
            Some(name) => last_of(&parts.headers, name),
            None => platform::client_address(&parts.headers, &parts.extensions),
        };
        Ok(Self(address.as_deref().map(network)))
    }
}

impl Source {
    /// What is stored of the source, if it is known.
    pub fn key(&self, app: &App) -> Result<Option<String>> {
        self.0.as_deref().map(|network| guess_key(app, &["source", network])).transpose()
    }
}

/// The keyed hash under which guesses are counted.
pub fn guess_key(app: &App, parts: &[&str]) -> Result<String> {
    let key = app.config().derived_key("portal-guesses")?;
    let parts: Vec<&[u8]> = parts.iter().flat_map(|part| [part.as_bytes(), b"\0"]).collect();
    Ok(hash::hex(&hash::hmac_sha256(&*key, &parts)))
}

/// The last address of a list: the one that the nearest proxy has added.
fn last_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next().map(|address| address.trim().to_owned())
}

/// What one client cannot easily leave: an IPv4 address, or the first 64 bits of an IPv6 address.
fn network(address: &str) -> String {
    let ip = address.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| address.parse::<IpAddr>());
    match ip.map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.to_string(),
        Ok(IpAddr::V6(ip)) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:4711", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("[2001:db8:1:2:ffff::1]:80", "2001:db8:1:2::"),
            ("somewhere", "somewhere"),
        ] {
            assert_eq!(network(address), expected, "{address}");
        }
    }

    #[test]
    fn a_proxy_adds_its_word_at_the_end() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9, 198.51.100.1".parse().unwrap());
        assert_eq!(last_of(&headers, "x-forwarded-for").as_deref(), Some("198.51.100.1"));
        headers.append("x-forwarded-for", "192.0.2.7".parse().unwrap());
        assert_eq!(last_of(&headers, "X-Forwarded-For").as_deref(), Some("192.0.2.7"));
        assert_eq!(last_of(&headers, "forwarded"), None);
    }
}
