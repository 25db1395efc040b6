//! What seals and names the shares of a key. A share opens in the row of its agent alone.

use crypto::{hash, seal::DataKey};
use platform::random;
use qnsp::Caller;
use service::Result;
use zeroize::Zeroizing;

/// The row that holds a share.
#[derive(Clone, Copy)]
pub(crate) enum ShareRow<'a> {
    /// In this escrow, until its agent claims it.
    Escrow(&'a str),
    /// In this recovery, until that is executed or denied.
    Recovery(&'a str),
}

impl ShareRow<'_> {
    fn aad<'a>(&'a self, tenant: &'a str, agent: &'a str) -> [&'a [u8]; 4] {
        let (purpose, id) = match self {
            Self::Escrow(id) => (b"qnsp-escrow-share".as_slice(), id),
            Self::Recovery(id) => (b"qnsp-recovery-share".as_slice(), id),
        };
        [purpose, tenant.as_bytes(), id.as_bytes(), agent.as_bytes()]
    }

    pub(crate) fn seal(&self, caller: &Caller, data_key: &DataKey, agent: &str, share: &[u8]) -> Result<Vec<u8>> {
        Ok(data_key.seal(random::bytes()?, &self.aad(caller.tenant(), agent), share))
    }

    pub(crate) fn open(
        &self,
        caller: &Caller,
        data_key: &DataKey,
        agent: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        Ok(data_key.open(&self.aad(caller.tenant(), agent), sealed)?)
    }
}

/// By what a share of an escrow is recognised.
pub(crate) fn share_hash(escrow: &str, share: &[u8]) -> [u8; 32] {
    hash::sha256(&[escrow.as_bytes(), share])
}
