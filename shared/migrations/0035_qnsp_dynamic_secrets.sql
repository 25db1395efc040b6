-- QNSP vault: dynamic secrets. What makes credentials, and who has some.

CREATE TABLE qnsp_dynamic_configs (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- database or api_key.
  type TEXT NOT NULL,
  -- postgres or api_key.
  backend TEXT NOT NULL,
  username_template TEXT NOT NULL,
  role_template TEXT,
  -- Milliseconds.
  default_ttl INTEGER NOT NULL,
  max_ttl INTEGER NOT NULL,
  -- JSON: the server, the account and the statements; NULL where there is no server.
  sealed_backend BLOB,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_dynamic_configs_by_name ON qnsp_dynamic_configs (tenant_id, name);
CREATE INDEX qnsp_dynamic_configs_by_age ON qnsp_dynamic_configs (tenant_id, created_at, id);

-- A lease is pending until its user is known to exist, and then active until `ends_at`.
CREATE TABLE qnsp_leases (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  config_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  is_pending INTEGER NOT NULL,
  username TEXT NOT NULL,
  -- SHA-256 of the password, in hexadecimal digits. Of an API key that is its hash in qnsp_keys.
  password_hash TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  max_expires_at INTEGER NOT NULL,
  -- When it ends: with its expiry or its revocation. A pending one ends when its call must be over.
  ends_at INTEGER NOT NULL,
  revoked_at INTEGER,
  -- It is one of the secrets that the quota counts.
  is_counted INTEGER NOT NULL,
  -- There may be a user of it on the server.
  has_user INTEGER NOT NULL,
  -- Until when removing the user is the business of one task.
  claimed_until INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_leases_by_age ON qnsp_leases (tenant_id, config_id, created_at, id);
CREATE INDEX qnsp_leases_by_end ON qnsp_leases (tenant_id, ends_at);
CREATE INDEX qnsp_leases_counted ON qnsp_leases (tenant_id, config_id, is_pending, ends_at) WHERE is_counted = 1;
CREATE INDEX qnsp_leases_counted_by_end ON qnsp_leases (tenant_id, ends_at) WHERE is_counted = 1;
CREATE INDEX qnsp_leases_with_user ON qnsp_leases (tenant_id, config_id, ends_at) WHERE has_user = 1;
CREATE INDEX qnsp_leases_by_password ON qnsp_leases (tenant_id, password_hash);

-- How many there are of a type, and how many leases were issued and revoked at all.
CREATE TABLE qnsp_dynamic_counts (
  tenant_id TEXT NOT NULL,
  -- A type of configurations, issued or revoked.
  counted TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, counted)
) WITHOUT ROWID;
