//! Cryptographic algorithms by name: how they are spelled, what they are for, and what to think of them.

mod family;
mod spelling;

pub use family::{Family, FamilyName};
use model::qnsp::kms::{AlgorithmCategory, AlgorithmStatus};

/// 2036-01-01: what is deprecated is forbidden from then on (NIST IR 8547).
const QUANTUM_DEADLINE: i64 = 2_082_758_400_000;

/// The fewest bits with which RSA is only deprecated.
pub const LEAST_RSA: u32 = 2048;

/// An algorithm, or a family of algorithms, by its one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Algorithm {
    name: String,
    family: Option<Family>,
    /// Of the key; of a hash, those of its value.
    bits: Option<u32>,
    /// The family has this size or parameter set.
    is_standard: bool,
}

impl Algorithm {
    /// Reads a name in any spelling. What is not known keeps its name, in upper case.
    ///
    /// ```
    /// use chancery_policy::qnsp::Algorithm;
    ///
    /// assert_eq!(Algorithm::of("kyber_768").as_str(), "ML-KEM-768");
    /// assert_eq!(Algorithm::of("aes256").as_str(), "AES-256");
    /// assert_eq!(Algorithm::of("caesar").as_str(), "CAESAR");
    /// ```
    pub fn of(text: &str) -> Self {
        spelling::read(text)
    }

    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// `None` for what is not known.
    pub fn family(&self) -> Option<Family> {
        self.family
    }

    pub fn bits(&self) -> Option<u32> {
        self.bits
    }

    /// Whether this is a word for several algorithms, such as `RSA`.
    pub fn is_family(&self) -> bool {
        self.family.is_some_and(|family| family.as_str() == self.name && !family.is_single())
    }

    /// Whether this is the name of one algorithm that is known, with its size where it has one.
    pub fn is_complete(&self) -> bool {
        self.family.is_some_and(|family| match family {
            Family::Aes | Family::Rsa => self.bits.is_some(),
            _ => self.is_standard && !self.is_family(),
        })
    }

    /// The names that mean this algorithm, or it among others: its own, and that of its family.
    pub fn names(&self) -> Vec<&str> {
        let family = self.family.map(Family::as_str).filter(|family| *family != self.name);
        std::iter::once(self.as_str()).chain(family).collect()
    }

    /// Whether this is the other one, or the family of it.
    pub fn covers(&self, other: &Self) -> bool {
        other.names().contains(&self.as_str())
    }

    /// Post-quantum, final or a draft.
    pub fn is_post_quantum(&self) -> bool {
        self.is_standard && self.family.is_some_and(Family::is_post_quantum)
    }

    /// Post-quantum or AES-256: what a key should be of.
    pub fn is_quantum_safe(&self) -> bool {
        self.is_post_quantum() || (self.family == Some(Family::Aes) && self.bits == Some(256))
    }

    /// RSA is for encryption where any of the tenant's keys of that size may encrypt or decrypt, else for signing.
    pub fn category(&self, rsa_encrypts: bool) -> AlgorithmCategory {
        match self.family {
            Some(Family::Rsa) if !rsa_encrypts => AlgorithmCategory::Signing,
            Some(family) => family.category(),
            None => AlgorithmCategory::Encryption,
        }
    }

    /// What the registry says, whoever asks.
    pub fn registry_status(&self, now: i64) -> AlgorithmStatus {
        let status = match (self.family, self.bits) {
            (Some(Family::Aes), Some(256)) => AlgorithmStatus::Recommended,
            (Some(Family::Rsa), Some(bits)) if bits < LEAST_RSA => AlgorithmStatus::Forbidden,
            (Some(Family::Sha2), Some(..256)) => AlgorithmStatus::Acceptable,
            (Some(family), _) if self.is_standard || !family.is_post_quantum() => family.status(),
            _ => AlgorithmStatus::Acceptable,
        };
        let is_over = status == AlgorithmStatus::Deprecated && now >= QUANTUM_DEADLINE;
        if is_over { AlgorithmStatus::Forbidden } else { status }
    }

    /// What holds for a tenant whose enforced deprecation policies name these algorithms.
    pub fn status<'a>(&self, enforced: impl IntoIterator<Item = &'a Self>, now: i64) -> AlgorithmStatus {
        let is_enforced = enforced.into_iter().any(|named| named.covers(self));
        if is_enforced { AlgorithmStatus::Forbidden } else { self.registry_status(now) }
    }
}

#[cfg(test)]
mod tests;
