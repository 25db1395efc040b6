//! The schema, in files that `wrangler d1 migrations` applies too. Other runtimes apply them at first use.

use crate::Statement;

/// A migration: its file name and its statements.
pub struct Migration {
    pub name: &'static str,
    pub text: &'static str,
}

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_spine.sql", text: include_str!("../../migrations/0001_spine.sql") },
    Migration { name: "0002_configuration.sql", text: include_str!("../../migrations/0002_configuration.sql") },
    Migration { name: "0003_config_api.sql", text: include_str!("../../migrations/0003_config_api.sql") },
    Migration { name: "0004_audit.sql", text: include_str!("../../migrations/0004_audit.sql") },
    Migration { name: "0005_consent.sql", text: include_str!("../../migrations/0005_consent.sql") },
    Migration { name: "0006_environment.sql", text: include_str!("../../migrations/0006_environment.sql") },
    Migration { name: "0007_portal.sql", text: include_str!("../../migrations/0007_portal.sql") },
    Migration { name: "0008_nonces_and_guards.sql", text: include_str!("../../migrations/0008_nonces_and_guards.sql") },
    Migration { name: "0009_community_ids.sql", text: include_str!("../../migrations/0009_community_ids.sql") },
    Migration { name: "0010_portal_guesses.sql", text: include_str!("../../migrations/0010_portal_guesses.sql") },
    Migration { name: "0011_portal_files.sql", text: include_str!("../../migrations/0011_portal_files.sql") },
    Migration { name: "0012_config_audit.sql", text: include_str!("../../migrations/0012_config_audit.sql") },
    Migration { name: "0013_qnsp.sql", text: include_str!("../../migrations/0013_qnsp.sql") },
    Migration { name: "0014_qnsp_auth.sql", text: include_str!("../../migrations/0014_qnsp_auth.sql") },
    Migration { name: "0015_qnsp_tenants.sql", text: include_str!("../../migrations/0015_qnsp_tenants.sql") },
    Migration { name: "0016_qnsp_audit.sql", text: include_str!("../../migrations/0016_qnsp_audit.sql") },
    Migration { name: "0017_qnsp_billing.sql", text: include_str!("../../migrations/0017_qnsp_billing.sql") },
    Migration { name: "0018_qnsp_events.sql", text: include_str!("../../migrations/0018_qnsp_events.sql") },
    Migration { name: "0019_qnsp_auth_risk.sql", text: include_str!("../../migrations/0019_qnsp_auth_risk.sql") },
    Migration { name: "0020_qnsp_streaming.sql", text: include_str!("../../migrations/0020_qnsp_streaming.sql") },
    Migration { name: "0021_qnsp_access.sql", text: include_str!("../../migrations/0021_qnsp_access.sql") },
    Migration { name: "0022_qnsp_jit.sql", text: include_str!("../../migrations/0022_qnsp_jit.sql") },
    Migration {
        name: "0023_qnsp_observability.sql",
        text: include_str!("../../migrations/0023_qnsp_observability.sql"),
    },
    Migration { name: "0024_qnsp_search.sql", text: include_str!("../../migrations/0024_qnsp_search.sql") },
    Migration { name: "0025_qnsp_security.sql", text: include_str!("../../migrations/0025_qnsp_security.sql") },
    Migration { name: "0026_qnsp_hsm.sql", text: include_str!("../../migrations/0026_qnsp_hsm.sql") },
    Migration { name: "0027_qnsp_kms_usage.sql", text: include_str!("../../migrations/0027_qnsp_kms_usage.sql") },
    Migration {
        name: "0028_qnsp_crypto_inventory.sql",
        text: include_str!("../../migrations/0028_qnsp_crypto_inventory.sql"),
    },
    Migration { name: "0029_qnsp_escrow.sql", text: include_str!("../../migrations/0029_qnsp_escrow.sql") },
    Migration {
        name: "0030_qnsp_crypto_agility.sql",
        text: include_str!("../../migrations/0030_qnsp_crypto_agility.sql"),
    },
    Migration {
        name: "0031_qnsp_versioned_secrets.sql",
        text: include_str!("../../migrations/0031_qnsp_versioned_secrets.sql"),
    },
    Migration { name: "0032_qnsp_leakage.sql", text: include_str!("../../migrations/0032_qnsp_leakage.sql") },
    Migration { name: "0034_qnsp_ai.sql", text: include_str!("../../migrations/0034_qnsp_ai.sql") },
    Migration {
        name: "0035_qnsp_dynamic_secrets.sql",
        text: include_str!("../../migrations/0035_qnsp_dynamic_secrets.sql"),
    },
    Migration { name: "0036_qnsp_storage.sql", text: include_str!("../../migrations/0036_qnsp_storage.sql") },
    Migration { name: "0037_qnsp_isolation.sql", text: include_str!("../../migrations/0037_qnsp_isolation.sql") },
    Migration { name: "0038_due_work.sql", text: include_str!("../../migrations/0038_due_work.sql") },
    Migration { name: "0039_qnsp_counts.sql", text: include_str!("../../migrations/0039_qnsp_counts.sql") },
    Migration { name: "0040_nonces_by_time.sql", text: include_str!("../../migrations/0040_nonces_by_time.sql") },
    Migration { name: "0041_config_reads.sql", text: include_str!("../../migrations/0041_config_reads.sql") },
];

/// Remembers which migrations were applied. The first statement that a new database sees.
pub const CREATE_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL)";

/// Counts the applied ones; fails when the table is not there yet.
pub const COUNT: &str = "SELECT count(*) AS n FROM schema_migrations";

pub const RECORD: &str = "INSERT INTO schema_migrations (name, applied_at) VALUES (?1, ?2)";

pub const IS_APPLIED: &str = "SELECT name FROM schema_migrations WHERE name = ?1";

/// Reads the names of the migrations that the database lacks, one a row.
pub fn select_missing() -> Statement {
    let names: Vec<_> = MIGRATIONS.iter().map(|migration| format!("\"{}\"", migration.name)).collect();
    Statement::new(crate::runtime::SELECT_MISSING_MIGRATIONS).bind(format!("[{}]", names.join(",")))
}

impl Migration {
    /// The statements, one by one. In these files a statement ends with `;` at the end of a line.
    pub fn statements(&self) -> impl Iterator<Item = &'static str> {
        self.text.split(";\n").map(str::trim).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed_in_order() -> std::io::Result<()> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let mut files = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>, _>>()?;
        files.sort();
        let listed: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(files, listed);
        Ok(())
    }
}
