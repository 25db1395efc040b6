-- How long events are kept. Empty lists of event types and services mean all.
CREATE TABLE qnsp_retention_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  retention_period TEXT NOT NULL,
  retention_ms INTEGER NOT NULL,
  event_types TEXT NOT NULL,
  services TEXT NOT NULL,
  is_archived INTEGER NOT NULL,
  archive_destination TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) WITHOUT ROWID;
