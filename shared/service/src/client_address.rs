//! The address of the client: the runtime's own word, or what a trusted proxy has added.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, request::Parts};

/// The client's address without its port, where it is known. `header` is one that a trusted proxy sets.
pub fn client_address(header: Option<&str>, parts: &Parts) -> Option<String> {
    let address = match header {
        Some(name) => last_of(&parts.headers, name),
        None => platform::client_address(&parts.headers, &parts.extensions),
    };
    address.map(without_port)
}

/// An IPv4 address that is written as one of IPv6 is written as what it is. What is no address stays.
fn without_port(address: String) -> String {
    let ip = address.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| address.parse::<IpAddr>());
    ip.map_or(address, |ip| ip.to_canonical().to_string())
}

/// The last address of a list: the one that the nearest proxy has added.
fn last_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next().map(|address| address.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_proxy_adds_its_word_at_the_end() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9, 198.51.100.1".parse().unwrap());
        assert_eq!(last_of(&headers, "x-forwarded-for").as_deref(), Some("198.51.100.1"));
        headers.append("x-forwarded-for", "192.0.2.7".parse().unwrap());
        assert_eq!(last_of(&headers, "X-Forwarded-For").as_deref(), Some("192.0.2.7"));
        assert_eq!(last_of(&headers, "forwarded"), None);
    }

    #[test]
    fn an_address_stands_without_its_port() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:4711", "192.0.2.7"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("somewhere", "somewhere"),
        ] {
            assert_eq!(without_port(address.to_owned()), expected, "{address}");
        }
    }
}
