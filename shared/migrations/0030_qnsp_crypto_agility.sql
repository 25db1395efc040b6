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
  -- The scope: JSON lists of ids and of types (aes, rsa, ec, pqc) of keys. A key belongs to it by either.
  key_ids TEXT NOT NULL,
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
