//! Legal holds: what is held is not deleted, by anybody, until the last hold on it ends.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        storage::{CreateHold, HoldCreated, HoldReleased, ReleaseHold},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Nothing, conflict, documents::is_there, impossible, missing, new_id};
use serde::Deserialize;
use service::{Guard, Result};

use crate::{
    expiry::{self, START},
    store::{bucket_list, json_list},
};

/// The end of a hold that has none: the greatest number that D1 does not round.
const NEVER: i64 = (1 << 53) - 1;

/// Hold documents, and what comes into buckets.
#[utoipa::path(
    post, path = "/storage/v1/retention/holds", tag = "Storage", request_body = CreateHold,
    responses(
        (status = 201, body = HoldCreated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn create_hold(call: Call<CreateHold>) -> Result<Response> {
    let (hold, id) = (&call.body, new_id()?);
    let text = |text: &Option<Text<1, 2000>>| text.as_ref().map(|text| text.as_str().to_owned());
    let of_sdk = hold.hold_type.as_ref().map(|kind| format!("{} {id}", kind.as_str()));
    let name = hold.name.as_ref().map(|name| name.as_str().to_owned()).or(of_sdk).unwrap_or_default();
    call.about_named(id.as_str(), name.as_str());
    let expires_at = hold.expires_at.map(|at| at.0);
    if expires_at.is_some_and(|at| at <= call.now) {
        return Err(impossible("expiresAt", "must be in the future"));
    }
    let scope = hold.scope.as_ref();
    let objects = scope.and_then(|scope| scope.object_ids.as_ref()).into_iter().flat_map(|ids| &ids.0);
    let objects = json_list(objects.chain(&hold.object_id).map(Uuid::as_str));
    let buckets = bucket_list(scope.and_then(|scope| scope.buckets.as_ref()));
    // What has ended before the hold is not held.
    expiry::sweep(&call).await?;
    let mut work = call.work();
    let all_exist = format!(
        "NOT EXISTS (SELECT 1 FROM json_each(?2) i WHERE NOT EXISTS (SELECT 1 FROM qnsp_kept_documents d \
         WHERE d.tenant_id = ?1 AND d.id = i.value AND {}))",
        is_there("?3")
    );
    let all_exist = Guard::new(all_exist, missing("There is no such document to hold"));
    work.require(all_exist.bind(call.tenant()).bind(objects.as_str()).bind(call.now));
    let is_new = "NOT EXISTS (SELECT 1 FROM qnsp_holds WHERE tenant_id = ?1 AND name = ?2 AND released_at IS NULL \
                  AND coalesce(expires_at, ?4) > ?3)";
    let is_new = Guard::new(is_new, conflict("Another active hold of the tenant has this name"));
    work.require(is_new.bind(call.tenant()).bind(name.as_str()).bind(call.now).bind(NEVER));
    let insert = Statement::new(
        "INSERT INTO qnsp_holds (tenant_id, id, created_at, created_by, name, reason, expires_at, is_over) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(call.now).bind(call.user()).bind(name.as_str());
    work.push(insert.bind(text(&hold.reason).or(text(&hold.hold_reason)).unwrap_or_default()).bind(expires_at));
    let hold_all = Statement::new(
        "INSERT INTO qnsp_held (tenant_id, target, hold_id, until) SELECT ?1, 'object/' || value, ?2, ?5 \
         FROM json_each(?3) WHERE true UNION SELECT ?1, 'bucket/' || value, ?2, ?5 FROM json_each(?4)",
    );
    let hold_all = hold_all.bind(call.tenant()).bind(id.as_str()).bind(objects.as_str()).bind(buckets.as_str());
    work.push(hold_all.bind(expires_at.unwrap_or(NEVER)));
    let count = Statement::new(
        "SELECT (SELECT coalesce(sum(documents), 0) FROM qnsp_buckets WHERE tenant_id = ?1 \
         AND name IN (SELECT value FROM json_each(?3))) + (SELECT count(*) FROM qnsp_documents WHERE tenant_id = ?1 \
         AND id IN (SELECT value FROM json_each(?2)) AND bucket NOT IN (SELECT value FROM json_each(?3))) AS held",
    );
    let count = work.push(count.bind(call.tenant()).bind(objects.as_str()).bind(buckets.as_str()));
    let outcomes = work.run().await?;
    let objects_held = outcomes.one(count)?.get("held")?;
    let created = HoldCreated { hold_id: id, name, objects_held, created_at: IsoTime(call.now) };
    call.answer(StatusCode::CREATED, &created).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfHold {
    hold_id: Uuid,
}

/// Release a hold.
#[utoipa::path(
    post, path = "/storage/v1/retention/holds/{holdId}/release", tag = "Storage", request_body = ReleaseHold,
    params(("holdId" = String, Path)),
    responses(
        (status = 200, body = HoldReleased), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn release_hold(call: Call<ReleaseHold, Nothing, OfHold>) -> Result<Response> {
    let id = call.path.hold_id.as_str();
    call.about(id);
    let of_hold = |condition: &str, refusal| {
        let exists = format!("EXISTS (SELECT 1 FROM qnsp_holds WHERE tenant_id = ?1 AND id = ?2{condition})");
        Guard::new(exists, refusal).bind(call.tenant()).bind(id).bind(call.now)
    };
    let mut work = call.work();
    work.require(of_hold(" AND ?3", missing("No such hold")));
    work.require(of_hold(" AND released_at IS NULL AND ?3", conflict("The hold was released already")));
    let has_ended = conflict("The hold has ended by itself");
    work.require(of_hold(" AND (expires_at IS NULL OR expires_at > ?3)", has_ended));
    // Targets begin with seven characters that say what they are.
    let count = Statement::new(
        "SELECT count(*) AS released FROM (SELECT d.id, d.bucket FROM qnsp_held h JOIN qnsp_documents d \
         ON d.tenant_id = h.tenant_id AND d.id = substr(h.target, 8) \
         WHERE h.tenant_id = ?1 AND h.hold_id = ?2 AND h.target >= 'object/' AND h.target < 'object0' \
         UNION SELECT d.id, d.bucket FROM qnsp_held h JOIN qnsp_documents d \
         ON d.tenant_id = h.tenant_id AND d.bucket = substr(h.target, 8) \
         WHERE h.tenant_id = ?1 AND h.hold_id = ?2 AND h.target >= 'bucket/' AND h.target < 'bucket0') c \
         WHERE NOT EXISTS (SELECT 1 FROM qnsp_held o WHERE o.tenant_id = ?1 \
         AND o.target IN ('object/' || c.id, 'bucket/' || c.bucket) AND o.hold_id <> ?2 AND o.until > ?3)",
    );
    let count = work.push(count.bind(call.tenant()).bind(id).bind(call.now));
    let reason = call.body.release_reason.as_ref().map(|reason| reason.as_str().to_owned());
    let release = "UPDATE qnsp_holds SET released_at = ?3, release_reason = ?4, is_over = 1 \
                   WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(release).bind(call.tenant()).bind(id).bind(call.now).bind(reason));
    let delete = "DELETE FROM qnsp_held WHERE tenant_id = ?1 AND hold_id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    // Policies look again at what was held.
    let again = format!("UPDATE qnsp_storage_retention SET {START} WHERE tenant_id = ?1");
    work.push(Statement::new(again).bind(call.tenant()));
    let outcomes = work.run().await?;
    let released = HoldReleased {
        hold_id: id.to_owned(),
        released_at: IsoTime(call.now),
        objects_released: outcomes.one(count)?.get("released")?,
    };
    call.answer(StatusCode::OK, &released).await
}
