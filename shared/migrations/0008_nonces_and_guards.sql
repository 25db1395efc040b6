-- One row per signed request: its nonce, and the caller, whom the statement that inserts the nonce computes. When the
-- caller may not do what the request asks, it is NULL and the whole batch fails.
ALTER TABLE request_marks RENAME TO request_nonces;
ALTER TABLE request_nonces RENAME COLUMN mark TO nonce;
DROP INDEX request_marks_by_expiry;
CREATE INDEX request_nonces_by_expiry ON request_nonces (expires_at);

-- Never holds a row. A batch whose guard does not hold tries to store NULL in the column of that guard, and fails.
CREATE TABLE guards (
  g0 INTEGER NOT NULL, g1 INTEGER NOT NULL, g2 INTEGER NOT NULL, g3 INTEGER NOT NULL,
  g4 INTEGER NOT NULL, g5 INTEGER NOT NULL, g6 INTEGER NOT NULL, g7 INTEGER NOT NULL,
  g8 INTEGER NOT NULL, g9 INTEGER NOT NULL, g10 INTEGER NOT NULL, g11 INTEGER NOT NULL,
  g12 INTEGER NOT NULL, g13 INTEGER NOT NULL, g14 INTEGER NOT NULL, g15 INTEGER NOT NULL
);
