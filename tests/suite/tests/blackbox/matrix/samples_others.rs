//! Samples of Licensing, and of the operations that both signed APIs have.

use crypto::{Curve, PrivateKey, base64};
use model::AuthLevel;
use serde_json::{Value, json};

use super::{
    sample::{Request, Sample, at, of},
    world::World,
};
use crate::deployment::unique;

pub fn samples() -> Vec<Sample> {
    vec![
        of("GET /licenses/servicekey", |w| key(&w.t.basic.key_id)).about(AuthLevel::Basic),
        of("GET /licenses/servicekey/current", |_| at("/licenses/servicekey/current")),
        of("POST /licenses/servicekey/fetch", |_| at("/licenses/servicekey/fetch").body(json!({}))),
        of("PUT /licenses/servicekey", |_| {
            at("/licenses/servicekey").body(json!({ "tag": unique("created"), "authLevel": "basic" }))
        })
        .about(AuthLevel::Basic),
        of("PATCH /licenses/servicekey", |w| key(&w.licence().key_id).body(json!({ "description": "d" })))
            .about(AuthLevel::Basic),
        of("DELETE /licenses/servicekey", |w| key(&w.licence().key_id)).about(AuthLevel::Basic),
        of("GET /licenses/community/{communityId}/licensecheck", |w| in_community(w, "licensecheck")),
        of("POST /licenses/community/{communityId}/servicekey/fetch", |w| {
            in_community(w, "servicekey/fetch").body(json!({}))
        }),
        of("PUT /licenses/community/servicekey", |w| {
            at("/licenses/community/servicekey").body(json!({ "keyTag": w.licence().tag, "communityId": w.community }))
        })
        .about(AuthLevel::Basic),
        of("PATCH /licenses/community/{communityId}/servicekey/{tag}", |w| {
            in_community(w, &format!("servicekey/{}", w.member().tag)).body(json!({ "isAuthorized": false }))
        })
        .about(AuthLevel::Basic),
        of("DELETE /licenses/community/{communityId}/servicekey/{tag}", |w| {
            in_community(w, &format!("servicekey/{}", w.member().tag))
        })
        .about(AuthLevel::Basic),
        of("GET /caas/healthz", |_| at("/caas/healthz")),
        of("GET /licenses/healthz", |_| at("/licenses/healthz")),
        of("GET /caas/healthz/due", |_| at("/caas/healthz/due")),
        of("GET /licenses/healthz/due", |_| at("/licenses/healthz/due")),
        of("GET /metrics", |_| at("/metrics")),
        of("GET /caas/publickeys", |_| at("/caas/publickeys")),
        of("GET /licenses/publickeys", |_| at("/licenses/publickeys")),
        of("POST /caas/ecdsa_helper", |w| at("/caas/ecdsa_helper").body(to_encrypt(w))),
        of("POST /caas/ecdsa_helper/{method}", |w| at("/caas/ecdsa_helper/encrypt").body(to_encrypt(w))),
        of("POST /licenses/ecdsa_helper", |w| at("/licenses/ecdsa_helper").body(to_encrypt(w))),
        of("POST /licenses/ecdsa_helper/{method}", |w| at("/licenses/ecdsa_helper/encrypt").body(to_encrypt(w))),
    ]
}

fn key(id: &str) -> Request {
    at(format!("/licenses/servicekey?keyId={id}"))
}

fn in_community(w: &World, rest: &str) -> Request {
    at(format!("/licenses/community/{}/{rest}", w.community))
}

fn to_encrypt(w: &World) -> Value {
    let curve: Curve = w.t.instance.variables.get("EC_CURVE_NAME").parse().unwrap();
    let [private, other] = [[0x11; 32], [0x22; 32]].map(|bytes| base64::encode(&bytes));
    let public = PrivateKey::from_base64(curve, &other).unwrap().public_key().to_base64();
    json!({ "dataStr": "x", "publicKey": public, "privateKey": private })
}
