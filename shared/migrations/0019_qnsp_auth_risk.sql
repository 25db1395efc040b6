-- QNSP auth: the risk of sign-ins, policies, and what identity providers report. Signals get indexes that hold all that
-- lists and counts ask for.
DROP INDEX qnsp_signals_by_user;
DROP INDEX qnsp_signals_by_address;
CREATE INDEX qnsp_signals_by_user ON qnsp_signals (tenant_id, user_id, recorded_at, id, signal_type, severity);
CREATE INDEX qnsp_signals_by_address ON qnsp_signals (tenant_id, address, recorded_at, severity) WHERE address IS NOT NULL;
CREATE INDEX qnsp_signals_of_tenant ON qnsp_signals (tenant_id, recorded_at, signal_type, severity);

-- What an administrator wants done about risks. `conditions` and `actions` are JSON; the last three are JSON of SDKs.
CREATE TABLE qnsp_risk_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- In lower case: two policies of a tenant differ in more than case.
  name_key TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  conditions TEXT NOT NULL,
  actions TEXT NOT NULL,
  rules TEXT,
  thresholds TEXT,
  level_actions TEXT,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_risk_policies_by_name ON qnsp_risk_policies (tenant_id, name_key);
CREATE INDEX qnsp_risk_policies_by_age ON qnsp_risk_policies (tenant_id, created_at, id, enabled);

-- Evaluated sign-ins. `factors` is the JSON that was answered, `factor_kinds` the list that is counted.
CREATE TABLE qnsp_evaluations (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  country TEXT,
  latitude REAL,
  longitude REAL,
  fingerprint TEXT,
  score REAL NOT NULL,
  level TEXT NOT NULL,
  factors TEXT NOT NULL,
  factor_kinds TEXT NOT NULL,
  recommendation TEXT NOT NULL,
  challenge_type TEXT,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_evaluations_by_time ON qnsp_evaluations (at);

-- What the evaluations of a user say together: `user` that there was one, `fingerprint` and `country` each value once,
-- `place` the last coordinates. `at` is the time of the last evaluation that said so.
CREATE TABLE qnsp_risk_known (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  latitude REAL,
  longitude REAL,
  PRIMARY KEY (tenant_id, user_id, kind, value)
) WITHOUT ROWID;
CREATE INDEX qnsp_risk_known_by_time ON qnsp_risk_known (at);

-- Evaluations and signals of a UTC hour: by `level`, `recommendation` and `factor`, and `signal` by type and severity.
CREATE TABLE qnsp_risk_hours (
  tenant_id TEXT NOT NULL,
  hour INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour, kind, name)
) WITHOUT ROWID;
CREATE INDEX qnsp_risk_hours_by_time ON qnsp_risk_hours (hour);

-- What identity providers reported. `source_tenant` and `target_tenant` are set where another tenant than that of the row
-- is one of them.
CREATE TABLE qnsp_federation_events (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  provider TEXT NOT NULL,
  user_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  source_tenant TEXT,
  target_tenant TEXT,
  metadata TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
-- Metadata may be long: lists, counts and reports find in these indexes all that they filter and count by.
CREATE INDEX qnsp_federation_events_of_tenant
  ON qnsp_federation_events (tenant_id, recorded_at, id, event_type, provider, user_id, outcome);
CREATE INDEX qnsp_federation_events_by_user
  ON qnsp_federation_events (tenant_id, user_id, recorded_at, id, event_type, provider, outcome);
CREATE INDEX qnsp_federation_events_across
  ON qnsp_federation_events (tenant_id, recorded_at, source_tenant, target_tenant) WHERE source_tenant IS NOT NULL;
CREATE INDEX qnsp_federation_events_across_all
  ON qnsp_federation_events (recorded_at, source_tenant, target_tenant) WHERE source_tenant IS NOT NULL;
CREATE INDEX qnsp_federation_events_by_time ON qnsp_federation_events (recorded_at);

-- The providers that were heard of, with their last event.
CREATE TABLE qnsp_federation_providers (
  tenant_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, provider)
) WITHOUT ROWID;
CREATE INDEX qnsp_federation_providers_by_time ON qnsp_federation_providers (at);

-- Reports over those events. `counts` is what was counted when the report was completed; it never changes.
CREATE TABLE qnsp_federation_reports (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  report_type TEXT NOT NULL,
  format TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  -- A JSON list; an empty one means all.
  providers TEXT NOT NULL,
  completed_at INTEGER,
  counts TEXT,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_federation_reports_by_age ON qnsp_federation_reports (tenant_id, created_at, id);
CREATE INDEX qnsp_federation_reports_pending ON qnsp_federation_reports (tenant_id, created_at) WHERE completed_at IS NULL;
-- A download names a report alone.
CREATE UNIQUE INDEX qnsp_federation_reports_by_id ON qnsp_federation_reports (id);
