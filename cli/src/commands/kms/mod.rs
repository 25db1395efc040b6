//! `chancery kms`: keys of a tenant of QNSP in security modules, and the inventory of its cryptography.

mod cbom;

use clap::Subcommand;
use serde_json::Value;

use super::Session;
use crate::{Result, output, request::Request};

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
                let keys = Request::new("GET", KEYS).all_with(&bearer, "keys")?;
                Ok(if session.json() { output::json(&Value::Array(keys)) } else { table(&keys) })
            }
            Self::Cbom => cbom::print(&bearer),
        }
    }
}

const KEYS: &str = "/kms/v1/byohsm/keys";

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
