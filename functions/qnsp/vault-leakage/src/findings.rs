//! What a step has found becomes incidents, and what the policies say is done with secrets that have leaked.

use std::collections::HashSet;

use crypto::seal::DataKey;
use model::qnsp::vault::leakage::{LeakageAction, LeakageSeverity, LeakageTarget};
use platform::Statement;
use qnsp::{
    Caller, conflict,
    leases::{self, OnServer},
    new_id,
    secrets::Change,
    system_event,
};
use serde_json::{Value, json};
use service::{Anonymous, Batch, Guard, Result};

use crate::compared::Leaked;

/// Who acts where a scan does.
const ACTOR: &str = "leakage-scan";

pub(crate) struct Finding {
    /// The id of a secret, of a lease, or of a pattern.
    pub secret: String,
    pub target: LeakageTarget,
    pub severity: LeakageSeverity,
    /// The location without its line.
    pub place: String,
    pub line: usize,
    pub details: Value,
    pub channels: Vec<String>,
    pub leaked: Option<Leaked>,
}

impl Finding {
    fn source(&self) -> &'static str {
        self.target.into()
    }

    /// What was done with what has leaked, in the words of a timeline. A lease is revoked where secrets are rotated.
    fn done(&self, action: LeakageAction) -> Option<&'static str> {
        match (self.leaked.as_ref()?, action) {
            (_, LeakageAction::Alert) => None,
            (Leaked::Version { .. }, LeakageAction::Rotate) => Some("rotated"),
            (Leaked::Version { .. } | Leaked::Lease { .. }, _) => Some("revoked"),
        }
    }

    fn key(&self) -> [&str; 3] {
        [&self.secret, self.source(), &self.place]
    }
}

/// Those of which no incident is open or investigated, each once.
pub(crate) async fn new_ones(caller: &Caller, findings: Vec<Finding>) -> Result<Vec<Finding>> {
    let select = Statement::new(
        "SELECT f.key AS number FROM json_each(?2) f WHERE EXISTS (SELECT 1 FROM qnsp_leakage_incidents i \
         WHERE i.tenant_id = ?1 AND i.secret_id = f.value ->> 0 AND i.source = f.value ->> 1 AND i.place = f.value ->> 2 \
         AND i.place IS NOT NULL AND i.status IN ('open', 'investigating'))",
    );
    let keys = Value::from_iter(findings.iter().map(|finding| json!(finding.key())));
    let rows = caller.app.query(select.bind(caller.tenant()).bind(keys.to_string())).await?;
    let known = rows.iter().map(|row| row.get::<i64>("number")).collect::<std::result::Result<HashSet<_>, _>>()?;
    let mut seen = HashSet::new();
    let mut new = Vec::new();
    for (number, finding) in (0_i64..).zip(findings) {
        if !known.contains(&number) && seen.insert(finding.key().map(str::to_owned)) {
            new.push(finding);
        }
    }
    Ok(new)
}

/// Adds what findings become to a batch: incidents, events, and what is done with the secrets.
pub(crate) fn record(
    caller: &Caller,
    batch: &mut Batch<Anonymous>,
    data_key: &DataKey,
    findings: &[Finding],
    action: LeakageAction,
) -> Result<()> {
    let mut incidents = Vec::new();
    for finding in findings {
        let id = new_id()?;
        let location = format!("{}#L{}", finding.place, finding.line);
        let event = json!({
            "secretId": finding.secret, "source": finding.source(), "severity": finding.severity, "location": location,
        });
        let severity = <&str>::from(finding.severity);
        let event = system_event(caller.tenant(), "vault.leakage.detected", &id, event)?.detail("severity", severity);
        batch.record_also(event);
        incidents.push(json!({
            "id": id, "secret": finding.secret, "source": finding.source(), "location": location, "place": finding.place,
            "severity": finding.severity, "details": finding.details, "channels": finding.channels,
            "done": finding.done(action),
        }));
    }
    let incidents = Value::from(incidents).to_string();
    let insert = Statement::new(
        "INSERT INTO qnsp_leakage_incidents (tenant_id, id, created_at, created_by, detected_at, secret_id, source, location, \
         place, severity, status, details, channels) SELECT ?1, value ->> 'id', ?3, ?4, ?3, value ->> 'secret', \
         value ->> 'source', value ->> 'location', value ->> 'place', value ->> 'severity', 'open', value -> 'details', \
         value -> 'channels' FROM json_each(?2)",
    );
    batch.push(insert.bind(caller.tenant()).bind(incidents.as_str()).bind(caller.now).bind(ACTOR));
    let leaked: HashSet<_> = findings.iter().filter_map(|finding| finding.leaked.clone()).collect();
    if leaked.is_empty() || action == LeakageAction::Alert {
        return Ok(());
    }
    for guard in are_active(caller, &leaked) {
        batch.require(guard);
    }
    for leaked in &leaked {
        withdraw(caller, batch, data_key, leaked, action)?;
    }
    let steps = Statement::new(
        "INSERT INTO qnsp_leakage_steps (tenant_id, incident_id, number, at, actor, event) \
         SELECT ?1, value ->> 'id', 2, ?3, ?4, value ->> 'done' FROM json_each(?2) WHERE value ->> 'done' IS NOT NULL",
    );
    batch.push(steps.bind(caller.tenant()).bind(incidents).bind(caller.now).bind(ACTOR));
    Ok(())
}

/// That each of these versions is still the active one of its secret, and that each of these leases has not ended.
fn are_active(caller: &Caller, leaked: &HashSet<Leaked>) -> [Guard; 2] {
    let (mut versions, mut leases) = (Vec::new(), Vec::new());
    for leaked in leaked {
        match leaked {
            Leaked::Version { secret, version } => versions.push(json!([secret, version])),
            Leaked::Lease { id, .. } => leases.push(json!(id)),
        }
    }
    let active = "NOT EXISTS (SELECT 1 FROM json_each(?2) l WHERE NOT EXISTS (SELECT 1 FROM qnsp_secrets s \
                  WHERE s.tenant_id = ?1 AND s.id = l.value ->> 0 AND s.active_version = l.value ->> 1))";
    let versions = Guard::new(active, conflict("A secret was changed while it was looked for"))
        .bind(caller.tenant())
        .bind(Value::from(versions).to_string());
    let active = "NOT EXISTS (SELECT 1 FROM json_each(?2) l WHERE NOT EXISTS (SELECT 1 FROM qnsp_leases s \
                  WHERE s.tenant_id = ?1 AND s.id = l.value AND s.ends_at > ?3))";
    let leases = Guard::new(active, conflict("A lease has ended while it was looked for"))
        .bind(caller.tenant())
        .bind(Value::from(leases).to_string())
        .bind(caller.now);
    [versions, leases]
}

/// The leaked version is deprecated; where it is rotated, a new one is active. A leaked lease is revoked by either.
fn withdraw(
    caller: &Caller,
    batch: &mut Batch<Anonymous>,
    data_key: &DataKey,
    leaked: &Leaked,
    action: LeakageAction,
) -> Result<()> {
    let statements = match leaked {
        Leaked::Version { secret, .. } if action == LeakageAction::Rotate => {
            let change = Change { tenant: caller.tenant(), secret, by: ACTOR, now: caller.now };
            change.rotate(data_key, "The version before has leaked")?
        }
        Leaked::Version { secret, version } => {
            let deprecate = Statement::new(
                "UPDATE qnsp_secret_versions SET state = 'deprecated', changed_at = ?4, changed_by = ?5 \
                 WHERE tenant_id = ?1 AND secret_id = ?2 AND version = ?3",
            );
            let deprecate = deprecate.bind(caller.tenant()).bind(secret.as_str()).bind(*version);
            vec![deprecate.bind(caller.now).bind(ACTOR)]
        }
        Leaked::Lease { id, .. } => leases::revoke(caller, id, OnServer::PerhapsUser),
    };
    for statement in statements {
        batch.push(statement);
    }
    Ok(())
}

/// After the answer, ends the sessions of leases that were revoked, and removes their users. Where a server does not answer,
/// the next call about the configuration does it.
pub(crate) fn remove_users(caller: &Caller, findings: &[Finding], action: LeakageAction) {
    let config = |finding: &Finding| match &finding.leaked {
        Some(Leaked::Lease { config, .. }) if action != LeakageAction::Alert => Some(config.clone()),
        _ => None,
    };
    let configs: HashSet<_> = findings.iter().filter_map(config).collect();
    if !configs.is_empty() {
        leases::remove_users_later(caller, configs);
    }
}
