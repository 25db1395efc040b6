//! keyId and keySecret of a new key: the given ones, or fresh ones that fit its type.

use crypto::{Curve, PrivateKey, PublicKey, Zeroizing};
use model::licensing::{CreateServiceKeyRequest, KeyType};
use platform::random;
use service::{Error, Result};

pub(crate) struct Credentials {
    pub key_id: String,
    pub key_secret: String,
}

/// The request has been checked, so that what its type needs is there.
pub(crate) fn of(request: &CreateServiceKeyRequest, curve: Curve) -> Result<Credentials> {
    let (given_id, given_secret) = (request.key_id.clone(), request.key_secret.clone());
    match (request.kind(), given_id, given_secret) {
        (KeyType::Ecdsa, None, _) => key_pair(curve),
        (KeyType::Ecdsa, Some(key_id), key_secret) => {
            PublicKey::from_base64(curve, &key_id).map_err(|_| {
                Error::bad_request(format!("keyId of type ecdsa must be base64 of a 64-byte point X‖Y on {curve}"))
            })?;
            Ok(Credentials { key_id, key_secret: or_uuid(key_secret)? })
        }
        (KeyType::User, key_id, _) => Ok(Credentials { key_id: or_uuid(key_id)?, key_secret: uuid()? }),
        (KeyType::Hawk, key_id, key_secret) => {
            Ok(Credentials { key_id: or_uuid(key_id)?, key_secret: or_uuid(key_secret)? })
        }
    }
}

fn or_uuid(given: Option<String>) -> Result<String> {
    given.map_or_else(uuid, Ok)
}

fn uuid() -> Result<String> {
    Ok(uuid::Builder::from_random_bytes(random::bytes()?).into_uuid().to_string())
}

fn key_pair(curve: Curve) -> Result<Credentials> {
    // About one number in 2^32 is no private key; three in a row are a broken generator.
    for _ in 0..3 {
        let bytes = Zeroizing::new(random::bytes::<32>()?);
        if let Ok(private) = PrivateKey::from_bytes(curve, &*bytes) {
            let key_secret = private.to_base64().to_string();
            return Ok(Credentials { key_id: private.public_key().to_base64(), key_secret });
        }
    }
    Err(Error::internal("the generator of randomness gives no private key"))
}

/// The refusal of a value that another key has.
pub(crate) fn taken(field: &str) -> Error {
    Error::bad_request(format!("A license key with this {field} exists; choose another {field}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn credentials(curve: Curve, body: Value) -> Result<Credentials> {
        of(&serde_json::from_value(body).unwrap(), curve)
    }

    fn is_uuid_v4(text: &str) -> bool {
        uuid::Uuid::parse_str(text).is_ok_and(|uuid| uuid.get_version_num() == 4)
    }

    #[test]
    fn a_hawk_key_takes_what_is_given_and_fresh_uuids_for_the_rest() {
        let fresh = credentials(Curve::P256, json!({"tag": "abc"})).unwrap();
        assert!(is_uuid_v4(&fresh.key_id) && is_uuid_v4(&fresh.key_secret) && fresh.key_id != fresh.key_secret);
        let given = credentials(Curve::P256, json!({"tag": "abc", "keyId": "i", "keySecret": "s"})).unwrap();
        assert_eq!((given.key_id.as_str(), given.key_secret.as_str()), ("i", "s"));
    }

    #[test]
    fn the_secret_of_a_user_is_always_fresh() {
        let body = json!({"tag": "abc", "type": "user", "keyId": "urn:x:y", "keySecret": "s"});
        let user = credentials(Curve::P256, body).unwrap();
        assert_eq!(user.key_id, "urn:x:y");
        assert!(is_uuid_v4(&user.key_secret));
    }

    #[test]
    fn an_ecdsa_key_is_a_pair_on_the_curve_or_a_given_point_of_it() {
        for (curve, other) in [(Curve::P256, Curve::Secp256k1), (Curve::Secp256k1, Curve::P256)] {
            let pair = credentials(curve, json!({"tag": "abc", "type": "ecdsa"})).unwrap();
            let private = PrivateKey::from_base64(curve, &pair.key_secret).unwrap();
            assert_eq!(private.public_key().to_base64(), pair.key_id);
            let body = json!({"tag": "abc", "type": "ecdsa", "keyId": pair.key_id, "keySecret": "s"});
            assert_eq!(credentials(curve, body.clone()).unwrap().key_id, pair.key_id);
            assert!(credentials(other, body).is_err());
        }
    }
}
