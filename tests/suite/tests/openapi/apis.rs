//! The document of each API: the operations of its functions, and what is its own.

use functions::*;
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::{
    completion::{complete, merged},
    refusals::Shape,
};

/// What the suite recorded of an API.
macro_rules! examples {
    ($name:literal) => {
        include_str!(concat!("../../examples/", $name, ".json"))
    };
}

pub fn caas() -> Value {
    let operations = merged([
        configuration::Operations::openapi(),
        consent::Operations::openapi(),
        secret_store::Operations::openapi(),
        service_directory::Operations::openapi(),
        environment::Operations::openapi(),
        tokens::Operations::openapi(),
        extension::Operations::openapi(),
        portal_admin::Operations::openapi(),
        operators::Operations::openapi(),
        audit_log::Operations::openapi(),
        metrics::Operations::openapi(),
        service::due::Operations::openapi(),
    ]);
    let mut document =
        complete("Config & Consent", Shape::Signed, with_system_operations(operations, "/caas"), examples!("caas"));
    document["components"]["securitySchemes"] = signed();
    let schemes = document["components"]["securitySchemes"].as_object_mut().unwrap();
    for (name, description) in [
        ("bearer", "A token of the configured authorization server"),
        ("metrics-token", "The variable METRICS_TOKEN of the deployment"),
        ("due", "The variable DUE_TOKEN of the deployment"),
    ] {
        schemes.insert(name.to_owned(), json!({ "type": "http", "scheme": "bearer", "description": description }));
    }
    document
}

pub fn licensing() -> Value {
    let operations = merged([service_key::Operations::openapi(), key_authorization::Operations::openapi()]);
    let operations = with_system_operations(operations, "/licenses");
    let mut document = complete("Licensing", Shape::Signed, operations, examples!("licensing"));
    document["components"]["securitySchemes"] = signed();
    document
}

/// Here a token authenticates, and an error is its text alone.
pub fn config() -> Value {
    let mut document = complete("Config API", Shape::Config, groups::Operations::openapi(), examples!("config-api"));
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "bearerFormat": "cpeer_ and 64 hexadecimal digits" },
    });
    document
}

/// Here a cookie authenticates; a refusal is a message, or names the fields of the body that it is about.
pub fn portal() -> Value {
    let operations = merged([
        accounts::Operations::openapi(),
        files::Operations::openapi(),
        developer::Operations::openapi(),
        credentials::Operations::openapi(),
        applications::Operations::openapi(),
        introspection::Operations::openapi(),
    ]);
    let mut document = complete("Developer Portal", Shape::Portal, operations, examples!("portal"));
    document["components"]["securitySchemes"] = signed();
    let schemes = document["components"]["securitySchemes"].as_object_mut().unwrap();
    schemes.insert(
        "password".to_owned(),
        json!({ "type": "http", "scheme": "basic", "description": "E-mail address and password" }),
    );
    schemes.insert("session".to_owned(), json!({ "type": "apiKey", "in": "cookie", "name": "portal_session" }));
    let admin = "What POST /caas/portal/tokens gave to an operator, for Kong's portal tool";
    schemes.insert("admin-token".to_owned(), header("Kong-Admin-Token", admin));
    // Besides what its row says: the cookie of a session that goes on.
    document["paths"]["/auth"]["get"]["security"] = json!([{ "password": [] }, { "session": [] }]);
    document
}

/// Here a bearer token authenticates; every refusal has one shape, and says who may call.
pub fn qnsp() -> Value {
    let operations = merged([
        auth::Operations::openapi(),
        storage::Operations::openapi(),
        tenants::Operations::openapi(),
        audit_events::Operations::openapi(),
        billing::Operations::openapi(),
        access_jit::Operations::openapi(),
        access_policies::Operations::openapi(),
        ai::Operations::openapi(),
        ai_safety::Operations::openapi(),
        crypto_inventory::Operations::openapi(),
        kms_agility::Operations::openapi(),
        kms_analytics::Operations::openapi(),
        kms_escrow::Operations::openapi(),
        kms_hsm::Operations::openapi(),
        kms_keys::Operations::openapi(),
        observability::Operations::openapi(),
        search::Operations::openapi(),
        security::Operations::openapi(),
        vault_dynamic::Operations::openapi(),
        vault_leakage::Operations::openapi(),
        vault_versioned::Operations::openapi(),
    ]);
    let mut document = complete("QNSP", Shape::Qnsp, operations, examples!("qnsp"));
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http", "scheme": "bearer",
            "bearerFormat": "an API key (qnsp_pqc_…), or a JSON web token of a configured issuer",
        },
    });
    document
}

/// The operations that both APIs have, each with its own key.
fn with_system_operations(operations: utoipa::openapi::OpenApi, prefix: &str) -> utoipa::openapi::OpenApi {
    operations
        .nest(prefix, ecdsa_helper::Operations::openapi())
        .nest(prefix, healthz::Operations::openapi())
        .nest(prefix, public_key::Operations::openapi())
}

/// The headers of a signed request.
fn signed() -> Value {
    json!({
        "publickey": header("publickey", "Base64 of the 64 bytes X‖Y of the caller's public key, on the curve that \
            GET /caas/environment names."),
        "licensekey": header("licensekey", "The licence key, encrypted: base64 of `iv ‖ ciphertext ‖ tag`, AES-256-GCM \
            with a 16-byte IV under the X coordinate that the caller's private key and the service's public key \
            (GET …/publickeys) agree on."),
        "requestid": header("requestid", "JSON `{\"ts\": epoch seconds, \"uuid\": text, \"appid\": text}`, encrypted \
            as the licence key is. Good for one request, within the allowed time span."),
    })
}

fn header(name: &str, description: &str) -> Value {
    json!({ "type": "apiKey", "in": "header", "name": name, "description": description })
}
