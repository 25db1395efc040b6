//! The SQL of groups.

use model::{
    config::{Details, Group, ListQuery, fold},
    time::IsoTime,
};
use platform::{Row, Statement, random};
use serde::de::DeserializeOwned;
use service::{Batch, Bearer, Error, Result, Slot};

use crate::list::{self, project};

/// What groups and items have in common.
pub(crate) const COLUMNS: &str = "id, tenant_id, project_id, key, name, description, tags, metadata, created_by, \
     updated_by, created_at, updated_at";

pub(crate) fn select(bearer: &Bearer, key: &str) -> Statement {
    let text = format!("SELECT {COLUMNS} FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3");
    project(text, bearer).bind(key)
}

pub(crate) fn select_all(bearer: &Bearer, query: &ListQuery) -> Statement {
    list::statement(list::texts(&format!("SELECT {COLUMNS} FROM config_groups"), None, ""), bearer, query)
}

/// Where a change of a group is, and where the group as it stands after it.
pub(crate) struct Changed {
    pub change: Slot,
    pub group: Slot,
}

/// Inserts the group with its tags, and reads it back.
pub(crate) fn insert(batch: &mut Batch<Bearer>, key: &str, details: &Details<'_>) -> Result<Changed> {
    let (bearer, id) = (&batch.actor().clone(), new_id()?);
    let insert = project(
        "INSERT INTO config_groups (id, tenant_id, project_id, key, name, name_folded, description, \
         description_folded, tags, metadata, created_by, updated_by, created_at, updated_at) \
         VALUES (?3, ?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?12)",
        bearer,
    );
    let insert = insert
        .bind(id.as_str())
        .bind(key)
        .bind(details.name)
        .bind(details.name.map(fold))
        .bind(details.description)
        .bind(details.description.map(fold))
        .bind(details.tags.as_deref().unwrap_or("[]"))
        .bind(details.metadata.unwrap_or("{}"))
        .bind(bearer.performer.as_str())
        .bind(bearer.now);
    let tags = project(
        "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
         SELECT ?1, ?2, value, ?3 FROM json_each(?4)",
        bearer,
    );
    let tags = tags.bind(id).bind(details.tags.as_deref().unwrap_or("[]"));
    batch.push(tags);
    Ok(Changed { change: batch.push(insert), group: batch.push(select(bearer, key)) })
}

/// Changes what is given, and reads the group back.
pub(crate) fn update(batch: &mut Batch<Bearer>, key: &str, details: &Details<'_>) -> Changed {
    let bearer = &batch.actor().clone();
    let update = project(
        "UPDATE config_groups SET name = coalesce(?4, name), name_folded = coalesce(?5, name_folded), \
         description = coalesce(?6, description), description_folded = coalesce(?7, description_folded), \
         tags = coalesce(?8, tags), metadata = coalesce(?9, metadata), updated_by = ?10, updated_at = ?11 \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        bearer,
    );
    let update = update
        .bind(key)
        .bind(details.name)
        .bind(details.name.map(fold))
        .bind(details.description)
        .bind(details.description.map(fold))
        .bind(details.tags.clone())
        .bind(details.metadata)
        .bind(bearer.performer.as_str())
        .bind(bearer.now);
    if let Some(tags) = details.tags.clone() {
        batch.push(project(UNTAG, bearer).bind(key));
        batch.push(project(TAG, bearer).bind(key).bind(tags));
    }
    Changed { change: batch.push(update), group: batch.push(select(bearer, key)) }
}

/// Deletes the group with its items, their values and tags, and records each in the history. The slot is that of the
/// group.
pub(crate) fn delete(batch: &mut Batch<Bearer>, key: &str) -> Slot {
    let bearer = &batch.actor().clone();
    let audit_items = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at, previous) \
         SELECT tenant_id, project_id, key, 'delete', version, ?4, ?5, CASE WHEN is_secret THEN NULL ELSE sealed END \
         FROM config_items WHERE group_id = \
         (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3) ORDER BY key",
        bearer,
    );
    let audit_group = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at) \
         SELECT tenant_id, project_id, key, 'delete', 0, ?4, ?5 FROM config_groups \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        bearer,
    );
    let by = |statement: Statement| statement.bind(key).bind(bearer.performer.as_str()).bind(bearer.now);
    let of_group = |text: &'static str| project(text, bearer).bind(key);
    for statement in [
        by(audit_items),
        by(audit_group),
        of_group(
            "DELETE FROM config_tags WHERE owner_id IN (SELECT id FROM config_items WHERE group_id = \
             (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3))",
        ),
        of_group(
            "DELETE FROM config_item_versions WHERE item_id IN (SELECT id FROM config_items WHERE group_id = \
             (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3))",
        ),
        of_group(
            "DELETE FROM config_items WHERE group_id = \
             (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)",
        ),
        of_group(UNTAG),
    ] {
        batch.push(statement);
    }
    batch.push(of_group("DELETE FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3"))
}

const UNTAG: &str = "DELETE FROM config_tags WHERE owner_id = \
     (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)";

const TAG: &str = "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
     SELECT ?1, ?2, tags.value, g.id FROM config_groups g, json_each(?4) tags \
     WHERE g.tenant_id = ?1 AND g.project_id = ?2 AND g.key = ?3";

pub(crate) fn missing() -> Error {
    Error::not_found("Config group not found")
}

pub(crate) fn group(row: &Row) -> Result<Group> {
    Ok(Group {
        id: row.get("id")?,
        tenant_id: row.get("tenant_id")?,
        project_id: row.get("project_id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        description: row.get("description")?,
        tags: json(row, "tags")?,
        metadata: json(row, "metadata")?,
        created_by: row.get("created_by")?,
        updated_by: row.get("updated_by")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

fn json<T: DeserializeOwned>(row: &Row, column: &'static str) -> Result<T> {
    let read = serde_json::from_str(&row.get::<String>(column)?);
    read.map_err(|_| Error::internal(format!("{column} of a group or item cannot be read")))
}

pub(crate) fn new_id() -> Result<String> {
    Ok(crypto::hash::hex(&random::bytes::<12>()?))
}
