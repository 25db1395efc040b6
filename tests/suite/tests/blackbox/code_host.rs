//! A small server that speaks the REST APIs of GitHub (below `/gh`) and GitLab (below `/gl`), as far as scans for leaked
//! secrets ask them. Its pages hold two items.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crypto::{base64, hash};
use serde_json::{Value, json};

const PAGE: usize = 2;

#[derive(Clone)]
pub struct CodeHost {
    url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Of repositories, by their paths.
    files: BTreeMap<String, Vec<(String, Vec<u8>)>>,
    organizations: BTreeMap<String, Vec<String>>,
    /// Repositories that are not shown to whoever asks.
    forbidden: Vec<String>,
    /// Whoever asks must show this.
    token: Option<String>,
    /// How many requests are answered before the next is refused for so many seconds.
    limit: Option<(usize, u64)>,
    asked: Vec<String>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn json(value: &Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: value.to_string().into_bytes() }
    }

    fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: b"{\"message\":\"no\"}".to_vec() }
    }
}

impl CodeHost {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Self { url: format!("http://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let serving = host.clone();
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream));
            }
        });
        host
    }

    /// Where the API of a target is.
    pub fn base(&self, target: &str) -> String {
        format!("{}/{}", self.url, if target == "github" { "gh" } else { "gl" })
    }

    /// A repository with these files.
    pub fn put(&self, path: &str, files: &[(&str, &str)]) {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        self.state().files.insert(path.to_owned(), files);
    }

    pub fn put_bytes(&self, path: &str, file: &str, content: Vec<u8>) {
        self.state().files.entry(path.to_owned()).or_default().push((file.to_owned(), content));
    }

    pub fn put_organization(&self, name: &str, repositories: &[&str]) {
        let repositories = repositories.iter().map(|path| (*path).to_owned()).collect();
        self.state().organizations.insert(name.to_owned(), repositories);
    }

    pub fn forbid(&self, path: &str) {
        self.state().forbidden.push(path.to_owned());
    }

    pub fn require_token(&self, token: &str) {
        self.state().token = Some(token.to_owned());
    }

    /// After so many more requests one is refused, with the seconds after which it may come again.
    pub fn limit(&self, requests: usize, seconds: u64) {
        self.state().limit = Some((requests, seconds));
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let (mut line, mut token) = (String::new(), None);
        reader.read_line(&mut line).ok()?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => token = value.trim().strip_prefix("Bearer ").map(str::to_owned),
                "private-token" => token = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let answer = if method == "GET" { self.answer(&target, token.as_deref()) } else { Answer::status(405) };
        let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "connection: close\r\n\r\n";
        stream.write_all(&[head.as_bytes(), &answer.body].concat()).ok()
    }

    fn answer(&self, target: &str, token: Option<&str>) -> Answer {
        let mut state = self.state();
        state.asked.push(target.to_owned());
        match state.limit.take() {
            Some((0, seconds)) => {
                let headers = vec![("retry-after", seconds.to_string())];
                return Answer { headers, ..Answer::status(429) };
            }
            Some((left, seconds)) => state.limit = Some((left - 1, seconds)),
            None => {}
        }
        if state.token.is_some() && state.token.as_deref() != token {
            return Answer::status(401);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts: Vec<_> = path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let page = self.url.clone() + target;
        match &parts[..] {
            ["gh", "orgs", name, "repos"] => state.repositories(name, "full_name", &page, query),
            ["gl", "groups", name, "projects"] => state.repositories(name, "path_with_namespace", &page, query),
            ["gh", "repos", owner, name, rest @ ..] => state.github(&format!("{owner}/{name}"), rest),
            ["gl", "projects", path, rest @ ..] => state.gitlab(path, rest, &page, query),
            _ => Answer::status(404),
        }
    }
}

impl State {
    fn repositories(&self, organization: &str, member: &str, page: &str, query: &str) -> Answer {
        let Some(repositories) = self.organizations.get(organization) else { return Answer::status(404) };
        let all: Vec<_> = repositories.iter().map(|path| json!({ member: path })).collect();
        paged(&all, page, query)
    }

    fn files_of(&self, path: &str) -> Result<&[(String, Vec<u8>)], Answer> {
        if self.forbidden.iter().any(|forbidden| forbidden == path) {
            return Err(Answer::status(403));
        }
        self.files.get(path).map(Vec::as_slice).ok_or_else(|| Answer::status(404))
    }

    fn github(&self, path: &str, rest: &[&str]) -> Answer {
        let files = match self.files_of(path) {
            Ok(files) => files,
            Err(refusal) => return refusal,
        };
        match rest {
            [] => {
                Answer::json(&json!({ "default_branch": "main", "html_url": format!("https://code.example/{path}") }))
            }
            ["git", "trees", _] => {
                let entries = files.iter().map(|(path, content)| {
                    json!({ "path": path, "type": "blob", "sha": sha(content), "size": content.len() })
                });
                let mut tree = vec![json!({ "path": "folder", "type": "tree", "sha": sha(b"folder") })];
                tree.extend(entries);
                Answer::json(&json!({ "sha": sha(path.as_bytes()), "tree": tree, "truncated": false }))
            }
            ["git", "blobs", blob] => match files.iter().find(|(_, content)| sha(content) == *blob) {
                None => Answer::status(404),
                Some((_, content)) => {
                    let text = base64::encode(content);
                    let lines: Vec<_> = text.as_bytes().chunks(60).map(String::from_utf8_lossy).collect();
                    Answer::json(&json!({ "content": lines.join("\n"), "encoding": "base64", "size": content.len() }))
                }
            },
            _ => Answer::status(404),
        }
    }

    fn gitlab(&self, path: &str, rest: &[&str], page: &str, query: &str) -> Answer {
        let files = match self.files_of(path) {
            Ok(files) => files,
            Err(refusal) => return refusal,
        };
        match rest {
            [] => Answer::json(&json!({ "default_branch": "main", "web_url": format!("https://code.example/{path}") })),
            ["repository", "tree"] => {
                let all: Vec<_> = files.iter().map(|(path, _)| json!({ "path": path, "type": "blob" })).collect();
                paged(&all, page, query)
            }
            ["repository", "files", file, "raw"] => match files.iter().find(|(path, _)| path == file) {
                None => Answer::status(404),
                Some((_, content)) => Answer { status: 200, headers: Vec::new(), body: content.clone() },
            },
            _ => Answer::status(404),
        }
    }
}

fn sha(content: &[u8]) -> String {
    hash::hex(&hash::sha256(&[content]))[..40].to_owned()
}

fn paged(all: &[Value], url: &str, query: &str) -> Answer {
    let number = query.split('&').find_map(|part| part.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
    let items: Vec<_> = all.iter().skip((number - 1) * PAGE).take(PAGE).collect();
    let mut answer = Answer::json(&json!(items));
    if number * PAGE < all.len() {
        let bare = url.split("&page=").next().unwrap_or(url);
        let link = format!("<{bare}&page=1>; rel=\"first\", <{bare}&page={}>; rel=\"next\"", number + 1);
        answer.headers.push(("link", link));
    }
    answer
}

fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        match (first, after.get(..2)) {
            (b'%', Some(digits)) => {
                let digits = std::str::from_utf8(digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
