//! What the embedded module does, which leaves to the host what that does sooner: RSA with private keys. A hash that the
//! caller has made is signed here, since hosts sign messages only.

use ::hsm::{Error, Material, Message, Result, Seed};
use model::qnsp::hsm::KeyType;
use platform::RsaPadding;
use policy::qnsp::hsm::{KeyKind, Mechanism};
use zeroize::Zeroizing;

/// Makes a key.
pub(super) async fn generate(kind: KeyKind, seed: Seed) -> Result<Material> {
    match generate_by_host(kind).await {
        Some(pkcs8) => Ok(Material::from_bytes(kind, pkcs8)),
        None => Material::generate(kind, seed),
    }
}

async fn generate_by_host(kind: KeyKind) -> Option<Zeroizing<Vec<u8>>> {
    let bits = kind.size().filter(|_| kind.key_type() == KeyType::Rsa)?;
    platform::generate_rsa_key(u32::try_from(bits).ok()?).await.map(Zeroizing::new)
}

/// Signs with a key.
pub async fn sign(material: &Material, mechanism: Mechanism, message: Message<'_>, seed: Seed) -> Result<Vec<u8>> {
    let by_host = match (mechanism, message) {
        (Mechanism::RsaPssSha256, Message::Whole(message)) => Some((RsaPadding::Pss, message)),
        (Mechanism::RsaPkcs1Sha256, Message::Whole(message)) => Some((RsaPadding::Pkcs1, message)),
        _ => None,
    };
    if let Some((padding, message)) = by_host
        && let Some(signature) = platform::sign_rsa(material.bytes(), padding, message).await
    {
        return Ok(signature);
    }
    material.sign(mechanism, message, seed)
}

/// Unwraps with a key. Whatever is wrong with what is to be unwrapped gives [`Error::Integrity`].
pub async fn unwrap(
    material: &Material,
    mechanism: Mechanism,
    wrapped: &[u8],
    seed: Seed,
) -> Result<Zeroizing<Vec<u8>>> {
    if mechanism == Mechanism::RsaOaep256
        && let Some(opened) = platform::decrypt_rsa(material.bytes(), wrapped).await
    {
        return opened.map(Zeroizing::new).map_err(|_| Error::Integrity);
    }
    material.unwrap(mechanism, wrapped, seed)
}
