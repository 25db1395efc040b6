-- Who is told of events. A webhook is told by us: `next_index` is the first entry that it was not told of yet.
CREATE TABLE qnsp_subscriptions (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  -- A JSON object of lists.
  filters TEXT NOT NULL,
  destination TEXT NOT NULL,
  config TEXT NOT NULL,
  sealed_secret BLOB,
  status TEXT NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  last_event_at INTEGER,
  next_index INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) WITHOUT ROWID;
CREATE INDEX qnsp_webhooks ON qnsp_subscriptions (tenant_id) WHERE destination = 'webhook' AND status = 'active';

-- Streams that are open; one that ended without saying so is known by its time.
CREATE TABLE qnsp_streams (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  touched_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- How many events were written to streams or delivered.
CREATE TABLE qnsp_streamed (
  tenant_id TEXT PRIMARY KEY,
  events INTEGER NOT NULL
) WITHOUT ROWID;

-- Deliveries to webhooks that failed and are tried again.
CREATE TABLE qnsp_deliveries (
  tenant_id TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  leaf_index INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id, leaf_index)
) WITHOUT ROWID;
CREATE INDEX qnsp_deliveries_by_time ON qnsp_deliveries (tenant_id, subscription_id, next_at);
