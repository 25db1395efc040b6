//! Playbooks as they are stored: the conditions and the actions are the JSON that is shown, with what was not said.

use model::{
    qnsp::{
        audit::Severity,
        security::{ActionType, NewPlaybookAction, NewTriggerConditions, Playbook},
    },
    time::IsoTime,
};
use platform::Row;
use policy::qnsp::{Refused, playbook::Trigger};
use qnsp::{Caller, Settings, impossible_fields, missing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use service::{Error, Guard, Result};

pub(crate) const COLUMNS: &str = "id, created_at, updated_at, name, description, trigger_conditions, actions, enabled";

/// The column of which no two rows of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_playbooks.name";

/// An action as it is stored.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Action {
    #[serde(rename = "type")]
    pub action_type: ActionType,
    pub parameters: Map<String, Value>,
    pub requires_approval: bool,
}

impl Action {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)?.as_str().filter(|text| !text.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredTrigger {
    event_types: Vec<String>,
    severity_threshold: String,
    filters: Map<String, Value>,
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_playbooks WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such playbook")).bind(caller.tenant()).bind(id)
}

/// The conditions as they are stored.
pub(crate) fn trigger_text(conditions: &NewTriggerConditions) -> Result<String> {
    let severity: &str = conditions.severity_threshold.unwrap_or(Severity::Medium).into();
    let filters = object(conditions.filters.as_ref().map_or("{}", |filters| filters.as_str()))?;
    let trigger = json!({ "eventTypes": conditions.event_types.0, "severityThreshold": severity, "filters": filters });
    Ok(trigger.to_string())
}

/// The actions as they are stored. Those that call somewhere must be allowed to.
pub(crate) fn actions_text(caller: &Caller, actions: &[NewPlaybookAction]) -> Result<String> {
    let stored = actions.iter().map(|action| {
        Ok(Action {
            action_type: action.action_type,
            parameters: object(action.parameters.as_ref().map_or("{}", |parameters| parameters.as_str()))?,
            requires_approval: action.requires_approval.unwrap_or(false),
        })
    });
    let stored: Vec<_> = stored.collect::<Result<_>>()?;
    let hosts = &Settings::of(&caller.app)?.outbound_hosts;
    let webhooks = stored.iter().enumerate().filter(|(_, action)| action.action_type == ActionType::Webhook);
    let faults = webhooks.filter_map(|(index, action)| {
        let field = format!("actions[{index}].parameters.url");
        let reason = match action.text("url").map(|url| hosts.check(url)) {
            None => "is required",
            Some(Err(Refused::NoUrl)) => "must be a URL",
            Some(Err(Refused::NotHttps)) => "must be an https URL",
            Some(Err(Refused::NotAllowed)) => "address not allowed",
            Some(Ok(())) => return None,
        };
        Some((field, reason))
    });
    let faults: Vec<_> = faults.collect();
    if !faults.is_empty() {
        return Err(impossible_fields(faults));
    }
    serde_json::to_string(&stored).map_err(|_| Error::internal("actions that are not JSON"))
}

fn object(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|_| Error::internal("an object that is not JSON"))
}

pub(crate) fn actions(row: &Row) -> Result<Vec<Action>> {
    let text: String = row.get("actions")?;
    serde_json::from_str(&text).map_err(|_| Error::internal("stored actions that cannot be read"))
}

pub(crate) fn trigger(row: &Row) -> Result<Trigger> {
    let text: String = row.get("trigger_conditions")?;
    let stored: StoredTrigger =
        serde_json::from_str(&text).map_err(|_| Error::internal("stored conditions that cannot be read"))?;
    let StoredTrigger { event_types, severity_threshold, filters } = stored;
    Ok(Trigger { event_types, threshold: severity_threshold, filters })
}

pub(crate) fn playbook(row: &Row) -> Result<Playbook> {
    Ok(Playbook {
        playbook_id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        trigger_conditions: raw(row.get("trigger_conditions")?)?,
        actions: raw(row.get("actions")?)?,
        enabled: row.get("enabled")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

pub(crate) fn raw(text: String) -> Result<Box<RawValue>> {
    RawValue::from_string(text).map_err(|_| Error::internal("a stored text that is not JSON"))
}
