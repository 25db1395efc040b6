//! `chancery keygen`: a key pair, for a service or for a caller that signs by other means.

use serde_json::json;

use super::Session;
use crate::{Result, client::generate_key, output};

pub(super) fn run(session: &Session) -> Result<String> {
    let key = generate_key(session.curve())?;
    let (private, public) = (key.to_base64(), key.public_key().to_base64());
    if session.json() {
        return Ok(output::json(&json!({"curve": key.curve().name(), "privateKey": *private, "publicKey": public})));
    }
    Ok(output::fields(&[
        ("curve", key.curve().to_string()),
        ("private key", private.to_string()),
        ("public key", public),
    ]))
}
