//! Where a connection leads.

use policy::qnsp::{OutboundHosts, Refused, hsm::Module};

const EMBEDDED: &str = "sim://";

/// Where the transit API is mounted on a server unless the endpoint has a path.
const MOUNT: &str = "/v1/transit";

/// The module that is part of this service, or a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Embedded,
    Server {
        /// Scheme, host and port.
        origin: String,
        /// Path of the transit API.
        mount: String,
    },
}

impl Endpoint {
    /// Reads `sim://name` or `https://host[/path]`. The error says what is wrong with the text.
    pub fn parse(text: &str, port: i64, hosts: &OutboundHosts) -> Result<Self, &'static str> {
        if let Some(name) = text.strip_prefix(EMBEDDED) {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            let is_name = !name.is_empty() && name.bytes().all(is_of_name);
            return if is_name { Ok(Self::Embedded) } else { Err("must have a name behind sim://") };
        }
        let no_url = "must be an https URL, or sim:// and a name";
        let (scheme, rest) = text.split_once("://").ok_or(no_url)?;
        let (host, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        // What stands in brackets is an address of version 6.
        if host.rsplit(']').next().is_some_and(|behind| behind.contains(':')) {
            return Err("must not have a port: that is a member of its own");
        }
        let path = path.trim_end_matches('/');
        if path.contains(['?', '#', '%']) || path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(no_url);
        }
        let origin = format!("{}://{host}:{port}", scheme.to_ascii_lowercase());
        let mount = if path.is_empty() { MOUNT } else { path }.to_owned();
        match hosts.check(&format!("{origin}{mount}")) {
            Ok(()) => Ok(Self::Server { origin, mount }),
            Err(Refused::NotAllowed) => Err("address not allowed"),
            Err(Refused::NoUrl | Refused::NotHttps) => Err(no_url),
        }
    }

    /// The kind of module that an endpoint leads to that has been parsed before.
    #[must_use]
    pub fn module(text: &str) -> Module {
        if text.starts_with(EMBEDDED) { Module::Embedded } else { Module::Server }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(String, String), &'static str> {
        let hosts = OutboundHosts::parse("127.0.0.1:*");
        Endpoint::parse(text, 8200, &hosts).map(|endpoint| match endpoint {
            Endpoint::Embedded => ("sim".to_owned(), String::new()),
            Endpoint::Server { origin, mount } => (origin, mount),
        })
    }

    #[test]
    fn an_endpoint_is_a_name_or_a_server_with_the_path_of_its_api() {
        for (text, origin, mount) in [
            ("sim://hsm-1", "sim", ""),
            ("https://hsm.example.com", "https://hsm.example.com:8200", "/v1/transit"),
            ("HTTPS://hsm.example.com/", "https://hsm.example.com:8200", "/v1/transit"),
            ("https://hsm.example.com/v1/team/transit/", "https://hsm.example.com:8200", "/v1/team/transit"),
            ("http://127.0.0.1", "http://127.0.0.1:8200", "/v1/transit"),
            ("https://[2606:4700::1111]/v1/t", "https://[2606:4700::1111]:8200", "/v1/t"),
        ] {
            assert_eq!(parse(text), Ok((origin.to_owned(), mount.to_owned())), "{text}");
        }
    }

    #[test]
    fn other_endpoints_are_refused() {
        for text in [
            "",
            "sim://",
            "sim://a/b",
            "hsm",
            "https://",
            "https:///v1",
            "ftp://hsm.example.com",
            "http://hsm.example.com",
            "https://hsm.example.com:8200",
            "https://[::1]",
            "https://10.0.0.1",
            "https://user@hsm.example.com",
            "https://hsm.example.com/a?b",
            "https://hsm.example.com/a#b",
            "https://hsm.example.com/../sys",
            "https://hsm.example.com/%2e%2e/sys",
            "https://localhost",
            "https://metadata.internal",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("https://127.0.0.2"), Err("address not allowed"));
    }
}
