//! A tenant's own patterns, for which its prompts are searched besides the built-in ones.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        ai::{AttackCategory, ChangePattern, NewPattern, PatternChanged, PatternCreated, PatternType},
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::pattern::{Case, LARGEST_TOGETHER, Pattern, escaped};
use qnsp::{Call, Caller, Nothing, conflict, impossible, missing, new_id};
use serde::Deserialize;
use service::{Error, Guard, Result};

/// How many patterns a tenant may have.
const MOST: i64 = 500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPattern {
    pattern_id: Uuid,
}

/// Make a pattern for which prompts are searched.
#[utoipa::path(
    post, path = "/ai/v1/security/injection/patterns", tag = "AI", request_body = NewPattern,
    responses(
        (status = 201, body = PatternCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_pattern(call: Call<NewPattern>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    let absent = || Error::internal("a pattern that was not checked");
    let name = new.name.as_ref().or(new.pattern_name.as_ref()).map(Text::as_str).ok_or_else(absent)?;
    call.about_named(id.as_str(), name);
    let category: AttackCategory = new.category.or(new.attack_category).ok_or_else(absent)?;
    let (field, pattern) = match &new.pattern {
        Some(pattern) => ("pattern", pattern),
        None => ("patternValue", new.pattern_value.as_ref().ok_or_else(absent)?),
    };
    let pattern = match new.pattern_type.unwrap_or_default() {
        PatternType::Regex => pattern.as_str().into(),
        PatternType::Keyword => escaped(pattern.as_str()),
    };
    let size = Pattern::size(&pattern, Case::Ignored);
    let size = size.ok_or_else(|| impossible(field, "must be a regular expression that compiles to 1 MiB or less"))?;
    let insert = Statement::new(
        "INSERT INTO qnsp_injection_patterns (tenant_id, id, created_at, name, pattern, category, severity, size, enabled) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    );
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(name)
        .bind(pattern.as_ref())
        .bind(<&str>::from(category))
        .bind(<&str>::from(new.severity))
        .bind(size)
        .bind(new.enabled.unwrap_or(true));
    let mut work = call.work();
    let has_room = "(SELECT count(*) FROM qnsp_injection_patterns WHERE tenant_id = ?1) < ?2";
    work.require(Guard::new(has_room, conflict("The tenant has 500 patterns")).bind(call.tenant()).bind(MOST));
    // A search takes as long as all of them together are large.
    let fits = "(SELECT coalesce(sum(size), 0) FROM qnsp_injection_patterns WHERE tenant_id = ?1) + ?2 <= ?3";
    let fits = Guard::new(fits, conflict("The patterns of the tenant would be larger than 16 KiB together"));
    work.require(fits.bind(call.tenant()).bind(size).bind(LARGEST_TOGETHER));
    work.push(insert);
    work.on_duplicate("qnsp_injection_patterns.name", conflict("Another pattern has this name"));
    let created = PatternCreated { pattern_id: id, name: name.to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_injection_patterns WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such pattern")).bind(caller.tenant()).bind(id)
}

/// Enable or disable a pattern.
#[utoipa::path(
    patch, path = "/ai/v1/security/injection/patterns/{patternId}", tag = "AI", request_body = ChangePattern,
    params(("patternId" = String, Path)),
    responses((status = 200, body = PatternChanged), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn change_pattern(call: Call<ChangePattern, Nothing, OfPattern>) -> Result<Json<PatternChanged>> {
    let (id, enabled) = (call.path.pattern_id.as_str(), call.body.enabled);
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let update = "UPDATE qnsp_injection_patterns SET enabled = ?3 WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(update).bind(call.tenant()).bind(id).bind(enabled));
    work.run().await?;
    Ok(Json(PatternChanged { pattern_id: id.to_owned(), enabled }))
}

/// Delete a pattern. What it has found stays counted.
#[utoipa::path(
    delete, path = "/ai/v1/security/injection/patterns/{patternId}", tag = "AI", params(("patternId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_pattern(call: Call<Nothing, Nothing, OfPattern>) -> Result<StatusCode> {
    let id = call.path.pattern_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let delete = "DELETE FROM qnsp_injection_patterns WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}
