//! `CHANCERY_LONG=1` only, and natively: what a server keeps in memory does not grow with the requests that it has answered.
//!
//! In a component the memory of an instance ends with it, after 128 requests, and what is left is that of the host. On
//! workerd the engine of JavaScript decides when memory is given back. docs/performance.md has figures of both.

use std::collections::BTreeMap;

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

/// Until caches are full: a function remembers 65,536 request ids, and three of four requests are signed.
const WARM_UP: usize = 110_000;

fn memory_does_not_grow_with_requests(shared: &Deployment) {
    let runtime = shared.instance.runtime;
    if runtime != Runtime::Native {
        return;
    }
    let t = &Deployment::start(runtime, shared.instance.variables.clone()).unwrap();
    let secrets = secrets_of(&unique("tenant"), &community());
    ask(t, &secrets, WARM_UP);
    let before = t.instance.resident_memory().unwrap();
    let mut after = BTreeMap::new();
    for asked in (1..=5).map(|part| part * MEASURED / 5) {
        ask(t, &secrets, MEASURED / 5);
        after.insert(asked, t.instance.resident_memory().unwrap());
    }
    let last = after.values().copied().last().unwrap_or_default();
    assert!(last * 100 <= before * (100 + TOLERANCE), "{before} KiB at first, then after so many requests: {after:?}");
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
