-- QNSP storage: documents, how they are classified, how long they are kept, and where their copies are.

-- A document with its latest version, for whose `version_id` the content is sealed.
CREATE TABLE qnsp_documents (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  bucket TEXT NOT NULL,
  name TEXT NOT NULL,
  region TEXT NOT NULL,
  -- Of the first version.
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  version_id TEXT NOT NULL,
  -- Of the latest version, and of all of them, in bytes.
  size INTEGER NOT NULL,
  total_size INTEGER NOT NULL,
  -- 0 unclassified, 1 public, 2 internal, 3 confidential, 4 restricted
  level INTEGER NOT NULL,
  -- The sum of 1 pii, 2 phi, 4 pci, 8 custom
  data_types INTEGER NOT NULL,
  -- How many of the policies that apply themselves the latest version was tested with.
  applied INTEGER NOT NULL,
  is_archived INTEGER NOT NULL,
  -- Whether the end of its retention was told.
  is_notified INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_documents_by_name ON qnsp_documents (tenant_id, bucket, name);
CREATE INDEX qnsp_documents_by_age ON qnsp_documents (tenant_id, created_at, id);
CREATE INDEX qnsp_documents_by_level ON qnsp_documents (tenant_id, level, bucket, name);
CREATE INDEX qnsp_documents_by_applied ON qnsp_documents (tenant_id, applied, id);

-- `checksum` is keyed: the content cannot be guessed from it.
CREATE TABLE qnsp_document_versions (
  tenant_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  size INTEGER NOT NULL,
  checksum BLOB NOT NULL,
  -- A JSON object.
  metadata TEXT NOT NULL,
  sealed_content BLOB NOT NULL,
  PRIMARY KEY (tenant_id, document_id, version)
) WITHOUT ROWID;

-- How many documents a bucket has. Triggers count them.
CREATE TABLE qnsp_buckets (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  documents INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;

CREATE TABLE qnsp_document_totals (
  tenant_id TEXT PRIMARY KEY,
  documents INTEGER NOT NULL,
  public INTEGER NOT NULL,
  internal INTEGER NOT NULL,
  confidential INTEGER NOT NULL,
  restricted INTEGER NOT NULL,
  pii INTEGER NOT NULL,
  phi INTEGER NOT NULL,
  pci INTEGER NOT NULL
) WITHOUT ROWID;

-- Policies of classification. Those that apply themselves are numbered from 1 on.
CREATE TABLE qnsp_classification_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  -- A JSON list.
  rules TEXT NOT NULL,
  rule_count INTEGER NOT NULL,
  -- What the patterns compile to, in bytes.
  size INTEGER NOT NULL,
  auto_number INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_classification_policies_by_name ON qnsp_classification_policies (tenant_id, name);
CREATE INDEX qnsp_classification_policies_by_age ON qnsp_classification_policies (tenant_id, created_at, id, name, rule_count, auto_number);
CREATE UNIQUE INDEX qnsp_classification_policies_by_number ON qnsp_classification_policies (tenant_id, auto_number) WHERE auto_number IS NOT NULL;

-- Scans with the rules that their policies had when they were asked for. They look at the documents that there were, in the
-- order of (created_at, id), and have come to `cursor_at`, `cursor_id`.
CREATE TABLE qnsp_classification_scans (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- JSON lists; empty ones for everything.
  buckets TEXT NOT NULL,
  prefixes TEXT NOT NULL,
  rules TEXT NOT NULL,
  size INTEGER NOT NULL,
  -- queued, running, completed
  status TEXT NOT NULL,
  cursor_at INTEGER NOT NULL,
  cursor_id TEXT NOT NULL,
  objects_scanned INTEGER NOT NULL,
  objects_classified INTEGER NOT NULL,
  started_at INTEGER,
  completed_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_classification_scans_pending ON qnsp_classification_scans (tenant_id, created_at, id) WHERE status <> 'completed';

-- Retention. `cursor_at`, `cursor_id` say up to which document, in the order of (created_at, id), its end was looked at.
CREATE TABLE qnsp_storage_retention (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- As it was written, and in milliseconds.
  retention_period TEXT NOT NULL,
  period INTEGER NOT NULL,
  -- A JSON list; an empty one for all.
  buckets TEXT NOT NULL,
  -- The sum of 1 << level; 0 for all documents.
  levels INTEGER NOT NULL,
  -- 0 delete, 1 archive, 2 notify
  on_expiry INTEGER NOT NULL,
  cursor_at INTEGER NOT NULL,
  cursor_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_storage_retention_by_name ON qnsp_storage_retention (tenant_id, name);

-- Legal holds. `is_over` says that one which ended by itself was noticed.
CREATE TABLE qnsp_holds (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  name TEXT NOT NULL,
  reason TEXT NOT NULL,
  expires_at INTEGER,
  released_at INTEGER,
  release_reason TEXT,
  is_over INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_holds_by_name ON qnsp_holds (tenant_id, name) WHERE released_at IS NULL;
CREATE INDEX qnsp_holds_by_end ON qnsp_holds (tenant_id, expires_at) WHERE expires_at IS NOT NULL AND NOT is_over;

-- What is held: `object/<id>` or `bucket/<name>`, until the hold ends, which is 2^53 - 1 for one without an end.
CREATE TABLE qnsp_held (
  tenant_id TEXT NOT NULL,
  target TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, target, hold_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_held_by_hold ON qnsp_held (tenant_id, hold_id);

-- Documents with the policy that keeps them: of those with the longest period the strictest. `held_until` is 0 without a hold.
CREATE VIEW qnsp_kept_documents AS SELECT d.*, r.id AS policy_id, r.on_expiry, d.created_at + r.period AS retain_until, coalesce((SELECT max(h.until) FROM qnsp_held h WHERE h.tenant_id = d.tenant_id AND h.target IN ('object/' || d.id, 'bucket/' || d.bucket)), 0) AS held_until FROM qnsp_documents d LEFT JOIN qnsp_storage_retention r ON r.tenant_id = d.tenant_id AND r.id = (SELECT p.id FROM qnsp_storage_retention p WHERE p.tenant_id = d.tenant_id AND (p.buckets = '[]' OR EXISTS (SELECT 1 FROM json_each(p.buckets) b WHERE b.value = d.bucket)) AND (p.levels = 0 OR (d.level > 0 AND (p.levels >> d.level) & 1)) ORDER BY p.period DESC, p.on_expiry, p.id LIMIT 1);

-- Where documents of a region are copied to. `pending` copies were not acknowledged; triggers count them.
CREATE TABLE qnsp_replications (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  source_region TEXT NOT NULL,
  -- JSON lists; empty ones of buckets and prefixes for everything.
  destination_regions TEXT NOT NULL,
  buckets TEXT NOT NULL,
  prefixes TEXT NOT NULL,
  -- sync, async
  mode TEXT NOT NULL,
  encryption_at_rest INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_replications_by_name ON qnsp_replications (tenant_id, name);
CREATE INDEX qnsp_replications_by_age ON qnsp_replications (tenant_id, created_at, id);
CREATE INDEX qnsp_replications_by_source ON qnsp_replications (tenant_id, source_region);

-- The latest version of a document as it is to be copied to a region, once for each configuration.
CREATE TABLE qnsp_replication_copies (
  tenant_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  region TEXT NOT NULL,
  configuration_id TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  acknowledged_at INTEGER,
  PRIMARY KEY (tenant_id, document_id, region, configuration_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_replication_copies_pending ON qnsp_replication_copies (tenant_id, configuration_id, written_at) WHERE acknowledged_at IS NULL;

-- The latest 100 acknowledgements of each region.
CREATE TABLE qnsp_replication_acknowledgements (
  tenant_id TEXT NOT NULL,
  region TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- Milliseconds since the version was written.
  latency INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, region, at, id)
) WITHOUT ROWID;

-- Documents are counted by bucket, level and type of data.
CREATE TRIGGER qnsp_document_made AFTER INSERT ON qnsp_documents BEGIN INSERT INTO qnsp_buckets (tenant_id, name, documents) VALUES (new.tenant_id, new.bucket, 1) ON CONFLICT (tenant_id, name) DO UPDATE SET documents = documents + 1; INSERT INTO qnsp_document_totals (tenant_id, documents, public, internal, confidential, restricted, pii, phi, pci) VALUES (new.tenant_id, 1, new.level = 1, new.level = 2, new.level = 3, new.level = 4, new.data_types & 1, new.data_types >> 1 & 1, new.data_types >> 2 & 1) ON CONFLICT (tenant_id) DO UPDATE SET documents = documents + 1, public = public + excluded.public, internal = internal + excluded.internal, confidential = confidential + excluded.confidential, restricted = restricted + excluded.restricted, pii = pii + excluded.pii, phi = phi + excluded.phi, pci = pci + excluded.pci; END;
CREATE TRIGGER qnsp_document_classified AFTER UPDATE OF level, data_types ON qnsp_documents WHEN new.level <> old.level OR new.data_types <> old.data_types BEGIN UPDATE qnsp_document_totals SET public = public + (new.level = 1) - (old.level = 1), internal = internal + (new.level = 2) - (old.level = 2), confidential = confidential + (new.level = 3) - (old.level = 3), restricted = restricted + (new.level = 4) - (old.level = 4), pii = pii + (new.data_types & 1) - (old.data_types & 1), phi = phi + (new.data_types >> 1 & 1) - (old.data_types >> 1 & 1), pci = pci + (new.data_types >> 2 & 1) - (old.data_types >> 2 & 1) WHERE tenant_id = new.tenant_id; UPDATE qnsp_storage_retention SET cursor_at = new.created_at - 1, cursor_id = '' WHERE tenant_id = new.tenant_id AND cursor_at >= new.created_at; END;

-- What belongs to a document goes with it.
CREATE TRIGGER qnsp_document_deleted AFTER DELETE ON qnsp_documents BEGIN UPDATE qnsp_buckets SET documents = documents - 1 WHERE tenant_id = old.tenant_id AND name = old.bucket; DELETE FROM qnsp_buckets WHERE tenant_id = old.tenant_id AND name = old.bucket AND documents <= 0; UPDATE qnsp_document_totals SET documents = documents - 1, public = public - (old.level = 1), internal = internal - (old.level = 2), confidential = confidential - (old.level = 3), restricted = restricted - (old.level = 4), pii = pii - (old.data_types & 1), phi = phi - (old.data_types >> 1 & 1), pci = pci - (old.data_types >> 2 & 1) WHERE tenant_id = old.tenant_id; DELETE FROM qnsp_document_versions WHERE tenant_id = old.tenant_id AND document_id = old.id; DELETE FROM qnsp_replication_copies WHERE tenant_id = old.tenant_id AND document_id = old.id; DELETE FROM qnsp_held WHERE tenant_id = old.tenant_id AND target = 'object/' || old.id; END;

CREATE TRIGGER qnsp_copy_made AFTER INSERT ON qnsp_replication_copies WHEN new.acknowledged_at IS NULL BEGIN UPDATE qnsp_replications SET pending = pending + 1 WHERE tenant_id = new.tenant_id AND id = new.configuration_id; END;
CREATE TRIGGER qnsp_copy_changed AFTER UPDATE OF acknowledged_at ON qnsp_replication_copies WHEN (new.acknowledged_at IS NULL) <> (old.acknowledged_at IS NULL) BEGIN UPDATE qnsp_replications SET pending = pending + iif(new.acknowledged_at IS NULL, 1, -1) WHERE tenant_id = new.tenant_id AND id = new.configuration_id; END;
CREATE TRIGGER qnsp_copy_deleted AFTER DELETE ON qnsp_replication_copies WHEN old.acknowledged_at IS NULL BEGIN UPDATE qnsp_replications SET pending = pending - 1 WHERE tenant_id = old.tenant_id AND id = old.configuration_id; END;
