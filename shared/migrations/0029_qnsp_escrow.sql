-- QNSP key management: keys that are split among agents, and how they are recovered.

-- Who gets the shares of keys that are escrowed from now on. An escrow keeps what held when it was made.
CREATE TABLE qnsp_escrow_policies (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- Counts the changes.
  revision INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  -- A JSON list of aes, rsa, ec, pqc.
  key_types TEXT NOT NULL,
  -- A JSON list of objects, as it is shown.
  agents TEXT NOT NULL,
  -- How many of the agents hold a share, and how many shares give the key.
  holders INTEGER NOT NULL,
  threshold INTEGER NOT NULL,
  -- An ISO 8601 duration.
  retention_period TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_escrow_policies_by_name ON qnsp_escrow_policies (tenant_id, name);
CREATE INDEX qnsp_escrow_policies_by_age ON qnsp_escrow_policies (tenant_id, created_at, id);

-- An escrow is active until it is recovered or `expires_at` has passed.
CREATE TABLE qnsp_escrows (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  key_id TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  reason TEXT,
  expires_at INTEGER NOT NULL,
  threshold INTEGER NOT NULL,
  -- SHA-256 of the key.
  key_hash BLOB NOT NULL,
  recovered_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_escrows_by_age ON qnsp_escrows (tenant_id, created_at, id);
CREATE INDEX qnsp_escrows_of_key ON qnsp_escrows (tenant_id, key_id, expires_at) WHERE recovered_at IS NULL;

-- The agents of an escrow in the order of its policy. `share_hash` is SHA-256 of the escrow's id and the share, NULL for a
-- witness. `sealed_share` is sealed by the tenant's data key until it is claimed, or the escrow ends.
CREATE TABLE qnsp_escrow_agents (
  tenant_id TEXT NOT NULL,
  escrow_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  -- primary, secondary, witness
  role TEXT NOT NULL,
  share_hash BLOB,
  sealed_share BLOB,
  claimed_at INTEGER,
  PRIMARY KEY (tenant_id, escrow_id, agent_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_escrow_agents_unclaimed ON qnsp_escrow_agents (tenant_id, escrow_id) WHERE sealed_share IS NOT NULL;

CREATE TABLE qnsp_escrow_recoveries (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  initiated_by TEXT NOT NULL,
  escrow_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- normal, urgent, emergency
  urgency TEXT NOT NULL,
  required INTEGER NOT NULL,
  submitted INTEGER NOT NULL,
  -- pending_shares, ready_for_approval, approved, denied, executed
  status TEXT NOT NULL,
  decision TEXT,
  decided_by TEXT,
  decided_at INTEGER,
  decision_reason TEXT,
  executed_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_escrow_recoveries_open ON qnsp_escrow_recoveries (tenant_id, escrow_id)
  WHERE status IN ('pending_shares', 'ready_for_approval', 'approved');
CREATE INDEX qnsp_escrow_recoveries_executed ON qnsp_escrow_recoveries (tenant_id, id) WHERE status = 'executed';

-- Shares that were submitted, sealed by the tenant's data key, until the recovery is executed or denied.
CREATE TABLE qnsp_escrow_shares (
  tenant_id TEXT NOT NULL,
  recovery_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  submitted_at INTEGER NOT NULL,
  sealed_share BLOB NOT NULL,
  PRIMARY KEY (tenant_id, recovery_id, agent_id)
) WITHOUT ROWID;

-- What happened to escrows. Details are a JSON object, never with a share or a key.
CREATE TABLE qnsp_escrow_events (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  escrow_id TEXT NOT NULL,
  -- created, share_claimed, initiated, share_submitted, approved, denied, recovered
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_escrow_events_of_escrow ON qnsp_escrow_events (tenant_id, escrow_id, at, id);
CREATE INDEX qnsp_escrow_events_by_type ON qnsp_escrow_events (tenant_id, type, at, id);
