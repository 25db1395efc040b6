-- QNSP: what is counted where it happens.

-- Leases of a configuration that count and are not pending. Those of them that have ended, and have not been seen to yet, are found by
-- the index of what counts: the others are active.
ALTER TABLE qnsp_dynamic_configs ADD COLUMN counted_leases INTEGER NOT NULL DEFAULT 0;
UPDATE qnsp_dynamic_configs SET counted_leases = (SELECT count(*) FROM qnsp_leases l WHERE l.tenant_id = qnsp_dynamic_configs.tenant_id AND l.config_id = qnsp_dynamic_configs.id AND l.is_counted = 1 AND l.is_pending = 0);
CREATE TRIGGER qnsp_lease_begins AFTER INSERT ON qnsp_leases WHEN new.is_counted = 1 AND new.is_pending = 0 BEGIN UPDATE qnsp_dynamic_configs SET counted_leases = counted_leases + 1 WHERE tenant_id = new.tenant_id AND id = new.config_id; END;
CREATE TRIGGER qnsp_lease_changes AFTER UPDATE OF is_counted, is_pending ON qnsp_leases WHEN (new.is_counted = 1 AND new.is_pending = 0) <> (old.is_counted = 1 AND old.is_pending = 0) BEGIN UPDATE qnsp_dynamic_configs SET counted_leases = counted_leases + iif(new.is_counted = 1 AND new.is_pending = 0, 1, -1) WHERE tenant_id = new.tenant_id AND id = new.config_id; END;
CREATE TRIGGER qnsp_lease_goes AFTER DELETE ON qnsp_leases WHEN old.is_counted = 1 AND old.is_pending = 0 BEGIN UPDATE qnsp_dynamic_configs SET counted_leases = counted_leases - 1 WHERE tenant_id = old.tenant_id AND id = old.config_id; END;
