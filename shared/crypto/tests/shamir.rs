//! Secret sharing: that any share belongs to the field that others compute in, and what shares say and do not say.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::convert::Infallible;

use chancery_crypto::shamir::{MOST_SHARES, Share, combine, split};
use chancery_crypto::{Error, hash};
use elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use proptest::collection::vec;
use proptest::prelude::*;
use vsss_rs::Gf256;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The same bytes each time: SHA-256 of a counter.
struct Counter(u64);

impl Counter {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            self.0 += 1;
            bytes.extend(hash::sha256(&[&self.0.to_le_bytes()]));
        }
        bytes.truncate(count);
        bytes
    }
}

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes(4).try_into().unwrap()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes(8).try_into().unwrap()))
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Infallible> {
        into.copy_from_slice(&self.bytes(into.len()));
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

/// The shares of a secret with coefficients that follow from a seed.
fn shared(secret: &[u8], threshold: usize, shares: usize, seed: u64) -> Vec<Share> {
    split(secret, threshold, shares, &Counter(seed << 32).bytes((threshold - 1) * secret.len())).unwrap()
}

fn combined(shares: &[&Share]) -> Vec<u8> {
    combine(&shares.iter().map(|share| share.as_slice()).collect::<Vec<_>>()).unwrap().to_vec()
}

/// Every choice of so many shares.
fn choices(shares: &[Share], count: usize) -> impl Iterator<Item = Vec<&Share>> {
    let chosen =
        |mask: u32| shares.iter().enumerate().filter(move |(at, _)| mask >> at & 1 == 1).map(|(_, share)| share);
    (0..1_u32 << shares.len())
        .filter(move |mask| mask.count_ones() as usize == count)
        .map(move |mask| chosen(mask).collect())
}

#[test]
fn any_threshold_of_shares_recovers_and_one_fewer_does_not() {
    let secret = hash::sha256(&[b"secret"]);
    for count in 2..=8 {
        for threshold in 2..=count {
            let shares = shared(&secret, threshold, count, 7);
            for chosen in (threshold..=count).flat_map(|chosen| choices(&shares, chosen)) {
                assert_eq!(combined(&chosen), secret, "{threshold} of {count}");
            }
            for chosen in choices(&shares, threshold - 1) {
                assert_ne!(combined(&chosen), secret, "{threshold} of {count}");
            }
        }
    }
}

#[test]
fn shares_are_those_of_another_implementation() {
    let secret = hash::sha512(&[b"secret"]);
    for count in 2..=8 {
        for threshold in 2..=count {
            let ours: Vec<_> = shared(&secret, threshold, count, 1).iter().map(|share| share.to_vec()).collect();
            assert_eq!(Gf256::combine_bytes(&ours[count - threshold..]).unwrap(), secret);
            let theirs = Gf256::split_bytes(threshold, count, secret, Counter(2)).unwrap();
            let theirs: Vec<_> = theirs[count - threshold..].iter().map(Vec::as_slice).collect();
            assert_eq!(combine(&theirs).unwrap().as_slice(), secret);
        }
    }
}

#[test]
fn values_are_those_of_the_polynomial_in_the_other_implementations_field() {
    let (secret, coefficients) = (hash::sha256(&[b"secret"]), Counter(3).bytes(4 * 32));
    for share in split(&secret, 5, MOST_SHARES, &coefficients).unwrap() {
        let x = Gf256(share[0]);
        for (at, value) in share[1..].iter().enumerate() {
            let terms = coefficients.chunks(32).map(|row| row[at]).chain([secret[at]]);
            assert_eq!(Gf256(*value), terms.fold(Gf256(0), |sum, term| sum * x + Gf256(term)));
        }
    }
}

#[test]
fn fewer_shares_than_the_threshold_are_as_likely_with_every_secret() {
    for x in [1_usize, 2, 255] {
        for secret in [0_u8, 1, 0xff] {
            let mut values: Vec<_> =
                (0..=u8::MAX).map(|random| split(&[secret], 2, MOST_SHARES, &[random]).unwrap()[x - 1][1]).collect();
            values.sort_unstable();
            assert!(values.into_iter().eq(0..=u8::MAX), "share {x} of {secret}");
        }
    }
}

#[test]
fn what_cannot_be_split_or_does_not_belong_together_is_refused() {
    let refused = |result: Result<Vec<Share>, Error>| matches!(result, Err(Error::Shares(_)));
    assert!(refused(split(b"", 2, 3, b"")));
    for (threshold, shares) in [(0, 3), (1, 3), (4, 3), (2, 256), (256, 256)] {
        assert!(
            refused(split(b"k", threshold, shares, &vec![0; threshold.saturating_sub(1)])),
            "{threshold} of {shares}"
        );
    }
    assert!(refused(split(b"key", 3, 3, &[0; 5])) && refused(split(b"key", 3, 3, &[0; 7])));
    assert!(split(b"key", 3, 3, &[0; 6]).is_ok());
    for shares in [
        &[][..],
        &[b"".as_slice(), b"\x01a"],
        &[b"\x01", b"\x02"],
        &[b"\x01a", b"\x01b"],
        &[b"\x00a", b"\x01b"],
        &[b"\x01a", b"\x00b"],
        &[b"\x01a", b"\x02bc"],
        &[b"\x01ab", b"\x02b"],
    ] {
        assert!(matches!(combine(shares), Err(Error::Shares(_))), "{shares:?}");
    }
}

#[test]
fn an_altered_share_gives_another_secret() {
    let secret = hash::sha256(&[b"secret"]);
    let shares = shared(&secret, 3, 5, 4);
    let mut altered = shares[1].clone();
    altered[7] ^= 1;
    let found = combined(&[&shares[0], &altered, &shares[4]]);
    let differing: Vec<_> = (0..32).filter(|at| found[*at] != secret[*at]).collect();
    assert_eq!(differing, [6], "the byte that was altered");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn up_to_255_shares_recover_in_any_order(
        secret in vec(any::<u8>(), 1..80), count in 2..=MOST_SHARES, of in any::<prop::sample::Index>(), seed in any::<u32>(),
    ) {
        let threshold = 2 + of.index(count - 1);
        let shares = shared(&secret, threshold, count, u64::from(seed));
        let first = usize::try_from(seed).unwrap() % count;
        let chosen: Vec<_> = shares.iter().rev().cycle().skip(first).take(threshold).collect();
        prop_assert_eq!(combined(&chosen), secret.as_slice());
        let theirs: Vec<_> = chosen.iter().map(|share| share.to_vec()).collect();
        prop_assert_eq!(Gf256::combine_bytes(theirs).unwrap(), secret);
    }
}
