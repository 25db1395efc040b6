//! Reading `spin.toml`, version 2: what the host honours, and a refusal of what it would otherwise
//! silently ignore. Nothing is resolved or opened here.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use wasmtime::error::Context as _;
use wasmtime::{Result, ensure};

#[derive(Debug, Deserialize)]
pub struct Manifest {
    spin_manifest_version: u32,
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    #[serde(default)]
    trigger: Triggers,
    #[serde(default, rename = "component")]
    pub components: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub default: Option<String>,
    #[serde(default)]
    required: bool,
    /// Spin only uses this to keep the value out of its own output; the host prints no values.
    #[serde(default, rename = "secret")]
    _secret: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    #[serde(default)]
    http: Vec<HttpTrigger>,
}

#[derive(Debug, Deserialize)]
pub struct HttpTrigger {
    pub route: Route,
    pub component: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Route {
    Public(String),
    /// `{ private = true }`: reachable from other components only, and so not at all here.
    Private {
        private: bool,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Component {
    pub source: String,
    pub variables: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    pub allowed_outbound_hosts: Vec<String>,
    pub sqlite_databases: Vec<String>,
    pub key_value_stores: Vec<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "build")]
    _build: Option<toml::Table>,
    #[serde(rename = "tool")]
    _tool: Option<toml::Table>,
}

impl Manifest {
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the manifest {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        ensure!(manifest.spin_manifest_version == 2, "spin_manifest_version must be 2");
        for (name, variable) in &manifest.variables {
            ensure!(
                variable.required != variable.default.is_some(),
                "variable `{name}` must have a default or be required, and not both"
            );
        }
        for trigger in manifest.http_triggers() {
            ensure!(
                manifest.components.contains_key(&trigger.component),
                "a route names the component `{}`, which has no [component.{0}]",
                trigger.component
            );
        }
        for (id, component) in &manifest.components {
            ensure!(!component.source.is_empty(), "component `{id}` has no source");
            // Any other label needs a runtime configuration in Spin, which the host does not read.
            let mut labels = component.sqlite_databases.iter().chain(&component.key_value_stores);
            ensure!(
                labels.all(|label| label == "default"),
                "component `{id}`: only the database and the store `default` are offered"
            );
        }
        Ok(manifest)
    }

    pub fn http_triggers(&self) -> &[HttpTrigger] {
        &self.trigger.http
    }

    /// Leaves the components with these ids and their routes, as `spin up --component-id` does.
    pub fn keep_only(&mut self, ids: &[String]) -> Result<()> {
        for id in ids {
            ensure!(self.components.contains_key(id), "there is no component `{id}`");
        }
        self.components.retain(|id, _| ids.contains(id));
        self.trigger.http.retain(|trigger| ids.contains(&trigger.component));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing parse fails the test")]
    use super::*;

    const SMALL: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "small"
        version = "0.1.0"
        [variables]
        environment_name = { default = "dev" }
        root_key = { required = true, secret = true }
        [[trigger.http]]
        route = "/caas/tenants/:tenantId/..."
        component = "secret-store"
        [[trigger.http]]
        route = { private = true }
        component = "secret-store"
        [component.secret-store]
        source = "a.wasm"
        sqlite_databases = ["default"]
        key_value_stores = ["default"]
        [component.secret-store.variables]
        root_key = "{{ root_key }}"
        [component.secret-store.build]
        command = "cargo build"
    "#;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(SMALL).unwrap();
        assert_eq!(manifest.variables.get("environment_name").unwrap().default.as_deref(), Some("dev"));
        let component = manifest.components.get("secret-store").unwrap();
        assert_eq!(component.source, "a.wasm");
        assert_eq!(component.variables.get("root_key").unwrap(), "{{ root_key }}");
        let [public, private] = manifest.http_triggers() else { unreachable!("two triggers were written") };
        assert!(matches!(&public.route, Route::Public(r) if r == "/caas/tenants/:tenantId/..."));
        assert!(matches!(private.route, Route::Private { private: true }));
    }

    #[test]
    fn only_named_components_stay() {
        let two = format!(
            "{SMALL}\n[component.other]\nsource = \"b.wasm\"\n[[trigger.http]]\nroute = \"/other\"\ncomponent = \"other\"\n"
        );
        let mut manifest = Manifest::parse(&two).unwrap();
        manifest.keep_only(&["other".to_owned()]).unwrap();
        assert_eq!(manifest.components.keys().collect::<Vec<_>>(), ["other"]);
        assert!(manifest.http_triggers().iter().all(|trigger| trigger.component == "other"));
        let error = manifest.keep_only(&["secret-store".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("no component `secret-store`"));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        let refused = |from: &str, to: &str| {
            assert!(SMALL.contains(from));
            Manifest::parse(&SMALL.replace(from, to)).unwrap_err().to_string()
        };
        assert!(refused("version = 2", "version = 1").contains("must be 2"));
        assert!(refused("[\"default\"]", "[\"other\"]").contains("only the database"));
        assert!(refused("source = \"a.wasm\"", "files = [\"x\"]").contains("files"));
        assert!(refused("required = true", "required = false").contains("root_key"));
        assert!(refused("[component.secret-store]", "[component.other]").contains("secret-store"));
    }
}
