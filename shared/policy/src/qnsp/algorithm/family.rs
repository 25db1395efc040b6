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

impl Family {
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
