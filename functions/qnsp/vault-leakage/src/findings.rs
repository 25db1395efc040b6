//! What a step has found becomes incidents, and what the policies say is done with secrets that have leaked.

use std::collections::HashSet;

use crypto::seal::DataKey;
use model::qnsp::vault::leakage::{LeakageAction, LeakageSeverity, LeakageTarget};
use platform::Statement;
use qnsp::{Caller, conflict, new_id, secrets::Change, system_event};
use serde_json::{Value, json};
use service::{Anonymous, Batch, Guard, Result};

/// Who acts where a scan does.
const ACTOR: &str = "leakage-scan";

pub(crate) struct Finding {
    /// A secret's id, or that of a pattern.
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

/// The version whose value was found.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Leaked {
    pub secret: String,
    pub version: i64,
}

impl Finding {
    fn source(&self) -> &'static str {
        self.target.into()
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
            "leaked": finding.leaked.is_some(),
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
    batch.require(are_active(caller, &leaked));
    for leaked in &leaked {
        withdraw(caller, batch, data_key, leaked, action)?;
    }
    let done = if action == LeakageAction::Rotate { "rotated" } else { "revoked" };
    let steps = Statement::new(
        "INSERT INTO qnsp_leakage_steps (tenant_id, incident_id, number, at, actor, event) \
         SELECT ?1, value ->> 'id', 2, ?3, ?4, ?5 FROM json_each(?2) WHERE value ->> 'leaked'",
    );
    batch.push(steps.bind(caller.tenant()).bind(incidents).bind(caller.now).bind(ACTOR).bind(done));
    Ok(())
}

/// That each of these versions is still the active one of its secret.
fn are_active(caller: &Caller, leaked: &HashSet<Leaked>) -> Guard {
    let all = Value::from_iter(leaked.iter().map(|leaked| json!([leaked.secret, leaked.version])));
    let active = "NOT EXISTS (SELECT 1 FROM json_each(?2) l WHERE NOT EXISTS (SELECT 1 FROM qnsp_secrets s \
                  WHERE s.tenant_id = ?1 AND s.id = l.value ->> 0 AND s.active_version = l.value ->> 1))";
    let changed = conflict("A secret was changed while it was looked for");
    Guard::new(active, changed).bind(caller.tenant()).bind(all.to_string())
}

/// The leaked version is deprecated; where it is rotated, a new one is active.
fn withdraw(
    caller: &Caller,
    batch: &mut Batch<Anonymous>,
    data_key: &DataKey,
    leaked: &Leaked,
    action: LeakageAction,
) -> Result<()> {
    if action == LeakageAction::Revoke {
        let deprecate = Statement::new(
            "UPDATE qnsp_secret_versions SET state = 'deprecated', changed_at = ?4, changed_by = ?5 \
             WHERE tenant_id = ?1 AND secret_id = ?2 AND version = ?3",
        );
        let deprecate = deprecate.bind(caller.tenant()).bind(leaked.secret.as_str()).bind(leaked.version);
        batch.push(deprecate.bind(caller.now).bind(ACTOR));
        return Ok(());
    }
    let change = Change { tenant: caller.tenant(), secret: &leaked.secret, by: ACTOR, now: caller.now };
    for statement in change.rotate(data_key, "The version before has leaked")? {
        batch.push(statement);
    }
    Ok(())
}
