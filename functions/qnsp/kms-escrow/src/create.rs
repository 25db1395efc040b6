//! A key is put into escrow: its bytes are split, and each agent who holds a share may claim it.

use axum::{http::StatusCode, response::Response};
use crypto::{
    hash,
    seal::DataKey,
    shamir::{self, Share},
};
use model::{
    qnsp::{
        Text,
        escrow::{EscrowAgent, EscrowCreated, EscrowKey, EscrowPolicy, EscrowStatus},
    },
    time::IsoTime,
};
use platform::random;
use policy::qnsp::{
    duration,
    hsm::{KeyKind, Module},
};
use qnsp::{
    Call, Caller, conflict,
    hsm::{Key, key_exists},
    impossible, new_id,
};
use serde_json::{Value, json};
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

use crate::{
    escrow_store::{self as store, NewEscrow},
    events, policy_store,
    seals::{ShareRow, share_hash},
};

/// Put a key into escrow. It protects against the loss of the key once its shares are claimed.
#[utoipa::path(
    post, path = "/kms/v1/escrow/keys", tag = "Key management", request_body = EscrowKey,
    responses(
        (status = 201, body = EscrowCreated), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn escrow_key(call: Call<EscrowKey>) -> Result<Response> {
    let (key_id, policy_id) = (call.body.key_id.as_str(), call.body.policy_id.as_str());
    let id = new_id()?;
    call.about(id.as_str());
    call.payload(json!({ "keyId": key_id, "policyId": policy_id }));
    let metadata = call.body.metadata.as_ref();
    let given = metadata.and_then(|metadata| metadata.expires_at).map(|time| time.0);
    if given.is_some_and(|time| time <= call.now) {
        return Err(impossible("metadata.expiresAt", "must lie in the future"));
    }
    let mut look = call.look();
    look.require(key_exists(&call, key_id));
    look.require(policy_store::exists(&call, policy_id));
    let key = look.push(Key::select(&call, key_id));
    let policy = look.push(policy_store::select(&call, policy_id));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    // An escrow that is made while its policy changes has the policy as it was before.
    let (key, policy) = (Key::of(outcomes.one(key)?)?, policy_store::policy(outcomes.one(policy)?)?);
    check_key(&key, &policy)?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a key without a data key"))?;
    let material = key.material(&call, Some(&data_key))?;
    let shares = split(&material, &policy)?;
    let agents = agents(&call, &data_key, &id, &policy.escrow_agents, shares)?;
    let retention = duration::parse(&policy.retention_period);
    let retention = retention.ok_or_else(|| Error::internal("a stored period that is no duration"))?;
    let escrow = NewEscrow {
        id: &id,
        key: key_id,
        policy: policy_id,
        reason: metadata.and_then(|metadata| metadata.reason.as_ref()).map(Text::as_str),
        expires_at: given.unwrap_or_else(|| call.now.saturating_add(retention)),
        threshold: policy.recovery_threshold,
        key_hash: hash::sha256(&[&material]),
    };
    let mut work = call.work();
    work.require(key_exists(&call, key_id));
    work.require(is_not_escrowed(&call, key_id));
    work.limit_calls();
    work.push(store::insert(&call, &escrow));
    work.push(store::insert_agents(&call, &id, agents));
    let details = json!({ "keyId": key_id, "policyId": policy_id });
    work.push(events::insert(&call, &id, events::Type::Created, &details)?);
    work.push(store::erase_expired(&call));
    let created = EscrowCreated {
        escrow_id: id.clone(),
        key_id: key_id.to_owned(),
        policy_id: policy_id.to_owned(),
        status: EscrowStatus::Active,
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

fn check_key(key: &Key, policy: &EscrowPolicy) -> Result<()> {
    if key.connection.module() != Module::Embedded {
        return Err(impossible("keyId", "is on a server, which does not give it away"));
    }
    let key_type: &str = KeyKind::key_type(key.kind).into();
    if !policy.key_types.iter().any(|of| of == key_type) {
        return Err(impossible("keyId", "is of a type for which the policy does not hold"));
    }
    Ok(())
}

fn is_not_escrowed(caller: &Caller, key: &str) -> Guard {
    let free = "NOT EXISTS (SELECT 1 FROM qnsp_escrows WHERE tenant_id = ?1 AND key_id = ?2 AND recovered_at IS NULL \
                AND expires_at > ?3)";
    let guard = Guard::new(free, conflict("The key is in escrow already"));
    guard.bind(caller.tenant()).bind(key).bind(caller.now)
}

/// The shares of a key, in the order of the agents who hold one.
fn split(material: &[u8], policy: &EscrowPolicy) -> Result<Vec<Share>> {
    let threshold = usize::try_from(policy.recovery_threshold).unwrap_or_default();
    let holders = policy.escrow_agents.iter().filter(|agent| agent.role.holds_a_share()).count();
    let mut coefficients = Zeroizing::new(vec![0; threshold.saturating_sub(1) * material.len()]);
    random::fill(&mut coefficients)?;
    Ok(shamir::split(material, threshold, holders, &coefficients)?)
}

/// The agents as they are stored, each with the share that it may claim.
fn agents(
    caller: &Caller,
    data_key: &DataKey,
    escrow: &str,
    agents: &[EscrowAgent],
    shares: Vec<Share>,
) -> Result<Vec<Value>> {
    let mut shares = shares.into_iter();
    let stored = agents.iter().map(|agent| {
        let id = agent.agent_id.as_str();
        let share = if agent.role.holds_a_share() { shares.next() } else { None };
        let Some(share) = share else { return Ok(json!({ "agent": id, "role": agent.role })) };
        let sealed = ShareRow::Escrow(escrow).seal(caller, data_key, id, &share)?;
        let share_hash = hash::hex(&share_hash(escrow, &share));
        Ok(json!({ "agent": id, "role": agent.role, "hash": share_hash, "sealed": hash::hex(&sealed) }))
    });
    stored.collect()
}
