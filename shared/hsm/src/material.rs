//! A key with what it is, and the public half of one.

use std::fmt;

use policy::qnsp::hsm::{KeyKind, Mechanism};
use sha2::{Digest as _, Sha256, Sha384};
use zeroize::Zeroizing;

use crate::{Error, Result, Seed, aes, ec, ml_dsa, ml_kem, rsa};

/// The bytes of a key: an AES key itself, PKCS#8 of others, for ML-KEM and ML-DSA with the seed alone.
pub struct Material {
    kind: KeyKind,
    bytes: Zeroizing<Vec<u8>>,
}

/// The half of a key that anybody may have, as a SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug)]
pub struct PublicKey<'a> {
    kind: KeyKind,
    spki: &'a [u8],
}

/// What is signed.
#[derive(Clone, Copy)]
pub enum Message<'a> {
    Whole(&'a [u8]),
    /// The hash of the mechanism over the message.
    Digest(&'a [u8]),
}

impl Material {
    /// Makes a key of any kind but RSA.
    pub fn generate(kind: KeyKind, seed: Seed) -> Result<Self> {
        use KeyKind as K;
        let bytes = match kind {
            K::Aes128 => Zeroizing::new(seed.expand::<16>().to_vec()),
            K::Aes192 => Zeroizing::new(seed.expand::<24>().to_vec()),
            K::Aes256 => Zeroizing::new(seed.expand::<32>().to_vec()),
            K::Rsa2048 | K::Rsa3072 | K::Rsa4096 => return Err(Error::Mechanism),
            K::EcdsaP256 | K::EcdsaP384 => ec::generate(kind, seed)?,
            K::MlKem512 | K::MlKem768 | K::MlKem1024 => ml_kem::generate(kind, seed)?,
            K::MlDsa44 | K::MlDsa65 | K::MlDsa87 => ml_dsa::generate(kind, seed)?,
        };
        Ok(Self { kind, bytes })
    }

    /// Makes a key of RSA, which takes seconds. By itself, so that who has another maker need not carry this one along.
    pub fn generate_rsa(kind: KeyKind, seed: Seed) -> Result<Self> {
        let bytes = match kind {
            KeyKind::Rsa2048 => rsa::generate(2048, seed)?,
            KeyKind::Rsa3072 => rsa::generate(3072, seed)?,
            KeyKind::Rsa4096 => rsa::generate(4096, seed)?,
            _ => return Err(Error::Mechanism),
        };
        Ok(Self { kind, bytes })
    }

    /// The key whose [`bytes`](Self::bytes) these are. They are looked at when it is used.
    #[must_use]
    pub fn from_bytes(kind: KeyKind, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { kind, bytes }
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A SubjectPublicKeyInfo; `None` for a key that has no public half.
    pub fn public_key(&self) -> Result<Option<Vec<u8>>> {
        use KeyKind as K;
        match self.kind {
            K::Aes128 | K::Aes192 | K::Aes256 => Ok(None),
            K::Rsa2048 | K::Rsa3072 | K::Rsa4096 => rsa::public_key(&self.bytes).map(Some),
            K::EcdsaP256 | K::EcdsaP384 => ec::public_key(self.kind, &self.bytes).map(Some),
            K::MlKem512 | K::MlKem768 | K::MlKem1024 => ml_kem::public_key(self.kind, &self.bytes).map(Some),
            K::MlDsa44 | K::MlDsa65 | K::MlDsa87 => ml_dsa::public_key(self.kind, &self.bytes).map(Some),
        }
    }

    /// Wraps with a key that has no public half; others wrap with that ([`PublicKey::wrap`]).
    pub fn wrap(&self, mechanism: Mechanism, plain: &[u8], seed: Seed) -> Result<Vec<u8>> {
        match self.kind {
            KeyKind::Aes128 | KeyKind::Aes192 | KeyKind::Aes256 => aes::wrap(&self.bytes, mechanism, plain, seed),
            _ => Err(Error::Mechanism),
        }
    }

    /// Whatever is wrong with what is to be unwrapped gives [`Error::Integrity`].
    pub fn unwrap(&self, mechanism: Mechanism, wrapped: &[u8], seed: Seed) -> Result<Zeroizing<Vec<u8>>> {
        use {KeyKind as K, Mechanism as M};
        match (self.kind, mechanism) {
            (K::Aes128 | K::Aes192 | K::Aes256, _) => aes::unwrap(&self.bytes, mechanism, wrapped),
            (K::Rsa2048 | K::Rsa3072 | K::Rsa4096, M::RsaOaep256) => {
                rsa::unwrap(&self.bytes, wrapped, &mut seed.stream())
            }
            (K::MlKem512, M::MlKem512) | (K::MlKem768, M::MlKem768) | (K::MlKem1024, M::MlKem1024) => {
                ml_kem::unwrap(self.kind, &self.bytes, wrapped)
            }
            _ => Err(Error::Mechanism),
        }
    }

    pub fn sign(&self, mechanism: Mechanism, message: Message, seed: Seed) -> Result<Vec<u8>> {
        let input = input(self.kind, mechanism, message)?;
        match self.kind {
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                rsa::sign(&self.bytes, mechanism, &input, &mut seed.stream())
            }
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => ec::sign(self.kind, &self.bytes, &input),
            _ => ml_dsa::sign(self.kind, &self.bytes, &input, &seed.expand()),
        }
    }
}

/// The kind only.
impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Material({}, ..)", self.kind.name())
    }
}

impl<'a> PublicKey<'a> {
    #[must_use]
    pub fn new(kind: KeyKind, spki: &'a [u8]) -> Self {
        Self { kind, spki }
    }

    pub fn wrap(&self, mechanism: Mechanism, plain: &[u8], seed: Seed) -> Result<Vec<u8>> {
        use {KeyKind as K, Mechanism as M};
        match (self.kind, mechanism) {
            (K::Rsa2048 | K::Rsa3072 | K::Rsa4096, M::RsaOaep256) => rsa::wrap(self.spki, plain, seed),
            (K::MlKem512, M::MlKem512) | (K::MlKem768, M::MlKem768) | (K::MlKem1024, M::MlKem1024) => {
                ml_kem::wrap(self.kind, self.spki, plain, seed)
            }
            _ => Err(Error::Mechanism),
        }
    }

    /// Whether the signature over the message is by this key. What is no signature at all is none by it.
    pub fn verify(&self, mechanism: Mechanism, message: Message, signature: &[u8]) -> Result<bool> {
        let input = input(self.kind, mechanism, message)?;
        match self.kind {
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                rsa::verify(self.spki, mechanism, &input, signature)
            }
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => ec::verify(self.kind, self.spki, &input, signature),
            _ => ml_dsa::verify(self.kind, self.spki, &input, signature),
        }
    }
}

/// What the mechanism signs: a hash, or the message itself.
fn input<'a>(kind: KeyKind, mechanism: Mechanism, message: Message<'a>) -> Result<std::borrow::Cow<'a, [u8]>> {
    use {KeyKind as K, Mechanism as M};
    let fits = match kind {
        K::Rsa2048 | K::Rsa3072 | K::Rsa4096 => matches!(mechanism, M::RsaPssSha256 | M::RsaPkcs1Sha256),
        K::EcdsaP256 => mechanism == M::EcdsaSha256,
        K::EcdsaP384 => mechanism == M::EcdsaSha384,
        K::MlDsa44 => mechanism == M::MlDsa44,
        K::MlDsa65 => mechanism == M::MlDsa65,
        K::MlDsa87 => mechanism == M::MlDsa87,
        _ => false,
    };
    if !fits {
        return Err(Error::Mechanism);
    }
    match (mechanism.digest_length(), message) {
        (Some(length), Message::Digest(digest)) if digest.len() == length => Ok(digest.into()),
        (_, Message::Digest(_)) => Err(Error::Digest),
        (None, Message::Whole(message)) => Ok(message.into()),
        (Some(48), Message::Whole(message)) => Ok(Sha384::digest(message).to_vec().into()),
        (Some(_), Message::Whole(message)) => Ok(Sha256::digest(message).to_vec().into()),
    }
}
