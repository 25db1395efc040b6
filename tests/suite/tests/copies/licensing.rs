//! Copies of licences: whom they are shown, what they cost, and what a captured request is worth.

use std::{sync::Arc, time::Duration};

use platform::{clock, runtime::ahead};
use serde_json::{Value, json};

use crate::instances::{Answer, Deployment, INFRA, Instance, Memory, ROOT, signed};

pub const CURRENT: &str = "/licenses/servicekey/current";
pub const CHECK: &str = "/licenses/community/shop/licensecheck";
pub const LICENCE: &str = "the-secret-of-a-service";

/// Two instances of each of the two functions, with a licence that is a member of the community `shop`.
pub struct Licensing {
    pub deployment: Deployment,
    pub keys: [Instance; 2],
    pub members: [Instance; 2],
}

impl Licensing {
    pub async fn new(cache_seconds: &str) -> Self {
        Self::over(Deployment::new(cache_seconds)).await
    }

    async fn over(deployment: Deployment) -> Self {
        let keys = [deployment.instance("service-key").await, deployment.instance("service-key").await];
        let members = [deployment.instance("key-authorization").await, deployment.instance("key-authorization").await];
        let key = json!({ "tag": "service", "keyId": "service", "keySecret": LICENCE, "authLevel": "service" });
        done(&keys[0].call(ROOT, "PUT", "/licenses/servicekey", &key).await);
        let licensing = Self { deployment, keys, members };
        done(&licensing.admit("shop").await);
        licensing
    }

    async fn admit(&self, community: &str) -> Answer {
        let member = json!({ "keyTag": "service", "communityId": community });
        self.members[0].call(ROOT, "PUT", "/licenses/community/servicekey", &member).await
    }

    /// Changes the licence at the first instance.
    pub async fn change_key(&self, change: Value) {
        done(&self.keys[0].call(ROOT, "PATCH", "/licenses/servicekey?keyId=service", &change).await);
    }

    /// Changes the membership at the first instance.
    pub async fn change_member(&self, change: Value) {
        done(&self.members[0].call(ROOT, "PATCH", "/licenses/community/shop/servicekey/service", &change).await);
    }

    /// Each instance with what it is asked.
    fn all(&self) -> [(&Instance, &'static str); 4] {
        let ([key, other_key], [member, other_member]) = (&self.keys, &self.members);
        [(key, CURRENT), (other_key, CURRENT), (member, CHECK), (other_member, CHECK)]
    }

    async fn statuses(&self, query: &str) -> [u16; 4] {
        let mut statuses = [0; 4];
        for (status, (instance, path)) in statuses.iter_mut().zip(self.all()) {
            *status = get(instance, &format!("{path}{query}")).await.status;
        }
        statuses
    }
}

pub async fn get(instance: &Instance, path: &str) -> Answer {
    instance.call(LICENCE, "GET", path, &Value::Null).await
}

fn done(answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{answer:?}");
}

const FRESH: &str = "?read_fresh=true";

#[tokio::test]
async fn a_disabled_licence_is_refused_at_once_where_it_was_disabled_and_everywhere_within_the_bound() {
    let licensing = Licensing::new("5").await;
    assert_eq!(licensing.statuses("").await, [200; 4]);
    licensing.change_key(json!({ "disabled": true })).await;
    assert_eq!(licensing.statuses("").await, [401, 200, 200, 200]);
    assert_eq!(licensing.statuses(FRESH).await, [401; 4]);
    assert_eq!(ahead(Duration::from_millis(4000), licensing.statuses("")).await, [401, 200, 200, 200]);
    assert_eq!(ahead(Duration::from_millis(5000), licensing.statuses("")).await, [401; 4]);
    // What is granted is in force at once: a refusal is not remembered.
    licensing.change_key(json!({ "disabled": false })).await;
    assert_eq!(ahead(Duration::from_millis(5000), licensing.statuses("")).await, [200; 4]);
    let gone = licensing.keys[0].call(ROOT, "DELETE", "/licenses/servicekey?keyId=service", &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(ahead(Duration::from_millis(5000), licensing.statuses("")).await, [401, 200, 200, 200]);
    assert_eq!(ahead(Duration::from_millis(10_000), licensing.statuses("")).await, [401; 4]);
}

#[tokio::test]
async fn a_withdrawn_membership_is_seen_at_once_where_it_was_withdrawn_and_everywhere_within_the_bound() {
    let licensing = Licensing::new("5").await;
    let is_authorized = async |number: usize, query: &str| {
        let answer = get(&licensing.members[number], &format!("{CHECK}{query}")).await;
        done(&answer);
        answer.body["isAuthorized"] == true
    };
    assert!(is_authorized(0, "").await && is_authorized(1, "").await);
    licensing.change_member(json!({ "isAuthorized": false })).await;
    assert!(!is_authorized(0, "").await, "its own change");
    assert!(is_authorized(1, "").await, "a copy");
    ahead(Duration::from_millis(5000), async {
        assert!(!is_authorized(1, "").await);
        licensing.change_member(json!({ "isAuthorized": true })).await;
        assert!(is_authorized(1, "").await, "what is granted is in force at once");
        licensing.change_member(json!({ "isAuthorized": false })).await;
        assert!(is_authorized(1, "").await, "a copy");
        assert!(!is_authorized(1, FRESH).await);
        licensing.change_member(json!({ "isAuthorized": true })).await;
        for query in ["?read_fresh=true", "?read_fresh=True", "?read_fresh=1"] {
            assert!(is_authorized(1, query).await);
        }
        assert!(is_authorized(1, "?read_fresh=false").await, "the fresh answer was kept");
        let own = "/licenses/community/shop/servicekey/service";
        assert_eq!(licensing.members[0].call(ROOT, "DELETE", own, &Value::Null).await.status, 204);
        assert_eq!(licensing.statuses("").await, [200, 200, 401, 200]);
    })
    .await;
    assert_eq!(ahead(Duration::from_millis(10_000), licensing.statuses("")).await, [200, 200, 401, 401]);
}

#[tokio::test]
async fn a_copy_says_its_age_asks_no_storage_and_leaves_its_nonce_after_the_answer() {
    let licensing = Licensing::new("60").await;
    for (instance, path) in licensing.all() {
        for license in [LICENCE, INFRA] {
            let first = instance.call(license, "GET", path, &Value::Null).await;
            assert_eq!((first.status, first.age), (200, Some(0)));
            let before = licensing.deployment.nonces().await;
            licensing.deployment.asked();
            let again = ahead(Duration::from_millis(7000), instance.call(license, "GET", path, &Value::Null)).await;
            assert_eq!((again.status, again.age, licensing.deployment.asked()), (200, Some(7), 0), "{path}");
            if license == LICENCE {
                assert_eq!(again.body, first.body);
            }
            licensing.deployment.nonces_are(before + 1).await;
            let fresh = instance.call(license, "GET", &format!("{path}{FRESH}"), &Value::Null).await;
            assert_eq!((fresh.status, fresh.age), (200, Some(0)));
            assert!(licensing.deployment.asked() > 0);
        }
    }
    assert_eq!(get(&licensing.keys[0], CURRENT).await.body["keySecret"], LICENCE);
}

#[tokio::test]
async fn a_captured_request_is_answered_by_no_second_copy_once_it_is_older_than_the_bound() {
    let licensing = Licensing::new("5").await;
    for (function, path) in [(&licensing.keys, CURRENT), (&licensing.members, CHECK)] {
        let [one, two] = function;
        done(&get(one, path).await);
        done(&get(two, path).await);
        let before = licensing.deployment.nonces().await;
        let captured = signed(LICENCE);
        let send = async |instance: &Instance, method: &str, path: &str, body: &Value| {
            instance.send(&captured, method, path, body).await.status
        };
        assert_eq!(send(one, "GET", path, &Value::Null).await, 200);
        licensing.deployment.nonces_are(before + 1).await;
        // The instance itself has seen it.
        assert_eq!(send(one, "GET", path, &Value::Null).await, 401);
        // Everybody else asks storage, for a fresh answer as for a change.
        assert_eq!(send(two, "GET", &format!("{path}{FRESH}"), &Value::Null).await, 401);
        let other = licensing.deployment.instance("service-key").await;
        let key = json!({ "tag": "taken-over" });
        assert_eq!(send(&other, "PUT", "/licenses/servicekey", &key).await, 401);
        assert_eq!(send(&other, "GET", CURRENT, &Value::Null).await, 401, "it has not admitted this caller");

        // Another instance with an admission and a copy of its own answers it once, within the bound.
        let captured = signed(LICENCE);
        let send = async |instance: &Instance| instance.send(&captured, "GET", path, &Value::Null).await.status;
        assert_eq!(send(one).await, 200);
        licensing.deployment.nonces_are(before + 2).await;
        assert_eq!(ahead(Duration::from_millis(2000), send(two)).await, 200);
        assert_eq!(ahead(Duration::from_millis(2000), send(two)).await, 401);

        let captured = signed(LICENCE);
        let send = async |instance: &Instance| instance.send(&captured, "GET", path, &Value::Null).await.status;
        assert_eq!(send(one).await, 200);
        licensing.deployment.nonces_are(before + 3).await;
        ahead(Duration::from_secs(6), async {
            done(&get(two, path).await);
            licensing.deployment.asked();
            done(&get(two, path).await);
            assert_eq!(licensing.deployment.asked(), 0, "it has a copy to show");
            assert_eq!(send(two).await, 401);
            assert!(licensing.deployment.asked() > 0);
        })
        .await;
        licensing.deployment.nonces_are(before + 5).await;
    }
}

#[tokio::test]
async fn a_copy_is_shown_to_nobody_but_the_licence_and_community_that_it_is_of() {
    let licensing = Licensing::new("60").await;
    let other = json!({ "tag": "other", "keyId": "other", "keySecret": "another-secret", "disabled": true });
    done(&licensing.keys[0].call(ROOT, "PUT", "/licenses/servicekey", &other).await);
    for (instance, path) in licensing.all() {
        done(&get(instance, path).await);
        let unknown = instance.call("no-such-licence", "GET", path, &Value::Null).await;
        let disabled = instance.call("another-secret", "GET", path, &Value::Null).await;
        assert_eq!((unknown.status, unknown.age), (401, None));
        assert_eq!((disabled.status, &disabled.body), (401, &unknown.body), "they look alike");
        if path == CHECK {
            let foreign = get(instance, "/licenses/community/elsewhere/licensecheck").await;
            assert_eq!((foreign.status, &foreign.body), (401, &unknown.body));
            let outside = instance.call(ROOT, "GET", path, &Value::Null).await;
            assert_eq!((outside.status, &outside.body), (401, &unknown.body));
        }
        // A licence that does not open under the caller's key is refused as everywhere.
        let mut broken = signed(LICENCE);
        broken[1].1 = signed(LICENCE)[2].1.replacen(|_| true, "A", 8);
        assert_eq!(instance.send(&broken, "GET", path, &Value::Null).await.status, 401);
    }
    // Members of two communities have two copies.
    done(&licensing.admit("elsewhere").await);
    for (community, is_authorized) in [("shop", false), ("elsewhere", true)] {
        licensing.change_member(json!({ "isAuthorized": false })).await;
        for _ in 0..2 {
            let path = format!("/licenses/community/{community}/licensecheck");
            assert_eq!(get(&licensing.members[0], &path).await.body["isAuthorized"], is_authorized);
        }
    }
}

#[tokio::test]
async fn what_expires_is_not_shown_for_longer_by_a_copy() {
    let licensing = Licensing::new("60").await;
    let in_two_seconds = model::time::to_iso(clock::now_ms() + 2000);
    licensing.change_member(json!({ "expiry": in_two_seconds })).await;
    assert_eq!(get(&licensing.members[1], CHECK).await.body["isAuthorized"], true);
    licensing.deployment.asked();
    let soon = ahead(Duration::from_millis(1000), get(&licensing.members[1], CHECK)).await;
    assert_eq!((&soon.body["isAuthorized"], soon.age, licensing.deployment.asked()), (&json!(true), Some(1), 0));
    let later = ahead(Duration::from_millis(2000), get(&licensing.members[1], CHECK)).await;
    assert_eq!((&later.body["isAuthorized"], later.age), (&json!(false), Some(0)));
    assert!(licensing.deployment.asked() > 0);

    licensing.change_key(json!({ "expiry": model::time::to_iso(clock::now_ms() + 3000) })).await;
    for (instance, path) in [(&licensing.keys[1], CURRENT), (&licensing.members[0], CHECK)] {
        done(&get(instance, &format!("{path}{FRESH}")).await);
        done(&get(instance, path).await);
        assert_eq!(ahead(Duration::from_millis(3000), get(instance, path)).await.status, 401);
    }
}

#[tokio::test]
async fn without_caches_every_answer_comes_from_storage() {
    let licensing = Licensing::new("0").await;
    for is_disabled in [false, true, false, true] {
        licensing.change_key(json!({ "disabled": is_disabled })).await;
        for (instance, path) in licensing.all() {
            licensing.deployment.asked();
            let answer = get(instance, path).await;
            let expected = if is_disabled { (401, None) } else { (200, Some(0)) };
            assert_eq!((answer.status, answer.age), expected);
            assert!(licensing.deployment.asked() > 0);
        }
    }
}

#[tokio::test]
async fn nothing_of_a_licence_leaves_the_instance() {
    let mut deployment = Deployment::new("60");
    let memory = Arc::new(Memory::default());
    deployment.host.kv = Some(memory.clone());
    let licensing = Licensing::over(deployment).await;
    let before = licensing.deployment.nonces().await;
    for query in ["", "", FRESH] {
        assert_eq!(licensing.statuses(query).await, [200; 4]);
    }
    licensing.deployment.nonces_are(before + 12).await;
    assert!(memory.0.lock().unwrap().is_empty());
}
