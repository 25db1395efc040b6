//! The SQL of items, and how their values are sealed.

use std::sync::LazyLock;

use crypto::seal::DataKey;
use model::config::{CreateItem, Group, Item, ListQuery, MASK, UpdateItem, ValueType, fold};
use platform::{Outcome, Row, Statement, random};
use service::{Error, Holder, Result};

use crate::{
    group_store::{COLUMNS, group, new_id, select as select_group},
    groups,
    list::{self, project},
};

/// A value opens only under the key it was put to.
fn aad<'a>(tenant: &'a str, project: &'a str, key: &'a str) -> [&'a [u8]; 4] {
    [b"config-item", tenant.as_bytes(), project.as_bytes(), key.as_bytes()]
}

pub(crate) fn seal(data_key: &DataKey, holder: &Holder, key: &str, value: &str) -> Result<Vec<u8>> {
    Ok(data_key.seal(random::bytes()?, &aad(&holder.tenant, &holder.project, key), value.as_bytes()))
}

pub(crate) fn open(data_key: Option<&DataKey>, holder: &Holder, key: &str, sealed: &[u8]) -> Result<String> {
    let data_key = data_key.ok_or_else(|| Error::internal("config items of a tenant without a data key"))?;
    let value = data_key.open(&aad(&holder.tenant, &holder.project, key), sealed)?;
    let value = std::str::from_utf8(&value).map_err(|_| Error::internal("a config value is not UTF-8"))?;
    Ok(value.to_owned())
}

pub(crate) fn select(holder: &Holder, key: &str) -> Statement {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT {COLUMNS}, group_id, sealed, value_type, is_secret, version FROM config_items \
             WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3"
        )
    });
    project(TEXT.as_str(), holder).bind(key)
}

/// Where a list of items looks, and `?6`.
enum Place<'a> {
    GroupKey(&'a str),
    GroupId(&'a str),
    Project,
}

fn select_all(holder: &Holder, place: &Place<'_>, query: &ListQuery) -> Statement {
    fn texts(group: Option<&str>, more: &str) -> [String; 4] {
        let select = format!("SELECT {COLUMNS}, group_id, sealed, value_type, is_secret, version FROM config_items");
        list::texts(&select, group, &format!(" AND (?7 IS NULL OR is_secret = ?7){more}"))
    }
    static IN_GROUP: LazyLock<[String; 4]> = LazyLock::new(|| {
        texts(Some("(SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?6)"), "")
    });
    static BY_ID: LazyLock<[String; 4]> = LazyLock::new(|| texts(Some("?6"), ""));
    static IN_PROJECT: LazyLock<[String; 4]> = LazyLock::new(|| texts(None, " AND ?6 IS NULL"));
    let (texts, bound) = match place {
        Place::GroupKey(key) => (&*IN_GROUP, Some((*key).to_owned())),
        Place::GroupId(id) => (&*BY_ID, Some((*id).to_owned())),
        Place::Project => (&*IN_PROJECT, None),
    };
    list::statement(texts, holder, query).bind(bound).bind(query.is_secret())
}

/// A group and those of its items that a query wants.
pub(crate) async fn group_with_items(holder: &Holder, key: &str, query: &ListQuery) -> Result<(Group, Vec<Item>)> {
    let statements = vec![select_group(holder, key), select_all(holder, &Place::GroupKey(key), query)];
    let (outcomes, data_key) = read(holder, statements).await?;
    let found = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(groups::missing)?;
    Ok((group(found)?, items(outcomes.get(1), holder, data_key.as_deref())?))
}

/// The items of a project, or of one group.
pub(crate) async fn list_all(holder: &Holder, query: &ListQuery) -> Result<Vec<Item>> {
    let place = query.group_id.as_deref().map_or(Place::Project, Place::GroupId);
    let (outcomes, data_key) = read(holder, vec![select_all(holder, &place, query)]).await?;
    items(outcomes.first(), holder, data_key.as_deref())
}

/// Runs reading statements, with the tenant's data key in the same round trip if this instance lacks it.
pub(crate) async fn read(
    holder: &Holder,
    statements: Vec<Statement>,
) -> Result<(Vec<Outcome>, Option<std::sync::Arc<DataKey>>)> {
    let keys = holder.app.data_keys();
    let (statements, open_key) = keys.with_select(&holder.tenant, statements);
    let outcomes = holder.read(statements).await?;
    let data_key = keys.found(&holder.app, &holder.tenant, open_key, &outcomes)?;
    Ok((outcomes, data_key))
}

fn items(outcome: Option<&Outcome>, holder: &Holder, data_key: Option<&DataKey>) -> Result<Vec<Item>> {
    let rows = outcome.map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    rows.iter().map(|row| item(row, holder, data_key)).collect()
}

/// An item as it is shown.
pub(crate) fn item(row: &Row, holder: &Holder, data_key: Option<&DataKey>) -> Result<Item> {
    let common = group(row)?;
    let is_secret = row.get("is_secret")?;
    let value =
        if is_secret { MASK.to_owned() } else { open(data_key, holder, &common.key, &row.get::<Vec<u8>>("sealed")?)? };
    Ok(Item {
        group_id: row.get("group_id")?,
        value,
        value_type: value_type(row)?,
        is_secret,
        version: row.get("version")?,
        common,
    })
}

pub(crate) fn value_type(row: &Row) -> Result<ValueType> {
    ValueType::parse(&row.get::<String>("value_type")?).ok_or_else(|| Error::internal("an unknown value type"))
}

/// Inserts the item if its group is there, with its tags and audit row, and reads it back.
pub(crate) fn insert(
    holder: &Holder,
    group_key: &str,
    key: &str,
    item: &CreateItem,
    sealed: Vec<u8>,
) -> Result<Vec<Statement>> {
    let (id, details) = (new_id()?, item.details());
    let tags = details.tags.unwrap_or_else(|| "[]".to_owned());
    let insert = project(
        "INSERT INTO config_items (id, tenant_id, project_id, group_id, key, name, name_folded, description, \
         description_folded, sealed, value_type, is_secret, version, valued_by, valued_at, tags, metadata, created_by, \
         updated_by, created_at, updated_at) \
         SELECT ?4, ?1, ?2, g.id, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?15, ?16, ?13, ?14, ?15, ?15, ?16, ?16 \
         FROM config_groups g WHERE g.tenant_id = ?1 AND g.project_id = ?2 AND g.key = ?3",
        holder,
    );
    let insert = insert
        .bind(group_key)
        .bind(id.as_str())
        .bind(key)
        .bind(details.name)
        .bind(details.name.map(fold))
        .bind(details.description)
        .bind(details.description.map(fold))
        .bind(sealed)
        .bind(item.value_type().as_str())
        .bind(item.is_secret.unwrap_or(false))
        .bind(tags.as_str())
        .bind(details.metadata.unwrap_or("{}"))
        .bind(holder.performer.as_str())
        .bind(holder.now);
    let audit = Statement::new(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at, new) \
         SELECT tenant_id, project_id, key, 'create', 1, ?2, ?3, CASE WHEN is_secret THEN NULL ELSE sealed END \
         FROM config_items WHERE id = ?1",
    );
    let audit = audit.bind(id.as_str()).bind(holder.performer.as_str()).bind(holder.now);
    let tag = Statement::new(
        "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
         SELECT i.tenant_id, i.project_id, tags.value, i.id FROM config_items i, json_each(?2) tags WHERE i.id = ?1",
    );
    Ok(vec![insert, tag.bind(id).bind(tags), audit, select(holder, key)])
}

/// What a change was judged by; where it no longer holds, nothing happens.
pub(crate) struct Seen {
    pub id: String,
    pub value_type: ValueType,
    pub is_secret: bool,
    /// Set when the value itself was looked at.
    pub version: Option<i64>,
}

const SEEN: &str = "id = ?1 AND value_type = ?2 AND is_secret = ?3 AND (?4 IS NULL OR version = ?4)";

impl Seen {
    fn statement(&self, text: &'static str) -> Statement {
        Statement::new(text)
            .bind(self.id.as_str())
            .bind(self.value_type.as_str())
            .bind(self.is_secret)
            .bind(self.version)
    }
}

/// Changes what is given: keeps the earlier value, tells the audit, and reads the item back. The last but one
/// statement says whether what was seen still held.
pub(crate) fn update(
    holder: &Holder,
    key: &str,
    seen: &Seen,
    change: &UpdateItem,
    sealed: Option<Vec<u8>>,
) -> Vec<Statement> {
    static KEEP: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT INTO config_item_versions (item_id, version, sealed, value_type, created_by, created_at) \
             SELECT id, version, sealed, value_type, valued_by, valued_at FROM config_items WHERE {SEEN}"
        )
    });
    static AUDIT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT INTO config_audit \
             (tenant_id, project_id, config_key, action, version, performed_by, at, previous, new, has_new) \
             SELECT tenant_id, project_id, key, 'update', version + (?7 IS NOT NULL), ?5, ?6, \
             CASE WHEN is_secret OR ?8 THEN NULL ELSE sealed END, CASE WHEN ?8 THEN NULL ELSE ?7 END, ?7 IS NOT NULL \
             FROM config_items WHERE {SEEN}"
        )
    });
    static UNTAG: LazyLock<String> = LazyLock::new(|| {
        format!("DELETE FROM config_tags WHERE owner_id = (SELECT id FROM config_items WHERE {SEEN})")
    });
    static TAG: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
             SELECT tenant_id, project_id, wanted.value, id FROM \
             (SELECT tenant_id, project_id, id FROM config_items WHERE {SEEN}), \
             (SELECT value FROM json_each(?5)) wanted"
        )
    });
    static UPDATE: LazyLock<String> = LazyLock::new(|| {
        format!(
            "UPDATE config_items SET updated_by = ?5, updated_at = ?6, version = version + (?7 IS NOT NULL), \
             valued_by = CASE WHEN ?7 IS NULL THEN valued_by ELSE ?5 END, \
             valued_at = CASE WHEN ?7 IS NULL THEN valued_at ELSE ?6 END, \
             sealed = coalesce(?7, sealed), is_secret = ?8, value_type = ?9, \
             name = coalesce(?10, name), name_folded = coalesce(?11, name_folded), \
             description = coalesce(?12, description), description_folded = coalesce(?13, description_folded), \
             tags = coalesce(?14, tags), metadata = coalesce(?15, metadata) WHERE {SEEN}"
        )
    });
    let (is_secret, details) = (change.is_secret.unwrap_or(seen.is_secret), change.details());
    let told = |text| {
        let statement = seen.statement(text).bind(holder.performer.as_str()).bind(holder.now);
        statement.bind(sealed.clone()).bind(is_secret)
    };
    let mut statements = Vec::new();
    if sealed.is_some() {
        statements.push(seen.statement(KEEP.as_str()));
    }
    statements.push(told(AUDIT.as_str()));
    if let Some(tags) = details.tags.clone() {
        statements.push(seen.statement(UNTAG.as_str()));
        statements.push(seen.statement(TAG.as_str()).bind(tags));
    }
    let update = told(UPDATE.as_str())
        .bind(change.value_type.unwrap_or(seen.value_type).as_str())
        .bind(details.name)
        .bind(details.name.map(fold))
        .bind(details.description)
        .bind(details.description.map(fold))
        .bind(details.tags)
        .bind(details.metadata);
    statements.extend([update, select(holder, key)]);
    statements
}

/// Deletes the item with its values and tags, and tells the audit. The last statement says whether there was one.
pub(crate) fn delete(holder: &Holder, key: &str) -> Vec<Statement> {
    let audit = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at, previous) \
         SELECT tenant_id, project_id, key, 'delete', version, ?4, ?5, CASE WHEN is_secret THEN NULL ELSE sealed END \
         FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        holder,
    );
    let of_item = |text| project(text, holder).bind(key);
    vec![
        audit.bind(key).bind(holder.performer.as_str()).bind(holder.now),
        of_item(
            "DELETE FROM config_tags WHERE owner_id = \
             (SELECT id FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)",
        ),
        of_item(
            "DELETE FROM config_item_versions WHERE item_id = \
             (SELECT id FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)",
        ),
        of_item("DELETE FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3"),
    ]
}
