//! Credentials at rest: each secret is sealed under the portal's data key for the row that it belongs to, and found by a
//! keyed hash. Also how secrets are generated, and what makes a JWT credential whole.

use crypto::{
    Zeroizing, hash,
    jwt::{Algorithm, VerifyingKey},
    seal::DataKey,
};
use model::{
    faults::Faults,
    portal::{JwtParts, REQUIRED, generated},
};
use platform::random;

use crate::{App, Error, Result};

/// What a sealed text is for. One does not open as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    KeyAuth,
    Jwt,
    Client,
}

impl Credential {
    fn name(self) -> &'static str {
        match self {
            Self::KeyAuth => "portal-key-auth",
            Self::Jwt => "portal-jwt",
            Self::Client => "portal-client",
        }
    }

    /// Seals the secret of the row with this id.
    pub fn seal(self, key: &DataKey, id: &str, secret: &str) -> Result<Vec<u8>> {
        Ok(key.seal(random::bytes()?, &self.aad(id), secret.as_bytes()))
    }

    /// Opens the secret of the row with this id.
    pub fn open(self, key: &DataKey, id: &str, sealed: &[u8]) -> Result<Zeroizing<String>> {
        let secret = key.open(&self.aad(id), sealed)?;
        let secret = std::str::from_utf8(&secret).map_err(|_| Error::internal("a credential is not UTF-8"))?;
        Ok(Zeroizing::new(secret.to_owned()))
    }

    /// The hash under which a secret is found, or recognised beside what else is known of it.
    pub fn lookup_hash(self, app: &App, parts: &[&str]) -> Result<String> {
        let key = app.config().derived_key(self.name())?;
        let parts: Vec<&[u8]> = parts.iter().flat_map(|part| [part.as_bytes(), b"\0"]).collect();
        Ok(hash::hex(&hash::hmac_sha256(&*key, &parts)))
    }

    fn aad(self, id: &str) -> [&[u8]; 2] {
        [self.name().as_bytes(), id.as_bytes()]
    }
}

/// The portal's data key, for what can only have been sealed with it. The key is missing as long as nothing was ever
/// sealed.
pub fn needed<Key>(key: Option<Key>) -> Result<Key> {
    key.ok_or_else(|| Error::internal("credentials of a portal without a data key"))
}

/// A new key, client id or secret: 32 letters and digits.
pub fn new_secret() -> Result<String> {
    generated(&random::bytes()?).ok_or_else(|| Error::internal("randomness that is none"))
}

/// A JWT credential whose algorithm is known and whose public key, where one is needed, can verify something.
pub fn checked_jwt(parts: JwtParts) -> Result<JwtParts, Faults> {
    let algorithm: Algorithm =
        parts.algorithm.parse().map_err(|error: crypto::Error| Faults::one("algorithm", error.to_string()))?;
    if algorithm.is_symmetric() {
        return Ok(JwtParts { rsa_public_key: None, ..parts });
    }
    let refused = |reason: String| Faults::one("rsa_public_key", reason);
    let pem = parts.rsa_public_key.as_deref().ok_or_else(|| refused(REQUIRED.to_owned()))?;
    VerifyingKey::public(algorithm, pem).map_err(|error| refused(error.to_string()))?;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn parts(algorithm: &str, rsa_public_key: Option<&str>) -> JwtParts {
        JwtParts {
            key: "k".to_owned(),
            secret: "s".to_owned(),
            algorithm: algorithm.to_owned(),
            rsa_public_key: rsa_public_key.map(str::to_owned),
        }
    }

    #[test]
    fn a_secret_opens_only_as_what_it_is_and_where_it_is() {
        let key = DataKey::new([1; 16], [2; 32]);
        let sealed = Credential::Jwt.seal(&key, "a", "secret").unwrap();
        assert_eq!(*Credential::Jwt.open(&key, "a", &sealed).unwrap(), "secret");
        assert!(Credential::Jwt.open(&key, "b", &sealed).is_err());
        assert!(Credential::Client.open(&key, "a", &sealed).is_err());
    }

    #[test]
    fn an_algorithm_says_what_a_credential_needs() {
        const P256: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBKoctMNnHIccyIHNDq5+i8hiz0of\n\
            BncSp02Ve6pS11n4tnke+JH5tqUXZHHx5cRUcUO9SuuFlwfUEMPqZhldpw==\n-----END PUBLIC KEY-----";
        assert!(checked_jwt(parts("HS512", Some("x"))).unwrap().rsa_public_key.is_none());
        assert!(checked_jwt(parts("ES256", Some(P256))).is_ok());
        let refusal = |parts| checked_jwt(parts).err().unwrap().to_string();
        assert_eq!(refusal(parts("RS256", None)), format!("rsa_public_key: {REQUIRED}"));
        assert_eq!(refusal(parts("RS256", Some(P256))), "rsa_public_key: not an RSA public key");
        assert!(refusal(parts("ES384", Some(P256))).starts_with("rsa_public_key"));
        for name in ["none", "hs256", "PS256", ""] {
            assert!(refusal(parts(name, Some(P256))).starts_with("algorithm"), "{name}");
        }
    }
}
