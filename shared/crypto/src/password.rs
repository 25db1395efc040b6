//! Passwords of people: Argon2id, stored as a PHC string with its cost, so that a dearer one can follow. Which cost is
//! right, and what happens to who guesses, is the service's business.

use std::str::FromStr;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash,
};

use crate::{Error, Result, work};

/// What one hash costs: memory in KiB, passes, lanes.
///
/// ```
/// use chancery_crypto::password::Cost;
///
/// let cost: Cost = "64,1,1".parse()?;
/// let stored = cost.hash(b"correct horse", [7; 16])?;
/// assert!(chancery_crypto::password::verify(b"correct horse", &stored));
/// assert!(!chancery_crypto::password::verify(b"wrong horse", &stored));
/// assert!(cost.is_of(&stored) && !"65,1,1".parse::<Cost>()?.is_of(&stored));
/// # Ok::<(), chancery_crypto::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Cost {
    /// The least that is commonly advised.
    fn default() -> Self {
        Self { memory: 19_456, passes: 2, lanes: 1 }
    }
}

impl FromStr for Cost {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Option<Vec<u32>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
        let Some([memory, passes, lanes]) = numbers.as_deref() else { return Err(Error::Cost) };
        let cost = Self { memory: *memory, passes: *passes, lanes: *lanes };
        cost.params().map(|_| cost)
    }
}

impl Cost {
    /// The PHC string of a password under a random salt.
    pub fn hash(self, password: &[u8], salt: [u8; 16]) -> Result<String> {
        let params = self.params()?;
        work::add(cost_of(&params));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash: PasswordHash = argon2.hash_password_with_salt(password, &salt).map_err(|_| Error::Cost)?;
        Ok(hash.to_string())
    }

    /// Whether a stored hash was made at this cost.
    #[must_use]
    pub fn is_of(self, stored: &str) -> bool {
        let params = PasswordHash::new(stored).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_some_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) == (self.memory, self.passes, self.lanes)
        })
    }

    fn params(self) -> Result<Params> {
        Params::new(self.memory, self.passes, self.lanes, None).map_err(|_| Error::Cost)
    }
}

/// Whether this is the password behind a stored hash, at the cost that it was made with.
#[must_use]
pub fn verify(password: &[u8], stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    if let Ok(params) = Params::try_from(&stored) {
        work::add(cost_of(&params));
    }
    Argon2::default().verify_password(password, &stored).is_ok()
}

fn cost_of(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_stored_hash_names_its_cost_and_verifies_one_password() {
        let cost: Cost = "256,2,1".parse().unwrap();
        let stored = cost.hash(b"password", *b"0123456789abcdef").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=256,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"), "{stored}");
        assert!(verify(b"password", &stored));
        for wrong in ["", "$argon2id$", "plain", &stored.replace("t=2", "t=3")] {
            assert!(!verify(b"password", wrong), "{wrong}");
        }
    }

    #[test]
    fn a_cost_that_no_hash_can_have_is_refused() {
        for wrong in ["", "1", "8,0,1", "7,1,1", "8,1,0", "8,1,1,1", "a,b,c", "-8,1,1"] {
            assert_eq!(wrong.parse::<Cost>(), Err(Error::Cost), "{wrong}");
        }
        assert_eq!("19456, 2, 1".parse::<Cost>().unwrap(), Cost::default());
    }
}
