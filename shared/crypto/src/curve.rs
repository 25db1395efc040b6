//! Keys of the two supported curves and their wire forms: a private key is 32 big-endian bytes, a
//! public key the 64 bytes X‖Y without a prefix. What the keys are used for is not here.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use elliptic_curve::ecdh::diffie_hellman;
use elliptic_curve::point::AffineCoordinates;
use elliptic_curve::sec1::ToSec1Point;
use zeroize::Zeroizing;

use crate::{Error, Result, base64};

/// The curve of a deployment.
///
/// ```
/// use chancery_crypto::Curve;
///
/// assert_eq!(Curve::default().to_string(), "prime256v1");
/// assert_eq!("secp256k1".parse(), Ok(Curve::Secp256k1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256, also called prime256v1 and secp256r1.
    #[default]
    P256,
    /// The Koblitz curve of the same size.
    Secp256k1,
}

impl Curve {
    /// The name used in configuration and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "prime256v1",
            Self::Secp256k1 => "secp256k1",
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Curve {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "prime256v1" | "secp256r1" | "P-256" => Ok(Self::P256),
            "secp256k1" => Ok(Self::Secp256k1),
            _ => Err(Error::CurveName),
        }
    }
}

/// A private key: a number from 1 to the order of its curve minus 1. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct PrivateKey(Scalar);

#[derive(Clone)]
enum Scalar {
    P256(p256::SecretKey),
    Secp256k1(k256::SecretKey),
}

impl PrivateKey {
    /// Reads base64 in any spelling; see [`from_bytes`](Self::from_bytes) for the lengths.
    pub fn from_base64(curve: Curve, text: &str) -> Result<Self> {
        Self::from_bytes(curve, &base64::decode_secret(text)?)
    }

    /// Accepts 1 to 33 big-endian bytes. Other implementations drop leading zeros or put a zero
    /// sign byte in front: the key is padded to 32 bytes on the left, and a 33rd byte must be zero.
    pub fn from_bytes(curve: Curve, bytes: &[u8]) -> Result<Self> {
        let number = match bytes {
            [] => return Err(Error::PrivateKey),
            [0, rest @ ..] if bytes.len() == 33 => rest,
            _ => bytes,
        };
        let mut padded = Zeroizing::new([0_u8; 32]);
        let offset = padded.len().checked_sub(number.len()).ok_or(Error::PrivateKey)?;
        for (to, from) in padded.iter_mut().skip(offset).zip(number) {
            *to = *from;
        }
        let scalar = match curve {
            Curve::P256 => p256::SecretKey::from_bytes((&*padded).into()).map(Scalar::P256),
            Curve::Secp256k1 => k256::SecretKey::from_bytes((&*padded).into()).map(Scalar::Secp256k1),
        };
        scalar.map(Self).map_err(|_| Error::PrivateKey)
    }

    /// The full 32 bytes in standard base64.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(base64::encode(&*self.to_bytes()))
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(match &self.0 {
            Scalar::P256(key) => key.to_bytes().into(),
            Scalar::Secp256k1(key) => key.to_bytes().into(),
        })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_point(match &self.0 {
            Scalar::P256(key) => Point::P256(key.public_key()),
            Scalar::Secp256k1(key) => Point::Secp256k1(key.public_key()),
        })
    }

    /// The curve this key belongs to.
    #[must_use]
    pub fn curve(&self) -> Curve {
        match self.0 {
            Scalar::P256(_) => Curve::P256,
            Scalar::Secp256k1(_) => Curve::Secp256k1,
        }
    }

    pub(crate) fn diffie_hellman(&self, public: &PublicKey) -> Result<Zeroizing<[u8; 32]>> {
        let x = match (&self.0, &public.point) {
            (Scalar::P256(private), Point::P256(public)) => {
                let secret = diffie_hellman(private.to_nonzero_scalar(), public.as_affine());
                (*secret.raw_secret_bytes()).into()
            }
            (Scalar::Secp256k1(private), Point::Secp256k1(public)) => {
                let secret = diffie_hellman(private.to_nonzero_scalar(), public.as_affine());
                (*secret.raw_secret_bytes()).into()
            }
            _ => return Err(Error::CurveMismatch),
        };
        Ok(Zeroizing::new(x))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ..)", self.curve())
    }
}

/// A public key: a point on its curve, never the identity.
///
/// ```
/// use chancery_crypto::{Curve, Error, PrivateKey, PublicKey};
///
/// let key = PrivateKey::from_bytes(Curve::Secp256k1, &[0x11; 32])?.public_key();
/// assert_eq!(PublicKey::from_base64(Curve::Secp256k1, &key.to_base64())?, key);
/// assert_eq!(PublicKey::from_base64(Curve::P256, &key.to_base64()), Err(Error::PublicKey));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct PublicKey {
    bytes: [u8; 64],
    point: Point,
}

#[derive(Clone)]
enum Point {
    P256(p256::PublicKey),
    Secp256k1(k256::PublicKey),
}

impl PublicKey {
    /// Reads base64 in any spelling; see [`from_bytes`](Self::from_bytes).
    pub fn from_base64(curve: Curve, text: &str) -> Result<Self> {
        Self::from_bytes(curve, &base64::decode_any(text)?)
    }

    /// Accepts the 64 bytes X‖Y of a point on the curve.
    pub fn from_bytes(curve: Curve, bytes: &[u8]) -> Result<Self> {
        let bytes: [u8; 64] = bytes.try_into().map_err(|_| Error::PublicKey)?;
        // Not through SEC1: its compressed points would bring 30 KB of code along that nothing here needs.
        let point = match curve {
            Curve::P256 => on_curve(&bytes).and_then(|point| p256::PublicKey::from_affine(point).ok()).map(Point::P256),
            Curve::Secp256k1 => {
                on_curve(&bytes).and_then(|point| k256::PublicKey::from_affine(point).ok()).map(Point::Secp256k1)
            }
        };
        point.map(|point| Self { bytes, point }).ok_or(Error::PublicKey)
    }

    pub(crate) fn from_p256(key: p256::PublicKey) -> Self {
        Self::from_point(Point::P256(key))
    }

    pub(crate) fn as_p256(&self) -> Option<&p256::PublicKey> {
        match &self.point {
            Point::P256(key) => Some(key),
            Point::Secp256k1(_) => None,
        }
    }

    fn from_point(point: Point) -> Self {
        let bytes = match &point {
            Point::P256(key) => coordinates(key.to_sec1_point(false).as_bytes()),
            Point::Secp256k1(key) => coordinates(key.to_sec1_point(false).as_bytes()),
        };
        Self { bytes, point }
    }

    /// X‖Y, each 32 bytes with its leading zeros.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// X‖Y in standard base64.
    #[must_use]
    pub fn to_base64(&self) -> String {
        base64::encode(&self.bytes)
    }

    /// The curve this key belongs to.
    #[must_use]
    pub fn curve(&self) -> Curve {
        match self.point {
            Point::P256(_) => Curve::P256,
            Point::Secp256k1(_) => Curve::Secp256k1,
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve() == other.curve() && self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.curve().hash(state);
        self.bytes.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.curve(), self.to_base64())
    }
}

/// The point X‖Y if it satisfies the equation of its curve.
fn on_curve<P>(bytes: &[u8; 64]) -> Option<P>
where
    P: AffineCoordinates<FieldRepr: for<'a> TryFrom<&'a [u8]>>,
{
    let (x, y) = bytes.split_at(32);
    P::from_coordinates(&P::FieldRepr::try_from(x).ok()?, &P::FieldRepr::try_from(y).ok()?).into()
}

/// X‖Y of an uncompressed SEC1 point: all but the byte in front.
fn coordinates(sec1: &[u8]) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (to, from) in bytes.iter_mut().zip(sec1.iter().skip(1)) {
        *to = *from;
    }
    bytes
}
