//! The SQL of items, and how their values are sealed.

use crypto::seal::DataKey;
use model::config::{CreateItem, Group, Item, ListQuery, MASK, UpdateItem, ValueType, fold};
use platform::{Row, Statement, random};
use service::{Batch, Bearer, Blob, Error, Result, Slot, blob};

use crate::{
    group_store::{self, COLUMNS, group, new_id},
    list::{self, project},
};

/// A value opens only under the key it was put to.
fn aad<'a>(tenant: &'a str, project: &'a str, key: &'a str) -> [&'a [u8]; 4] {
    [b"config-item", tenant.as_bytes(), project.as_bytes(), key.as_bytes()]
}

pub(crate) fn seal(data_key: &DataKey, bearer: &Bearer, key: &str, value: &str) -> Result<Vec<u8>> {
    Ok(data_key.seal(random::bytes()?, &aad(&bearer.tenant, &bearer.project, key), value.as_bytes()))
}

pub(crate) fn open(data_key: Option<&DataKey>, bearer: &Bearer, key: &str, sealed: &[u8]) -> Result<String> {
    let data_key = data_key.ok_or_else(|| Error::internal("config items of a tenant without a data key"))?;
    let value = data_key.open(&aad(&bearer.tenant, &bearer.project, key), sealed)?;
    let value = std::str::from_utf8(&value).map_err(|_| Error::internal("a config value is not UTF-8"))?;
    Ok(value.to_owned())
}

pub(crate) fn select(bearer: &Bearer, key: &str) -> Statement {
    let text = format!(
        "SELECT {COLUMNS}, group_id, sealed, value_type, is_secret, version FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3"
    );
    project(text, bearer).bind(key)
}

/// Which items a list looks at, and `?6`.
enum Scope<'a> {
    GroupKey(&'a str),
    GroupId(&'a str),
    Project,
}

fn select_all(bearer: &Bearer, scope: &Scope<'_>, query: &ListQuery) -> Statement {
    let (group, more, bound) = match scope {
        Scope::GroupKey(key) => (
            Some("(SELECT id FROM config_groups WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?6)"),
            "",
            Some(*key),
        ),
        Scope::GroupId(id) => (Some("?6"), "", Some(*id)),
        Scope::Project => (None, " AND ?6 IS NULL", None),
    };
    // A secret's value is not shown.
    let sealed = blob("iif(is_secret, NULL, sealed)", "sealed");
    let select = format!("SELECT {COLUMNS}, group_id, {sealed}, value_type, is_secret, version FROM config_items");
    let texts = list::texts(&select, group, &format!(" AND (?7 IS NULL OR is_secret = ?7){more}"));
    list::statement(texts, bearer, query).bind(bound.map(str::to_owned)).bind(query.is_secret())
}

/// A group and those of its items that a query wants.
pub(crate) async fn group_with_items(bearer: &Bearer, key: &str, query: &ListQuery) -> Result<(Group, Vec<Item>)> {
    let mut batch = bearer.batch();
    let found = batch.push(group_store::select(bearer, key));
    let listed = batch.push(select_all(bearer, &Scope::GroupKey(key), query));
    let data_key = batch.read_data_key(&bearer.tenant);
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(group_store::missing)?;
    let data_key = outcomes.data_key(&data_key)?;
    let items = outcomes.rows(listed).iter().map(|row| item(row, bearer, data_key.as_deref()));
    Ok((group(row)?, items.collect::<Result<_>>()?))
}

/// The items of a project, or of one group.
pub(crate) async fn list_all(bearer: &Bearer, query: &ListQuery) -> Result<Vec<Item>> {
    let scope = query.group_id.as_deref().map_or(Scope::Project, Scope::GroupId);
    let mut batch = bearer.batch();
    let listed = batch.push(select_all(bearer, &scope, query));
    let data_key = batch.read_data_key(&bearer.tenant);
    let outcomes = batch.read().await?;
    let data_key = outcomes.data_key(&data_key)?;
    outcomes.rows(listed).iter().map(|row| item(row, bearer, data_key.as_deref())).collect()
}

/// An item as it is shown.
pub(crate) fn item(row: &Row, bearer: &Bearer, data_key: Option<&DataKey>) -> Result<Item> {
    let common = group(row)?;
    let is_secret = row.get("is_secret")?;
    let value =
        if is_secret { MASK.to_owned() } else { open(data_key, bearer, &common.key, &row.get::<Blob>("sealed")?.0)? };
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
    row.get::<String>("value_type")?.parse().map_err(|_| Error::internal("an unknown value type"))
}

/// Where a change of an item is, and where the item as it stands after it.
pub(crate) struct Changed {
    pub change: Slot,
    pub item: Slot,
}

/// Inserts the item if its group is there, with its tags and its row of the history, and reads it back.
pub(crate) fn insert(
    batch: &mut Batch<Bearer>,
    group_key: &str,
    key: &str,
    item: &CreateItem,
    sealed: Vec<u8>,
) -> Result<Changed> {
    let bearer = &batch.actor().clone();
    let (id, details) = (new_id()?, item.details());
    let tags = details.tags.unwrap_or_else(|| "[]".to_owned());
    let insert = project(
        "INSERT INTO config_items (id, tenant_id, project_id, group_id, key, name, name_folded, description, \
         description_folded, sealed, value_type, is_secret, version, valued_by, valued_at, tags, metadata, created_by, \
         updated_by, created_at, updated_at) \
         SELECT ?4, ?1, ?2, g.id, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?15, ?16, ?13, ?14, ?15, ?15, ?16, ?16 \
         FROM config_groups g WHERE g.tenant_id = ?1 AND g.project_id = ?2 AND g.key = ?3",
        bearer,
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
        .bind(item.value_type().into_str())
        .bind(item.is_secret.unwrap_or(false))
        .bind(tags.as_str())
        .bind(details.metadata.unwrap_or("{}"))
        .bind(bearer.performer.as_str())
        .bind(bearer.now);
    let audit = Statement::new(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at, new) \
         SELECT tenant_id, project_id, key, 'create', 1, ?2, ?3, CASE WHEN is_secret THEN NULL ELSE sealed END \
         FROM config_items WHERE id = ?1",
    );
    let audit = audit.bind(id.as_str()).bind(bearer.performer.as_str()).bind(bearer.now);
    let tag = Statement::new(
        "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
         SELECT i.tenant_id, i.project_id, tags.value, i.id FROM config_items i, json_each(?2) tags WHERE i.id = ?1",
    );
    let change = batch.push(insert);
    batch.push(tag.bind(id).bind(tags));
    batch.push(audit);
    Ok(Changed { change, item: batch.push(select(bearer, key)) })
}

/// What a change was judged by; where the item is no longer so, nothing happens.
pub(crate) struct ItemState {
    pub id: String,
    pub value_type: ValueType,
    pub is_secret: bool,
    /// Set when the value itself was looked at.
    pub version: Option<i64>,
}

const UNCHANGED: &str = "id = ?1 AND value_type = ?2 AND is_secret = ?3 AND (?4 IS NULL OR version = ?4)";

impl ItemState {
    fn statement(&self, text: String) -> Statement {
        Statement::new(text)
            .bind(self.id.as_str())
            .bind(self.value_type.into_str())
            .bind(self.is_secret)
            .bind(self.version)
    }
}

/// Changes what is given if the item is still as it was judged: keeps the earlier value, adds to the history, and reads the item
/// back.
pub(crate) fn update(
    batch: &mut Batch<Bearer>,
    key: &str,
    state: &ItemState,
    change: &UpdateItem,
    sealed: Option<Vec<u8>>,
) -> Changed {
    let bearer = &batch.actor().clone();
    let keep = format!(
        "INSERT INTO config_item_versions (item_id, version, sealed, value_type, created_by, created_at) \
             SELECT id, version, sealed, value_type, valued_by, valued_at FROM config_items WHERE {UNCHANGED}"
    );
    let audit = format!(
        "INSERT INTO config_audit \
             (tenant_id, project_id, config_key, action, version, performed_by, at, previous, new, has_new) \
             SELECT tenant_id, project_id, key, 'update', version + (?7 IS NOT NULL), ?5, ?6, \
             CASE WHEN is_secret OR ?8 THEN NULL ELSE sealed END, CASE WHEN ?8 THEN NULL ELSE ?7 END, ?7 IS NOT NULL \
             FROM config_items WHERE {UNCHANGED}"
    );
    let untag = format!("DELETE FROM config_tags WHERE owner_id = (SELECT id FROM config_items WHERE {UNCHANGED})");
    let tag = format!(
        "INSERT OR IGNORE INTO config_tags (tenant_id, project_id, tag, owner_id) \
             SELECT tenant_id, project_id, wanted.value, id FROM \
             (SELECT tenant_id, project_id, id FROM config_items WHERE {UNCHANGED}), \
             (SELECT value FROM json_each(?5)) wanted"
    );
    let update = format!(
        "UPDATE config_items SET updated_by = ?5, updated_at = ?6, version = version + (?7 IS NOT NULL), \
             valued_by = CASE WHEN ?7 IS NULL THEN valued_by ELSE ?5 END, \
             valued_at = CASE WHEN ?7 IS NULL THEN valued_at ELSE ?6 END, \
             sealed = coalesce(?7, sealed), is_secret = ?8, value_type = ?9, \
             name = coalesce(?10, name), name_folded = coalesce(?11, name_folded), \
             description = coalesce(?12, description), description_folded = coalesce(?13, description_folded), \
             tags = coalesce(?14, tags), metadata = coalesce(?15, metadata) WHERE {UNCHANGED}"
    );
    let (is_secret, details) = (change.is_secret.unwrap_or(state.is_secret), change.details());
    let by = |text: String| {
        let statement = state.statement(text).bind(bearer.performer.as_str()).bind(bearer.now);
        statement.bind(sealed.clone()).bind(is_secret)
    };
    if sealed.is_some() {
        batch.push(state.statement(keep));
    }
    batch.push(by(audit));
    if let Some(tags) = details.tags.clone() {
        batch.push(state.statement(untag));
        batch.push(state.statement(tag).bind(tags));
    }
    let update = by(update)
        .bind(change.value_type.unwrap_or(state.value_type).into_str())
        .bind(details.name)
        .bind(details.name.map(fold))
        .bind(details.description)
        .bind(details.description.map(fold))
        .bind(details.tags)
        .bind(details.metadata);
    Changed { change: batch.push(update), item: batch.push(select(bearer, key)) }
}

/// Deletes the item with its values and tags, and records it in the history. The slot is that of the item.
pub(crate) fn delete(batch: &mut Batch<Bearer>, key: &str) -> Slot {
    let bearer = &batch.actor().clone();
    let audit = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at, previous) \
         SELECT tenant_id, project_id, key, 'delete', version, ?4, ?5, CASE WHEN is_secret THEN NULL ELSE sealed END \
         FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        bearer,
    );
    let of_item = |text: &'static str| project(text, bearer).bind(key);
    batch.push(audit.bind(key).bind(bearer.performer.as_str()).bind(bearer.now));
    batch.push(of_item(
        "DELETE FROM config_tags WHERE owner_id = \
         (SELECT id FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)",
    ));
    batch.push(of_item(
        "DELETE FROM config_item_versions WHERE item_id = \
         (SELECT id FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3)",
    ));
    batch.push(of_item("DELETE FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3"))
}

pub(crate) fn missing() -> Error {
    Error::not_found("Config item not found")
}
