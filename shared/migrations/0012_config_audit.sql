-- An update of an item without a value has no new value, while a new value that is NULL stands for a masked one.
ALTER TABLE config_audit ADD COLUMN has_new INTEGER NOT NULL DEFAULT 1 CHECK (has_new IN (0, 1));
