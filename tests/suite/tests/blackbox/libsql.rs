//! Two deployments over one libSQL server, as two machines would be: what is sent to both happens once, what one has
//! acknowledged is there when it is gone, and an answer that the server loses changes nothing.

use std::{collections::BTreeMap, fs, path::PathBuf, thread, time::Duration};

use chancery::client::{Api, Client};
use chancery_tests::{
    libsql::Database,
    runtime::Runtime,
    variables::{Variables, random_uuid},
};
use rusqlite::Connection;
use serde_json::json;

use crate::{
    answer::{ok, refused},
    case::{Case, case, together},
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(what_is_sent_to_two_instances_at_once_happens_once),
        case(what_an_instance_has_acknowledged_is_there_when_it_is_gone),
        case(a_change_whose_answer_the_server_loses_is_made_once),
    ]
}

const CALLERS: usize = 64;

/// The deployments are dropped before their database, and that before its folder.
struct Pair {
    one: Deployment,
    other: Deployment,
    database: Database,
    folder: Folder,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Pair {
    /// Workers have D1; over libSQL these cases would be the same as natively.
    fn start(shared: &Deployment) -> Option<Self> {
        let runtime = shared.instance.runtime;
        if matches!(runtime, Runtime::Workerd | Runtime::Libsql) {
            return None;
        }
        let folder = Folder(std::env::temp_dir().join(format!("chancery-libsql-{}", random_uuid())));
        fs::create_dir_all(&folder.0).unwrap();
        let database = Database::start(&folder.0).unwrap();
        let named = |variables: Variables, (name, value): (&str, String)| variables.with(name, &value);
        let variables = database.variables().into_iter().fold(Variables::random(), named);
        // Both find the schema missing.
        let mut started = together(2, |_| Deployment::start(runtime, variables.clone()).unwrap());
        let (other, one) = (started.pop().unwrap(), started.pop().unwrap());
        Some(Self { one, other, database, folder })
    }

    /// The same caller at one of both in turn.
    fn client(&self, number: usize) -> Client {
        let deployment = if number.is_multiple_of(2) { &self.one } else { &self.other };
        deployment.client(&self.one.service.secret)
    }

    /// How many entries there are about this place; `None` where nobody can look into the database.
    fn entries(&self, action: &str, tenant: &str) -> Option<i64> {
        self.database.file(&self.folder.0).map(|file| {
            let count = "SELECT count(*) FROM audit_entries WHERE action = ?1 AND tenant_id = ?2";
            Connection::open(file).unwrap().query_row(count, [action, tenant], |row| row.get(0)).unwrap()
        })
    }
}

fn body(tag: &str) -> serde_json::Value {
    json!({ "tag": tag, "value": "v", "createdBy": "suite" })
}

fn counted(statuses: Vec<u16>) -> BTreeMap<u16, usize> {
    let mut counted = BTreeMap::new();
    statuses.into_iter().for_each(|status| *counted.entry(status).or_insert(0) += 1);
    counted
}

fn what_is_sent_to_two_instances_at_once_happens_once(shared: &Deployment) {
    let Some(pair) = Pair::start(shared) else { return };
    let tenant = unique("tenant");
    let secrets = secrets_of(&tenant, &community());
    let once = |expected: u16, others: u16| BTreeMap::from([(expected, 1), (others, CALLERS - 1)]);

    let created =
        together(CALLERS, |number| pair.client(number).call("PUT", &secrets, &[], Some(&body("same"))).unwrap().status);
    assert_eq!(counted(created), once(201, 409));

    let service = &pair.one.service.client;
    let (change, read) = (service.headers(Api::Caas).unwrap(), service.headers(Api::Caas).unwrap());
    let bytes = body("replayed").to_string().into_bytes();
    let changed = together(CALLERS, |number| {
        let client = pair.client(number);
        client.send("PUT", &secrets, &[], &change.pairs(), Some(bytes.clone())).unwrap().status
    });
    assert_eq!(counted(changed), once(201, 401));
    let fetch = format!("{secrets}/fetch");
    let fetched =
        together(CALLERS, |number| pair.client(number).send("POST", &fetch, &[], &read.pairs(), None).unwrap().status);
    assert_eq!(counted(fetched), once(200, 401));

    let tags = together(CALLERS, |number| {
        let tag = format!("each_{number}");
        ok(&pair.client(number).call("PUT", &secrets, &[], Some(&body(&tag))).unwrap(), 201);
        tag
    });
    let found = ok(&pair.client(1).call("POST", &fetch, &[], None).unwrap(), 200);
    assert_eq!(found["secrets"].as_array().unwrap().len(), tags.len() + 2);
    let entries = i64::try_from(tags.len() + 2).unwrap();
    assert!(pair.entries("secret.create", &tenant).is_none_or(|recorded| recorded == entries));
}

fn what_an_instance_has_acknowledged_is_there_when_it_is_gone(shared: &Deployment) {
    const WRITERS: usize = 16;
    let Some(pair) = Pair::start(shared) else { return };
    let tenant = unique("tenant");
    let secrets = secrets_of(&tenant, &community());
    let acknowledged = together(WRITERS + 1, |number| {
        if number == WRITERS {
            thread::sleep(Duration::from_millis(400));
            pair.one.instance.kill();
            return Vec::new();
        }
        let client = pair.client(number);
        let mut tags = Vec::new();
        for turn in 0..40 {
            let tag = format!("w{number}_{turn}");
            match client.call("PUT", &secrets, &[], Some(&body(&tag))) {
                Ok(reply) if reply.status == 201 => tags.push(tag),
                // Only the one that is gone may fail.
                Ok(reply) if number.is_multiple_of(2) && reply.status >= 500 => break,
                Err(_) if number.is_multiple_of(2) => break,
                Ok(reply) => panic!("{} to {tag}", reply.status),
                Err(error) => panic!("{error} to {tag}"),
            }
        }
        tags
    });
    assert!(acknowledged.iter().skip(1).step_by(2).all(|tags| tags.len() == 40), "the other one did not go on");
    let found = ok(&pair.client(1).call("POST", &format!("{secrets}/fetch"), &[], None).unwrap(), 200);
    let found: Vec<_> =
        found["secrets"].as_array().unwrap().iter().map(|secret| secret["tag"].as_str().unwrap()).collect();
    let lost: Vec<_> = acknowledged.iter().flatten().filter(|tag| !found.contains(&tag.as_str())).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let entries = i64::try_from(found.len()).unwrap();
    assert!(pair.entries("secret.create", &tenant).is_none_or(|recorded| recorded == entries));
}

/// Only our own server loses answers when it is asked to.
fn a_change_whose_answer_the_server_loses_is_made_once(shared: &Deployment) {
    let Some(pair) = Pair::start(shared) else { return };
    let Some(faults) = pair.database.faults() else { return };
    let tenant = unique("tenant");
    let secrets = secrets_of(&tenant, &community());
    ok(&pair.client(0).call("PUT", &secrets, &[], Some(&body("before"))).unwrap(), 201);

    faults.lose_answers(1);
    let lost = refused(&pair.client(0).call("PUT", &secrets, &[], Some(&body("lost"))).unwrap(), 500);
    assert!(lost.contains("The change was made"), "{lost}");
    assert!(pair.one.instance.log().contains("committed, but the answer was lost"));
    refused(&pair.client(1).call("PUT", &secrets, &[], Some(&body("lost"))).unwrap(), 409);
    assert_eq!(pair.entries("secret.create", &tenant), Some(2));

    // What is not executed before it is given up never is; what was tried again is.
    faults.execute_late(1, Duration::from_millis(300));
    ok(&pair.client(0).call("PUT", &secrets, &[], Some(&body("late"))).unwrap(), 201);
    thread::sleep(Duration::from_millis(600));
    assert_eq!(pair.entries("secret.create", &tenant), Some(3));

    // A signed read is answered all the same, and once.
    let headers = pair.one.service.client.headers(Api::Licenses).unwrap();
    let read = |number| {
        let path = "/licenses/servicekey/current";
        pair.client(number).send("GET", path, &[], &headers.pairs(), None).unwrap()
    };
    faults.lose_answers(1);
    ok(&read(0), 200);
    refused(&read(1), 401);
}
