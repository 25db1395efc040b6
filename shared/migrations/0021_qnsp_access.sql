-- QNSP access control: policies, what was asked of them, and what is found of both.

-- `statement` is canonical JSON, `statement_hash` its SHA-256; `content_hash` is the same whatever the order of its lists.
-- Templates are stored and decide nothing.
CREATE TABLE qnsp_access_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  category TEXT NOT NULL,
  enforcement_level TEXT NOT NULL,
  version INTEGER NOT NULL,
  statement TEXT NOT NULL,
  statement_hash TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_access_policies_by_name ON qnsp_access_policies (tenant_id, name);
CREATE INDEX qnsp_access_policies_by_age ON qnsp_access_policies (tenant_id, created_at, id);

-- Under which keys a request finds the enforced policies that may apply to it, so that a decision reads few of many.
CREATE TABLE qnsp_access_keys (
  tenant_id TEXT NOT NULL,
  key TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, key, policy_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_access_keys_by_policy ON qnsp_access_keys (tenant_id, policy_id);

-- How many enforced policies a tenant has. Kept by triggers, whoever writes a policy.
CREATE TABLE qnsp_access_counts (
  tenant_id TEXT PRIMARY KEY,
  enforced INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER qnsp_access_policy_begins AFTER INSERT ON qnsp_access_policies WHEN new.enforcement_level = 'enforced' BEGIN INSERT INTO qnsp_access_counts (tenant_id, enforced) VALUES (new.tenant_id, 1) ON CONFLICT (tenant_id) DO UPDATE SET enforced = enforced + 1; END;
CREATE TRIGGER qnsp_access_policy_ends AFTER DELETE ON qnsp_access_policies WHEN old.enforcement_level = 'enforced' BEGIN UPDATE qnsp_access_counts SET enforced = enforced - 1 WHERE tenant_id = old.tenant_id; END;
CREATE TRIGGER qnsp_access_policy_changes AFTER UPDATE OF enforcement_level ON qnsp_access_policies WHEN new.enforcement_level <> old.enforcement_level BEGIN INSERT INTO qnsp_access_counts (tenant_id, enforced) VALUES (new.tenant_id, 1) ON CONFLICT (tenant_id) DO UPDATE SET enforced = enforced + iif(new.enforcement_level = 'enforced', 1, -1); END;

-- What is unusual, once per fingerprint. `severity` is 1 (low) to 4 (critical), `affected` a JSON list of resources.
CREATE TABLE qnsp_access_anomalies (
  tenant_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  severity INTEGER NOT NULL,
  description TEXT NOT NULL,
  affected TEXT NOT NULL,
  detected_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, fingerprint)
) WITHOUT ROWID;
CREATE INDEX qnsp_access_anomalies_by_time ON qnsp_access_anomalies (tenant_id, detected_at, id);

-- When a policy was changed in the last day.
CREATE TABLE qnsp_access_changes (
  tenant_id TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, policy_id, at, version)
) WITHOUT ROWID;

-- Three changes or more in a day are unusual.
CREATE TRIGGER qnsp_access_drifts AFTER INSERT ON qnsp_access_changes BEGIN INSERT INTO qnsp_access_anomalies (tenant_id, fingerprint, id, type, severity, description, affected, detected_at) SELECT new.tenant_id, 'policy_drift:' || new.policy_id, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), 'policy_drift', 1, 'Policy ' || name || ' was changed 3 times or more within 24 hours', statement -> '$.resources', new.at FROM qnsp_access_policies WHERE tenant_id = new.tenant_id AND id = new.policy_id AND (SELECT count(*) FROM qnsp_access_changes WHERE tenant_id = new.tenant_id AND policy_id = new.policy_id AND at > new.at - 86400000) >= 3 ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET affected = excluded.affected, description = iif(excluded.severity >= severity, excluded.description, description), severity = max(severity, excluded.severity); END;

-- What was simulated. `summary` is the JSON that is shown; of a batch `decisions` is, too.
CREATE TABLE qnsp_simulations (
  tenant_id TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  summary TEXT NOT NULL,
  decisions TEXT,
  PRIMARY KEY (tenant_id, requested_at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_simulations_by_time ON qnsp_simulations (requested_at);

-- How often a question was simulated on a UTC day, alone or in a batch, and how it was decided.
CREATE TABLE qnsp_access_questions (
  tenant_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  principal TEXT NOT NULL,
  resource TEXT NOT NULL,
  action TEXT NOT NULL,
  allowed INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, day, principal, resource, action)
) WITHOUT ROWID;
CREATE INDEX qnsp_access_questions_by_day ON qnsp_access_questions (day);

-- What was refused to a principal when it was really asked, in the last day: decisions, and checks of grants.
CREATE TABLE qnsp_access_refusals (
  tenant_id TEXT NOT NULL,
  principal TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  resource TEXT NOT NULL,
  PRIMARY KEY (tenant_id, principal, at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_access_refusals_by_time ON qnsp_access_refusals (at);

-- Five refusals or more of a principal within an hour are unusual, twenty or more are very unusual.
CREATE TRIGGER qnsp_access_refused AFTER INSERT ON qnsp_access_refusals BEGIN INSERT INTO qnsp_access_anomalies (tenant_id, fingerprint, id, type, severity, description, affected, detected_at) SELECT new.tenant_id, 'unusual_access:' || CAST(new.at / 86400000 AS INTEGER) || ':' || new.principal, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), 'unusual_access', iif(n >= 20, 3, 2), 'Access was refused to ' || new.principal || iif(n >= 20, ' 20', ' 5') || ' times or more within an hour', resources, new.at FROM (SELECT count(*) AS n, json_group_array(DISTINCT resource) AS resources FROM (SELECT resource FROM qnsp_access_refusals WHERE tenant_id = new.tenant_id AND principal = new.principal AND at > new.at - 3600000 ORDER BY at DESC LIMIT 20)) WHERE n >= 5 ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET affected = excluded.affected, description = iif(excluded.severity >= severity, excluded.description, description), severity = max(severity, excluded.severity); END;

-- Audits of isolation that this service has made. `checks` and `violations` are the JSON that was answered.
CREATE TABLE qnsp_access_audits (
  tenant_id TEXT NOT NULL,
  audited_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  status TEXT NOT NULL,
  checks TEXT NOT NULL,
  violations TEXT NOT NULL,
  PRIMARY KEY (tenant_id, audited_at, id)
) WITHOUT ROWID;

-- Up to which entry a tenant's audit log was verified.
CREATE TABLE qnsp_audit_verified (
  tenant_id TEXT PRIMARY KEY,
  entries INTEGER NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;

-- Events of a tenant that callers of other tenants have caused.
CREATE INDEX audit_events_of_others ON audit_entries (tenant_id, occurred_at, entry ->> '$.detail.actorTenant')
WHERE occurred_at IS NOT NULL AND entry ->> '$.detail.actorTenant' <> tenant_id;
