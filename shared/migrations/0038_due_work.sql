-- When a function last carried out a step of what falls due without a caller, and what came of it.
CREATE TABLE due_work (
  function TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  more INTEGER NOT NULL
) WITHOUT ROWID;

-- What is due is looked for in all tenants at once. Tables that hold nothing but open work need no index for it.
CREATE INDEX qnsp_leases_with_user_by_end ON qnsp_leases (ends_at, tenant_id, config_id) WHERE has_user = 1;
CREATE INDEX qnsp_leases_counted_of_all ON qnsp_leases (ends_at, tenant_id) WHERE is_counted = 1;
CREATE INDEX qnsp_leases_forgettable ON qnsp_leases (ends_at, tenant_id) WHERE has_user = 0;
CREATE INDEX qnsp_secrets_destroyed_by_policy ON qnsp_secrets (tenant_id, id) WHERE auto_destroy = 1 AND deprecated > 0;
CREATE INDEX qnsp_leakage_scans_open ON qnsp_leakage_scans (claimed_until, tenant_id, id) WHERE status IN ('queued', 'running');
CREATE INDEX qnsp_playbook_executions_open ON qnsp_playbook_executions (tenant_id, started_at, id)
WHERE status IN ('running', 'pending_approval');
CREATE INDEX qnsp_jit_requests_lapsing ON qnsp_jit_requests (requested_at, tenant_id) WHERE status = 'pending';
