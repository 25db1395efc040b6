-- QNSP key management: connections to hardware security modules, the keys on them, and what was done with these.

-- `sealed_credentials` is NULL where none were given. Under the scheme sim:// a connection is the module that is part of this
-- system; under others it is a server.
CREATE TABLE qnsp_hsm_connections (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  port INTEGER NOT NULL,
  credentials_type TEXT NOT NULL,
  sealed_credentials BLOB,
  -- JSON, as it was given.
  metadata TEXT NOT NULL,
  -- pending_validation, active, inactive, error
  status TEXT NOT NULL,
  last_health_check_at INTEGER,
  -- How many operations in a row had no answer.
  unanswered INTEGER NOT NULL,
  -- Counts the changes of endpoint, port and credentials: what was found out about earlier ones says nothing of these.
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX qnsp_hsm_connections_by_name ON qnsp_hsm_connections (tenant_id, name);
CREATE INDEX qnsp_hsm_connections_by_age ON qnsp_hsm_connections (tenant_id, created_at, id);

-- `sealed_material` is the key itself, sealed by the tenant's data key: the bytes of an AES key, PKCS#8 of others. It is NULL
-- where the key is on a server.
CREATE TABLE qnsp_hsm_keys (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  connection_id TEXT NOT NULL,
  -- aes, rsa, ec, pqc
  key_type TEXT NOT NULL,
  -- Bits; NULL for pqc.
  key_size INTEGER,
  -- As the inventory names it: AES-256, RSA-3072, ECDSA-P256, ML-KEM-768
  algorithm TEXT NOT NULL,
  -- What the key does unless a call says otherwise: AES-KWP, RSA-OAEP-256, ECDSA-SHA256, ML-KEM-768
  mechanism TEXT NOT NULL,
  -- A JSON list of encrypt, decrypt, sign, verify.
  purposes TEXT NOT NULL,
  -- SubjectPublicKeyInfo, DER in base64; NULL for aes.
  public_key TEXT,
  sealed_material BLOB,
  name TEXT,
  description TEXT,
  -- active, retired
  status TEXT NOT NULL,
  replaced_by TEXT,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_hsm_keys_by_age ON qnsp_hsm_keys (tenant_id, created_at, id);
CREATE INDEX qnsp_hsm_keys_by_connection ON qnsp_hsm_keys (tenant_id, connection_id, created_at, id);
CREATE INDEX qnsp_hsm_keys_by_algorithm ON qnsp_hsm_keys (tenant_id, algorithm, status);

-- The newest 10,000 operations of a connection, for 30 days, numbered in the order of their times.
CREATE TABLE qnsp_hsm_operations (
  tenant_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- key.create, wrap, unwrap, sign, verify, validate
  type TEXT NOT NULL,
  key_id TEXT,
  is_success INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, number)
) WITHOUT ROWID;
CREATE INDEX qnsp_hsm_operations_by_time ON qnsp_hsm_operations (at);
