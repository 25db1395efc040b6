//! Many callers at once: who must wait for the database waits, and is never refused for it.
//!
//! `CHANCERY_LONG=1` sends 3,000 requests of each kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use chancery_tests::variables::Variables;
use serde_json::json;

use crate::{
    answer::ok,
    case::{Case, case, together},
    database,
    deployment::{Deployment, unique},
    portal::{PASSWORD, address, ask_in},
};

/// Cases of the licensing functions alone.
pub fn cases() -> Vec<Case> {
    vec![case(parallel_changes_are_all_made)]
}

pub fn cases_with_portal() -> Vec<Case> {
    vec![case(log_ins_of_unknown_addresses_do_not_fail_signed_reads)]
}

fn requests(callers: usize) -> usize {
    if std::env::var_os("CHANCERY_LONG").is_some() { 3_000_usize.div_ceil(callers) } else { 2 }
}

fn parallel_changes_are_all_made(t: &Deployment) {
    for callers in [64, 128] {
        let tags = with_a_busy_neighbour(|| {
            together(callers, |_| {
                let create = |_| {
                    let tag = unique("contended");
                    ok(&t.root.put("/licenses/servicekey", &json!({ "tag": tag, "authLevel": "app" })), 200);
                    tag
                };
                (0..requests(callers)).map(create).collect::<Vec<_>>()
            })
        });
        let stored: BTreeSet<_> =
            database::text_rows(&t.instance, "SELECT tag FROM service_keys").into_iter().collect();
        let lost: Vec<_> = tags.iter().flatten().filter(|tag| !stored.contains(*tag)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}

/// A password is hashed for an unknown address too, which anybody can ask for.
fn log_ins_of_unknown_addresses_do_not_fail_signed_reads(shared: &Deployment) {
    // The cost that is advised: a hash takes as long as many batches.
    let variables = Variables::random().with("PORTAL_LOGIN_GUESSES", "1000000").with("PORTAL_ARGON2", "19456,2,1");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    for callers in [64, 128] {
        let statuses = with_a_busy_neighbour(|| {
            together(callers, |number| {
                // One in sixteen logs in.
                let ask = |_| match number % 16 {
                    0 => ask_in(t, &address(), PASSWORD).status,
                    _ => t.service.get("/licenses/servicekey/current?read_fresh=true").status,
                };
                let expected = if number % 16 == 0 { 401 } else { 200 };
                (0..requests(callers)).map(ask).filter(|status| *status != expected).collect::<Vec<_>>()
            })
        });
        let mut unexpected = BTreeMap::new();
        statuses.into_iter().flatten().for_each(|status| *unexpected.entry(status).or_insert(0) += 1);
        assert!(unexpected.is_empty(), "with {callers} callers, by status: {unexpected:?}");
    }
}

/// Keeps one processor busy meanwhile, so that whoever holds a lock is interrupted.
fn with_a_busy_neighbour<T>(run: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                number = black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            }
        });
        // The neighbour ends when the work panics, too.
        let over = Over(&is_over);
        let result = run();
        drop(over);
        result
    })
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
