-- Which tier and agreed fee a tenant had since when, for revenue. Kept by triggers, whoever changes the tenant.
CREATE TABLE qnsp_tier_changes (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  tier TEXT NOT NULL,
  monthly_fee INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, at)
) WITHOUT ROWID;
INSERT INTO qnsp_tier_changes (tenant_id, at, tier, monthly_fee) SELECT id, created_at, tier, monthly_fee FROM qnsp_tenants;
CREATE TRIGGER qnsp_tier_begins AFTER INSERT ON qnsp_tenants BEGIN INSERT OR REPLACE INTO qnsp_tier_changes (tenant_id, at, tier, monthly_fee) VALUES (new.id, new.created_at, new.tier, new.monthly_fee); END;
CREATE TRIGGER qnsp_tier_changes AFTER UPDATE OF tier, monthly_fee ON qnsp_tenants WHEN new.tier <> old.tier OR new.monthly_fee <> old.monthly_fee BEGIN INSERT OR REPLACE INTO qnsp_tier_changes (tenant_id, at, tier, monthly_fee) VALUES (new.id, new.updated_at, new.tier, new.monthly_fee); END;

-- What all tenants were metered in a period.
CREATE INDEX qnsp_meter_days_by_day ON qnsp_meter_days (day, operation);

-- Credits of a tenant. Amounts are in minor units of the currency.
CREATE TABLE qnsp_credits (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount INTEGER NOT NULL,
  remaining INTEGER NOT NULL,
  expires_at INTEGER,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_credits_left ON qnsp_credits (tenant_id, currency, expires_at, id) WHERE remaining > 0;

-- Promotions of the deployment, by their codes in lower case.
CREATE TABLE qnsp_promotions (
  code_key TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  credit_amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  max_redemptions INTEGER,
  redemptions INTEGER NOT NULL DEFAULT 0,
  valid_from INTEGER,
  valid_until INTEGER,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE qnsp_redemptions (
  tenant_id TEXT NOT NULL,
  code_key TEXT NOT NULL,
  credit_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, code_key)
) WITHOUT ROWID;

-- Invoices. Amounts are in minor units of the currency; `line_items` is a JSON list.
CREATE TABLE qnsp_invoices (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  period_start INTEGER NOT NULL,
  period_end INTEGER NOT NULL,
  currency TEXT NOT NULL,
  line_items TEXT NOT NULL,
  subtotal INTEGER NOT NULL,
  credit_applied INTEGER NOT NULL,
  total INTEGER NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- What an invoice used of a credit, and what all of a tenant's used on a UTC day.
CREATE TABLE qnsp_credit_uses (
  tenant_id TEXT NOT NULL,
  invoice_id TEXT NOT NULL,
  credit_id TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id, credit_id)
) WITHOUT ROWID;
CREATE TABLE qnsp_credit_days (
  tenant_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  day INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, currency, day)
) WITHOUT ROWID;
CREATE INDEX qnsp_credit_days_by_day ON qnsp_credit_days (currency, day);

-- The payment of an invoice. `failed_at` is the time of its first failure; `charges` counts those that failed, too.
CREATE TABLE qnsp_payments (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  invoice_id TEXT NOT NULL,
  method TEXT NOT NULL,
  amount INTEGER NOT NULL,
  status TEXT NOT NULL,
  charges INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  failed_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_payments_failed ON qnsp_payments (tenant_id, failed_at DESC, id) WHERE status = 'failed';
CREATE INDEX qnsp_payments_failed_of_all ON qnsp_payments (failed_at DESC, id) WHERE status = 'failed';

-- What happens to a tenant while a payment of it has failed: `steps` is a JSON list, of which so many ran since the
-- first failure. `suspended_at` is the time of the suspension by a step, which the last payment lifts.
CREATE TABLE qnsp_dunning (
  tenant_id TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  steps TEXT NOT NULL,
  ran INTEGER NOT NULL,
  suspended_at INTEGER,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
