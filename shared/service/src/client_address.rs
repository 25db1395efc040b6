//! The address of the client: the runtime's own word, or what a trusted proxy has added.

use axum::http::{HeaderMap, request::Parts};

/// The client's address, with or without a port, where it is known. `header` is one that a trusted proxy sets.
pub fn client_address(header: Option<&str>, parts: &Parts) -> Option<String> {
    match header {
        Some(name) => last_of(&parts.headers, name),
        None => platform::client_address(&parts.headers, &parts.extensions),
    }
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
}
