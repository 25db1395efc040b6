-- Tokens of the Config API, found by their SHA-256. A token is never changed but for its revocation.
CREATE TABLE config_tokens (
  token_hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  project_id TEXT,
  owner_id TEXT,
  owner_email TEXT,
  role TEXT NOT NULL,
  user_grant TEXT,
  scope TEXT,
  expires_at INTEGER,
  revoked_at INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX config_tokens_by_age ON config_tokens (created_at, id);

CREATE TABLE config_groups (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT,
  description_folded TEXT,
  tags TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_by TEXT NOT NULL,
  updated_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (tenant_id, project_id, key)
);

-- Every value is sealed; is_secret only says whether it is shown. So an item may become a secret at any time and
-- nothing of it has ever been stored in the clear.
CREATE TABLE config_items (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT,
  description_folded TEXT,
  sealed BLOB NOT NULL,
  value_type TEXT NOT NULL,
  is_secret INTEGER NOT NULL,
  version INTEGER NOT NULL,
  valued_by TEXT NOT NULL,
  valued_at INTEGER NOT NULL,
  tags TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_by TEXT NOT NULL,
  updated_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (tenant_id, project_id, key)
);
CREATE INDEX config_items_by_group ON config_items (group_id, key);

-- The values that an item had before the one it has.
CREATE TABLE config_item_versions (
  item_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  value_type TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (item_id, version)
);

-- The tags of groups and items, once more, so that they are found by index.
CREATE TABLE config_tags (
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, project_id, tag, owner_id)
) WITHOUT ROWID;
CREATE INDEX config_tags_by_owner ON config_tags (owner_id);

-- Only ever appended to. Values are sealed as the item's; one that is missing was a secret.
CREATE TABLE config_audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL DEFAULT (lower(hex(randomblob(12)))),
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  config_key TEXT NOT NULL,
  action TEXT NOT NULL,
  version INTEGER NOT NULL,
  performed_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  previous BLOB,
  new BLOB
);
CREATE INDEX config_audit_by_key ON config_audit (tenant_id, project_id, config_key, at, seq);
