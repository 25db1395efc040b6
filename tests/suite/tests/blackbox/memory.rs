//! `CHANCERY_LONG=1` only, natively and in components: what a server keeps in memory does not grow with the requests that it
//! has answered.
//!
//! On workerd the engine of JavaScript decides when memory is given back; docs/performance.md has figures.

use std::{collections::BTreeMap, thread, time::Duration};

use chancery_tests::runtime::Runtime;
use serde_json::json;

use crate::{
    answer::ok,
    case::{Case, case, together},
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    let long = std::env::var_os("CHANCERY_LONG").is_some();
    long.then(|| case(memory_does_not_grow_with_requests)).into_iter().collect()
}

const CALLERS: usize = 8;
const MEASURED: usize = 50_000;
/// How much more may be in memory afterwards, in percent.
const TOLERANCE: u64 = 2;

/// Instances of components without work end after a second.
const REST: Duration = Duration::from_secs(3);

/// Until caches are full: a native function remembers 65,536 request ids, and three of four requests are signed. An instance of
/// a component ends with its caches.
fn warm_up(runtime: Runtime) -> usize {
    if runtime == Runtime::Native { 110_000 } else { 10_000 }
}

fn memory_does_not_grow_with_requests(shared: &Deployment) {
    let runtime = shared.instance.runtime;
    if !matches!(runtime, Runtime::Native | Runtime::Component) {
        return;
    }
    let t = &Deployment::start(runtime, shared.instance.variables.clone()).unwrap();
    let secrets = secrets_of(&unique("tenant"), &community());
    let after = |requests| {
        ask(t, &secrets, requests);
        thread::sleep(REST);
        t.instance.resident_memory().unwrap()
    };
    let before = after(warm_up(runtime));
    let parts: BTreeMap<_, _> = (1..=5).map(|part| (part * MEASURED / 5, after(MEASURED / 5))).collect();
    let last = parts.values().copied().last().unwrap_or_default();
    assert!(last * 100 <= before * (100 + TOLERANCE), "{before} KiB at first, then after so many requests: {parts:?}");
}

/// So many requests: an unsigned one, and a secret that is put, read and deleted.
fn ask(t: &Deployment, secrets: &str, requests: usize) {
    together(CALLERS, |caller| {
        for round in 0..requests / CALLERS / 4 {
            let tag = format!("t{caller}_{round}");
            ok(&t.anonymous.get("/caas/healthz"), 200);
            ok(&t.service.put(secrets, &json!({ "tag": tag, "value": "v", "createdBy": "suite" })), 201);
            ok(&t.service.post(&format!("{secrets}/fetch"), &json!({ "tags": [tag] })), 200);
            ok(&t.service.delete(&format!("{secrets}/{tag}")), 200);
        }
    });
}
