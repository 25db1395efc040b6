-- QNSP key management: plans by which keys are replaced.

CREATE TABLE qnsp_migration_plans (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  -- A JSON object, as it is shown.
  target_algorithms TEXT NOT NULL,
  -- A JSON list of aes, rsa, ec, pqc: keys of these types are in the scope, besides those of qnsp_migration_plan_keys.
  key_types TEXT NOT NULL,
  -- A JSON object, as it was given.
  schedule TEXT NOT NULL,
  -- draft, active, paused, completed, cancelled
  status TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_migration_plans_by_name ON qnsp_migration_plans (tenant_id, name);
CREATE INDEX qnsp_migration_plans_by_age ON qnsp_migration_plans (tenant_id, created_at, id);
CREATE INDEX qnsp_migration_plans_by_status ON qnsp_migration_plans (tenant_id, status);

-- Keys that a plan names. One that is deleted is in no scope any more, whatever stands here.
CREATE TABLE qnsp_migration_plan_keys (
  tenant_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, plan_id, key_id)
) WITHOUT ROWID;
