//! The SQL of services as developers see them. `?1` is the developer.

use model::portal::{ApplicationService, RegistrationConfig, ServiceInstance};
use platform::{Row, Statement};
use service::{
    Result,
    portal::{Session, SortColumn, Sorted},
};

use crate::{instance_store::instance, list_query::ListQuery};

pub(crate) const ORDERS: &[SortColumn] = &[
    SortColumn::number("created_at", "s.created_at"),
    SortColumn::number("updated_at", "s.updated_at"),
    SortColumn::text("name", "s.name"),
    SortColumn::number("status", "coalesce(i.status, -1)"),
];

/// Services with the instance of an application, if that is the developer's: `?5` is the application, `?6` a part of the
/// name, `?7` the status or -1 for no instance, `?8` whether services without an instance are left out.
const FROM: &str = "FROM portal_services s LEFT JOIN portal_application_instances i ON i.service_id = s.id \
     AND i.application_id = (SELECT id FROM portal_applications WHERE id = ?5 AND developer_id = ?1) \
     WHERE (CASE WHEN ?8 THEN i.id IS NOT NULL ELSE s.registrable = 1 END) \
     AND (?6 IS NULL OR instr(lower(s.name), lower(?6)) > 0 OR instr(lower(s.display_name), lower(?6)) > 0) \
     AND (?7 IS NULL OR coalesce(i.status, -1) = ?7)";

pub(crate) fn select_page(session: &Session, sorted: &Sorted, query: &ListQuery, used_only: bool) -> Result<Statement> {
    let text = format!(
        "SELECT s.id, s.name, s.display_name, s.description, s.show_issuer, s.auto_approve, {{sort}}, \
         i.id AS instance_id, i.application_id, i.status, i.suspended, \
         i.created_at AS instance_created_at, i.updated_at AS instance_updated_at, s.id AS service_id \
         {FROM} AND {{after}} {{order}} LIMIT ?4"
    );
    filter(sorted.bind(session.statement(sorted.text(&text, "s.id")))?, query, used_only)
}

pub(crate) fn count(session: &Session, query: &ListQuery, used_only: bool) -> Result<Statement> {
    let count = session.statement(format!("SELECT count(*) AS total {FROM}"));
    // The places of the page's parameters, which a count has none of.
    filter(count.bind(None::<i64>).bind(None::<i64>).bind(None::<i64>), query, used_only)
}

fn filter(statement: Statement, query: &ListQuery, used_only: bool) -> Result<Statement> {
    let statement = statement.bind(query.app_id().map(str::to_owned)).bind(query.name().map(str::to_owned));
    Ok(statement.bind(query.status()?).bind(used_only))
}

pub(crate) fn service(row: &Row) -> Result<ApplicationService> {
    let instance: Option<ServiceInstance> =
        row.get::<Option<String>>("instance_id")?.map(|_| instance(row)).transpose()?;
    Ok(ApplicationService {
        id: row.get("id")?,
        name: row.get("name")?,
        app_registration_config: RegistrationConfig {
            description: row.get::<Option<String>>("description")?.unwrap_or_default(),
            show_issuer: row.get("show_issuer")?,
            display_name: row.get("display_name")?,
            auto_approve: row.get("auto_approve")?,
        },
        instance,
    })
}
