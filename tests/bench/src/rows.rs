//! Rows in bulk: service keys with their authorisations, secrets, items of the Config API and entries of the audit log,
//! written into the database file of a stopped deployment. Nobody calls with them; they are there to be searched past.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// Fills up to `count` service keys, each in one community, and as many secrets, items, and entries of the log that the
/// measured operations append to, and deletes the nonces of earlier requests, of which there are as many as the rows
/// before were fast. It gathers no statistics, as nobody does for the functions; with them, a SQLite that has STAT4 plans
/// the statement of the nonce anew for every request.
pub fn fill(database: &Path, count: u32) -> rusqlite::Result<()> {
    let mut connection = Connection::open(database)?;
    // The file is thrown away when the run is over.
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -400_000)?;
    let present: u32 = connection.query_row(
        "SELECT count(*) FROM service_keys WHERE tag BETWEEN 'filler-' AND 'filler-~'",
        [],
        |row| row.get(0),
    )?;
    let transaction = connection.transaction()?;
    for text in FILL {
        transaction.execute(text, (present, count))?;
    }
    transaction.execute("DELETE FROM request_nonces", ())?;
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// A community has ten keys or fifty secrets, a tenant twenty communities; a project has a thousand items in ten groups,
/// each item with two tags.
const FILL: [&str; 24] = [
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO service_keys (id, type, tag, key_id, secret_hash, sealed_secret, expires_at, auth_level, \
     description, created_at, updated_at) \
     SELECT lower(hex(randomblob(12))), 'hawk', 'filler-' || i, lower(hex(randomblob(16))), \
     lower(hex(randomblob(32))), randomblob(81), 4102444800000, \
     CASE i % 4 WHEN 0 THEN 'service' WHEN 1 THEN 'service_ext' WHEN 2 THEN 'app' ELSE 'basic' END, '', 0, 0 FROM n",
    "INSERT INTO key_authorizations (id, key_seq, community_id, expires_at, created_at) \
     SELECT lower(hex(randomblob(12))), seq, printf('%024x', seq / 10), 4102444800000, 0 \
     FROM service_keys WHERE substr(tag, 1, 7) = 'filler-' AND CAST(substr(tag, 8) AS INTEGER) BETWEEN ?1 + 1 AND ?2",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO secrets (tenant_id, community_id, tag, sealed, created_by, created_ts) \
     SELECT 'tenant-' || (i / 1000), 'community-' || (i / 50), 'SECRET_' || (i % 50), randomblob(132), 'filler', 0 \
     FROM n",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO audit_entries (tenant_id, leaf_index, at, actor, action, subject, outcome, entry) \
     SELECT 'bench', i - ?1 + coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = 'bench'), -1), 0, \
     'filler-' || (i % 1000), 'secret.read', 'filled/' || (i % 100000), 'done', json_object('filler', hex(randomblob(120))) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT ?1 / 100 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 / 100) \
     INSERT INTO config_groups (id, tenant_id, project_id, key, name, name_folded, tags, metadata, created_by, \
     updated_by, created_at, updated_at) \
     SELECT 'filler-group-' || i, 'tenant-' || (i / 10), 'project', 'group-' || i, 'Group', 'group', '[]', '{}', \
     'filler', 'filler', 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO config_items (id, tenant_id, project_id, group_id, key, name, name_folded, sealed, value_type, \
     is_secret, version, valued_by, valued_at, tags, metadata, created_by, updated_by, created_at, updated_at) \
     SELECT printf('filler-%020d', i), 'tenant-' || (i / 1000), 'project', 'filler-group-' || (i / 100), 'item-' || i, \
     'Item ' || i, 'item ' || i, randomblob(132), 'string', i % 2, 1, 'filler', 0, '[\"all\",\"team\"]', '{}', \
     'filler', 'filler', 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO config_tags (tenant_id, project_id, tag, owner_id) \
     SELECT 'tenant-' || (i / 1000), 'project', tags.value, printf('filler-%020d', i) \
     FROM n, json_each('[\"all\",\"team\"]') tags",
    // The tenant of QNSP: sign-ins of a thousand users, signals about them, events, and what was metered; one every second, back from now.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_evaluations (tenant_id, at, id, user_id, address, user_agent, score, level, factors, factor_kinds, \
     recommendation) SELECT t.id, unixepoch() * 1000 - i * 1000, printf('filler-%020d', i), \
     printf('00000000-0000-4000-8000-%012d', i % 1000), '192.0.2.1', 'Mozilla/5.0', 5.0, 'low', '[]', '[]', 'allow' \
     FROM n CROSS JOIN qnsp_tenants t",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_signals (tenant_id, id, recorded_at, user_id, signal_type, severity, metadata) \
     SELECT t.id, printf('filler-%020d', i), unixepoch() * 1000 - i * 1000, \
     printf('00000000-0000-4000-8000-%012d', i % 1000), 'brute_force', 'low', '{}' FROM n CROSS JOIN qnsp_tenants t",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO audit_entries (tenant_id, leaf_index, at, actor, action, subject, outcome, entry, event_id, occurred_at) \
     SELECT t.id, i - ?1 + coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = t.id), -1), 0, \
     'filler-' || (i % 1000), 'orders.created', 'filled/' || (i % 100000), 'done', \
     json_object('tenant', t.id, 'index', i, 'at', 0, 'actor', 'filler', 'action', 'orders.created', 'subject', 'filled/1', \
     'requestId', NULL, 'outcome', 'done', 'detail', json_object('eventId', 'filler')), printf('filler-%020d', i), unixepoch() * 1000 - i * 1000 \
     FROM n CROSS JOIN qnsp_tenants t",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_meters (tenant_id, at, id, operation, quantity) \
     SELECT t.id, unixepoch() * 1000 - i * 1000, printf('filler-%020d', i), 'kms.encrypt', 1 \
     FROM n CROSS JOIN qnsp_tenants t",
    // Active grants of the same thousand users, each for another resource.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_jit_grants (tenant_id, id, request_id, grantee_id, resource_type, resource_id, permissions, \
     granted_at, expires_at) SELECT t.id, printf('filler-%020d', i), printf('filler-%020d', i), \
     printf('00000000-0000-4000-8000-%012d', i % 1000), 'db', 'filler-' || (i / 1000), '[\"list\",\"read\"]', 0, \
     4102444800000 FROM n CROSS JOIN qnsp_tenants t",
    // A policy for every hundred rows, each about a user of its own, with the key under which it is found.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_access_policies (tenant_id, id, created_at, updated_at, name, description, category, \
     enforcement_level, version, statement, statement_hash, content_hash) \
     SELECT t.id, printf('filler-%020d', i), 0, 0, 'filler-' || i, '', '', 'enforced', 1, json_object('actions', \
     json_array('read'), 'conditions', json('{}'), 'effect', 'allow', 'principals', json_array('user:filler-' || i), \
     'resources', json_array('document/*')), '', '' FROM n CROSS JOIN qnsp_tenants t WHERE i % 100 = 0",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_access_keys (tenant_id, key, policy_id) \
     SELECT t.id, 'puser:filler-' || i, printf('filler-%020d', i) FROM n CROSS JOIN qnsp_tenants t WHERE i % 100 = 0",
    // Documents with the terms of one, and the sums of their index.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_search_documents (tenant_id, index_name, document_id, sealed_title, sealed_content, length, bytes, \
     indexed_at) SELECT d.tenant_id, d.index_name, printf('filler-%020d', i), d.sealed_title, d.sealed_content, d.length, \
     d.bytes, d.indexed_at FROM qnsp_search_documents d CROSS JOIN n WHERE d.document_id = 'pattern'",
    "INSERT INTO qnsp_search_terms (tenant_id, index_name, term, document, tf, length) \
     SELECT s.tenant_id, s.index_name, s.term, d.id, s.tf, s.length FROM qnsp_search_documents p \
     JOIN qnsp_search_terms s ON s.document = p.id JOIN qnsp_search_documents d ON d.tenant_id = p.tenant_id \
     AND d.index_name = p.index_name WHERE p.document_id = 'pattern' \
     AND d.document_id BETWEEN printf('filler-%020d', ?1 + 1) AND printf('filler-%020d', ?2)",
    // Documents of storage, secrets with one version, and keys of the module.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_documents (tenant_id, id, bucket, name, region, created_at, version, version_id, size, total_size, \
     level, data_types, applied, is_archived, is_notified) SELECT t.id, printf('filler-%020d', i), 'filler-' || (i % 100), \
     'filler-' || i, 'local', 0, 1, '', 0, 0, i % 5, i % 16, 0, 0, 0 FROM n CROSS JOIN qnsp_tenants t",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_secrets (tenant_id, id, created_at, updated_at, last_version, active_version, deprecated, destroyed, \
     auto_destroy) SELECT t.id, 'filler-' || i, 0, 0, 1, 1, 0, 0, 0 FROM n CROSS JOIN qnsp_tenants t",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, key_size, algorithm, mechanism, purposes, \
     status) SELECT t.id, printf('filler-%020d', i), 0, 'filler-' || (i % 100), 'aes', 256, 'AES-256', 'AES-KWP', \
     '[\"encrypt\"]', 'active' FROM n CROSS JOIN qnsp_tenants t",
    // Those secrets count, and no tier allows so many.
    "UPDATE qnsp_quotas SET used = 1 WHERE quota_type = 'secrets' AND ?1 < ?2",
    // Uses of ten keys, one an hour and one a minute each, unless a minute has passed since the rows before.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT OR IGNORE INTO qnsp_key_hours (tenant_id, key_id, hour, operation, uses, bytes, failures) \
     SELECT t.id, 'filler-' || (i % 10), unixepoch() / 3600 - i / 10, 'sign', 1, 256, 0 FROM n CROSS JOIN qnsp_tenants t",
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT OR IGNORE INTO qnsp_key_minutes (tenant_id, key_id, minute, operation, uses, bytes, failures) \
     SELECT t.id, 'filler-' || (i % 10), unixepoch() / 60 - i / 10, 'sign', 1, 256, 0 FROM n CROSS JOIN qnsp_tenants t",
    // Leases of keys of this API, which end long after all that is measured.
    "WITH RECURSIVE n(i) AS (SELECT ?1 + 1 WHERE ?1 < ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
     INSERT INTO qnsp_leases (tenant_id, id, config_id, created_at, is_pending, username, password_hash, expires_at, \
     max_expires_at, ends_at, is_counted, has_user) SELECT c.tenant_id, printf('filler-%020d', i), c.id, i, 0, \
     'filler-' || i, printf('%064x', i), 4102444800000, 4102444800000, 4102444800000, 1, 0 \
     FROM n CROSS JOIN qnsp_dynamic_configs c WHERE c.name = 'bench keys'",
    "UPDATE qnsp_search_indices SET documents = documents + p.added, words = words + p.added * p.length, \
     bytes = qnsp_search_indices.bytes + p.added * p.bytes FROM (SELECT tenant_id, index_name, length, bytes, max(?2 - ?1, 0) AS added \
     FROM qnsp_search_documents WHERE document_id = 'pattern') p WHERE qnsp_search_indices.tenant_id = p.tenant_id \
     AND qnsp_search_indices.name = p.index_name",
];

/// The database of a runtime, which keeps it where it likes.
pub fn find(state: &Path) -> Option<PathBuf> {
    let mut folders = vec![state.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "sqlite" || end == "db") && is_ours(&path) {
                return Some(path);
            }
        }
    }
    None
}

fn is_ours(file: &Path) -> bool {
    let opened = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE);
    opened.is_ok_and(|connection| connection.prepare("SELECT seq FROM service_keys LIMIT 0").is_ok())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn filling_up_adds_what_is_missing() {
        let folder = std::env::temp_dir().join(format!("chancery-rows-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("some.sqlite");
        let connection = Connection::open(&file).unwrap();
        for migration in platform::migrations::MIGRATIONS {
            connection.execute_batch(migration.text).unwrap();
        }
        assert_eq!(find(&folder), Some(file.clone()));
        for count in [100, 250, 250] {
            fill(&file, count).unwrap();
            for table in ["service_keys", "key_authorizations", "secrets", "config_items", "audit_entries"] {
                let counted = format!("SELECT count(*) FROM {table}");
                assert_eq!(connection.query_row(&counted, [], |row| row.get(0)), Ok(count), "{table}");
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
