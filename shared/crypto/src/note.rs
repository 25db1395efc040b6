//! Signed notes, as <https://c2sp.org/signed-note> has them: a text, an empty line, and a line with an Ed25519 signature.
//! Verifiers and witnesses of transparency logs read them.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::{Error, PrivateKey, Result, base64, hash};

/// The signature type of Ed25519.
const ED25519: u8 = 1;

/// A key that signs notes, under a name that follows from it.
pub struct NoteKey {
    key: SigningKey,
    name: String,
}

impl NoteKey {
    /// The key that belongs to a service key and a label. It follows from both by a one-way function. Its name is a prefix
    /// and a hash of its public part.
    ///
    /// ```
    /// use chancery_crypto::{Curve, Error, PrivateKey, note::{self, NoteKey}};
    ///
    /// let service = PrivateKey::from_bytes(Curve::P256, &[0x22; 32])?;
    /// let key = NoteKey::derive(&service, "a log", "example.log");
    /// let note = key.sign("a text\n");
    /// assert_eq!(note::verified(&key.verifier(), &note)?, "a text\n");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn derive(service: &PrivateKey, label: &str, prefix: &str) -> Self {
        let secret = service.to_bytes();
        let seed = Zeroizing::new(hash::hmac_sha256(&*secret, &[b"Ed25519 ", label.as_bytes()]));
        let key = SigningKey::from_bytes(&seed);
        let fingerprint = hash::hex(&hash::sha256(&[key.verifying_key().as_bytes()]));
        let name = format!("{prefix}/{}", fingerprint.get(..32).unwrap_or(&fingerprint));
        Self { key, name }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a verifier is configured with: name, key id, and the key behind its type.
    #[must_use]
    pub fn verifier(&self) -> String {
        let key = self.key.verifying_key();
        let typed: Vec<u8> = std::iter::once(ED25519).chain(*key.as_bytes()).collect();
        format!("{}+{}+{}", self.name, hash::hex(&id(&self.name, &key)), base64::encode(&typed))
    }

    /// The note of a text, which ends with a line feed. The same text has the same note.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let mut signature = id(&self.name, &self.key.verifying_key()).to_vec();
        signature.extend(self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n\u{2014} {} {}\n", self.name, base64::encode(&signature))
    }
}

impl std::fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NoteKey({})", self.name)
    }
}

/// The text of a note that this verifier's key has signed. Signatures of others may stand beside it.
pub fn verified<'a>(verifier: &str, note: &'a str) -> Result<&'a str> {
    let mut parts = verifier.trim().splitn(3, '+');
    let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::VerifyingKey("it is not name+id+key"));
    };
    let key = base64::decode_any(key).map_err(|_| Error::VerifyingKey("it is not base64"))?;
    let [ED25519, key @ ..] = key.as_slice() else {
        return Err(Error::VerifyingKey("it is not one of Ed25519"));
    };
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let key = key.ok_or(Error::VerifyingKey("it is not one of Ed25519"))?;
    let end = note.rfind("\n\n").ok_or(Error::Signature)?;
    let (text, signatures) = note.split_at_checked(end + 1).ok_or(Error::Signature)?;
    let ours = format!("\u{2014} {name} ");
    let holds = |signature: &str| {
        let signature = base64::decode_any(signature).ok()?;
        let signature = signature.strip_prefix(&id(name, &key))?;
        key.verify_strict(text.as_bytes(), &Signature::from_slice(signature).ok()?).ok()
    };
    let signed = signatures.lines().filter_map(|line| line.strip_prefix(&ours)).any(|line| holds(line).is_some());
    if signed { Ok(text) } else { Err(Error::Signature) }
}

/// The key id of a name and a key.
fn id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let [a, b, c, d, ..] = hash::sha256(&[name.as_bytes(), b"\n", &[ED25519], key.as_bytes()]);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::Curve;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// From the specification of Go's `golang.org/x/mod/sumdb/note`, whose format this is.
    const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n\n\
                        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn key(label: &str) -> NoteKey {
        NoteKey::derive(&PrivateKey::from_bytes(Curve::Secp256k1, &[0x22; 32]).unwrap(), label, "log")
    }

    #[test]
    fn the_published_note_holds() {
        assert!(verified(VERIFIER, NOTE).unwrap().ends_with("what your problem is.\n"));
        let (altered, other) = (NOTE.replace("your", "my"), VERIFIER.replace("Peter", "Paul"));
        assert_eq!(verified(VERIFIER, &altered), Err(Error::Signature));
        assert_eq!(verified(&other, NOTE), Err(Error::Signature));
    }

    #[test]
    fn the_published_seed_signs_the_published_note() {
        let seed = base64::decode_any("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
        let key = SigningKey::from_bytes(seed.strip_prefix(&[ED25519]).unwrap().try_into().unwrap());
        let key = NoteKey { key, name: "PeterNeumann".to_owned() };
        assert_eq!(key.verifier(), VERIFIER);
        assert_eq!(key.sign(verified(VERIFIER, NOTE).unwrap()), NOTE);
    }

    #[test]
    fn a_note_holds_beside_signatures_of_others_only_for_its_key() {
        let (a, b) = (key("a"), key("b"));
        assert_ne!(a.name(), b.name());
        let note = a.sign("a\n\nb\n");
        let witnessed = format!("{note}\u{2014} witness AAAA\n");
        assert_eq!(verified(&a.verifier(), &witnessed), Ok("a\n\nb\n"));
        assert_eq!(verified(&b.verifier(), &witnessed), Err(Error::Signature));
        for wrong in ["", "a", "a+b", "a+b+c", "a+b+AQ=="] {
            assert!(matches!(verified(wrong, &note), Err(Error::VerifyingKey(_))), "{wrong}");
        }
    }
}
