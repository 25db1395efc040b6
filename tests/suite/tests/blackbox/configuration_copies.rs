//! Copies of configuration: how old they may be, whom they are shown, and what a request leaves behind that was answered
//! by one. What two instances see of each other is in `tests/copies`.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    thread,
    time::{Duration, Instant},
};

use chancery::client::{Api, Reply};
use chancery_tests::{runtime::Runtime, variables::Variables};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case, together},
    configuration::{COPY, FRESH, app, set},
    copies::{BOUND, age, gone_within_the_bound, is_shown, poll, spent_by_a_copy},
    deployment::{Caller, Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![case(copies_are_never_too_old), case(without_caches_there_are_no_copies)]
}

fn fetch(caller: &Caller, path: &str, context: &Value) -> Reply {
    caller.post(path, &json!({ "context": context }))
}

/// One deployment for what needs time, so that it is waited for once.
fn copies_are_never_too_old(shared: &Deployment) {
    let variables = Variables::random().with("CACHE_SECONDS", &BOUND.to_string());
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    together(4, |number| match number {
        0 => a_copy_says_its_age(t),
        1 => a_withdrawn_licence_sees_copies_no_longer_than_the_bound(t),
        2 => a_withdrawn_membership_sees_copies_no_longer_than_the_bound(t),
        _ => readers_never_go_back_beyond_the_bound(t),
    });
    an_answer_by_copy_spends_its_request_id(t);
}

fn a_copy_says_its_age(t: &Deployment) {
    let context = app();
    ok(&set(&t.service, &context, "n", &json!(1)), 200);
    let ages = poll(Duration::from_secs(2 * BOUND), || {
        let reply = fetch(&t.service, COPY, &context);
        assert_eq!((ok(&reply, 200), reply.header("etag")), (json!({ "n": 1 }), Some("\"1\"")));
        assert_eq!(age(&fetch(&t.service, FRESH, &context)), 0);
        // A fresh answer is kept as a copy, so another context is looked at for its age.
        age(&fetch(&t.service, COPY, &json!({ "appId": "never written" })))
    });
    assert!(ages.iter().all(|age| *age < BOUND), "{ages:?}");
    // Under load the instances of a component are gone before their copies are a second old.
    let lasting = t.instance.runtime != Runtime::Component;
    assert!(!lasting || ages.contains(&1) && ages.windows(2).any(|pair| pair[0] > pair[1]), "{ages:?}");
}

fn a_withdrawn_licence_sees_copies_no_longer_than_the_bound(t: &Deployment) {
    let (context, reader) = (app(), t.licence(AuthLevel::Service));
    ok(&set(&t.service, &context, "n", &json!(1)), 200);
    let read = || fetch(&reader, COPY, &context);
    poll(Duration::from_millis(500), || ok(&read(), 200));
    let disable = json!({ "disabled": true });
    ok(&t.system.patch(&format!("/licenses/servicekey?keyId={}", reader.key_id), &disable), 200);
    gone_within_the_bound(|| is_shown(&read()));
    refused(&read(), 401);
    // Only copies are shown so long.
    refused(&fetch(&reader, FRESH, &context), 401);
    refused(&set(&reader, &context, "n", &json!(2)), 401);
    refused(&reader.post(&format!("{}/fetch", secrets_of(&unique("tenant"), &community())), &json!({})), 401);
}

fn a_withdrawn_membership_sees_copies_no_longer_than_the_bound(t: &Deployment) {
    let (reader, community) = (t.licence(AuthLevel::Basic), community());
    let context = json!({ "tenantId": unique("tenant"), "communityId": community });
    ok(&set(&t.infra, &context, "n", &json!(1)), 200);
    let read = || fetch(&reader, COPY, &context);
    refused(&read(), 401);
    t.admit(&reader, &community);
    ok(&read(), 200);
    poll(Duration::from_millis(500), || ok(&read(), 200));
    // A copy of one community is none of another.
    let other = json!({ "tenantId": context["tenantId"], "communityId": unique("other") });
    refused(&fetch(&reader, COPY, &other), 401);
    ok(&t.system.delete(&format!("/licenses/community/{community}/servicekey/{}", reader.tag)), 204);
    refused(&fetch(&reader, FRESH, &context), 401);
    gone_within_the_bound(|| is_shown(&read()));
    refused(&read(), 401);
}

/// A writer counts up while readers look, fresh and not.
fn readers_never_go_back_beyond_the_bound(t: &Deployment) {
    const ROUNDS: i64 = 40;
    let context = app();
    let acknowledged = AtomicI64::new(0);
    let history = std::sync::Mutex::new(vec![(Instant::now(), 0)]);
    ok(&set(&t.service, &context, "n", &json!(0)), 200);
    together(4, |number| {
        while number == 0 && acknowledged.load(Ordering::SeqCst) < ROUNDS {
            let next = acknowledged.load(Ordering::SeqCst) + 1;
            ok(&set(&t.service, &context, "n", &json!(next)), 200);
            history.lock().unwrap().push((Instant::now(), next));
            acknowledged.store(next, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(100));
        }
        while acknowledged.load(Ordering::SeqCst) < ROUNDS {
            let (asked, newest) = (Instant::now(), acknowledged.load(Ordering::SeqCst));
            let path = if number == 1 { FRESH } else { COPY };
            let reply = fetch(&t.service, path, &context);
            let seen = ok(&reply, 200)["n"].as_i64().unwrap();
            let bound = Duration::from_secs(BOUND);
            let history = history.lock().unwrap();
            let oldest = history.iter().rev().find(|(at, _)| *at + bound <= asked).map_or(0, |(_, n)| *n);
            assert!(seen >= if number == 1 { newest } else { oldest }, "{path}: {seen} of {newest}, at least {oldest}");
        }
    });
}

fn an_answer_by_copy_spends_its_request_id(t: &Deployment) {
    let (context, place) = (app(), secrets_of(&unique("tenant"), &community()));
    ok(&set(&t.service, &context, "n", &json!(1)), 200);
    let body = json!({ "context": context }).to_string().into_bytes();
    let client = &t.service.client;
    let spent = spent_by_a_copy(client, Api::Caas, |headers| {
        client.send("POST", COPY, &[], &headers.pairs(), Some(body.clone())).unwrap()
    });
    let secret = json!({ "tag": "t", "value": "v", "createdBy": "suite" }).to_string().into_bytes();
    refused(&client.send("PUT", &place, &[], &spent.pairs(), Some(secret)).unwrap(), 401);
    refused(&client.send("POST", FRESH, &[], &spent.pairs(), Some(body.clone())).unwrap(), 401);

    // Other instances may each show a copy once.
    if t.instance.runtime != Runtime::Component {
        for _ in 0..3 {
            let headers = client.headers(Api::Caas).unwrap();
            let replies =
                together(16, |_| client.send("POST", COPY, &[], &headers.pairs(), Some(body.clone())).unwrap().status);
            assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
        }
    }
}

fn without_caches_there_are_no_copies(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random().with("CACHE_SECONDS", "0")).unwrap();
    let (context, reader) = (app(), t.licence(AuthLevel::Service));
    for n in 0..10 {
        ok(&set(&t.service, &context, "n", &json!(n)), 200);
        let reply = fetch(&reader, COPY, &context);
        assert_eq!((ok(&reply, 200), age(&reply)), (json!({ "n": n }), 0));
    }
    let body = json!({ "context": context }).to_string().into_bytes();
    let headers = reader.client.headers(Api::Caas).unwrap();
    let ask = || reader.client.send("POST", COPY, &[], &headers.pairs(), Some(body.clone())).unwrap().status;
    let replies = together(16, |_| ask());
    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert_eq!(ask(), 401);
    ok(&t.system.delete(&format!("/licenses/servicekey?keyId={}", reader.key_id)), 204);
    refused(&fetch(&reader, COPY, &context), 401);
}
