//! Requests that a component sends: to the hosts that its manifest allows, in plain HTTP only.
//! `http://self.alt` is the application itself.

use http::Uri;
use http::uri::PathAndQuery;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use wasmtime::{Result, format_err};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The host under which a component reaches its own application.
const SELF: &str = "self.alt";

/// `allowed_outbound_hosts` of one component.
pub struct Allowed {
    rules: Vec<Rule>,
    application: SocketAddr,
}

#[derive(Debug)]
struct Rule {
    scheme: String,
    host: String,
    /// `None` stands for the port that the scheme implies.
    port: Option<String>,
}

impl Allowed {
    pub fn new<'a>(hosts: impl IntoIterator<Item = &'a str>, application: SocketAddr) -> Result<Self> {
        let rules = hosts.into_iter().map(Rule::parse).collect::<Result<_>>()?;
        Ok(Self { rules, application })
    }

    /// Where to connect for `uri`, if it may be reached.
    fn address(&self, uri: &Uri) -> Option<String> {
        let scheme = uri.scheme_str()?;
        let host = uri.host()?;
        let port = uri.port_u16().unwrap_or(default_port(scheme));
        if host == SELF {
            let allowed = self.rules.iter().any(|rule| rule.host == "self");
            return allowed.then(|| self.application.to_string());
        }
        self.lists(scheme, host, port).then(|| format!("{host}:{port}"))
    }

    pub fn lists(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.rules.iter().any(|rule| rule.allows(scheme, host, port))
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| format_err!("`{text}` in allowed_outbound_hosts is not SCHEME://HOST[:PORT]"))?;
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.to_owned())),
            None => (rest, None),
        };
        Ok(Self { scheme: scheme.to_owned(), host: host.to_owned(), port })
    }

    fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host_fits = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.ends_with(suffix),
            None => self.host == host,
        };
        let port_fits = match self.port.as_deref() {
            Some("*") => true,
            Some(written) => written == port.to_string(),
            None => self.host == "*" || port == default_port(scheme),
        };
        (self.scheme == "*" || self.scheme == scheme) && host_fits && port_fits
    }
}

fn default_port(scheme: &str) -> u16 {
    match scheme {
        "https" => 443,
        "postgres" => 5432,
        _ => 80,
    }
}

pub struct Outbound(pub Arc<Allowed>);

type Sent = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(http::Response<WasiBody>, Sent), Error>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _received: Sent,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let address = self.0.address(request.uri());
        Box::new(async move {
            let address = address.ok_or(Error::HttpRequestDenied)?;
            send(request, address).await
        })
    }
}

async fn send(mut request: http::Request<WasiBody>, address: String) -> Answer {
    if request.uri().scheme_str() != Some("http") {
        let reason = "this host sends plain HTTP only".to_owned();
        return Err(Error::InternalError(Some(reason)));
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));

    let stream = TcpStream::connect(address).await.map_err(Error::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
    Ok((response, Box::new(async { Ok(()) })))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a refused rule fails the test")]
    use super::*;

    #[test]
    fn only_what_is_listed_may_be_reached() {
        let application = "127.0.0.1:3000".parse().unwrap();
        let reached = |rules: &[&str], uri: &str| {
            let allowed = Allowed::new(rules.iter().copied(), application).unwrap();
            allowed.address(&uri.parse().unwrap())
        };
        assert_eq!(reached(&[], "http://a.test/x"), None);
        assert_eq!(reached(&["http://a.test"], "http://a.test/x").unwrap(), "a.test:80");
        assert_eq!(reached(&["http://a.test"], "http://a.test:81/"), None);
        assert_eq!(reached(&["http://a.test:81"], "http://a.test:81/").unwrap(), "a.test:81");
        assert_eq!(reached(&["https://a.test"], "http://a.test/"), None);
        assert_eq!(reached(&["*://*.test:*"], "http://b.test:9/").unwrap(), "b.test:9");
        assert_eq!(reached(&["http://*.test"], "http://b.best/"), None);
        assert_eq!(reached(&["http://a.test"], "http://self.alt/x"), None);
        assert_eq!(reached(&["http://self"], "http://self.alt/x").unwrap(), "127.0.0.1:3000");
        assert!(Allowed::new(["a.test"], application).is_err());
    }
}
