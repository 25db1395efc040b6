//! The infra licence: configured, of level service, never stored. It can be asked about itself and nothing else.

use crypto::hash;
use model::{
    AuthLevel,
    licensing::{KeyType, Modules, ServiceKey},
    time::{self, IsoTime},
};
use service::{INFRA_TAG, Result, Signed};

use crate::credentials::{Credentials, taken};

/// The infra licence that signs this request, in the form of a stored key.
pub(crate) fn service_key(signed: &Signed) -> ServiceKey {
    let key_id = hash::hex(&hash::sha512(&[signed.license.as_bytes()]));
    ServiceKey {
        id: key_id.chars().take(24).collect(),
        kind: KeyType::Hawk,
        tag: INFRA_TAG.to_owned(),
        key_id,
        key_secret: signed.license.to_string(),
        disabled: false,
        expiry: IsoTime(time::plus_years(signed.now, 1)),
        auth_level: AuthLevel::Service,
        module: Modules::default(),
        modules: Modules::default(),
        description: "The infra license, from the configuration".to_owned(),
    }
}

/// No stored key may pass for the infra licence.
pub(crate) fn check_distinct(signed: &Signed, tag: &str, credentials: &Credentials) -> Result<()> {
    if tag == INFRA_TAG {
        return Err(taken("tag"));
    }
    let infra = signed.app.signing()?.infra_license();
    if infra.is_some_and(|infra| hash::equal(infra.as_bytes(), credentials.key_secret.as_bytes())) {
        return Err(taken("keySecret"));
    }
    Ok(())
}
