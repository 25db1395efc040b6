//! Randomness that is passed in.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use zeroize::Zeroizing;

/// 32 random bytes, from which one operation takes all its randomness. A seed is used once.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// As much randomness as an operation asks for.
    pub(crate) fn stream(self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(*self.0)
    }

    /// So many bytes.
    pub(crate) fn expand<const N: usize>(self) -> Zeroizing<[u8; N]> {
        use chacha20::rand_core::Rng as _;
        let mut bytes = Zeroizing::new([0; N]);
        self.stream().fill_bytes(bytes.as_mut_slice());
        bytes
    }
}
