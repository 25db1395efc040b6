//! The vault: secrets with versions.

pub mod leakage;
mod retention;
mod value;
mod version;

pub use retention::{SecretRetention, SecretRetentionApplied, SecretRetentionSet, SetSecretRetention};
pub use value::SecretValue;
pub use version::{
    ChangeSecretState, CompareSecretVersions, ComparedSecretVersion, ComparedSecretVersions, CreateSecretVersion,
    RollBackSecret, SecretAction, SecretEvent, SecretEvents, SecretHistory, SecretPage, SecretRolledBack,
    SecretStateChanged, SecretStates, SecretStats, SecretTargetState, SecretVersion, SecretVersionCreated,
    SecretVersionInHistory, SecretVersionState, VersionNumber,
};
