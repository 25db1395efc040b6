-- Reads of secrets of the Config API since the last entry of config_audit: one row for all that a request has read. `secrets` is a
-- JSON list of [key, version].
CREATE TABLE config_reads (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL DEFAULT (lower(hex(randomblob(11)))),
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  performed_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  secrets TEXT NOT NULL
);

-- They become entries sixteen requests at a time, or before the next change, so that `seq` is the order in which all happened. One
-- request at a time would write a page of config_audit_by_key for every secret.
CREATE TRIGGER config_reads_together AFTER INSERT ON config_reads WHEN new.seq >= 16 BEGIN INSERT INTO config_audit (id, tenant_id, project_id, config_key, action, version, performed_by, at) SELECT r.id || printf('%02x', s.key), r.tenant_id, r.project_id, s.value ->> 0, 'read', s.value ->> 1, r.performed_by, r.at FROM config_reads r, json_each(r.secrets) s ORDER BY r.tenant_id, r.project_id, s.value ->> 0, r.seq; DELETE FROM config_reads; END;
CREATE TRIGGER config_reads_before BEFORE INSERT ON config_audit WHEN new.action <> 'read' AND EXISTS (SELECT 1 FROM config_reads) BEGIN INSERT INTO config_audit (id, tenant_id, project_id, config_key, action, version, performed_by, at) SELECT r.id || printf('%02x', s.key), r.tenant_id, r.project_id, s.value ->> 0, 'read', s.value ->> 1, r.performed_by, r.at FROM config_reads r, json_each(r.secrets) s ORDER BY r.tenant_id, r.project_id, s.value ->> 0, r.seq; DELETE FROM config_reads; END;
