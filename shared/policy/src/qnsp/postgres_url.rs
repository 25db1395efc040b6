//! The URL of a PostgreSQL server, as libpq has it, of one host.

use super::{OutboundHosts, Refused};

/// The port of a URL that names none.
pub const PORT: u16 = 5432;

const NO_URL: &str = "must be a postgres:// URL of one host";

/// How a session is protected. The server's certificate is verified wherever one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyFull,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresUrl {
    pub host: String,
    pub port: u16,
    pub user: Option<String>,
    pub password: Option<String>,
    pub database: Option<String>,
    /// As it is written.
    pub ssl_mode: Option<SslMode>,
}

impl SslMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyFull => "verify-full",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

impl PostgresUrl {
    /// Reads `postgres://[user[:password]@]host[:port][/database][?sslmode=…]`. The error says what is wrong with it, and
    /// nothing of what stands in it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or(NO_URL)?;
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if !is_plain || !["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(NO_URL);
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (account, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = account.split_once(':').map_or((account, None), |(user, word)| (user, Some(word)));
        let (host, port) = split_port(host).ok_or(NO_URL)?;
        if host.is_empty() || host.contains(['@', '%']) || database.contains('/') {
            return Err(NO_URL);
        }
        let mut ssl_mode = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", name)) => {
                    ssl_mode =
                        Some(SslMode::parse(name).ok_or("sslmode must be disable, prefer, require or verify-full")?);
                }
                _ => return Err("may have no other parameter than sslmode"),
            }
        }
        let text = |text: &str| match text {
            "" => Ok(None),
            text => decoded(text).map(Some).ok_or(NO_URL),
        };
        let password = password.map(|password| decoded(password).ok_or(NO_URL)).transpose()?;
        Ok(Self { host: host.to_owned(), port, user: text(user)?, password, database: text(database)?, ssl_mode })
    }

    /// How sessions are protected, if there may be any.
    pub fn check(&self, hosts: &OutboundHosts) -> Result<SslMode, &'static str> {
        session(hosts, &self.host, self.port, self.ssl_mode)
    }
}

/// How sessions with a server are protected, if there may be any. Only where the operator allows it one is plain.
pub fn session(hosts: &OutboundHosts, host: &str, port: u16, given: Option<SslMode>) -> Result<SslMode, &'static str> {
    match (hosts.check_server(host, port, PORT), given) {
        (Ok(true), mode) => Ok(mode.unwrap_or(SslMode::Prefer)),
        (Ok(false), None) => Ok(SslMode::Require),
        (Ok(false), Some(mode @ (SslMode::Require | SslMode::VerifyFull))) => Ok(mode),
        (Ok(false), Some(_)) => Err("sslmode must be require or verify-full"),
        (Err(Refused::NoUrl), _) => Err(NO_URL),
        (Err(_), _) => Err("address not allowed"),
    }
}

fn split_port(host: &str) -> Option<(&str, u16)> {
    // What stands in brackets is an address of version 6.
    let behind = host.rfind(']').map_or(0, |end| end + 1);
    match host.get(behind..)?.split_once(':') {
        None => Some((host, PORT)),
        Some((before, port)) => {
            let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            let port = is_number.then(|| port.parse().ok())??;
            Some((host.get(..behind + before.len())?, port))
        }
    }
}

/// The text behind `%41` and the like, without a zero byte: the protocol has none in a text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok().filter(|value| *value != 0)?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_url_has_the_parts_that_libpq_reads() {
        let all =
            PostgresUrl::parse("postgresql://me%40x:p%2Fw@db.example.com:6543/my%20db?sslmode=verify-full").unwrap();
        assert_eq!((all.host.as_str(), all.port), ("db.example.com", 6543));
        assert_eq!((all.user.as_deref(), all.password.as_deref()), (Some("me@x"), Some("p/w")));
        assert_eq!((all.database.as_deref(), all.ssl_mode), (Some("my db"), Some(SslMode::VerifyFull)));
        let short = PostgresUrl::parse("POSTGRES://[::1]").unwrap();
        assert_eq!((short.host.as_str(), short.port, short.user, short.database), ("[::1]", PORT, None, None));
        let port = PostgresUrl::parse("postgres://me:@[::1]:1/").unwrap();
        assert_eq!((port.host.as_str(), port.port, port.password.as_deref()), ("[::1]", 1, Some("")));
    }

    #[test]
    fn what_is_no_url_of_one_host_is_refused_and_nothing_of_it_is_repeated() {
        for text in [
            "",
            "db.example.com",
            "mysql://db.example.com",
            "postgres://",
            "postgres:///db",
            "postgres://a,b/db",
            "postgres://a:1,b:2/db",
            "postgres://a:/db",
            "postgres://a:+1/db",
            "postgres://a:70000/db",
            "postgres://a/db/more",
            "postgres://a/db#x",
            "postgres://a b/db",
            "postgres://%2Ftmp/db",
            "postgres://me:secret%@a/db",
            "postgres://me:secret%00@a/db",
            "postgres://me:secret%ff@a/db",
            "postgres://a/db?sslmode=allow",
            "postgres://a/db?host=b",
            "postgres://a/db?sslmode",
            "host=a dbname=b",
        ] {
            let parsed = PostgresUrl::parse(text);
            let parsed = parsed.and_then(|url| url.check(&OutboundHosts::parse("a:*")).map(|_| url));
            assert!(parsed.as_ref().is_err_and(|reason| !reason.contains("secret")), "{text}: {parsed:?}");
        }
    }

    #[test]
    fn a_session_is_plain_only_where_the_operator_allows_it() {
        let hosts = OutboundHosts::parse("127.0.0.1:*");
        let check = |text: &str| PostgresUrl::parse(text).unwrap().check(&hosts);
        assert_eq!(check("postgres://db.example.com"), Ok(SslMode::Require));
        assert_eq!(check("postgres://db.example.com?sslmode=verify-full"), Ok(SslMode::VerifyFull));
        assert_eq!(check("postgres://db.example.com?sslmode=prefer"), Err("sslmode must be require or verify-full"));
        assert_eq!(check("postgres://127.0.0.1:9"), Ok(SslMode::Prefer));
        assert_eq!(check("postgres://127.0.0.1:9?sslmode=disable"), Ok(SslMode::Disable));
        assert_eq!(check("postgres://10.0.0.1"), Err("address not allowed"));
        assert_eq!(check("postgres://localhost"), Err("address not allowed"));
    }
}
