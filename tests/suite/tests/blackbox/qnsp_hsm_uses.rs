//! What is done with keys of QNSP's embedded security module: wrap, unwrap, sign and verify, held against independent code.

use chancery_tests::node;
use crypto::{base64, hash};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case},
    database,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_hsm::{CONNECTIONS, KEYS, connected},
    qnsp_hsm_keys::{SIGN, SIGNS, UNWRAP, VERIFY, WRAP, WRAPS, key},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(what_is_wrapped_is_unwrapped),
        case(signatures_are_verified_by_others),
        case(what_others_wrapped_is_unwrapped),
        case(a_hash_is_signed_as_its_message_is),
        case(a_signature_that_is_none_is_not_valid),
        case(uses_that_break_a_rule_are_refused),
        case(why_a_wrapped_key_does_not_open_is_not_said),
        case(keys_on_an_inactive_connection_only_verify),
        case(uses_are_metered_counted_and_recorded),
        case(uses_end_where_the_quota_of_calls_does),
    ]
}

/// What independent code says and makes.
pub fn held_against_others(verify: &[Value], wrap: &[Value]) -> Value {
    node::answer("hsm.mjs", json!({ "verify": verify, "wrap": wrap }).to_string().into_bytes()).unwrap()
}

#[track_caller]
pub fn wrap(caller: &Caller, key: &Value, plain: &[u8], algorithm: Option<&str>) -> Value {
    let body = json!({ "wrappingKeyId": key["keyId"], "keyToWrap": base64::encode(plain), "algorithm": algorithm });
    ok(&caller.post(WRAP, &body), 200)
}

#[track_caller]
pub fn unwrap(caller: &Caller, key: &Value, wrapped: &Value, algorithm: Option<&str>) -> Vec<u8> {
    let body = json!({ "unwrappingKeyId": key["keyId"], "wrappedKey": wrapped, "algorithm": algorithm });
    let reply = caller.post(UNWRAP, &body);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    base64::decode_any(ok(&reply, 200)["unwrappedKey"].as_str().unwrap()).unwrap()
}

fn what_is_wrapped_is_unwrapped(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let rsa = key(developer, &connection, "rsa", &["encrypt", "decrypt", "sign"], &json!({ "keySize": 2048 }));
    let aes = key(developer, &connection, "aes", &WRAPS, &json!({ "keySize": 192 }));
    for (key, algorithm, expected, longest, is_deterministic) in [
        (&aes, None, "AES-KWP", 4096, true),
        (&aes, Some("AES-GCM"), "AES-GCM", 4096, false),
        (&rsa, None, "RSA-OAEP-256", 190, false),
        (&key(developer, &connection, "pqc", &WRAPS, &json!({})), None, "ML-KEM+AES-256-GCM", 4096, false),
        (
            &key(developer, &connection, "pqc", &WRAPS, &json!({ "algorithm": "ML-KEM-512" })),
            Some("ML-KEM-512"),
            "ML-KEM+AES-256-GCM",
            4096,
            false,
        ),
        (
            &key(developer, &connection, "pqc", &WRAPS, &json!({ "algorithm": "ML-KEM-1024" })),
            Some("ML-KEM+AES-256-GCM"),
            "ML-KEM+AES-256-GCM",
            4096,
            false,
        ),
    ] {
        for length in [1, 7, 16, 32, longest] {
            let plain = vec![7; length];
            let wrapped = wrap(developer, key, &plain, algorithm);
            assert_eq!(names(&wrapped), ["algorithm", "wrappedKey", "wrappingKeyId"]);
            assert_eq!((&wrapped["algorithm"], &wrapped["wrappingKeyId"]), (&json!(expected), &key["keyId"]));
            let again = wrap(developer, key, &plain, algorithm);
            assert_eq!(wrapped["wrappedKey"] == again["wrappedKey"], is_deterministic);
            assert_eq!(unwrap(developer, key, &wrapped["wrappedKey"], algorithm), plain, "{expected} {length}");
        }
    }
    let too_long = json!({ "wrappingKeyId": rsa["keyId"], "keyToWrap": base64::encode(&[7; 191]) });
    refuses(&developer.post(WRAP, &too_long), 422, &["keyToWrap"]);
    // A repeated call gives the same bytes, and nobody keeps them on the way.
    let wrapped = wrap(developer, &aes, b"key", None)["wrappedKey"].clone();
    let body = json!({ "unwrappingKeyId": aes["keyId"], "wrappedKey": wrapped }).to_string();
    for is_replay in [false, true] {
        let reply = developer.send("POST", UNWRAP, &[("idempotency-key", "k")], Some(body.as_bytes()));
        assert_eq!(reply.header("x-idempotency-replayed").is_some(), is_replay);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(ok(&reply, 200)["unwrappedKey"], base64::encode(b"key"));
    }
}

#[track_caller]
pub fn sign(caller: &Caller, key: &Value, data: &[u8], algorithm: Option<&str>) -> Value {
    let body = json!({ "keyId": key["keyId"], "data": base64::encode(data), "algorithm": algorithm });
    ok(&caller.post(SIGN, &body), 200)
}

#[track_caller]
pub fn verify(caller: &Caller, signed: &Value, data: &[u8]) -> bool {
    let verified = ok(&caller.post(VERIFY, &asked_of(signed, data)), 200);
    assert_eq!((names(&verified), &verified["keyId"]), (vec!["keyId", "valid"], &signed["keyId"]));
    verified["valid"].as_bool().unwrap()
}

pub fn asked_of(signed: &Value, data: &[u8]) -> Value {
    let (key, signature, algorithm) = (&signed["keyId"], &signed["signature"], &signed["algorithm"]);
    json!({ "keyId": key, "data": base64::encode(data), "signature": signature, "algorithm": algorithm })
}

fn signatures_are_verified_by_others(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let made = |key_type: &str, attributes: Value| key(developer, &connection, key_type, &SIGNS, &attributes);
    let rsa = made("rsa", json!({ "keySize": 2048 }));
    let pkcs1 = made("rsa", json!({ "keySize": 2048, "algorithm": "RSASSA-PKCS1-SHA256" }));
    let mut asked = Vec::new();
    for (key, algorithm, expected) in [
        (&rsa, None, "RSASSA-PSS-SHA256"),
        (&rsa, Some("RSASSA-PKCS1-SHA256"), "RSASSA-PKCS1-SHA256"),
        (&pkcs1, None, "RSASSA-PKCS1-SHA256"),
        (&made("ec", json!({})), None, "ECDSA-SHA256"),
        (&made("ec", json!({ "keySize": 384 })), None, "ECDSA-SHA384"),
        (&made("pqc", json!({ "algorithm": "ML-DSA-44" })), None, "ML-DSA-44"),
        (&made("pqc", json!({})), Some("ML-DSA-65"), "ML-DSA-65"),
        (&made("pqc", json!({ "algorithm": "ML-DSA-87" })), None, "ML-DSA-87"),
    ] {
        for data in [b"".as_slice(), b"text", &[7; 700 << 10]] {
            let signed = sign(developer, key, data, algorithm);
            assert_eq!(names(&signed), ["algorithm", "keyId", "signature"]);
            assert_eq!((&signed["algorithm"], &signed["keyId"]), (&json!(expected), &key["keyId"]));
            assert!(verify(viewer, &signed, data), "{expected}");
            assert!(!verify(viewer, &signed, b"other"), "{expected}");
            if data.len() < 10 {
                let mut one = asked_of(&signed, data);
                one["publicKey"] = key["publicKey"].clone();
                asked.push(one.clone());
                one["data"] = json!(base64::encode(b"other"));
                asked.push(one);
            }
        }
    }
    let expected: Vec<_> = (0..asked.len()).map(|at| at % 2 == 0).collect();
    assert_eq!(held_against_others(&asked, &[])["verified"], json!(expected));
}

fn what_others_wrapped_is_unwrapped(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let made = |key_type: &str, attributes: Value| key(developer, &connection, key_type, &WRAPS, &attributes);
    let keys = [
        made("rsa", json!({ "keySize": 2048 })),
        made("pqc", json!({ "algorithm": "ML-KEM-512" })),
        made("pqc", json!({})),
        made("pqc", json!({ "algorithm": "ML-KEM-1024" })),
    ];
    let plain = b"0123456789abcdef0123456789abcdef";
    let wraps: Vec<_> = keys
        .iter()
        .map(|key| {
            let (algorithm, public_key) = (&key["algorithm"], &key["publicKey"]);
            json!({ "algorithm": algorithm, "publicKey": public_key, "key": base64::encode(plain) })
        })
        .collect();
    let wrapped = held_against_others(&[], &wraps)["wrapped"].clone();
    for (key, wrapped) in keys.iter().zip(wrapped.as_array().unwrap()) {
        assert_eq!(unwrap(developer, key, wrapped, None), plain, "{}", key["algorithm"]);
    }
}

fn a_hash_is_signed_as_its_message_is(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let digest = base64::encode(&hash::sha256(&[b"text"]));
    for (key_type, attributes) in [("rsa", json!({ "keySize": 2048 })), ("ec", json!({}))] {
        let key = key(developer, &connection, key_type, &SIGNS, &attributes);
        let body = json!({ "keyId": key["keyId"], "data": digest, "messageType": "digest" });
        let signed = ok(&developer.post(SIGN, &body), 200);
        assert!(verify(viewer, &signed, b"text"));
        let mut asked = asked_of(&sign(developer, &key, b"text", None), b"");
        (asked["data"], asked["messageType"]) = (json!(digest), json!("digest"));
        assert_eq!(ok(&viewer.post(VERIFY, &asked), 200)["valid"], true);
        for wrong in [base64::encode(b"text"), base64::encode(&[1; 48])] {
            let body = json!({ "keyId": key["keyId"], "data": wrong, "messageType": "digest" });
            refuses(&developer.post(SIGN, &body), 422, &["data"]);
            asked["data"] = json!(wrong);
            refuses(&viewer.post(VERIFY, &asked), 422, &["data"]);
        }
        let body = json!({ "keyId": key["keyId"], "data": digest, "messageType": "hash" });
        refuses(&developer.post(SIGN, &body), 400, &["messageType"]);
    }
    let key = key(developer, &connection, "pqc", &SIGNS, &json!({}));
    let body = json!({ "keyId": key["keyId"], "data": digest, "messageType": "digest" });
    refuses(&developer.post(SIGN, &body), 422, &["messageType"]);
}

fn a_signature_that_is_none_is_not_valid(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    for (key_type, attributes) in [
        ("rsa", json!({ "keySize": 2048 })),
        ("ec", json!({})),
        ("ec", json!({ "keySize": 384 })),
        ("pqc", json!({ "algorithm": "ML-DSA-44" })),
    ] {
        let key = key(developer, &connection, key_type, &SIGNS, &attributes);
        for signature in ["", "AA==", "MAYCAQACAQA="] {
            let body = json!({ "keyId": key["keyId"], "data": "", "signature": signature });
            assert_eq!(ok(&viewer.post(VERIFY, &body), 200)["valid"], false, "{key_type} {signature}");
        }
    }
}

fn uses_that_break_a_rule_are_refused(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let connection = connected(admin);
    let aes = key(developer, &connection, "aes", &["encrypt"], &json!({}))["keyId"].clone();
    let opens = key(developer, &connection, "aes", &["decrypt"], &json!({}))["keyId"].clone();
    let signs = key(developer, &connection, "ec", &["sign"], &json!({}))["keyId"].clone();
    let verifies = key(developer, &connection, "ec", &["verify"], &json!({}))["keyId"].clone();
    let text = "dGV4dA==";
    let wrap = |key: &Value| json!({ "wrappingKeyId": key, "keyToWrap": text });
    let unwrap = |key: &Value| json!({ "unwrappingKeyId": key, "wrappedKey": text });
    let sign = |key: &Value| json!({ "keyId": key, "data": text });
    let verify = |key: &Value| json!({ "keyId": key, "data": text, "signature": text });
    for (path, body, member, place) in [
        (WRAP, wrap(&aes), "keyToWrap", "keyToWrap"),
        (UNWRAP, unwrap(&opens), "wrappedKey", "wrappedKey"),
        (SIGN, sign(&signs), "data", "data"),
        (VERIFY, verify(&verifies), "signature", "signature"),
    ] {
        for wrong in [json!("-_-_"), json!("AAA"), json!(7), json!(null)] {
            let mut body = body.clone();
            body[member] = wrong;
            refuses(&developer.post(path, &body), 400, &[place]);
        }
        refuses(&foreign.post(path, &body), 404, &[]);
    }
    refuses(&developer.post(WRAP, &json!({ "wrappingKeyId": aes, "keyToWrap": "" })), 400, &["keyToWrap"]);
    let long = base64::encode(&[7; 4097]);
    refuses(&developer.post(WRAP, &json!({ "wrappingKeyId": aes, "keyToWrap": long })), 400, &["keyToWrap"]);
    let long = base64::encode(&vec![7; (700 << 10) + 1]);
    refuses(&developer.post(SIGN, &json!({ "keyId": signs, "data": long })), 400, &["data"]);
    let unknown = json!(UNKNOWN);
    for (path, body) in
        [(WRAP, wrap(&unknown)), (UNWRAP, unwrap(&unknown)), (SIGN, sign(&unknown)), (VERIFY, verify(&unknown))]
    {
        refuses(&developer.post(path, &body), 404, &[]);
    }
    // A key does what its purposes say.
    for (path, body, place) in [
        (WRAP, wrap(&opens), "wrappingKeyId"),
        (WRAP, wrap(&signs), "wrappingKeyId"),
        (UNWRAP, unwrap(&aes), "unwrappingKeyId"),
        (SIGN, sign(&verifies), "keyId"),
        (SIGN, sign(&aes), "keyId"),
        (VERIFY, verify(&signs), "keyId"),
    ] {
        refuses(&developer.post(path, &body), 422, &[place]);
    }
    for (path, mut body, algorithm) in [
        (WRAP, wrap(&aes), "RSA-OAEP-256"),
        (UNWRAP, unwrap(&opens), "aes-kwp"),
        (SIGN, sign(&signs), "ECDSA-SHA384"),
        (VERIFY, verify(&verifies), "AES-KWP"),
    ] {
        body["algorithm"] = json!(algorithm);
        refuses(&developer.post(path, &body), 422, &["algorithm"]);
    }
    assert_eq!(viewer.post(SIGN, &sign(&signs)).status, 403);
}

fn why_a_wrapped_key_does_not_open_is_not_said(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let made = |key_type: &str, attributes: Value| key(developer, &connection, key_type, &WRAPS, &attributes);
    let rsa = || made("rsa", json!({ "keySize": 2048 }));
    let said = |reply: chancery::client::Reply| {
        refuses(&reply, 422, &[]);
        let body = reply.json().unwrap();
        (body["error"].clone(), body["message"].clone(), body["details"].clone())
    };
    let mut all = Vec::new();
    for (key, other, algorithm) in [
        (made("aes", json!({})), made("aes", json!({})), "AES-KWP"),
        (made("aes", json!({})), made("aes", json!({})), "AES-GCM"),
        (rsa(), rsa(), "RSA-OAEP-256"),
        (made("pqc", json!({})), made("pqc", json!({})), "ML-KEM-768"),
    ] {
        let body =
            |wrapped: Value| json!({ "unwrappingKeyId": key["keyId"], "wrappedKey": wrapped, "algorithm": algorithm });
        let wrapped = wrap(developer, &key, b"a key", Some(algorithm))["wrappedKey"].clone();
        let bytes = base64::decode_any(wrapped.as_str().unwrap()).unwrap();
        let mut wrong = vec![wrap(developer, &other, b"a key", Some(algorithm))["wrappedKey"].clone()];
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            wrong.push(json!(base64::encode(&broken)));
        }
        wrong.extend(
            [&bytes[1..], &bytes[..bytes.len() - 1], &[0], &[0; 256]].map(|bytes| json!(base64::encode(bytes))),
        );
        all.extend(wrong.into_iter().map(|wrong| said(developer.post(UNWRAP, &body(wrong)))));
        assert_eq!(unwrap(developer, &key, &wrapped, Some(algorithm)), b"a key");
    }
    assert!(all.iter().all(|refusal| *refusal == all[0]), "{all:?}");
}

fn keys_on_an_inactive_connection_only_verify(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let aes = key(developer, &connection, "aes", &WRAPS, &json!({}));
    let ec = key(developer, &connection, "ec", &SIGNS, &json!({}));
    let wrapped = wrap(developer, &aes, b"key", None)["wrappedKey"].clone();
    let signed = sign(developer, &ec, b"text", None);
    ok(&admin.patch(&format!("{CONNECTIONS}/{connection}"), &json!({ "connectionConfig": { "port": 1 } })), 200);
    for (path, body) in [
        (WRAP, json!({ "wrappingKeyId": aes["keyId"], "keyToWrap": "AAAA" })),
        (UNWRAP, json!({ "unwrappingKeyId": aes["keyId"], "wrappedKey": wrapped })),
        (SIGN, json!({ "keyId": ec["keyId"], "data": "AAAA" })),
    ] {
        refuses(&developer.post(path, &body), 409, &[]);
    }
    assert!(verify(viewer, &signed, b"text"));
}

fn uses_are_metered_counted_and_recorded(t: &Deployment) {
    let cast = Cast::new(t);
    let Cast { admin, developer, viewer, .. } = &cast;
    let connection = connected(admin);
    let aes = key(developer, &connection, "aes", &WRAPS, &json!({}));
    let ec = key(developer, &connection, "ec", &SIGNS, &json!({}));
    let wrapped = wrap(developer, &aes, &[1; 100], None)["wrappedKey"].clone();
    unwrap(developer, &aes, &wrapped, None);
    let broken = json!({ "unwrappingKeyId": aes["keyId"], "wrappedKey": "AAAA" });
    refuses(&developer.post(UNWRAP, &broken), 422, &[]);
    let signed = sign(developer, &ec, b"text", None);
    assert!(verify(viewer, &signed, b"text") && !verify(viewer, &signed, b"other"));
    let metered = |operation: &str| {
        let tenant = &cast.tenant.id;
        let count =
            format!("SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{tenant}' AND operation = '{operation}'");
        database::number(&t.instance, &count)
    };
    let all = ["kms.hsm.wrap", "kms.hsm.unwrap", "kms.hsm.sign", "kms.hsm.verify"].map(metered);
    assert_eq!(all, [1, 1, 1, 0]);
    let used = |operation: &str| {
        let select = format!(
            "SELECT coalesce(sum(uses), 0) || ' ' || coalesce(sum(bytes), 0) || ' ' || coalesce(sum(failures), 0) \
             FROM qnsp_key_minutes WHERE tenant_id = '{}' AND operation = '{operation}'",
            cast.tenant.id
        );
        database::text(&t.instance, &select)
    };
    assert_eq!(["encrypt", "decrypt", "sign", "verify"].map(used), ["1 100 0", "1 112 0", "1 4 0", "2 9 0"]);
    let events = ok(&cast.owner.get("/audit/v1/events?limit=200"), 200);
    let of = |word: &str| -> Vec<String> {
        let event_type = format!("kms.byohsm_key.{word}");
        let events = events["items"].as_array().unwrap().iter().filter(|event| event["eventType"] == event_type);
        let mut results: Vec<_> = events.map(|event| event["result"].as_str().unwrap().to_owned()).collect();
        results.sort_unstable();
        results
    };
    assert_eq!(of("unwrap"), ["failure", "success"]);
    assert_eq!((of("wrap").len(), of("sign").len(), of("verify").len(), of("create").len()), (1, 1, 2, 2));
    let text = events.to_string();
    for secret in [base64::encode(&[1; 100]), wrapped.as_str().unwrap().to_owned()] {
        assert!(!text.contains(&secret));
    }
    assert_eq!(ok(&viewer.get(&format!("{KEYS}?limit=1")), 200)["keys"].as_array().unwrap().len(), 1);
}

fn uses_end_where_the_quota_of_calls_does(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free", "addOns": ["byohsm"] }));
    let owner = &tenant.key("owner");
    let connection = connected(owner);
    let aes = key(owner, &connection, "aes", &WRAPS, &json!({}));
    let ec = key(owner, &connection, "ec", &SIGNS, &json!({}));
    let wrapped = wrap(owner, &aes, b"key", None)["wrappedKey"].clone();
    let signed = sign(owner, &ec, b"text", None);
    let use_up = json!({ "quotaType": "apiCalls", "used": 50_000 });
    assert!(tenant.key("service").post("/tenant/v1/quotas/usage", &use_up).status < 300);
    for (path, body) in [
        (WRAP, json!({ "wrappingKeyId": aes["keyId"], "keyToWrap": "AAAA" })),
        (UNWRAP, json!({ "unwrappingKeyId": aes["keyId"], "wrappedKey": wrapped })),
        (SIGN, json!({ "keyId": ec["keyId"], "data": "AAAA" })),
    ] {
        let refused = owner.post(path, &body);
        refuses(&refused, 403, &["limit", "resource", "used"]);
        assert_eq!(refused.json().unwrap()["details"]["resource"], "apiCalls");
    }
    assert!(verify(owner, &signed, b"text"));
}
