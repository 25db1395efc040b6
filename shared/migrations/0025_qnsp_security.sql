-- QNSP security monitoring: playbooks, the graph of assets, compliance.

-- Assets that somebody has named. Others are derived from what services record, and are no rows.
CREATE TABLE qnsp_assets (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  exposure TEXT NOT NULL,
  -- A JSON list.
  flags TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- Directed. Either end may be a derived asset.
CREATE TABLE qnsp_asset_connections (
  tenant_id TEXT NOT NULL,
  source_id TEXT NOT NULL,
  target_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant_id, source_id, target_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_asset_connections_by_id ON qnsp_asset_connections (tenant_id, id);
CREATE INDEX qnsp_asset_connections_by_target ON qnsp_asset_connections (tenant_id, target_id);

-- Analyses, simulations and assessments, kept for 30 days: what was asked, and what was answered, as JSON.
CREATE TABLE qnsp_security_results (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_security_results_by_time ON qnsp_security_results (at);

-- Controls besides the built-in ones. Lists are JSON.
CREATE TABLE qnsp_compliance_controls (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  framework TEXT NOT NULL,
  control_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  requirements TEXT NOT NULL,
  checks TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_compliance_controls_by_framework
  ON qnsp_compliance_controls (tenant_id, framework, control_id);

-- What is done when something happens. `trigger` and `actions` are the JSON that is shown; `next_index` is the place in the
-- audit log from which on events were not held against the trigger.
CREATE TABLE qnsp_playbooks (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  trigger_conditions TEXT NOT NULL,
  actions TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  next_index INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_playbooks_by_name ON qnsp_playbooks (tenant_id, name);
CREATE INDEX qnsp_playbooks_by_age ON qnsp_playbooks (tenant_id, created_at, id);
CREATE INDEX qnsp_playbooks_by_place ON qnsp_playbooks (tenant_id, next_index) WHERE enabled;

-- Executions, with the actions as they were at the start. `results` is a JSON list of what came of the first of them.
CREATE TABLE qnsp_playbook_executions (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  playbook_id TEXT NOT NULL,
  -- NULL where an event has started it.
  started_by TEXT,
  event_id TEXT,
  context TEXT NOT NULL,
  actions TEXT NOT NULL,
  -- pending_approval, running, completed, failed
  status TEXT NOT NULL,
  -- Before which action somebody must approve; NULL once that has happened.
  pause_at INTEGER,
  approved_by TEXT,
  results TEXT NOT NULL,
  completed_at INTEGER,
  -- Counts the changes: whoever goes on from one of them is the only one who does.
  revision INTEGER NOT NULL,
  -- A request is on its way for the next action, until then at most.
  sending_until INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_playbook_executions_by_event
  ON qnsp_playbook_executions (tenant_id, playbook_id, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX qnsp_playbook_executions_by_age ON qnsp_playbook_executions (tenant_id, started_at, id);
CREATE INDEX qnsp_playbook_executions_by_status ON qnsp_playbook_executions (tenant_id, status, started_at, id);
CREATE INDEX qnsp_playbook_executions_by_playbook
  ON qnsp_playbook_executions (tenant_id, playbook_id, started_at, id, status);
