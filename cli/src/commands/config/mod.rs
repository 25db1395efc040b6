//! `chancery config`: the configuration of a community, a person's app or an app, by key paths.

mod diff;
mod export;
mod import;
mod progress;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Session, note};
use crate::{
    Error, Result,
    client::{Client, segment},
    input,
    json::{self, Json, Members},
    output,
    request::Request,
};

const FETCH: &str = "/caas/config/fetch";

#[derive(Subcommand)]
pub(super) enum Config {
    /// Print the value at one path, or JSON of several or of everything
    Get {
        #[command(flatten)]
        context: Context,
        /// Key paths such as otp.length; everything if none is named
        paths: Vec<String>,
    },
    /// Set the value at a path, or the whole configuration at the path `data`
    Set(Set),
    /// Remove what stands at some paths; `data` is everything
    Rm {
        #[command(flatten)]
        context: Context,
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Show who changed what and when, newest first
    History {
        #[command(flatten)]
        context: Context,
        /// How many changes, at most 100
        #[arg(long, default_value = "50")]
        limit: u16,
        /// Only changes before this revision
        #[arg(long, value_name = "REVISION")]
        before: Option<u32>,
    },
    /// Make configurations what files say: JSON, YAML, variables, or lines of JSON for many
    Import(import::Import),
    /// Print configurations as files that `import` reads
    Export(export::Export),
}

#[derive(Args)]
pub(super) struct Set {
    #[command(flatten)]
    context: Context,
    /// Such as otp.length; what is set there is JSON, such as 6 or '{"on":true}'
    path: String,
    #[command(flatten)]
    value: input::Value,
    /// The value is a text and not JSON
    #[arg(long)]
    text: bool,
    /// Only if this revision stands, as `history` shows it; 0 is before the first change
    #[arg(long, value_name = "REVISION")]
    if_match: Option<u32>,
}

/// Exactly one of three forms.
#[derive(Args)]
pub(super) struct Context {
    /// appId
    #[arg(long, value_name = "ID", conflicts_with_all = ["tenant", "person"])]
    app: Option<String>,
    /// tenantId
    #[arg(long, value_name = "ID", requires = "community", conflicts_with = "person")]
    tenant: Option<String>,
    /// communityId
    #[arg(long, value_name = "ID", requires = "tenant")]
    community: Option<String>,
    /// personId
    #[arg(long, value_name = "ID", requires = "mobile_app")]
    person: Option<String>,
    /// mobile_app_id
    #[arg(long, value_name = "ID", requires = "person")]
    mobile_app: Option<String>,
    /// The internal configuration of the context, which is another one
    #[arg(long)]
    internal: bool,
}

impl Context {
    fn is_given(&self) -> bool {
        self.internal || self.app.is_some() || self.tenant.is_some() || self.person.is_some()
    }

    fn json(&self) -> Result<Json> {
        let fields = [
            ("appId", &self.app),
            ("tenantId", &self.tenant),
            ("communityId", &self.community),
            ("personId", &self.person),
            ("mobile_app_id", &self.mobile_app),
        ];
        let given = fields.into_iter().filter_map(|(name, id)| Some((name.to_owned(), Json::Text(id.clone()?))));
        let mut members: Members = given.collect();
        if members.is_empty() {
            let message = "name a context: --app, or --tenant and --community, or --person and --mobile-app";
            return Err(Error::usage(message));
        }
        if self.internal {
            members.insert("internal".to_owned(), Json::Bare("true".to_owned()));
        }
        Ok(Json::Object(members))
    }
}

impl Config {
    pub fn run(&self, session: &Session) -> Result<String> {
        match self {
            Self::Import(import) => return import.run(session),
            Self::Export(export) => return export.run(session),
            // The history keeps the hash of a value, not the value.
            Self::Rm { paths, .. } => session.confirm(&format!("Remove {} for good?", paths.join(" ")))?,
            Self::Get { .. } | Self::Set(_) | Self::History { .. } => {}
        }
        let reply = self.request()?.send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        match self {
            Self::Get { paths, .. } => show(paths, reply.text()?),
            Self::Set(Set { path, .. }) => Ok(format!("set {path}\n")),
            Self::Rm { paths, .. } => Ok(format!("removed {}\n", paths.join(" "))),
            Self::History { .. } => Ok(show_history(&reply.json()?)),
            Self::Import(_) | Self::Export(_) => Ok(String::new()),
        }
    }

    fn request(&self) -> Result<Request> {
        Ok(match self {
            Self::Get { context, paths } => Request::new("POST", FETCH).query("read_fresh", true).body(body(
                context.json()?,
                "key_paths",
                &texts(paths),
            )),
            Self::Set(Set { context, path, value, text, if_match }) => {
                let value = value.read()?;
                let data = if *text { json::quoted(&value) } else { parse(&value)?.to_owned() };
                let request = Request::new("PUT", format!("/caas/config/{}", segment(path)));
                let request = request.body(body(context.json()?, "data", &data));
                if let Some(revision) = if_match { request.header("if-match", revision) } else { request }
            }
            Self::Rm { context, paths } => {
                Request::new("DELETE", "/caas/config").body(body(context.json()?, "key_paths", &texts(paths)))
            }
            Self::History { context, limit, before } => {
                let request = Request::new("GET", "/caas/config/history").query("context", context.json()?);
                let request = request.query("limit", limit);
                if let Some(before) = before { request.query("before", before) } else { request }
            }
            Self::Import(_) | Self::Export(_) => return Err(Error::usage("it is more than one request")),
        })
    }
}

/// The value is JSON text, sent as it was given.
fn body(context: Json, name: &str, value: &str) -> String {
    json::object([("context", context.to_string().as_str()), (name, value)])
}

fn texts(paths: &[String]) -> String {
    Json::List(paths.iter().cloned().map(Json::Text).collect()).to_string()
}

fn parse(value: &str) -> Result<&str> {
    let wrong =
        |reason| Error::usage(format!("the value is not JSON ({reason}); for a text add --text, for a file --file"));
    json::check(value).map(|()| value.trim_matches([' ', '\t', '\r', '\n'])).map_err(wrong)
}

/// What stands in a context now, and its revision.
fn stored(client: &Client, context: &Json) -> Result<(String, Members)> {
    let fetch = Request::new("POST", FETCH).query("read_fresh", true).body(format!(r#"{{"context":{context}}}"#));
    let reply = fetch.send(client)?;
    let revision = reply.header("etag").unwrap_or_default().to_owned();
    match Json::parse(reply.text()?) {
        Ok(Json::Object(members)) => Ok((revision, members)),
        Ok(_) => Err(Error::Fault("the answer is no configuration".to_owned())),
        Err(reason) => Err(Error::Fault(format!("the configuration cannot be written in another format: {reason}"))),
    }
}

/// One path: its value alone, a text without quotes. Otherwise JSON. A path that was asked for and is not there is
/// refused.
fn show(paths: &[String], answer: &str) -> Result<String> {
    let members = json::members(answer).map_err(|reason| Error::Fault(format!("the answer is no object: {reason}")))?;
    if let Some(missing) = paths.iter().find(|path| json::member(&members, path).is_none()) {
        return Err(Error::Missing(format!("nothing stands at {missing}")));
    }
    let one = if let [path] = paths { json::member(&members, path) } else { None };
    Ok(match (one, one.and_then(|one| serde_json::from_str::<String>(one).ok())) {
        (_, Some(text)) => format!("{text}\n"),
        (Some(json), None) => json::indented(json),
        (None, None) => json::indented(answer),
    })
}

fn show_history(answer: &Value) -> String {
    let columns = ["revision", "action", "keyPath", "updatedBy", "updatedAt", "previousHash"];
    let rows = output::rows(answer, "history");
    let table = output::table(&columns, rows.iter().map(|row| columns.map(|name| output::text(row, name)).to_vec()));
    if let Some(next) = answer.get("next").and_then(Value::as_i64) {
        note(&format!("more with --before {next}"));
    }
    table
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::commands::typed;

    fn parsed(line: &str) -> Option<Config> {
        typed(line.split(' ')).ok()
    }

    fn request(line: &str) -> Request {
        parsed(line).unwrap().request().unwrap()
    }

    #[test]
    fn a_context_has_one_of_three_forms() {
        for (line, context) in [
            ("--app a", json!({"appId": "a"})),
            ("--tenant t --community c --internal", json!({"tenantId": "t", "communityId": "c", "internal": true})),
            ("--person p --mobile-app m", json!({"personId": "p", "mobile_app_id": "m"})),
        ] {
            let body = request(&format!("get {line} x.y")).json();
            assert_eq!(body, json!({"context": context, "key_paths": ["x.y"]}), "{line}");
        }
        for wrong in [" --tenant t", " --person p", " --app a --person p --mobile-app m", " --community c"] {
            assert!(parsed(&format!("get{wrong}")).is_none(), "{wrong}");
        }
        for wrong in ["", " --internal"] {
            assert_eq!(parsed(&format!("get{wrong}")).unwrap().request().unwrap_err().exit_code(), 2, "{wrong}");
        }
    }

    #[test]
    fn a_value_is_json_unless_it_is_said_to_be_text() {
        let set = request("set --app a otp.length -6");
        assert_eq!((set.method, set.path.as_str()), ("PUT", "/caas/config/otp.length"));
        assert_eq!(set.json(), json!({"context": {"appId": "a"}, "data": -6}));
        assert_eq!(request("set --app a x 6 --text").json().get("data"), Some(&json!("6")));
        let exact = request("set --app a x 1.50 --if-match 7");
        assert_eq!(exact.body.as_deref(), Some(r#"{"context":{"appId":"a"},"data":1.50}"#));
        assert_eq!(exact.headers, [("if-match", "7".to_owned())]);
        let given = r#"{"z":12345678901234567890123,"a":1e3,"a":0.10}"#;
        let kept = request(&format!("set --app a x {given}")).body.unwrap();
        assert_eq!(kept, format!(r#"{{"context":{{"appId":"a"}},"data":{given}}}"#));
        assert_eq!(request("set --app a x @dm1n --text").json().get("data"), Some(&json!("@dm1n")));
        let error = parsed("set --app a x s3cret").unwrap().request().unwrap_err();
        assert!(error.exit_code() == 2 && !error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn one_value_stands_alone_and_a_missing_one_is_refused() {
        let answer = r#"{"a.b": "two words", "c": {"d": 1.0, "d": 1e3}}"#;
        assert_eq!(show(&["a.b".into()], answer).unwrap(), "two words\n");
        assert_eq!(show(&["c".into()], answer).unwrap(), "{\n  \"d\": 1.0,\n  \"d\": 1e3\n}\n");
        assert!(show(&[], answer).unwrap().contains("a.b"));
        assert_eq!(show(&["a.b".into(), "x".into()], answer).unwrap_err().exit_code(), 1);
    }

    #[test]
    fn the_history_is_a_table() {
        let entry = json!({"revision": 3, "action": "set", "keyPath": "a", "updatedBy": "k", "updatedAt": 1});
        let shown = show_history(&json!({"history": [entry], "next": 3}));
        assert!(shown.contains("keyPath") && shown.lines().count() == 2, "{shown}");
    }
}
