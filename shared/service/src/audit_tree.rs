//! The tree above a tenant's entries. Only roots of complete subtrees of 256 leaves and more are stored; they follow from
//! the entries, so every instance computes the same. They are integrated in groups when somebody asks, and what lies
//! below them is computed again from the entries.

use std::collections::{BTreeSet, HashMap};

use crypto::{
    hash,
    merkle::{self, Frontier, Hash, Node},
    sign::SigningKey,
};
use platform::{Row, Statement};
use serde_json::{Value, json};

use crate::{Anonymous, Api, App, Error, Result};

/// The level of the smallest subtrees that are stored, and how many leaves those have.
pub const LEVEL: u32 = 8;
pub const TILE: u64 = 1 << LEVEL;

/// From what the key is derived that signs checkpoints.
const KEY_LABEL: &str = "chancery audit checkpoints";

/// The key that signs checkpoints. It follows from the service key, and is never the same number.
pub fn signing_key(app: &App) -> Result<SigningKey> {
    Ok(SigningKey::derive(app.signing()?.private_key(Api::Caas)?, KEY_LABEL)?)
}

/// How many such subtrees one step integrates, and how many steps one request takes.
const STEP: u64 = 4;
const STEPS: u64 = 8;

/// What is there of a tenant's log.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// How many entries there are.
    pub entries: u64,
    /// How many subtrees of 256 of them are integrated.
    tiles: u64,
}

impl State {
    pub fn select(tenant: &str) -> Statement {
        Statement::new(
            "SELECT coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = ?1), -1) + 1 AS entries, \
             coalesce((SELECT max(position) FROM audit_nodes WHERE tenant_id = ?1 AND level = 8), -1) + 1 AS tiles",
        )
        .bind(tenant)
    }

    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self { entries: row.get("entries")?, tiles: row.get("tiles")? })
    }

    /// The size of the largest tree that can be asked for: what is not yet complete is computed each time.
    pub fn covered(self) -> u64 {
        let integrated = self.tiles * TILE;
        if self.entries < integrated + TILE { self.entries } else { integrated }
    }

    pub fn pending(self) -> u64 {
        self.entries - self.covered()
    }
}

/// Integrates what has come since, some steps at most.
pub async fn integrate(app: &App, tenant: &str, mut state: State) -> Result<State> {
    if state.pending() == 0 {
        return Ok(state);
    }
    let mut frontier = resume(app, tenant, state.tiles).await?;
    for _ in 0..STEPS {
        let complete = (state.entries / TILE - state.tiles).min(STEP);
        if complete == 0 {
            break;
        }
        let start = state.tiles * TILE;
        let leaves = leaves(app, tenant, &(0..complete).map(|tile| start + tile * TILE).collect()).await?;
        let mut nodes = Vec::new();
        for tile in 0..complete {
            let mut subtree = Frontier::new(0);
            for index in start + tile * TILE..start + (tile + 1) * TILE {
                let leaf = leaves.get(&Node { level: 0, position: index });
                subtree.push(*leaf.ok_or_else(|| Error::internal(format!("no audit entry {index}")))?, |_, _| {});
            }
            frontier.push(subtree.root(), |node, hash| {
                nodes.push(json!([node.level, node.position, hash::hex(&hash)]));
            });
        }
        // Another request may have been faster; it wrote the same.
        let insert = Statement::new(
            "INSERT OR IGNORE INTO audit_nodes (tenant_id, level, position, hash) \
             SELECT ?1, value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?2)",
        );
        let mut batch = Anonymous::background(app).batch();
        batch.push(insert.bind(tenant).bind(Value::from(nodes).to_string()));
        batch.write().await?;
        state.tiles += complete;
    }
    Ok(state)
}

async fn resume(app: &App, tenant: &str, tiles: u64) -> Result<Frontier> {
    let mut wanted = BTreeSet::new();
    Frontier::resume(LEVEL, tiles, &mut |node| {
        wanted.insert(node);
        Some([0; 32])
    })?;
    let stored = stored(app, tenant, &wanted).await?;
    Ok(Frontier::resume(LEVEL, tiles, &mut |node| stored.get(&node).copied())?)
}

/// Computes something of the tree, with the nodes that it asks for: first it is asked which those are.
pub async fn compute<T>(
    app: &App,
    tenant: &str,
    what: impl Fn(&mut dyn FnMut(Node) -> Option<Hash>) -> crypto::Result<T>,
) -> Result<T> {
    Ok(try_compute(app, tenant, what).await??)
}

/// The same, where nodes may be missing that ought to be there.
pub async fn try_compute<T>(
    app: &App,
    tenant: &str,
    what: impl Fn(&mut dyn FnMut(Node) -> Option<Hash>) -> crypto::Result<T>,
) -> Result<crypto::Result<T>> {
    let mut wanted = BTreeSet::new();
    what(&mut |node| {
        wanted.insert(node);
        Some([0; 32])
    })?;
    let low = wanted.iter().filter(|node| node.level < LEVEL);
    let tiles: BTreeSet<u64> = low.map(|node| node.position >> (LEVEL - node.level) << LEVEL).collect();
    let mut nodes = stored(app, tenant, &wanted).await?;
    if !tiles.is_empty() {
        let leaves = leaves(app, tenant, &tiles).await?;
        for start in tiles {
            let tile = (start..start + TILE).map(|position| leaves.get(&Node { level: 0, position }).copied());
            nodes.extend(low_nodes(start, tile.map_while(|leaf| leaf)));
        }
    }
    Ok(what(&mut |node| nodes.get(&node).copied()))
}

/// The complete subtrees over leaves from `start` on.
fn low_nodes(start: u64, leaves: impl Iterator<Item = Hash>) -> Vec<(Node, Hash)> {
    let mut subtree = Frontier::new(0);
    let mut nodes = Vec::new();
    for leaf in leaves {
        subtree.push(leaf, |node, hash| {
            nodes.push((Node { level: node.level, position: node.position + (start >> node.level) }, hash));
        });
    }
    nodes
}

/// Those of the nodes that are stored.
async fn stored(app: &App, tenant: &str, wanted: &BTreeSet<Node>) -> Result<HashMap<Node, Hash>> {
    let high: Vec<_> = wanted.iter().filter(|node| node.level >= LEVEL).collect();
    if high.is_empty() {
        return Ok(HashMap::new());
    }
    let high: Vec<_> = high.into_iter().map(|node| json!([node.level, node.position])).collect();
    let select = Statement::new(
        "SELECT n.level, n.position, n.hash FROM json_each(?2) w CROSS JOIN audit_nodes n \
         ON n.tenant_id = ?1 AND n.level = w.value ->> 0 AND n.position = w.value ->> 1",
    );
    let rows = app.query(select.bind(tenant).bind(Value::from(high).to_string())).await?;
    rows.iter().map(node).collect()
}

fn node(row: &Row) -> Result<(Node, Hash)> {
    let level = u32::try_from(row.get::<u64>("level")?).map_err(|_| Error::internal("a node of no level"))?;
    let hash: Hash = row.get::<Vec<u8>>("hash")?.try_into().map_err(|_| Error::internal("a node without a hash"))?;
    Ok((Node { level, position: row.get("position")? }, hash))
}

/// The hashes of the leaves that stand in the subtrees of 256 which start at these indices.
async fn leaves(app: &App, tenant: &str, starts: &BTreeSet<u64>) -> Result<HashMap<Node, Hash>> {
    let select = Statement::new(
        "SELECT e.leaf_index, e.entry, e.leaf_hash FROM json_each(?2) t CROSS JOIN audit_entries e \
         ON e.tenant_id = ?1 AND e.leaf_index BETWEEN t.value AND t.value + 255",
    );
    let starts: Vec<_> = starts.iter().copied().collect();
    let rows = app.query(select.bind(tenant).bind(Value::from(starts).to_string())).await?;
    rows.iter().map(|row| Ok((Node { level: 0, position: row.get("leaf_index")? }, leaf(row)?.0))).collect()
}

/// The hash of a leaf, and the text that it is of; `None` where that was erased.
pub fn leaf(row: &Row) -> Result<(Hash, Option<String>)> {
    if let Some(kept) = row.get::<Option<Vec<u8>>>("leaf_hash")? {
        let kept = kept.try_into().map_err(|_| Error::internal("an erased entry without a hash"))?;
        return Ok((kept, None));
    }
    let text: String = row.get("entry")?;
    Ok((merkle::leaf_hash(text.as_bytes()), Some(text)))
}
