//! The server is killed while many write, again and again on one state: what was acknowledged is there, and every change
//! has its one entry as every entry has its change.
//!
//! `CHANCERY_LONG=1` kills 1,000 times instead of 20 natively, in components and on workerd together, and 200 times over
//! libSQL instead of 10.

use std::{
    collections::BTreeSet,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use chancery_tests::{
    runtime::Runtime,
    variables::{Variables, random_bytes},
};
use serde_json::json;

use crate::{
    answer::ok,
    case::{Case, case, together},
    database::{self, AuditEntry},
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![case(nothing_is_lost_or_half_done_when_the_server_is_killed)]
}

const WRITERS: usize = 16;

fn rounds(runtime: Runtime) -> usize {
    let long = std::env::var_os("CHANCERY_LONG").is_some();
    match runtime {
        Runtime::Native if long => 400,
        Runtime::Component | Runtime::Workerd if long => 300,
        Runtime::Libsql if long => 200,
        Runtime::Native | Runtime::Libsql => 10,
        Runtime::Component => 7,
        // It takes its time to start.
        Runtime::Workerd => 3,
    }
}

/// What was answered to a writer.
#[derive(Default)]
struct Answered {
    put: Vec<String>,
    deleted: Vec<String>,
}

fn nothing_is_lost_or_half_done_when_the_server_is_killed(shared: &Deployment) {
    let variables = Variables::random();
    let mut t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let (tenant, place) = (unique("tenant"), community());
    let secrets = secrets_of(&tenant, &place);
    let (mut put, mut deleted) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..rounds(shared.instance.runtime) {
        // The first request finds out that the server is new.
        ok(&t.service.get("/licenses/servicekey/current"), 200);
        // In the first round something of each kind has been acknowledged before the end; later ends come at any moment.
        let (deletes, at_work) = mpsc::sync_channel::<()>(WRITERS);
        let at_work = Mutex::new(at_work);
        let answered = together(WRITERS + 1, |number| {
            if number == WRITERS {
                let first = Duration::from_secs(if round == 0 { 15 } else { 0 });
                let _ = at_work.lock().unwrap().recv_timeout(first);
                let chance = u64::from(u16::from_le_bytes(random_bytes::<2>()));
                thread::sleep(Duration::from_millis(20 + chance % 310));
                t.instance.kill();
                return Answered::default();
            }
            write(&t, &secrets, &format!("r{round}_w{number}"), &deletes)
        });
        for answered in answered {
            put.extend(answered.put);
            deleted.extend(answered.deleted);
        }
        t = t.restart(variables.clone()).unwrap();
        check(&t, &tenant, &place, &put, &deleted, round);
    }
    assert!(!put.is_empty() && !deleted.is_empty(), "nothing was acknowledged before the first end");
}

/// Puts secrets, every other twice, and deletes every third, until nobody answers.
fn write(t: &Deployment, secrets: &str, name: &str, deletes: &mpsc::SyncSender<()>) -> Answered {
    let mut answered = Answered::default();
    let limit = Instant::now() + Duration::from_secs(20);
    for turn in 0.. {
        let tag = format!("{name}_{turn}");
        let body = json!({ "tag": tag, "value": "v", "createdBy": "suite" });
        match t.service.client.call("PUT", secrets, &[], Some(&body)) {
            Ok(reply) if reply.status == 201 => answered.put.push(tag.clone()),
            // The gateway may outlive what is behind it by a moment.
            Ok(reply) if reply.status >= 500 => break,
            Ok(reply) => panic!("{} to {tag}", reply.status),
            Err(_) => break,
        }
        if turn % 2 == 1 {
            match t.service.client.call("PUT", secrets, &[], Some(&body)) {
                Ok(reply) if reply.status == 409 => {}
                Ok(reply) if reply.status < 500 => panic!("{} to the second {tag}", reply.status),
                _ => break,
            }
        }
        if turn % 3 == 2 {
            match t.service.client.call("DELETE", &format!("{secrets}/{tag}"), &[], None) {
                Ok(reply) if reply.status == 200 => {
                    answered.deleted.push(tag);
                    let _ = deletes.try_send(());
                }
                _ => break,
            }
        }
        assert!(Instant::now() < limit, "the server goes on");
    }
    answered
}

fn check(t: &Deployment, tenant: &str, place: &str, put: &BTreeSet<String>, deleted: &BTreeSet<String>, round: usize) {
    let (entries, tags) = stored(t, tenant);
    let numbers: Vec<_> = entries.iter().map(|entry| entry.index).collect();
    let last = numbers.last().map_or(0, |last| last + 1);
    assert!(numbers.iter().copied().eq(0..last), "round {round}: {numbers:?}");
    let recorded = |action: &str| {
        let subjects: Vec<_> =
            entries.iter().filter(|entry| entry.action == action).map(|entry| entry.subject.clone()).collect();
        let tags: BTreeSet<_> =
            subjects.iter().map(|subject| subject.strip_prefix(&format!("{place}/")).unwrap().to_owned()).collect();
        assert_eq!(tags.len(), subjects.len(), "round {round}: {action} is recorded twice");
        tags
    };
    let (created, removed) = (recorded("secret.create"), recorded("secret.delete"));
    assert_eq!(created.len() + removed.len(), entries.len(), "round {round}: another kind of entry");
    let lost: Vec<_> = put.difference(&created).chain(deleted.difference(&removed)).collect();
    assert!(lost.is_empty(), "round {round}: acknowledged and lost: {lost:?}");
    let expected: Vec<_> = created.difference(&removed).cloned().collect();
    assert_eq!(tags, expected, "round {round}: changes and entries differ");
    assert_eq!(database::text(&t.instance, "PRAGMA integrity_check"), "ok", "round {round}");
}

/// The entries and the tags of secrets of one moment: a libSQL server may still carry out what the killed server has sent.
fn stored(t: &Deployment, tenant: &str) -> (Vec<AuditEntry>, Vec<String>) {
    let entries = || database::audit(&t.instance).into_iter().filter(|entry| entry.tenant == tenant).collect();
    let mut before: Vec<_> = entries();
    loop {
        let tags = database::secret_tags(&t.instance, tenant);
        let after = entries();
        if after == before {
            return (after, tags);
        }
        before = after;
    }
}
