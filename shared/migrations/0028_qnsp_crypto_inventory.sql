-- QNSP crypto inventory: which algorithms a tenant gives up, and by when; hardware.

-- Dates are milliseconds. What is NULL was not given.
CREATE TABLE qnsp_deprecation_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  deprecation_date INTEGER NOT NULL,
  -- The algorithms are forbidden from then on.
  enforcement_date INTEGER NOT NULL,
  migration_target TEXT,
  -- A JSON list of ISO durations.
  notification_schedule TEXT NOT NULL,
  -- What else the policies of the SDK have, as JSON.
  extra TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_deprecation_policies_by_name ON qnsp_deprecation_policies (tenant_id, name);
CREATE INDEX qnsp_deprecation_policies_by_age ON qnsp_deprecation_policies (tenant_id, created_at, id);

-- The algorithms and families of a policy, in its order.
CREATE TABLE qnsp_deprecated_algorithms (
  tenant_id TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, algorithm, policy_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_deprecated_algorithms_by_policy ON qnsp_deprecated_algorithms (tenant_id, policy_id, position);

-- Devices. `capabilities` is a JSON list of words. `algorithms` is a list of the algorithms that some of these words name,
-- each a list of its name and that of its family.
CREATE TABLE qnsp_hardware (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- hsm, tpm, smartcard, accelerator
  type TEXT NOT NULL,
  vendor TEXT,
  model TEXT,
  serial_number TEXT,
  location TEXT,
  capabilities TEXT NOT NULL,
  algorithms TEXT NOT NULL,
  -- Whether the device is capable of post-quantum algorithms.
  is_post_quantum INTEGER NOT NULL,
  firmware_version TEXT,
  -- healthy, degraded, failed: that of the latest check.
  status TEXT NOT NULL,
  last_health_check_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_hardware_by_serial_number ON qnsp_hardware (tenant_id, vendor, serial_number);
CREATE INDEX qnsp_hardware_by_age ON qnsp_hardware (tenant_id, created_at, id);
CREATE INDEX qnsp_hardware_by_type ON qnsp_hardware (tenant_id, type, status, is_post_quantum);
