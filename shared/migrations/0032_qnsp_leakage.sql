-- QNSP vault: what is looked for outside, where, and what was found.

-- Lists and the statements of `sources` are JSON. A source names the secret whose active version is the token.
CREATE TABLE qnsp_leakage_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  patterns TEXT NOT NULL,
  pattern_count INTEGER NOT NULL,
  targets TEXT NOT NULL,
  -- alert, rotate, revoke
  on_detection TEXT NOT NULL,
  channels TEXT NOT NULL,
  sources TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_leakage_policies_by_name ON qnsp_leakage_policies (tenant_id, name);
CREATE INDEX qnsp_leakage_policies_by_age ON qnsp_leakage_policies (tenant_id, created_at, id);

-- `place` is the location without its line, where a scan has found the incident; NULL for what was reported. `channels` are
-- those that are told of it.
CREATE TABLE qnsp_leakage_incidents (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  detected_at INTEGER NOT NULL,
  secret_id TEXT NOT NULL,
  source TEXT NOT NULL,
  location TEXT NOT NULL,
  place TEXT,
  -- low, medium, high, critical
  severity TEXT NOT NULL,
  -- open, investigating, resolved, false_positive
  status TEXT NOT NULL,
  resolution TEXT,
  -- A JSON object, never with the text that was found.
  details TEXT NOT NULL,
  channels TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_leakage_incidents_by_time ON qnsp_leakage_incidents (tenant_id, detected_at, id);
CREATE INDEX qnsp_leakage_incidents_by_status ON qnsp_leakage_incidents (tenant_id, status, detected_at, id);
CREATE INDEX qnsp_leakage_incidents_by_severity ON qnsp_leakage_incidents (tenant_id, severity, detected_at, id);
CREATE INDEX qnsp_leakage_incidents_of_secret ON qnsp_leakage_incidents (tenant_id, secret_id, detected_at, id);
CREATE UNIQUE INDEX qnsp_leakage_incidents_of_place ON qnsp_leakage_incidents (tenant_id, secret_id, source, place) WHERE place IS NOT NULL AND status IN ('open', 'investigating');

-- What was done about an incident, numbered without a gap.
CREATE TABLE qnsp_leakage_steps (
  tenant_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  -- created, updated, rotated, revoked, delivered, undeliverable
  event TEXT NOT NULL,
  from_status TEXT,
  to_status TEXT,
  notes TEXT,
  PRIMARY KEY (tenant_id, incident_id, number)
) WITHOUT ROWID;

-- How many incidents there are of each status, severity and source.
CREATE TABLE qnsp_leakage_counts (
  tenant_id TEXT NOT NULL,
  -- status, severity, source
  dimension TEXT NOT NULL,
  name TEXT NOT NULL,
  incidents INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, dimension, name)
) WITHOUT ROWID;

CREATE TRIGGER qnsp_leakage_incident_made AFTER INSERT ON qnsp_leakage_incidents BEGIN INSERT INTO qnsp_leakage_steps (tenant_id, incident_id, number, at, actor, event, to_status) VALUES (new.tenant_id, new.id, 1, new.created_at, new.created_by, 'created', new.status); INSERT INTO qnsp_leakage_counts (tenant_id, dimension, name, incidents) VALUES (new.tenant_id, 'status', new.status, 1), (new.tenant_id, 'severity', new.severity, 1), (new.tenant_id, 'source', new.source, 1) ON CONFLICT (tenant_id, dimension, name) DO UPDATE SET incidents = incidents + 1; INSERT INTO qnsp_notifications (tenant_id, id, url, body, next_at) SELECT new.tenant_id, new.id || '/' || c.key, c.value, json_object('event', 'leakage.incident', 'incidentId', new.id, 'severity', new.severity, 'source', new.source, 'location', new.location), new.created_at FROM json_each(new.channels) c WHERE lower(substr(c.value, 1, 4)) = 'http'; END;
CREATE TRIGGER qnsp_leakage_incident_changed AFTER UPDATE OF status ON qnsp_leakage_incidents WHEN new.status <> old.status BEGIN UPDATE qnsp_leakage_counts SET incidents = incidents - 1 WHERE tenant_id = new.tenant_id AND dimension = 'status' AND name = old.status; INSERT INTO qnsp_leakage_counts (tenant_id, dimension, name, incidents) VALUES (new.tenant_id, 'status', new.status, 1) ON CONFLICT (tenant_id, dimension, name) DO UPDATE SET incidents = incidents + 1; END;

-- `rules` are the policies as they were when the scan was asked for; `work` is what is still to be looked at. Both are JSON.
-- A step of the scan belongs to who has claimed it, until `claimed_until`.
CREATE TABLE qnsp_leakage_scans (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- queued, running, completed, failed
  status TEXT NOT NULL,
  rules TEXT NOT NULL,
  work TEXT NOT NULL,
  files_known INTEGER NOT NULL,
  files_done INTEGER NOT NULL,
  repositories_read INTEGER NOT NULL,
  findings INTEGER NOT NULL,
  skipped TEXT NOT NULL,
  reason TEXT,
  started_at INTEGER,
  completed_at INTEGER,
  claim TEXT,
  -- How often a step was begun since the last one that ended.
  tries INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL,
  -- A host has asked to be left alone until then.
  paused_until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

CREATE INDEX qnsp_secrets_by_age ON qnsp_secrets (tenant_id, created_at, id);
