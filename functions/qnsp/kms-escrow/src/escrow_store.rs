//! Escrows and their agents as they are stored.

use model::{
    qnsp::escrow::{EscrowAgentState, EscrowInList, EscrowStatus, EscrowedKey},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Caller, conflict, forbidden, missing};
use serde_json::{Value, json};
use service::{Error, Guard, Result};

/// An escrow that does not exist yet.
pub(crate) struct NewEscrow<'a> {
    pub id: &'a str,
    pub key: &'a str,
    pub policy: &'a str,
    pub reason: Option<&'a str>,
    pub expires_at: i64,
    pub threshold: i64,
    pub key_hash: [u8; 32],
}

/// A condition on an escrow (`?2`) of the tenant (`?1`).
pub(crate) fn of_escrow(caller: &Caller, id: &str, condition: &str, refusal: Error) -> Guard {
    let exists = format!("EXISTS (SELECT 1 FROM qnsp_escrows WHERE tenant_id = ?1 AND id = ?2{condition})");
    Guard::new(exists, refusal).bind(caller.tenant()).bind(id)
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    of_escrow(caller, id, "", missing("No such escrow"))
}

pub(crate) fn is_active(caller: &Caller, id: &str) -> Guard {
    let active = " AND recovered_at IS NULL AND expires_at > ?3";
    of_escrow(caller, id, active, conflict("The escrow is not active")).bind(caller.now)
}

/// That the call is that of the agent in whose name it is made.
pub(crate) fn is_agent(caller: &Caller, agent: &str) -> Guard {
    let refusal = forbidden("Only the agent itself has its share", json!({}));
    Guard::new("?1 = ?2", refusal).bind(caller.user()).bind(agent)
}

pub(crate) fn insert(caller: &Caller, escrow: &NewEscrow) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_escrows (tenant_id, id, created_at, created_by, key_id, policy_id, reason, expires_at, threshold, \
         key_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    );
    insert
        .bind(caller.tenant())
        .bind(escrow.id)
        .bind(caller.now)
        .bind(caller.user())
        .bind(escrow.key)
        .bind(escrow.policy)
        .bind(escrow.reason.map(str::to_owned))
        .bind(escrow.expires_at)
        .bind(escrow.threshold)
        .bind(escrow.key_hash.to_vec())
}

/// The agents in their order: `agent`, `role`, and for those who hold a share `hash` and `sealed` in hexadecimal.
pub(crate) fn insert_agents(caller: &Caller, escrow: &str, agents: Vec<Value>) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_escrow_agents (tenant_id, escrow_id, agent_id, position, role, share_hash, sealed_share) \
         SELECT ?1, ?2, value ->> 'agent', key, value ->> 'role', unhex(value ->> 'hash'), unhex(value ->> 'sealed') \
         FROM json_each(?3)",
    );
    insert.bind(caller.tenant()).bind(escrow).bind(Value::from(agents).to_string())
}

/// Erases the shares that nobody has claimed of escrows that have expired.
pub(crate) fn erase_expired(caller: &Caller) -> Statement {
    let erase = Statement::new(
        "UPDATE qnsp_escrow_agents SET sealed_share = NULL WHERE tenant_id = ?1 AND sealed_share IS NOT NULL \
         AND EXISTS (SELECT 1 FROM qnsp_escrows e WHERE e.tenant_id = ?1 AND e.id = escrow_id AND e.expires_at <= ?2)",
    );
    erase.bind(caller.tenant()).bind(caller.now)
}

const SHOWN: &str = "SELECT id, key_id, policy_id, created_at, expires_at, threshold, recovered_at FROM qnsp_escrows";

/// Oldest first.
pub(crate) fn select_page(caller: &Caller, page: &AskPage) -> Statement {
    let select = format!("{SHOWN} WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3");
    Statement::new(select).bind(caller.tenant()).bind(page.limit.0).bind(page.offset.0)
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    Statement::new(format!("{SHOWN} WHERE tenant_id = ?1 AND id = ?2")).bind(caller.tenant()).bind(id)
}

pub(crate) fn select_agents(caller: &Caller, id: &str) -> Statement {
    let select = Statement::new(
        "SELECT agent_id, role, claimed_at IS NOT NULL AS is_claimed FROM qnsp_escrow_agents \
         WHERE tenant_id = ?1 AND escrow_id = ?2 ORDER BY position",
    );
    select.bind(caller.tenant()).bind(id)
}

fn status(row: &Row, now: i64) -> Result<EscrowStatus> {
    Ok(if row.get::<Option<i64>>("recovered_at")?.is_some() {
        EscrowStatus::Recovered
    } else if row.get::<i64>("expires_at")? <= now {
        EscrowStatus::Expired
    } else {
        EscrowStatus::Active
    })
}

pub(crate) fn in_list(row: &Row, now: i64) -> Result<EscrowInList> {
    Ok(EscrowInList {
        escrow_id: row.get("id")?,
        key_id: row.get("key_id")?,
        policy_id: row.get("policy_id")?,
        status: status(row, now)?,
        created_at: IsoTime(row.get("created_at")?),
    })
}

pub(crate) fn escrowed_key(row: &Row, agents: &[Row], now: i64) -> Result<EscrowedKey> {
    let agents = agents.iter().map(|row| {
        Ok(EscrowAgentState { agent_id: row.get("agent_id")?, role: row.get("role")?, claimed: row.get("is_claimed")? })
    });
    Ok(EscrowedKey {
        escrow_id: row.get("id")?,
        key_id: row.get("key_id")?,
        policy_id: row.get("policy_id")?,
        status: status(row, now)?,
        created_at: IsoTime(row.get("created_at")?),
        expires_at: IsoTime(row.get("expires_at")?),
        recovery_threshold: row.get("threshold")?,
        agents: agents.collect::<Result<_>>()?,
    })
}
