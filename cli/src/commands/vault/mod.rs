//! `chancery vault`: secrets with versions, and leases of credentials, of a tenant of QNSP. A value is printed by
//! `secret get --reveal`, credentials by `lease create`, and by nothing else.

mod configuration;
mod lease;
mod secret;

use clap::Subcommand;

#[cfg(unix)]
pub(super) use self::{
    configuration::Configuration,
    lease::{Issued, renew, revoke},
    secret::active_value,
};
use super::Session;
use crate::Result;

#[derive(Subcommand)]
pub(super) enum Vault {
    /// Secrets with versions
    #[command(subcommand)]
    Secret(secret::Secret),
    /// Credentials that end by themselves
    #[command(subcommand)]
    Lease(lease::Lease),
}

impl Vault {
    pub fn run(&self, session: &Session) -> Result<String> {
        match self {
            Self::Secret(secret) => secret.run(session),
            Self::Lease(lease) => lease.run(session),
        }
    }
}
