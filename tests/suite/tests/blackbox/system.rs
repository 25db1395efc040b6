//! The operations that ask for no licence: ECDSA helper, health, public keys, environment; and what no function answers.

use crypto::{Curve, PrivateKey, base64};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case},
    deployment::Deployment,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_health_shows_version_and_public_key),
        case(each_api_has_a_public_key_of_its_own),
        case(the_environment_shows_the_curve_and_no_secret),
        case(the_ecdsa_helper_encrypts_what_it_decrypts),
        case(the_ecdsa_helper_opens_the_published_vector),
        case(the_ecdsa_helper_takes_short_and_signed_private_keys),
        case(the_ecdsa_helper_refuses_what_is_wrong),
        case(an_unknown_route_is_not_found),
        case(nothing_of_the_runtime_is_served),
        case(a_method_that_is_not_offered_is_refused),
    ]
}

const APIS: [&str; 2] = ["/caas", "/licenses"];

fn curve(t: &Deployment) -> Curve {
    t.instance.variables.get("EC_CURVE_NAME").parse().unwrap()
}

fn the_health_shows_version_and_public_key(t: &Deployment) {
    for api in APIS {
        let health = ok(&t.anonymous.get(&format!("{api}/healthz")), 200);
        assert_eq!(names(&health), ["code", "publicKey", "status", "version"]);
        assert_eq!(health["status"], "all services operational");
        assert_eq!(health["code"], "200");
        assert_eq!(health["version"], t.instance.variables.get("VERSION"));
        let published = ok(&t.anonymous.get(&format!("{api}/publickeys")), 200);
        assert_eq!(health["publicKey"], published["publicKey"]);
    }
}

pub fn each_api_has_a_public_key_of_its_own(t: &Deployment) {
    for (api, variable) in APIS.into_iter().zip(["CAAS_PRIVATE_KEY", "LICENSES_PRIVATE_KEY"]) {
        let expected = PrivateKey::from_base64(curve(t), t.instance.variables.get(variable)).unwrap();
        let published = ok(&t.anonymous.get(&format!("{api}/publickeys")), 200);
        assert_eq!(published, json!({ "publicKey": expected.public_key().to_base64() }));
    }
}

pub fn the_environment_shows_the_curve_and_no_secret(t: &Deployment) {
    let reply = t.anonymous.get("/caas/environment");
    let environment = ok(&reply, 200);
    assert_eq!(environment["allowed_time_span"], 60);
    assert_eq!(environment["EC_CURVE_NAME"], t.instance.variables.get("EC_CURVE_NAME"));
    assert_eq!(environment["environment"], "test");
    assert_eq!(environment["installed"], false);
    assert_eq!(environment["instanceType"], Value::Null);
    let text = String::from_utf8(reply.body).unwrap();
    for name in
        ["CAAS_PRIVATE_KEY", "LICENSES_PRIVATE_KEY", "ROOT_KEY", "LOOKUP_KEY", "ROOT_LICENSE_KEY", "INFRA_LICENSE_KEY"]
    {
        assert!(!text.contains(t.instance.variables.get(name)) && !text.contains(name), "{name}");
    }
}

struct Pair {
    private: String,
    public: String,
}

fn pair(t: &Deployment, private: &[u8]) -> Pair {
    let key = PrivateKey::from_bytes(curve(t), private).unwrap();
    Pair { private: base64::encode(private), public: key.public_key().to_base64() }
}

fn body(data: &str, public: &str, private: &str) -> Value {
    json!({ "dataStr": data, "publicKey": public, "privateKey": private })
}

pub fn the_ecdsa_helper_encrypts_what_it_decrypts(t: &Deployment) {
    let (a, b) = (pair(t, &[0x11; 32]), pair(t, &[0x22; 32]));
    for api in APIS {
        for text in ["hello", "hütte ☃", &"x".repeat(10_000), "{\"ts\":1}"] {
            for path in [format!("{api}/ecdsa_helper/encrypt"), format!("{api}/ecdsa_helper")] {
                let encrypted = ok(&t.anonymous.post(&path, &body(text, &b.public, &a.private)), 200);
                assert_eq!(names(&encrypted), ["data"]);
                let data = encrypted["data"].as_str().unwrap();
                assert_eq!(base64::decode_any(data).unwrap().len(), text.len() + 32);
                let decrypted =
                    t.anonymous.post(&format!("{api}/ecdsa_helper/decrypt"), &body(data, &a.public, &b.private));
                assert_eq!(ok(&decrypted, 200), json!({ "data": text }));
            }
        }
        let twice = [(); 2]
            .map(|()| t.anonymous.post(&format!("{api}/ecdsa_helper/encrypt"), &body("x", &b.public, &a.private)));
        assert_ne!(ok(&twice[0], 200), ok(&twice[1], 200), "an IV came twice");
    }
}

pub fn the_ecdsa_helper_opens_the_published_vector(t: &Deployment) {
    let encrypted = match curve(t) {
        Curve::P256 => "BwcHBwcHBwcHBwcHBwcHB7uemRLrEHGHPVfIY3IIFmGEu4KPaQ==",
        Curve::Secp256k1 => "BwcHBwcHBwcHBwcHBwcHB/AIRN8bd27oGMQ8G61omgMlOe8+tQ==",
    };
    let (a, b) = (pair(t, &[0x11; 32]), pair(t, &[0x22; 32]));
    for (public, private) in [(&a.public, &b.private), (&b.public, &a.private)] {
        let reply = t.anonymous.post("/caas/ecdsa_helper/decrypt", &body(encrypted, public, private));
        assert_eq!(ok(&reply, 200), json!({ "data": "hello" }));
    }
}

fn the_ecdsa_helper_takes_short_and_signed_private_keys(t: &Deployment) {
    let other = pair(t, &[0x22; 32]);
    for private in [&[7][..], &[1, 0], &[0, 0, 9], &[&[0], &[0x81; 32][..]].concat()] {
        let short = pair(t, private);
        let encrypted =
            ok(&t.anonymous.post("/licenses/ecdsa_helper/encrypt", &body("x", &other.public, &short.private)), 200);
        let data = encrypted["data"].as_str().unwrap();
        let reply = t.anonymous.post("/licenses/ecdsa_helper/decrypt", &body(data, &short.public, &other.private));
        assert_eq!(ok(&reply, 200), json!({ "data": "x" }));
    }
}

fn the_ecdsa_helper_refuses_what_is_wrong(t: &Deployment) {
    let (a, b) = (pair(t, &[0x11; 32]), pair(t, &[0x22; 32]));
    let good = body("hello", &b.public, &a.private);
    let sealed = ok(&t.anonymous.post("/caas/ecdsa_helper/encrypt", &good), 200);
    let sealed = sealed["data"].as_str().unwrap();
    let mut flipped = base64::decode_any(sealed).unwrap();
    flipped[20] ^= 1;
    let flipped = base64::encode(&flipped);
    let mut off_curve = base64::decode_any(&b.public).unwrap();
    off_curve[63] ^= 1;
    for api in APIS {
        let path = |method: &str| format!("{api}/ecdsa_helper/{method}");
        for name in ["dataStr", "publicKey", "privateKey"] {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(name);
            refused(&t.anonymous.post(&path("encrypt"), &without), 400);
            for value in [json!(null), json!(1), json!(["x"])] {
                let mut wrong = good.clone();
                wrong[name] = value;
                refused(&t.anonymous.post(&path("decrypt"), &wrong), 400);
            }
        }
        for public in ["", "x", &base64::encode(&[4; 65]), &base64::encode(&off_curve), &base64::encode(&[0; 64])] {
            refused(&t.anonymous.post(&path("encrypt"), &body("x", public, &a.private)), 400);
        }
        for private in [
            "",
            "!",
            &base64::encode(&[0; 32]),
            &base64::encode(&[0xff; 32]),
            &base64::encode(&[1; 33]),
            &base64::encode(&[1; 34]),
        ] {
            refused(&t.anonymous.post(&path("encrypt"), &body("x", &b.public, private)), 400);
        }
        for data in ["", "hello", &base64::encode(&[7; 31]), &flipped, &sealed[..sealed.len() - 8]] {
            refused(&t.anonymous.post(&path("decrypt"), &body(data, &a.public, &b.private)), 400);
        }
        refused(&t.anonymous.post(&path("decrypt"), &body(sealed, &b.public, &b.private)), 400);
        refused(&t.anonymous.post(&path("sign"), &good), 400);
        refused(&t.anonymous.post(&path("Encrypt"), &good), 400);
        refused(&t.anonymous.send("POST", &path("encrypt"), &[], Some(b"{\"dataStr\":")), 400);
        refused(&t.anonymous.send("POST", &path("encrypt"), &[], None), 400);
        let oversize = body(&"x".repeat(2 << 20), &b.public, &a.private).to_string();
        refused(&t.anonymous.send("POST", &path("encrypt"), &[], Some(oversize.as_bytes())), 413);
    }
    assert!(!t.instance.log().contains(&a.private), "a private key was logged");
}

fn an_unknown_route_is_not_found(t: &Deployment) {
    for path in [
        "/caas",
        "/licenses",
        "/unknown",
        "/caas/unknown",
        "/caas/healthz/more",
        "/caas/secrets",
        "/caas/tenants/t/community/c",
        "/caas/tenants/t/community/c/secrets/fetch/more",
        "/caas/root-key/unknown",
        "/caas/environment/unknown",
        "/licenses/servicekey/unknown",
        "/licenses/community/unknown",
        "/licenses/u1/servicekey/current",
        "/licenses/u1/community/0123456789abcdef01234567/licensecheck",
        "/licenses/community/0123456789abcdef01234567/unknown",
        "/licenses/sd",
        "/favicon.ico",
        "/%00",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let reply = t.anonymous.call(method, path, None);
            // Some of these paths exist with another method.
            if reply.status == 405 {
                assert!(reply.header("allow").is_some(), "{method} {path}");
                refused(&reply, 405);
            } else {
                refused(&reply, 404);
            }
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{method} {path}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        }
    }
}

/// What a local runtime offers its developer is not served, and its headers have no effect.
fn nothing_of_the_runtime_is_served(t: &Deployment) {
    for path in ["explorer/api/d1/database/chancery/raw", "platform-proxy", "handler/scheduled", "mf/reload", "trace"] {
        for method in ["GET", "POST"] {
            refused(&t.anonymous.send(method, &format!("/cdn-cgi/{path}"), &[("mf-op", "GET")], None), 404);
        }
    }
    let plain = t.anonymous.get("/caas/healthz").body;
    for header in ["mf-original-url", "mf-route-override", "x-original-url", "x-rewrite-url"] {
        for value in ["http://127.0.0.1/caas/sd", "/caas/sd", "chancery-service-directory"] {
            assert_eq!(t.anonymous.send("GET", "/caas/healthz", &[(header, value)], None).body, plain, "{header}");
        }
    }
}

fn a_method_that_is_not_offered_is_refused(t: &Deployment) {
    let community = "/licenses/community/0123456789abcdef01234567";
    let (check, list) = (format!("{community}/licensecheck"), format!("{community}/servicekey/fetch"));
    let one = format!("{community}/servicekey/some_tag");
    for (path, wrong) in [
        ("/caas/healthz", vec!["POST", "PUT", "DELETE", "PATCH"]),
        ("/licenses/healthz", vec!["POST"]),
        ("/caas/publickeys", vec!["POST", "DELETE"]),
        ("/caas/environment", vec!["PUT", "PATCH"]),
        ("/caas/sd", vec!["PUT", "POST", "DELETE"]),
        ("/caas/ecdsa_helper/encrypt", vec!["GET", "PUT"]),
        ("/caas/tenants/t/community/c/secrets", vec!["GET", "POST", "PATCH", "DELETE"]),
        ("/caas/tenants/t/community/c/secrets/fetch", vec!["GET", "PUT", "PATCH"]),
        ("/caas/tenants/t/community/c/secrets/tag", vec!["GET", "PUT", "POST"]),
        ("/caas/root-key", vec!["POST"]),
        ("/caas/root-key/rewrap", vec!["GET"]),
        ("/licenses/servicekey", vec!["POST"]),
        ("/licenses/servicekey/current", vec!["POST", "PUT"]),
        ("/licenses/servicekey/fetch", vec!["GET", "PUT"]),
        (&check, vec!["POST", "DELETE"]),
        (&list, vec!["GET", "PUT"]),
        ("/licenses/community/servicekey", vec!["GET", "POST", "DELETE"]),
        (&one, vec!["GET", "PUT", "POST"]),
    ] {
        for method in wrong {
            let reply = t.anonymous.call(method, path, None);
            assert_eq!(reply.status, 405, "{method} {path}");
            refused(&reply, 405);
            assert!(reply.header("allow").is_some(), "{method} {path}");
        }
    }
}
