-- QNSP: audits of isolation look for a key whatever tenant it is of.
CREATE INDEX qnsp_hsm_keys_by_id ON qnsp_hsm_keys (id);

-- Scans for leaked passwords read the leases that live the longest.
DROP INDEX IF EXISTS qnsp_leases_by_password;
