//! Deployments of their own: what survives a sudden end, how root keys rotate, the other curve, and the switches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chancery::client::{Api, Client};
use chancery_tests::variables::{Variables, random_base64};
use crypto::{Curve, PrivateKey, base64, seal::HYBRID};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case, together},
    deployment::{Deployment, community, secrets_of, unique},
    secrets, service_key, signed, system,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(everything_survives_a_sudden_end),
        case(the_first_system_key_stays_deleted),
        case(root_keys_rotate_under_traffic),
        case(the_other_curve_serves_everything),
        case(without_an_infra_licence_there_is_none),
        case(internal_urls_can_be_switched_off),
        case(the_time_span_is_configured),
    ]
}

fn put_body(tag: &str, value: &str) -> Value {
    json!({ "tag": tag, "value": value, "createdBy": "suite" })
}

fn everything_survives_a_sudden_end(shared: &Deployment) {
    let variables = Variables::random();
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let (place, group) = (secrets_of(&unique("tenant"), &community()), community());
    ok(&t.service.put(&place, &put_body("kept", "value")), 201);
    ok(&t.service.put(&place, &put_body("deleted", "value")), 201);
    ok(&t.service.delete(&format!("{place}/deleted")), 200);
    t.admit(&t.basic, &group);
    ok(&t.system.patch("/caas/sd", &json!({ "kept": "https://kept.example" })), 200);
    let published = ok(&t.anonymous.get("/caas/publickeys"), 200);
    let key = ok(&t.basic.get("/licenses/servicekey/current"), 200);
    // A write whose answer has come, and the same request after the end.
    let headers = t.service.client.headers(Api::Caas).unwrap();
    let again = put_body("once", "value").to_string().into_bytes();
    ok(&t.service.client.send("PUT", &place, &[], &headers.pairs(), Some(again.clone())).unwrap(), 201);

    let t = t.restart(variables).unwrap();
    refused(&t.service.client.send("PUT", &place, &[], &headers.pairs(), Some(again)).unwrap(), 401);
    let fetched = ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200);
    let mut tags: Vec<_> =
        fetched["secrets"].as_array().unwrap().iter().map(|secret| secret["tag"].as_str().unwrap()).collect();
    tags.sort_unstable();
    assert_eq!(tags, ["kept", "once"]);
    assert_eq!(ok(&t.basic.get(&format!("/licenses/community/{group}/licensecheck")), 200)["isAuthorized"], true);
    assert_eq!(ok(&t.basic.get("/licenses/servicekey/current"), 200), key);
    assert_eq!(ok(&t.anonymous.get("/caas/sd"), 200)["kept"], "https://kept.example");
    assert_eq!(ok(&t.anonymous.get("/caas/publickeys"), 200), published);
    ok(&t.root.get("/licenses/servicekey/current"), 200);
}

fn the_first_system_key_stays_deleted(shared: &Deployment) {
    let variables = Variables::random();
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    ok(&t.system.delete("/licenses/servicekey?keyId=root"), 204);
    refused(&t.root.get("/licenses/servicekey/current"), 401);
    let t = t.restart(variables).unwrap();
    refused(&t.root.get("/licenses/servicekey/current"), 401);
    refused(&t.root.get("/caas/root-key"), 401);
    refused(&t.system.get("/licenses/servicekey?keyId=root"), 404);
}

/// From one of AES-256 to a hybrid one.
fn root_keys_rotate_under_traffic(shared: &Deployment) {
    const TENANTS: usize = 24;
    let (old, new) = (format!("old:{}", random_base64()), format!("new:{HYBRID}:{}", random_base64()));
    let variables = Variables::random().with("ROOT_KEY", &old);
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let places: Vec<_> = (0..TENANTS).map(|_| secrets_of(&unique("tenant"), &community())).collect();
    for place in &places {
        ok(&t.service.put(place, &put_body("before", place)), 201);
    }
    let status = ok(&t.system.get("/caas/root-key"), 200);
    assert_eq!((&status["newest"], &status["ring"], &status["remaining"]), (&json!("old"), &json!(["old"]), &json!(0)));

    let both = variables.clone().with("ROOT_KEY", &format!("{new},{old}"));
    let t = t.restart(both).unwrap();
    let before = ok(&t.system.get("/caas/root-key"), 200);
    assert_eq!(before["ring"], json!(["new", "old"]));
    assert!(before["remaining"].as_u64().unwrap() >= TENANTS as u64, "{before}");

    let (finished, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    together(9, |number| {
        if number == 8 {
            // Goes on for a while after the last key, and ends in any case.
            for _ in 0..1000 {
                let step = ok(&t.system.call("POST", "/caas/root-key/rewrap", None), 200);
                if step["remaining"] == 0 && asked.load(Ordering::Relaxed) > 100 {
                    break;
                }
            }
            finished.store(true, Ordering::Relaxed);
            return;
        }
        // The readers stop after the rotation; a failed one must not keep them asking for ever.
        for turn in 0..2000 {
            if finished.load(Ordering::Relaxed) {
                break;
            }
            let place = &places[(turn * 8 + number) % TENANTS];
            let fetched = ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": ["before"] })), 200);
            assert_eq!(fetched["secrets"][0]["value"], json!(place));
            ok(&t.service.put(place, &put_body(&format!("during_{number}_{turn}"), place)), 201);
            let fresh = secrets_of(&unique("tenant"), "new");
            ok(&t.service.put(&fresh, &put_body("new", "tenant")), 201);
            asked.fetch_add(3, Ordering::Relaxed);
        }
    });
    let after = ok(&t.system.get("/caas/root-key"), 200);
    assert_eq!((&after["newest"], &after["remaining"]), (&json!("new"), &json!(0)));

    let t = t.restart(variables.clone().with("ROOT_KEY", &new)).unwrap();
    for place in &places {
        let fetched = ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200);
        let found = fetched["secrets"].as_array().unwrap();
        assert!(!found.is_empty() && found.iter().all(|secret| secret["value"] == json!(place)));
    }
    let key = ok(&t.system.get(&format!("/licenses/servicekey?keyId={}", t.basic.tag)), 200);
    assert_eq!(key["keySecret"], json!(t.basic.secret));

    // A ring without the right key opens nothing, and says nothing either.
    let t = t.restart(variables.with("ROOT_KEY", &format!("new:{HYBRID}:{}", random_base64()))).unwrap();
    let reply = t.service.call("POST", &format!("{}/fetch", places[0]), None);
    assert_eq!(reply.status, 500);
    let refusal: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(refusal["statusCode"], 500);
}

fn the_other_curve_serves_everything(shared: &Deployment) {
    let fixed = base64::encode(&[0x22; 32]);
    let variables = Variables::random().with("EC_CURVE_NAME", "secp256k1").with("CAAS_PRIVATE_KEY", &fixed);
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let published = ok(&t.anonymous.get("/caas/publickeys"), 200);
    let vector = "Rm1/yuVj5csJoNGHC7WANEgEYXh5oUlJzyIoXxuuPydnKBdsPGQx+O7aRTjcN8hl4nhPOp530ETzPkB3l+Enig==";
    assert_eq!(published["publicKey"], vector);
    system::each_api_has_a_public_key_of_its_own(t);
    system::the_environment_shows_the_curve_and_no_secret(t);
    system::the_ecdsa_helper_encrypts_what_it_decrypts(t);
    system::the_ecdsa_helper_opens_the_published_vector(t);
    for operation in signed::operations() {
        operation.passes(&t.service.client, &t.service.client.headers(operation.api).unwrap());
    }
    signed::keys_with_leading_zeros_agree(t);
    secrets::a_secret_is_put_fetched_and_deleted(t);
    service_key::an_ecdsa_key_is_a_key_pair(t);
    let (member, place) = (t.licence(AuthLevel::Basic), community());
    t.admit(&member, &place);
    ok(&member.get(&format!("/licenses/community/{place}/licensecheck")), 200);

    let wrong = PrivateKey::from_base64(Curve::P256, &random_base64()).unwrap();
    let mut headers = t.service.client.headers(Api::Caas).unwrap();
    headers.publickey = wrong.public_key().to_base64();
    refused(&t.service.client.send("GET", "/caas/root-key", &[], &headers.pairs(), None).unwrap(), 401);
    assert!(Client::new(&t.instance.url, Curve::P256, &t.service.secret).unwrap().headers(Api::Caas).is_err());
}

fn without_an_infra_licence_there_is_none(shared: &Deployment) {
    let variables = Variables::random().with("INFRA_LICENSE_KEY", "");
    let t = Deployment::start(shared.instance.runtime, variables).unwrap();
    // The caller `infra` presents an empty text now.
    refused(&t.infra.get("/licenses/servicekey/current"), 401);
    let client = t.client(shared.instance.variables.get("INFRA_LICENSE_KEY"));
    refused(&client.call("GET", "/licenses/servicekey/current", &[], None).unwrap(), 401);
}

fn internal_urls_can_be_switched_off(shared: &Deployment) {
    let variables = Variables::random().with("INTERNAL_SD", "false");
    let t = Deployment::start(shared.instance.runtime, variables).unwrap();
    let external = ok(&t.anonymous.get("/caas/sd"), 200);
    assert_eq!(ok(&t.anonymous.get("/caas/sd?internal_sd=true"), 200), external);
}

fn the_time_span_is_configured(shared: &Deployment) {
    let variables = Variables::random().with("ALLOWED_TIME_SPAN", "600");
    let t = Deployment::start(shared.instance.runtime, variables).unwrap();
    assert_eq!(ok(&t.anonymous.get("/caas/environment"), 200)["allowed_time_span"], 600);
    for (offset, expected) in [(-590, 200), (590, 200), (-620, 401), (620, 401)] {
        let mut request_id = chancery::client::RequestId::fresh().unwrap();
        request_id.ts = json!(request_id.ts.as_i64().unwrap() + offset);
        let headers = t.service.client.headers_with(Api::Licenses, &request_id, &t.service.secret).unwrap();
        let reply = t.service.client.send("GET", "/licenses/servicekey/current", &[], &headers.pairs(), None).unwrap();
        assert_eq!(reply.status, expected, "{offset} s");
    }
}
