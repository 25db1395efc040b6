//! Grants: who has which access now, and its end before time.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::jit::{ActiveGrant, Grant, GrantRevoked, Grants, RevokeGrant},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{Role, jit::minutes_left};
use qnsp::{AskPage, Call, Nothing, conflict, forbidden, missing, role_required};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Guard, Result};

use crate::{
    grant_store as store,
    policy_store::list,
    process::{is_administrator, roles},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfUser {
    user_id: String,
}

/// List the active grants of a user. Only administrators see those of others.
#[utoipa::path(
    get, path = "/access/v1/jit/grants/user/{userId}", tag = "Access control",
    params(("userId" = String, Path), AskPage),
    responses((status = 200, body = Grants), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_grants(call: Call<Nothing, AskPage, OfUser>) -> Result<Json<Grants>> {
    let user = call.path.user_id.as_str();
    if user != call.user() && !is_administrator(&call) {
        return Err(role_required(&call, Role::Admin));
    }
    let mut work = call.work();
    let found = work.push(store::select_active(&call, user, &call.query));
    let outcomes = work.run().await?;
    let grants: Vec<_> = outcomes.rows(found).iter().map(grant).collect::<Result<_>>()?;
    let active = |grant: &Grant| ActiveGrant {
        grant: grant.clone(),
        remaining_minutes: minutes_left(grant.expires_at.0, call.now),
    };
    Ok(Json(Grants { active_grants: grants.iter().map(active).collect(), grants }))
}

fn grant(row: &Row) -> Result<Grant> {
    Ok(Grant {
        grant_id: row.get("id")?,
        resource_type: row.get("resource_type")?,
        resource_id: row.get("resource_id")?,
        permissions: list(row, "permissions")?,
        granted_at: IsoTime(row.get("granted_at")?),
        expires_at: IsoTime(row.get("expires_at")?),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfGrant {
    grant_id: Uuid,
}

/// Revoke a grant: by an administrator, by somebody who could have approved it, or by who has it. There is no way back.
#[utoipa::path(
    post, path = "/access/v1/jit/grants/{grantId}/revoke", tag = "Access control", request_body = RevokeGrant,
    params(("grantId" = String, Path)),
    responses(
        (status = 200, body = GrantRevoked), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn revoke_grant(call: Call<RevokeGrant, Nothing, OfGrant>) -> Result<Response> {
    let id = call.path.grant_id.as_str();
    call.about(id);
    let mut work = call.work();
    let of_grant = |condition: &str, refusal: Error| {
        let exists = format!("EXISTS (SELECT 1 FROM qnsp_jit_grants g WHERE tenant_id = ?1 AND id = ?2{condition})");
        Guard::new(exists, refusal).bind(call.tenant()).bind(id)
    };
    work.require(of_grant("", missing("No such grant")));
    if !is_administrator(&call) {
        let role = forbidden("The grant is another user's, and none of the caller's roles may approve it", json!({}));
        let may = " AND (grantee_id = ?3 OR EXISTS (SELECT 1 FROM qnsp_jit_requests r, json_each(r.approver_roles) \
                   WHERE r.tenant_id = g.tenant_id AND r.id = g.request_id \
                   AND value IN (SELECT value FROM json_each(?4))))";
        work.require(of_grant(may, role).bind(call.user()).bind(roles(&call)));
    }
    let is_active = of_grant(" AND revoked_at IS NULL AND expires_at > ?3", conflict("The grant has ended"));
    work.require(is_active.bind(call.now));
    let update = Statement::new(
        "UPDATE qnsp_jit_grants SET revoked_at = ?3, revoked_by = ?4, revoke_reason = ?5 \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let update = update.bind(call.tenant()).bind(id).bind(call.now).bind(call.user());
    work.push(update.bind(call.body.reason.as_str()));
    let revoked =
        GrantRevoked { grant_id: id.to_owned(), revoked_at: IsoTime(call.now), revoked_by: call.user().to_owned() };
    work.commit(StatusCode::OK, &revoked).await
}
