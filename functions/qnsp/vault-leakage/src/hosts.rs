//! The REST APIs of GitHub and GitLab, as far as a scan asks them: repositories, their files, and contents. Only GET, and
//! never a search, which would tell the host what is looked for.

use std::time::Duration;

use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use crypto::base64;
use model::qnsp::vault::leakage::LeakageTarget;
use platform::{clock, fetch};
use policy::qnsp::OutboundHosts;
use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// The longest file that is looked at, in bytes.
pub(crate) const LONGEST_FILE: usize = 256 << 10;

/// Lists, and files as base64 in JSON.
const LISTS: fetch::Limits = fetch::Limits { time: Duration::from_secs(5), bytes: 16 << 20 };
const FILES: fetch::Limits = fetch::Limits { time: Duration::from_secs(5), bytes: LONGEST_FILE };

/// How many requests one step sends, and for how long it begins new ones, in milliseconds.
const REQUESTS: u32 = 40;
const TIME: i64 = 10_000;

/// How long a host is left alone that does not say for how long, and at most, in milliseconds.
const PAUSE: i64 = 60_000;
const LONGEST_PAUSE: i64 = 86_400_000;

/// What one step may still ask.
pub(crate) struct Budget {
    requests: u32,
    until: i64,
    /// A host has asked to be left alone until then.
    pub paused_until: Option<i64>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { requests: REQUESTS, until: clock::now_ms() + TIME, paused_until: None }
    }

    pub(crate) fn is_left(&self) -> bool {
        self.requests > 0 && self.paused_until.is_none() && clock::now_ms() < self.until
    }

    fn pause(&mut self, headers: &HeaderMap, now: i64) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        let after = number("retry-after").map(|seconds| now.saturating_add(seconds.saturating_mul(1_000)));
        let reset = number("x-ratelimit-reset").or(number("ratelimit-reset")).map(|at| at.saturating_mul(1_000));
        let until = after.or(reset).unwrap_or(now + PAUSE);
        self.paused_until = Some(until.clamp(now + 1_000, now + LONGEST_PAUSE));
    }
}

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The host wants to be asked again later.
    Paused,
    Skipped(String),
}

type Asked<T> = Result<T, Failure>;

fn skipped<T>(reason: &str) -> Asked<T> {
    Err(Failure::Skipped(reason.to_owned()))
}

/// A part of a list, and where the next one is.
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

pub(crate) struct Repository {
    pub link: String,
    pub branch: String,
    /// Where its files are listed.
    pub page: String,
}

/// A file as a list of them names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub path: String,
    /// Of its content, on GitHub.
    sha: String,
}

pub(crate) struct Host<'a> {
    target: LeakageTarget,
    /// Without a slash at the end.
    base: String,
    token: Option<Zeroizing<String>>,
    allowed: &'a OutboundHosts,
}

impl<'a> Host<'a> {
    pub(crate) fn new(
        target: LeakageTarget,
        base: Option<&str>,
        token: Option<Zeroizing<String>>,
        allowed: &'a OutboundHosts,
    ) -> Self {
        let usual =
            if target == LeakageTarget::Gitlab { "https://gitlab.com/api/v4" } else { "https://api.github.com" };
        Self { target, base: base.unwrap_or(usual).trim_end_matches('/').to_owned(), token, allowed }
    }

    fn is_gitlab(&self) -> bool {
        self.target == LeakageTarget::Gitlab
    }

    /// A page of the repositories of an organization, by their paths.
    pub(crate) async fn repositories(
        &self,
        organization: &str,
        page: Option<&str>,
        budget: &mut Budget,
    ) -> Asked<Page<String>> {
        let first = if self.is_gitlab() {
            format!("{}/groups/{}/projects?per_page=100", self.base, encoded(organization, false))
        } else {
            format!("{}/orgs/{}/repos?per_page=100", self.base, encoded(organization, false))
        };
        let answer = self.get(page.unwrap_or(&first), LISTS, budget).await?;
        let next = self.next(&answer);
        let items = parsed::<Vec<Named>>(&answer)?;
        let items = items.into_iter().filter_map(|it| it.full_name.or(it.path_with_namespace));
        Ok(Page { items: items.filter(|path| is_path(path)).collect(), next })
    }

    pub(crate) async fn repository(&self, path: &str, budget: &mut Budget) -> Asked<Repository> {
        let url = if self.is_gitlab() {
            format!("{}/projects/{}", self.base, encoded(path, false))
        } else {
            format!("{}/repos/{path}", self.base)
        };
        let found: Described = parsed(&self.get(&url, LISTS, budget).await?)?;
        let Some(branch) = found.default_branch.filter(|branch| !branch.is_empty()) else { return skipped("empty") };
        let Some(link) = found.html_url.or(found.web_url) else { return skipped("answered something else") };
        let (link, page) = if self.is_gitlab() {
            let query = format!("recursive=true&per_page=100&ref={}", encoded(&branch, false));
            (format!("{link}/-/blob/"), format!("{url}/repository/tree?{query}"))
        } else {
            (format!("{link}/blob/"), format!("{url}/git/trees/{}?recursive=1", encoded(&branch, false)))
        };
        Ok(Repository { link: format!("{link}{}/", encoded(&branch, true)), branch, page })
    }

    /// A page of the files, and where the same page is listed again, whatever is committed meanwhile.
    pub(crate) async fn files(
        &self,
        repository: &str,
        page: &str,
        budget: &mut Budget,
    ) -> Asked<(Page<Entry>, String, bool)> {
        let answer = self.get(page, LISTS, budget).await?;
        if self.is_gitlab() {
            let listed = parsed::<Vec<Listed>>(&answer)?;
            let items = listed.into_iter().filter_map(Listed::into_entry).collect();
            return Ok((Page { items, next: self.next(&answer) }, page.to_owned(), false));
        }
        let tree: Tree = parsed(&answer)?;
        let items = tree.tree.into_iter().filter_map(Listed::into_entry).collect();
        let is_sha = !tree.sha.is_empty() && tree.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fixed = format!("{}/repos/{repository}/git/trees/{}?recursive=1", self.base, tree.sha);
        let page = if is_sha { fixed } else { page.to_owned() };
        Ok((Page { items, next: None }, page, tree.truncated))
    }

    pub(crate) async fn content(
        &self,
        repository: &str,
        branch: &str,
        entry: &Entry,
        budget: &mut Budget,
    ) -> Asked<Vec<u8>> {
        if self.is_gitlab() {
            let (project, path) = (encoded(repository, false), encoded(&entry.path, false));
            let query = format!("ref={}", encoded(branch, false));
            let url = format!("{}/projects/{project}/repository/files/{path}/raw?{query}", self.base);
            return Ok(self.get(&url, FILES, budget).await?.into_body());
        }
        let url = format!("{}/repos/{repository}/git/blobs/{}", self.base, entry.sha);
        let blob: Blob = parsed(&self.get(&url, LISTS, budget).await?)?;
        let text: String = blob.content.chars().filter(|character| !character.is_whitespace()).collect();
        base64::decode_any(&text).or(skipped("answered something else"))
    }

    async fn get(&self, url: &str, limits: fetch::Limits, budget: &mut Budget) -> Asked<Response<Vec<u8>>> {
        // What the operator allows may have changed since the address was given.
        if self.allowed.check(url).is_err() {
            return skipped("address not allowed");
        }
        budget.requests = budget.requests.saturating_sub(1);
        let mut request = Request::get(url).header(header::USER_AGENT, "chancery");
        if !self.is_gitlab() {
            request = request.header(header::ACCEPT, "application/vnd.github+json");
        }
        if let Some(token) = &self.token {
            request = if self.is_gitlab() {
                request.header("private-token", token.as_str())
            } else {
                request.header(header::AUTHORIZATION, Zeroizing::new(format!("Bearer {}", token.as_str())).as_str())
            };
        }
        let Ok(request) = request.body(Vec::new()) else { return skipped("the token cannot be sent") };
        let answer = match fetch::fetch(request, limits).await {
            Ok(answer) => answer,
            Err(fetch::FetchError::TooLong) => return skipped("too long"),
            Err(_) => return skipped("unreachable"),
        };
        let (status, now) = (answer.status(), clock::now_ms());
        let remaining = answer.headers().get("x-ratelimit-remaining").or(answer.headers().get("ratelimit-remaining"));
        let is_used_up = remaining.is_some_and(|remaining| remaining.as_bytes() == b"0");
        if is_used_up || status == StatusCode::TOO_MANY_REQUESTS {
            budget.pause(answer.headers(), now);
        }
        match status {
            status if status.is_success() => Ok(answer),
            StatusCode::TOO_MANY_REQUESTS => Err(Failure::Paused),
            StatusCode::FORBIDDEN if is_used_up => Err(Failure::Paused),
            StatusCode::NOT_FOUND => skipped("not found"),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => skipped("forbidden"),
            status => Err(Failure::Skipped(format!("answered {}", status.as_u16()))),
        }
    }

    /// The next page, which is of the same host: the token is shown to no other.
    fn next(&self, answer: &Response<Vec<u8>>) -> Option<String> {
        let link = answer.headers().get(header::LINK)?.to_str().ok()?;
        let of_next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
        let url = of_next.trim().strip_prefix('<')?.split_once('>')?.0;
        let is_here = url.strip_prefix(self.base.as_str()).is_some_and(|rest| rest.starts_with('/'));
        is_here.then(|| url.to_owned())
    }
}

#[derive(Deserialize)]
struct Named {
    full_name: Option<String>,
    path_with_namespace: Option<String>,
}

#[derive(Deserialize)]
struct Described {
    default_branch: Option<String>,
    html_url: Option<String>,
    web_url: Option<String>,
}

#[derive(Deserialize)]
struct Tree {
    #[serde(default)]
    sha: String,
    tree: Vec<Listed>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Listed {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sha: String,
    /// On GitHub.
    size: Option<usize>,
}

impl Listed {
    fn into_entry(self) -> Option<Entry> {
        let is_file = self.kind == "blob" && self.size.is_none_or(|size| size <= LONGEST_FILE);
        let is_hex = self.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_file && is_hex).then_some(Entry { path: self.path, sha: self.sha })
    }
}

#[derive(Deserialize)]
struct Blob {
    content: String,
}

fn parsed<T: DeserializeOwned>(answer: &Response<Vec<u8>>) -> Asked<T> {
    serde_json::from_slice(answer.body()).or(skipped("answered something else"))
}

/// As the scope of a scan names one.
fn is_path(path: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    path.len() <= 256
        && path.contains('/')
        && path.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_right))
}

/// A text within a URL. Slashes stay only where they part names.
pub(crate) fn encoded(text: &str, keeps_slashes: bool) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keeps_slashes && byte == b'/') {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn texts_are_encoded_for_a_url() {
        assert_eq!(encoded("a b/ä?.txt", true), "a%20b/%C3%A4%3F.txt");
        assert_eq!(encoded("group/project", false), "group%2Fproject");
    }

    #[test]
    fn the_next_page_is_of_the_same_host() {
        let allowed = OutboundHosts::default();
        let host = Host::new(LeakageTarget::Github, Some("https://git.example/api/"), None, &allowed);
        let next = |link: &str| host.next(&Response::builder().header("link", link).body(Vec::new()).unwrap());
        let link = "<https://git.example/api/x?page=1>; rel=\"prev\", <https://git.example/api/x?page=3>; rel=\"next\"";
        assert_eq!(next(link).as_deref(), Some("https://git.example/api/x?page=3"));
        for link in [
            "<https://git.example/api/x?page=1>; rel=\"last\"",
            "<https://evil.example/x>; rel=\"next\"",
            "<https://git.example/apix>; rel=\"next\"",
            "https://git.example/api/x; rel=\"next\"",
        ] {
            assert_eq!(next(link), None, "{link}");
        }
    }

    #[test]
    fn a_host_says_for_how_long_it_is_left_alone() {
        let paused = |headers: &[(&str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(header::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
            }
            let mut budget = Budget::new();
            budget.pause(&map, 1_000_000);
            assert!(!budget.is_left());
            budget.paused_until
        };
        assert_eq!(paused(&[("retry-after", "7")]), Some(1_007_000));
        assert_eq!(paused(&[("x-ratelimit-reset", "1100")]), Some(1_100_000));
        assert_eq!(paused(&[("x-ratelimit-reset", "1")]), Some(1_001_000), "it has passed");
        assert_eq!(paused(&[("retry-after", "9223372036854775807")]), Some(87_400_000));
        assert_eq!(paused(&[]), Some(1_060_000));
    }
}
