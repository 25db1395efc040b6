//! Passwords at the cost that is set. Who is not known costs as much as who is.

use std::sync::OnceLock;

use crypto::password;
use platform::random;

use crate::{App, Result};

/// What is stored of a password.
pub fn hash_password(app: &App, password: &str) -> Result<String> {
    Ok(app.portal().accounts()?.cost()?.hash(password.as_bytes(), random::bytes()?)?)
}

/// Whether this is the stored password. Without a stored one the same work is done against random bytes.
pub fn verify_password(app: &App, password: &str, stored: Option<&str>) -> Result<bool> {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    if let Some(stored) = stored {
        return Ok(password::verify(password.as_bytes(), stored));
    }
    let nobodys = match NOBODYS.get() {
        Some(hash) => hash,
        None => {
            // The first request of an instance makes it; it is nobody's password.
            let hash = app.portal().accounts()?.cost()?.hash(&random::bytes::<32>()?, random::bytes()?)?;
            NOBODYS.get_or_init(|| hash)
        }
    };
    Ok(password::verify(password.as_bytes(), nobodys))
}

/// The same password at the cost that is set now, when it was stored at another.
pub fn renewed_password(app: &App, password: &str, stored: &str) -> Result<Option<String>> {
    if app.portal().accounts()?.cost()?.is_of(stored) { Ok(None) } else { hash_password(app, password).map(Some) }
}
