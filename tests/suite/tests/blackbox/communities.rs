//! Community ids: one form in every API, and one value in either case where it is an ObjectId.

use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case},
    consent::{consents_of, content, data, put, show},
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(an_extending_service_uses_the_store_of_a_community_that_it_is_a_member_of),
        case(a_licence_in_one_spelling_is_a_licence_in_the_other),
        case(what_is_put_under_one_spelling_is_found_under_the_other),
    ]
}

/// A new community, in lower and in upper case.
fn spellings() -> (String, String) {
    let lower = format!("{}abcdef", &community()[..18]);
    (lower.clone(), lower.to_uppercase())
}

fn secret(value: &str) -> Value {
    json!({ "tag": "a", "value": value, "createdBy": "suite" })
}

fn an_extending_service_uses_the_store_of_a_community_that_it_is_a_member_of(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::ServiceExt), secrets_of(&unique("tenant"), "community_456"));
    refused(&key.put(&place, &secret("v")), 401);
    t.admit(&key, "community_456");
    ok(&key.put(&place, &secret("v")), 201);
    let fetched = ok(&key.post(&format!("{place}/fetch"), &json!({ "tags": ["a"] })), 200);
    assert_eq!(
        (&fetched["secrets"][0]["value"], &fetched["secrets"][0]["communityId"]),
        (&json!("v"), &json!("community_456"))
    );
    ok(&key.delete(&format!("{place}/a")), 200);
    // Only ObjectIds are the same in either case.
    refused(&key.put(&place.replace("community_456", "Community_456"), &secret("v")), 401);
}

fn a_licence_in_one_spelling_is_a_licence_in_the_other(t: &Deployment) {
    let (key, (lower, upper)) = (t.licence(AuthLevel::Basic), spellings());
    let add = |place: &str| {
        t.service.put("/licenses/community/servicekey", &json!({ "keyTag": key.tag, "communityId": place }))
    };
    assert_eq!(ok(&add(&upper), 200)["communityId"], json!(lower));
    refused(&add(&lower), 400);
    for place in [&upper, &lower] {
        let community = format!("/licenses/community/{place}");
        assert_eq!(ok(&key.get(&format!("{community}/licensecheck")), 200)["isAuthorized"], true);
        let listed = ok(&t.service.call("POST", &format!("{community}/servicekey/fetch"), None), 200);
        assert_eq!((&listed["page"]["total"], &listed["data"][0]["communityId"]), (&json!(1), &json!(lower)));
    }
    ok(&t.service.delete(&format!("/licenses/community/{upper}/servicekey/{}", key.tag)), 204);
    refused(&key.get(&format!("/licenses/community/{lower}/licensecheck?read_fresh=true")), 401);
}

fn what_is_put_under_one_spelling_is_found_under_the_other(t: &Deployment) {
    let (key, tenant, (lower, upper)) = (t.licence(AuthLevel::ServiceExt), unique("tenant"), spellings());
    t.admit(&key, &upper);

    ok(&key.put(&secrets_of(&tenant, &upper), &secret("v")), 201);
    refused(&key.put(&secrets_of(&tenant, &lower), &secret("w")), 409);
    let fetched = ok(&key.call("POST", &format!("{}/fetch", secrets_of(&tenant, &lower)), None), 200);
    assert_eq!((&fetched["secrets"][0]["value"], &fetched["secrets"][0]["communityId"]), (&json!("v"), &json!(lower)));

    let context = |community: &str| json!({ "tenantId": tenant, "communityId": community });
    for (place, path) in [(&upper, "first"), (&lower, "second")] {
        ok(&key.put(&format!("/caas/config/{path}"), &json!({ "context": context(place), "data": path })), 200);
    }
    for place in [&upper, &lower] {
        let whole = ok(&key.post("/caas/config/fetch?read_fresh=true", &json!({ "context": context(place) })), 200);
        assert_eq!(whole, json!({ "first": "first", "second": "second" }));
    }

    let written = data(&put(&key, &consents_of(&tenant, &upper), "biometric", &content("t")));
    let shown = |path: &str| data(&show(&key, &format!("{}/{path}", consents_of(&tenant, &lower))));
    assert_eq!(shown("biometric"), written);
    assert_eq!(shown(&format!("ipfs/{}", written["consentId"].as_str().unwrap()))["consentId"], written["consentId"]);
}
