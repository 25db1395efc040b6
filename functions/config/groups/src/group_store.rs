//! The SQL of groups.

use std::sync::LazyLock;

use model::{
    config::{Details, Group, ListQuery, fold},
    time::IsoTime,
};
use platform::{Row, Statement, random};
use serde::de::DeserializeOwned;
use service::{Error, Holder, Result};

use crate::list::{self, project};

/// What groups and items have in common.
pub(crate) const COLUMNS: &str = "id, tenant_id, project_id, key, name, description, tags, metadata, created_by, \
     updated_by, created_at, updated_at";

pub(crate) fn select(holder: &Holder, key: &str) -> Statement {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!("SELECT {COLUMNS} FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3")
    });
    project(TEXT.as_str(), holder).bind(key)
}

pub(crate) fn select_all(holder: &Holder, query: &ListQuery) -> Statement {
    static TEXTS: LazyLock<[String; 4]> =
        LazyLock::new(|| list::texts(&format!("SELECT {COLUMNS} FROM config_groups"), None, ""));
    list::statement(&TEXTS, holder, query)
}

/// Inserts the group's tags and the group, and reads it back.
pub(crate) fn insert(holder: &Holder, key: &str, details: &Details<'_>) -> Result<Vec<Statement>> {
    let id = new_id()?;
    let insert = project(
        "INSERT INTO config_groups (id, tenant_id, project_id, key, name, name_folded, description, \
         description_folded, tags, metadata, created_by, updated_by, created_at, updated_at) \
         VALUES (?3, ?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?12)",
        holder,
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
        .bind(holder.performer.as_str())
        .bind(holder.now);
    let tags = project(
        "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
         SELECT ?1, ?2, value, ?3 FROM json_each(?4)",
        holder,
    );
    let tags = tags.bind(id).bind(details.tags.as_deref().unwrap_or("[]"));
    Ok(vec![tags, insert, select(holder, key)])
}

/// Changes what is given, and reads the group back.
pub(crate) fn update(holder: &Holder, key: &str, details: &Details<'_>) -> Vec<Statement> {
    let update = project(
        "UPDATE config_groups SET name = coalesce(?4, name), name_folded = coalesce(?5, name_folded), \
         description = coalesce(?6, description), description_folded = coalesce(?7, description_folded), \
         tags = coalesce(?8, tags), metadata = coalesce(?9, metadata), updated_by = ?10, updated_at = ?11 \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        holder,
    );
    let update = update
        .bind(key)
        .bind(details.name)
        .bind(details.name.map(fold))
        .bind(details.description)
        .bind(details.description.map(fold))
        .bind(details.tags.clone())
        .bind(details.metadata)
        .bind(holder.performer.as_str())
        .bind(holder.now);
    let mut statements = Vec::new();
    if let Some(tags) = details.tags.clone() {
        statements.push(project(UNTAG, holder).bind(key));
        statements.push(project(TAG, holder).bind(key).bind(tags));
    }
    statements.extend([update, select(holder, key)]);
    statements
}

/// Deletes the group with its items, their values and tags, and tells the audit of each. The last statement says
/// whether there was such a group.
pub(crate) fn delete(holder: &Holder, key: &str) -> Vec<Statement> {
    let audit_items = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at, previous) \
         SELECT tenant_id, project_id, key, 'delete', version, ?4, ?5, CASE WHEN is_secret THEN NULL ELSE sealed END \
         FROM config_items WHERE group_id = \
         (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3) ORDER BY key",
        holder,
    );
    let audit_group = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at) \
         SELECT tenant_id, project_id, key, 'delete', 0, ?4, ?5 FROM config_groups \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        holder,
    );
    let told = |statement: Statement| statement.bind(key).bind(holder.performer.as_str()).bind(holder.now);
    let of_group = |text| project(text, holder).bind(key);
    vec![
        told(audit_items),
        told(audit_group),
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
        of_group("DELETE FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3"),
    ]
}

const UNTAG: &str = "DELETE FROM config_tags WHERE owner_id = \
     (SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)";

const TAG: &str = "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
     SELECT ?1, ?2, tags.value, g.id FROM config_groups g, json_each(?4) tags \
     WHERE g.tenant_id = ?1 AND g.project_id = ?2 AND g.key = ?3";

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
