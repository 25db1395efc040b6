-- QNSP AI orchestrator: models and where they run, what they cost, how fair they are, and prompts that attack them.

CREATE TABLE qnsp_models (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  -- llm, embedding, classification, custom
  type TEXT NOT NULL,
  provider TEXT NOT NULL,
  model_path TEXT,
  config_path TEXT,
  description TEXT,
  -- A JSON list.
  tags TEXT NOT NULL,
  license TEXT,
  -- registered, active, deprecated
  status TEXT NOT NULL,
  activated_at INTEGER,
  deprecated_at INTEGER,
  deprecation_reason TEXT,
  replacement_id TEXT,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_models_by_name ON qnsp_models (tenant_id, name, version);
CREATE INDEX qnsp_models_of_name ON qnsp_models (tenant_id, name, created_at, id, type, status);

-- What is to run. An agent that runs it reports. It runs once: from `running_from` to `running_until`, which is 2^53 - 1
-- while it does.
CREATE TABLE qnsp_deployments (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  model_id TEXT NOT NULL,
  -- JSON, with defaults.
  config TEXT NOT NULL,
  replicas INTEGER NOT NULL,
  has_gpu INTEGER NOT NULL,
  -- deploying, running, failed, stopped
  status TEXT NOT NULL,
  endpoint TEXT,
  reason TEXT,
  running_from INTEGER,
  running_until INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_deployments_by_age ON qnsp_deployments (tenant_id, created_at, id, model_id);
CREATE INDEX qnsp_deployments_by_end
  ON qnsp_deployments (tenant_id, running_until, running_from, model_id, replicas, has_gpu) WHERE running_from IS NOT NULL;

-- What requests cost, in millionths of a US dollar. A record repeats an earlier one when that has the same model and the
-- same hash of a prompt.
CREATE TABLE qnsp_ai_costs (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  model_id TEXT,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  user_id TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  prompt_hash TEXT,
  is_repeat INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_ai_costs_by_prompt ON qnsp_ai_costs (tenant_id, model, prompt_hash, at, id, is_repeat, cost)
WHERE prompt_hash IS NOT NULL;

-- The same by UTC hour, for each model, each provider and each user. Sums are of hours, and of the records of the hour in
-- which a period begins or ends. Only those of a model count requests and what is repeated.
CREATE TABLE qnsp_ai_cost_hours (
  tenant_id TEXT NOT NULL,
  -- model, provider, user
  dimension TEXT NOT NULL,
  hour INTEGER NOT NULL,
  category TEXT NOT NULL,
  cost INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  hashed INTEGER NOT NULL,
  repeated INTEGER NOT NULL,
  repeated_cost INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, dimension, hour, category)
) WITHOUT ROWID;

-- What was decided on a recommendation: accepted, rejected.
CREATE TABLE qnsp_ai_decisions (
  tenant_id TEXT NOT NULL,
  recommendation_id TEXT NOT NULL,
  decision TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  decided_by TEXT NOT NULL,
  PRIMARY KEY (tenant_id, recommendation_id)
) WITHOUT ROWID;

-- Evaluations. Where the rows are is sealed by the tenant's data key, because it may be the rows themselves; it is erased
-- when the evaluation ends.
CREATE TABLE qnsp_bias_evaluations (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  model_id TEXT NOT NULL,
  -- demographic_parity, equalized_odds, calibration
  type TEXT NOT NULL,
  -- A JSON list.
  protected_attributes TEXT NOT NULL,
  sample_size INTEGER,
  sealed_source BLOB,
  -- created, running, completed, failed
  status TEXT NOT NULL,
  started_at INTEGER,
  completed_at INTEGER,
  -- Ten-thousandths.
  score INTEGER,
  is_fair INTEGER,
  rows_used INTEGER NOT NULL,
  -- A JSON object, by attribute.
  results TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_bias_evaluations_running ON qnsp_bias_evaluations (tenant_id, started_at, id) WHERE status = 'running';
CREATE INDEX qnsp_bias_evaluations_completed ON qnsp_bias_evaluations (tenant_id, completed_at, started_at, id)
WHERE status = 'completed';

-- The latest completed evaluation of each model.
CREATE TABLE qnsp_bias_models (
  tenant_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  evaluation_id TEXT NOT NULL,
  completed_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  score INTEGER NOT NULL,
  is_fair INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, model_id)
) WITHOUT ROWID;

-- What prompts are searched for. `size` is what the pattern compiles to, in bytes.
CREATE TABLE qnsp_injection_patterns (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  pattern TEXT NOT NULL,
  -- jailbreak, data_extraction, instruction_override
  category TEXT NOT NULL,
  severity TEXT NOT NULL,
  size INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_injection_patterns_by_name ON qnsp_injection_patterns (tenant_id, name);

-- Analyses: the keyed hash of a prompt and its length in characters, never its text nor what of it matched. `patterns` is a
-- JSON list of the ids of those that matched.
CREATE TABLE qnsp_injection_analyses (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  prompt_hash BLOB NOT NULL,
  length INTEGER NOT NULL,
  patterns TEXT NOT NULL,
  score INTEGER NOT NULL,
  is_blocked INTEGER NOT NULL,
  jailbreak INTEGER NOT NULL,
  data_extraction INTEGER NOT NULL,
  instruction_override INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;

-- The same by UTC hour: how many analyses, how many of them are to be blocked, and the detections by category.
CREATE TABLE qnsp_injection_hours (
  tenant_id TEXT NOT NULL,
  hour INTEGER NOT NULL,
  analyzed INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  jailbreak INTEGER NOT NULL,
  data_extraction INTEGER NOT NULL,
  instruction_override INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour)
) WITHOUT ROWID;
