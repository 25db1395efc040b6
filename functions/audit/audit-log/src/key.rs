//! The public key that verifies checkpoints.

use axum::{Json as Answer, extract::State};
use crypto::base64;
use model::audit::{AuditKey, Jwk};
use service::{App, Result, audit_tree::signing_key};

/// Get the public key that verifies checkpoints. No licence is required.
#[utoipa::path(
    get, path = "/caas/audit/key", tag = "Chancery", security(()), responses((status = 200, body = AuditKey)),
)]
pub(crate) async fn show_audit_key(State(app): State<App>) -> Result<Answer<AuditKey>> {
    public_key(&app).map(Answer)
}

pub(crate) fn public_key(app: &App) -> Result<AuditKey> {
    let key = signing_key(app)?.public_key();
    let (x, y) = key.as_bytes().split_at(32);
    let text = |bytes: &[u8]| base64::encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_");
    Ok(AuditKey {
        algorithm: "ES256".to_owned(),
        public_key: key.to_base64(),
        jwk: Jwk { kty: "EC".to_owned(), crv: "P-256".to_owned(), x: text(x), y: text(y) },
    })
}
