//! The authorisation matrix, made from the operation rows: every operation is asked for by every kind of caller, and each
//! answer must be what the row's access says. A new operation joins by its row and by one sample of a request in
//! `matrix/`; a new kind of access by a file beside `licences`. What an operation answers in its body, and what follows
//! from it, is the business of other cases.
//!
//! Natively all of it is asked; on the other runtimes, where the same code answers more slowly, every ninth question.

mod callers;
mod config_tokens;
mod developers;
mod examples;
mod licences;
mod qnsp_keys;
mod sample;
mod samples_caas;
mod samples_config;
mod samples_operators;
mod samples_others;
mod samples_portal;
mod samples_qnsp;
mod samples_qnsp_access;
mod samples_qnsp_ai;
mod samples_qnsp_data;
mod samples_qnsp_dynamic;
mod samples_qnsp_escrow;
mod samples_qnsp_hsm;
mod samples_qnsp_kms;
mod samples_qnsp_storage;
mod samples_qnsp_vault;
mod states;
mod states_ai;
mod states_escrow;
mod world;

use std::{collections::BTreeMap, sync::Arc};

use chancery::client::Reply;
use chancery_tests::{rows, runtime::Runtime, selection::Selection, variables::Variables};
use policy::{Access, Operation};
use serde_json::Value;

use self::{
    callers::{Caller, Credentials, Expected},
    sample::{Request, Sample},
    world::World,
};
use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    environment::installation,
};

/// On the other runtimes one question in so many is asked.
const SAMPLED: usize = 9;

pub fn cases() -> Vec<Case> {
    let of_function = |(function, rows): (&'static str, Vec<Arc<Operation>>)| {
        Case::named(&format!("matrix::{function}"), move |t| drive(t, function, &rows))
    };
    let all = rows::of_functions().into_iter().map(of_function);
    all.chain([case(every_row_has_its_samples), case(examples::every_operation_has_an_example)]).collect()
}

fn every_row_has_its_samples(_: &Deployment) {
    let samples = sample::all();
    let rows = rows::all();
    let faults = rows.iter().flat_map(|row| sample::faults(row, &samples));
    let rowless = samples.iter().filter(|sample| !rows.iter().any(|row| sample.is_of(row)));
    let faults: Vec<_> = faults.chain(rowless.map(|sample| format!("there is no row {}", sample.of))).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn drive(shared: &Deployment, function: &str, rows: &[Arc<Operation>]) {
    let own = own_deployment(shared, function, rows);
    let t = own.as_ref().unwrap_or(shared);
    let credentials = Credentials::new(t, rows);
    let samples = sample::all();
    let mut count = 0;
    for (number, row) in rows.iter().enumerate() {
        let mut asked = samples.iter().filter(|sample| sample.is_of(row)).peekable();
        assert!(asked.peek().is_some(), "{} {} has no sample", row.method, row.path);
        for sample in asked {
            let mut world = World::new(t, &credentials);
            let mut callers = callers::of(row, sample, &world);
            if t.instance.runtime != Runtime::Native {
                let mut place = number;
                callers.retain(|_| {
                    place += 1;
                    place.is_multiple_of(SAMPLED)
                });
            }
            count += callers.len();
            ask_all(row, sample, &mut world, &callers);
        }
    }
    assert!(count > 0, "nothing was asked");
}

/// Asks first in the name of those who are refused, always the same; then of those whom the operation is for, each with
/// a request of its own, as theirs may be a deletion. The first of them asks what was refused, and succeeds: so nothing
/// had come of it.
fn ask_all(row: &Operation, sample: &Sample, world: &mut World, callers: &[Caller]) {
    let is_refused = |caller: &&Caller| matches!(caller.expected, Expected::Refused(..));
    let (refused, others): (Vec<_>, Vec<_>) = callers.iter().partition(is_refused);
    let mut requests = BTreeMap::new();
    for caller in &refused {
        world.community.clone_from(&caller.community);
        requests.entry(&caller.community).or_insert_with(|| sample.request(world));
    }
    let before = world.witness(row.access);
    for caller in &refused {
        let request = &requests[&caller.community];
        check(row, sample, caller, world, request);
        // The credential is judged first, whatever the body says.
        if let (Some(wrong), true) = (&sample.wrong, judges_before_the_body(row.access)) {
            check(row, sample, caller, world, &Request { body: Some(wrong.clone()), ..request.clone() });
        }
    }
    assert_eq!(world.witness(row.access), before, "{}: somebody who was refused did it", sample.of);
    for caller in others {
        world.community.clone_from(&caller.community);
        let is_admitted = matches!(caller.expected, Expected::Admitted);
        if let Some(wrong) = &sample.wrong {
            let request = Request { body: Some(wrong.clone()), ..sample.request(world) };
            let reply = caller.send(world.t, &row.method, &request);
            let fits = reply.status == 400 || (reply.status == 404 && !is_admitted);
            assert!(fits, "{} with {wrong} by {}: {}", sample.of, caller.name, reply.status);
        }
        let refused_before = if is_admitted { requests.remove(&caller.community) } else { None };
        let request = refused_before.unwrap_or_else(|| sample.request(world));
        check(row, sample, caller, world, &request);
    }
}

/// Bodies of signed requests are parsed before storage is asked, as they may be encrypted.
fn judges_before_the_body(access: Access) -> bool {
    matches!(access, Access::ConfigToken(_) | Access::Session | Access::Qnsp(_))
}

fn check(row: &Operation, sample: &Sample, caller: &Caller, world: &World, request: &Request) {
    let Request { path, body, .. } = request;
    assert!(sample.fits(row, path), "{path} is no path of {}", row.path);
    let reply = caller.send(world.t, &row.method, request);
    let what = || {
        let answer = String::from_utf8_lossy(&reply.body);
        format!("{} {path} {} by {}: {answer}", row.method, body.as_ref().unwrap_or(&Value::Null), caller.name)
    };
    match &caller.expected {
        Expected::Refused(status, message) => {
            assert_eq!(reply.status, *status, "{}", what());
            let told = message_of(&reply);
            assert!(!told.is_empty() && message.as_ref().is_none_or(|message| told == *message), "{}", what());
        }
        Expected::Admitted => assert_eq!(reply.status, sample.admitted(row), "{}", what()),
        Expected::Foreign => {
            assert_eq!(reply.status, sample.to_strangers(row), "{}", what());
            let answer = String::from_utf8_lossy(&reply.body);
            let marks = world.marks(row.access);
            assert!(!marks.iter().any(|mark| answer.contains(mark)), "what others have is told: {}", what());
        }
    }
}

/// The text of a refusal, in whichever shape.
fn message_of(reply: &Reply) -> String {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = ["message", "error"].iter().find_map(|name| body[name].as_str());
    text.unwrap_or_default().to_owned()
}

/// What gives callers what they present, and what a sample of the environment or of the portal finds there.
const OF_CALLERS: [&str; 11] = [
    "accounts",
    "applications",
    "credentials",
    "developer",
    "files",
    "groups",
    "key-authorization",
    "operators",
    "portal-admin",
    "secret-store",
    "tokens",
];

/// Where an operation cannot be taken back: nobody else may live in an environment that was installed here. And where a
/// caller's session is changed from outside, which D1 answers to calls beside with a fault.
fn own_deployment(shared: &Deployment, function: &str, rows: &[Arc<Operation>]) -> Option<Deployment> {
    let runtime = shared.instance.runtime;
    let is_changed = runtime == Runtime::Workerd && has_sessions(rows);
    (function == "environment" || is_changed).then(|| {
        let functions = Selection::of(OF_CALLERS.into_iter().chain([function]));
        let t = Deployment::start_with(runtime, functions, Variables::random()).unwrap();
        if function == "environment" {
            ok(&t.system.post("/caas/environment/install", &installation()), 200);
        }
        t
    })
}

fn has_sessions(rows: &[Arc<Operation>]) -> bool {
    rows.iter().any(|row| matches!(row.access, Access::Session))
}
