//! A key is replaced by a new one like it, the value of a secret by a random one.

use model::qnsp::kms::AlgorithmStatus;
use platform::Statement;
use policy::qnsp::{Algorithm, Quota};
use qnsp::{
    Caller,
    agility::Enforced,
    hsm::{Failure, Key, NewKey, connection_is_active, connection_is_unchanged, key_is_active, recorded},
    new_id, reserve,
    secrets::Change,
    system_event,
};
use serde_json::json;
use service::{Anonymous, Error, Result};

use crate::outcome::{Effects, Outcome};

/// Who changes a secret where a playbook does.
const ACTOR: &str = "security-playbook";

/// Makes a key of the same kind on the same connection, for the same purposes, and retires the old one.
pub(crate) async fn rotate_key(caller: &Caller, playbook: &str, key: &str, effects: &mut Effects) -> Result<Outcome> {
    let Some(row) = caller.app.query(Key::select(caller, key)).await?.into_iter().next() else {
        return Ok(Outcome::failed("no such key"));
    };
    let old = Key::of(&row)?;
    if !old.is_active {
        return Ok(Outcome::failed("the key is retired"));
    }
    if old.connection.status != "active" {
        return Ok(Outcome::failed("the connection of the key is not active"));
    }
    let mut look = Anonymous::background(&caller.app).batch();
    let enforced = look.push(Enforced::select(caller));
    let data_key = look.read_data_key(caller.tenant());
    let outcomes = look.read().await?;
    let enforced = Enforced::of(outcomes.rows(enforced))?;
    if enforced.status(&Algorithm::of(old.kind.name()), caller.now) == AlgorithmStatus::Forbidden {
        return Ok(Outcome::failed("the algorithm of the key is forbidden"));
    }
    let data_key = outcomes.data_key(&data_key)?;

    let id = new_id()?;
    let new = NewKey {
        id: &id,
        connection: &old.connection,
        kind: old.kind,
        mechanism: old.mechanism,
        purposes: &old.purposes,
        name: old.name.as_deref(),
        description: old.description.as_deref(),
        replaces: Some(key),
    };
    let (made, latency) = new.make(caller, data_key.as_deref()).await?;
    effects.statements.extend(recorded(caller, &new.operation(made.is_ok(), latency), made.is_ok())?);
    let made = match made {
        Ok(made) => made,
        Err(Failure::Unreachable) => return Ok(Outcome::failed("the module of the key cannot be reached")),
        Err(Failure::Authentication) => return Ok(Outcome::failed("the module of the key does not know us")),
        Err(Failure::Refused(_)) => return Ok(Outcome::failed("the module of the key made none")),
    };
    effects.guards.push(key_is_active(caller, key));
    effects.guards.push(connection_is_active(caller, &old.connection.id));
    effects.guards.push(connection_is_unchanged(caller, &old.connection));
    effects.statements.extend(new.store(caller, &made));
    // It counts, but a full quota keeps no key from being replaced.
    effects.statements.extend(reserve(caller.tenant(), Quota::Keys, caller.now, 1));
    let payload = json!({ "connectionId": old.connection.id, "algorithm": old.kind.name(), "replacesKeyId": key, "playbookId": playbook });
    effects.events.push(system_event(caller.tenant(), "kms.byohsm_key.create", &id, payload)?);
    effects.keys.push((id, made));
    Ok(Outcome::DONE)
}

/// Gives a secret a new version of a random text. A full quota keeps none from being replaced.
pub(crate) async fn rotate_secret(
    caller: &Caller,
    playbook: &str,
    secret: &str,
    effects: &mut Effects,
) -> Result<Outcome> {
    let mut look = Anonymous::background(&caller.app).batch();
    let found = Statement::new("SELECT 1 FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2");
    let found = look.push(found.bind(caller.tenant()).bind(secret));
    let data_key = look.read_data_key(caller.tenant());
    let outcomes = look.read().await?;
    if outcomes.rows(found).is_empty() {
        return Ok(Outcome::failed("no such secret"));
    }
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a secret without a data key"))?;
    let change = Change { tenant: caller.tenant(), secret, by: ACTOR, now: caller.now };
    effects.statements.extend(change.rotate(&data_key, &format!("Playbook {playbook}"))?);
    let payload = json!({ "playbookId": playbook });
    effects.events.push(system_event(caller.tenant(), "vault.secret_version.create", secret, payload)?);
    Ok(Outcome::DONE)
}
