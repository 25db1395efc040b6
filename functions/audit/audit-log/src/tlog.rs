//! The log in the form that public verifiers, monitors and witnesses read: <https://c2sp.org/tlog-checkpoint> and
//! <https://c2sp.org/tlog-tiles>. The leaves and the tree are the same.

use axum::http::header;
use crypto::{base64, hash, merkle::Node, note::NoteKey};
use model::{
    audit::{
        Checkpoint,
        tile::{Kind, Tile},
    },
    ids::TenantId,
};
use platform::{Row, Statement};
use service::{Anonymous, Api, App, Error, Path, Result, Signed};

use crate::{
    authorize, checkpoints,
    tree::{self, State},
};

const PREFIX: &str = "chancery-audit";

type Text = ([(header::HeaderName, &'static str); 1], String);
type Bytes = ([(header::HeaderName, &'static str); 1], Vec<u8>);

/// Each tenant's log has a key of its own. Its name is the log's origin: it tells no tenant.
fn note_key(app: &App, tenant: &str) -> Result<NoteKey> {
    let label = format!("chancery audit log of {tenant}");
    Ok(NoteKey::derive(app.signing()?.private_key(Api::Caas)?, &label, PREFIX))
}

/// Get the key with which notes of a tenant's log are verified, as verifiers take it: name, key id and key. No licence is
/// required.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/tlog/key", tag = "Chancery", params(("tenant" = String, Path)), security(()),
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(crate) async fn show_verifier(anonymous: Anonymous, Path(tenant): Path<TenantId>) -> Result<Text> {
    Ok(text(format!("{}\n", note_key(&anonymous.app, tenant.as_str())?.verifier())))
}

/// Integrate the new entries into the tree, and get the newest checkpoint as a signed note.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/tlog/checkpoint", tag = "Chancery", params(("tenant" = String, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 401), (status = 404)),
)]
pub(crate) async fn show_note(signed: Signed, Path(tenant): Path<TenantId>) -> Result<Text> {
    let (checkpoint, _) = checkpoints::newest(&signed, tenant.as_str()).await?;
    let Checkpoint { tree_size, root_hash, .. } = checkpoint;
    let root = hash::from_hex(&root_hash).ok_or_else(|| Error::internal("a root hash that is not hexadecimal"))?;
    let key = note_key(&signed.app, tenant.as_str())?;
    Ok(text(key.sign(&format!("{}\n{tree_size}\n{}\n", key.name(), base64::encode(&root)))))
}

/// Get a tile of hashes, or with `entries/` a tile of entries, each behind its length in two bytes. A tile of entries of
/// which one is erased is not found.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/tlog/tile/{path}", tag = "Chancery",
    params(
        ("tenant" = String, Path),
        ("path" = String, Path, description = "`<level>/<index>`, `entries/<index>`, each with `.p/<width>` when partial"),
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 401), (status = 404),
    ),
)]
pub(crate) async fn show_tile(signed: Signed, Path((tenant, path)): Path<(TenantId, String)>) -> Result<Bytes> {
    let (app, tenant) = (&signed.app, tenant.as_str());
    let tile: Option<Tile> = path.parse().ok();
    let mut batch = authorize(&signed, tenant)?.batch();
    let state = batch.push(State::select(tenant));
    let entries = tile.filter(|tile| tile.of == Kind::Entries).map(|tile| batch.push(select_entries(tenant, tile)));
    let outcomes = batch.read().await?;
    let covered = State::read(outcomes.one(state)?)?.covered();
    let there = |tile: &Tile| Tile::in_log(tile.of, tile.index, covered).is_some_and(|all| tile.width <= all.width);
    let tile = tile.filter(there).ok_or_else(|| Error::not_found("There is no such tile"))?;
    let bytes = match (tile.of, entries) {
        (Kind::Hashes { level }, _) => {
            let nodes = (0..tile.width).map(|at| Node { level: 8 * u32::from(level), position: tile.start() + at });
            let hashes = tree::compute(app, tenant, |nodes_of| {
                nodes
                    .clone()
                    .map(|node| nodes_of(node).ok_or(crypto::Error::MissingNode))
                    .collect::<Result<Vec<_>, _>>()
            });
            hashes.await?.concat()
        }
        (Kind::Entries, Some(entries)) => bundle(outcomes.rows(entries))?,
        (Kind::Entries, None) => return Err(Error::internal("no entries were selected")),
    };
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
}

fn select_entries(tenant: &str, tile: Tile) -> Statement {
    Statement::new(
        "SELECT entry, leaf_hash FROM audit_entries WHERE tenant_id = ?1 AND leaf_index >= ?2 ORDER BY leaf_index LIMIT ?3",
    )
    .bind(tenant)
    .bind(i64::try_from(tile.start()).unwrap_or(i64::MAX))
    .bind(i64::try_from(tile.width).unwrap_or(i64::MAX))
}

fn bundle(rows: &[Row]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for row in rows {
        let (_, entry) = tree::leaf(row)?;
        let entry = entry.ok_or_else(|| Error::not_found("An entry of this tile is erased"))?;
        let length = u16::try_from(entry.len());
        let length = length.map_err(|_| Error::not_found("An entry of this tile is longer than a tile can hold"))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry.as_bytes());
    }
    Ok(bytes)
}

fn text(text: String) -> Text {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}
