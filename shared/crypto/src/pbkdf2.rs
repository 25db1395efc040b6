//! Passwords that are only ever compared: PBKDF2 with HMAC-SHA-256, written down with salt and rounds as
//! `$pbkdf2-sha256$i=600000$<salt>$<hash>`, so that the rounds may grow while older ones go on being checked.

use ::pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{base64, hash, work};

/// What a new password is hashed with.
pub const ROUNDS: u32 = 600_000;

/// More than anybody would have written; a stored text cannot make a check endless.
const MOST_ROUNDS: u32 = 10_000_000;

const HASH: usize = 32;

/// The text to store. The salt is to be random and used once.
///
/// ```
/// use chancery_crypto::pbkdf2;
///
/// let stored = pbkdf2::hash_password("correct horse", [7; 16], 1_000);
/// assert!(stored.starts_with("$pbkdf2-sha256$i=1000$"));
/// assert!(pbkdf2::verify_password("correct horse", &stored));
/// assert!(!pbkdf2::verify_password("battery staple", &stored));
/// ```
#[must_use]
pub fn hash_password(password: &str, salt: [u8; 16], rounds: u32) -> String {
    let unpadded = |bytes: &[u8]| base64::encode(bytes).trim_end_matches('=').to_owned();
    let derived = derive(password, &salt, rounds);
    format!("$pbkdf2-sha256$i={rounds}${}${}", unpadded(&salt), unpadded(derived.as_slice()))
}

/// Whether this is the password. A text that is not one of [`hash_password`]'s fits none.
#[must_use]
pub fn verify_password(password: &str, stored: &str) -> bool {
    let Some((rounds, salt, expected)) = parse(stored) else { return false };
    hash::equal(derive(password, &salt, rounds).as_slice(), &expected)
}

fn parse(stored: &str) -> Option<(u32, Vec<u8>, Vec<u8>)> {
    let mut parts = stored.strip_prefix("$pbkdf2-sha256$i=")?.split('$');
    let rounds = parts.next()?.parse().ok().filter(|rounds| (1..=MOST_ROUNDS).contains(rounds))?;
    let salt = base64::decode_any(parts.next()?).ok()?;
    let expected = base64::decode_any(parts.next()?).ok().filter(|expected| expected.len() == HASH)?;
    parts.next().is_none().then_some((rounds, salt, expected))
}

fn derive(password: &str, salt: &[u8], rounds: u32) -> Zeroizing<[u8; HASH]> {
    work::add(u64::from(rounds));
    let mut derived = Zeroizing::new([0; HASH]);
    pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, rounds, derived.as_mut_slice());
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7914, section 11.
    #[test]
    fn the_published_vectors_hold() {
        for (password, salt, rounds, expected) in [
            ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            ("Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
        ] {
            assert_eq!(hash::hex(derive(password, salt.as_bytes(), rounds).as_slice()), expected, "{password}");
        }
    }

    #[test]
    fn a_password_is_recognised_with_its_own_salt_and_rounds() {
        let (one, other) = (hash_password("s3cret", [1; 16], 2), hash_password("s3cret", [2; 16], 2));
        assert_ne!(one, other);
        assert!(verify_password("s3cret", &one) && verify_password("s3cret", &other));
        assert!(!verify_password("S3cret", &one) && !verify_password("", &one));
        assert!(!verify_password("s3cret", &one.replace("i=2", "i=3")));
    }

    #[test]
    fn a_text_of_another_form_fits_no_password() {
        let good = hash_password("s3cret", [1; 16], 2);
        for bad in [
            "",
            "s3cret",
            "$argon2id$v=19$m=1$x$y",
            "$pbkdf2-sha256$i=0$AA$AA",
            "$pbkdf2-sha256$i=4000000000$AA$AA",
            "$pbkdf2-sha256$i=2$AQEBAQEBAQEBAQEBAQEBAQ$",
            &format!("{good}$"),
            &good.replace("sha256", "sha1"),
        ] {
            assert!(!verify_password("s3cret", bad), "{bad}");
        }
    }
}
