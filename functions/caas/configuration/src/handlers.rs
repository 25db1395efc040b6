//! Fetch, set and remove configuration, and show its history. A fetch may be answered by a copy, without a question to
//! storage, unless it says `read_fresh`; everything else goes to the database in the very round trip that admits it.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    http::{HeaderName, StatusCode, header},
};
use model::{
    configuration::{FetchConfigRequest, History, HistoryQuery, RemoveConfigRequest, SetConfigRequest, WHOLE},
    ids::KeyPath,
};
use service::{Cached, Error, Freshness, Json, Path, Preconditions, Query, Result, Signed};

use crate::{
    access::{Doing, RecordRef, authorize},
    changes,
    document::{Document, named},
    reads::{self, Found},
};

/// Copies of configurations, by their contexts' keys.
pub(crate) type Documents = Cached<Document>;

/// The longest configuration and its context fit in, with some blanks.
const BODY_LIMIT: usize = 5 << 18;

/// A body that is JSON text already, with the revision it shows.
type Raw = ([(HeaderName, String); 3], String);

/// Fetch a configuration, or the values at some of its paths. Missing ones are left out.
///
/// The answer may be a copy that is not older than `CACHE_SECONDS`; the header `Age` says how old it is.
#[utoipa::path(
    post, path = "/caas/config/fetch", tag = "Configuration", params(Freshness), request_body = FetchConfigRequest,
    responses(
        (status = 200, body = Object, description = "The configuration, or an object of path and value",
            headers(
                ("ETag" = String, description = "The revision; \"0\" before the first change"),
                ("Age" = i64, description = "Seconds since it was read"),
            )),
        (status = 400), (status = 401),
    ),
)]
pub(crate) async fn fetch_config(
    signed: Signed,
    Extension(cached): Extension<Arc<Documents>>,
    Query(freshness): Query<Freshness>,
    Json(request): Json<FetchConfigRequest>,
) -> Result<Raw> {
    let (app, record) = (&signed.app, RecordRef::new(&request.context));
    let paths = request.key_paths.as_deref().unwrap_or_default();
    let authorization = authorize(&signed, Doing::Fetch, &request.context, &record);
    let copy = authorization.answer_by_copy(&freshness, cached.recall(app, &record.key));
    if let Some((document, age)) = copy.await {
        return Ok(raw(document.revision, age, document.show(paths)?));
    }
    let mut batch = authorization.clone().batch();
    let slots = reads::push_select(&mut batch, &record, paths)?;
    let outcomes = batch.read().await?;
    authorization.remember_admission();
    match reads::found(&outcomes, &slots)? {
        Found::Parts(revision, json) => Ok(raw(revision, 0, json)),
        Found::Whole(document) => {
            let document = Arc::new(document);
            let (read, copy) = (signed.now, document.clone());
            if freshness.read_fresh {
                // Callers who ask like this ask often, and key-value takes few writes of one key.
                cached.keep_here(app, &record.key, read, copy, document.len());
            } else {
                cached.keep(app, &record.key, read, copy, document.len());
            }
            Ok(raw(document.revision, 0, document.show(paths)?))
        }
    }
}

/// Set the value at a path, or the whole configuration at the path `data`. Missing objects on the way are created.
#[utoipa::path(
    put, path = "/caas/config/{key_path}", tag = "Configuration",
    params(
        ("key_path" = String, Path),
        ("If-Match" = Option<String>, Header, description = "Only if one of these revisions stands; `*`: only if there is a configuration"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only if there is no configuration"),
    ),
    request_body = SetConfigRequest,
    responses(
        (status = 200, body = Object, description = "An object of the path and its value",
            headers(("ETag" = String, description = "The new revision"))),
        (status = 400), (status = 401), (status = 412), (status = 413),
    ),
)]
pub(crate) async fn set_config(
    signed: Signed,
    Extension(cached): Extension<Arc<Documents>>,
    Path(key_path): Path<KeyPath>,
    conditions: Preconditions,
    Json(request): Json<SetConfigRequest, BODY_LIMIT>,
) -> Result<Raw> {
    request.check(&key_path)?;
    let record = RecordRef::new(&request.context);
    let mut batch = authorize(&signed, Doing::Set, &request.context, &record).batch();
    let data_key = batch.data_key(&record.tenant).await?;
    let state = batch.push(changes::select_state(&record, &key_path));
    batch.push(changes::record_set(&signed, &record, &key_path, &request.data, &conditions));
    let set = batch.push(changes::set(&record, &key_path, &request.data));
    let audit = signed.audit(record.tenant.as_str(), record.subject(key_path.as_str()));
    batch.record(audit.value(&data_key, request.data.text().as_bytes()), set);
    let outcomes = batch.write().await?;
    cached.forget(&record.key);
    let state = outcomes.one(state)?;
    let revision: i64 = state.get("revision")?;
    if outcomes.changed(set) {
        return Ok(raw(revision + 1, 0, format!("{{{}}}", named(key_path.as_str(), request.data.as_str()))));
    }
    hold(&conditions, revision, state.get("present")?)?;
    if state.get("blocked")? {
        return Err(Error::bad_request("Something on the way to this path is not an object; remove it first"));
    }
    Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, "A configuration may have at most 1048576 bytes of JSON"))
}

/// Remove the values at some paths, or everything at the path `data`.
#[utoipa::path(
    delete, path = "/caas/config", tag = "Configuration",
    params(
        ("If-Match" = Option<String>, Header, description = "Only if one of these revisions stands; `*`: only if there is a configuration"),
    ),
    request_body = RemoveConfigRequest,
    responses((status = 204), (status = 400), (status = 401), (status = 404), (status = 412)),
)]
pub(crate) async fn remove_config(
    signed: Signed,
    Extension(cached): Extension<Arc<Documents>>,
    conditions: Preconditions,
    Json(request): Json<RemoveConfigRequest>,
) -> Result<StatusCode> {
    let mut paths = request.key_paths;
    if paths.iter().any(|path| path.as_str() == WHOLE) {
        paths.retain(|path| path.as_str() == WHOLE);
    }
    let record = RecordRef::new(&request.context);
    let mut batch = authorize(&signed, Doing::Remove, &request.context, &record).batch();
    let state = batch.push(changes::select_whole(&record));
    batch.push(changes::record_remove(&signed, &record, &paths, &conditions)?);
    let removed = batch.push(changes::remove(&record, &paths)?);
    let names: Vec<_> = paths.iter().map(KeyPath::as_str).collect();
    batch.record(signed.audit(record.tenant.as_str(), record.subject(&names.join(","))), removed);
    let outcomes = batch.write().await?;
    cached.forget(&record.key);
    if outcomes.changed(removed) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let state = outcomes.one(state)?;
    hold(&conditions, state.get("revision")?, state.get("present")?)?;
    Err(Error::not_found("Nothing stands at these paths"))
}

/// List the changes of a configuration, with their authors and times, newest first. For callers who may fetch it.
#[utoipa::path(
    get, path = "/caas/config/history", tag = "Chancery", params(HistoryQuery),
    responses((status = 200, body = History), (status = 400), (status = 401)),
)]
pub(crate) async fn show_history(signed: Signed, Query(query): Query<HistoryQuery>) -> Result<Answer<History>> {
    let (context, limit) = query.checked()?;
    let record = RecordRef::new(&context);
    let mut batch = authorize(&signed, Doing::Fetch, &context, &record).batch();
    let found = batch.push(reads::select_history(&record, limit, query.before));
    Ok(Answer(reads::history(batch.read().await?.rows(found))?))
}

fn raw(revision: i64, age: i64, json: String) -> Raw {
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::ETAG, format!("\"{revision}\"")),
        (header::AGE, age.to_string()),
    ];
    (headers, json)
}

/// The refusal of a change whose conditions do not hold.
fn hold(conditions: &Preconditions, revision: i64, is_present: bool) -> Result<()> {
    if conditions.hold(&revision.to_string(), is_present) {
        return Ok(());
    }
    let message = format!("Revision {revision} stands; fetch it and try again");
    Err(Error::new(StatusCode::PRECONDITION_FAILED, message))
}
