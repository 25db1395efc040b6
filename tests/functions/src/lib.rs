//! Every function, linked natively, for tests and measurements.
//! Written by scripts/manifests from the functions' Cargo.toml. Do not edit.

use axum::Router;
use platform::Host;
use service::Routes;

pub use access_jit;
pub use access_policies;
pub use accounts;
pub use ai;
pub use ai_safety;
pub use applications;
pub use audit_events;
pub use audit_log;
pub use auth;
pub use billing;
pub use configuration;
pub use consent;
pub use credentials;
pub use crypto_inventory;
pub use developer;
pub use ecdsa_helper;
pub use environment;
pub use extension;
pub use files;
pub use gateway;
pub use groups;
pub use healthz;
pub use introspection;
pub use key_authorization;
pub use kms_agility;
pub use kms_analytics;
pub use kms_escrow;
pub use kms_hsm;
pub use kms_keys;
pub use metrics;
pub use observability;
pub use operators;
pub use pages;
pub use portal_admin;
pub use public_key;
pub use reference;
pub use search;
pub use secret_store;
pub use security;
pub use service_directory;
pub use service_key;
pub use storage;
pub use tenants;
pub use tokens;
pub use vault_dynamic;
pub use vault_leakage;
pub use vault_versioned;

/// The router of a function by its name in the gateway's table.
pub async fn app(name: &str, host: Host) -> Option<Router> {
    match name {
        "audit-log" => Some(audit_log::app(host).await),
        "configuration" => Some(configuration::app(host).await),
        "consent" => Some(consent::app(host).await),
        "environment" => Some(environment::app(host).await),
        "extension" => Some(extension::app(host).await),
        "secret-store" => Some(secret_store::app(host).await),
        "service-directory" => Some(service_directory::app(host).await),
        "groups" => Some(groups::app(host).await),
        "tokens" => Some(tokens::app(host).await),
        "key-authorization" => Some(key_authorization::app(host).await),
        "service-key" => Some(service_key::app(host).await),
        "accounts" => Some(accounts::app(host).await),
        "applications" => Some(applications::app(host).await),
        "credentials" => Some(credentials::app(host).await),
        "developer" => Some(developer::app(host).await),
        "files" => Some(files::app(host).await),
        "introspection" => Some(introspection::app(host).await),
        "pages" => Some(pages::app(host).await),
        "portal-admin" => Some(portal_admin::app(host).await),
        "reference" => Some(reference::app(host).await),
        "access-jit" => Some(access_jit::app(host).await),
        "access-policies" => Some(access_policies::app(host).await),
        "ai" => Some(ai::app(host).await),
        "ai-safety" => Some(ai_safety::app(host).await),
        "audit-events" => Some(audit_events::app(host).await),
        "auth" => Some(auth::app(host).await),
        "billing" => Some(billing::app(host).await),
        "crypto-inventory" => Some(crypto_inventory::app(host).await),
        "kms-agility" => Some(kms_agility::app(host).await),
        "kms-analytics" => Some(kms_analytics::app(host).await),
        "kms-escrow" => Some(kms_escrow::app(host).await),
        "kms-hsm" => Some(kms_hsm::app(host).await),
        "kms-keys" => Some(kms_keys::app(host).await),
        "observability" => Some(observability::app(host).await),
        "operators" => Some(operators::app(host).await),
        "search" => Some(search::app(host).await),
        "security" => Some(security::app(host).await),
        "storage" => Some(storage::app(host).await),
        "tenants" => Some(tenants::app(host).await),
        "vault-dynamic" => Some(vault_dynamic::app(host).await),
        "vault-leakage" => Some(vault_leakage::app(host).await),
        "vault-versioned" => Some(vault_versioned::app(host).await),
        "ecdsa-helper" => Some(ecdsa_helper::app(host).await),
        "healthz" => Some(healthz::app(host).await),
        "metrics" => Some(metrics::app(host).await),
        "public-key" => Some(public_key::app(host).await),
        _ => None,
    }
}

/// The operations of a function; a function that serves files has none.
pub fn routes(name: &str) -> Option<Routes> {
    match name {
        "audit-log" => Some(audit_log::routes()),
        "configuration" => Some(configuration::routes()),
        "consent" => Some(consent::routes()),
        "environment" => Some(environment::routes()),
        "extension" => Some(extension::routes()),
        "secret-store" => Some(secret_store::routes()),
        "service-directory" => Some(service_directory::routes()),
        "groups" => Some(groups::routes()),
        "tokens" => Some(tokens::routes()),
        "key-authorization" => Some(key_authorization::routes()),
        "service-key" => Some(service_key::routes()),
        "accounts" => Some(accounts::routes()),
        "applications" => Some(applications::routes()),
        "credentials" => Some(credentials::routes()),
        "developer" => Some(developer::routes()),
        "files" => Some(files::routes()),
        "introspection" => Some(introspection::routes()),
        "portal-admin" => Some(portal_admin::routes()),
        "access-jit" => Some(access_jit::routes()),
        "access-policies" => Some(access_policies::routes()),
        "ai" => Some(ai::routes()),
        "ai-safety" => Some(ai_safety::routes()),
        "audit-events" => Some(audit_events::routes()),
        "auth" => Some(auth::routes()),
        "billing" => Some(billing::routes()),
        "crypto-inventory" => Some(crypto_inventory::routes()),
        "kms-agility" => Some(kms_agility::routes()),
        "kms-analytics" => Some(kms_analytics::routes()),
        "kms-escrow" => Some(kms_escrow::routes()),
        "kms-hsm" => Some(kms_hsm::routes()),
        "kms-keys" => Some(kms_keys::routes()),
        "observability" => Some(observability::routes()),
        "operators" => Some(operators::routes()),
        "search" => Some(search::routes()),
        "security" => Some(security::routes()),
        "storage" => Some(storage::routes()),
        "tenants" => Some(tenants::routes()),
        "vault-dynamic" => Some(vault_dynamic::routes()),
        "vault-leakage" => Some(vault_leakage::routes()),
        "vault-versioned" => Some(vault_versioned::routes()),
        "ecdsa-helper" => Some(ecdsa_helper::routes()),
        "healthz" => Some(healthz::routes()),
        "metrics" => Some(metrics::routes()),
        "public-key" => Some(public_key::routes()),
        _ => None,
    }
}
