-- QNSP key management: how keys are used, and what is unusual about it.

-- Uses of keys by UTC minute, for 31 days, and by UTC hour. Keys need not be of this system.
CREATE TABLE qnsp_key_minutes (
  tenant_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  minute INTEGER NOT NULL,
  -- encrypt, decrypt, sign, verify
  operation TEXT NOT NULL,
  uses INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- How many of the uses failed.
  failures INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key_id, minute, operation)
) WITHOUT ROWID;
CREATE INDEX qnsp_key_minutes_by_time ON qnsp_key_minutes (tenant_id, minute);

CREATE TABLE qnsp_key_hours (
  tenant_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  hour INTEGER NOT NULL,
  operation TEXT NOT NULL,
  uses INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key_id, hour, operation)
) WITHOUT ROWID;
CREATE INDEX qnsp_key_hours_by_time ON qnsp_key_hours (tenant_id, hour, key_id, operation, uses, bytes);

-- All uses of a key. `algorithm` is that of the key, or the one that was last named with a use; NULL if there is none.
CREATE TABLE qnsp_used_keys (
  tenant_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  algorithm TEXT,
  encrypt INTEGER NOT NULL,
  decrypt INTEGER NOT NULL,
  sign INTEGER NOT NULL,
  verify INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key_id)
) WITHOUT ROWID;

-- All uses of keys by applications: of an application, and of an application and a key.
CREATE TABLE qnsp_key_applications (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT,
  encrypt INTEGER NOT NULL,
  decrypt INTEGER NOT NULL,
  sign INTEGER NOT NULL,
  verify INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_key_applications_by_time ON qnsp_key_applications (tenant_id, last_used_at DESC, id);

CREATE TABLE qnsp_application_keys (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  uses INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, application_id, key_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_application_keys_by_use ON qnsp_application_keys (tenant_id, key_id, uses DESC, application_id);

-- All uses of an algorithm, and its uses by UTC day: under '' those of keys whose algorithm is not known.
CREATE TABLE qnsp_used_algorithms (
  tenant_id TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  uses INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, algorithm)
) WITHOUT ROWID;

CREATE TABLE qnsp_algorithm_days (
  tenant_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  algorithm TEXT NOT NULL,
  uses INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, day, algorithm)
) WITHOUT ROWID;

-- What a tenant wants to be told of. `key_ids` is a JSON list, or NULL for each key; `channels` is a JSON list.
CREATE TABLE qnsp_key_alert_rules (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  key_ids TEXT,
  -- operation_count, bytes_processed, error_rate
  metric TEXT NOT NULL,
  -- gt, lt, eq
  operator TEXT NOT NULL,
  threshold REAL NOT NULL,
  -- As it was given, and in minutes.
  time_window TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  severity TEXT NOT NULL,
  channels TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_key_alert_rules_by_name ON qnsp_key_alert_rules (tenant_id, name);
CREATE INDEX qnsp_key_alert_rules_by_age ON qnsp_key_alert_rules (tenant_id, created_at, id);

-- What rules have found. `rule_id` is `baseline` or `compliance` for the rules that every tenant has.
CREATE TABLE qnsp_key_alerts (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  -- Of a rule and a key there is one alert for an occasion: the UTC hour for `baseline`, else 0. It is NULL once the
  -- condition of the rule does not hold any more, so that there may be another.
  occasion INTEGER,
  alert_type TEXT NOT NULL,
  severity TEXT NOT NULL,
  message TEXT NOT NULL,
  triggered_at INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  acknowledged_at INTEGER,
  acknowledged_by TEXT,
  channels TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_key_alerts_by_occasion ON qnsp_key_alerts (tenant_id, rule_id, key_id, occasion);
CREATE INDEX qnsp_key_alerts_by_age ON qnsp_key_alerts (tenant_id, triggered_at DESC, id);
CREATE INDEX qnsp_key_alerts_by_severity ON qnsp_key_alerts (tenant_id, severity, triggered_at DESC, id);
CREATE INDEX qnsp_key_alerts_by_acknowledgement ON qnsp_key_alerts (tenant_id, acknowledged, triggered_at DESC, id);
-- The channels of a rule are told: an address by a delivery, and `audit` is the tenant's log of events.
CREATE TRIGGER qnsp_key_alert_raised AFTER INSERT ON qnsp_key_alerts BEGIN INSERT INTO qnsp_notifications (tenant_id, id, url, body, next_at) SELECT new.tenant_id, new.id || '/' || c.key, c.value, json_object('event', 'kms.alert', 'alertId', new.id, 'ruleId', new.rule_id, 'keyId', new.key_id, 'alertType', new.alert_type, 'severity', new.severity, 'message', new.message, 'triggeredAt', strftime('%Y-%m-%dT%H:%M:%S', new.triggered_at / 1000, 'unixepoch') || printf('.%03dZ', new.triggered_at % 1000)), new.triggered_at FROM json_each(new.channels) c; END;
