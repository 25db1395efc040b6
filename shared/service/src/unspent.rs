//! A request id is spent by whatever came of it. The gate leaves the mark of a request that it admits; what was refused
//! before or by the gate, or failed in it, is marked here, in one place, on the way out.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use platform::Statement;

use crate::App;

/// Travels with the request; holds its mark from the moment that it is signed until a batch has taken it.
#[derive(Clone, Default)]
pub(crate) struct Unspent(Arc<Mutex<Option<Mark>>>);

pub(crate) struct Mark {
    pub mark: String,
    pub expires_at: i64,
    pub secret_hash: String,
    pub is_infra: bool,
}

impl Unspent {
    pub(crate) fn hold(&self, mark: Mark) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(mark);
    }

    /// When the mark lies in storage, or is not worth it: nobody is known by the licence.
    pub(crate) fn clear(&self) {
        self.take();
    }

    fn take(&self) -> Option<Mark> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The layer around every function.
pub(crate) async fn spend(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let unspent = Unspent::default();
    request.extensions_mut().insert(unspent.clone());
    let response = next.run(request).await;
    if let Some(mark) = unspent.take()
        && let Err(error) = app.sql().read_batch(vec![mark.insert()]).await
    {
        platform::log::error(&format!("a refused request could not be marked: {error}"));
    }
    response
}

impl Mark {
    /// Who cannot authenticate writes nothing.
    fn insert(self) -> Statement {
        Statement::new(
            "INSERT INTO request_marks (mark, expires_at, caller, level) SELECT ?1, ?2, '', '' \
             WHERE ?4 = 1 OR EXISTS (SELECT 1 FROM service_keys WHERE secret_hash = ?3) ON CONFLICT DO NOTHING",
        )
        .bind(self.mark)
        .bind(self.expires_at)
        .bind(self.secret_hash)
        .bind(self.is_infra)
    }
}
