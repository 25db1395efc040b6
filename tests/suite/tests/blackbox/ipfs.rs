//! A small server that speaks the RPC of an IPFS node, as far as Chancery does: `add` and `cat`, in memory, on loopback.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use chancery_tests::variables::Variables;
use crypto::cid;
use serde_json::json;

const AUTHORIZATION: &str = "Bearer of-the-node";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Takes longer than anybody waits.
    Slow,
    /// Answers what nobody asked for.
    Garbage,
    /// Answers 500.
    Failing,
}

#[derive(Clone)]
pub struct IpfsNode {
    url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    blocks: HashMap<String, Vec<u8>>,
    asked: usize,
}

impl IpfsNode {
    pub fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let node = Self { url, state: Arc::new(Mutex::new(State { mood, blocks: HashMap::new(), asked: 0 })) };
        let serving = node.clone();
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                thread::spawn(move || serving.answer(stream));
            }
        });
        node
    }

    /// The variables of a deployment that uses this node.
    pub fn variables(&self, variables: Variables) -> Variables {
        variables
            .with("IPFS_API_URL", &format!("{}/", self.url))
            .with("IPFS_API_HOST", &self.url)
            .with("IPFS_API_AUTHORIZATION", AUTHORIZATION)
    }

    pub fn change(&self, mood: Mood) {
        self.state().mood = mood;
    }

    pub fn holds(&self, id: &str) -> Option<Vec<u8>> {
        self.state().blocks.get(id).cloned()
    }

    pub fn put(&self, id: &str, content: Vec<u8>) {
        self.state().blocks.insert(id.to_owned(), content);
    }

    pub fn asked(&self) -> usize {
        self.state().asked
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let request = Request::read(&mut reader)?;
            let mood = {
                let mut state = self.state();
                state.asked += 1;
                state.mood
            };
            let (status, body) = match mood {
                Mood::Well => self.serve(&request),
                Mood::Slow => {
                    thread::sleep(Duration::from_secs(20));
                    self.serve(&request)
                }
                Mood::Garbage => (200, b"{\"Hash\":\"QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o\"}".to_vec()),
                Mood::Failing => (500, b"{\"Message\":\"no\",\"Code\":0,\"Type\":\"error\"}".to_vec()),
            };
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            let stream = reader.get_mut();
            stream.write_all(head.as_bytes()).ok()?;
            stream.write_all(&body).ok()?;
        }
    }

    fn serve(&self, request: &Request) -> (u16, Vec<u8>) {
        if request.headers.get("authorization").map(String::as_str) != Some(AUTHORIZATION) {
            return (403, Vec::new());
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let options: HashMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        match (request.method.as_str(), path) {
            ("POST", "/api/v0/add") => {
                let wanted = [("cid-version", "0"), ("raw-leaves", "false"), ("pin", "true")];
                if wanted.iter().any(|(name, value)| options.get(name) != Some(value)) {
                    return (400, Vec::new());
                }
                let Some(file) = request.file() else { return (400, Vec::new()) };
                let id = cid::v0(&file).unwrap();
                let answer = json!({ "Name": "consent.json", "Hash": id, "Size": file.len().to_string() });
                self.put(&id, file);
                (200, format!("{answer}\n").into_bytes())
            }
            ("POST", "/api/v0/cat") => match options.get("arg").and_then(|id| self.holds(id)) {
                Some(content) => (200, content),
                None => (500, b"{\"Message\":\"block was not found locally (offline)\"}".to_vec()),
            },
            _ => (404, Vec::new()),
        }
    }
}

struct Request {
    method: String,
    target: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let first = line(reader)?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let mut headers = HashMap::new();
        while let Some((name, value)) = line(reader)?.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut body = Vec::new();
        if let Some(length) = headers.get("content-length") {
            body.resize(length.parse().ok()?, 0);
            reader.read_exact(&mut body).ok()?;
        } else if headers.contains_key("transfer-encoding") {
            loop {
                let mut chunk = vec![0; usize::from_str_radix(&line(reader)?, 16).ok()? + 2];
                reader.read_exact(&mut chunk).ok()?;
                chunk.truncate(chunk.len() - 2);
                if chunk.is_empty() {
                    break;
                }
                body.extend(chunk);
            }
        }
        Some(Self { method, target, headers, body })
    }

    /// The one file of a multipart body.
    fn file(&self) -> Option<Vec<u8>> {
        let boundary = self.headers.get("content-type")?.split_once("boundary=")?.1;
        let body = std::str::from_utf8(&self.body).ok()?.strip_prefix(&format!("--{boundary}\r\n"))?;
        let (_, content) = body.split_once("\r\n\r\n")?;
        Some(content.strip_suffix(&format!("\r\n--{boundary}--\r\n"))?.as_bytes().to_vec())
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}
