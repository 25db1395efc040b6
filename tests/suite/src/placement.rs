//! Which rows are a tenant's, for deployments that share the tenants among them, each with a database of its own
//! (docs/decisions/0028): every table of the schema is in one of these lists, and a tenant is moved by the statements
//! that follow from them.

/// Tables whose rows carry the id of their tenant and have a trigger. What a trigger writes is in a table further down,
/// and replaced there.
const BEGIN_SOMETHING: &[&str] = &[
    "qnsp_access_policies",
    "qnsp_access_changes",
    "qnsp_access_refusals",
    "qnsp_anomalies",
    "qnsp_key_alerts",
    "qnsp_secret_versions",
    "qnsp_secrets",
    "qnsp_leakage_incidents",
    "qnsp_documents",
    "qnsp_replication_copies",
    "qnsp_leases",
];

/// Tables whose rows carry the id of their tenant.
const OF_TENANTS: &[&str] = &[
    "audit_checkpoints",
    "audit_entries",
    "audit_nodes",
    "config_groups",
    "config_items",
    "config_tags",
    "config_tokens",
    "consent_documents",
    "consents",
    "data_keys",
    "qnsp_access_anomalies",
    "qnsp_access_audits",
    "qnsp_access_counts",
    "qnsp_access_keys",
    "qnsp_access_questions",
    "qnsp_ai_cost_hours",
    "qnsp_ai_costs",
    "qnsp_ai_decisions",
    "qnsp_algorithm_days",
    "qnsp_allocations",
    "qnsp_anomaly_rules",
    "qnsp_application_keys",
    "qnsp_asset_connections",
    "qnsp_assets",
    "qnsp_audit_verified",
    "qnsp_bias_evaluations",
    "qnsp_bias_models",
    "qnsp_buckets",
    "qnsp_budgets",
    "qnsp_classification_policies",
    "qnsp_classification_scans",
    "qnsp_compliance_controls",
    "qnsp_cost_months",
    "qnsp_credit_days",
    "qnsp_credit_uses",
    "qnsp_credits",
    "qnsp_dashboard_stars",
    "qnsp_dashboards",
    "qnsp_deliveries",
    "qnsp_deployments",
    "qnsp_deprecated_algorithms",
    "qnsp_deprecation_policies",
    "qnsp_document_totals",
    "qnsp_document_versions",
    "qnsp_dunning",
    "qnsp_dynamic_configs",
    "qnsp_dynamic_counts",
    "qnsp_escrow_agents",
    "qnsp_escrow_events",
    "qnsp_escrow_policies",
    "qnsp_escrow_recoveries",
    "qnsp_escrow_shares",
    "qnsp_escrows",
    "qnsp_evaluations",
    "qnsp_event_archive",
    "qnsp_federation_events",
    "qnsp_federation_providers",
    "qnsp_federation_reports",
    "qnsp_hardware",
    "qnsp_health",
    "qnsp_held",
    "qnsp_holds",
    "qnsp_hsm_connections",
    "qnsp_hsm_keys",
    "qnsp_hsm_operations",
    "qnsp_idempotency",
    "qnsp_injection_analyses",
    "qnsp_injection_hours",
    "qnsp_injection_patterns",
    "qnsp_invoices",
    "qnsp_isolation",
    "qnsp_isolation_audits",
    "qnsp_jit_grants",
    "qnsp_jit_policies",
    "qnsp_jit_requests",
    "qnsp_key_alert_rules",
    "qnsp_key_applications",
    "qnsp_key_hours",
    "qnsp_key_minutes",
    "qnsp_keys",
    "qnsp_leakage_counts",
    "qnsp_leakage_policies",
    "qnsp_leakage_scans",
    "qnsp_leakage_steps",
    "qnsp_meter_days",
    "qnsp_meters",
    "qnsp_migration_plan_keys",
    "qnsp_migration_plans",
    "qnsp_minutes",
    "qnsp_models",
    "qnsp_notifications",
    "qnsp_payments",
    "qnsp_playbook_executions",
    "qnsp_playbooks",
    "qnsp_quota_days",
    "qnsp_quotas",
    "qnsp_redemptions",
    "qnsp_replication_acknowledgements",
    "qnsp_replications",
    "qnsp_retention_policies",
    "qnsp_retention_savings",
    "qnsp_risk_hours",
    "qnsp_risk_known",
    "qnsp_risk_policies",
    "qnsp_search_backups",
    "qnsp_search_feedback",
    "qnsp_search_indices",
    "qnsp_search_maintenance",
    "qnsp_search_queries",
    "qnsp_search_words",
    "qnsp_secret_events",
    "qnsp_secret_totals",
    "qnsp_security_results",
    "qnsp_signals",
    "qnsp_simulations",
    "qnsp_storage_retention",
    "qnsp_streamed",
    "qnsp_streams",
    "qnsp_subscriptions",
    "qnsp_synonym_groups",
    "qnsp_synonym_terms",
    "qnsp_tier_changes",
    "qnsp_used_algorithms",
    "qnsp_used_keys",
    "qnsp_workflows",
    "secrets",
];

/// Tables whose rows belong to a tenant in another way, or are numbered by their database: how their rows are found in the
/// database `{db}`, and how they are copied from `source`, if not as they are.
const OTHERWISE: &[Moved] = &[
    // The terms name the number that a document has in its database.
    Moved {
        table: "qnsp_search_documents",
        rows: "tenant_id = ?1",
        copy: Some(
            "INSERT INTO main.qnsp_search_documents (tenant_id, index_name, document_id, sealed_title, sealed_content, length, \
             bytes, indexed_at, revision) SELECT tenant_id, index_name, document_id, sealed_title, sealed_content, length, \
             bytes, indexed_at, revision FROM source.qnsp_search_documents WHERE tenant_id = ?1 ORDER BY id",
        ),
    },
    Moved {
        table: "qnsp_search_terms",
        rows: "tenant_id = ?1",
        copy: Some(
            "INSERT INTO main.qnsp_search_terms (tenant_id, index_name, term, document, tf, length) \
             SELECT t.tenant_id, t.index_name, t.term, n.id, t.tf, t.length FROM source.qnsp_search_terms t \
             JOIN source.qnsp_search_documents d ON d.id = t.document JOIN main.qnsp_search_documents n \
             ON n.tenant_id = d.tenant_id AND n.index_name = d.index_name AND n.document_id = d.document_id \
             WHERE t.tenant_id = ?1",
        ),
    },
    Moved { table: "qnsp_tenants", rows: "id = ?1", copy: None },
    Moved {
        table: "config_item_versions",
        rows: "item_id IN (SELECT id FROM {db}.config_items WHERE tenant_id = ?1)",
        copy: None,
    },
    Moved {
        table: "config_revisions",
        rows: "context_key IN (SELECT context_key FROM {db}.configs WHERE context ->> 'tenantId' = ?1)",
        copy: None,
    },
    Moved { table: "configs", rows: "context ->> 'tenantId' = ?1", copy: None },
    Moved {
        table: "config_audit",
        rows: "tenant_id = ?1",
        copy: Some(
            "INSERT INTO main.config_audit (id, tenant_id, project_id, config_key, action, version, performed_by, at, previous, \
             new, has_new) SELECT id, tenant_id, project_id, config_key, action, version, performed_by, at, previous, new, has_new \
             FROM source.config_audit WHERE tenant_id = ?1 ORDER BY seq",
        ),
    },
    // After the rows that its trigger adds to.
    Moved {
        table: "config_reads",
        rows: "tenant_id = ?1",
        copy: Some(
            "INSERT INTO main.config_reads (id, tenant_id, project_id, performed_by, at, secrets) \
             SELECT id, tenant_id, project_id, performed_by, at, secrets FROM source.config_reads WHERE tenant_id = ?1 ORDER BY seq",
        ),
    },
];

/// Licences belong to no tenant. Those that go along are named by their tags, and are in one database at a time.
const LICENCES: &[&str] = &["key_authorizations", "service_keys"];

/// What a request has used stays used in both databases.
const NONCES: &str = "request_nonces";

/// What a deployment has for itself: its portal, its operators' lists, the tenant and the communities that it was installed
/// for, and tables that keep nothing.
const OF_DEPLOYMENTS: &[&str] = &[
    "communities",
    "due_work",
    "environment",
    "extensions",
    "guards",
    "portal_admin_tokens",
    "portal_application_instances",
    "portal_applications",
    "portal_consumers",
    "portal_developers",
    "portal_file_parts",
    "portal_files",
    "portal_guesses",
    "portal_jwt",
    "portal_key_auth",
    "portal_known_sources",
    "portal_mail",
    "portal_oauth2",
    "portal_services",
    "portal_sessions",
    "portal_switches",
    "portal_tokens",
    "qnsp_key_uses",
    "qnsp_promotions",
    "service_directory",
    "tenants",
];

/// A table with rows of tenants.
#[derive(Clone, Copy)]
pub struct Moved {
    pub table: &'static str,
    rows: &'static str,
    copy: Option<&'static str>,
}

/// The tables with rows of tenants, in the order in which they are copied.
pub fn moved() -> Vec<Moved> {
    let plain = |table: &&'static str| Moved { table, rows: "tenant_id = ?1", copy: None };
    let (first, then) = (BEGIN_SOMETHING.iter().map(plain), OF_TENANTS.iter().map(plain));
    first.chain(OTHERWISE.iter().copied()).chain(then).collect()
}

impl Moved {
    /// The condition that its rows of the tenant `?1` fulfil in an attached database.
    pub fn rows(&self, database: &str) -> String {
        self.rows.replace("{db}", database)
    }

    fn copy(&self) -> String {
        let as_they_are =
            || format!("INSERT INTO main.{0} SELECT * FROM source.{0} WHERE {1}", self.table, self.rows("source"));
        self.copy.map_or_else(as_they_are, str::to_owned)
    }

    fn delete(&self) -> String {
        format!("DELETE FROM main.{} WHERE {}", self.table, self.rows("main"))
    }
}

/// Every table that has a place, and in how many lists it is: one.
pub fn places() -> Vec<(&'static str, usize)> {
    let lists = moved().into_iter().map(|moved| moved.table);
    let mut all: Vec<_> =
        lists.chain(LICENCES.iter().copied()).chain([NONCES]).chain(OF_DEPLOYMENTS.iter().copied()).collect();
    all.sort_unstable();
    let counted = all.chunk_by(|one, other| one == other).filter_map(|same| Some((*same.first()?, same.len())));
    counted.collect()
}

/// Copies the tenant `?1` from the attached database `source`, in one transaction with deferred foreign keys. What the triggers
/// of one table have written is replaced by what the source has.
pub fn arrive() -> Vec<String> {
    moved().iter().flat_map(|moved| [moved.delete(), moved.copy()]).collect()
}

/// Deletes the tenant `?1`, in one transaction with deferred foreign keys.
pub fn leave() -> Vec<String> {
    moved().iter().map(Moved::delete).collect()
}

/// Copies the licences whose tags are the JSON list `?1`, after the tenant: what seals them is in both databases the same.
pub fn licences_arrive() -> Vec<String> {
    vec![
        "INSERT INTO main.service_keys (id, type, tag, key_id, secret_hash, sealed_secret, disabled, expires_at, auth_level, \
         modules, description, created_at, updated_at) SELECT id, type, tag, key_id, secret_hash, sealed_secret, disabled, \
         expires_at, auth_level, modules, description, created_at, updated_at FROM source.service_keys \
         WHERE tag IN (SELECT value FROM json_each(?1)) ORDER BY seq"
            .to_owned(),
        "INSERT INTO main.key_authorizations (id, key_seq, community_id, community_name, is_authorized, expires_at, \
         created_at) SELECT a.id, n.seq, a.community_id, a.community_name, a.is_authorized, a.expires_at, a.created_at \
         FROM source.key_authorizations a JOIN source.service_keys k ON k.seq = a.key_seq \
         JOIN main.service_keys n ON n.id = k.id WHERE k.tag IN (SELECT value FROM json_each(?1)) ORDER BY a.seq"
            .to_owned(),
    ]
}

/// Deletes the licences whose tags are the JSON list `?1`; their authorisations go with them.
pub fn licences_leave() -> Vec<String> {
    vec!["DELETE FROM main.service_keys WHERE tag IN (SELECT value FROM json_each(?1))".to_owned()]
}

/// Copies what requests have used, of all tenants: a nonce does not say whose it is.
pub fn nonces_arrive() -> String {
    format!("INSERT OR IGNORE INTO main.{NONCES} SELECT * FROM source.{NONCES}")
}
