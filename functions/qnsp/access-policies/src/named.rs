//! Tenants that a call names in a list: operators may name any that exist, others their own alone.

use model::ids::Uuid;
use policy::qnsp::Role;
use qnsp::{Caller, Work, missing, role_required};
use serde_json::Value;
use service::{Guard, Result};

/// The tenants that are named, each once, as a JSON list too.
pub(crate) struct Named {
    pub tenants: Vec<String>,
    pub json: String,
}

impl Named {
    pub(crate) fn of(caller: &Caller, ids: &[Uuid]) -> Result<Self> {
        let is_own = |id: &Uuid| id.as_str() == caller.tenant();
        if !caller.is_operator() && !ids.iter().all(is_own) {
            return Err(role_required(caller, Role::PlatformAdmin));
        }
        let mut tenants = Vec::new();
        for id in ids {
            if !tenants.iter().any(|known| known == id.as_str()) {
                tenants.push(id.as_str().to_owned());
            }
        }
        Ok(Self { json: Value::from(tenants.as_slice()).to_string(), tenants })
    }

    /// All of them must exist.
    pub(crate) fn require(&self, work: &mut Work) {
        let exist = "NOT EXISTS (SELECT 1 FROM json_each(?1) w WHERE NOT EXISTS \
                     (SELECT 1 FROM qnsp_tenants WHERE id = w.value))";
        work.require(Guard::new(exist, missing("No such tenant")).bind(self.json.as_str()));
    }
}
