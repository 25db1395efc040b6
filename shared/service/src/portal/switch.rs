//! The portal's main switch. While it is off every operation of the portal answers 404; what operators do, and what
//! gateways ask about credentials, goes on. An instance learns of a change within `CACHE_SECONDS`.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use platform::Statement;

use super::missing;
use crate::{App, Result, Shape};

/// What an instance last read, and when.
#[derive(Clone, Default)]
pub(super) struct Switch(Arc<Mutex<Option<(bool, i64)>>>);

/// Reads whether the portal is on, as `enabled`.
pub fn select_enabled() -> Statement {
    Statement::new("SELECT NOT EXISTS (SELECT 1 FROM portal_switches WHERE name = 'disabled') AS enabled")
}

/// Switches the portal on or off.
pub fn set_enabled(enabled: bool, now: i64) -> Statement {
    if enabled {
        return Statement::new("DELETE FROM portal_switches WHERE name = 'disabled'");
    }
    Statement::new("INSERT INTO portal_switches (name, changed_at) VALUES ('disabled', ?1) ON CONFLICT DO NOTHING")
        .bind(now)
}

impl Switch {
    async fn is_on(&self, app: &App) -> Result<bool> {
        let now = platform::clock::now_ms();
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((enabled, read_at)) = known
            && now - read_at < 1000 * app.config().cache_seconds
        {
            return Ok(enabled);
        }
        let rows = app.sql().query(select_enabled()).await?;
        let enabled = rows.first().map_or(Ok(true), |row| row.get("enabled"))?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((enabled, now));
        Ok(enabled)
    }
}

/// The layer around every function of the portal.
pub(super) async fn guard(State((app, switch)): State<(App, Switch)>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.strip_prefix("/portal").unwrap_or(path).starts_with("/kong-admin/") {
        return next.run(request).await;
    }
    match switch.is_on(&app).await {
        Ok(true) => next.run(request).await,
        refused => {
            let _ = axum::body::to_bytes(request.into_body(), 64 * 1024).await;
            let refusal = refused.err().unwrap_or_else(missing);
            Shape::Kong.finish(refusal.into_response(), None)
        }
    }
}
