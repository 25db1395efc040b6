//! The export: every entry with the text that is its leaf, and the checkpoints behind the entries that they cover, as
//! lines of JSON. Whoever has them needs nothing else to check them.

use axum::http::header;
use crypto::hash;
use model::{
    audit::{ExportLine, ExportQuery, MAX_ENTRIES},
    ids::TenantId,
};
use platform::Statement;
use service::{Error, Path, Query, Result, Signed};

use crate::{authorize, checkpoints, key, tree};

type Lines = ([(header::HeaderName, &'static str); 1], String);

/// Export a tenant's entries from an index on, in lines of JSON. After the last entry the answer is empty.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/export", tag = "Chancery",
    params(("tenant" = String, Path), ExportQuery),
    responses(
        (status = 200, body = ExportLine, content_type = "application/jsonl", description = "One such object in every line"),
        (status = 400), (status = 401),
    ),
)]
pub(crate) async fn export_entries(
    signed: Signed,
    Path(tenant): Path<TenantId>,
    Query(query): Query<ExportQuery>,
) -> Result<Lines> {
    let limit = query.limit().map_err(|rule| Error::bad_request(rule.0))?;
    let (from, tenant) = (i64::from(query.from), tenant.as_str());
    let entries = Statement::new(
        "SELECT leaf_index, entry, leaf_hash FROM audit_entries WHERE tenant_id = ?1 AND leaf_index >= ?2 \
         ORDER BY leaf_index LIMIT ?3",
    );
    let entries = entries.bind(tenant).bind(from).bind(limit);
    let signed_ones = checkpoints::between(tenant, from, from + limit, usize::try_from(MAX_ENTRIES).unwrap_or(1000));
    let mut batch = authorize(&signed, tenant)?.batch();
    let (entries, signed_ones) = (batch.push(entries), batch.push(signed_ones));
    let outcomes = batch.read().await?;
    let (entries, signed_ones) = (outcomes.rows(entries), outcomes.rows(signed_ones));
    let mut lines = Vec::new();
    if from == 0 && !entries.is_empty() {
        lines.push(ExportLine::Key { key: key::public_key(&signed.app)? });
    }
    let mut signed_ones = signed_ones.iter().map(|row| checkpoints::checkpoint(tenant, row)).peekable();
    for row in entries {
        let (index, (leaf, entry)) = (row.get::<u64>("leaf_index")?, tree::leaf(row)?);
        lines.push(ExportLine::Entry { index, leaf_hash: hash::hex(&leaf), entry });
        while let Some(checkpoint) = signed_ones.next_if(|next| next.as_ref().is_ok_and(|it| it.tree_size == index + 1))
        {
            lines.push(ExportLine::Checkpoint { checkpoint: checkpoint? });
        }
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(&line).map_err(|error| Error::internal(format!("a line: {error}")))?);
        text.push('\n');
    }
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], text))
}
