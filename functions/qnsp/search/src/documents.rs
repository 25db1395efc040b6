//! Documents: written, and searched. A search reads beforehand what synonyms its words have and how rare they are, and then
//! what matches. The batch of the call records how much that was and how long it took.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::{
        List, Text,
        search::{Content, DocumentIndexed, Hits, IndexName, NewDocument},
    },
    time::IsoTime,
};
use platform::clock;
use qnsp::{Call, Limit, Nothing, new_id};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::{analytics_store, document_store::Stored, maintenance, ranking};

/// Write a document, and make it found.
#[utoipa::path(
    post, path = "/search/v1/documents/index", tag = "Search", request_body = NewDocument,
    responses((status = 201, body = DocumentIndexed), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn index_document(call: Call<NewDocument>) -> Result<Response> {
    let new = &call.body;
    let index = new.index_name.as_ref().or(new.source_service.as_ref()).cloned().unwrap_or_default();
    let id = new.document_id.as_str();
    call.about(id);
    let tags = new.tags.as_ref().map_or(&[][..], |List(tags)| tags);
    let content = Content {
        title: new.title.as_ref().map_or("", Text::as_str).to_owned(),
        body: new.body.clone().unwrap_or_default(),
        tags: tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
        version: new.version.as_ref().map_or("", Text::as_str).to_owned(),
    };
    let mut work = call.work();
    let key = work.data_key(call.tenant()).await?;
    let stored = Stored { tenant: call.tenant(), index: index.as_str(), document: id, content: &content };
    for statement in stored.write(&key, call.now)? {
        work.push(statement);
    }
    let indexed = DocumentIndexed {
        document_id: id.to_owned(),
        index_name: index.as_str().to_owned(),
        indexed_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &indexed).await
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskSearch {
    /// Words; a document must hold each of them, or one of its synonyms. There is no syntax.
    #[param(value_type = String)]
    q: Text<1, 512>,
    #[param(value_type = Option<String>)]
    index_name: Option<IndexName>,
    /// 1 to 100, 20 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    limit: Limit<20, 100>,
}

/// Search the documents, the best match first.
#[utoipa::path(
    get, path = "/search/v1/documents", tag = "Search", params(AskSearch),
    responses((status = 200, body = Hits), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn search_documents(call: Call<Nothing, AskSearch>) -> Result<Json<Hits>> {
    let (words, index) = (call.query.q.as_str(), call.query.index_name.as_ref().map(IndexName::as_str));
    let mut started = clock::now_ms();
    let mut facts = ranking::read_facts(&call, words, index).await?;
    if facts.is_due {
        maintenance::run_due(&call).await?;
        started = clock::now_ms();
        facts = ranking::read_facts(&call, words, index).await?;
    }
    let found = ranking::search(&call, &facts, call.query.limit.0).await?;
    let query_id = new_id()?;
    let latency = (clock::now_ms() - started).max(0);
    let mut work = call.work();
    work.push(analytics_store::insert_query(&call, &query_id, call.now, found.total, latency as f64, None));
    for sweep in analytics_store::sweeps(call.now) {
        work.push(sweep);
    }
    work.run().await?;
    Ok(Json(Hits { items: found.hits, total: found.total, query_id }))
}
