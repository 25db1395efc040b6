-- Guesses at passwords, by a keyed hash of the source or account they are counted for. A guess moves full_at into the
-- future; when that time has passed, the row means nothing and is removed.
CREATE TABLE portal_guesses (
  key TEXT PRIMARY KEY,
  full_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX portal_guesses_by_end ON portal_guesses (full_at);

-- Sources from which a developer has logged in. Strangers who guess cannot keep these out.
CREATE TABLE portal_known_sources (
  developer_id TEXT NOT NULL REFERENCES portal_developers (id) ON DELETE CASCADE,
  source TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (developer_id, source)
) WITHOUT ROWID;
