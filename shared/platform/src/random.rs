//! Randomness from the host's cryptographic generator.

/// `N` random bytes, or an error when the host cannot give any (a request that needs them must then fail).
pub fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
