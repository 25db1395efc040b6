//! Whether searches of a tenant see rows of others. What is checked is read without the tenant's key prefix, so that a row
//! which stands under the wrong one would show.

use axum::{http::StatusCode, response::Response};
use crypto::seal::DataKey;
use model::qnsp::search::{IsolationTest, NewVerification, TestType, Verification};
use platform::{Row, Statement};
use policy::qnsp::search::words;
use qnsp::{Call, Caller, new_id};
use serde_json::{Value, json};
use service::{Anonymous, Result, Slot};

use crate::{
    document_store::{TITLE, aad},
    terms::term,
};

/// How many hits of a search are looked at.
const HITS: i64 = 20;

/// Check samples of the tenant's documents, of searches for them, and of synonyms.
#[utoipa::path(
    post, path = "/search/v1/isolation/verify", tag = "Search", request_body = NewVerification,
    responses((status = 200, body = Verification), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn verify_isolation(call: Call<NewVerification>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let (kind, size) = (call.body.test_type, call.body.sample_size.map_or(100, |size| size.0));
    let includes = |part| kind == part || kind == TestType::Full;
    let titles = if includes(TestType::QueryIsolation) { Some(titles(&call, size).await?) } else { None };
    let mut work = call.work();
    let mut tests: Vec<(&str, Slot)> = Vec::new();
    if includes(TestType::IndexIsolation) {
        tests.push(("index_isolation", work.push(select_documents(call.tenant(), size))));
    }
    if let Some(titles) = titles {
        tests.push(("query_isolation", work.push(select_hits(call.tenant(), &titles))));
    }
    if kind == TestType::Full {
        tests.push(("synonym_isolation", work.push(select_groups(call.tenant(), size))));
    }
    let outcomes = work.run().await?;
    let tests = tests.into_iter().map(|(name, slot)| test(name, outcomes.one(slot)?)).collect::<Result<Vec<_>>>()?;
    let passed = tests.iter().all(|test| test.passed);
    call.answer(StatusCode::OK, &Verification { verification_id: id, passed, tests }).await
}

fn test(test_name: &'static str, row: &Row) -> Result<IsolationTest> {
    let (checked, foreign): (i64, i64) = (row.get("checked")?, row.get("foreign_rows")?);
    Ok(IsolationTest { test_name, passed: foreign == 0, details: format!("{checked} checked, {foreign} foreign") })
}

/// Terms of the tenant's documents that stand under another tenant, and terms of the tenant whose document is gone or
/// another's.
fn select_documents(tenant: &str, size: i64) -> Statement {
    let select = Statement::new(
        "WITH d AS MATERIALIZED (SELECT id FROM qnsp_search_documents WHERE tenant_id = ?1 \
         ORDER BY index_name, id LIMIT ?2), \
         t AS MATERIALIZED (SELECT document FROM qnsp_search_terms WHERE tenant_id = ?1 LIMIT ?2 * 100) \
         SELECT (SELECT count(*) FROM d) AS checked, (SELECT count(*) FROM d CROSS JOIN qnsp_search_terms s \
         ON s.document = d.id WHERE s.tenant_id <> ?1) + (SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 \
         FROM qnsp_search_documents o WHERE o.id = t.document AND o.tenant_id = ?1)) AS foreign_rows",
    );
    select.bind(tenant).bind(size)
}

/// For the newest documents, as JSON: the index, and the terms of the title.
async fn titles(caller: &Caller, size: i64) -> Result<Value> {
    let tenant = caller.tenant();
    let mut batch = Anonymous::background(&caller.app).batch();
    let newest = Statement::new(
        "SELECT index_name, document_id, sealed_title FROM qnsp_search_documents WHERE tenant_id = ?1 \
         ORDER BY indexed_at DESC, id LIMIT ?2",
    );
    let newest = batch.push(newest.bind(tenant).bind(size));
    let key = batch.read_data_key(tenant);
    let outcomes = batch.read().await?;
    let Some(key) = outcomes.data_key(&key)? else { return Ok(json!([])) };
    let titles = outcomes.rows(newest).iter().map(|row| title(row, &key, tenant)).collect::<Result<Vec<_>>>()?;
    Ok(Value::from(titles))
}

fn title(row: &Row, key: &DataKey, tenant: &str) -> Result<Value> {
    let (index, document): (String, String) = (row.get("index_name")?, row.get("document_id")?);
    let title = key.open(&aad(TITLE, tenant, &index, &document), &row.get::<Vec<u8>>("sealed_title")?)?;
    let first = words(&String::from_utf8_lossy(&title)).next();
    Ok(json!([index, first.map(|word| term(key, &word))]))
}

/// What the tenant's terms lead to, when its titles are searched by their first word, and whose that is.
fn select_hits(tenant: &str, titles: &Value) -> Statement {
    let select = Statement::new(
        "SELECT (SELECT count(*) FROM json_each(?2)) AS checked, (SELECT coalesce(sum((SELECT count(*) FROM (SELECT s.document \
         FROM qnsp_search_terms s WHERE s.tenant_id = ?1 AND s.index_name = v.value ->> 0 AND s.term = v.value ->> 1 \
         LIMIT ?3) h JOIN qnsp_search_documents o ON o.id = h.document WHERE o.tenant_id <> ?1)), 0) FROM json_each(?2) v) \
         AS foreign_rows",
    );
    select.bind(tenant).bind(titles.to_string()).bind(HITS)
}

/// Groups that expansions of the tenant's terms read, by their ids alone.
fn select_groups(tenant: &str, size: i64) -> Statement {
    let select = Statement::new(
        "WITH t AS MATERIALIZED (SELECT DISTINCT group_id FROM qnsp_synonym_terms WHERE tenant_id = ?1 LIMIT ?2) \
         SELECT (SELECT count(*) FROM t) AS checked, (SELECT count(*) FROM t CROSS JOIN qnsp_synonym_groups g \
         ON g.id = t.group_id WHERE g.tenant_id <> ?1) AS foreign_rows",
    );
    select.bind(tenant).bind(size)
}
