//! Which addresses the service may call for a tenant. Whoever chooses an address must not reach what only the operator's
//! network reaches. Names are judged as they are written; where they resolve to is the runtime's affair.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not an absolute URL in printable ASCII, without a fragment.
    NoUrl,
    /// Neither https nor a host that the operator allows without it.
    NotHttps,
    NotAllowed,
}

/// Hosts that the operator allows besides those that anybody may name: `host[:port],…`, where a port may be `*`. There
/// http is accepted, too.
#[derive(Clone, Debug, Default)]
pub struct OutboundHosts(Vec<(String, Port)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    OfScheme,
    Any,
    Number(u16),
}

impl OutboundHosts {
    pub fn parse(list: &str) -> Self {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(entry).collect())
    }

    /// ```
    /// use chancery_policy::qnsp::{OutboundHosts, Refused};
    ///
    /// let nobody = OutboundHosts::default();
    /// assert_eq!(nobody.check("https://hooks.example.com/in"), Ok(()));
    /// assert_eq!(nobody.check("http://hooks.example.com/in"), Err(Refused::NotHttps));
    /// assert_eq!(nobody.check("https://10.0.0.1/"), Err(Refused::NotAllowed));
    /// assert_eq!(OutboundHosts::parse("10.0.0.1:*").check("http://10.0.0.1:81/"), Ok(()));
    /// ```
    pub fn check(&self, url: &str) -> Result<(), Refused> {
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
        let (scheme, rest) = url.split_once("://").filter(|_| is_plain).ok_or(Refused::NoUrl)?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(Refused::NoUrl);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(Refused::NotAllowed);
        }
        let (host, port) = split_port(authority).ok_or(Refused::NoUrl)?;
        let default = if is_https { 443 } else { 80 };
        if self.is_listed(&host, port.unwrap_or(default), default) {
            return Ok(());
        }
        let is_public = is_public(&host)?;
        if !is_https {
            return Err(Refused::NotHttps);
        }
        if is_public { Ok(()) } else { Err(Refused::NotAllowed) }
    }

    /// The same of a server that is no web server. `Ok(true)` says that the operator has allowed it, where a connection
    /// need not be encrypted.
    pub fn check_server(&self, host: &str, port: u16, default: u16) -> Result<bool, Refused> {
        let (host, none) = split_port(host).ok_or(Refused::NoUrl)?;
        if none.is_some() {
            return Err(Refused::NoUrl);
        }
        if self.is_listed(&host, port, default) {
            return Ok(true);
        }
        if is_public(&host)? { Ok(false) } else { Err(Refused::NotAllowed) }
    }

    /// `default` is the port of whoever names none.
    fn is_listed(&self, host: &str, port: u16, default: u16) -> bool {
        self.0.iter().any(|(listed, of)| {
            listed == host
                && match of {
                    Port::Any => true,
                    Port::OfScheme => port == default,
                    Port::Number(allowed) => *allowed == port,
                }
        })
    }
}

fn entry(text: &str) -> Option<(String, Port)> {
    match text.strip_suffix(":*") {
        Some(host) => split_port(host).map(|(host, _)| (host, Port::Any)),
        None => split_port(text).map(|(host, port)| (host, port.map_or(Port::OfScheme, Port::Number))),
    }
}

/// The host in lower case without a last dot, and the port that is written.
fn split_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, behind) = rest.split_once(']')?;
            let port = if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) };
            (format!("[{address}]"), port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (authority.to_owned(), None),
        },
    };
    let host = host.strip_suffix('.').unwrap_or(&host).to_ascii_lowercase();
    // A number would be parsed with a sign.
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port {
        None => Some((host, None)),
        Some(port) if is_number(port) => Some((host, Some(port.parse().ok()?))),
        Some(_) => None,
    }
}

/// Whether a host is one that the whole internet sees, as far as its text tells.
fn is_public(host: &str) -> Result<bool, Refused> {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse().map(is_public_v6).map_err(|_| Refused::NoUrl);
    }
    let is_of_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > 253 || !host.bytes().all(is_of_name) || host.split('.').any(str::is_empty) {
        return Err(Refused::NoUrl);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    // Clients take `127.1`, `0x7f.0.0.1` and `2130706433` for addresses, too: what ends in a number is one or nothing.
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Ok(host.parse().is_ok_and(is_public_v4));
    }
    // A name without a dot is looked up in the operator's own domain.
    Ok(host.contains('.') && !matches!(last, "localhost" | "internal" | "local"))
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_for_protocols = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let is_for_benchmarks = a == 198 && (18..20).contains(&b);
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_for_protocols
        || is_for_benchmarks)
}

/// Global unicast, without what leads to an address of version 4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_tunnel = first == 0x2002 || (first, second) == (0x2001, 0);
    is_global && !is_tunnel && (first, second) != (0x2001, 0xdb8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &str, urls: &[&str]) -> Vec<Result<(), Refused>> {
        let hosts = OutboundHosts::parse(list);
        urls.iter().map(|url| hosts.check(url)).collect()
    }

    #[test]
    fn what_everybody_reaches_is_allowed() {
        for url in [
            "https://hooks.example.com",
            "https://hooks.example.com:8443/a?b=c",
            "HTTPS://Hooks.Example.com./",
            "https://93.184.216.34/",
            "https://[2606:2800:220:1:248:1893:25c8:1946]:444/x",
            "https://10.example.com/",
        ] {
            assert_eq!(OutboundHosts::default().check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn what_only_the_operator_reaches_is_not() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "017700000001",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.170",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "metadata.google.internal",
            "db.internal",
            "printer.local",
            "intranet",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:1::]",
            "[2001:db8::1]",
            "user@hooks.example.com",
            "a:b@hooks.example.com",
            "1.2.3.4.5",
            "256.1.1.1",
        ] {
            assert_eq!(OutboundHosts::default().check(&format!("https://{host}/")), Err(Refused::NotAllowed), "{host}");
        }
    }

    #[test]
    fn what_is_no_url_is_told_apart() {
        for url in [
            "",
            "hooks.example.com",
            "//hooks.example.com",
            "https:/a.example",
            "ftp://a.example/",
            "https://",
            "https:///a",
            "https://a.example:/",
            "https://a.example:x/",
            "https://a.example:+1/",
            "https://a.example:70000/",
            "https://a b.example/",
            "https://a.example/#x",
            "https://a.example\\@b.example/",
            "https://ä.example/",
            "https://a%2e.example/",
            "https://[::1",
            "https://[::1]x/",
            "https://[nothing]/",
            "https://a..example/",
            "https://a.example/\n",
        ] {
            assert_eq!(OutboundHosts::default().check(url), Err(Refused::NoUrl), "{url}");
        }
        assert_eq!(OutboundHosts::default().check("http://a.example/"), Err(Refused::NotHttps));
        assert_eq!(OutboundHosts::default().check("http://127.0.0.1/"), Err(Refused::NotHttps));
    }

    #[test]
    fn a_server_is_judged_by_its_host_and_need_not_encrypt_where_the_operator_allows_it() {
        let hosts = OutboundHosts::parse("127.0.0.1:*,db.internal");
        let check = |host, port| hosts.check_server(host, port, 5432);
        for (host, port, expected) in [
            ("127.0.0.1", 1, Ok(true)),
            ("DB.internal.", 5432, Ok(true)),
            ("db.internal", 5433, Err(Refused::NotAllowed)),
            ("db.example.com", 5433, Ok(false)),
            ("[2606:2800:220:1:248:1893:25c8:1946]", 5432, Ok(false)),
            ("[::1]", 5432, Err(Refused::NotAllowed)),
            ("10.0.0.1", 5432, Err(Refused::NotAllowed)),
            ("db.example.com:1", 5432, Err(Refused::NoUrl)),
            ("a,b", 5432, Err(Refused::NoUrl)),
            ("", 5432, Err(Refused::NoUrl)),
        ] {
            assert_eq!(check(host, port), expected, "{host}:{port}");
        }
    }

    #[test]
    fn the_operator_allows_hosts_with_one_port_or_all() {
        let urls = ["http://127.0.0.1:9/", "https://127.0.0.1/", "http://127.0.0.1/", "https://127.0.0.1:8/"];
        let (yes, no, plain) = (Ok(()), Err(Refused::NotAllowed), Err(Refused::NotHttps));
        assert_eq!(of("127.0.0.1:*", &urls), [yes; 4]);
        assert_eq!(of("127.0.0.1", &urls), [plain, yes, yes, no]);
        assert_eq!(of(" other , 127.0.0.1:9 ,,", &urls), [yes, no, plain, no]);
        assert_eq!(of("[::1]:*", &["http://[::1]:5/", "https://[::2]/"]), [yes, no]);
        assert_eq!(of("Hooks.Internal:*", &["http://hooks.internal/", "https://x.hooks.internal/"]), [yes, no]);
        assert_eq!(of("127.0.0.1:*", &["http://me@127.0.0.1/", "http://127.0.0.1.example.com/"]), [no, plain]);
    }
}
