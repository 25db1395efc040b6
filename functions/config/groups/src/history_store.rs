//! The SQL of what happened to a key, and of the values that an item had.

use model::config::AuditQuery;
use platform::Statement;
use service::{Batch, Bearer, blob};

use crate::{
    item_store::{self, Changed},
    list::project,
};

/// The audit rows of a key, newest first, each with whether the item is a secret now. Reads that wait in `config_reads` came after
/// every row of `config_audit`, so their numbers are greater.
pub(crate) fn select_audit(bearer: &Bearer, key: &str, page: &AuditQuery) -> Statement {
    let [previous, new] = ["previous", "new"].map(|value| blob(value, value));
    let select = format!(
        "SELECT id, ?1 AS tenant_id, ?2 AS project_id, ?3 AS config_key, action, version, performed_by, at, {previous}, {new}, \
         has_new, EXISTS (SELECT 1 FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3 AND is_secret = 1) \
         AS secret FROM (SELECT id, action, version, performed_by, at, previous, new, has_new, seq \
         FROM config_audit WHERE tenant_id = ?1 AND project_id = ?2 AND config_key = ?3 \
         UNION ALL SELECT r.id || printf('%02x', key), 'read', value ->> 1, r.performed_by, r.at, NULL, NULL, 0, (1 << 62) + r.seq \
         FROM config_reads r, json_each(r.secrets) WHERE r.tenant_id = ?1 AND r.project_id = ?2 AND value ->> 0 = ?3 \
         ORDER BY at DESC, seq DESC LIMIT ?4 OFFSET ?5)"
    );
    project(select, bearer).bind(key).bind(page.limit()).bind(page.skip())
}

/// The value in force and the earlier ones, newest first.
pub(crate) fn select_versions(bearer: &Bearer, key: &str, page: &AuditQuery) -> Statement {
    let (sealed, earlier) = (blob("sealed", "sealed"), blob("v.sealed", "sealed"));
    let select = format!(
        "WITH item AS (SELECT * FROM config_items WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3) \
         SELECT version, {sealed}, value_type, valued_by AS made_by, valued_at AS made_at, is_secret FROM item \
         UNION ALL SELECT v.version, {earlier}, v.value_type, v.created_by, v.created_at, item.is_secret \
         FROM item JOIN config_item_versions v ON v.item_id = item.id ORDER BY 1 DESC LIMIT ?4 OFFSET ?5"
    );
    project(select, bearer).bind(key).bind(page.limit()).bind(page.skip())
}

/// Puts an earlier value in force again as a new version: keeps the one that it replaces, adds to the history, and reads
/// the item back.
pub(crate) fn restore(batch: &mut Batch<Bearer>, key: &str, version: i64) -> Changed {
    let bearer = &batch.actor().clone();
    let keep = project(
        "INSERT INTO config_item_versions (item_id, version, sealed, value_type, created_by, created_at) \
         SELECT id, version, sealed, value_type, valued_by, valued_at FROM config_items i \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3 AND EXISTS \
         (SELECT 1 FROM config_item_versions v WHERE v.item_id = i.id AND v.version = ?4)",
        bearer,
    );
    let audit = project(
        "INSERT INTO config_audit \
         (tenant_id, project_id, config_key, action, version, performed_by, at, previous, new) \
         SELECT tenant_id, project_id, key, 'update', i.version + 1, ?5, ?6, \
         CASE WHEN is_secret THEN NULL ELSE i.sealed END, CASE WHEN is_secret THEN NULL ELSE v.sealed END \
         FROM config_items i JOIN config_item_versions v ON v.item_id = i.id AND v.version = ?4 \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3",
        bearer,
    );
    let update = project(
        "UPDATE config_items SET sealed = v.sealed, value_type = v.value_type, version = config_items.version + 1, \
         valued_by = ?5, valued_at = ?6, updated_by = ?5, updated_at = ?6 FROM config_item_versions v \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key = ?3 AND v.item_id = config_items.id AND v.version = ?4",
        bearer,
    );
    let by = |statement: Statement| statement.bind(key).bind(version).bind(bearer.performer.as_str()).bind(bearer.now);
    batch.push(keep.bind(key).bind(version));
    batch.push(by(audit));
    Changed { change: batch.push(by(update)), item: batch.push(item_store::select(bearer, key)) }
}
