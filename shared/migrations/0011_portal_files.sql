-- Contents of files, in parts of at most 1 MB, since databases limit what a row may hold. A file's parts go with it.
CREATE TABLE portal_file_parts (
  file_id TEXT NOT NULL REFERENCES portal_files (id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  contents TEXT NOT NULL,
  PRIMARY KEY (file_id, part)
);
INSERT INTO portal_file_parts (file_id, part, contents) SELECT id, 0, contents FROM portal_files;
ALTER TABLE portal_files ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE portal_files SET bytes = length(CAST(contents AS BLOB));
ALTER TABLE portal_files DROP COLUMN contents;

-- Tokens of the header Kong-Admin-Token. Only a hash is stored.
CREATE TABLE portal_admin_tokens (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  token_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
);

-- What operators have set while the portal runs. A row with the name 'disabled' switches the portal off.
CREATE TABLE portal_switches (
  name TEXT PRIMARY KEY,
  changed_at INTEGER NOT NULL
);
