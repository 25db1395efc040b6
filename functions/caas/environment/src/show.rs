//! What the deployment is, for everybody to read.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{HeaderName, header},
};
use model::environment::Environment;
use platform::{Row, Statement};
use serde::{Deserialize, Serialize};
use service::{App, Cached, Result};

/// What the table says; all else comes from the configuration.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Installation {
    installed: bool,
    instance_type: Option<String>,
}

/// What the deployment calls itself.
#[derive(Clone)]
pub(crate) struct EnvironmentName(pub Arc<str>);

pub(crate) type CachedInstallation = Cached<Installation>;

/// Get the curve, the time span of signed requests, and whether the environment is installed.
///
/// The header `Age` says how many seconds ago the stored part was read.
#[utoipa::path(get, path = "/caas/environment", tag = "Environment", responses((status = 200, body = Environment)))]
pub(crate) async fn show_environment(
    State(app): State<App>,
    Extension(cached): Extension<Arc<CachedInstallation>>,
    Extension(name): Extension<EnvironmentName>,
) -> Result<([(HeaderName, String); 1], Answer<Environment>)> {
    let signing = app.signing()?;
    let ec_curve_name = signing.curve()?.name();
    let (installation, age) = cached.get(&app, select(), |rows| read(&rows)).await?;
    let environment = Environment {
        allowed_time_span: signing.allowed_time_span,
        ec_curve_name,
        instance_type: installation.instance_type.clone(),
        installed: installation.installed,
        environment: name.0.to_string(),
    };
    Ok(([(header::AGE, age.to_string())], Answer(environment)))
}

fn select() -> Statement {
    Statement::new("SELECT name, value FROM environment WHERE name IN ('installed', 'instance_type')")
}

/// The row `installed` exists once the installation is complete, whatever it holds.
fn read(rows: &[Row]) -> Result<Installation> {
    let mut installation = Installation::default();
    for row in rows {
        match row.get::<String>("name")?.as_str() {
            "installed" => installation.installed = true,
            "instance_type" => installation.instance_type = Some(row.get("value")?),
            _ => {}
        }
    }
    Ok(installation)
}
