//! The one error of this crate. It says what was wrong with the input, never what the input was:
//! keys, plaintexts and ciphertexts stay out of every message.

use std::fmt;

/// Why an operation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not base64 in the standard or the URL alphabet.
    Base64,
    /// A curve name that is not supported.
    CurveName,
    /// A private key of the wrong length, zero, or not below the order of the curve.
    PrivateKey,
    /// A public key that is not 64 bytes, or not a point on the curve.
    PublicKey,
    /// A private and a public key of different curves.
    CurveMismatch,
    /// A ciphertext too short to hold its IV and its tag.
    Truncated,
    /// The tag does not match: wrong key, wrong context, or altered bytes.
    Decrypt,
    /// Sealed bytes that this version does not know how to read, or that name another data key.
    Format,
    /// The root key ring cannot be read; the text says which rule it breaks.
    RootKeys(&'static str),
    /// A cost of password hashes that Argon2 does not know.
    Cost,
    /// A data key was wrapped under a root key that the ring no longer holds.
    UnknownRootKey(String),
    /// A signature that is not by this key over this text.
    Signature,
    /// A proof that does not lead to the root, or a place that is not in the tree.
    Proof,
    /// The hash of a subtree is needed that is not there.
    MissingNode,
    /// What cannot be split into shares, or shares that do not belong together; the text says which rule is broken.
    Shares(&'static str),
    /// Not the name of an algorithm that tokens are verified with.
    Algorithm,
    /// The material does not make a verifying key; the text says which rule it breaks.
    VerifyingKey(&'static str),
    /// A token that is refused; the text says why.
    Token(&'static str),
}

/// What the fallible operations of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 => f.write_str("not valid base64"),
            Self::CurveName => f.write_str("unknown curve: use prime256v1 or secp256k1"),
            Self::PrivateKey => f.write_str("not a private key of this curve (1 to 33 bytes)"),
            Self::PublicKey => f.write_str("not a public key of this curve (64 bytes, X then Y)"),
            Self::CurveMismatch => f.write_str("the two keys belong to different curves"),
            Self::Truncated => f.write_str("the ciphertext is too short"),
            Self::Decrypt => f.write_str("the ciphertext does not open under this key and context"),
            Self::Format => f.write_str("the sealed bytes have an unknown format or another key"),
            Self::RootKeys(rule) => write!(f, "the root key ring is not usable: {rule}"),
            Self::Cost => f.write_str("not a cost of Argon2: memory in KiB, passes, lanes"),
            Self::Algorithm => {
                f.write_str("algorithm must be HS256, HS384, HS512, RS256, RS384, RS512, ES256 or ES384")
            }
            Self::Shares(rule) | Self::VerifyingKey(rule) | Self::Token(rule) => f.write_str(rule),
            Self::UnknownRootKey(id) => {
                write!(f, "root key {id} is not in the ring: add it again as an older key")
            }
            Self::Signature => f.write_str("the signature is not by this key over this text"),
            Self::Proof => f.write_str("the proof does not lead to this root"),
            Self::MissingNode => f.write_str("the hash of a subtree is missing"),
        }
    }
}

impl std::error::Error for Error {}
