-- QNSP access control: access that is granted for a time, at request.

-- Who must approve what. Policies never change: one is deleted and made anew. Lists are JSON.
CREATE TABLE qnsp_jit_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  -- `*` stands for all.
  resource_types TEXT NOT NULL,
  max_minutes INTEGER NOT NULL,
  require_approval INTEGER NOT NULL,
  approver_roles TEXT NOT NULL,
  -- Under which conditions nobody needs to approve; those that are NULL are not asked. Minutes of the UTC day.
  has_conditions INTEGER NOT NULL,
  window_start INTEGER,
  window_end INTEGER,
  max_risk_score REAL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_jit_policies_by_name ON qnsp_jit_policies (tenant_id, name);
CREATE INDEX qnsp_jit_policies_by_age ON qnsp_jit_policies (tenant_id, created_at, id);

-- Requests keep the approver roles and the maximum that held when they were made. One that nobody has processed for a day
-- is denied; its row may say `pending` until the next call.
CREATE TABLE qnsp_jit_requests (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  requester_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  -- A sorted JSON list.
  permissions TEXT NOT NULL,
  justification TEXT NOT NULL,
  ticket_reference TEXT,
  -- Milliseconds.
  duration INTEGER NOT NULL,
  max_minutes INTEGER NOT NULL,
  -- A sorted JSON list.
  approver_roles TEXT NOT NULL,
  -- pending, approved, denied
  status TEXT NOT NULL,
  processed_at INTEGER,
  -- NULL where nobody was needed, or nobody came.
  processed_by TEXT,
  reason TEXT,
  -- When the requester first tried to process the request.
  self_processed_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
-- A requester has one pending request for the same resource and permissions.
CREATE UNIQUE INDEX qnsp_jit_requests_pending
  ON qnsp_jit_requests (tenant_id, requester_id, resource_type, resource_id, permissions) WHERE status = 'pending';
-- Lists are counted, and statistics computed, without the rows.
CREATE INDEX qnsp_jit_requests_by_age
  ON qnsp_jit_requests (tenant_id, requested_at, id, status, resource_type, processed_at, processed_by);
CREATE INDEX qnsp_jit_requests_by_status ON qnsp_jit_requests (tenant_id, status, requested_at, id);
CREATE INDEX qnsp_jit_requests_by_requester ON qnsp_jit_requests (tenant_id, requester_id, requested_at, id, status);
CREATE INDEX qnsp_jit_requests_self_processed
  ON qnsp_jit_requests (tenant_id, self_processed_at) WHERE self_processed_at IS NOT NULL;

-- A grant is active while `revoked_at` is NULL and `expires_at` is later than now; nothing else ends one.
CREATE TABLE qnsp_jit_grants (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  grantee_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  -- `*` stands for all of the type.
  resource_id TEXT NOT NULL,
  -- A sorted JSON list; `*` stands for all.
  permissions TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_by TEXT,
  revoke_reason TEXT,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_jit_grants_of_resource
  ON qnsp_jit_grants (tenant_id, grantee_id, resource_type, resource_id, expires_at, id, permissions)
  WHERE revoked_at IS NULL;
CREATE INDEX qnsp_jit_grants_of_user ON qnsp_jit_grants (tenant_id, grantee_id, expires_at, id) WHERE revoked_at IS NULL;
CREATE INDEX qnsp_jit_grants_of_tenant ON qnsp_jit_grants (tenant_id, expires_at) WHERE revoked_at IS NULL;
CREATE INDEX qnsp_jit_grants_by_age ON qnsp_jit_grants (tenant_id, granted_at, id);

-- The last score of a user decides whether somebody must approve.
CREATE INDEX qnsp_evaluations_by_user ON qnsp_evaluations (tenant_id, user_id, at, id, score);
