//! Algorithms that differ by a size or a parameter set alone.

use model::qnsp::kms::{AlgorithmCategory, AlgorithmStatus};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    Aes,
    ChaCha20Poly1305,
    Des,
    TripleDes,
    Rc4,
    Rsa,
    Ecdsa,
    Ecdh,
    Dh,
    Ed25519,
    MlKem,
    MlDsa,
    SlhDsa,
    FnDsa,
    Hqc,
    Md5,
    Sha1,
    Sha2,
    Sha3,
}

/// How the name of an algorithm shows its family, for whoever has names alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyName {
    pub family: Family,
    pub word: &'static str,
    /// Names that continue with a hyphen are of the family, too.
    pub is_prefix: bool,
}

impl Family {
    pub const ALL: [Self; 19] = [
        Self::Aes,
        Self::ChaCha20Poly1305,
        Self::Des,
        Self::TripleDes,
        Self::Rc4,
        Self::Rsa,
        Self::Ecdsa,
        Self::Ecdh,
        Self::Dh,
        Self::Ed25519,
        Self::MlKem,
        Self::MlDsa,
        Self::SlhDsa,
        Self::FnDsa,
        Self::Hqc,
        Self::Md5,
        Self::Sha1,
        Self::Sha2,
        Self::Sha3,
    ];

    /// The names of all families, and of the algorithms whose names do not begin with that of their family.
    pub fn names() -> Vec<FamilyName> {
        let own = Self::ALL.map(|family| FamilyName {
            family,
            word: family.as_str(),
            is_prefix: !family.is_single() && !matches!(family, Self::Sha2 | Self::Sha3),
        });
        let of = |family| move |word| FamilyName { family, word, is_prefix: false };
        let sha2 = ["SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA-512/224", "SHA-512/256"];
        let sha3 = ["SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "SHAKE128", "SHAKE256"];
        let others = sha2.map(of(Self::Sha2)).into_iter().chain(sha3.map(of(Self::Sha3)));
        own.into_iter().chain(others).chain(["X25519", "X448"].map(of(Self::Ecdh))).collect()
    }

    /// Those of which all algorithms are forbidden by the registry.
    pub fn forbidden(now: i64) -> Vec<Self> {
        let is_forbidden =
            |family: &Self| super::Algorithm::of(family.as_str()).registry_status(now) == AlgorithmStatus::Forbidden;
        Self::ALL.into_iter().filter(is_forbidden).collect()
    }

    /// The word that means all of them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aes => "AES",
            Self::ChaCha20Poly1305 => "CHACHA20-POLY1305",
            Self::Des => "DES",
            Self::TripleDes => "3DES",
            Self::Rc4 => "RC4",
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
            Self::Ecdh => "ECDH",
            Self::Dh => "DH",
            Self::Ed25519 => "ED25519",
            Self::MlKem => "ML-KEM",
            Self::MlDsa => "ML-DSA",
            Self::SlhDsa => "SLH-DSA",
            Self::FnDsa => "FN-DSA",
            Self::Hqc => "HQC",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha2 => "SHA-2",
            Self::Sha3 => "SHA-3",
        }
    }

    /// Whether there is only one algorithm of the name.
    pub(super) fn is_single(self) -> bool {
        matches!(
            self,
            Self::ChaCha20Poly1305 | Self::Des | Self::TripleDes | Self::Rc4 | Self::Ed25519 | Self::Md5 | Self::Sha1
        )
    }

    pub fn is_post_quantum(self) -> bool {
        matches!(self, Self::MlKem | Self::MlDsa | Self::SlhDsa | Self::FnDsa | Self::Hqc)
    }

    /// That of most of its algorithms.
    pub(super) fn status(self) -> AlgorithmStatus {
        match self {
            Self::ChaCha20Poly1305 | Self::MlKem | Self::MlDsa | Self::SlhDsa | Self::Sha2 | Self::Sha3 => {
                AlgorithmStatus::Recommended
            }
            Self::Aes | Self::FnDsa | Self::Hqc => AlgorithmStatus::Acceptable,
            Self::Rsa | Self::Ecdsa | Self::Ecdh | Self::Dh | Self::Ed25519 => AlgorithmStatus::Deprecated,
            Self::Des | Self::TripleDes | Self::Rc4 | Self::Md5 | Self::Sha1 => AlgorithmStatus::Forbidden,
        }
    }

    pub(super) fn category(self) -> AlgorithmCategory {
        match self {
            Self::Aes | Self::ChaCha20Poly1305 | Self::Des | Self::TripleDes | Self::Rc4 | Self::Rsa => {
                AlgorithmCategory::Encryption
            }
            Self::MlKem | Self::Hqc | Self::Ecdh | Self::Dh => AlgorithmCategory::KeyExchange,
            Self::Ecdsa | Self::Ed25519 | Self::MlDsa | Self::SlhDsa | Self::FnDsa => AlgorithmCategory::Signing,
            Self::Md5 | Self::Sha1 | Self::Sha2 | Self::Sha3 => AlgorithmCategory::Hash,
        }
    }
}
