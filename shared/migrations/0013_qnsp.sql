-- The QNSP API: tenants, their keys, and what every call counts.
CREATE TABLE qnsp_tenants (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  admin_email TEXT,
  tier TEXT NOT NULL,
  -- A JSON list.
  add_ons TEXT NOT NULL DEFAULT '[]',
  -- Calls a minute; NULL means the deployment's default.
  rate_limit INTEGER,
  -- Cents, for the tiers whose fee is agreed.
  monthly_fee INTEGER NOT NULL DEFAULT 0,
  suspended_at INTEGER,
  sealed_webhook_secret BLOB,
  -- The user that onboarding has registered.
  admin_user TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- An API key by its SHA-256. Only its revocation ever changes.
CREATE TABLE qnsp_keys (
  key_hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant_id TEXT NOT NULL REFERENCES qnsp_tenants (id),
  user_id TEXT NOT NULL,
  -- A JSON list.
  roles TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX qnsp_keys_by_tenant ON qnsp_keys (tenant_id, created_at, id);

-- The calls of a UTC minute, for the rate limit of the token's tenant and for what is computed of calls.
CREATE TABLE qnsp_minutes (
  tenant_id TEXT NOT NULL,
  minute INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, minute)
) WITHOUT ROWID;
CREATE INDEX qnsp_minutes_by_time ON qnsp_minutes (minute);

-- What a tenant uses of a quota now.
CREATE TABLE qnsp_quotas (
  tenant_id TEXT NOT NULL,
  quota_type TEXT NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, quota_type)
) WITHOUT ROWID;

-- The value of a quota at the end of a UTC day; of what is counted by day or month, the day's increment.
CREATE TABLE qnsp_quota_days (
  tenant_id TEXT NOT NULL,
  quota_type TEXT NOT NULL,
  day INTEGER NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, quota_type, day)
) WITHOUT ROWID;

-- One event per billed call, and the sum of a UTC day.
CREATE TABLE qnsp_meters (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  operation TEXT NOT NULL,
  quantity REAL NOT NULL,
  request_id TEXT,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;
CREATE TABLE qnsp_meter_days (
  tenant_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  operation TEXT NOT NULL,
  quantity REAL NOT NULL,
  PRIMARY KEY (tenant_id, day, operation)
) WITHOUT ROWID;

-- An Idempotency-Key: the body that came with it as a keyed hash, and the sealed answer. The answer is NULL while it is
-- not known yet.
CREATE TABLE qnsp_idempotency (
  tenant_id TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  status INTEGER,
  sealed_answer BLOB,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, route, key)
) WITHOUT ROWID;
CREATE INDEX qnsp_idempotency_by_expiry ON qnsp_idempotency (expires_at);

-- An entry whose text was erased keeps its leaf: `entry` is then the JSON text `null`. An event is an entry with an id of
-- its own; it may have happened before it was recorded.
ALTER TABLE audit_entries ADD COLUMN leaf_hash BLOB;
ALTER TABLE audit_entries ADD COLUMN event_id TEXT;
ALTER TABLE audit_entries ADD COLUMN occurred_at INTEGER;
ALTER TABLE audit_entries ADD COLUMN request_id TEXT;
CREATE UNIQUE INDEX audit_entries_by_event ON audit_entries (tenant_id, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX audit_entries_by_occurrence ON audit_entries (tenant_id, occurred_at, leaf_index) WHERE event_id IS NOT NULL;
CREATE INDEX audit_entries_by_request ON audit_entries (tenant_id, request_id) WHERE request_id IS NOT NULL;
