//! Fixed vectors of the signed-request envelope, worked out with other implementations (OpenSSL
//! among them), and the spellings of keys and base64 that callers are known to send.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chancery_crypto::{Curve, Error, PrivateKey, PublicKey, SharedKey, base64};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

struct Pair {
    curve: Curve,
    a_public: &'static str,
    b_public: &'static str,
    shared: &'static str,
    /// "hello" under the IV 0x07 × 16.
    encrypted: &'static str,
}

/// Private key A is 0x11 × 32, B is 0x22 × 32.
const PAIRS: [Pair; 2] = [
    Pair {
        curve: Curve::Secp256k1,
        a_public: "TzVb3LfMCvco7zzOuWFdkGhLtbLKX4WasPC3BAdYcao4W2sbjq2AnKZ0VNloP88roDRW1v4sSr4rB/D727LxwQ==",
        b_public: "Rm1/yuVj5csJoNGHC7WANEgEYXh5oUlJzyIoXxuuPydnKBdsPGQx+O7aRTjcN8hl4nhPOp530ETzPkB3l+Enig==",
        shared: "d+BRDVBC4vXp5ZyXe4Hu7VkM99IMHFHaRRqOqp/cRf8=",
        encrypted: "BwcHBwcHBwcHBwcHBwcHB/AIRN8bd27oGMQ8G61omgMlOe8+tQ==",
    },
    Pair {
        curve: Curve::P256,
        a_public: "AhfmF/C2RDkoJ4+WmZ5pojpPLBUr321s32bluAKC1O0ZSn3ry5dxLS3aPKhaqHZaVvRfx1hZllLyiXxlMG5XlA==",
        b_public: "1lqTl3yqPRsIGFL/V6eeRl8WYFdzBLrq1QXdOkhYnPNQGF6JU3LfYiHqOhN1V+Rz/dtnVfBb1QfDxTP86ckShQ==",
        shared: "zPwmH1gZPJjKStSlO7rG8O4pvE1IQ4CQRGkIYiynmvY=",
        encrypted: "BwcHBwcHBwcHBwcHBwcHB7uemRLrEHGHPVfIY3IIFmGEu4KPaQ==",
    },
];

struct Padding {
    curve: Curve,
    scalar: u16,
    public: &'static str,
    /// With private key B.
    shared: &'static str,
}

/// Either the shared X (214, 638) or the public X (153, 379) begins with a zero byte.
const PADDINGS: [Padding; 4] = [
    Padding {
        curve: Curve::Secp256k1,
        scalar: 214,
        public: "tAImo3oaWG0LNgrXXuc/q6xnlHNhMgiCqPngz7l0bsz3zpGELknp1B+NSj4hrORpUibA088kxK9I5SViChMGDA==",
        shared: "AGIt7gd3v0nGS9RfdU9mjTM95+oJA0z06zvBndhme60=",
    },
    Padding {
        curve: Curve::Secp256k1,
        scalar: 153,
        public: "AOOuGXRWbKBsxRbUfg+xZaZ0o9q8/KFeci8ONFD0WIkq6r5+RTFRARYhfwe/TQcwDel+SHT4H1M0IKcu6wvWpA==",
        shared: "flmrrS9yqDPGseiWJ74mwh8afQI1/qJ61AuYc8+shpU=",
    },
    Padding {
        curve: Curve::P256,
        scalar: 638,
        public: "8ykVJPjtSqfP3WqCKugWgjpKWx3fC10vSBDPWYU7ls+cnXSxloUeYPoXYLu/mRWvC9cX5+0vrAlEnO+VslCF+w==",
        shared: "AC7LPXGE/BlTWYRdyCyo2WuvoYd1cceY+R9lUCiTirM=",
    },
    Padding {
        curve: Curve::P256,
        scalar: 379,
        public: "AFVDiUrz0A7X10Cr29dclrBod7eH219w7qeLkKjXwAq7TIWj2Oop76r6JEBpEt2E1bFNwyv2Vu9sa9WKXZQ/kg==",
        shared: "ad3bf8/uENOmBuAxMiynhTpIP9ipJLNy/LRYZSKg6JA=",
    },
];

const CURVES: [Curve; 2] = [Curve::P256, Curve::Secp256k1];

fn a(curve: Curve) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[0x11; 32]).unwrap()
}

fn b(curve: Curve) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[0x22; 32]).unwrap()
}

fn shared_ab(curve: Curve) -> SharedKey {
    SharedKey::agree(&a(curve), &b(curve).public_key()).unwrap()
}

#[test]
fn public_keys_follow_from_private_ones() {
    for pair in PAIRS {
        assert_eq!(a(pair.curve).public_key().to_base64(), pair.a_public);
        assert_eq!(b(pair.curve).public_key().to_base64(), pair.b_public);
    }
}

#[test]
fn both_sides_agree_on_the_same_secret() {
    for pair in PAIRS {
        let from_a = PublicKey::from_base64(pair.curve, pair.a_public).unwrap();
        let from_b = PublicKey::from_base64(pair.curve, pair.b_public).unwrap();
        let one = SharedKey::agree(&a(pair.curve), &from_b).unwrap();
        let other = SharedKey::agree(&b(pair.curve), &from_a).unwrap();
        assert_eq!(base64::encode(one.as_bytes()), pair.shared);
        assert_eq!(base64::encode(other.as_bytes()), pair.shared);
    }
}

#[test]
fn the_envelope_is_reproduced_and_opened() {
    for pair in PAIRS {
        let key = shared_ab(pair.curve);
        assert_eq!(key.encrypt([7; 16], b"hello"), pair.encrypted);
        assert_eq!(key.decrypt(pair.encrypted).unwrap().as_slice(), b"hello");
    }
}

#[test]
fn leading_zeros_of_coordinates_are_kept() {
    for padding in PADDINGS {
        let scalar = padding.scalar.to_be_bytes();
        let private = PrivateKey::from_bytes(padding.curve, &scalar).unwrap();
        assert_eq!(private.public_key().to_base64(), padding.public, "scalar {}", padding.scalar);
        let shared = SharedKey::agree(&private, &b(padding.curve).public_key()).unwrap();
        assert_eq!(base64::encode(shared.as_bytes()), padding.shared, "scalar {}", padding.scalar);
        let public = PublicKey::from_base64(padding.curve, padding.public).unwrap();
        let shared = SharedKey::agree(&b(padding.curve), &public).unwrap();
        assert_eq!(base64::encode(shared.as_bytes()), padding.shared, "scalar {}", padding.scalar);
    }
}

#[test]
fn private_keys_of_every_length_mean_the_same_number() {
    for curve in CURVES {
        let full = PrivateKey::from_bytes(curve, &[vec![0; 31], vec![214]].concat()).unwrap();
        for zeros in 0..=32 {
            let spelled = base64::encode(&[vec![0; zeros], vec![214]].concat());
            let key = PrivateKey::from_base64(curve, &spelled).unwrap();
            assert_eq!(*key.to_base64(), *full.to_base64(), "{curve}, {zeros} zeros");
        }
    }
}

#[test]
fn a_sign_byte_in_front_of_a_high_number_is_stripped() {
    let mut number = [0xff; 32];
    number[1] = 0; // below the order of both curves
    for curve in CURVES {
        let signed = [&[0], number.as_slice()].concat();
        let key = PrivateKey::from_base64(curve, &base64::encode(&signed)).unwrap();
        assert_eq!(*key.to_base64(), base64::encode(&number));
    }
}

#[test]
fn impossible_private_keys_are_refused() {
    for curve in CURVES {
        let refused = |bytes: &[u8]| {
            let error = PrivateKey::from_base64(curve, &base64::encode(bytes)).err();
            assert_eq!(error, Some(Error::PrivateKey), "{curve}, {} bytes", bytes.len());
        };
        refused(&[]);
        refused(&[0]);
        refused(&[0; 32]);
        refused(&[0; 33]);
        refused(&[0xff; 32]);
        refused(&[&[1], [0x11; 32].as_slice()].concat());
        refused(&[&[0, 0], [0x11; 32].as_slice()].concat());
        refused(&[0x11; 64]);
        assert_eq!(PrivateKey::from_base64(curve, "****").err(), Some(Error::Base64));
    }
}

#[test]
fn the_order_of_the_curve_is_the_limit() {
    let orders = [
        (Curve::P256, "/////wAAAAD//////////7zm+q2nF56E87nKwvxjJVE="),
        (Curve::Secp256k1, "/////////////////////rqu3OavSKA7v9JejNA2QUE="),
    ];
    for (curve, order) in orders {
        assert!(PrivateKey::from_base64(curve, order).is_err(), "{curve}");
        let mut below = base64::decode_any(order).unwrap();
        *below.last_mut().unwrap() -= 1;
        let highest = PrivateKey::from_bytes(curve, &below).unwrap();
        let one = PrivateKey::from_bytes(curve, &[1]).unwrap();
        // n - 1 is the negation of 1: same X, other Y.
        assert_eq!(highest.public_key().as_bytes()[..32], one.public_key().as_bytes()[..32]);
        assert_ne!(highest.public_key(), one.public_key());
    }
}

#[test]
fn impossible_public_keys_are_refused() {
    let primes = [
        (Curve::P256, "/////wAAAAEAAAAAAAAAAAAAAAD///////////////8="),
        (Curve::Secp256k1, "/////////////////////////////////////v///C8="),
    ];
    for (curve, prime) in primes {
        let good = *a(curve).public_key().as_bytes();
        let prime = base64::decode_any(prime).unwrap();
        let mut off_curve = good;
        off_curve[63] ^= 1;
        for bytes in [
            vec![],
            good[..63].to_vec(),
            [&[4], good.as_slice()].concat(),
            [good.as_slice(), &[0]].concat(),
            vec![0; 64],
            vec![0xff; 64],
            off_curve.to_vec(),
            [prime.as_slice(), &good[32..]].concat(),
            [&good[..32], prime.as_slice()].concat(),
        ] {
            let error = PublicKey::from_base64(curve, &base64::encode(&bytes)).err();
            assert_eq!(error, Some(Error::PublicKey), "{curve}: {bytes:02x?}");
        }
        assert_eq!(PublicKey::from_base64(curve, "not base64").err(), Some(Error::Base64));
    }
}

#[test]
fn keys_of_different_curves_never_meet() {
    let (p256, secp256k1) = (a(Curve::P256), a(Curve::Secp256k1));
    assert_eq!(SharedKey::agree(&p256, &secp256k1.public_key()).err(), Some(Error::CurveMismatch));
    let foreign = secp256k1.public_key().to_base64();
    assert_eq!(PublicKey::from_base64(Curve::P256, &foreign).err(), Some(Error::PublicKey));
}

#[test]
fn envelopes_open_in_any_base64_spelling() {
    for curve in CURVES {
        let key = shared_ab(curve);
        let text = key.encrypt([0xff; 16], &[0xfe; 21]);
        assert!(text.contains('/') && text.ends_with('='), "the case must need both rules");
        let url = text.replace('+', "-").replace('/', "_");
        for spelled in [&text, &url, text.trim_end_matches('='), url.trim_end_matches('=')] {
            assert_eq!(key.decrypt(spelled).unwrap().as_slice(), [0xfe; 21]);
        }
    }
}

#[test]
fn an_iv_of_hexadecimal_characters_is_an_iv() {
    let key = shared_ab(Curve::Secp256k1);
    let text = key.encrypt(*b"0123456789abcdef", "größer".as_bytes());
    assert_eq!(key.decrypt(&text).unwrap().as_slice(), "größer".as_bytes());
}

#[test]
fn an_empty_text_has_an_envelope() {
    let key = shared_ab(Curve::P256);
    let text = key.encrypt([1; 16], b"");
    assert_eq!(base64::decode_any(&text).unwrap().len(), 32);
    assert!(key.decrypt(&text).unwrap().is_empty());
}

#[test]
fn truncated_envelopes_are_refused() {
    let key = shared_ab(Curve::P256);
    let bytes = base64::decode_any(&key.encrypt([1; 16], b"text")).unwrap();
    for length in 0..bytes.len() {
        let expected = if length < 32 { Error::Truncated } else { Error::Decrypt };
        assert_eq!(key.decrypt_bytes(&bytes[..length]).err(), Some(expected), "{length} bytes");
    }
}

#[test]
fn another_key_does_not_open_an_envelope() {
    for pair in PAIRS {
        let own = SharedKey::agree(&a(pair.curve), &a(pair.curve).public_key()).unwrap();
        assert_eq!(own.decrypt(pair.encrypted).err(), Some(Error::Decrypt));
    }
}

#[test]
fn base64_is_lenient_in_spelling_and_strict_in_shape() {
    for (text, bytes) in [
        ("", &b""[..]),
        ("Zg==", b"f"),
        ("Zg", b"f"),
        ("Zh", b"f"), // unused bits set
        ("Zm8=", b"fo"),
        ("Zm8", b"fo"),
        ("Zm9", b"fo"), // unused bits set
        ("Zm9v", b"foo"),
        ("-_8", &[0xfb, 0xff]),
        ("+/8=", &[0xfb, 0xff]),
    ] {
        assert_eq!(base64::decode_any(text).as_deref(), Ok(bytes), "{text}");
    }
    for text in [
        "Z", "Z===", "Zg=", "Zg===", "Zm8==", "Zm9v=", "Zm9v====", "=", "==", "====", "Z=g=", " Zm9v", "Zm9v\n",
        "Zm 9v", "Zm9vä", "Zm9*", "\0\0\0\0",
    ] {
        assert_eq!(base64::decode_any(text), Err(Error::Base64), "{text:?}");
    }
}

#[test]
fn curves_go_by_their_names() {
    assert_eq!(Curve::default(), Curve::P256);
    for curve in CURVES {
        assert_eq!(curve.to_string().parse(), Ok(curve));
    }
    assert_eq!("secp256r1".parse(), Ok(Curve::P256));
    for name in ["", "PRIME256V1", "secp384r1", " secp256k1"] {
        assert_eq!(name.parse::<Curve>(), Err(Error::CurveName), "{name:?}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    for curve in CURVES {
        let private = format!("{:?}", a(curve));
        assert_eq!(private, format!("PrivateKey({curve}, ..)"));
        assert_eq!(format!("{:?}", shared_ab(curve)), "SharedKey(..)");
    }
}
