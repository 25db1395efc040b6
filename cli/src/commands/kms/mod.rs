//! `chancery kms`: keys of a tenant of QNSP in security modules, and the inventory of its cryptography.

mod cbom;

use clap::Subcommand;
use serde_json::Value;

use super::Session;
use crate::{Result, client::Bearer, output, request::Request};

#[derive(Subcommand)]
pub(super) enum Kms {
    /// Keys in security modules, oldest first
    Keys,
    /// Print the inventory of cryptography as a CycloneDX 1.6 bill of materials: algorithms, keys, hardware
    Cbom,
}

impl Kms {
    pub fn run(&self, session: &Session) -> Result<String> {
        let bearer = session.bearer()?;
        match self {
            Self::Keys => {
                let keys = all(&bearer, KEYS, "keys")?;
                Ok(if session.json() { output::json(&Value::Array(keys)) } else { table(&keys) })
            }
            Self::Cbom => cbom::print(&bearer),
        }
    }
}

const KEYS: &str = "/kms/v1/byohsm/keys";
/// The longest page.
const PAGE: usize = 200;

/// Everything in a list, page by page.
fn all(bearer: &Bearer, path: &str, name: &str) -> Result<Vec<Value>> {
    let mut found: Vec<Value> = Vec::new();
    loop {
        let page = Request::new("GET", path).query("limit", PAGE).query("offset", found.len());
        let answer = page.send_with(bearer)?.json()?;
        let rows = output::rows(&answer, name);
        found.extend_from_slice(rows);
        if rows.len() < PAGE {
            return Ok(found);
        }
    }
}

fn table(keys: &[Value]) -> String {
    let columns = ["keyId", "name", "algorithm", "keySize", "purpose", "status", "createdAt"];
    let cell = |key: &Value, name| match name {
        "name" => output::text(key.get("metadata").unwrap_or(&Value::Null), name),
        "purpose" => texts(key, name).join(" "),
        _ => output::text(key, name),
    };
    output::table(&columns, keys.iter().map(|key| columns.iter().map(|name| cell(key, name)).collect()))
}

/// The texts in a list.
fn texts<'a>(of: &'a Value, name: &str) -> Vec<&'a str> {
    output::rows(of, name).iter().filter_map(Value::as_str).collect()
}
