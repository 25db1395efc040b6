//! Work that falls due without a caller. Each function says what of its own does: how it is found, and what carries out a
//! piece of it, which is the code that calls of the function use. A step does as many pieces as its time allows, asked for
//! by the runtime's own trigger on Workers, and anywhere by `POST /system/due/<function>` with the deployment's token.
//! Pieces are safe to be taken up twice, so nobody holds anything between steps.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header, request::Parts},
    routing::post,
};
use crypto::hash;
use model::system::DueDone;
use platform::{Row, Statement, Task, clock};

use crate::{Anonymous, App, Error, Result, Routes};

/// How many pieces one step takes up, and for how long it begins new ones, in milliseconds.
const PIECES: usize = 64;
const TIME: i64 = 10_000;

/// How many are looked up at once.
const AT_ONCE: i64 = 16;

/// The fewest characters of a token that is taken for one.
const SHORTEST: usize = 32;

/// Work of one kind.
#[derive(Clone, Copy)]
pub struct Due {
    /// SQL over the time (`?1`) with a row for each piece that is due. A piece that was carried out is not found again.
    pub select: fn() -> String,
    /// Carries out a piece. A conflict says that somebody else did.
    pub carry_out: for<'a> fn(&'a App, &'a Row) -> Task<'a, Result<()>>,
}

impl Routes {
    /// Adds the step of a function to its routes, outside of any prefix. It is no operation of an API, so it has no row.
    #[must_use]
    pub fn due(self, function: &'static str, kinds: &'static [Due]) -> Self {
        let step = move |State(app): State<App>, parts: Parts| async move {
            admit(&app, &parts).await?;
            run(&app, function, kinds).await.map(Answer)
        };
        self.map_router(|router| router.route(&format!("/system/due/{function}"), post(step)))
    }
}

/// Carry out a step of what is due in a function.
///
/// A step begins nothing new after ten seconds. Where `more` is true, the next one need not wait. It is safe to ask twice,
/// or from several places at once.
#[utoipa::path(
    post, path = "/system/due/{function}", tag = "Chancery", params(("function" = String, Path)),
    responses((status = 200, body = DueDone), (status = 401), (status = 403), (status = 404)),
)]
#[expect(dead_code, reason = "the documentation of what every function with due work serves")]
fn run_due() {}

/// The step as it stands in the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(run_due))]
pub struct Operations;

/// Admits the runtime's own trigger, and who shows the token.
async fn admit(app: &App, parts: &Parts) -> Result<()> {
    if platform::is_trigger(&parts.extensions) {
        return Ok(());
    }
    let token = app.vars().get("DUE_TOKEN").await.filter(|token| token.len() >= SHORTEST);
    let Some(token) = token else {
        let message = "Nobody may ask for due work here: set DUE_TOKEN, with at least 32 characters";
        return Err(Error::new(StatusCode::FORBIDDEN, message));
    };
    let shown = bearer(&parts.headers).unwrap_or_default();
    if hash::equal(&hash::sha256(&[token.as_bytes()]), &hash::sha256(&[shown.as_bytes()])) {
        return Ok(());
    }
    Err(Error::unauthorized("Authorization must be Bearer and the value of DUE_TOKEN"))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn run(app: &App, function: &'static str, kinds: &[Due]) -> Result<DueDone> {
    let started = clock::now_ms();
    let mut step = Step { until: started + TIME, done: 0, failed: 0, more: false };
    for kind in kinds {
        step.carry_out(app, function, kind).await?;
    }
    let upsert = Statement::new(
        "INSERT INTO due_work (function, at, done, failed, more) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (function) DO UPDATE SET at = excluded.at, done = excluded.done, failed = excluded.failed, \
         more = excluded.more",
    );
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut batch = Anonymous::background(app).batch();
    let upsert = upsert.bind(function).bind(started).bind(count(step.done)).bind(count(step.failed));
    batch.push(upsert.bind(step.more));
    batch.write().await?;
    Ok(DueDone { function: function.to_owned(), done: step.done, failed: step.failed, more: step.more })
}

struct Step {
    until: i64,
    done: usize,
    failed: usize,
    /// Something is left that could be carried out at once.
    more: bool,
}

impl Step {
    /// Until nothing is found, or nothing of it could be done, or the step is over. In no order: what fails again and again
    /// holds nothing else up.
    async fn carry_out(&mut self, app: &App, function: &str, kind: &Due) -> Result<()> {
        loop {
            let text = format!("SELECT * FROM ({}) ORDER BY random() LIMIT ?2", (kind.select)());
            let found = app.query(Statement::new(text).bind(clock::now_ms()).bind(AT_ONCE)).await?;
            let before = self.done;
            for row in &found {
                if self.is_over() {
                    self.more = true;
                    return Ok(());
                }
                match (kind.carry_out)(app, row).await {
                    Ok(()) => self.done += 1,
                    Err(error) if error.status == StatusCode::CONFLICT => {}
                    Err(error) => {
                        self.failed += 1;
                        platform::log::error(&format!("due work of {function}: {}", error.reason()));
                    }
                }
            }
            if self.done == before {
                return Ok(());
            }
        }
    }

    fn is_over(&self) -> bool {
        self.done + self.failed >= PIECES || clock::now_ms() >= self.until
    }
}
