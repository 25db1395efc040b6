//! From a path to the component that answers it, with Spin's own precedence, and the headers in
//! which Spin describes to a component how it was reached.

use crate::manifest::{HttpTrigger, Route};
use http::{HeaderName, HeaderValue, Uri};
use std::net::SocketAddr;
use wasmtime::{Result, ensure, format_err};

pub struct Routes(routefinder::Router<Target>);

struct Target {
    component: String,
    /// The route as it stands in the manifest.
    route: String,
}

pub struct Match<'a> {
    pub component: &'a str,
    headers: Vec<(String, String)>,
}

impl Routes {
    pub fn new(triggers: &[HttpTrigger]) -> Result<Self> {
        let mut router = routefinder::Router::new();
        for trigger in triggers {
            let route = match &trigger.route {
                Route::Public(route) => route,
                Route::Private { private } => {
                    ensure!(private, "a route is a pattern or {{ private = true }}");
                    continue;
                }
            };
            router
                .add(pattern(route).as_str(), Target { component: trigger.component.clone(), route: route.clone() })
                .map_err(|reason| format_err!("route `{route}`: {reason}"))?;
        }
        Ok(Self(router))
    }

    pub fn find(&self, path: &str) -> Option<Match<'_>> {
        let found = self.0.best_match(path)?;
        let target = found.handler();
        let captures = found.captures();
        let rest = captures.wildcard().map_or_else(String::new, |rest| {
            let (before, after) = match (rest.is_empty(), path.ends_with('/')) {
                (true, false) => ("", ""),
                (true, true) | (false, false) => ("/", ""),
                (false, true) => ("/", "/"),
            };
            format!("{before}{rest}{after}")
        });
        let route = &target.route;
        let mut headers = vec![
            ("spin-path-info".to_owned(), rest),
            ("spin-matched-route".to_owned(), route.trim_end_matches('/').to_owned()),
            ("spin-raw-component-route".to_owned(), route.clone()),
            ("spin-component-route".to_owned(), route.strip_suffix("/...").unwrap_or(route).to_owned()),
        ];
        headers.extend(captures.iter().map(|(name, value)| {
            let name = format!("spin-path-match-{}", name.to_ascii_lowercase());
            (name, value.to_owned())
        }));
        Some(Match { component: &target.component, headers })
    }
}

impl Match<'_> {
    /// Adds what Spin adds; `uri` is already absolute.
    pub fn add_headers(self, headers: &mut http::HeaderMap, uri: &Uri, client: SocketAddr) {
        let added = [
            ("spin-full-url".to_owned(), uri.to_string()),
            ("spin-base-path".to_owned(), "/".to_owned()),
            ("spin-client-addr".to_owned(), client.to_string()),
        ];
        for (name, value) in self.headers.into_iter().chain(added) {
            let name = HeaderName::try_from(name);
            let value = HeaderValue::try_from(value);
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
    }
}

/// Spin writes a trailing wildcard as `/...`, the router as `/*`; a trailing slash is not part of a route.
fn pattern(route: &str) -> String {
    let route = route.strip_suffix('/').unwrap_or(route);
    let route = format!("/{}", route.strip_prefix('/').unwrap_or(route));
    match route.strip_suffix("/...") {
        Some(prefix) => format!("{prefix}/*"),
        None => route,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing look-up fails the test")]
    use super::*;

    /// Routes whose component is named like the route itself.
    fn routes(patterns: &[&str]) -> Routes {
        let triggers: Vec<HttpTrigger> = patterns
            .iter()
            .map(|route| HttpTrigger { route: Route::Public((*route).to_owned()), component: (*route).to_owned() })
            .collect();
        Routes::new(&triggers).unwrap()
    }

    #[test]
    fn the_most_exact_route_answers() {
        let patterns = ["/...", "/a/...", "/a/:id/...", "/a/b", "/a/:id", "/a/:id/c/:other/d/...", "/a/root-key/..."];
        let mut backwards = patterns;
        backwards.reverse();
        for routes in [routes(&patterns), routes(&backwards)] {
            for (path, expected) in [
                ("/", Some("/...")),
                ("/x/y", Some("/...")),
                ("/a", Some("/a/...")),
                ("/a/b", Some("/a/b")),
                ("/a/b/", Some("/a/b")),
                ("/a/7", Some("/a/:id")),
                ("/a/7/x", Some("/a/:id/...")),
                ("/a/7/c/8/d", Some("/a/:id/c/:other/d/...")),
                ("/a/7/c/8/d/e/f", Some("/a/:id/c/:other/d/...")),
                ("/a/root-key/x", Some("/a/root-key/...")),
            ] {
                let found = routes.find(path).map(|m| m.component.to_owned());
                assert_eq!(found.as_deref(), expected, "{path}");
            }
        }
    }

    #[test]
    fn a_path_without_a_route_finds_nothing() {
        let routes = routes(&["/caas/healthz", "/caas/sd/..."]);
        for path in ["/", "/caas", "/caas/healthz/x", "/caas/healthzz", "/caas/sdx"] {
            assert!(routes.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_component_learns_how_it_was_reached() {
        let routes = routes(&["/caas/tenants/:tenantId/..."]);
        let mut headers = http::HeaderMap::new();
        routes.find("/caas/tenants/t1/secrets/").unwrap().add_headers(
            &mut headers,
            &"http://h/caas/tenants/t1/secrets/?a=b".parse().unwrap(),
            "127.0.0.1:9".parse().unwrap(),
        );
        for (name, value) in [
            ("spin-path-info", "/secrets/"),
            ("spin-full-url", "http://h/caas/tenants/t1/secrets/?a=b"),
            ("spin-matched-route", "/caas/tenants/:tenantId/..."),
            ("spin-component-route", "/caas/tenants/:tenantId"),
            ("spin-path-match-tenantid", "t1"),
            ("spin-client-addr", "127.0.0.1:9"),
        ] {
            assert_eq!(headers.get(name).unwrap(), value, "{name}");
        }
    }
}
