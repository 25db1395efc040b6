#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};

use super::document;
use crate::formats::readers::{by_script, python, script};

const UUID: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";
const NOW: &str = "2026-01-02T03:04:05.006Z";

fn key(id: &str, (kind, size, mechanism): (&str, u16, &str), purpose: &[&str]) -> Value {
    json!({
        "keyId": id, "connectionId": UUID, "keyType": kind, "algorithm": mechanism, "purpose": purpose, "createdAt": NOW,
        "publicKey": (kind != "aes").then_some("MFkw"), "keySize": (kind != "pqc").then_some(size), "status": "active",
        "replacedBy": null, "metadata": { "name": format!("name of {id}") },
    })
}

fn algorithm(name: &str, category: &str) -> Value {
    json!({
        "algorithm": name, "category": category, "usageCount": 3, "keyCount": 1, "lastUsedAt": null, "status": "acceptable",
    })
}

fn inventory() -> Value {
    let algorithms = [
        algorithm("AES-256", "encryption"),
        algorithm("ECDSA-P256", "signing"),
        algorithm("ML-KEM-768", "key_exchange"),
        algorithm("RSA-3072", "encryption"),
        algorithm("SHA-1", "hash"),
        algorithm("X", "encryption"),
    ];
    let mut retired = key("4", ("rsa", 3072, "RSA-OAEP-256"), &["decrypt", "sign"]);
    retired["status"] = json!("retired");
    retired["replacedBy"] = json!("3");
    retired["metadata"] = json!({});
    let keys = [
        key("1", ("aes", 256, "AES-KWP"), &["encrypt", "decrypt"]),
        key("2", ("ec", 256, "ECDSA-SHA256"), &["sign"]),
        key("3", ("pqc", 0, "ML-KEM-768"), &["encrypt", "decrypt"]),
        retired,
    ];
    let device = json!({
        "hardwareId": "d", "name": "Rack 1", "type": "hsm", "vendor": "Maker", "model": null, "serialNumber": "7",
        "location": null, "capabilities": ["pqc"], "firmwareVersion": "1.2", "status": "healthy",
    });
    let bare = json!({
        "hardwareId": "e", "name": "Chip", "type": "tpm", "vendor": null, "model": null, "serialNumber": null,
        "location": null, "capabilities": [], "firmwareVersion": null, "status": "failed",
    });
    document(&algorithms, &keys, &[device, bare], UUID, NOW)
}

#[test]
fn the_published_schema_takes_it() {
    let Some(python) = python() else { return };
    let mut wrong = inventory();
    wrong["components"][0]["cryptoProperties"]["assetType"] = json!("key");
    let documents = [inventory(), document(&[], &[], &[], UUID, NOW), wrong];
    let found = by_script(python, &script("cbom.py"), "1.6", &documents.map(|document| document.to_string()));
    let right: Vec<_> = found.iter().map(|found| found.to_string() == "null").collect();
    assert_eq!(right, [true, true, false], "{found:?}");
}

#[test]
fn each_algorithm_key_and_device_is_a_component() {
    let inventory = inventory();
    let refs: Vec<_> = inventory["components"].as_array().unwrap().iter().map(|one| one["bom-ref"].as_str()).collect();
    let expected = [
        "algorithm:AES-256",
        "algorithm:ECDSA-P256",
        "algorithm:ML-KEM-768",
        "algorithm:RSA-3072",
        "algorithm:SHA-1",
        "algorithm:X",
        "key:1",
        "key:2",
        "key:3",
        "key:4",
        "public-key:2",
        "public-key:3",
        "public-key:4",
        "device:d",
        "device:e",
    ];
    assert_eq!(refs, expected.map(Some));
    let of = |name: &str| {
        let all = inventory["components"].as_array().unwrap();
        all.iter().find(|one| one["bom-ref"] == name).unwrap()["cryptoProperties"].clone()
    };
    let algorithm = |name: &str| of(&format!("algorithm:{name}"))["algorithmProperties"].clone();
    let expected = json!({
        "primitive": "kem", "cryptoFunctions": ["decapsulate", "encapsulate"], "parameterSetIdentifier": "768",
        "nistQuantumSecurityLevel": 3,
    });
    assert_eq!(algorithm("ML-KEM-768"), expected);
    assert_eq!((&algorithm("RSA-3072")["primitive"], &algorithm("X")["primitive"]), (&json!("pke"), &json!("unknown")));
    assert_eq!(algorithm("SHA-1")["nistQuantumSecurityLevel"], Value::Null);
    let material = of("key:4")["relatedCryptoMaterialProperties"].clone();
    assert_eq!((&material["type"], &material["state"]), (&json!("private-key"), &json!("deactivated")));
    assert_eq!(of("key:1")["relatedCryptoMaterialProperties"]["type"], "secret-key");
    assert!(!inventory.to_string().contains("\"value\":\"\""), "no property is empty");
    assert_eq!(inventory["dependencies"][1], json!({ "ref": "key:2", "dependsOn": ["algorithm:ECDSA-P256"] }));
}
