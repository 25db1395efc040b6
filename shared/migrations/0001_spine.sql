-- Licence keys. The secret is found by a keyed hash and kept sealed; it is never stored in the clear.
CREATE TABLE service_keys (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  tag TEXT NOT NULL UNIQUE,
  key_id TEXT NOT NULL UNIQUE,
  secret_hash TEXT NOT NULL UNIQUE,
  sealed_secret BLOB NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL,
  auth_level TEXT NOT NULL,
  modules TEXT NOT NULL DEFAULT '{}',
  description TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX service_keys_by_level ON service_keys (auth_level);

-- Which licence is authorised in which community.
CREATE TABLE key_authorizations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  key_seq INTEGER NOT NULL REFERENCES service_keys (seq) ON DELETE CASCADE,
  community_id TEXT NOT NULL,
  community_name TEXT,
  is_authorized INTEGER NOT NULL DEFAULT 1,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (key_seq, community_id)
);
CREATE INDEX key_authorizations_by_community ON key_authorizations (community_id, seq);

-- One data key per tenant, wrapped by a root key. `licensing` is the tenant of licence secrets.
CREATE TABLE data_keys (
  tenant_id TEXT PRIMARY KEY,
  root_key_id TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX data_keys_by_root_key ON data_keys (root_key_id);

CREATE TABLE secrets (
  tenant_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_by TEXT NOT NULL,
  created_ts INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, community_id, tag)
);

-- A name without a URL has been removed and hides the built-in default of that name.
CREATE TABLE service_directory (
  name TEXT PRIMARY KEY,
  url TEXT
);

CREATE TABLE environment (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- One row per signed request: its replay mark and who it was. `caller` is computed by the statement that
-- inserts the mark; when the caller may not do what the request asks, it is NULL and the whole batch fails.
CREATE TABLE request_marks (
  mark TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  caller TEXT NOT NULL,
  level TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX request_marks_by_expiry ON request_marks (expires_at);

-- Who changed what and when. Never a value.
CREATE TABLE audit_entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  request_id TEXT NOT NULL
);
CREATE INDEX audit_entries_by_tenant ON audit_entries (tenant_id, seq);
