//! Randomness from the host's cryptographic generator.

/// The host gives no randomness; a request that needs some must fail.
#[derive(Debug)]
pub struct Unavailable(getrandom::Error);

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no randomness: {}", self.0)
    }
}

impl std::error::Error for Unavailable {}

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N], Unavailable> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// As many random bytes as there are.
pub fn fill(bytes: &mut [u8]) -> Result<(), Unavailable> {
    getrandom::fill(bytes).map_err(Unavailable)
}
