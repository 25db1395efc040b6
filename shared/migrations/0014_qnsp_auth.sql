-- Threat signals. `user_id` is NULL where one is about a whole tenant; `address` is the one of its metadata.
CREATE TABLE qnsp_signals (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  user_id TEXT,
  signal_type TEXT NOT NULL,
  severity TEXT NOT NULL,
  address TEXT,
  metadata TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_signals_by_user ON qnsp_signals (tenant_id, user_id, recorded_at, id);
CREATE INDEX qnsp_signals_by_address ON qnsp_signals (tenant_id, address, recorded_at) WHERE address IS NOT NULL;
CREATE INDEX qnsp_signals_by_time ON qnsp_signals (recorded_at);
