//! `chancery config-api item diff`: what differs between two values that an item had.

use clap::Args;
use serde_json::{Value, json};
use similar::TextDiff;

use super::{BASE, PAGE, Session};
use crate::{
    Error, Result,
    client::{Bearer, segment},
    json as text, output,
    request::Request,
};

#[derive(Args)]
pub(in crate::commands) struct Diff {
    key: String,
    /// The version before the one that is in force, if not given
    #[arg(value_name = "VERSION")]
    from: Option<u64>,
    /// The version in force, if not given
    #[arg(value_name = "OTHER")]
    to: Option<u64>,
}

impl Diff {
    pub fn run(&self, session: &Session) -> Result<String> {
        let bearer = session.connection()?.config_api()?;
        let item = Request::new("GET", self.path()).send_with(&bearer)?.json()?;
        let item = item.get("item").unwrap_or(&Value::Null);
        if item.get("isSecret") == Some(&Value::Bool(true)) {
            let message = format!("{} is secret: the service masks its values, so they cannot be compared", self.key);
            return Err(Error::Broken(message));
        }
        let in_force = number(item);
        let to = self.to.unwrap_or(in_force);
        let from = self.from.unwrap_or(in_force.saturating_sub(1));
        if from == 0 {
            return Err(Error::Missing(format!("{} has had one value only", self.key)));
        }
        let versions = self.versions(&bearer, from.min(to))?;
        let version = |wanted| {
            let found = versions.iter().find(|version| number(version) == wanted);
            found.ok_or_else(|| Error::Missing(format!("{} has no version {wanted}", self.key)))
        };
        let (old, new) = (version(from)?, version(to)?);
        let difference = difference(old, new);
        if session.json() {
            return Ok(output::json(&json!({ "from": old, "to": new, "difference": difference })));
        }
        Ok(if difference.is_empty() { "the same\n".to_owned() } else { difference })
    }

    /// The versions from the newest down to one.
    fn versions(&self, bearer: &Bearer, down_to: u64) -> Result<Vec<Value>> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let answer = self.page(found.len()).send_with(bearer)?.json()?;
            let rows = output::rows(&answer, "versions");
            found.extend_from_slice(rows);
            if rows.len() < PAGE as usize || rows.iter().any(|version| number(version) <= down_to) {
                return Ok(found);
            }
        }
    }

    pub fn page(&self, skip: usize) -> Request {
        Request::new("GET", format!("{}/versions", self.path())).query("limit", PAGE).query("skip", skip)
    }

    fn path(&self) -> String {
        format!("{BASE}/items/{}", segment(&self.key))
    }
}

fn number(version: &Value) -> u64 {
    version.get("version").and_then(Value::as_u64).unwrap_or_default()
}

/// A unified diff; nothing where the values and their types are the same. JSON is compared member by member.
fn difference(old: &Value, new: &Value) -> String {
    let laid_out = |version: &Value| {
        let value = output::text(version, "value");
        if output::text(version, "valueType") == "json" { text::indented(&value) } else { format!("{value}\n") }
    };
    let header = |version: &Value| format!("version {} ({})", number(version), output::text(version, "valueType"));
    let (before, after) = (laid_out(old), laid_out(new));
    if before == after && old.get("valueType") != new.get("valueType") {
        return format!("--- {}\n+++ {}\n", header(old), header(new));
    }
    TextDiff::from_lines(&before, &after).unified_diff().header(&header(old), &header(new)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u64, kind: &str, value: &str) -> Value {
        json!({ "version": number, "valueType": kind, "value": value })
    }

    #[test]
    fn json_is_compared_member_by_member() {
        let shown = difference(&version(1, "json", r#"{"a":1,"b":2}"#), &version(2, "json", r#"{ "a": 1, "b": 3 }"#));
        assert_eq!(
            shown,
            "--- version 1 (json)\n+++ version 2 (json)\n@@ -1,4 +1,4 @@\n {\n   \"a\": 1,\n-  \"b\": 2\n+  \"b\": 3\n }\n"
        );
    }

    #[test]
    fn another_type_of_the_same_text_is_a_difference() {
        assert_eq!(difference(&version(1, "string", "6"), &version(2, "string", "6")), "");
        let shown = difference(&version(1, "string", "6"), &version(2, "number", "6"));
        assert_eq!(shown, "--- version 1 (string)\n+++ version 2 (number)\n");
    }
}
