//! One OpenAPI document per API, put together from the operations of the functions. The committed ones in `openapi/`
//! must be what the code says, and hold every operation of the contract.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use axum::http::StatusCode;
use chancery_tests::rows;
use functions::*;
use policy::Access;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

const UPDATE: &str = "UPDATE_OPENAPI=1 cargo test -p chancery-tests --test openapi";

/// Operations that are ours and in no public contract carry this tag.
const OWN: &str = "Chancery";

/// The operations of the public contract that are served so far.
const CAAS: &[&str] = &[
    "POST /caas/config/fetch",
    "PUT /caas/config/{key_path}",
    "DELETE /caas/config",
    "GET /caas/tenants/{tenantId}/community/{communityId}/consents/ipfs/{ipfsHash}",
    "GET /caas/tenants/{tenantId}/community/{communityId}/consents/{type}",
    "PUT /caas/tenants/{tenantId}/community/{communityId}/consents",
    "POST /caas/tenants/{tenantId}/community/{communityId}/secrets/fetch",
    "PUT /caas/tenants/{tenantId}/community/{communityId}/secrets",
    "DELETE /caas/tenants/{tenantId}/community/{communityId}/secrets/{tag}",
    "GET /caas/environment",
    "POST /caas/environment/create/community",
    "POST /caas/environment/install",
    "POST /caas/extension/activate",
    "POST /caas/extension/deactivate",
    "POST /caas/extension/status",
    "GET /caas/sd",
    "PATCH /caas/sd",
    "POST /caas/ecdsa_helper",
    "POST /caas/ecdsa_helper/{method}",
    "GET /caas/healthz",
    "GET /caas/publickeys",
];

/// The operations of the public contract: all of them. `ecdsa_helper` stands with and without its method.
const LICENSING: &[&str] = &[
    "GET /licenses/servicekey",
    "GET /licenses/servicekey/current",
    "POST /licenses/servicekey/fetch",
    "PUT /licenses/servicekey",
    "PATCH /licenses/servicekey",
    "DELETE /licenses/servicekey",
    "GET /licenses/community/{communityId}/licensecheck",
    "POST /licenses/community/{communityId}/servicekey/fetch",
    "PUT /licenses/community/servicekey",
    "PATCH /licenses/community/{communityId}/servicekey/{tag}",
    "DELETE /licenses/community/{communityId}/servicekey/{tag}",
    "POST /licenses/ecdsa_helper",
    "POST /licenses/ecdsa_helper/{method}",
    "GET /licenses/healthz",
    "GET /licenses/publickeys",
];

/// The operations of the public contract, and `GET /items`, which its servers have.
const CONFIG: &[&str] = &[
    "GET /api/client/v1/config/groups",
    "POST /api/client/v1/config/groups",
    "GET /api/client/v1/config/groups/{groupKey}",
    "PATCH /api/client/v1/config/groups/{groupKey}",
    "DELETE /api/client/v1/config/groups/{groupKey}",
    "GET /api/client/v1/config/groups/{groupKey}/items",
    "POST /api/client/v1/config/groups/{groupKey}/items",
    "GET /api/client/v1/config/items",
    "GET /api/client/v1/config/items/{key}",
    "PATCH /api/client/v1/config/items/{key}",
    "DELETE /api/client/v1/config/items/{key}",
    "POST /api/client/v1/config/resolve",
    "GET /api/client/v1/config/items/{key}/audit",
];

/// The operations of the public contract that are served so far.
const PORTAL: &[&str] = &[
    "GET /auth",
    "DELETE /auth",
    "POST /register",
    "POST /verify-account",
    "POST /resend-account-verification",
    "POST /invalidate-account-verification",
    "POST /validate-reset",
    "POST /reset-password",
    "POST /forgot-password",
    "GET /files",
    "GET /developer",
    "DELETE /developer",
    "GET /developer/meta_fields",
    "PATCH /developer/password",
    "PATCH /developer/email",
    "PATCH /developer/meta",
    "GET /credentials/key-auth",
    "POST /credentials/key-auth",
    "GET /credentials/jwt",
    "POST /credentials/jwt",
    "GET /credentials/jwt/{id}",
    "PATCH /credentials/jwt/{id}",
    "DELETE /credentials/jwt/{id}",
    "GET /applications",
    "POST /applications",
    "GET /applications/{id}",
    "PATCH /applications/{id}",
    "DELETE /applications/{id}",
    "GET /application_services",
    "GET /applications/{id}/application_instances",
    "POST /applications/{id}/application_instances",
    "GET /applications/{id}/application_instances/{instance}",
    "DELETE /applications/{id}/application_instances/{instance}",
    "GET /applications/{id}/credentials",
    "POST /applications/{id}/credentials",
    "GET /applications/{id}/credentials/{credential}",
    "DELETE /applications/{id}/credentials/{credential}",
];

fn caas() -> Value {
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
    ]);
    let mut document = complete("Config & Consent", with_system_operations(operations, "/caas"));
    document["components"]["securitySchemes"]["bearer"] = json!({
        "type": "http", "scheme": "bearer", "description": "A token of the configured authorization server",
    });
    with_due_work(&mut document);
    document["components"]["securitySchemes"]["metrics-token"] = json!({
        "type": "http", "scheme": "bearer", "description": "METRICS_TOKEN of the deployment",
    });
    document
}

/// The step of due work, which every function that has some serves beside its operations.
fn with_due_work(document: &mut Value) {
    let step = serde_json::to_value(service::due::Operations::openapi()).unwrap();
    let mut paths = step["paths"].clone();
    let operation = &mut paths["/system/due/{function}"]["post"];
    complete_operation(operation);
    operation["security"] = json!([{ "due": [] }]);
    document["paths"].as_object_mut().unwrap().extend(paths.as_object().unwrap().clone());
    let schemas = step["components"]["schemas"].as_object().unwrap().clone();
    document["components"]["schemas"].as_object_mut().unwrap().extend(schemas);
    document["components"]["securitySchemes"]["due"] =
        json!({ "type": "http", "scheme": "bearer", "description": "The variable DUE_TOKEN of the deployment" });
}

fn licensing() -> Value {
    let operations = merged([service_key::Operations::openapi(), key_authorization::Operations::openapi()]);
    complete("Licensing", with_system_operations(operations, "/licenses"))
}

/// Here a token authenticates, and an error is its text alone.
fn config() -> Value {
    let mut document = complete("Config API", groups::Operations::openapi());
    document["components"]["schemas"]["Error"] = json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": { "type": "string", "description": "What is wrong" } },
    });
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "bearerFormat": "cpeer_ and 64 hexadecimal digits" },
    });
    document
}

/// Here a cookie authenticates; a refusal is a message, or names the fields of the body that it is about.
fn portal() -> Value {
    let operations = merged([
        accounts::Operations::openapi(),
        files::Operations::openapi(),
        developer::Operations::openapi(),
        credentials::Operations::openapi(),
        applications::Operations::openapi(),
        introspection::Operations::openapi(),
    ]);
    let mut document = complete("Developer Portal", operations);
    document["components"]["schemas"]["Error"] = json!({
        "oneOf": [
            {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "message": { "type": "string", "description": "What is wrong" },
                    "status": { "type": "integer", "description": "Of the developer who may not log in" },
                },
            },
            {
                "type": "object",
                "required": ["fields", "code"],
                "properties": {
                    "fields": { "type": "object", "description": "A text per field, or an object of such texts" },
                    "code": { "type": "integer", "description": "2 for a wrong field, 5 for one that is taken" },
                },
            },
        ],
    });
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
fn qnsp() -> Value {
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
    let mut document = complete("QNSP", operations);
    document["components"]["schemas"]["Error"] = json!({
        "type": "object",
        "required": ["statusCode", "error", "message", "details", "requestId", "timestamp"],
        "properties": {
            "statusCode": { "type": "integer", "description": "The HTTP status" },
            "error": { "type": "string", "description": "The word for it, such as TENANT_MISMATCH" },
            "message": { "type": "string", "description": "What is wrong" },
            "details": { "type": "object", "description": "The reason of each field at fault, or more about the refusal" },
            "requestId": { "type": "string", "format": "uuid", "description": "As in the header x-request-id" },
            "timestamp": { "type": "string", "format": "date-time" },
        },
    });
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http", "scheme": "bearer",
            "bearerFormat": "an API key (qnsp_pqc_…), or a JSON web token of a configured issuer",
        },
    });
    let rows: Vec<_> = rows::all();
    for (name, operation) in operations_mut(&mut document) {
        let row = rows.iter().find(|row| format!("{} {}", row.method, row.path) == name).unwrap();
        let Access::Qnsp(controls) = row.access else { continue };
        let mut who = format!("Least role: {}.", controls.least.as_str());
        if controls.for_programs {
            who = "For programs (role service) and operators.".to_owned();
        }
        if controls.activation {
            who = "For every role.".to_owned();
        }
        if controls.entitled {
            who += &format!(" The tenant's tier must be {} or higher.", controls.service.least_tier().as_str());
        }
        if let Some(add_on) = controls.add_on {
            who += &format!(" The tenant needs the add-on {}.", add_on.as_str());
        }
        if let Some(billable) = controls.billable {
            who += &format!(" Billed as {}.", billable.as_str());
        }
        operation["description"] = match operation["description"].as_str() {
            Some(text) => json!(format!("{text}\n\n{who}")),
            None => json!(who),
        };
    }
    add_examples(&mut document);
    document
}

/// Adds to each operation what was recorded of a request and its answer. The suite checks that it is still so.
fn add_examples(document: &mut Value) {
    let recorded: Value = serde_json::from_str(include_str!("../examples/qnsp.json")).unwrap();
    for (name, operation) in operations_mut(document) {
        let example = &recorded[&name];
        let body = operation.pointer_mut("/requestBody/content/application~1json");
        if let (Some(body), Value::Object(_)) = (body, &example["body"]) {
            body["example"] = example["body"].clone();
        }
        let answer = operation.pointer_mut(&format!("/responses/{}/content/application~1json", example["status"]));
        if let (Some(answer), Some(200..300)) = (answer, example["status"].as_u64()) {
            answer["example"] = example["answer"].clone();
        }
        if let Some(stream) = operation.pointer_mut("/responses/200/content/text~1event-stream") {
            let event = &recorded["GET /audit/v1/events"]["answer"]["items"][0];
            let id = event["eventId"].as_str().unwrap();
            stream["example"] = json!(format!("event: audit_event\nid: {id}\ndata: {event}\n\n"));
        }
    }
}

/// The documents of functions as one. A name means one thing in it.
fn merged<const N: usize>(documents: [utoipa::openapi::OpenApi; N]) -> utoipa::openapi::OpenApi {
    let mut schemas = BTreeMap::new();
    for (name, schema) in
        documents.iter().filter_map(|document| document.components.as_ref()).flat_map(|it| &it.schemas)
    {
        let schema = serde_json::to_value(schema).unwrap();
        let known = schemas.entry(name).or_insert_with(|| schema.clone());
        assert_eq!(*known, schema, "two schemas are named {name}: give one of them another name with schema(as = …)");
    }
    documents.into_iter().reduce(utoipa::openapi::OpenApi::merge_from).unwrap()
}

/// The operations that both APIs have, each with its own key.
fn with_system_operations(operations: utoipa::openapi::OpenApi, prefix: &str) -> utoipa::openapi::OpenApi {
    operations
        .nest(prefix, ecdsa_helper::Operations::openapi())
        .nest(prefix, healthz::Operations::openapi())
        .nest(prefix, public_key::Operations::openapi())
}

/// Adds what holds for every operation and is therefore written at none.
fn complete(title: &str, operations: utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(operations).unwrap();
    document["info"] = json!({
        "title": format!("Chancery: {title}"),
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{
        "url": "{origin}",
        "variables": { "origin": { "default": "http://127.0.0.1:8787", "description": "Where the deployment is" } },
    }]);
    let components = &mut document["components"];
    components["schemas"]["Error"] = json!({
        "type": "object",
        "required": ["statusCode", "error", "message"],
        "properties": {
            "statusCode": { "type": "integer", "description": "The HTTP status" },
            "error": { "type": "string", "description": "Its reason phrase" },
            "message": { "type": "string", "description": "What to do about it" },
        },
    });
    components["securitySchemes"] = json!({
        "publickey": header("publickey", "Base64 of the 64 bytes X‖Y of the caller's public key, on the curve that \
            GET /caas/environment names."),
        "licensekey": header("licensekey", "The licence key, encrypted: base64 of `iv ‖ ciphertext ‖ tag`, AES-256-GCM \
            with a 16-byte IV under the X coordinate that the caller's private key and the service's public key \
            (GET …/publickeys) agree on."),
        "requestid": header("requestid", "JSON `{\"ts\": epoch seconds, \"uuid\": text, \"appid\": text}`, encrypted \
            as the licence key is. Good for one request, within the allowed time span."),
    });
    for (path, item) in document["paths"].as_object_mut().unwrap() {
        for (method, operation) in item.as_object_mut().unwrap() {
            complete_operation(operation);
            operation["security"] = security(&method.to_uppercase(), path);
        }
    }
    document
}

fn header(name: &str, description: &str) -> Value {
    json!({ "type": "apiKey", "in": "header", "name": name, "description": description })
}

/// What a caller shows, as the operation's row says.
fn security(method: &str, path: &str) -> Value {
    let signed = json!({ "publickey": [], "licensekey": [], "requestid": [] });
    let row = rows::all().into_iter().find(|row| row.method == method && row.path == path);
    match row.unwrap().access {
        Access::Anyone => json!([]),
        Access::Licence(_) => json!([signed]),
        Access::TokenOrLicence(_) => json!([signed, { "publickey": [], "requestid": [], "bearer": [] }]),
        Access::ConfigToken(_) | Access::Qnsp(_) => json!([{ "token": [] }]),
        Access::Session => json!([{ "session": [] }]),
        Access::AdminToken => json!([{ "admin-token": [] }]),
        Access::MetricsToken => json!([{ "metrics-token": [] }]),
    }
}

/// Every refusal has the same body.
fn complete_operation(operation: &mut Value) {
    let responses = operation["responses"].as_object_mut().unwrap();
    let error = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
    for (status, response) in responses.iter_mut() {
        let status: StatusCode = status.parse().unwrap();
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = json!(status.canonical_reason().unwrap());
        }
        if status.as_u16() >= 400 {
            response["content"] = error.clone();
        }
    }
    responses.insert("default".to_owned(), json!({ "description": "Any other refusal or fault", "content": error }));
}

/// Every operation as `METHOD /path`, with its description.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    document["paths"].as_object_mut().unwrap().iter_mut().flat_map(|(path, item)| {
        let methods = item.as_object_mut().unwrap().iter_mut();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

fn check_contract(document: &Value, contract: &[&str]) {
    let ours = |operation: &Value| operation["tags"] == json!([OWN]);
    let found: BTreeSet<_> =
        operations(document).filter(|(_, operation)| !ours(operation)).map(|(name, _)| name).collect();
    let expected: BTreeSet<_> = contract.iter().map(|name| (*name).to_owned()).collect();
    let list = |names: &BTreeSet<String>, others| names.difference(others).cloned().collect::<Vec<_>>();
    assert!(
        found == expected,
        "missing: {:?}; neither in the contract nor tagged {OWN}: {:?}",
        list(&expected, &found),
        list(&found, &expected),
    );
}

fn check_form(document: &Value) {
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}: its operationId is taken");
        assert!(operation["summary"].is_string(), "{name}: the handler's first line of documentation is missing");
        // Each function with due work has a path of its own.
        let path = name.split_once(' ').unwrap().1.replace("{function}", "storage").replace(['{', '}'], "");
        assert!(gateway::routes::find(&format!("http://a{path}")).is_some(), "{name}: no route leads there");
    }
    check_references(document, document);
}

/// Every `$ref` leads to something in the document.
fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|field| check_references(document, field));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

fn check_committed(document: &Value, file: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(file);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{document:#}\n")).unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&text).unwrap_or_default();
    let changed = differences(&committed, document, "");
    assert!(changed.is_empty(), "openapi/{file} is not what the code says, at {changed:#?}; update it with\n{UPDATE}");
}

/// Where two documents differ, as JSON pointers.
fn differences(one: &Value, other: &Value, place: &str) -> Vec<String> {
    match (one, other) {
        _ if one == other => Vec::new(),
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            let below = |key: &String| {
                let place = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                let field = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                differences(&field(one), &field(other), &place)
            };
            keys.into_iter().flat_map(below).collect()
        }
        _ => vec![if place.is_empty() { "the whole document".to_owned() } else { place.to_owned() }],
    }
}

#[test]
fn caas_is_complete_and_committed() {
    let document = caas();
    check_contract(&document, CAAS);
    check_form(&document);
    check_committed(&document, "caas.json");
}

#[test]
fn licensing_is_complete_and_committed() {
    let document = licensing();
    check_contract(&document, LICENSING);
    check_form(&document);
    check_committed(&document, "licensing.json");
}

#[test]
fn config_is_complete_and_committed() {
    let document = config();
    check_contract(&document, CONFIG);
    check_form(&document);
    check_committed(&document, "config-api.json");
}

#[test]
fn portal_is_complete_and_committed() {
    let document = portal();
    check_contract(&document, PORTAL);
    check_form(&document);
    check_committed(&document, "portal.json");
}

#[test]
fn qnsp_is_committed() {
    let document = qnsp();
    check_form(&document);
    check_committed(&document, "qnsp.json");
}

#[test]
fn a_drift_is_found_and_placed() {
    let document = licensing();
    let mut other = document.clone();
    other["paths"]["/licenses/healthz"]["get"]["summary"] = json!("something else");
    other["components"]["schemas"].as_object_mut().unwrap().remove("Error");
    let found = differences(&document, &other, "");
    assert_eq!(found, ["/components/schemas/Error", "/paths/~1licenses~1healthz/get/summary"]);
}
