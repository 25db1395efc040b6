-- The tenant of this deployment: one at most, because the row `installed` of `environment` comes with it.
CREATE TABLE tenants (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  dns TEXT NOT NULL COLLATE NOCASE,
  tag TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

-- A community with the key pair of its own; the private key is sealed under its tenant's data key.
CREATE TABLE communities (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL COLLATE NOCASE,
  contact TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  public_key TEXT NOT NULL,
  sealed_private_key BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (tenant_id, name)
);

-- Extensions of browsers, in whatever community: it need not be one of this deployment. `deactivated_at` is NULL while
-- one is active.
CREATE TABLE extensions (
  tenant_dns TEXT NOT NULL COLLATE NOCASE,
  community_name TEXT NOT NULL COLLATE NOCASE,
  extension_id TEXT NOT NULL,
  activated_at INTEGER NOT NULL,
  activated_by TEXT NOT NULL,
  metadata TEXT,
  deactivated_at INTEGER,
  deactivated_by TEXT,
  PRIMARY KEY (tenant_dns, community_name, extension_id)
) WITHOUT ROWID;
