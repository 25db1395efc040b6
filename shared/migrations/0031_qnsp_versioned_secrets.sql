-- QNSP vault: secrets with versions.

-- A secret with what its versions add up to: `last_version` of them were made, and those that are neither deprecated nor
-- destroyed are the active one. Triggers keep the counts.
CREATE TABLE qnsp_secrets (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_version INTEGER NOT NULL,
  active_version INTEGER,
  deprecated INTEGER NOT NULL,
  destroyed INTEGER NOT NULL,
  -- The retention policy as it is shown, a JSON object; NULL without one. What it says for statements follows.
  retention TEXT,
  max_versions INTEGER,
  -- Milliseconds.
  delete_after INTEGER,
  auto_destroy INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- `id` is random: the value is sealed for it, because the number is known to the database alone. `sealed_value` is sealed by
-- the tenant's data key until the version is destroyed.
CREATE TABLE qnsp_secret_versions (
  tenant_id TEXT NOT NULL,
  secret_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- active, deprecated, destroyed
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  -- A JSON object.
  metadata TEXT NOT NULL,
  sealed_value BLOB,
  -- The version whose value a rollback took.
  restores INTEGER,
  -- The latest change of the state.
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  PRIMARY KEY (tenant_id, secret_id, version)
) WITHOUT ROWID;
CREATE INDEX qnsp_secret_versions_by_state ON qnsp_secret_versions (tenant_id, secret_id, state, version);
CREATE INDEX qnsp_secret_versions_kept ON qnsp_secret_versions (tenant_id, secret_id, version) WHERE state <> 'destroyed';

-- What happened to a secret, numbered without a gap.
CREATE TABLE qnsp_secret_events (
  tenant_id TEXT NOT NULL,
  secret_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- created, read, deprecated, destroyed, rollback
  action TEXT NOT NULL,
  version INTEGER NOT NULL,
  actor TEXT NOT NULL,
  PRIMARY KEY (tenant_id, secret_id, number)
) WITHOUT ROWID;
CREATE INDEX qnsp_secret_events_by_time ON qnsp_secret_events (tenant_id, secret_id, at, number);

CREATE TABLE qnsp_secret_totals (
  tenant_id TEXT PRIMARY KEY,
  secrets INTEGER NOT NULL,
  active INTEGER NOT NULL,
  deprecated INTEGER NOT NULL,
  destroyed INTEGER NOT NULL
) WITHOUT ROWID;

-- A new version, and each change of a version's state, is an event of the secret and is counted.
CREATE TRIGGER qnsp_secret_version_made AFTER INSERT ON qnsp_secret_versions BEGIN UPDATE qnsp_secrets SET active_version = new.version WHERE tenant_id = new.tenant_id AND id = new.secret_id; INSERT INTO qnsp_secret_totals (tenant_id, secrets, active, deprecated, destroyed) VALUES (new.tenant_id, new.version = 1, 1, 0, 0) ON CONFLICT (tenant_id) DO UPDATE SET secrets = secrets + excluded.secrets, active = active + 1; INSERT INTO qnsp_secret_events (tenant_id, secret_id, number, at, id, action, version, actor) VALUES (new.tenant_id, new.secret_id, 1 + coalesce((SELECT max(number) FROM qnsp_secret_events WHERE tenant_id = new.tenant_id AND secret_id = new.secret_id), 0), new.changed_at, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), iif(new.restores IS NULL, 'created', 'rollback'), new.version, new.changed_by); END;
CREATE TRIGGER qnsp_secret_version_changed AFTER UPDATE OF state ON qnsp_secret_versions WHEN new.state <> old.state BEGIN UPDATE qnsp_secrets SET active_version = nullif(active_version, new.version), deprecated = deprecated + (new.state = 'deprecated') - (old.state = 'deprecated'), destroyed = destroyed + (new.state = 'destroyed'), updated_at = new.changed_at WHERE tenant_id = new.tenant_id AND id = new.secret_id; UPDATE qnsp_secret_totals SET active = active - (old.state = 'active'), deprecated = deprecated + (new.state = 'deprecated') - (old.state = 'deprecated'), destroyed = destroyed + (new.state = 'destroyed') WHERE tenant_id = new.tenant_id; INSERT INTO qnsp_secret_events (tenant_id, secret_id, number, at, id, action, version, actor) VALUES (new.tenant_id, new.secret_id, 1 + coalesce((SELECT max(number) FROM qnsp_secret_events WHERE tenant_id = new.tenant_id AND secret_id = new.secret_id), 0), new.changed_at, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), new.state, new.version, new.changed_by); END;

-- A secret takes its place in the quota with its first version, and gives it back when no version is left undestroyed.
CREATE TRIGGER qnsp_secret_begins AFTER INSERT ON qnsp_secrets BEGIN INSERT INTO qnsp_quotas (tenant_id, quota_type, used) VALUES (new.tenant_id, 'secrets', 1) ON CONFLICT (tenant_id, quota_type) DO UPDATE SET used = used + 1; INSERT INTO qnsp_quota_days (tenant_id, quota_type, day, value) SELECT tenant_id, quota_type, CAST(new.updated_at / 86400000 AS INTEGER), used FROM qnsp_quotas WHERE tenant_id = new.tenant_id AND quota_type = 'secrets' ON CONFLICT (tenant_id, quota_type, day) DO UPDATE SET value = excluded.value; END;
CREATE TRIGGER qnsp_secret_empties AFTER UPDATE OF last_version, destroyed ON qnsp_secrets WHEN (new.last_version = new.destroyed) <> (old.last_version = old.destroyed) BEGIN INSERT INTO qnsp_quotas (tenant_id, quota_type, used) VALUES (new.tenant_id, 'secrets', 1) ON CONFLICT (tenant_id, quota_type) DO UPDATE SET used = max(used + iif(new.last_version = new.destroyed, -1, 1), 0); INSERT INTO qnsp_quota_days (tenant_id, quota_type, day, value) SELECT tenant_id, quota_type, CAST(new.updated_at / 86400000 AS INTEGER), used FROM qnsp_quotas WHERE tenant_id = new.tenant_id AND quota_type = 'secrets' ON CONFLICT (tenant_id, quota_type, day) DO UPDATE SET value = excluded.value; END;
