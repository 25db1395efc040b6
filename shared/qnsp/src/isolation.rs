//! Rows of a tenant (`?1`) that name a row which the tenant does not have. No call makes one; audits of isolation look for
//! them. Each of these is SQL that gives `object_id`; `most` is how many rows are looked at (-1 for all), the newest where
//! they have an age.

/// The newest rows of a table, by these columns, whose reference is to no row of another table.
fn stray(most: &str, table: &str, newest: &str, reference: &str, referenced: &str) -> String {
    format!(
        "SELECT o.id AS object_id FROM (SELECT id, {reference} AS reference FROM {table} WHERE tenant_id = ?1 \
         ORDER BY {newest} LIMIT {most}) o WHERE NOT EXISTS \
         (SELECT 1 FROM {referenced} r WHERE r.tenant_id = ?1 AND r.id = o.reference)"
    )
}

/// Grants without a request.
pub fn stray_grants(most: &str) -> String {
    stray(most, "qnsp_jit_grants", "granted_at DESC, id DESC", "request_id", "qnsp_jit_requests")
}

/// Keys on connections to modules.
pub fn stray_keys(most: &str) -> String {
    stray(most, "qnsp_hsm_keys", "created_at DESC, id DESC", "connection_id", "qnsp_hsm_connections")
}

/// Escrows of keys that are active at a time (`now`). A key may be deleted once its escrow has ended.
pub fn stray_escrows(most: &str, now: &str) -> String {
    format!(
        "SELECT o.id AS object_id FROM (SELECT id, key_id FROM qnsp_escrows WHERE tenant_id = ?1 AND recovered_at IS NULL \
         AND expires_at > {now} ORDER BY created_at DESC, id DESC LIMIT {most}) o WHERE NOT EXISTS \
         (SELECT 1 FROM qnsp_hsm_keys k WHERE k.tenant_id = ?1 AND k.id = o.key_id)"
    )
}

/// Shares of escrows, by the ids of these, and shares that were submitted, by the ids of their recoveries.
pub fn stray_shares(most: &str) -> String {
    format!(
        "SELECT o.id AS object_id FROM (SELECT DISTINCT escrow_id AS id FROM qnsp_escrow_agents WHERE tenant_id = ?1 \
         ORDER BY escrow_id DESC LIMIT {most}) o WHERE NOT EXISTS \
         (SELECT 1 FROM qnsp_escrows e WHERE e.tenant_id = ?1 AND e.id = o.id) UNION ALL \
         SELECT o.id FROM (SELECT DISTINCT recovery_id AS id FROM qnsp_escrow_shares WHERE tenant_id = ?1 \
         ORDER BY recovery_id DESC LIMIT {most}) o WHERE NOT EXISTS (SELECT 1 FROM qnsp_escrow_recoveries r \
         CROSS JOIN qnsp_escrows e ON e.tenant_id = ?1 AND e.id = r.escrow_id WHERE r.tenant_id = ?1 AND r.id = o.id)"
    )
}

/// Keys that plans name and another tenant has. One that nobody has was deleted.
pub fn stray_plan_keys(most: &str) -> String {
    format!(
        "SELECT o.plan_id AS object_id FROM (SELECT plan_id, key_id FROM qnsp_migration_plan_keys WHERE tenant_id = ?1 \
         ORDER BY plan_id DESC, key_id DESC LIMIT {most}) o WHERE NOT EXISTS \
         (SELECT 1 FROM qnsp_hsm_keys k WHERE k.tenant_id = ?1 AND k.id = o.key_id) \
         AND EXISTS (SELECT 1 FROM qnsp_hsm_keys k WHERE k.id = o.key_id)"
    )
}

/// Leases of configurations.
pub fn stray_leases(most: &str) -> String {
    stray(most, "qnsp_leases", "ends_at DESC, id DESC", "config_id", "qnsp_dynamic_configs")
}

/// Deployments of models.
pub fn stray_deployments(most: &str) -> String {
    stray(most, "qnsp_deployments", "created_at DESC, id DESC", "model_id", "qnsp_models")
}

/// Access policies about principals of another tenant.
pub fn policies_about_others(most: &str) -> String {
    format!(
        "SELECT o.id AS object_id FROM (SELECT id, statement FROM qnsp_access_policies WHERE tenant_id = ?1 \
         ORDER BY created_at DESC, id DESC LIMIT {most}) o CROSS JOIN json_each(o.statement, '$.principals') p \
         WHERE substr(p.value, 1, 7) = 'tenant:' AND p.value <> 'tenant:' || ?1"
    )
}

/// Grants that are active at a time (`now`), of users whom the tenant does not know: none of a key, and no requester.
pub fn grants_to_strangers(most: &str, now: &str) -> String {
    format!(
        "SELECT o.id AS object_id FROM (SELECT id, grantee_id FROM qnsp_jit_grants WHERE tenant_id = ?1 \
         AND revoked_at IS NULL AND expires_at > {now} ORDER BY expires_at DESC LIMIT {most}) o WHERE NOT EXISTS \
         (SELECT 1 FROM qnsp_jit_requests r WHERE r.tenant_id = ?1 AND r.requester_id = o.grantee_id) AND NOT EXISTS \
         (SELECT 1 FROM qnsp_keys k WHERE k.tenant_id = ?1 AND k.user_id = o.grantee_id)"
    )
}
