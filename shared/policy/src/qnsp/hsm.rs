//! Keys of hardware security modules: which there are, by which mechanisms they work, and what modules can do.

use model::qnsp::hsm::{KeyType, Provider, Purpose};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What a key is. Its name is that of the inventory of algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
pub enum KeyKind {
    #[strum(serialize = "AES-128")]
    Aes128,
    #[strum(serialize = "AES-192")]
    Aes192,
    #[strum(serialize = "AES-256")]
    Aes256,
    #[strum(serialize = "RSA-2048")]
    Rsa2048,
    #[strum(serialize = "RSA-3072")]
    Rsa3072,
    #[strum(serialize = "RSA-4096")]
    Rsa4096,
    #[strum(serialize = "ECDSA-P256")]
    EcdsaP256,
    #[strum(serialize = "ECDSA-P384")]
    EcdsaP384,
    #[strum(serialize = "ML-KEM-512")]
    MlKem512,
    #[strum(serialize = "ML-KEM-768")]
    MlKem768,
    #[strum(serialize = "ML-KEM-1024")]
    MlKem1024,
    #[strum(serialize = "ML-DSA-44")]
    MlDsa44,
    #[strum(serialize = "ML-DSA-65")]
    MlDsa65,
    #[strum(serialize = "ML-DSA-87")]
    MlDsa87,
}

/// What a key does to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
pub enum Mechanism {
    #[strum(serialize = "AES-KWP")]
    AesKwp,
    #[strum(serialize = "AES-GCM")]
    AesGcm,
    /// As a server does it, whose ciphertext is a text of its own form.
    #[strum(serialize = "AES-128-GCM")]
    Aes128Gcm,
    #[strum(serialize = "AES-256-GCM")]
    Aes256Gcm,
    #[strum(serialize = "RSA-OAEP-256")]
    RsaOaep256,
    #[strum(serialize = "RSASSA-PSS-SHA256")]
    RsaPssSha256,
    #[strum(serialize = "RSASSA-PKCS1-SHA256")]
    RsaPkcs1Sha256,
    #[strum(serialize = "ECDSA-SHA256")]
    EcdsaSha256,
    #[strum(serialize = "ECDSA-SHA384")]
    EcdsaSha384,
    #[strum(serialize = "ML-KEM-512")]
    MlKem512,
    #[strum(serialize = "ML-KEM-768")]
    MlKem768,
    #[strum(serialize = "ML-KEM-1024")]
    MlKem1024,
    #[strum(serialize = "ML-DSA-44")]
    MlDsa44,
    #[strum(serialize = "ML-DSA-65")]
    MlDsa65,
    #[strum(serialize = "ML-DSA-87")]
    MlDsa87,
}

/// Where a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The module that is part of this service.
    Embedded,
    /// A server with the transit API of OpenBao.
    Server,
}

/// What is asked of a new key.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub key_type: KeyType,
    pub size: Option<i64>,
    pub algorithm: Option<&'a str>,
    pub purposes: &'a [Purpose],
}

/// The field that does not fit, and why.
pub type Unfit = (&'static str, &'static str);

/// How a wrapped key is made with a key of ML-KEM.
const KEM_WRAP: &str = "ML-KEM+AES-256-GCM";

impl KeyKind {
    pub const ALL: &[Self] = Self::VARIANTS;

    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    #[must_use]
    pub fn key_type(self) -> KeyType {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => KeyType::Aes,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => KeyType::Rsa,
            Self::EcdsaP256 | Self::EcdsaP384 => KeyType::Ec,
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => {
                KeyType::Pqc
            }
        }
    }

    /// In bits; `None` for what has no such size.
    #[must_use]
    pub fn size(self) -> Option<i64> {
        match self {
            Self::Aes128 => Some(128),
            Self::Aes192 => Some(192),
            Self::Aes256 | Self::EcdsaP256 => Some(256),
            Self::EcdsaP384 => Some(384),
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
        }
    }

    /// By which mechanisms a key of this kind works there. There are none where a module has no such keys.
    #[must_use]
    pub fn mechanisms(self, module: Module) -> &'static [Mechanism] {
        use Mechanism as M;
        match (self, module) {
            (Self::Aes128, Module::Server) => &[M::Aes128Gcm],
            (Self::Aes256, Module::Server) => &[M::Aes256Gcm],
            (Self::Aes128 | Self::Aes192 | Self::Aes256, Module::Embedded) => &[M::AesKwp, M::AesGcm],
            (Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096, _) => &[M::RsaOaep256, M::RsaPssSha256, M::RsaPkcs1Sha256],
            (Self::EcdsaP256, _) => &[M::EcdsaSha256],
            (Self::EcdsaP384, _) => &[M::EcdsaSha384],
            (Self::Aes192, Module::Server) => &[],
            (_, Module::Server) => &[],
            (Self::MlKem512, Module::Embedded) => &[M::MlKem512],
            (Self::MlKem768, Module::Embedded) => &[M::MlKem768],
            (Self::MlKem1024, Module::Embedded) => &[M::MlKem1024],
            (Self::MlDsa44, Module::Embedded) => &[M::MlDsa44],
            (Self::MlDsa65, Module::Embedded) => &[M::MlDsa65],
            (Self::MlDsa87, Module::Embedded) => &[M::MlDsa87],
        }
    }

    #[must_use]
    pub fn is_post_quantum(self) -> bool {
        self.key_type() == KeyType::Pqc
    }

    fn fits(self, purpose: Purpose) -> bool {
        let wraps = matches!(purpose, Purpose::Encrypt | Purpose::Decrypt);
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => true,
            Self::Aes128 | Self::Aes192 | Self::Aes256 | Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => wraps,
            Self::EcdsaP256 | Self::EcdsaP384 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => !wraps,
        }
    }

    /// The mechanism of a wrap or an unwrap: the one that is named, else the key's own where it wraps. `None` when the
    /// named one is no such mechanism of these keys.
    #[must_use]
    pub fn wrapping(self, module: Module, own: Mechanism, named: Option<&str>) -> Option<Mechanism> {
        let mut wrapping = self.mechanisms(module).iter().copied().filter(|mechanism| mechanism.wraps());
        match named {
            Some(named) => wrapping.find(|mechanism| named == mechanism.name() || named == mechanism.wrap_name()),
            None if own.wraps() => Some(own),
            None => wrapping.next(),
        }
    }

    /// The mechanism of a signature: the one that is named, else the key's own where it signs.
    #[must_use]
    pub fn signing(self, module: Module, own: Mechanism, named: Option<&str>) -> Option<Mechanism> {
        let mut signing = self.mechanisms(module).iter().copied().filter(|mechanism| !mechanism.wraps());
        match named {
            Some(named) => signing.find(|mechanism| named == mechanism.name()),
            None if !own.wraps() => Some(own),
            None => signing.next(),
        }
    }
}

impl Mechanism {
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Whether it wraps and unwraps keys; others sign.
    #[must_use]
    pub fn wraps(self) -> bool {
        match self {
            Self::AesKwp
            | Self::AesGcm
            | Self::Aes128Gcm
            | Self::Aes256Gcm
            | Self::RsaOaep256
            | Self::MlKem512
            | Self::MlKem768
            | Self::MlKem1024 => true,
            Self::RsaPssSha256
            | Self::RsaPkcs1Sha256
            | Self::EcdsaSha256
            | Self::EcdsaSha384
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87 => false,
        }
    }

    /// Its name where a key is wrapped.
    #[must_use]
    pub fn wrap_name(self) -> &'static str {
        match self {
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => KEM_WRAP,
            other => other.name(),
        }
    }

    /// How long the hash is that is signed; `None` where the message itself is.
    #[must_use]
    pub fn digest_length(self) -> Option<usize> {
        match self {
            Self::RsaPssSha256 | Self::RsaPkcs1Sha256 | Self::EcdsaSha256 => Some(32),
            Self::EcdsaSha384 => Some(48),
            _ => None,
        }
    }
}

/// What a validated connection says that the module can do.
#[must_use]
pub fn capabilities(provider: Provider, module: Module) -> Vec<&'static str> {
    let mut capabilities = vec!["aes", "rsa", "ec", "wrap", "sign"];
    if module == Module::Embedded && has_pqc(provider) {
        capabilities.push("pqc");
    }
    capabilities
}

/// Whether modules of a provider have post-quantum keys.
#[must_use]
pub fn has_pqc(provider: Provider) -> bool {
    matches!(provider, Provider::Thales | Provider::AwsCloudhsm | Provider::GoogleCloudHsm)
}

impl Wanted<'_> {
    /// What the key is to be, as far as its type says.
    pub fn kind(&self) -> Result<KeyKind, Unfit> {
        let kind = match self.key_type {
            KeyType::Pqc => self.post_quantum()?,
            KeyType::Aes => self.sized(&[KeyKind::Aes256, KeyKind::Aes128, KeyKind::Aes192])?,
            KeyType::Rsa => self.sized(&[KeyKind::Rsa3072, KeyKind::Rsa2048, KeyKind::Rsa4096])?,
            KeyType::Ec => self.sized(&[KeyKind::EcdsaP256, KeyKind::EcdsaP384])?,
        };
        if self.purposes.iter().all(|purpose| kind.fits(*purpose)) {
            return Ok(kind);
        }
        Err(("purpose", "is not one of keys of this type"))
    }

    /// The first one is meant where no size is given.
    fn sized(&self, kinds: &[KeyKind]) -> Result<KeyKind, Unfit> {
        let fits = |kind: &&KeyKind| self.size.is_none() || kind.size() == self.size;
        kinds.iter().find(fits).copied().ok_or(("keySize", "is not a size of keys of this type"))
    }

    fn post_quantum(&self) -> Result<KeyKind, Unfit> {
        match self.algorithm {
            Some(name) => {
                let kind = KeyKind::parse(name).filter(|kind| kind.key_type() == KeyType::Pqc);
                kind.ok_or(("algorithm", "is not one of keys of this type"))
            }
            None if self.purposes.iter().any(|purpose| KeyKind::MlKem768.fits(*purpose)) => Ok(KeyKind::MlKem768),
            None => Ok(KeyKind::MlDsa65),
        }
    }

    /// The mechanism of the key there: the one that is named, else the usual one.
    pub fn mechanism(&self, kind: KeyKind, module: Module) -> Result<Mechanism, Unfit> {
        let mechanisms = kind.mechanisms(module);
        let Some(first) = mechanisms.first().copied() else {
            return Err(match kind.key_type() {
                KeyType::Pqc => ("keyType", "the module has no post-quantum keys"),
                _ => ("keySize", "the module has no keys of this size"),
            });
        };
        if let Some(name) = self.algorithm {
            let named = mechanisms.iter().find(|mechanism| mechanism.name() == name).copied();
            return named.ok_or(("algorithm", "is not one of keys of this type"));
        }
        let wraps = self.purposes.iter().any(|purpose| matches!(purpose, Purpose::Encrypt | Purpose::Decrypt));
        let usual = mechanisms.iter().find(|mechanism| mechanism.wraps() == wraps).copied();
        Ok(usual.unwrap_or(first))
    }
}

#[cfg(test)]
mod tests;
