//! What uses of a key have in common: the key is read and judged, its module is asked, and what came of it is recorded.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use crypto::{base64, seal::DataKey};
use hsm::{Material, Seed};
use model::qnsp::{hsm::Purpose, kms::KeyOperation};
use platform::{clock, random};
use policy::qnsp::hsm::Mechanism;
use qnsp::{
    Caller, conflict,
    hsm::{Failure, Key, Operation, Transit, key_exists, key_is_active, record, record_failure},
    impossible,
    key_usage::{KeyUse, record_use},
};
use serde::Serialize;
use service::{Error, Guard, Result};

/// What is done with a key.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    Wrap,
    Unwrap,
    Sign,
    Verify,
}

impl Use {
    fn name(self) -> &'static str {
        match self {
            Self::Wrap => "wrap",
            Self::Unwrap => "unwrap",
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Wrap => Purpose::Encrypt,
            Self::Unwrap => Purpose::Decrypt,
            Self::Sign => Purpose::Sign,
            Self::Verify => Purpose::Verify,
        }
    }

    fn counted_as(self) -> KeyOperation {
        match self {
            Self::Wrap => KeyOperation::Encrypt,
            Self::Unwrap => KeyOperation::Decrypt,
            Self::Sign => KeyOperation::Sign,
            Self::Verify => KeyOperation::Verify,
        }
    }

    /// A retired key makes nothing new; what it made before stays good.
    fn needs_active_key(self) -> bool {
        matches!(self, Self::Wrap | Self::Sign)
    }

    fn is_billed(self) -> bool {
        !matches!(self, Self::Verify)
    }
}

/// A key that may be used so.
pub(crate) struct Used {
    pub key: Key,
    of: Use,
    data_key: Option<Arc<DataKey>>,
    transit: Option<Transit>,
    started: i64,
}

/// Why a module did not do what it was asked for.
pub(crate) enum Fault {
    Server(Failure),
    Module(hsm::Error),
}

impl Used {
    /// Reads a key and judges whether it may be used so.
    pub(crate) async fn find(caller: &Caller, id: &str, of: Use) -> Result<Self> {
        caller.about(id);
        let mut look = caller.look();
        for guard in guards(caller, id, of) {
            look.require(guard);
        }
        let found = look.push(Key::select(caller, id));
        let data_key = look.read_data_key(caller.tenant());
        let outcomes = look.run().await?;
        let (key, data_key) = (Key::of(outcomes.one(found)?)?, outcomes.data_key(&data_key)?);
        if !key.purposes.contains(&of.purpose()) {
            let field = match of {
                Use::Wrap => "wrappingKeyId",
                Use::Unwrap => "unwrappingKeyId",
                Use::Sign | Use::Verify => "keyId",
            };
            return Err(impossible(field, "is a key for other purposes"));
        }
        let transit = key.connection.transit(caller, data_key.as_deref())?;
        Ok(Self { key, of, data_key, transit, started: clock::now_ms() })
    }

    /// The mechanism of this use, which fits the key or is refused.
    pub(crate) fn mechanism(&self, named: Option<&str>) -> Result<Mechanism> {
        let (kind, own, module) = (self.key.kind, self.key.mechanism, self.key.connection.module());
        let mechanism = match self.of {
            Use::Wrap | Use::Unwrap => kind.wrapping(module, own, named),
            Use::Sign | Use::Verify => kind.signing(module, own, named),
        };
        mechanism.ok_or_else(|| impossible("algorithm", "is not one of this key"))
    }

    /// The server that the key is on; `None` where it is here.
    pub(crate) fn server(&self) -> Option<&Transit> {
        self.transit.as_ref()
    }

    /// The key itself, which is here.
    pub(crate) fn material(&self, caller: &Caller) -> Result<Material> {
        let bytes = self.key.material(caller, self.data_key.as_deref())?;
        Ok(Material::from_bytes(self.key.kind, bytes))
    }

    /// The public half of the key, DER.
    pub(crate) fn public_key(&self) -> Result<Vec<u8>> {
        let unreadable = || Error::internal("a public key that cannot be read");
        let text = self.key.public_key.as_deref().ok_or_else(unreadable)?;
        base64::decode_any(text).map_err(|_| unreadable())
    }

    /// Records the use in the batch of the call, and answers.
    pub(crate) async fn finish<T: Serialize>(self, caller: &Caller, bytes: usize, answer: &T) -> Result<Response> {
        let mut work = caller.work();
        for guard in guards(caller, &self.key.id, self.of) {
            work.require(guard);
        }
        if self.of.is_billed() {
            work.limit_calls();
        }
        record(&mut work, &self.operation(), true)?;
        let key_use = KeyUse {
            key: &self.key.id,
            application: None,
            operation: self.of.counted_as(),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            is_success: true,
            at: caller.now,
            algorithm: None,
        };
        record_use(&mut work, &key_use);
        work.commit(StatusCode::OK, answer).await
    }

    /// The refusal of a call whose use of the key failed, which is recorded.
    pub(crate) async fn refuse(&self, caller: &Caller, fault: Fault) -> Error {
        let (failure, refusal) = match fault {
            // Nothing tells what is wrong with a wrapped key: whoever could tell might open it.
            Fault::Module(hsm::Error::Integrity) => (Failure::Refused(StatusCode::BAD_REQUEST), does_not_open()),
            Fault::Server(failure @ Failure::Refused(StatusCode::BAD_REQUEST)) if matches!(self.of, Use::Unwrap) => {
                (failure, does_not_open())
            }
            Fault::Server(failure) => (failure, failure.into_error()),
            Fault::Module(error) => return Error::internal(error.to_string()),
        };
        record_failure(caller, &self.operation(), failure).await.err().unwrap_or(refusal)
    }

    fn operation(&self) -> Operation<'_> {
        Operation {
            connection: &self.key.connection,
            key: Some(&self.key.id),
            operation: self.of.name(),
            latency: clock::now_ms() - self.started,
        }
    }
}

fn does_not_open() -> Error {
    Error::new(StatusCode::UNPROCESSABLE_ENTITY, "The wrapped key cannot be unwrapped with this key")
}

pub(crate) fn seed() -> Result<Seed> {
    Ok(Seed::new(random::bytes()?))
}

fn guards(caller: &Caller, id: &str, of: Use) -> Vec<Guard> {
    // A signature is verified with what is here, whether or not the embedded module is in use.
    let or_embedded = if matches!(of, Use::Verify) { "OR c.endpoint LIKE 'sim://%'" } else { "" };
    let connected = format!(
        "EXISTS (SELECT 1 FROM qnsp_hsm_keys k JOIN qnsp_hsm_connections c ON c.tenant_id = k.tenant_id \
         AND c.id = k.connection_id WHERE k.tenant_id = ?1 AND k.id = ?2 AND (c.status = 'active' {or_embedded}))"
    );
    let connected = Guard::new(connected, conflict("The connection of the key is not active"));
    let mut guards = vec![key_exists(caller, id), connected.bind(caller.tenant()).bind(id)];
    if of.needs_active_key() {
        guards.push(key_is_active(caller, id));
    }
    guards
}
