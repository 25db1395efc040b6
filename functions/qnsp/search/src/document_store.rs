//! The rows of documents and of their terms. What changes a document changes its terms and the sums of its index with it.

use crypto::seal::DataKey;
use model::qnsp::search::Content;
use platform::{Statement, random};
use service::{Error, Result};

use crate::terms;

/// A document with all that is stored of it.
pub(crate) struct Stored<'a> {
    pub tenant: &'a str,
    pub index: &'a str,
    pub document: &'a str,
    pub content: &'a Content,
}

/// Makes an index exist.
pub(crate) fn name_indices(tenant: &str, names: &str) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_search_indices (tenant_id, name) SELECT ?1, value FROM json_each(?2) WHERE true \
         ON CONFLICT DO NOTHING",
    );
    insert.bind(tenant).bind(names)
}

/// What opens in the row of its document only.
pub(crate) fn aad<'a>(part: &'static [u8], tenant: &'a str, index: &'a str, document: &'a str) -> [&'a [u8]; 5] {
    [b"search-document", part, tenant.as_bytes(), index.as_bytes(), document.as_bytes()]
}

pub(crate) const TITLE: &[u8] = b"title";
pub(crate) const CONTENT: &[u8] = b"content";

impl Stored<'_> {
    /// Everything that a write of the document does, in order.
    pub(crate) fn write(&self, key: &DataKey, now: i64) -> Result<[Statement; 4]> {
        let (tenant, index, document) = (self.tenant, self.index, self.document);
        let content = self.content;
        let (pairs, length) = terms::of_document(key, texts(content));
        let json = serde_json::to_string(content).map_err(|_| Error::internal("a document that is not JSON"))?;
        let seal = |part, text: &str| -> Result<Vec<u8>> {
            Ok(key.seal(random::bytes()?, &aad(part, tenant, index, document), text.as_bytes()))
        };
        const OLD: &str = "FROM qnsp_search_documents WHERE tenant_id = ?1 AND index_name = ?2 AND document_id = ?3";
        let bytes = i64::try_from(texts(content).map(str::len).sum::<usize>()).unwrap_or(i64::MAX);
        let sums = Statement::new(format!(
            "INSERT INTO qnsp_search_indices (tenant_id, name, documents, bytes, words) VALUES (?1, ?2, 1, ?4, ?5) \
             ON CONFLICT (tenant_id, name) DO UPDATE SET documents = documents + 1 - (SELECT count(*) {OLD}), \
             bytes = bytes + ?4 - coalesce((SELECT bytes {OLD}), 0), \
             words = words + ?5 - coalesce((SELECT length {OLD}), 0)"
        ));
        let upsert = Statement::new(
            "INSERT INTO qnsp_search_documents (tenant_id, index_name, document_id, sealed_title, sealed_content, length, \
             bytes, indexed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
             ON CONFLICT (tenant_id, index_name, document_id) DO UPDATE SET sealed_title = excluded.sealed_title, \
             sealed_content = excluded.sealed_content, length = excluded.length, bytes = excluded.bytes, \
             indexed_at = excluded.indexed_at, revision = revision + 1",
        );
        let named = |statement: Statement| statement.bind(tenant).bind(index).bind(document);
        let upsert = named(upsert).bind(seal(TITLE, &content.title)?).bind(seal(CONTENT, &json)?);
        let forget = Statement::new(format!("DELETE FROM qnsp_search_terms WHERE document = (SELECT id {OLD})"));
        let insert = Statement::new(format!(
            "INSERT INTO qnsp_search_terms (tenant_id, index_name, term, document, tf, length) \
             SELECT ?1, ?2, value ->> 0, (SELECT id {OLD}), value ->> 1, ?4 FROM json_each(?5)"
        ));
        Ok([
            named(sums).bind(bytes).bind(length),
            upsert.bind(length).bind(bytes).bind(now),
            named(forget),
            named(insert).bind(length).bind(pairs.to_string()),
        ])
    }
}

/// The texts that are searched.
pub(crate) fn texts(content: &Content) -> impl Iterator<Item = &str> {
    [content.title.as_str(), content.body.as_str()].into_iter().chain(content.tags.iter().map(String::as_str))
}
