-- A nonce begins with the time at which its request was signed, so the primary key is in the order of time and no second
-- index is needed to delete the old ones. What the nonces before were made of is not known here: they go. A request of the two
-- minutes before the upgrade could be used once more, within a minute after it was signed.
DROP TABLE request_nonces;
CREATE TABLE request_nonces (
  nonce TEXT PRIMARY KEY,
  caller TEXT NOT NULL,
  level TEXT NOT NULL
) WITHOUT ROWID;
