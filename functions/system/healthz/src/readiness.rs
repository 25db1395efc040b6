//! Readiness: whether operations would work now. It writes to the storage and reads back what it wrote, compares the
//! schema with this build, and judges the variables that every deployment needs.

use std::sync::{Mutex, PoisonError};

use platform::{Statement, clock, migrations};
use service::{Anonymous, App, Error, Result};

/// Anybody may ask, so an instance looks at most once in this time and repeats its last answer meanwhile.
const INTERVAL_MS: i64 = 1000;

/// The last answer of this instance, and when it was found.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(i64, Result<()>)>>);

impl Readiness {
    pub(crate) async fn check(&self, app: &App) -> Result<()> {
        let now = clock::now_ms();
        if let Some((at, last)) = self.last()
            && (0..INTERVAL_MS).contains(&(now - at))
        {
            return last;
        }
        let mut faults = Faults::default();
        variables(app, &mut faults);
        storage(app, now, &mut faults).await;
        let result = faults.into_result();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, result.clone()));
        result
    }

    fn last(&self) -> Option<(i64, Result<()>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is wrong, in words for everybody, and in words for the log. Neither holds a value of a variable.
#[derive(Default)]
struct Faults {
    public: Vec<String>,
    inner: Vec<String>,
}

impl Faults {
    fn add(&mut self, public: impl Into<String>, inner: impl Into<String>) {
        self.public.push(public.into());
        self.inner.push(inner.into());
    }

    fn into_result(self) -> Result<()> {
        if self.public.is_empty() {
            return Ok(());
        }
        let mut error = Error::unavailable(format!("not ready: {}", self.inner.join("; ")));
        error.message = format!("Not ready: {}", self.public.join("; ")).into();
        Err(error)
    }
}

fn variables(app: &App, faults: &mut Faults) {
    let signing = app.signing().ok();
    let of_signing = signing.map(service::Signing::faults).unwrap_or_default();
    for (name, error) in of_signing.into_iter().chain(app.config().faults()) {
        faults.add(format!("{name} is missing or unusable"), error);
    }
}

async fn storage(app: &App, now: i64, faults: &mut Faults) {
    match missing_migrations(app).await {
        Ok(missing) => missing.into_iter().for_each(|name| {
            let fault = format!("migration {name} is not applied");
            faults.add(fault.clone(), fault);
        }),
        Err(error) => return faults.add("storage cannot be read", error.reason()),
    }
    if let Err(error) = write(app, now).await {
        faults.add("storage cannot be written", error.reason());
    }
    match has_system_key(app).await {
        Ok(true) => {}
        Ok(false) => {
            let fault = "ROOT_LICENSE_KEY is not set, and there is no system key without it";
            faults.add(fault, fault);
        }
        Err(error) => faults.add("storage cannot be read", error.reason()),
    }
}

async fn missing_migrations(app: &App) -> Result<Vec<String>> {
    app.query(migrations::select_missing()).await?.iter().map(|row| Ok(row.get("name")?)).collect()
}

/// Replaces one row, durably, and reads it back.
async fn write(app: &App, now: i64) -> Result<()> {
    let written = now.to_string();
    let replace = Statement::new(
        "INSERT INTO environment (name, value) VALUES ('ready_at', ?1) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING value",
    );
    let mut batch = Anonymous::background(app).batch();
    let replaced = batch.push(replace.bind(written.as_str()));
    if batch.write().await?.one(replaced)?.get::<String>("value")? != written {
        return Err(Error::internal("the row that was written did not come back"));
    }
    Ok(())
}

/// Whether a system key exists, or can be created from the configuration.
async fn has_system_key(app: &App) -> Result<bool> {
    if app.signing().is_ok_and(service::Signing::has_root_license) {
        return Ok(true);
    }
    let select = Statement::new("SELECT 1 AS found FROM service_keys WHERE auth_level = 'system' LIMIT 1");
    Ok(!app.query(select).await?.is_empty())
}
