-- Events are listed by entry and by type, and counted with their sizes by the time at which they happened. An erased
-- event has no id any more, so that it stands in none of these.
CREATE INDEX audit_events ON audit_entries (tenant_id, leaf_index) WHERE event_id IS NOT NULL;
CREATE INDEX audit_events_by_type ON audit_entries (tenant_id, action, leaf_index) WHERE event_id IS NOT NULL;
