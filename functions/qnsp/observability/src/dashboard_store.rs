//! The rows of dashboards, as a user sees them.

use model::{
    qnsp::{
        Text,
        observability::{Dashboard, DashboardEntry, NewDashboard},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Caller, conflict, missing};
use serde::{Serialize, de::DeserializeOwned};
use service::{Error, Guard, Result};

pub(crate) fn name_is_free(caller: &Caller, name: &str) -> Guard {
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_dashboards WHERE tenant_id = ?1 AND owner = ?2 AND name = ?3)";
    let guard = Guard::new(is_free, conflict("Another dashboard of the user has this name"));
    guard.bind(caller.tenant()).bind(caller.user()).bind(name)
}

/// The user's own, or shared.
pub(crate) fn is_visible(caller: &Caller, id: &str) -> Guard {
    let is_visible = "EXISTS (SELECT 1 FROM qnsp_dashboards WHERE tenant_id = ?1 AND id = ?2 \
                      AND (owner = ?3 OR is_shared = 1))";
    let guard = Guard::new(is_visible, missing("No such dashboard"));
    guard.bind(caller.tenant()).bind(id).bind(caller.user())
}

pub(crate) fn is_own(caller: &Caller, id: &str) -> Guard {
    let is_own = "EXISTS (SELECT 1 FROM qnsp_dashboards WHERE tenant_id = ?1 AND id = ?2 AND owner = ?3)";
    let guard = Guard::new(is_own, missing("No such dashboard of the user"));
    guard.bind(caller.tenant()).bind(id).bind(caller.user())
}

pub(crate) fn insert(caller: &Caller, id: &str, new: &NewDashboard) -> Result<Statement> {
    let panels = new.panels.as_ref().map_or(&[][..], |panels| &panels.0);
    let insert = Statement::new(
        "INSERT INTO qnsp_dashboards (tenant_id, id, owner, name, description, layout, panels, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    Ok(insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.user())
        .bind(new.name.as_str())
        .bind(new.description.as_ref().map_or("", Text::as_str))
        .bind(json(&new.layout)?)
        .bind(json(&panels)?)
        .bind(caller.now))
}

const STARRED: &str = "EXISTS (SELECT 1 FROM qnsp_dashboard_stars s WHERE s.tenant_id = ?1 AND s.user_id = ?2 \
     AND s.dashboard_id = d.id) AS starred";

/// A page of what the user sees, the oldest first.
pub(crate) fn page(caller: &Caller, limit: i64, offset: i64) -> Statement {
    let page = Statement::new(format!(
        "SELECT id, name, owner, is_shared, {STARRED} FROM qnsp_dashboards d WHERE tenant_id = ?1 \
         AND (owner = ?2 OR is_shared = 1) ORDER BY created_at, id LIMIT ?3 OFFSET ?4"
    ));
    page.bind(caller.tenant()).bind(caller.user()).bind(limit).bind(offset)
}

/// One that the user sees.
pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = Statement::new(format!(
        "SELECT id, name, description, layout, panels, owner, is_shared, created_at, {STARRED} FROM qnsp_dashboards d \
         WHERE tenant_id = ?1 AND id = ?3 AND (owner = ?2 OR is_shared = 1)"
    ));
    select.bind(caller.tenant()).bind(caller.user()).bind(id)
}

pub(crate) fn star(caller: &Caller, id: &str, is_starred: bool) -> Statement {
    let change = Statement::new(if is_starred {
        "INSERT INTO qnsp_dashboard_stars (tenant_id, user_id, dashboard_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM qnsp_dashboard_stars WHERE tenant_id = ?1 AND user_id = ?2 AND dashboard_id = ?3"
    });
    change.bind(caller.tenant()).bind(caller.user()).bind(id)
}

pub(crate) fn share(caller: &Caller, id: &str) -> Statement {
    let share = "UPDATE qnsp_dashboards SET is_shared = 1 WHERE tenant_id = ?1 AND id = ?2";
    Statement::new(share).bind(caller.tenant()).bind(id)
}

pub(crate) fn entry(row: &Row) -> Result<DashboardEntry> {
    Ok(DashboardEntry {
        dashboard_id: row.get("id")?,
        name: row.get("name")?,
        owner: row.get("owner")?,
        starred: row.get("starred")?,
        shared: row.get("is_shared")?,
    })
}

pub(crate) fn dashboard(row: &Row) -> Result<Dashboard> {
    Ok(Dashboard {
        dashboard_id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        layout: read(row, "layout")?,
        panels: read(row, "panels")?,
        owner: row.get("owner")?,
        starred: row.get("starred")?,
        shared: row.get("is_shared")?,
        created_at: IsoTime(row.get("created_at")?),
    })
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::internal("a dashboard that is not JSON"))
}

fn read<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|_| Error::internal("a dashboard that is not JSON"))
}
