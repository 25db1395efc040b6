//! Signed requests: each way in which the three headers can be right or wrong, on a read and on a write of both APIs.

use std::time::{SystemTime, UNIX_EPOCH};

use chancery::client::{Api, Client, Reply, RequestId, SignedHeaders};
use chancery_tests::variables::{random_bytes, random_uuid};
use crypto::{Curve, PrivateKey, SharedKey, base64};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case, together},
    clock::{self, in_seconds},
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_time_within_the_span_passes),
        case(a_time_outside_the_span_is_refused),
        case(a_time_that_is_no_number_of_seconds_is_refused),
        case(a_request_id_without_its_texts_is_refused),
        case(a_header_that_does_not_open_is_refused),
        case(a_public_key_that_is_no_point_is_refused),
        case(a_request_passes_once_however_it_is_spelt),
        case(of_parallel_identical_requests_one_passes),
        case(a_uuid_may_come_again_in_a_new_ciphertext),
        case(a_licence_that_is_not_in_force_is_refused),
        case(base64_is_taken_in_every_spelling),
        case(keys_with_leading_zeros_agree),
        case(headers_of_the_documentation_form_are_ignored),
        case(a_request_is_spent_by_a_refused_write_too),
    ]
}

/// One read and one write of each API. A write writes something new each time.
pub struct Operation {
    pub api: Api,
    method: &'static str,
    path: String,
    body: fn() -> Option<Value>,
    success: u16,
}

pub fn operations() -> [Operation; 4] {
    let secrets = secrets_of(&unique("tenant"), &community());
    let secret = || Some(json!({ "tag": unique("tag"), "value": "v", "createdBy": "suite" }));
    let key = || Some(json!({ "tag": unique("key") }));
    let operation =
        |api, method, path: &str, body, success| Operation { api, method, path: path.to_owned(), body, success };
    [
        operation(Api::Caas, "POST", &format!("{secrets}/fetch"), || None, 200),
        operation(Api::Caas, "PUT", &secrets, secret, 201),
        operation(Api::Licenses, "GET", "/licenses/servicekey/current?read_fresh=true", || None, 200),
        operation(Api::Licenses, "PUT", "/licenses/servicekey", key, 200),
    ]
}

impl Operation {
    #[track_caller]
    fn send(&self, client: &Client, headers: &[(&str, &str)]) -> Reply {
        let body = (self.body)().map(|body| body.to_string().into_bytes());
        let time = clock::header();
        let time = time.as_ref().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = headers.iter().copied().chain(time).collect();
        client.send(self.method, &self.path, &[], &headers, body).unwrap()
    }

    #[track_caller]
    pub fn passes(&self, client: &Client, headers: &SignedHeaders) {
        ok(&self.send(client, &headers.pairs()), self.success);
    }

    #[track_caller]
    fn is_refused(&self, client: &Client, headers: &SignedHeaders) {
        refused(&self.send(client, &headers.pairs()), 401);
    }

    /// Signs rightly but for the content of the request id.
    fn headers_around(&self, client: &Client, license: &str, request_id: &str) -> SignedHeaders {
        let envelope = client.envelope(self.api).unwrap();
        let mut headers = client.headers_with(self.api, &RequestId::fresh().unwrap(), license).unwrap();
        headers.requestid = envelope.encrypt(random_bytes(), request_id.as_bytes());
        headers
    }
}

fn seconds() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Sends a request that lies `offset` seconds off, and looks at the answer only if the clock did not move meanwhile.
#[track_caller]
fn status_at(t: &Deployment, operation: &Operation, offset: i64) -> u16 {
    for _ in 0..50 {
        let now = seconds();
        let request_id = RequestId { ts: json!(now + offset), ..RequestId::fresh().unwrap() };
        let client = &t.service.client;
        let headers = client.headers_with(operation.api, &request_id, &t.service.secret).unwrap();
        let reply = operation.send(client, &headers.pairs());
        if seconds() == now {
            return reply.status;
        }
    }
    panic!("no answer within the second in which it was asked for");
}

fn a_time_within_the_span_passes(t: &Deployment) {
    for operation in operations() {
        for offset in [0, -60, 60, -59, 30] {
            assert_eq!(status_at(t, &operation, offset), operation.success, "{offset} s, {}", operation.path);
        }
    }
}

fn a_time_outside_the_span_is_refused(t: &Deployment) {
    for operation in operations() {
        for offset in [-61, 61, -3600, 3600, -seconds()] {
            assert_eq!(status_at(t, &operation, offset), 401, "{offset} s, {}", operation.path);
        }
    }
}

fn a_time_that_is_no_number_of_seconds_is_refused(t: &Deployment) {
    let now = seconds();
    for operation in operations() {
        for ts in [
            format!("\"{now}\""),
            "NaN".into(),
            "null".into(),
            format!("{now}000"),
            "true".into(),
            "1e999".into(),
            format!("[{now}]"),
        ] {
            let text = format!(r#"{{"ts":{ts},"uuid":"{}","appid":"suite"}}"#, random_uuid());
            let headers = operation.headers_around(&t.service.client, &t.service.secret, &text);
            operation.is_refused(&t.service.client, &headers);
        }
        let missing = json!({ "uuid": random_uuid(), "appid": "suite" }).to_string();
        let headers = operation.headers_around(&t.service.client, &t.service.secret, &missing);
        operation.is_refused(&t.service.client, &headers);
    }
}

fn a_request_id_without_its_texts_is_refused(t: &Deployment) {
    for operation in operations() {
        let good = json!({ "ts": seconds(), "uuid": random_uuid(), "appid": "suite" });
        let mut bad = Vec::new();
        for name in ["uuid", "appid"] {
            for value in [json!(""), json!(null), json!(7), json!(["x"])] {
                let mut wrong = good.clone();
                wrong[name] = value;
                bad.push(wrong.to_string());
            }
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(name);
            bad.push(without.to_string());
        }
        bad.extend(["", "{}", "[]", "null", "not json", "{\"ts\":"].map(str::to_owned));
        for text in bad {
            let headers = operation.headers_around(&t.service.client, &t.service.secret, &text);
            operation.is_refused(&t.service.client, &headers);
        }
    }
}

fn a_header_that_does_not_open_is_refused(t: &Deployment) {
    let client = &t.service.client;
    for operation in operations() {
        let other_api = if operation.api == Api::Caas { Api::Licenses } else { Api::Caas };
        let good = client.headers(operation.api).unwrap();
        let elsewhere = client.headers(other_api).unwrap();
        for (name, right, foreign) in [
            ("requestid", &good.requestid, &elsewhere.requestid),
            ("licensekey", &good.licensekey, &elsewhere.licensekey),
        ] {
            let bytes = base64::decode_any(right).unwrap();
            let flipped = |at: usize| {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1;
                base64::encode(&bytes)
            };
            let envelope = client.envelope(operation.api).unwrap();
            let wrong = [
                foreign.clone(),
                flipped(0),
                flipped(16),
                flipped(bytes.len() - 1),
                base64::encode(&bytes[..32]),
                base64::encode(&bytes[..15]),
                base64::encode(&random_bytes::<64>()),
                envelope.encrypt(random_bytes(), b"\xff\xfe"),
                String::new(),
                "!".repeat(80),
                "A".repeat(6000),
                format!("{right}="),
                format!("x{right}"),
            ];
            for text in wrong {
                let mut headers = good.clone();
                *if name == "requestid" { &mut headers.requestid } else { &mut headers.licensekey } = text;
                operation.is_refused(client, &headers);
            }
        }
        for missing in ["requestid", "licensekey", "publickey"] {
            let headers = client.headers(operation.api).unwrap();
            let rest: Vec<_> = headers.pairs().into_iter().filter(|(name, _)| *name != missing).collect();
            refused(&operation.send(client, &rest), 401);
        }
        refused(&operation.send(client, &[]), 401);
        // Nothing of this has spent the good request.
        operation.passes(client, &good);
    }
}

fn a_public_key_that_is_no_point_is_refused(t: &Deployment) {
    let client = &t.service.client;
    let own = *client.public_key().as_bytes();
    let mut off_curve = own;
    off_curve[63] ^= 1;
    let other_curve = PrivateKey::from_bytes(Curve::Secp256k1, &[0x11; 32]).unwrap().public_key();
    let prefixed: Vec<u8> = [&[4], &own[..]].concat();
    for operation in operations() {
        for bytes in [
            &own[..63],
            &prefixed,
            &[own.as_slice(), &[0]].concat(),
            &off_curve,
            &[0; 64],
            &[0xff; 64],
            other_curve.as_bytes(),
            &[],
        ] {
            let mut headers = client.headers(operation.api).unwrap();
            headers.publickey = base64::encode(bytes);
            operation.is_refused(client, &headers);
        }
        let mut headers = client.headers(operation.api).unwrap();
        headers.publickey = "*".to_owned();
        operation.is_refused(client, &headers);
        // A point on the curve, but of somebody else: nothing opens.
        headers.publickey = t.basic.client.public_key().to_base64();
        operation.is_refused(client, &headers);
    }
}

fn a_request_passes_once_however_it_is_spelt(t: &Deployment) {
    let client = &t.service.client;
    for (first, second) in operations().into_iter().zip(operations()) {
        let headers = client.headers(first.api).unwrap();
        first.passes(client, &headers);
        first.is_refused(client, &headers);
        second.is_refused(client, &headers);
        let bytes = base64::decode_any(&headers.requestid).unwrap();
        for spelling in spellings(&bytes) {
            first.is_refused(client, &SignedHeaders { requestid: spelling, ..headers.clone() });
        }
        // A licence key encrypted anew does not make the request another one.
        let anew = client.headers(first.api).unwrap();
        first.is_refused(client, &SignedHeaders { licensekey: anew.licensekey, ..headers });
    }
    // The same ciphertext is spent for every endpoint of its API.
    let [fetch, put, ..] = operations();
    let headers = client.headers(Api::Caas).unwrap();
    fetch.passes(client, &headers);
    put.is_refused(client, &headers);
}

fn of_parallel_identical_requests_one_passes(t: &Deployment) {
    let client = &t.service.client;
    for operation in operations() {
        let headers = client.headers(operation.api).unwrap();
        let replies = together(12, |_| operation.send(client, &headers.pairs()));
        let passed = replies.iter().filter(|reply| reply.status == operation.success).count();
        assert_eq!(passed, 1, "{}: {:?}", operation.path, replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
        for reply in replies.iter().filter(|reply| reply.status != operation.success) {
            refused(reply, 401);
        }
    }
}

fn a_uuid_may_come_again_in_a_new_ciphertext(t: &Deployment) {
    let client = &t.service.client;
    let request_id = RequestId::fresh().unwrap();
    for operation in operations() {
        for _ in 0..3 {
            operation.passes(client, &client.headers_with(operation.api, &request_id, &t.service.secret).unwrap());
        }
    }
}

fn a_licence_that_is_not_in_force_is_refused(t: &Deployment) {
    let expiring = t.licence_with(AuthLevel::Service, &json!({ "expiry": in_seconds(2) }));
    let disabled = t.licence_with(AuthLevel::Service, &json!({ "disabled": true }));
    let deleted = t.licence(AuthLevel::Service);
    ok(&deleted.get("/licenses/servicekey/current"), 200);
    ok(&t.root.delete(&format!("/licenses/servicekey?keyId={}", deleted.key_id)), 204);
    for operation in operations() {
        for secret in [&disabled.secret, &deleted.secret, &random_uuid(), "", &t.service.tag, &t.service.key_id] {
            let headers = t.service.client.headers_with(operation.api, &RequestId::fresh().unwrap(), secret).unwrap();
            operation.is_refused(&t.service.client, &headers);
        }
    }
    t.pass(std::time::Duration::from_millis(2100));
    for operation in operations() {
        operation.is_refused(&expiring.client, &expiring.client.headers(operation.api).unwrap());
    }
}

fn base64_is_taken_in_every_spelling(t: &Deployment) {
    let client = &t.service.client;
    for operation in operations() {
        for spelling in 0..4 {
            let headers = client.headers(operation.api).unwrap();
            let spell = |text: &str| spellings(&base64::decode_any(text).unwrap())[spelling].clone();
            let respelt = SignedHeaders {
                requestid: spell(&headers.requestid),
                licensekey: spell(&headers.licensekey),
                publickey: spell(&headers.publickey),
            };
            operation.passes(client, &respelt);
        }
    }
}

/// Standard and URL alphabet, each with and without padding.
fn spellings(bytes: &[u8]) -> [String; 4] {
    let standard = base64::encode(bytes);
    let url = standard.replace('+', "-").replace('/', "_");
    let bare = |text: &str| text.trim_end_matches('=').to_owned();
    [bare(&standard), bare(&url), url, standard]
}

/// Key pairs whose shared secret, or whose public X or Y, starts with a zero byte that must not get lost.
pub fn keys_with_leading_zeros_agree(t: &Deployment) {
    let curve: Curve = t.instance.variables.get("EC_CURVE_NAME").parse().unwrap();
    for api in [Api::Caas, Api::Licenses] {
        let path = format!("/{}/publickeys", api.segment());
        let published = ok(&t.anonymous.get(&path), 200);
        let service = crypto::PublicKey::from_base64(curve, published["publicKey"].as_str().unwrap()).unwrap();
        let zero = |place: usize| {
            (1_u32..).map(|number| PrivateKey::from_bytes(curve, &number.to_be_bytes()).unwrap()).find(
                |key| match place {
                    0 => SharedKey::agree(key, &service).unwrap().as_bytes()[0] == 0,
                    1 => key.public_key().as_bytes()[0] == 0,
                    _ => key.public_key().as_bytes()[32] == 0,
                },
            )
        };
        for place in 0..3 {
            let client = Client::with_key(&t.instance.url, zero(place).unwrap(), &t.service.secret);
            for operation in operations().iter().filter(|operation| operation.api == api) {
                operation.passes(&client, &client.headers(api).unwrap());
            }
        }
    }
}

fn headers_of_the_documentation_form_are_ignored(t: &Deployment) {
    for operation in operations() {
        let headers = t.service.client.headers(operation.api).unwrap();
        let mut all = headers.pairs().to_vec();
        for name in ["keyId", "keySecret", "license", "privateKey", "systemPublicKey", "Authorize"] {
            all.push((name, "documentation-form-value"));
        }
        ok(&operation.send(&t.service.client, &all), operation.success);
    }
    assert!(!t.instance.log().contains("documentation-form-value"));
}

fn a_request_is_spent_by_a_refused_write_too(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    let client = &t.service.client;
    let put = |headers: &SignedHeaders, tag: &str| {
        let body = json!({ "tag": tag, "value": "v", "createdBy": "suite" }).to_string().into_bytes();
        client.send("PUT", &place, &[], &headers.pairs(), Some(body)).unwrap()
    };
    ok(&put(&client.headers(Api::Caas).unwrap(), "taken"), 201);
    let headers = client.headers(Api::Caas).unwrap();
    refused(&put(&headers, "taken"), 409);
    refused(&put(&headers, "free"), 401);
    // Refused before anything was asked of storage.
    let headers = client.headers(Api::Caas).unwrap();
    refused(&put(&headers, "not a tag"), 400);
    refused(&put(&headers, "free"), 401);
    let fetched = ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": ["free"] })), 200);
    assert_eq!(fetched, json!({ "secrets": [] }));

    let headers = client.headers(Api::Licenses).unwrap();
    let create = |tag: &str| {
        let body = json!({ "tag": tag }).to_string().into_bytes();
        client.send("PUT", "/licenses/servicekey", &[], &headers.pairs(), Some(body)).unwrap()
    };
    refused(&create(&t.basic.tag), 400);
    refused(&create(&unique("key")), 401);
}
