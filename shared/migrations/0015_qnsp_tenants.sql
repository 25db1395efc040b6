-- Snapshots of a tenant's metrics, scored when they were recorded.
CREATE TABLE qnsp_health (
  tenant_id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  metrics TEXT NOT NULL,
  score REAL NOT NULL,
  status TEXT NOT NULL,
  issues TEXT NOT NULL,
  PRIMARY KEY (tenant_id, recorded_at, id)
) WITHOUT ROWID;

-- Workflows of onboarding, by the tenant that they are for, which need not exist. `steps` is a JSON list.
CREATE TABLE qnsp_workflows (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  template_id TEXT NOT NULL,
  parameters TEXT NOT NULL,
  status TEXT NOT NULL,
  steps TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_workflows_not_ended ON qnsp_workflows (tenant_id)
  WHERE status IN ('pending', 'in_progress', 'paused');

-- Audits of isolation. `findings` is NULL while one runs.
CREATE TABLE qnsp_isolation_audits (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  scope TEXT NOT NULL,
  depth TEXT NOT NULL,
  status TEXT NOT NULL,
  findings TEXT,
  started_at INTEGER NOT NULL,
  completed_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_isolation_audits_running ON qnsp_isolation_audits (tenant_id, started_at) WHERE status = 'running';

-- The latest result of each category.
CREATE TABLE qnsp_isolation (
  tenant_id TEXT NOT NULL,
  category TEXT NOT NULL,
  status TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, category)
) WITHOUT ROWID;
