//! The tool with the API key of a QNSP tenant: any call, its keys, and the inventory of its cryptography.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::Tenant,
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![case(the_api_is_called_with_a_key), case(keys_are_listed_and_the_inventory_is_a_bill_of_materials)]
}

const CONNECTIONS: &str = "/kms/v1/byohsm/connections";

fn the_api_is_called_with_a_key(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), Tenant::new(t, &json!({ "tier": "enterprise-pro", "addOns": ["byohsm"] })));
    let admin = tenant.key("admin");
    let key = admin.token.as_deref().unwrap();
    let call = ["call", "--bearer", "GET", CONNECTIONS, "--query", "limit=1"];
    let without = folder.run(&call, &[]);
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8(without.stderr).unwrap().contains("CHANCERY_API_KEY"));
    let called = folder.run(&call, &[("CHANCERY_API_KEY", key)]);
    assert_eq!(serde_json::from_slice::<Value>(&called.stdout).unwrap(), json!({ "connections": [] }));
    let refused = folder.run(&call, &[("CHANCERY_API_KEY", "qnsp_pqc_0")]);
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), b"".as_slice()));
    assert!(!String::from_utf8(refused.stderr).unwrap().contains("qnsp_pqc_0"), "no error repeats a key");
    // What scripts/up writes for the local deployment.
    let dev = json!({ "baseUrl": t.instance.url, "rootLicenseKey": "x", "qnsp": { "ownerKey": key } });
    folder.file(".chancery/dev.json", &dev.to_string());
    let body = r#"{"name":"c","provider":"thales","connectionConfig":{"endpoint":"sim://c","credentials":{"type":"api_key"}}}"#;
    let made = folder.json(&["call", "--bearer", "POST", CONNECTIONS, "--data", body]);
    assert_eq!(made["name"], "c");
}

fn keys_are_listed_and_the_inventory_is_a_bill_of_materials(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), Tenant::new(t, &json!({ "tier": "enterprise-pro", "addOns": ["byohsm"] })));
    let admin = tenant.key("admin");
    let credentials = json!({ "type": "api_key", "data": { "apiKey": "k" } });
    let connection = json!({
        "name": "c", "provider": "thales", "connectionConfig": { "endpoint": "sim://c", "credentials": credentials },
    });
    let connection = ok(&admin.post(CONNECTIONS, &connection), 201)["connectionId"].clone();
    ok(&admin.send("POST", &format!("{CONNECTIONS}/{}/validate", connection.as_str().unwrap()), &[], None), 200);
    let key = |kind: &str, purpose: &[&str], name: &str| {
        let body = json!({
            "connectionId": connection, "keyType": kind, "purpose": purpose, "metadata": { "name": name },
        });
        ok(&admin.post("/kms/v1/byohsm/keys", &body), 201)
    };
    let signing = key("ec", &["sign", "verify"], "releases");
    let wrapping = key("aes", &["encrypt", "decrypt"], "backups");
    let device = json!({ "name": "Rack 1", "type": "hsm", "vendor": "Maker", "serialNumber": "7" });
    let device = ok(&admin.post("/crypto/v1/hardware", &device), 201);
    let run = |arguments: &[&str]| {
        let output = folder.run(arguments, &[("CHANCERY_API_KEY", admin.token.as_deref().unwrap())]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run(&["kms", "keys"]);
    let row = |name: &str| table.lines().find(|line| line.contains(name)).unwrap();
    assert!(row("releases").contains("ECDSA-SHA256") && row("releases").contains("sign verify"), "{table}");
    assert!(row("backups").contains("AES-KWP") && row("backups").contains("256"), "{table}");
    let listed: Value = serde_json::from_str(&run(&["--json", "kms", "keys"])).unwrap();
    assert_eq!(listed, ok(&admin.get("/kms/v1/byohsm/keys"), 200)["keys"]);

    let bill: Value = serde_json::from_str(&run(&["kms", "cbom"])).unwrap();
    let refs: Vec<_> =
        bill["components"].as_array().unwrap().iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
    let of = |name: &str, thing: &Value, id: &str| format!("{name}:{}", thing[id].as_str().unwrap());
    let expected = [
        "algorithm:AES-256".to_owned(),
        "algorithm:ECDSA-P256".to_owned(),
        of("key", &signing, "keyId"),
        of("key", &wrapping, "keyId"),
        of("public-key", &signing, "keyId"),
        of("device", &device, "hardwareId"),
    ];
    assert_eq!(refs, expected);
    assert_eq!(
        bill["components"][4]["cryptoProperties"]["relatedCryptoMaterialProperties"]["value"],
        signing["publicKey"]
    );
}
