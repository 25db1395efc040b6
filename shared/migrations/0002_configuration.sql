-- One configuration per context. Its key is a hash of the identity fields. `data` is NULL while there is no
-- configuration: the row stays behind, so that the revisions of a context never start over.
CREATE TABLE configs (
  context_key TEXT PRIMARY KEY,
  context TEXT NOT NULL,
  data TEXT,
  revision INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL
);

-- Every change, numbered from 1 without a gap. `previous` is the JSON that was replaced or removed, NULL where there
-- was none.
CREATE TABLE config_revisions (
  context_key TEXT NOT NULL,
  revision INTEGER NOT NULL,
  action TEXT NOT NULL,
  key_path TEXT NOT NULL,
  previous TEXT,
  updated_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (context_key, revision)
);
