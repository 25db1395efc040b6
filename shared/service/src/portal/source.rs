//! Where a request comes from, for limits on guesses: the client's address, of which storage only sees a keyed hash.

use std::net::{IpAddr, Ipv6Addr};

use axum::{extract::FromRequestParts, http::request::Parts};
use crypto::hash;

use crate::{App, Error, Result, client_address};

/// The client's network, where it is known.
pub struct Source(Option<String>);

impl FromRequestParts<App> for Source {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let header = app.portal().accounts()?.client_address_header.as_deref();
        let address = client_address(header, parts);
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

/// What one client cannot easily leave: an IPv4 address, or the first 64 bits of an IPv6 address.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
            ("somewhere", "somewhere"),
        ] {
            assert_eq!(network(address), expected, "{address}");
        }
    }
}
