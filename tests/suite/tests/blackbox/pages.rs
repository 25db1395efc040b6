//! The portal's pages and the API reference as files: headers, caching and codings. What they do in a browser is in
//! `tests/browser`.

use std::fs;

use chancery::client::Reply;
use chancery_tests::runtime::root;

use crate::{
    case::{Case, case},
    deployment::Deployment,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_root_leads_to_the_pages),
        case(every_page_is_guarded_by_its_policy),
        case(what_a_page_names_is_there_and_kept_for_ever),
        case(what_is_known_is_not_sent_again),
        case(the_coding_is_one_that_was_asked_for),
        case(the_reference_holds_every_document),
        case(pages_can_only_be_read),
    ]
}

const PAGES: [&str; 4] = ["/portal/ui/", "/portal/ui/log-in", "/portal/reference/", "/portal/reference/caas"];

/// What is answered to a client that wants it as it is. To one that says nothing any coding may be sent.
#[track_caller]
fn page(t: &Deployment, path: &str) -> Reply {
    found(t, path, "identity")
}

#[track_caller]
fn found(t: &Deployment, path: &str, coding: &str) -> Reply {
    let reply = t.anonymous.send("GET", path, &[("accept-encoding", coding)], None);
    assert_eq!(reply.status, 200, "{path}");
    reply
}

/// The addresses of files that a page names.
fn files(html: &[u8]) -> Vec<String> {
    let html = String::from_utf8_lossy(html).into_owned();
    html.split('"').filter(|part| part.contains("/assets/")).map(str::to_owned).collect()
}

fn the_root_leads_to_the_pages(t: &Deployment) {
    for path in ["/", "/portal", "/portal/", "/portal/ui"] {
        let reply = t.anonymous.get(path);
        assert_eq!((reply.status, reply.header("location")), (307, Some("/portal/ui/")), "{path}");
    }
    assert_eq!(t.anonymous.get("/portal/reference").header("location"), Some("/portal/reference/"));
}

fn every_page_is_guarded_by_its_policy(t: &Deployment) {
    let missing = t.anonymous.send("GET", "/portal/ui/no-such-page", &[("accept-encoding", "identity")], None);
    assert_eq!(missing.status, 404);
    let found = PAGES.map(|path| page(t, path));
    for reply in found.iter().chain([&missing]) {
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = reply.header("content-security-policy").unwrap();
        for rule in ["default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("http"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        let html = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(html.contains("<html lang=\"en\">") && !html.contains("<script>") && !html.contains(" style="));
    }
    assert!(!found[0].header("content-security-policy").unwrap().contains("unsafe"));
}

fn what_a_page_names_is_there_and_kept_for_ever(t: &Deployment) {
    for path in PAGES {
        let named = files(&page(t, path).body);
        assert!(named.len() > 2, "{path}: {named:?}");
        for file in named {
            let reply = found(t, &file, "gzip");
            let expected = match file.rsplit('.').next() {
                Some("css") => "text/css; charset=utf-8",
                Some("js") => "text/javascript; charset=utf-8",
                Some("svg") => "image/svg+xml",
                _ => "text/plain; charset=utf-8",
            };
            assert_eq!(reply.header("content-type"), Some(expected), "{file}");
            assert!(reply.header("cache-control").unwrap().contains("immutable"), "{file}");
        }
    }
    // A page that was open during a deployment asks for files of the version before.
    let older = page(t, "/portal/ui/assets/older/app.js");
    assert_eq!(older.header("cache-control"), Some("no-cache"));
    assert_eq!(t.anonymous.get("/portal/ui/assets/older/none.js").status, 404);
}

fn what_is_known_is_not_sent_again(t: &Deployment) {
    for path in PAGES {
        let etag = page(t, path).header("etag").unwrap().to_owned();
        let again = t.anonymous.send("GET", path, &[("if-none-match", &etag)], None);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let other = t.anonymous.send("GET", path, &[("if-none-match", "\"other\"")], None);
        assert_eq!(other.status, 200, "{path}");
    }
}

fn the_coding_is_one_that_was_asked_for(t: &Deployment) {
    let named = files(&page(t, "/portal/ui/").body);
    let style = named.iter().find(|file| file.ends_with(".css")).unwrap();
    let (plain, packed) = (page(t, style), found(t, style, "gzip"));
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    // Packed once: what opens it begins with gzip's two bytes, and is much shorter.
    assert_eq!(packed.body.get(..2), Some(&[0x1f, 0x8b][..]));
    assert!(packed.body.len() * 2 < plain.body.len());
    assert!(plain.body.starts_with(b"/*"));
}

fn the_reference_holds_every_document(t: &Deployment) {
    let overview = String::from_utf8(page(t, "/portal/reference/").body).unwrap();
    for entry in fs::read_dir(root().join("openapi")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let served = page(t, &format!("/portal/reference/openapi/{name}.json")).json().unwrap();
        let committed: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(served == committed, "openapi/{name}.json is not what was built in: build again");
        assert!(overview.contains(&format!("\"/portal/reference/{name}\"")), "{name}");
    }
    for path in ["/portal/reference/none", "/portal/reference/openapi/none.json", "/portal/reference/index.html"] {
        assert_eq!(t.anonymous.get(path).status, 404, "{path}");
    }
}

fn pages_can_only_be_read(t: &Deployment) {
    for path in PAGES {
        let refused = t.anonymous.send("POST", path, &[], Some(b"text"));
        assert_eq!(refused.status, 405, "{path}");
    }
}
