-- Reads of secrets of the Config API, as they come: one row for all that a request has read. `secrets` is a JSON list of
-- [key, version]; `after` is the last row of config_audit when they were read, for the order within a millisecond. Reads from before
-- stay in config_audit.
CREATE TABLE config_reads (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL DEFAULT (lower(hex(randomblob(11)))),
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  performed_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  after INTEGER NOT NULL,
  secrets TEXT NOT NULL
);

-- The same by key, up to sixteen in a row. `reads` is a JSON list of [id, version, performedBy, at, after], `at` the time of the newest.
CREATE TABLE config_key_reads (
  seq INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  config_key TEXT NOT NULL,
  at INTEGER NOT NULL,
  reads TEXT NOT NULL
);
CREATE INDEX config_key_reads_by_key ON config_key_reads (tenant_id, project_id, config_key, at);

-- Moves what has come to the rows of the keys. With each read in an index of its own, a request would write a page for every secret.
CREATE TRIGGER config_reads_by_key AFTER INSERT ON config_reads WHEN new.seq >= 16 BEGIN INSERT INTO config_key_reads (tenant_id, project_id, config_key, at, reads) SELECT r.tenant_id, r.project_id, s.value ->> 0, max(r.at), json_group_array(json_array(r.id || printf('%02x', s.key), s.value ->> 1, r.performed_by, r.at, r.after)) FROM config_reads r, json_each(r.secrets) s GROUP BY 1, 2, 3; DELETE FROM config_reads; END;
