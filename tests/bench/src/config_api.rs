//! The Config API as it is measured, and the plain server of `tests/bench/plain` that it is compared with: one project
//! for each, with the same groups and items, and the same requests.

use chancery_tests::variables::Variables;
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    connection::{Answer, Connection},
    operation::{Api, signed, with_headers},
    qnsp,
};

/// Items that connections change; each connection has one of its own.
const PATCHED: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Chancery,
    /// The server in JavaScript, which only Workers can run.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Fifty keys, all of them secrets: each leaves an audit row.
    Resolve,
    Get,
    Patch,
    /// Ten of the items, by a tag.
    ListTagged,
    /// Ten of the items, by a part of their name.
    ListSearched,
}

/// The tokens of the two projects, and that of QNSP.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    chancery: String,
    plain: String,
    pub qnsp: qnsp::Known,
}

impl Server {
    fn prefix(self) -> &'static str {
        match self {
            Self::Chancery => "/api/client/v1/config",
            Self::Plain => "/plain/api/client/v1/config",
        }
    }
}

impl Request {
    pub const ALL: [Self; 5] = [Self::Resolve, Self::Get, Self::Patch, Self::ListTagged, Self::ListSearched];

    pub fn name(self, server: Server) -> &'static str {
        match (server, self) {
            (Server::Chancery, Self::Resolve) => "config: resolve, 50 secrets",
            (Server::Chancery, Self::Get) => "config: item",
            (Server::Chancery, Self::Patch) => "config: item PATCH",
            (Server::Chancery, Self::ListTagged) => "config: list by tag, 10 items",
            (Server::Chancery, Self::ListSearched) => "config: list by search, 10 items",
            (Server::Plain, Self::Resolve) => "plain: resolve, 50 secrets",
            (Server::Plain, Self::Get) => "plain: item",
            (Server::Plain, Self::Patch) => "plain: item PATCH",
            (Server::Plain, Self::ListTagged) => "plain: list by tag, 10 items",
            (Server::Plain, Self::ListSearched) => "plain: list by search, 10 items",
        }
    }

    /// As the caller with this number sends it.
    pub fn bytes(self, server: Server, tokens: &Tokens, number: usize) -> Vec<u8> {
        match self {
            Self::Resolve => {
                let keys: Vec<String> = (0..50).map(|key| format!("secret-{key}")).collect();
                send(server, tokens, "POST", "/resolve", &json!({ "keys": keys }).to_string())
            }
            Self::Get => send(server, tokens, "GET", "/items/setting-25", ""),
            Self::Patch => {
                let path = format!("/items/patched-{}", number % PATCHED);
                send(server, tokens, "PATCH", &path, &json!({ "value": value("changed", number) }).to_string())
            }
            Self::ListTagged => send(server, tokens, "GET", "/items?tags=team-3", ""),
            Self::ListSearched => send(server, tokens, "GET", "/items?search=NEEDLE", ""),
        }
    }
}

/// Mints the tokens, and fills the project of each server through its own API.
pub fn prepare(connection: &mut Connection, root: &Caller, servers: &[Server]) -> Result<Tokens, String> {
    let (chancery, plain) = (mint(connection, root, "bench")?, mint(connection, root, "bench-plain")?);
    let tokens = Tokens { chancery, plain, qnsp: qnsp::Known::default() };
    for server in servers {
        let group = json!({ "key": "bench", "name": "Bench" }).to_string();
        created(connection, &send(*server, &tokens, "POST", "/groups", &group))?;
        for item in items() {
            created(connection, &send(*server, &tokens, "POST", "/groups/bench/items", &item.to_string()))?;
        }
    }
    Ok(tokens)
}

fn mint(connection: &mut Connection, root: &Caller, tenant: &str) -> Result<String, String> {
    let token = json!({
        "tenantId": tenant, "projectId": "bench", "ownerId": "bench", "ownerEmail": "bench@example.org",
        "role": "owner", "name": "bench",
    });
    let minted = created(connection, &signed(root, Api::Caas, "PUT", "/caas/config-tokens", &token.to_string()))?;
    text(&minted, "token")
}

/// A member of an answer.
pub fn text(answer: &Value, name: &str) -> Result<String, String> {
    let text = answer.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("while preparing: an answer without {name}"))
}

fn items() -> impl Iterator<Item = Value> {
    let secrets = (0..50).map(|number| {
        let (key, name) = (format!("secret-{number}"), format!("Secret {number}"));
        json!({ "key": key, "name": name, "value": value("secret", number), "isSecret": true })
    });
    let patched = (0..PATCHED).map(
        |number| json!({ "key": format!("patched-{number}"), "name": format!("Patched {number}"), "value": "first" }),
    );
    let settings = (0..100).map(|number| {
        let word = if number % 10 == 7 { "needle" } else { "hay" };
        json!({
            "key": format!("setting-{number}"), "name": format!("Setting {number}, {word}"),
            "value": value("setting", number), "tags": ["all", format!("team-{}", number % 10)],
            "metadata": { "unit": "ms" },
        })
    });
    secrets.chain(patched).chain(settings)
}

/// A value of a usual size.
fn value(what: &str, number: usize) -> String {
    format!("{what} {number} {}", "correct horse battery staple ".repeat(3))
}

pub fn send(server: Server, tokens: &Tokens, method: &str, path: &str, body: &str) -> Vec<u8> {
    let token = match server {
        Server::Chancery => &tokens.chancery,
        Server::Plain => &tokens.plain,
    };
    let path = format!("{}{path}", server.prefix());
    with_headers(method, &path, &format!("authorization: Bearer {token}\r\n"), body)
}

pub fn created(connection: &mut Connection, request: &[u8]) -> Result<Value, String> {
    answered(connection, request, 201)
}

pub fn answered(connection: &mut Connection, request: &[u8], status: u16) -> Result<Value, String> {
    let answer = connection.call(request).map_err(|error| format!("while preparing: {error}"))?;
    if answer.status != status {
        return Err(format!("while preparing: {} {}", answer.status, String::from_utf8_lossy(answer.body)));
    }
    serde_json::from_slice(&answer.whole_body()).map_err(|error| format!("while preparing: {error}"))
}

/// Asks the plain server everything once: its answers must be those of the functions, or the comparison is none. Returns
/// how many statements it needed for each.
pub fn compare(connection: &mut Connection, tokens: &Tokens) -> Result<Vec<u64>, String> {
    let compared = Request::ALL.iter().map(|request| {
        let name = request.name(Server::Plain);
        let mut ask = |server| {
            let answer =
                connection.call(&request.bytes(server, tokens, 0)).map_err(|error| format!("{name}: {error}"))?;
            Ok::<_, String>((without_ids(&answer)?, statements(&answer)))
        };
        let ((ours, _), (plain, count)) = (ask(Server::Chancery)?, ask(Server::Plain)?);
        if ours != plain {
            return Err(format!("{name} answers\n{plain}\nand not\n{ours}"));
        }
        count.ok_or_else(|| format!("{name} does not report its statements"))
    });
    compared.collect()
}

/// The answer without what two servers cannot have in common.
fn without_ids(answer: &Answer<'_>) -> Result<Value, String> {
    let mut body: Value = serde_json::from_slice(&answer.whole_body()).map_err(|error| error.to_string())?;
    strip(&mut body);
    Ok(json!({ "status": answer.status, "body": body }))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| {
                !["_id", "tenantId", "groupId", "createdAt", "updatedAt", "version"].contains(&name.as_str())
            });
            members.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

fn statements(answer: &Answer<'_>) -> Option<u64> {
    let head = std::str::from_utf8(answer.head).ok()?;
    head.split("\r\n").find_map(|line| line.strip_prefix("statements: ")?.trim().parse().ok())
}

/// How many statements each request costs the functions, counted natively.
pub fn count_statements(variables: &Variables) -> Result<Vec<u64>, String> {
    let recorded = crate::recorded::Recorded::start(variables)?;
    let mut connection = Connection::to(recorded.address);
    let root = Caller::new(variables, variables.get("ROOT_LICENSE_KEY")).map_err(|error| error.to_string())?;
    let tokens = prepare(&mut connection, &root, &[Server::Chancery])?;
    let counted = Request::ALL.iter().map(|request| {
        let bytes = request.bytes(Server::Chancery, &tokens, 0);
        // What an instance learns from the first request, it has for the second.
        recorded.clear();
        for _ in 0..2 {
            recorded.clear();
            let answer = connection.call(&bytes).map_err(|error| error.to_string())?;
            if answer.status != 200 {
                return Err(String::from_utf8_lossy(answer.body).into_owned());
            }
        }
        Ok(recorded.texts().len() as u64)
    });
    counted.collect()
}
