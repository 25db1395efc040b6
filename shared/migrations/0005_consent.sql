-- Documents of consents, found by their content id (CIDv0) and never changed. `document` is the very text that the id
-- is the hash of. `pinned` says whether the IPFS node of the deployment, if it has one, took it.
CREATE TABLE consent_documents (
  tenant_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  consent_id TEXT NOT NULL,
  document TEXT NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, community_id, consent_id)
);

-- What was in force, every change a row, numbered from 1 without a gap: the last one is in force now. Two writers that
-- have seen the same row want the same number, and one of them has to look again. `consent_id` is NULL before there is
-- content.
CREATE TABLE consents (
  tenant_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  type TEXT NOT NULL,
  revision INTEGER NOT NULL,
  consent_id TEXT,
  is_enabled INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (tenant_id, community_id, type, revision)
) WITHOUT ROWID;
CREATE INDEX consents_by_document ON consents (tenant_id, community_id, consent_id);
