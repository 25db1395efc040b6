//! Secret sharing after Shamir, byte by byte over GF(2^8) with the polynomial of AES (0x11b), as other implementations of
//! this field have it. A share is its number x, from 1 on, and the values at x of one polynomial per byte of the secret.
//!
//! Every multiplication is of secret bytes by a public number: x, or the weight of a share, which follows from the
//! numbers. It branches on the public one alone and looks nothing up, so its time tells nothing of the secret.

use zeroize::Zeroizing;

use crate::{Error, Result};

/// The most shares there are numbers for.
pub const MOST_SHARES: usize = 255;

/// A share as it is handed out: its number and then as many bytes as the secret has.
pub type Share = Zeroizing<Vec<u8>>;

/// Splits a secret, so that `threshold` of the shares give it and fewer give nothing. `random` are the coefficients of
/// the polynomials: `threshold - 1` times as many uniformly random bytes as the secret has, never used before.
///
/// ```
/// use chancery_crypto::shamir::{combine, split};
///
/// let shares = split(b"key", 2, 3, &[0x5b, 0x11, 0xe0])?;
/// assert_eq!(combine(&[&shares[2], &shares[0]])?.as_slice(), b"key");
/// # Ok::<(), chancery_crypto::Error>(())
/// ```
pub fn split(secret: &[u8], threshold: usize, shares: usize, random: &[u8]) -> Result<Vec<Share>> {
    if secret.is_empty() {
        return Err(Error::Shares("a secret has at least one byte"));
    }
    if !(2..=shares).contains(&threshold) || shares > MOST_SHARES {
        return Err(Error::Shares("the threshold must be from 2 to the number of shares, and that at most 255"));
    }
    if random.len() != (threshold - 1) * secret.len() {
        return Err(Error::Shares("each byte of the secret needs a random byte for each share below the threshold"));
    }
    let of_number = |x: u8| {
        // Horner's rule, from the highest coefficient down to the secret.
        let mut value = Words::zero(secret.len());
        for coefficients in random.chunks(secret.len()).chain([secret]) {
            value.multiply(x);
            value.add(coefficients, 1);
        }
        value.bytes(&[x])
    };
    Ok((1..=u8::MAX).take(shares).map(of_number).collect())
}

/// The secret of as many different shares as its threshold says. With fewer, or with shares of different secrets, it is
/// other bytes: only who knows a hash of the secret can tell.
pub fn combine(shares: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>> {
    let unusable = Error::Shares("shares have a number from 1 on, are as long as each other, and all different");
    let numbered = shares.iter().map(|share| share.split_first().map(|(x, values)| (*x, values)));
    let numbered: Option<Vec<_>> = numbered.collect();
    let numbered = numbered.ok_or(unusable.clone())?;
    let length = numbered.first().map_or(0, |(_, values)| values.len());
    let mut sum = Words::zero(length);
    for (at, (x, values)) in numbered.iter().enumerate() {
        let others = numbered.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, (other, _))| *other);
        let weight = weight(*x, others).filter(|_| length > 0 && values.len() == length);
        sum.add(values, weight.ok_or(unusable.clone())?);
    }
    if length == 0 { Err(unusable) } else { Ok(sum.bytes(&[])) }
}

/// What a share's values count in the polynomials' value at 0 (Lagrange). `None` where a number is 0 or not the only one.
fn weight(x: u8, others: impl Iterator<Item = u8>) -> Option<u8> {
    let (mut above, mut below) = (1, 1);
    for other in others {
        above = product(above, other);
        below = product(below, other ^ x);
    }
    // The inverse of an element is its power of 254. Only 0 has none.
    let inverse = (0..254).fold(1, |power, _| product(power, below));
    (x != 0 && above != 0 && below != 0).then(|| product(above, inverse))
}

/// The product of two public elements.
fn product(a: u8, b: u8) -> u8 {
    times(u64::from(a), b).to_le_bytes()[0]
}

/// Eight elements, one in each byte, times a public one.
fn times(elements: u64, factor: u8) -> u64 {
    let (mut sum, mut power) = (0, elements);
    for bit in 0..8 {
        if factor >> bit & 1 == 1 {
            sum ^= power;
        }
        power = double(power);
    }
    sum
}

/// Eight elements times two: where a bit leaves a byte, the polynomial is taken off.
fn double(elements: u64) -> u64 {
    let high = elements & 0x8080_8080_8080_8080;
    ((elements ^ high) << 1) ^ ((high >> 7) * 0x1b)
}

/// Bytes, eight at a time.
struct Words {
    words: Zeroizing<Vec<u64>>,
    length: usize,
}

impl Words {
    fn zero(length: usize) -> Self {
        Self { words: Zeroizing::new(vec![0; length.div_ceil(8)]), length }
    }

    fn multiply(&mut self, factor: u8) {
        for word in self.words.iter_mut() {
            *word = times(*word, factor);
        }
    }

    /// Adds as many bytes, each times a factor.
    fn add(&mut self, bytes: &[u8], factor: u8) {
        for (word, chunk) in self.words.iter_mut().zip(bytes.chunks(8)) {
            let added = chunk.iter().rev().fold(0, |added, byte| added << 8 | u64::from(*byte));
            *word ^= times(added, factor);
        }
    }

    /// The bytes, behind those of a prefix.
    fn bytes(&self, prefix: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(prefix.len() + self.length));
        bytes.extend_from_slice(prefix);
        bytes.extend(self.words.iter().flat_map(|word| word.to_le_bytes()).take(self.length));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_fips_197() {
        assert_eq!((product(0x57, 0x83), product(0x57, 0x13), product(0x13, 0x57)), (0xc1, 0xfe, 0xfe));
        assert_eq!([0x57, 0xae, 0x47, 0x8e].map(|element| product(element, 2)), [0xae, 0x47, 0x8e, 0x07]);
        assert_eq!(times(0x57_01_80_ff_00_53_ca_02, 1), 0x57_01_80_ff_00_53_ca_02);
        assert_eq!(product(0x53, 0xca), 1, "the inverses of the example of FIPS 197's S-box");
    }

    #[test]
    fn eight_elements_at_once_are_each_by_itself() {
        for factor in 0..=u8::MAX {
            let elements = [0, 1, 2, 0x53, 0x7f, 0x80, 0xfe, 0xff];
            let together = times(u64::from_le_bytes(elements), factor).to_le_bytes();
            assert_eq!(together, elements.map(|element| product(element, factor)));
        }
    }

    #[test]
    fn weights_of_public_numbers_have_an_inverse_unless_a_number_is_wrong() {
        assert_eq!(weight(1, [2].into_iter()).map(|weight| product(weight, 1 ^ 2)), Some(2));
        assert_eq!(weight(1, [1].into_iter()), None, "twice the same");
        assert_eq!((weight(0, [1].into_iter()), weight(1, [0].into_iter())), (None, None));
    }
}
