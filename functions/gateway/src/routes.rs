//! Which function answers which path: the gateway's whole knowledge, as data. The table follows from the functions'
//! manifests, as `spin.toml` does, where Spin routes by itself. No I/O here.

#[rustfmt::skip]
mod table;

pub use table::FUNCTIONS;

/// A function behind the gateway.
#[derive(Debug)]
pub struct Function {
    /// Its folder, crate and component name.
    pub name: &'static str,
    /// The service binding in `wrangler.toml` that leads to it.
    pub binding: &'static str,
    /// Paths in Spin's notation: `:name` stands for one segment, a final `/...` for any rest or none.
    pub routes: &'static [&'static str],
}

/// The function that answers a request's URL, if any does.
pub fn find(url: &str) -> Option<&'static Function> {
    let path = path_of(url);
    FUNCTIONS.iter().find(|function| function.routes.iter().any(|route| matches(route, path)))
}

/// The path of an absolute URL, undecoded: the functions too match the path as it was sent.
fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| after_scheme.get(at..).unwrap_or("/"));
    path.split(['?', '#']).next().unwrap_or(path)
}

/// As Spin does, a final slash makes no difference. The function itself may still distinguish the two.
fn matches(route: &str, path: &str) -> bool {
    let mut segments = path.strip_suffix('/').unwrap_or(path).split('/');
    for wanted in route.strip_suffix('/').unwrap_or(route).split('/') {
        if wanted == "..." {
            return true;
        }
        match segments.next() {
            Some(segment) if wanted == segment => {}
            Some(segment) if wanted.starts_with(':') && !segment.is_empty() => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_for(url: &str) -> Option<&'static str> {
        find(url).map(|function| function.name)
    }

    /// Its list says which functions run. The pages themselves are not asked.
    #[test]
    fn the_page_for_operators_asks_every_function() {
        let page = include_str!("../../portal/pages/static/operator-status.js");
        let asked: Vec<_> = page.split('"').filter(|text| text.starts_with('/')).filter_map(name_for).collect();
        let shown = ["pages", "reference"];
        let missing: Vec<_> = FUNCTIONS.iter().map(|it| it.name).filter(|it| !asked.contains(it)).collect();
        assert_eq!(missing, shown);
    }

    #[test]
    fn a_path_finds_its_function() {
        for (url, name) in [
            ("http://127.0.0.1:8787/caas/healthz", "healthz"),
            ("https://example.com/licenses/publickeys?x=/caas/sd", "public-key"),
            ("https://example.com/licenses/servicekey", "service-key"),
            ("https://example.com/caas/config", "configuration"),
            ("https://example.com/caas/config/a.b", "configuration"),
            ("https://example.com/licenses/servicekey/current?keyId=1", "service-key"),
            ("https://example.com/caas/tenants/t/community/c/secrets/fetch", "secret-store"),
            ("https://example.com", "pages"),
            ("https://example.com/?from=/caas/sd", "pages"),
            ("https://example.com/portal/ui", "pages"),
            ("https://example.com/portal/", "pages"),
            ("https://example.com/caas/healthz/", "healthz"),
            ("https://example.com/portal/ui/assets/1/app.js", "pages"),
            ("https://example.com/portal/reference/caas", "reference"),
            ("https://example.com/caas/tenants/t%2Fu/community/c/secrets", "secret-store"),
        ] {
            assert_eq!(name_for(url), Some(name), "{url}");
        }
    }

    #[test]
    fn a_path_of_nobody_finds_nothing() {
        for url in [
            "https://example.com/portal/uix",
            "https://example.com/caas",
            "https://example.com/caas/healthz/more",
            "https://example.com/caas/healthzz",
            "https://example.com/licenses/servicekeys",
            "https://example.com/caas/tenants//community/c/secrets",
        ] {
            assert_eq!(name_for(url), None, "{url}");
        }
    }

    #[test]
    fn no_path_belongs_to_two_functions() {
        let all: Vec<_> = FUNCTIONS.iter().flat_map(|f| f.routes.iter().map(move |r| (f.name, *r))).collect();
        for (at, (one, route)) in all.iter().enumerate() {
            for (other, second) in all.iter().skip(at + 1) {
                assert!(!overlap(route, second), "{route} of {one} and {second} of {other} share a path");
            }
        }
    }

    /// Whether some path fits both routes.
    fn overlap(one: &str, other: &str) -> bool {
        let (mut one, mut other) = (one.split('/'), other.split('/'));
        loop {
            match (one.next(), other.next()) {
                (Some("..."), _) | (_, Some("...")) | (None, None) => return true,
                (Some(a), Some(b)) if a == b || a.starts_with(':') || b.starts_with(':') => {}
                _ => return false,
            }
        }
    }
}
