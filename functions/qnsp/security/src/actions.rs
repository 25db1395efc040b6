//! What an action does. All but webhooks are statements, which become part of the batch that records the outcome.

use model::qnsp::{
    access::{Conditions, Effect, EnforcementLevel, Rule},
    security::ActionType,
};
use policy::qnsp::{
    Quota,
    playbook::{principals, resources},
};
use qnsp::{Caller, access::AccessPolicyRow, new_id, reserve, system_event};
use serde_json::{Value, json};
use service::{
    App, Error, Result,
    portal::{Letter, Mail},
};

use crate::{
    outcome::{Effects, Outcome},
    playbook_store::Action,
    rotate::{rotate_key, rotate_secret},
};

/// The execution that an action belongs to.
pub(crate) struct Execution {
    pub tenant: String,
    pub id: String,
    pub playbook: String,
    pub context: Value,
    pub actions: Vec<Action>,
    pub now: i64,
}

impl Execution {
    fn targets(&self) -> Vec<String> {
        let targets = self.context.get("targetResources").and_then(Value::as_array);
        targets.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Adds what the action with this number does, unless it is a webhook.
    pub(crate) async fn carry_out(&self, caller: &Caller, number: usize, effects: &mut Effects) -> Result<Outcome> {
        let Some(action) = self.actions.get(number) else { return Err(Error::internal("no such action")) };
        let every = || vec!["*".to_owned()];
        match action.action_type {
            ActionType::Block => {
                let principals = principals(&self.targets());
                if principals.is_empty() {
                    return Ok(Outcome::failed("no target is a principal type:id"));
                }
                self.deny(number, principals, every(), effects)
            }
            ActionType::Isolate => {
                let resources = resources(&self.targets());
                if resources.is_empty() {
                    return Ok(Outcome::failed("no target is a resource type/id"));
                }
                self.deny(number, every(), resources, effects)
            }
            ActionType::Notify => self.notify(&caller.app, action, effects).await,
            ActionType::Rotate => self.rotate(caller, action, effects).await,
            ActionType::Webhook => Err(Error::internal("a webhook is no statement")),
        }
    }

    /// A policy that lasts until somebody deletes it. A further one of the same execution has a number.
    fn deny(
        &self,
        number: usize,
        principals: Vec<String>,
        resources: Vec<String>,
        effects: &mut Effects,
    ) -> Result<Outcome> {
        let id = new_id()?;
        let is_denial = |action: &Action| matches!(action.action_type, ActionType::Block | ActionType::Isolate);
        let is_first = !self.actions.iter().take(number).any(is_denial);
        let name = if is_first { format!("playbook:{}", self.id) } else { format!("playbook:{}:{number}", self.id) };
        let rule = Rule {
            effect: Effect::Deny,
            principals,
            resources,
            actions: vec!["*".to_owned()],
            conditions: Conditions::default(),
        };
        let policy = AccessPolicyRow {
            tenant: &self.tenant,
            id: &id,
            name: &name,
            description: "Made by a playbook; delete it to lift it",
            category: Some("playbook"),
            level: Some(EnforcementLevel::Enforced),
            rule: &rule,
        };
        effects.statements.extend(qnsp::access::insert(&policy, self.now)?);
        // It counts, but a full quota keeps nobody from being blocked.
        effects.statements.extend(reserve(&self.tenant, Quota::Policies, self.now, 1));
        Ok(Outcome::DONE)
    }

    async fn notify(&self, app: &App, action: &Action, effects: &mut Effects) -> Result<Outcome> {
        let Some(to) = action.text("to") else {
            let payload = json!({ "executionId": self.id, "context": self.context });
            let event = system_event(&self.tenant, "security.playbook.notified", &self.playbook, payload)?;
            effects.events.push(event);
            return Ok(Outcome::DONE);
        };
        let is_address =
            to.len() <= 254 && to.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        if !is_address || to.chars().any(|character| character.is_control() || character.is_whitespace()) {
            return Ok(Outcome::failed("parameters.to is no e-mail address"));
        }
        let incident = self.context.get("incidentId").and_then(Value::as_str).unwrap_or("none");
        let letter = Letter {
            subject: "A security playbook runs".to_owned(),
            text: format!(
                "Playbook {} of tenant {} runs.\nExecution: {}\nIncident: {incident}\nTargets: {}\n",
                self.playbook,
                self.tenant,
                self.id,
                self.targets().join(", ")
            ),
        };
        let insert = Mail::of_letter(app, "security-playbook", letter).await?.insert(
            "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
            self.now,
        );
        effects.statements.push(insert.bind(to));
        Ok(Outcome::DONE)
    }

    async fn rotate(&self, caller: &Caller, action: &Action, effects: &mut Effects) -> Result<Outcome> {
        match (action.text("keyId"), action.text("secretId")) {
            (Some(key), _) => rotate_key(caller, &self.playbook, key, effects).await,
            (None, Some(secret)) => rotate_secret(caller, &self.playbook, secret, effects).await,
            (None, None) => Ok(Outcome::failed("parameters.secretId or parameters.keyId is required")),
        }
    }
}
