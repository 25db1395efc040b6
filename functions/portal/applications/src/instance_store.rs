//! The SQL of instances. `?1` is the developer, `?2` the application that must be theirs.

use model::portal::{ApplicationInstance, Reference, ServiceInstance};
use platform::{Row, Statement};
use service::{Result, portal::Session};

/// Asks for a service that is open for registration; else nothing happens.
pub(crate) fn insert(session: &Session, application: &str, id: &str, service: &str) -> Statement {
    let insert = session.statement(
        "INSERT INTO portal_application_instances \
         (id, application_id, service_id, status, suspended, created_at, updated_at) \
         SELECT ?3, a.id, s.id, CASE WHEN s.auto_approve THEN 0 ELSE 1 END, 0, ?5, ?5 \
         FROM portal_applications a, portal_services s \
         WHERE a.id = ?2 AND a.developer_id = ?1 AND s.id = ?4 AND s.registrable = 1",
    );
    insert.bind(application).bind(id).bind(service).bind(session.now)
}

pub(crate) fn select(session: &Session, application: &str, id: &str) -> Statement {
    let select = session.statement(
        "SELECT i.id AS instance_id, i.application_id, i.service_id, i.status, i.suspended, \
         i.created_at AS instance_created_at, i.updated_at AS instance_updated_at \
         FROM portal_application_instances i JOIN portal_applications a ON a.id = i.application_id \
         WHERE i.id = ?3 AND i.application_id = ?2 AND a.developer_id = ?1",
    );
    select.bind(application).bind(id)
}

pub(crate) fn delete(session: &Session, application: &str, id: &str) -> Statement {
    let delete = session.statement(
        "DELETE FROM portal_application_instances WHERE id = ?3 \
         AND application_id = (SELECT id FROM portal_applications WHERE id = ?2 AND developer_id = ?1)",
    );
    delete.bind(application).bind(id)
}

pub(crate) fn instance(row: &Row) -> Result<ServiceInstance> {
    let (application, service): (String, String) = (row.get("application_id")?, row.get("service_id")?);
    Ok(ServiceInstance {
        id: row.get("instance_id")?,
        status: row.get("status")?,
        suspended: row.get("suspended")?,
        composite_id: format!("{application}_{service}"),
        created_at: row.get::<i64>("instance_created_at")?.div_euclid(1000),
        updated_at: row.get::<i64>("instance_updated_at")?.div_euclid(1000),
    })
}

pub(crate) fn application_instance(row: &Row) -> Result<ApplicationInstance> {
    Ok(ApplicationInstance {
        instance: instance(row)?,
        application: Reference { id: row.get("application_id")? },
        service: Reference { id: row.get("service_id")? },
    })
}
