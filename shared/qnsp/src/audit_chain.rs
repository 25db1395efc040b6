//! Whether a tenant's audit log is what it was: some entries a call, from where the last call came to.

use crypto::{
    hash,
    merkle::{self, Frontier, Hash},
    sign,
};
use model::audit::Checkpoint;
use platform::{Row, Statement};
use service::{
    App, Error, Result,
    audit_tree::{self, TILE},
};

use crate::Caller;

/// How many entries one call verifies, besides those of the subtree in which it begins.
const STEP: u64 = 5_000;

/// What was verified, and what was found.
pub struct ChainCheck {
    /// The first entry, and the one behind the last.
    pub from: u64,
    pub to: u64,
    /// How many entries there are.
    pub entries: u64,
    /// What is wrong, if anything is.
    pub fault: Option<&'static str>,
}

/// The next entries are numbered without a gap, their leaves give the subtrees that the log holds, and the last checkpoint
/// is that of the log and was signed by this service.
pub async fn verify(caller: &Caller) -> Result<ChainCheck> {
    let state = Statement::new(
        "SELECT coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = ?1), -1) + 1 AS entries, \
         coalesce((SELECT entries FROM qnsp_audit_verified WHERE tenant_id = ?1), 0) AS verified",
    );
    let rows = caller.app.query(state.bind(caller.tenant())).await?;
    let state = rows.first().ok_or_else(|| Error::internal("a log without a state"))?;
    let (entries, verified): (u64, u64) = (state.get("entries")?, state.get("verified")?);
    let from = verified.min(entries) / TILE * TILE;
    let to = entries.min(verified.max(from).saturating_add(STEP));
    let mut fault = (verified > entries).then_some("Entries that were there before are missing");
    if fault.is_none() {
        fault = check_entries(caller, from, to).await?;
    }
    if fault.is_none() {
        fault = check_last_checkpoint(&caller.app, caller.tenant(), entries).await?;
    }
    Ok(ChainCheck { from, to, entries, fault })
}

impl ChainCheck {
    /// Remembers that the entries were verified, so that the next call goes on behind them.
    pub fn remember(&self, caller: &Caller) -> Option<Statement> {
        let upsert = Statement::new(
            "INSERT INTO qnsp_audit_verified (tenant_id, entries, at) VALUES (?1, ?2, ?3) ON CONFLICT (tenant_id) \
             DO UPDATE SET entries = max(entries, excluded.entries), at = excluded.at",
        );
        let entries = i64::try_from(self.to).ok()?;
        self.fault.is_none().then(|| upsert.bind(caller.tenant()).bind(entries).bind(caller.now))
    }
}

async fn check_entries(caller: &Caller, from: u64, to: u64) -> Result<Option<&'static str>> {
    let bound = |statement: Statement, from: u64, to: u64| {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        statement.bind(caller.tenant()).bind(number(from)).bind(number(to))
    };
    let leaves = Statement::new(
        "SELECT leaf_index, entry, leaf_hash FROM audit_entries \
         WHERE tenant_id = ?1 AND leaf_index >= ?2 AND leaf_index < ?3 ORDER BY leaf_index",
    );
    let nodes = Statement::new(
        "SELECT position, hash FROM audit_nodes WHERE tenant_id = ?1 AND level = 8 AND position >= ?2 AND position < ?3 \
         ORDER BY position",
    );
    let leaves = caller.app.query(bound(leaves, from, to)).await?;
    let nodes = caller.app.query(bound(nodes, from / TILE, to / TILE)).await?;
    let mut expected = from;
    let mut subtrees = Vec::new();
    let mut subtree = Frontier::new(0);
    for row in &leaves {
        if row.get::<u64>("leaf_index")? != expected {
            return Ok(Some("An entry is missing"));
        }
        expected += 1;
        subtree.push(audit_tree::leaf(row)?.0, |_, _| {});
        if expected.is_multiple_of(TILE) {
            subtrees.push((expected / TILE - 1, subtree.root()));
            subtree = Frontier::new(0);
        }
    }
    if expected != to {
        return Ok(Some("An entry is missing"));
    }
    for row in &nodes {
        let (position, stored): (u64, Vec<u8>) = (row.get("position")?, row.get("hash")?);
        let computed = subtrees.iter().find(|(of, _)| *of == position).map(|(_, hash)| hash.as_slice());
        if computed.is_some_and(|computed| computed != stored) {
            return Ok(Some("An entry was changed"));
        }
    }
    Ok(None)
}

async fn check_last_checkpoint(app: &App, tenant: &str, entries: u64) -> Result<Option<&'static str>> {
    let last = Statement::new(
        "SELECT tree_size, root_hash, at, signature FROM audit_checkpoints WHERE tenant_id = ?1 \
         ORDER BY tree_size DESC LIMIT 1",
    );
    let rows = app.query(last.bind(tenant)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let size: u64 = row.get("tree_size")?;
    if size > entries {
        return Ok(Some("The last checkpoint is of more entries than there are"));
    }
    let root = audit_tree::try_compute(app, tenant, |mut nodes| merkle::root(size, &mut nodes)).await?;
    let root_hash: Vec<u8> = row.get("root_hash")?;
    if root.ok().map(|root: Hash| root.to_vec()) != Some(root_hash) {
        return Ok(Some("The last checkpoint is of other entries"));
    }
    let is_ours = is_signed(app, tenant, row)?;
    Ok((!is_ours).then_some("The last checkpoint was not signed by this service"))
}

fn is_signed(app: &App, tenant: &str, row: &Row) -> Result<bool> {
    let checkpoint = Checkpoint {
        tenant: tenant.to_owned(),
        tree_size: row.get("tree_size")?,
        root_hash: hash::hex(&row.get::<Vec<u8>>("root_hash")?),
        time: row.get("at")?,
        signature: String::new(),
    };
    let (key, signature) = (audit_tree::signing_key(app)?.public_key(), row.get::<Vec<u8>>("signature")?);
    Ok(sign::verify(&key, checkpoint.signed_text().as_bytes(), &signature).is_ok())
}
