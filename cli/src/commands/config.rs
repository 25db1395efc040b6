//! `chancery config`: the configuration of a community, a person's app or an app, by key paths.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Session;
use crate::{Error, Result, client::segment, input, output, request::Request};

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
}

#[derive(Args)]
pub(super) struct Set {
    #[command(flatten)]
    context: Context,
    path: String,
    /// JSON such as 6 or '{"on":true}'; @file, or - for standard input
    #[arg(default_value = "-", allow_negative_numbers = true)]
    value: String,
    /// The value is a text and not JSON
    #[arg(long)]
    text: bool,
}

/// Exactly one of three forms.
#[derive(Args)]
pub(super) struct Context {
    /// appId
    #[arg(long, value_name = "ID", required_unless_present_any = ["tenant", "person"], conflicts_with_all = ["tenant", "person"])]
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
    fn json(&self) -> Value {
        let fields = [
            ("appId", &self.app),
            ("tenantId", &self.tenant),
            ("communityId", &self.community),
            ("personId", &self.person),
            ("mobile_app_id", &self.mobile_app),
        ];
        let given = fields.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id.as_deref()?.into())));
        let internal = self.internal.then(|| ("internal".to_owned(), Value::Bool(true)));
        Value::Object(given.chain(internal).collect())
    }
}

impl Config {
    pub fn run(&self, session: &Session) -> Result<String> {
        let client = session.client()?;
        let answer = self.request()?.send(&client)?.json()?;
        if session.json() {
            return Ok(output::json(&answer));
        }
        match self {
            Self::Get { paths, .. } => show(paths, &answer),
            Self::Set(Set { path, .. }) => Ok(format!("set {path}\n")),
            Self::Rm { paths, .. } => Ok(format!("removed {}\n", paths.join(" "))),
            Self::History { .. } => Ok(show_history(&answer)),
        }
    }

    fn request(&self) -> Result<Request> {
        Ok(match self {
            Self::Get { context, paths } => {
                Request::new("POST", "/caas/config/fetch").body(json!({"context": context.json(), "key_paths": paths}))
            }
            Self::Set(Set { context, path, value, text }) => {
                let value = input::read(value)?;
                let data = if *text { Value::String(value.to_string()) } else { parse(&value)? };
                Request::new("PUT", format!("/caas/config/{}", segment(path)))
                    .body(json!({"context": context.json(), "data": data}))
            }
            Self::Rm { context, paths } => {
                Request::new("DELETE", "/caas/config").body(json!({"context": context.json(), "key_paths": paths}))
            }
            Self::History { context, limit, before } => {
                let request = Request::new("GET", "/caas/config/history").query("context", context.json());
                let request = request.query("limit", limit);
                if let Some(before) = before { request.query("before", before) } else { request }
            }
        })
    }
}

fn parse(value: &str) -> Result<Value> {
    serde_json::from_str(value)
        .map_err(|error| Error::usage(format!("the value is not JSON ({error}); for a text add --text")))
}

/// One path: its value alone, a text without quotes. Otherwise JSON. A path that was asked for and is not there is
/// refused.
fn show(paths: &[String], answer: &Value) -> Result<String> {
    if let Some(missing) = paths.iter().find(|path| answer.get(path.as_str()).is_none()) {
        return Err(Error::Missing(format!("nothing stands at {missing}")));
    }
    let one = if let [path] = paths { answer.get(path.as_str()) } else { None };
    Ok(match one {
        Some(Value::String(text)) => format!("{text}\n"),
        Some(value) => output::json(value),
        None => output::json(answer),
    })
}

fn show_history(answer: &Value) -> String {
    let columns = ["revision", "action", "keyPath", "updatedBy", "updatedAt", "previousHash"];
    let rows = output::rows(answer, "history");
    let table = output::table(&columns, rows.iter().map(|row| columns.map(|name| output::text(row, name)).to_vec()));
    match answer.get("next").and_then(Value::as_i64) {
        Some(next) => format!("{table}more with --before {next}\n"),
        None => table,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        config: Config,
    }

    fn parsed(line: &str) -> Option<Config> {
        Some(Line::try_parse_from(format!("config {line}").split(' ')).ok()?.config)
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
            let body = request(&format!("get {line} x.y")).body.unwrap();
            assert_eq!(body, json!({"context": context, "key_paths": ["x.y"]}), "{line}");
        }
        for wrong in
            ["", " --internal", " --tenant t", " --person p", " --app a --person p --mobile-app m", " --community c"]
        {
            assert!(parsed(&format!("get{wrong}")).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_value_is_json_unless_it_is_said_to_be_text() {
        let set = request("set --app a otp.length -6");
        assert_eq!((set.method, set.path.as_str()), ("PUT", "/caas/config/otp.length"));
        assert_eq!(set.body.unwrap(), json!({"context": {"appId": "a"}, "data": -6}));
        assert_eq!(request("set --app a x 6 --text").body.unwrap().get("data"), Some(&json!("6")));
        assert_eq!(parsed("set --app a x plain").unwrap().request().unwrap_err().exit_code(), 2);
    }

    #[test]
    fn one_value_stands_alone_and_a_missing_one_is_refused() {
        let answer = json!({"a.b": "two words", "c": {"d": 1}});
        assert_eq!(show(&["a.b".into()], &answer).unwrap(), "two words\n");
        assert_eq!(show(&["c".into()], &answer).unwrap(), "{\n  \"d\": 1\n}\n");
        assert!(show(&[], &answer).unwrap().contains("a.b"));
        assert_eq!(show(&["a.b".into(), "x".into()], &answer).unwrap_err().exit_code(), 1);
    }

    #[test]
    fn the_history_says_how_to_go_on() {
        let entry = json!({"revision": 3, "action": "set", "keyPath": "a", "updatedBy": "k", "updatedAt": 1});
        let shown = show_history(&json!({"history": [entry], "next": 3}));
        assert!(shown.contains("keyPath") && shown.ends_with("more with --before 3\n"), "{shown}");
    }
}
