//! What makes credentials: the configurations of a tenant, named by their names or ids.

use serde_json::Value;

use crate::{Error, Result, client::Bearer, client::segment, output, request::Request};

const CONFIGURATIONS: &str = "/vault/v1/dynamic-secrets/configs";

pub(in crate::commands) struct Configuration {
    pub id: String,
    pub name: String,
}

impl Configuration {
    /// The one with this name or id.
    pub fn find(bearer: &Bearer, name: &str) -> Result<Self> {
        let all = all(bearer)?;
        let by = |member| all.iter().find(|one| one.get(member).and_then(Value::as_str) == Some(name));
        let found = by("configId").or_else(|| by("name"));
        found.map(Self::of).ok_or_else(|| {
            Error::Missing(format!(
                "there is no configuration {name:?}; `chancery vault lease configurations` shows all"
            ))
        })
    }

    pub fn of(listed: &Value) -> Self {
        let member = |name| listed.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { id: member("configId"), name: member("name") }
    }

    pub fn path(&self, part: &str) -> String {
        format!("{CONFIGURATIONS}/{}/{part}", segment(&self.id))
    }
}

/// As the service lists them, oldest first.
pub(super) fn all(bearer: &Bearer) -> Result<Vec<Value>> {
    Request::new("GET", CONFIGURATIONS).all_with(bearer, "configs")
}

pub(super) fn table(configurations: &[Value]) -> String {
    let columns = ["name", "type", "backend", "activeLeases", "configId"];
    output::table(&columns, configurations.iter().map(|one| columns.map(|name| output::text(one, name)).to_vec()))
}
