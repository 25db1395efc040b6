//! Greetings: the word of the deployment, and how many licences it has.

use std::sync::Arc;

use axum::{Extension, Json as Answer, extract::State};
use platform::{Statement, Vars};
use serde::Serialize;
use service::{App, Result};

#[derive(Clone)]
pub(crate) struct Word(Arc<str>);

impl Word {
    pub(crate) async fn from_vars(vars: &dyn Vars) -> Self {
        Self(vars.get("TEMPLATE_GREETING").await.unwrap_or_else(|| "hello".to_owned()).into())
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Greeting {
    greeting: String,
    licences: i64,
}

/// A greeting for anybody.
#[utoipa::path(get, path = "/caas/template/greeting", tag = "Template", responses((status = 200, body = Greeting)))]
pub(crate) async fn show_greeting(
    State(app): State<App>,
    Extension(word): Extension<Word>,
) -> Result<Answer<Greeting>> {
    let rows = app.query(Statement::new("SELECT count(*) AS licences FROM service_keys")).await?;
    let licences = rows.first().map(|row| row.get("licences")).transpose()?.unwrap_or_default();
    Ok(Answer(Greeting { greeting: word.0.to_string(), licences }))
}
