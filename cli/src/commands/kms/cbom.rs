//! The inventory of a tenant's cryptography as CycloneDX 1.6 has it: a component for each algorithm that has a key or was
//! used, for each key and each public key, and for each registered device.

use std::collections::BTreeSet;

use model::ids::random_uuid;
use serde_json::{Value, json};

use super::{super::now, KEYS, texts};
use crate::{
    Result,
    client::{Bearer, random},
    output,
    request::Request,
};

const ALGORITHMS: &str = "/kms/v1/crypto-agility/algorithm-usage";
const HARDWARE: &str = "/crypto/v1/hardware";

pub(super) fn print(bearer: &Bearer) -> Result<String> {
    let algorithms = Request::new("GET", ALGORITHMS).send_with(bearer)?.json()?;
    let (keys, devices) = (
        Request::new("GET", KEYS).all_with(bearer, "keys")?,
        Request::new("GET", HARDWARE).all_with(bearer, "devices")?,
    );
    let uuid = random_uuid(random()?);
    Ok(output::json(&document(output::rows(&algorithms, "algorithms"), &keys, &devices, &uuid, &now())))
}

fn document(algorithms: &[Value], keys: &[Value], devices: &[Value], uuid: &str, now: &str) -> Value {
    let algorithms = algorithms.iter().map(|algorithm| of_algorithm(algorithm, keys));
    let public = keys.iter().filter(|key| key["publicKey"].is_string());
    let components = algorithms
        .chain(keys.iter().map(of_key))
        .chain(public.map(of_public_key))
        .chain(devices.iter().map(of_device))
        .collect::<Vec<_>>();
    let depends = |key: &Value| {
        let algorithm = algorithm_ref(&algorithm_of(key));
        json!({ "ref": key_ref(key), "dependsOn": [algorithm] })
    };
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{uuid}"),
        "version": 1,
        "metadata": {
            "timestamp": now,
            "tools": { "components": [{ "type": "application", "name": "chancery", "version": env!("CARGO_PKG_VERSION") }] },
        },
        "components": components,
        "dependencies": keys.iter().map(depends).collect::<Vec<_>>(),
    })
}

fn of_algorithm(algorithm: &Value, keys: &[Value]) -> Value {
    let name = output::text(algorithm, "algorithm");
    let of_it: Vec<_> = keys.iter().filter(|key| algorithm_of(key) == name).collect();
    let purposes: BTreeSet<_> = of_it.iter().flat_map(|key| texts(key, "purpose")).collect();
    let (primitive, level) = classified(&name, &output::text(algorithm, "category"));
    let function = |purpose: &str| match (primitive, purpose) {
        ("kem", "encrypt") => "encapsulate",
        ("kem", "decrypt") => "decapsulate",
        (_, "encrypt") => "encrypt",
        (_, "decrypt") => "decrypt",
        (_, "sign") => "sign",
        (_, "verify") => "verify",
        _ => "other",
    };
    let properties = json!({
        "primitive": primitive,
        "cryptoFunctions": purposes.into_iter().map(function).collect::<Vec<_>>(),
    });
    let parameters = name.rsplit_once('-').map(|(_, parameters)| json!(parameters));
    let properties = with(properties, "parameterSetIdentifier", parameters);
    let properties = with(properties, "nistQuantumSecurityLevel", level.map(|level| json!(level)));
    json!({
        "type": "cryptographic-asset",
        "bom-ref": algorithm_ref(&name),
        "name": name,
        "cryptoProperties": { "assetType": "algorithm", "algorithmProperties": properties },
        "properties": own(&[
            ("status", output::text(algorithm, "status")),
            ("usageCount", output::text(algorithm, "usageCount")),
            ("lastUsedAt", output::text(algorithm, "lastUsedAt")),
        ]),
    })
}

/// The kind of an algorithm, and its level of security against quantum computers: the category of NIST, 0 where they break
/// it, nothing where that is not known.
fn classified(name: &str, category: &str) -> (&'static str, Option<u8>) {
    let (family, parameters) = name.rsplit_once('-').unwrap_or((name, ""));
    match (family, parameters) {
        ("AES", "128") => ("block-cipher", Some(1)),
        ("AES", "192") => ("block-cipher", Some(3)),
        ("AES", "256") => ("block-cipher", Some(5)),
        ("ML-KEM", "512") => ("kem", Some(1)),
        ("ML-KEM", "768") => ("kem", Some(3)),
        ("ML-KEM", "1024") => ("kem", Some(5)),
        ("ML-DSA", "44") => ("signature", Some(2)),
        ("ML-DSA", "65") => ("signature", Some(3)),
        ("ML-DSA", "87") => ("signature", Some(5)),
        ("RSA", _) if category == "encryption" => ("pke", Some(0)),
        ("RSA" | "ECDSA", _) => ("signature", Some(0)),
        _ => match category {
            "signing" => ("signature", None),
            "key_exchange" => ("key-agree", None),
            "hash" => ("hash", None),
            _ => ("unknown", None),
        },
    }
}

fn of_key(key: &Value) -> Value {
    let kind = if key["keyType"] == "aes" { "secret-key" } else { "private-key" };
    let state = if key["status"] == "retired" { "deactivated" } else { "active" };
    let material = json!({
        "type": kind,
        "id": key["keyId"],
        "state": state,
        "algorithmRef": algorithm_ref(&algorithm_of(key)),
        "creationDate": key["createdAt"],
        "securedBy": { "mechanism": "HSM" },
    });
    let material = with(material, "size", given(key, "keySize"));
    json!({
        "type": "cryptographic-asset",
        "bom-ref": key_ref(key),
        "name": name_of(key),
        "cryptoProperties": { "assetType": "related-crypto-material", "relatedCryptoMaterialProperties": material },
        "properties": own(&[
            ("connectionId", output::text(key, "connectionId")),
            ("purpose", texts(key, "purpose").join(" ")),
            ("replacedBy", output::text(key, "replacedBy")),
        ]),
    })
}

fn of_public_key(key: &Value) -> Value {
    json!({
        "type": "cryptographic-asset",
        "bom-ref": format!("public-{}", key_ref(key)),
        "name": format!("{} (public key)", name_of(key)),
        "cryptoProperties": {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": {
                "type": "public-key",
                "algorithmRef": algorithm_ref(&algorithm_of(key)),
                "creationDate": key["createdAt"],
                "format": "SubjectPublicKeyInfo",
                "value": key["publicKey"],
            },
        },
    })
}

fn of_device(device: &Value) -> Value {
    let component = json!({
        "type": "device",
        "bom-ref": format!("device:{}", output::text(device, "hardwareId")),
        "name": device["name"],
        "properties": own(&[
            ("type", output::text(device, "type")),
            ("model", output::text(device, "model")),
            ("serialNumber", output::text(device, "serialNumber")),
            ("location", output::text(device, "location")),
            ("capabilities", texts(device, "capabilities").join(" ")),
            ("status", output::text(device, "status")),
        ]),
    });
    let maker = given(device, "vendor").map(|vendor| json!({ "name": vendor }));
    with(with(component, "manufacturer", maker), "version", given(device, "firmwareVersion"))
}

/// A member that is there and not null.
fn given(of: &Value, name: &str) -> Option<Value> {
    of.get(name).filter(|value| !value.is_null()).cloned()
}

/// An object with one member more, if there is a value.
fn with(mut object: Value, name: &str, value: Option<Value>) -> Value {
    if let (Some(members), Some(value)) = (object.as_object_mut(), value) {
        members.insert(name.to_owned(), value);
    }
    object
}

/// What the format has no member for, under names of our own; without those that are empty.
fn own(properties: &[(&str, String)]) -> Value {
    let given = properties.iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| json!({ "name": format!("chancery:{name}"), "value": value })).collect()
}

fn name_of(key: &Value) -> String {
    let name = output::text(&key["metadata"], "name");
    if name.is_empty() { output::text(key, "keyId") } else { name }
}

/// The algorithm of a key, as reports name it: a key itself names the mechanism that it is for.
fn algorithm_of(key: &Value) -> String {
    let [kind, size, mechanism] = ["keyType", "keySize", "algorithm"].map(|name| output::text(key, name));
    match kind.as_str() {
        "aes" => format!("AES-{size}"),
        "rsa" => format!("RSA-{size}"),
        "ec" => format!("ECDSA-P{size}"),
        _ => mechanism,
    }
}

fn key_ref(key: &Value) -> String {
    format!("key:{}", output::text(key, "keyId"))
}

fn algorithm_ref(name: &str) -> String {
    format!("algorithm:{name}")
}

#[cfg(test)]
mod tests;
