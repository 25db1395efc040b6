//! The services that applications may ask for.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{AdminService, List, PutService, RegistrationConfig, is_service_name};
use platform::{Row, Statement};
use service::{
    Error, JsonOrDefault, Path, Result, Signed,
    portal::{PORTAL_TENANT, Page, PageQuery, new_id},
};

/// List all services, oldest first, whether they are open for registration or not.
#[utoipa::path(
    get, path = "/caas/portal/services", tag = "Chancery", params(PageQuery),
    responses((status = 200, body = List<AdminService>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_portal_services(signed: Signed, page: Page) -> Result<Answer<List<AdminService>>> {
    let select = page.bind(Statement::new(
        "SELECT id, name, display_name, description, registrable, show_issuer, auto_approve, created_at, updated_at \
         FROM portal_services WHERE (created_at, id) > (?1, ?2) ORDER BY created_at, id LIMIT ?3",
    ));
    let count = Statement::new("SELECT count(*) AS total FROM portal_services");
    let mut batch = signed.authorize()?.batch();
    let (listed, count) = (batch.push(select), batch.push(count));
    let outcomes = batch.read().await?;
    page.list("/caas/portal/services", outcomes.rows(listed), outcomes.one(count)?.get("total")?, service).map(Answer)
}

/// Get a service by its name or id.
#[utoipa::path(
    get, path = "/caas/portal/services/{service}", tag = "Chancery", params(("service" = String, Path)),
    responses((status = 200, body = AdminService), (status = 401), (status = 404)),
)]
pub(crate) async fn get_portal_service(signed: Signed, Path(name): Path<String>) -> Result<Answer<AdminService>> {
    let mut batch = signed.authorize()?.batch();
    let found = batch.push(select(&name));
    service(batch.read().await?.row(found).ok_or_else(missing)?).map(Answer)
}

/// Offer a service under a name, or change what is offered under it.
#[utoipa::path(
    put, path = "/caas/portal/services/{service}", tag = "Chancery", params(("service" = String, Path)),
    request_body = Option<PutService>,
    responses((status = 200, body = AdminService), (status = 400), (status = 401)),
)]
pub(crate) async fn put_portal_service(
    signed: Signed,
    Path(name): Path<String>,
    JsonOrDefault(request): JsonOrDefault<PutService>,
) -> Result<Answer<AdminService>> {
    if !is_service_name(&name) {
        return Err(Error::bad_request("A service's name must have 1 to 128 letters, digits and . _ ~ -"));
    }
    request.check().map_err(|rule| Error::bad_request(rule.0))?;
    let mut batch = signed.authorize()?.batch();
    let put = batch.push(upsert(&name, &request, signed.now)?);
    batch.record(signed.audit(PORTAL_TENANT, name.as_str()), put);
    let found = batch.push(select(&name));
    service(batch.write().await?.one(found)?).map(Answer)
}

/// Withdraw a service, with every instance of it.
#[utoipa::path(
    delete, path = "/caas/portal/services/{service}", tag = "Chancery", params(("service" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_portal_service(signed: Signed, Path(name): Path<String>) -> Result<StatusCode> {
    let delete = Statement::new("DELETE FROM portal_services WHERE name = ?1 OR id = ?1").bind(name.as_str());
    let mut batch = signed.authorize()?.batch();
    let deleted = batch.push(delete);
    batch.record(signed.audit(PORTAL_TENANT, name.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn select(name: &str) -> Statement {
    Statement::new(
        "SELECT id, name, display_name, description, registrable, show_issuer, auto_approve, created_at, updated_at \
         FROM portal_services WHERE name = ?1 OR id = ?1",
    )
    .bind(name)
}

fn upsert(name: &str, request: &PutService, now: i64) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO portal_services (id, name, display_name, description, registrable, show_issuer, auto_approve, \
         created_at, updated_at) \
         VALUES (?1, ?2, coalesce(?3, ?2), ?4, coalesce(?5, 1), coalesce(?6, 0), coalesce(?7, 0), ?8, ?8) \
         ON CONFLICT (name) DO UPDATE SET display_name = coalesce(?3, display_name), \
         description = coalesce(?4, description), registrable = coalesce(?5, registrable), \
         show_issuer = coalesce(?6, show_issuer), auto_approve = coalesce(?7, auto_approve), updated_at = ?8",
    );
    Ok(insert
        .bind(new_id()?)
        .bind(name)
        .bind(request.display_name.clone())
        .bind(request.description.clone())
        .bind(request.registrable)
        .bind(request.show_issuer)
        .bind(request.auto_approve)
        .bind(now))
}

fn service(row: &Row) -> Result<AdminService> {
    Ok(AdminService {
        id: row.get("id")?,
        name: row.get("name")?,
        registrable: row.get("registrable")?,
        app_registration_config: RegistrationConfig {
            description: row.get::<Option<String>>("description")?.unwrap_or_default(),
            show_issuer: row.get("show_issuer")?,
            display_name: row.get("display_name")?,
            auto_approve: row.get("auto_approve")?,
        },
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        updated_at: row.get::<i64>("updated_at")?.div_euclid(1000),
    })
}

fn missing() -> Error {
    Error::not_found("No service with this name or id")
}
