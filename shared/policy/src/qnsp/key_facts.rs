//! Keys as the computations about algorithms see them.

use model::qnsp::{
    hsm::Purpose,
    kms::{AlgorithmCategory, AlgorithmStatus},
};

use super::{Algorithm, algorithm::Family};

/// Active keys of a tenant that are alike.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    pub algorithm: Algorithm,
    /// What holds for the tenant now.
    pub status: AlgorithmStatus,
    pub purposes: Vec<Purpose>,
    /// How many there are.
    pub count: i64,
    /// Whether the connections of them can have post-quantum keys.
    pub has_pqc: bool,
    /// Whether the connections of them are active.
    pub is_connected: bool,
    /// Which they are, where findings name them.
    pub ids: Vec<String>,
}

impl KeyFacts {
    pub fn may(&self, purpose: Purpose) -> bool {
        self.purposes.contains(&purpose)
    }

    pub fn may_encrypt_or_decrypt(&self) -> bool {
        self.may(Purpose::Encrypt) || self.may(Purpose::Decrypt)
    }

    pub fn is_of(&self, family: Family) -> bool {
        self.algorithm.family() == Some(family)
    }

    pub fn is_recommended(&self) -> bool {
        self.status == AlgorithmStatus::Recommended
    }

    /// Whether the keys should be replaced.
    pub fn is_legacy(&self) -> bool {
        self.status >= AlgorithmStatus::Deprecated
    }

    /// What the keys are for; never a hash.
    pub fn category(&self) -> AlgorithmCategory {
        if self.is_of(Family::MlKem) {
            AlgorithmCategory::KeyExchange
        } else if self.may_encrypt_or_decrypt() {
            AlgorithmCategory::Encryption
        } else {
            AlgorithmCategory::Signing
        }
    }
}

/// So many keys of the registry's algorithms, for tests.
#[cfg(test)]
pub(super) fn keys(algorithm: &str, purposes: &[Purpose], count: i64) -> KeyFacts {
    let algorithm = Algorithm::of(algorithm);
    let status = algorithm.registry_status(0);
    let ids = (0..count).map(|number| format!("{}-{number}", algorithm.as_str())).collect();
    KeyFacts { algorithm, status, purposes: purposes.to_vec(), count, has_pqc: true, is_connected: true, ids }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_belong_to_the_category_of_their_use() {
        use Purpose::{Decrypt, Encrypt, Sign, Verify};
        for (algorithm, purposes, category) in [
            ("ML-KEM-768", &[Encrypt, Decrypt][..], AlgorithmCategory::KeyExchange),
            ("RSA-3072", &[Decrypt], AlgorithmCategory::Encryption),
            ("RSA-3072", &[Sign, Encrypt], AlgorithmCategory::Encryption),
            ("RSA-3072", &[Sign, Verify], AlgorithmCategory::Signing),
            ("AES-256", &[Encrypt], AlgorithmCategory::Encryption),
            ("ML-DSA-65", &[Verify], AlgorithmCategory::Signing),
        ] {
            assert_eq!(keys(algorithm, purposes, 1).category(), category, "{algorithm} {purposes:?}");
        }
    }
}
