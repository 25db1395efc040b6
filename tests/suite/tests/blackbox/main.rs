//! The black-box suite: every case stands here once and is run against every runtime, over HTTP alone.
//!
//! `CHANCERY_RUNTIMES=native,workerd` picks runtimes; without it all are run. A runtime that cannot be started fails
//! the run unless it was left out that way. Arguments are those of any test: a filter, `--list`, `--test-threads` …

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a case fails by panicking")]

mod answer;
mod audit;
mod audit_log;
mod case;
mod config_groups;
mod config_items;
mod config_permissions;
mod config_project;
mod config_sdk;
mod configuration;
mod configuration_copies;
mod configuration_model;
mod configuration_table;
mod consent;
mod consent_node;
mod consent_tool;
mod database;
mod deployment;
mod directory;
mod environment;
mod extension;
mod extension_tokens;
mod health;
mod ipfs;
mod key_authorization;
mod kill;
mod pages;
mod permission_table;
mod permissions;
mod portal;
mod portal_accounts;
mod portal_applications;
mod portal_credentials;
mod portal_developer;
mod portal_guesses;
mod portal_introspection;
mod portal_mail;
mod portal_table;
mod restart;
mod secrets;
mod service_key;
mod signed;
mod stage;
mod system;
#[path = "../../../../shared/crypto/tests/tokens/mod.rs"]
mod tokens;
mod tool;
mod tool_configuration;

use std::process::ExitCode;

use case::Case;
use libtest_mimic::Arguments;
use stage::Stage;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let stage = match Stage::from_env() {
        Ok(stage) => stage,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    stage.run(&arguments, cases())
}

fn cases() -> Vec<Case> {
    let areas = [
        signed::cases(),
        permission_table::cases(),
        permissions::cases(),
        service_key::cases(),
        key_authorization::cases(),
        secrets::cases(),
        configuration::cases(),
        configuration_table::cases(),
        configuration_copies::cases(),
        consent::cases(),
        consent_node::cases(),
        consent_tool::cases(),
        directory::cases(),
        environment::cases(),
        extension::cases(),
        extension_tokens::cases(),
        system::cases(),
        health::cases(),
        pages::cases(),
        config_permissions::cases(),
        config_groups::cases(),
        config_items::cases(),
        config_sdk::cases(),
        portal_accounts::cases(),
        portal_developer::cases(),
        portal_guesses::cases(),
        portal_mail::cases(),
        portal_credentials::cases(),
        portal_applications::cases(),
        portal_introspection::cases(),
        portal_table::cases(),
        audit::cases(),
        audit_log::cases(),
        restart::cases(),
        kill::cases(),
        tool::cases(),
        tool_configuration::cases(),
    ];
    areas.into_iter().flatten().collect()
}
