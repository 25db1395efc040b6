-- The indexes of a tenant's search: each that a document, a group of synonyms or a window of maintenance has named, with
-- sums over its documents. `words` is the sum of their lengths.
CREATE TABLE qnsp_search_indices (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  documents INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  words INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;

-- Documents. `id` is what terms refer to; `length` counts words. The title is sealed by itself: lists show it, and need not
-- read the rest. `revision` counts the writes.
CREATE TABLE qnsp_search_documents (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  index_name TEXT NOT NULL,
  document_id TEXT NOT NULL,
  sealed_title BLOB NOT NULL,
  sealed_content BLOB NOT NULL,
  length INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  indexed_at INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, index_name, document_id)
);
CREATE INDEX qnsp_search_documents_by_index ON qnsp_search_documents (tenant_id, index_name, id);
CREATE INDEX qnsp_search_documents_by_time ON qnsp_search_documents (tenant_id, indexed_at DESC, id);

-- The words of documents: `term` is a keyed hash of a word, `tf` how often it stands in the document. `length` is that of
-- the document, so that matches are ranked without reading it.
CREATE TABLE qnsp_search_terms (
  tenant_id TEXT NOT NULL,
  index_name TEXT NOT NULL,
  term TEXT NOT NULL,
  document INTEGER NOT NULL,
  tf INTEGER NOT NULL,
  length INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, index_name, term, document)
) WITHOUT ROWID;
CREATE INDEX qnsp_search_terms_of_document ON qnsp_search_terms (document);

-- How many documents of an index hold a term. Kept by triggers, whoever changes the terms.
CREATE TABLE qnsp_search_words (
  tenant_id TEXT NOT NULL,
  index_name TEXT NOT NULL,
  term TEXT NOT NULL,
  documents INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, index_name, term)
) WITHOUT ROWID;
CREATE TRIGGER qnsp_search_term_written AFTER INSERT ON qnsp_search_terms BEGIN INSERT INTO qnsp_search_words (tenant_id, index_name, term, documents) VALUES (new.tenant_id, new.index_name, new.term, 1) ON CONFLICT (tenant_id, index_name, term) DO UPDATE SET documents = documents + 1; END;
CREATE TRIGGER qnsp_search_term_deleted AFTER DELETE ON qnsp_search_terms BEGIN UPDATE qnsp_search_words SET documents = documents - 1 WHERE tenant_id = old.tenant_id AND index_name = old.index_name AND term = old.term; DELETE FROM qnsp_search_words WHERE tenant_id = old.tenant_id AND index_name = old.index_name AND term = old.term AND documents <= 0; END;

-- Terms that stand for each other. `terms` and `index_names` are JSON lists; an empty one of indexes means all.
CREATE TABLE qnsp_synonym_groups (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  terms TEXT NOT NULL,
  index_names TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) WITHOUT ROWID;

-- The terms that a group expands, as terms are compared.
CREATE TABLE qnsp_synonym_terms (
  tenant_id TEXT NOT NULL,
  term TEXT NOT NULL,
  group_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, term, group_id)
) WITHOUT ROWID;
CREATE INDEX qnsp_synonym_groups_by_id ON qnsp_synonym_groups (id, tenant_id);

-- Searches. `position` is that of the first click.
CREATE TABLE qnsp_search_queries (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  results INTEGER NOT NULL,
  latency_ms REAL NOT NULL,
  clicked_at INTEGER,
  position INTEGER,
  PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_search_queries_of_tenant ON qnsp_search_queries (tenant_id, at, latency_ms, results, position);
CREATE INDEX qnsp_search_queries_by_time ON qnsp_search_queries (at);

-- Clicks on what searches found, and ratings of searches.
CREATE TABLE qnsp_search_feedback (
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  query_id TEXT NOT NULL,
  type TEXT NOT NULL,
  document_id TEXT,
  position INTEGER,
  rating INTEGER,
  PRIMARY KEY (tenant_id, at, id)
) WITHOUT ROWID;
CREATE INDEX qnsp_search_ratings ON qnsp_search_feedback (tenant_id, at, rating) WHERE type = 'rating';
CREATE INDEX qnsp_search_feedback_by_time ON qnsp_search_feedback (at);

-- Maintenance of an index in a window: `scheduled`, `running`, `done` or `failed`. `progress` is how far it has come: the
-- last document, or the last term. One that runs is the business of one task until `claimed_until`.
CREATE TABLE qnsp_search_maintenance (
  tenant_id TEXT NOT NULL,
  index_name TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  window_id TEXT NOT NULL,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  progress TEXT NOT NULL DEFAULT '',
  claimed_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, index_name, starts_at)
) WITHOUT ROWID;
CREATE INDEX qnsp_search_maintenance_due ON qnsp_search_maintenance (tenant_id, starts_at)
WHERE status IN ('scheduled', 'running');

-- Parts of backups: the documents as lines of JSON, sealed.
CREATE TABLE qnsp_search_backups (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;
