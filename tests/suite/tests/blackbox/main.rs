//! The black-box suite: every case stands here once and is run against every runtime, over HTTP alone.
//!
//! `CHANCERY_RUNTIMES=native,workerd` picks runtimes; without it all are run, over libSQL a choice of the cases. A runtime that cannot be started fails
//! the run unless it was left out that way. Arguments are those of any test: a filter, `--list`, `--test-threads` …

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case fails by panicking")]
#![allow(clippy::indexing_slicing, reason = "a case fails by panicking")]

mod answer;
mod audit;
mod audit_log;
mod audit_tlog;
mod backup;
mod body;
mod case;
mod clock;
mod code_host;
mod communities;
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
mod contention;
mod copies;
mod database;
mod deployment;
mod directory;
mod documents;
mod due;
mod environment;
mod extension;
mod extension_tokens;
mod health;
mod ipfs;
mod key_authorization;
mod kill;
mod libsql;
mod licence_copies;
mod matrix;
mod memory;
mod metrics;
mod pages;
mod permission_table;
mod permissions;
mod portal;
mod portal_accounts;
mod portal_applications;
mod portal_audit;
mod portal_credentials;
mod portal_developer;
mod portal_guesses;
mod portal_introspection;
mod portal_kong;
mod portal_mail;
mod qnsp;
mod qnsp_access_cross_tenant;
mod qnsp_access_grants;
mod qnsp_access_policies;
mod qnsp_access_simulations;
mod qnsp_agility;
mod qnsp_ai_bias;
mod qnsp_ai_costs;
mod qnsp_ai_injection;
mod qnsp_ai_registry;
mod qnsp_audit;
mod qnsp_auth;
mod qnsp_auth_federation;
mod qnsp_auth_policies;
mod qnsp_auth_reports;
mod qnsp_auth_risk;
mod qnsp_auth_stats;
mod qnsp_billing;
mod qnsp_crypto_inventory;
mod qnsp_crypto_inventory_hardware;
mod qnsp_crypto_inventory_keys;
mod qnsp_crypto_inventory_readiness;
mod qnsp_dynamic;
mod qnsp_dynamic_postgres;
mod qnsp_dynamic_races;
mod qnsp_dynamic_tls;
mod qnsp_escrow;
mod qnsp_escrow_recovery;
mod qnsp_fuzz;
mod qnsp_hsm;
mod qnsp_hsm_keys;
mod qnsp_hsm_server;
mod qnsp_hsm_uses;
mod qnsp_jit;
mod qnsp_jit_grants;
mod qnsp_jit_requests;
mod qnsp_kms_analytics;
mod qnsp_kms_analytics_alerts;
mod qnsp_kms_analytics_rules;
mod qnsp_observability;
mod qnsp_observability_dashboards;
mod qnsp_observability_rules;
mod qnsp_operators;
mod qnsp_payments;
mod qnsp_retention;
mod qnsp_search;
mod qnsp_search_operation;
mod qnsp_security;
mod qnsp_security_assets;
mod qnsp_security_attacks;
mod qnsp_security_compliance;
mod qnsp_security_rotation;
mod qnsp_storage;
mod qnsp_storage_replication;
mod qnsp_storage_retention;
mod qnsp_streaming;
mod qnsp_tenants;
mod qnsp_vault;
mod qnsp_vault_leakage;
mod qnsp_vault_leaked_leases;
mod qnsp_vault_retention;
mod qnsp_vault_scans;
mod qnsp_webhooks;
mod receiver;
mod restart;
mod secrets;
mod service_key;
mod shards;
mod signed;
mod stage;
mod statuses;
mod system;
#[path = "../../../../shared/crypto/tests/tokens/mod.rs"]
mod tokens;
mod tool;
mod tool_config_api;
mod tool_configuration;
mod tool_kms;
mod tool_operators;
mod tool_profiles;
mod tool_run;
mod tool_vault;

use std::process::ExitCode;

use case::Case;
use chancery_tests::selection::Selection;
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

/// Every area, with the functions that its cases need beside those that no case can do without.
fn cases() -> Vec<Case> {
    let config = ["groups", "tokens"];
    let consent = ["configuration", "consent", "key-authorization"];
    let configuration = ["configuration", "key-authorization"];
    let portal =
        ["accounts", "applications", "credentials", "developer", "files", "introspection", "portal-admin", "tokens"];
    let extension = ["environment", "extension", "key-authorization"];
    let environment =
        ["configuration", "consent", "environment", "key-authorization", "secret-store", "service-directory"];
    let audited = [
        "audit-log",
        "configuration",
        "environment",
        "groups",
        "key-authorization",
        "secret-store",
        "service-directory",
        "tokens",
    ];
    let tool = [
        "accounts",
        "applications",
        "audit-log",
        "configuration",
        "credentials",
        "developer",
        "environment",
        "extension",
        "files",
        "groups",
        "introspection",
        "key-authorization",
        "portal-admin",
        "secret-store",
        "service-directory",
        "tokens",
    ];
    let restarted = ["ecdsa-helper", "environment", "key-authorization", "secret-store", "service-directory"];
    let areas = [
        of(["key-authorization", "secret-store"], signed::cases()),
        of(["groups", "key-authorization", "secret-store"], body::cases()),
        matrix::cases(),
        permission_table::cases(),
        permissions::cases(),
        of(["key-authorization", "secret-store"], service_key::cases()),
        of(["key-authorization"], key_authorization::cases()),
        of(["key-authorization", "secret-store"], secrets::cases()),
        of(["configuration", "consent", "key-authorization", "secret-store"], communities::cases()),
        of(configuration, configuration::cases()),
        of(configuration, configuration_table::cases()),
        of(["configuration", "key-authorization", "secret-store"], configuration_copies::cases()),
        of(["key-authorization"], licence_copies::cases()),
        of(consent, consent::cases()),
        of(consent, consent_node::cases()),
        of(consent, consent_tool::cases()),
        of(["service-directory"], directory::cases()),
        of(environment, environment::cases()),
        of(extension, extension::cases()),
        of(extension, extension_tokens::cases()),
        system::cases(),
        statuses::cases(),
        of([], health::cases()),
        of(["accounts", "metrics", "secret-store", "key-authorization"], metrics::cases()),
        of(["audit-log", "configuration", "consent", "key-authorization", "secret-store"], backup::cases()),
        of(["pages", "reference"], pages::cases()),
        of(config, config_permissions::cases()),
        of(config, config_groups::cases()),
        of(config, config_items::cases()),
        of(config, config_sdk::cases()),
        of(portal, portal_accounts::cases()),
        of(portal, portal_guesses::cases()),
        of(portal, portal_audit::cases()),
        of(portal, portal_developer::cases()),
        of(portal, portal_mail::cases()),
        of(portal, portal_credentials::cases()),
        of(portal, body::cases_with_portal()),
        of(portal, portal_applications::cases()),
        of(portal, portal_introspection::cases()),
        of(portal, portal_kong::cases()),
        of(["billing", "operators", "tenants"], qnsp_billing::cases()),
        of(["billing", "operators", "portal-admin", "tenants"], qnsp_payments::cases()),
        of(
            [
                "accounts",
                "audit-events",
                "environment",
                "operators",
                "portal-admin",
                "storage",
                "tenants",
                "vault-dynamic",
                "vault-versioned",
            ],
            due::cases(),
        ),
        of(["operators", "tenants"], qnsp_operators::cases()),
        of(["operators", "tenants", "audit-events", "audit-log"], qnsp_audit::cases()),
        of(["operators", "audit-events", "audit-log"], qnsp_retention::cases()),
        of(["operators", "tenants", "audit-events"], qnsp_streaming::cases()),
        of(
            [
                "access-jit",
                "access-policies",
                "ai",
                "ai-safety",
                "operators",
                "tenants",
                "audit-events",
                "auth",
                "billing",
                "kms-agility",
                "crypto-inventory",
                "kms-analytics",
                "kms-escrow",
                "kms-hsm",
                "kms-keys",
                "observability",
                "search",
                "security",
                "storage",
                "vault-dynamic",
                "vault-leakage",
                "vault-versioned",
            ],
            qnsp_fuzz::cases(),
        ),
        of(["operators", "tenants", "audit-events"], qnsp_webhooks::cases()),
        of(["operators", "tenants"], qnsp_tenants::cases()),
        of(["operators", "access-policies", "access-jit"], qnsp_access_grants::cases()),
        of(["operators", "access-policies", "tenants"], qnsp_access_policies::cases()),
        of(["operators", "access-policies", "auth", "audit-log"], qnsp_access_cross_tenant::cases()),
        of(["operators", "access-policies", "billing"], qnsp_access_simulations::cases()),
        of(["operators", "crypto-inventory"], qnsp_crypto_inventory::cases()),
        of(["operators", "crypto-inventory", "audit-events"], qnsp_crypto_inventory_hardware::cases()),
        of(["operators", "crypto-inventory"], qnsp_crypto_inventory_readiness::cases()),
        of(
            ["operators", "crypto-inventory", "kms-hsm", "kms-keys", "kms-analytics", "kms-agility"],
            qnsp_crypto_inventory_keys::cases(),
        ),
        of(["operators", "kms-analytics", "observability"], qnsp_kms_analytics::cases()),
        of(["operators", "kms-analytics", "audit-events"], qnsp_kms_analytics_alerts::cases()),
        of(["operators", "kms-analytics"], qnsp_kms_analytics_rules::cases()),
        of(["operators", "observability", "billing"], qnsp_observability::cases()),
        of(["operators", "observability", "tenants"], qnsp_observability_rules::cases()),
        of(["operators", "observability", "tenants"], qnsp_observability_dashboards::cases()),
        of(["operators", "kms-agility"], qnsp_agility::cases()),
        of(["operators", "kms-hsm", "kms-keys", "kms-escrow"], qnsp_escrow::cases()),
        of(["operators", "kms-hsm", "kms-keys", "kms-escrow"], qnsp_escrow_recovery::cases()),
        of(["ai", "ai-safety", "operators", "storage"], qnsp_ai_bias::cases()),
        of(["ai", "ai-safety", "operators"], qnsp_ai_costs::cases()),
        of(["ai-safety", "audit-events", "operators"], qnsp_ai_injection::cases()),
        of(["ai", "ai-safety", "operators", "tenants"], qnsp_ai_registry::cases()),
        of(["operators", "search"], qnsp_search::cases()),
        of(["operators", "search"], qnsp_search_operation::cases()),
        of(["operators", "auth"], qnsp_auth::cases()),
        of(["operators", "auth"], qnsp_auth_federation::cases()),
        of(["operators", "auth"], qnsp_auth_policies::cases()),
        of(["operators", "auth"], qnsp_auth_reports::cases()),
        of(["operators", "auth"], qnsp_auth_risk::cases()),
        of(["operators", "auth"], qnsp_auth_stats::cases()),
        of(["access-policies", "audit-events", "operators", "security", "tenants"], qnsp_security::cases()),
        of(
            [
                "ai",
                "crypto-inventory",
                "kms-escrow",
                "kms-hsm",
                "kms-keys",
                "operators",
                "security",
                "storage",
                "vault-dynamic",
                "vault-leakage",
                "vault-versioned",
            ],
            qnsp_security_assets::cases(),
        ),
        of(["access-jit", "access-policies", "operators", "security"], qnsp_security_attacks::cases()),
        of(
            [
                "access-policies",
                "audit-events",
                "audit-log",
                "auth",
                "kms-escrow",
                "kms-hsm",
                "kms-keys",
                "operators",
                "search",
                "security",
                "storage",
                "tenants",
                "vault-leakage",
            ],
            qnsp_security_compliance::cases(),
        ),
        of(
            [
                "audit-events",
                "crypto-inventory",
                "kms-hsm",
                "kms-keys",
                "operators",
                "security",
                "tenants",
                "vault-versioned",
            ],
            qnsp_security_rotation::cases(),
        ),
        of(["audit-events", "kms-hsm", "kms-keys", "operators"], qnsp_hsm::cases()),
        of(["kms-hsm", "kms-keys", "operators"], qnsp_hsm_keys::cases()),
        of(["kms-hsm", "kms-keys", "operators"], qnsp_hsm_server::cases()),
        of(["audit-events", "kms-hsm", "kms-keys", "operators", "tenants"], qnsp_hsm_uses::cases()),
        of(["access-jit", "operators", "tenants"], qnsp_jit::cases()),
        of(["access-jit", "operators"], qnsp_jit_grants::cases()),
        of(["access-jit", "auth", "operators"], qnsp_jit_requests::cases()),
        of(["audit-events", "operators", "storage", "tenants"], qnsp_storage::cases()),
        of(["operators", "storage"], qnsp_storage_replication::cases()),
        of(["audit-events", "operators", "storage", "tenants"], qnsp_storage_retention::cases()),
        of(["operators", "tenants", "vault-dynamic"], qnsp_dynamic::cases()),
        of(["operators", "vault-dynamic"], qnsp_dynamic_postgres::cases()),
        of(["operators", "vault-dynamic"], qnsp_dynamic_races::cases()),
        of(["operators", "vault-dynamic"], qnsp_dynamic_tls::cases()),
        of(["audit-events", "operators", "tenants", "vault-versioned"], qnsp_vault::cases()),
        of(["operators", "vault-leakage", "vault-versioned"], qnsp_vault_leakage::cases()),
        of(
            ["audit-events", "operators", "vault-dynamic", "vault-leakage", "vault-versioned"],
            qnsp_vault_leaked_leases::cases(),
        ),
        of(["operators", "vault-versioned"], qnsp_vault_retention::cases()),
        of(["audit-events", "operators", "vault-leakage", "vault-versioned"], qnsp_vault_scans::cases()),
        of(audited, audit::cases()),
        of(audited, audit_log::cases()),
        of(audited, audit_tlog::cases()),
        of(restarted, restart::cases()),
        of(
            [
                "audit-log",
                "configuration",
                "consent",
                "groups",
                "key-authorization",
                "operators",
                "secret-store",
                "tokens",
                "vault-versioned",
            ],
            shards::cases(),
        ),
        of(["key-authorization", "secret-store"], kill::cases()),
        of(["key-authorization", "secret-store"], memory::cases()),
        of(["secret-store"], libsql::cases()),
        of([], contention::cases()),
        of(["accounts"], contention::cases_with_portal()),
        of(
            [
                "configuration",
                "consent",
                "environment",
                "groups",
                "key-authorization",
                "operators",
                "secret-store",
                "tokens",
                "vault-versioned",
            ],
            documents::cases(),
        ),
        of(tool, tool::cases()),
        of(configuration, tool_configuration::cases()),
        of(["operators", "kms-agility", "kms-hsm", "kms-keys", "crypto-inventory"], tool_kms::cases()),
        of(["environment", "groups", "tokens"], tool_config_api::cases()),
        of(["operators", "vault-dynamic", "vault-versioned"], tool_vault::cases()),
        of(
            ["audit-log", "environment", "key-authorization", "secret-store", "service-directory"],
            tool_operators::cases(),
        ),
        of(["environment", "operators", "secret-store", "key-authorization", "tenants"], tool_profiles::cases()),
        of(["key-authorization", "operators", "secret-store", "vault-dynamic", "vault-versioned"], tool_run::cases()),
    ];
    areas.into_iter().flatten().collect()
}

fn of<const N: usize>(needs: [&str; N], cases: Vec<Case>) -> Vec<Case> {
    let needs = Selection::of(needs);
    cases.into_iter().map(|case| case.of(&needs)).collect()
}
