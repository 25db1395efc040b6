//! JSON web tokens in compact form, signed (RFC 7515, 7519): read, and verified against a key whose algorithm is
//! fixed beforehand. The header of a token never chooses; it must only agree. Tokens are not made here, and whose key
//! a token asks for is for the caller to look up.

mod issuer_key;
mod key;

use std::{fmt, str::FromStr};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer};

use crate::{Error, Result};

pub use issuer_key::IssuerKey;
pub use key::VerifyingKey;

/// Seconds by which the clock of who made a token may differ from ours.
pub const LEEWAY: i64 = 30;

/// The longest token that is read.
pub const LONGEST: usize = 16 * 1024;

/// How a signature is made (RFC 7518). `none` is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
}

impl Algorithm {
    pub const ALL: [Self; 8] =
        [Self::Hs256, Self::Hs384, Self::Hs512, Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256, Self::Es384];

    /// The name in a token's header and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    /// Whether both sides know the same secret; otherwise there is a public key.
    #[must_use]
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(Error::Algorithm)
    }
}

/// A key with the one algorithm that it is for.
pub trait Verify {
    /// The name of the algorithm in a token's header.
    fn algorithm_name(&self) -> &'static str;

    /// Whether the signature over the message is this key's.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// A token that has been read but not verified: nothing in it may be believed yet.
pub struct Token<'a> {
    header: Header,
    claims: Claims,
    /// Header and claims as they were signed.
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    /// Extensions that must be understood. None is.
    #[serde(default, deserialize_with = "present")]
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<f64>,
}

/// A member that may be missing, but is not `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<'a> Token<'a> {
    /// Reads the three parts. A part that is not canonical base64url or not an object of JSON, a member that
    /// appears twice where it matters, and extensions that must be understood are refused.
    ///
    /// ```
    /// use chancery_crypto::jwt::{Algorithm, Token, VerifyingKey};
    ///
    /// let text = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwfQ.\
    ///     RfVZrzoilnCsByRYrLdTrTqe708kZ4VFOf2EglFwQiQ";
    /// let token = Token::parse(text)?;
    /// assert_eq!(token.issuer(), Some("demo123"));
    /// let key = VerifyingKey::secret(Algorithm::Hs256, b"secret1")?;
    /// assert_eq!(token.verify(&key, 1_999_999_999), Ok(()));
    /// assert!(token.verify(&key, 2_000_000_030).is_err());
    /// # Ok::<(), chancery_crypto::Error>(())
    /// ```
    pub fn parse(text: &'a str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(Error::Token("the token is too long"));
        }
        let shape = Error::Token("a token has three parts with dots between them");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(|| shape.clone())?;
        let (header, claims) = signed.split_once('.').ok_or(shape)?;
        let header: Header = object(header).ok_or(Error::Token("the token's header cannot be read"))?;
        if header.crit.is_some() {
            return Err(Error::Token("the token's header asks for extensions"));
        }
        let claims = object(claims).ok_or(Error::Token("the token's claims cannot be read"))?;
        let signature = decode(signature).ok_or(Error::Token("the token's signature cannot be read"))?;
        Ok(Self { header, claims, signed, signature })
    }

    /// The issuer that the token names: the claim `iss`, or a header of that name.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.claims.iss.as_deref().or(self.header.iss.as_deref())
    }

    /// The algorithm that the header names: by it one of several keys is chosen, which is for that algorithm alone.
    #[must_use]
    pub fn algorithm_name(&self) -> &str {
        &self.header.alg
    }

    /// The claims as a type of the caller's.
    pub fn claims<T: for<'de> Deserialize<'de>>(&self) -> Result<T> {
        let claims = self.signed.split_once('.').and_then(|(_, claims)| object(claims));
        claims.ok_or(Error::Token("the token's claims cannot be read"))
    }

    /// The last second in which the token holds, if it says one.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        self.claims.exp.map(whole)
    }

    /// Whether the key made the signature with the key's algorithm, and `now` (epoch seconds) lies between `nbf` and
    /// `exp` as far as the token has them, give or take [`LEEWAY`].
    pub fn verify(&self, key: &impl Verify, now: i64) -> Result<()> {
        if self.header.alg != key.algorithm_name() {
            return Err(Error::Token("the token is signed with another algorithm than its key is for"));
        }
        if !Verify::verify(key, self.signed.as_bytes(), &self.signature) {
            return Err(Error::Token("the token's signature does not match"));
        }
        if self.claims.exp.is_some_and(|exp| whole(exp).saturating_add(LEEWAY) <= now) {
            return Err(Error::Token("the token has expired"));
        }
        if self.claims.nbf.is_some_and(|nbf| whole(nbf) > now.saturating_add(LEEWAY)) {
            return Err(Error::Token("the token does not hold yet"));
        }
        Ok(())
    }
}

/// Whole seconds.
fn whole(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, which is as far away as a time can be")]
    let seconds = seconds.floor() as i64;
    seconds
}

fn object<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let json = decode(part)?;
    // An array would fill the fields by their order.
    json.first().filter(|first| **first == b'{')?;
    serde_json::from_slice(&json).ok()
}

/// One spelling only: URL alphabet, no padding, no white space, no unused bits.
fn decode(part: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(part).ok()
}
