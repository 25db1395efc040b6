-- One log for all functions: what was changed, which secrets were read and what was refused. The entries of a tenant are
-- numbered without a gap, and `entry` is the text whose hash is a leaf of the tenant's tree; the columns before it only
-- help to find it. Rows are only ever appended.
ALTER TABLE audit_entries RENAME TO audit_entries_before;
DROP INDEX audit_entries_by_tenant;
CREATE TABLE audit_entries (
  tenant_id TEXT NOT NULL,
  leaf_index INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  outcome TEXT NOT NULL,
  value_hash TEXT,
  entry TEXT NOT NULL,
  PRIMARY KEY (tenant_id, leaf_index)
) WITHOUT ROWID;
CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor, leaf_index);
CREATE INDEX audit_entries_by_subject ON audit_entries (tenant_id, subject, leaf_index);
CREATE INDEX audit_entries_by_value ON audit_entries (tenant_id, value_hash, leaf_index) WHERE value_hash IS NOT NULL;
INSERT INTO audit_entries (tenant_id, leaf_index, at, actor, action, subject, outcome, entry)
SELECT tenant_id, n, at, actor, action, subject, 'done', json_object('tenant', tenant_id, 'index', n, 'at', at,
  'actor', actor, 'action', action, 'subject', subject, 'requestId', request_id, 'outcome', 'done', 'detail', NULL)
FROM (SELECT *, row_number() OVER (PARTITION BY tenant_id ORDER BY seq) - 1 AS n FROM audit_entries_before);
DROP TABLE audit_entries_before;

-- Roots of the complete subtrees of 256 leaves (level 8) and of all that lie above them.
CREATE TABLE audit_nodes (
  tenant_id TEXT NOT NULL,
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (tenant_id, level, position)
) WITHOUT ROWID;

-- Signed statements that a tree of this size has this root.
CREATE TABLE audit_checkpoints (
  tenant_id TEXT NOT NULL,
  tree_size INTEGER NOT NULL,
  root_hash BLOB NOT NULL,
  at INTEGER NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (tenant_id, tree_size)
) WITHOUT ROWID;
