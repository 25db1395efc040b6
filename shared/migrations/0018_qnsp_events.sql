-- Events are listed by entry and by type, and counted with their sizes by the time at which they happened. An erased
-- event has no such time any more, so that it stands in none of these. The time stands in each, so that what a query asks
-- of it is answered without the entry.
CREATE INDEX audit_events ON audit_entries (tenant_id, leaf_index, occurred_at) WHERE occurred_at IS NOT NULL;
CREATE INDEX audit_events_by_type ON audit_entries (tenant_id, action, leaf_index, occurred_at)
WHERE occurred_at IS NOT NULL;

-- The size of an entry in bytes stands in the index, so that events are counted without being read.
DROP INDEX audit_entries_by_occurrence;
CREATE INDEX audit_events_by_time ON audit_entries (tenant_id, occurred_at, action, length(CAST(entry AS BLOB)))
WHERE occurred_at IS NOT NULL;

-- Events that were erased from the log, as they were, sealed: by the label of the policy that has archived them.
CREATE TABLE qnsp_event_archive (
  tenant_id TEXT NOT NULL,
  destination TEXT NOT NULL,
  leaf_index INTEGER NOT NULL,
  sealed_entry BLOB NOT NULL,
  PRIMARY KEY (tenant_id, destination, leaf_index)
) WITHOUT ROWID;

-- What cleanups have erased of a tenant's events.
CREATE TABLE qnsp_retention_savings (
  tenant_id TEXT PRIMARY KEY,
  events INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
