//! Copies of licences: how old they may be, whom they are shown, and what a request leaves behind that was answered by
//! one. What two instances see of each other is in `tests/copies`. `CHANCERY_LONG=1` makes 100,000 checks of a licence that
//! changes instead of 1,000.

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
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
    copies::{BOUND, age, gone_within_the_bound, is_shown, poll, spent_by_a_copy},
    deployment::{Caller, Deployment, community, unique},
};

pub fn cases() -> Vec<Case> {
    vec![case(copies_of_licences_are_never_too_old), case(without_caches_licences_are_read_each_time)]
}

const CURRENT: &str = "/licenses/servicekey/current";

fn check(place: &str) -> String {
    format!("/licenses/community/{place}/licensecheck")
}

fn fresh(path: &str) -> String {
    format!("{path}?read_fresh=true")
}

fn change_key(t: &Deployment, key: &Caller, change: &Value) {
    ok(&t.system.patch(&format!("/licenses/servicekey?keyId={}", key.key_id), change), 200);
}

fn change_member(t: &Deployment, key: &Caller, place: &str, change: &Value) {
    ok(&t.system.patch(&format!("/licenses/community/{place}/servicekey/{}", key.tag), change), 200);
}

/// A new licence, and the community that it is a member of.
fn member(t: &Deployment) -> (Caller, String) {
    let (key, place) = (t.licence(AuthLevel::Service), community());
    t.admit(&key, &place);
    (key, place)
}

/// One deployment for what needs time, so that it is waited for once.
fn copies_of_licences_are_never_too_old(shared: &Deployment) {
    let variables = Variables::random().with("CACHE_SECONDS", &BOUND.to_string());
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    together(4, |number| match number {
        0 => a_copy_says_its_age(t),
        1 => a_disabled_licence_is_shown_no_longer_than_the_bound(t),
        2 => a_withdrawn_membership_is_shown_no_longer_than_the_bound(t),
        _ => own_changes_are_seen_at_once(t),
    });
    checks_never_go_back_beyond_the_bound(t);
    an_answer_by_copy_spends_its_request_id(t);
}

fn a_copy_says_its_age(t: &Deployment) {
    let (key, place) = member(t);
    for path in [CURRENT.to_owned(), check(&place)] {
        let first = ok(&key.get(&path), 200);
        let ages = poll(Duration::from_secs(2 * BOUND), || {
            let reply = key.get(&path);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(ok(&reply, 200), first);
            age(&reply)
        });
        assert!(ages.iter().all(|age| *age < BOUND), "{ages:?}");
        // Under load the instances of a component are gone before their copies are a second old.
        let lasting = t.instance.runtime != Runtime::Component;
        assert!(!lasting || ages.contains(&1) && ages.windows(2).any(|pair| pair[0] > pair[1]), "{ages:?}");
        assert_eq!(age(&key.get(&fresh(&path))), 0);
        refused(&key.get(&format!("{}&read_fresh=true", fresh(&path))), 400);
    }
}

fn a_disabled_licence_is_shown_no_longer_than_the_bound(t: &Deployment) {
    let (key, place) = member(t);
    let paths = [CURRENT.to_owned(), check(&place)];
    poll(Duration::from_millis(500), || paths.iter().for_each(|path| drop(ok(&key.get(path), 200))));
    change_key(t, &key, &json!({ "disabled": true }));
    paths.iter().for_each(|path| drop(refused(&key.get(&fresh(path)), 401)));
    together(2, |number| gone_within_the_bound(|| is_shown(&key.get(&paths[number]))));
    paths.iter().for_each(|path| drop(refused(&key.get(path), 401)));
    // What is granted is in force at once.
    change_key(t, &key, &json!({ "disabled": false }));
    paths.iter().for_each(|path| drop(ok(&key.get(path), 200)));
}

fn a_withdrawn_membership_is_shown_no_longer_than_the_bound(t: &Deployment) {
    let (key, place) = member(t);
    let is_authorized = |path: &str| ok(&key.get(path), 200)["isAuthorized"] == true;
    poll(Duration::from_millis(500), || assert!(is_authorized(&check(&place))));
    change_member(t, &key, &place, &json!({ "isAuthorized": false }));
    assert!(!is_authorized(&fresh(&check(&place))));
    gone_within_the_bound(|| is_authorized(&check(&place)));
    // A copy of one community is none of another.
    refused(&key.get(&check(&community())), 401);
    ok(&t.system.delete(&format!("/licenses/community/{place}/servicekey/{}", key.tag)), 204);
    gone_within_the_bound(|| is_shown(&key.get(&check(&place))));
}

/// Where there is one instance of each function.
fn own_changes_are_seen_at_once(t: &Deployment) {
    if t.instance.runtime == Runtime::Component {
        return;
    }
    let (key, place) = member(t);
    for number in 0..10 {
        let is_authorized = number % 2 == 0;
        change_member(t, &key, &place, &json!({ "isAuthorized": is_authorized }));
        let description = format!("change {number}");
        change_key(t, &key, &json!({ "description": description }));
        for _ in 0..2 {
            assert_eq!(ok(&key.get(&check(&place)), 200)["isAuthorized"], is_authorized);
            assert_eq!(ok(&key.get(CURRENT), 200)["description"], description);
        }
    }
    change_key(t, &key, &json!({ "disabled": true }));
    refused(&key.get(CURRENT), 401);
}

/// A writer counts up in the modules of a licence while its holder looks, fresh and not.
fn checks_never_go_back_beyond_the_bound(t: &Deployment) {
    let wanted = if env::var_os("CHANCERY_LONG").is_some() { 100_000 } else { 1_000 };
    let (key, place) = member(t);
    let (acknowledged, checks) = (AtomicI64::new(0), AtomicUsize::new(0));
    let history = Mutex::new(vec![(Instant::now(), 0)]);
    let number = |number: i64| json!({ "modules": { "mod_dvcid": number.to_string() } });
    change_key(t, &key, &number(0));
    let (started, is_over) = (Instant::now(), || checks.load(Ordering::SeqCst) >= wanted);
    together(4, |worker| {
        let bound = Duration::from_secs(BOUND);
        while !is_over() || started.elapsed() < 2 * bound {
            let newest = acknowledged.load(Ordering::SeqCst);
            if worker == 0 {
                change_key(t, &key, &number(newest + 1));
                history.lock().unwrap().push((Instant::now(), newest + 1));
                acknowledged.store(newest + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(100));
                continue;
            }
            let asked = Instant::now();
            let path = if checks.fetch_add(1, Ordering::SeqCst) % 2 == 0 { CURRENT.to_owned() } else { check(&place) };
            let path = if worker == 1 { fresh(&path) } else { path };
            let shown = ok(&key.get(&path), 200);
            let seen: i64 = shown["modules"]["mod_dvcid"].as_str().unwrap().parse().unwrap();
            let history = history.lock().unwrap();
            let oldest = history.iter().rev().find(|(at, _)| *at + bound <= asked).map_or(0, |(_, n)| *n);
            let least = if worker == 1 { newest } else { oldest };
            assert!(seen >= least, "{path}: {seen} of {newest}, at least {least}");
        }
    });
}

fn an_answer_by_copy_spends_its_request_id(t: &Deployment) {
    let (key, place) = member(t);
    let send = |headers: &[(&str, &str)], method: &str, path: &str, body: Option<&Value>| -> Reply {
        let body = body.map(|body| body.to_string().into_bytes());
        key.client.send(method, path, &[], headers, body).unwrap()
    };
    for path in [CURRENT.to_owned(), check(&place)] {
        let spent = spent_by_a_copy(&key.client, Api::Licenses, |headers| send(&headers.pairs(), "GET", &path, None));
        refused(&send(&spent.pairs(), "GET", &fresh(&path), None), 401);
        let new = json!({ "tag": unique("replayed") });
        refused(&send(&spent.pairs(), "PUT", "/licenses/servicekey", Some(&new)), 401);
        // When it is older than a copy may be, it is no longer answered by one, at whatever instance.
        thread::sleep(Duration::from_secs(BOUND + 1));
        for _ in 0..20 {
            ok(&key.get(&path), 200);
            refused(&send(&spent.pairs(), "GET", &path, None), 401);
        }

        // Other instances may each show a copy once.
        if t.instance.runtime != Runtime::Component {
            for _ in 0..3 {
                let headers = key.client.headers(Api::Licenses).unwrap();
                let replies = together(16, |_| send(&headers.pairs(), "GET", &path, None).status);
                assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
            }
        }
    }
}

fn without_caches_licences_are_read_each_time(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random().with("CACHE_SECONDS", "0")).unwrap();
    let (key, place) = member(t);
    for path in [CURRENT.to_owned(), check(&place)] {
        for number in 0..5 {
            change_key(t, &key, &json!({ "modules": { "mod_dvcid": number.to_string() } }));
            let reply = key.get(&path);
            assert_eq!((&ok(&reply, 200)["modules"]["mod_dvcid"], age(&reply)), (&json!(number.to_string()), 0));
        }
        let headers = key.client.headers(Api::Licenses).unwrap();
        let ask = || key.client.send("GET", &path, &[], &headers.pairs(), None).unwrap().status;
        let replies = together(16, |_| ask());
        assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
        assert_eq!(ask(), 401);
        change_key(t, &key, &json!({ "disabled": true }));
        refused(&key.get(&path), 401);
        change_key(t, &key, &json!({ "disabled": false }));
    }
}
