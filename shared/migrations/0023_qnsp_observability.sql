-- How many of a minute's calls the milliseconds are of: a call is timed when its answer is ready, which the next call
-- of the tenant writes down.
ALTER TABLE qnsp_minutes ADD COLUMN timed INTEGER NOT NULL DEFAULT 0;

-- What is to be sent to channels of notification: signed, after the answer, and again where that failed.
CREATE TABLE qnsp_notifications (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_notifications_by_time ON qnsp_notifications (tenant_id, next_at);

-- What resources cost in a period. Amounts are in millionths of the currency. The indexes hold what lists, sums and
-- series ask for.
CREATE TABLE qnsp_allocations (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  cost_center TEXT NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  period_start INTEGER NOT NULL,
  period_end INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_allocations_by_start
  ON qnsp_allocations (tenant_id, period_start DESC, id, period_end, cost_center, resource_type, currency, amount);
CREATE INDEX qnsp_allocations_by_end
  ON qnsp_allocations (tenant_id, period_end, id, cost_center, resource_type, currency, amount);
CREATE INDEX qnsp_allocations_of_type
  ON qnsp_allocations (tenant_id, resource_type, period_end, id, currency, amount);

-- Allocations by UTC month, which is its first day: what of their amounts belongs to it by its share of their time; and
-- how many begin and how many end in it, with their whole amounts. Sums are of months, and of the rows of the month in
-- which a window begins or ends.
CREATE TABLE qnsp_cost_months (
  tenant_id TEXT NOT NULL,
  month INTEGER NOT NULL,
  currency TEXT NOT NULL,
  cost_center TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  amount INTEGER NOT NULL,
  begun INTEGER NOT NULL,
  begun_amount INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  ended_amount INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, month, currency, cost_center, resource_type)
) WITHOUT ROWID;

-- What may be spent in a calendar period. `cost_centers` and `resource_types` are JSON lists, or NULL for all; `alerts`
-- is a JSON list of `threshold` (percent), `severity` and `channels`.
CREATE TABLE qnsp_budgets (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  period TEXT NOT NULL,
  cost_centers TEXT,
  resource_types TEXT,
  alerts TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) WITHOUT ROWID;
CREATE INDEX qnsp_budgets_by_currency ON qnsp_budgets (tenant_id, currency);

-- What is an anomaly of a series. `parameters` and `channels` are JSON.
CREATE TABLE qnsp_anomaly_rules (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  metric TEXT NOT NULL,
  condition_type TEXT NOT NULL,
  parameters TEXT NOT NULL,
  sensitivity TEXT NOT NULL,
  channels TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) WITHOUT ROWID;

-- What rules and budgets have found. Those of a budget have its threshold and its calendar period.
CREATE TABLE qnsp_anomalies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  metric TEXT NOT NULL,
  severity TEXT NOT NULL,
  status TEXT NOT NULL,
  detected_at INTEGER NOT NULL,
  acknowledged_at INTEGER,
  threshold REAL,
  period_start INTEGER,
  period_end INTEGER,
  channels TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_anomalies_by_age ON qnsp_anomalies (tenant_id, detected_at DESC, id);
CREATE INDEX qnsp_anomalies_by_status ON qnsp_anomalies (tenant_id, status, detected_at DESC, id);
CREATE INDEX qnsp_anomalies_by_severity ON qnsp_anomalies (tenant_id, severity, detected_at DESC, id);
CREATE INDEX qnsp_anomalies_by_rule ON qnsp_anomalies (tenant_id, rule_id, detected_at DESC, id);
-- A rule has one anomaly at a time, a budget one for each threshold and period.
CREATE UNIQUE INDEX qnsp_anomalies_of_rule ON qnsp_anomalies (tenant_id, rule_id)
WHERE threshold IS NULL AND status <> 'resolved';
CREATE UNIQUE INDEX qnsp_anomalies_of_budget ON qnsp_anomalies (tenant_id, rule_id, threshold, period_start)
WHERE threshold IS NOT NULL;
CREATE INDEX qnsp_anomalies_by_period ON qnsp_anomalies (tenant_id, period_end)
WHERE threshold IS NOT NULL AND status <> 'resolved';
-- Whoever opens an anomaly, its channels are told.
CREATE TRIGGER qnsp_anomaly_opened AFTER INSERT ON qnsp_anomalies BEGIN INSERT INTO qnsp_notifications (tenant_id, id, url, body, next_at) SELECT new.tenant_id, new.id || '/' || c.key, c.value, json_object('event', CASE WHEN new.threshold IS NULL THEN 'anomaly.open' ELSE 'budget.alert' END, 'anomalyId', new.id, 'ruleId', new.rule_id, 'metric', new.metric, 'severity', new.severity), new.detected_at FROM json_each(new.channels) c WHERE lower(substr(c.value, 1, 4)) = 'http'; END;

-- Dashboards. `layout` and `panels` are JSON.
CREATE TABLE qnsp_dashboards (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  layout TEXT NOT NULL,
  panels TEXT NOT NULL,
  is_shared INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, owner, name)
) WITHOUT ROWID;
CREATE INDEX qnsp_dashboards_by_age ON qnsp_dashboards (tenant_id, created_at, id, owner, is_shared);

-- Which users have starred a dashboard.
CREATE TABLE qnsp_dashboard_stars (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  dashboard_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, dashboard_id)
) WITHOUT ROWID;
