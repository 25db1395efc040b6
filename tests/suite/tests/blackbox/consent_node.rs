//! Consents beside an IPFS node: one that is well, one that is not there, one that is slow, one that lies. Nothing but
//! the time of a write depends on it, and that is bounded.

use std::{
    net::TcpListener,
    path::PathBuf,
    time::{Duration, Instant},
};

use chancery_tests::variables::Variables;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    consent::{anywhere, content, data, put, show},
    deployment::Deployment,
    ipfs::{IpfsNode, Mood},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_node_holds_every_document_under_its_id),
        case(a_node_that_fails_changes_nothing),
        case(a_lost_document_comes_from_the_node),
        case(a_document_that_was_altered_is_not_shown),
    ]
}

fn id(consent: &Value) -> String {
    consent["consentId"].as_str().unwrap().to_owned()
}

fn a_node_holds_every_document_under_its_id(shared: &Deployment) {
    let node = IpfsNode::start(Mood::Well);
    let t = &Deployment::start(shared.instance.runtime, node.variables(Variables::random())).unwrap();
    let place = anywhere();
    for title in ["one", "two ä"] {
        let id = id(&data(&put(&t.infra, &place, "biometric", &content(title))));
        let stored: Value = serde_json::from_slice(&node.holds(&id).unwrap()).unwrap();
        assert_eq!(stored["title"], title);
    }
    let asked = node.asked();
    data(&show(&t.infra, &format!("{place}/biometric")));
    data(&put(&t.infra, &place, "biometric", &json!({ "isEnabled": false })));
    assert_eq!(node.asked(), asked, "what is pinned is not asked about again");
}

fn a_node_that_fails_changes_nothing(shared: &Deployment) {
    let node = IpfsNode::start(Mood::Slow);
    let variables = Variables::random();
    let closed = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let absent = variables.clone().with("IPFS_API_URL", &closed).with("IPFS_API_HOST", &closed);
    let mut t = Deployment::start(shared.instance.runtime, absent).unwrap();
    let place = anywhere();
    let mut written = Vec::new();
    for mood in [None, Some(Mood::Slow), Some(Mood::Garbage), Some(Mood::Failing)] {
        if let Some(mood) = mood {
            node.change(mood);
            // A new instance does not know that the node failed.
            t = t.restart(node.variables(variables.clone())).unwrap();
        }
        let started = Instant::now();
        let consent = data(&put(&t.infra, &place, "biometric", &content(&format!("{mood:?}"))));
        assert!(started.elapsed() < Duration::from_secs(8), "{mood:?}: {:?}", started.elapsed());
        written.push(id(&consent));
        assert_eq!(data(&show(&t.infra, &format!("{place}/ipfs/{}", written.last().unwrap()))), consent);
    }
    assert!(written.iter().all(|id| node.holds(id).is_none() || node.asked() > 0));
    let log = t.instance.log();
    assert!(log.contains("IPFS node failed"), "{log}");
    assert!(!log.contains("of-the-node"), "the node's credentials were logged");

    // What the node missed it gets when that is read.
    node.change(Mood::Well);
    let t = t.restart(node.variables(variables)).unwrap();
    for id in &written {
        data(&show(&t.infra, &format!("{place}/ipfs/{id}")));
        assert!(node.holds(id).is_some());
    }
}

/// Runs a statement on the stopped database.
fn edit(files: &[PathBuf], statement: &str) {
    let mut changed = 0;
    for file in files.iter().filter(|file| !file.to_string_lossy().ends_with("-wal")) {
        let Ok(connection) = Connection::open(file) else { continue };
        changed += connection.execute(statement, []).unwrap_or(0);
    }
    assert!(changed > 0, "{statement}");
}

fn a_lost_document_comes_from_the_node(shared: &Deployment) {
    let node = IpfsNode::start(Mood::Well);
    let variables = node.variables(Variables::random());
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let place = anywhere();
    let first = data(&put(&t.infra, &place, "biometric", &content("one")));
    let second = data(&put(&t.infra, &place, "biometric", &content("two")));
    let t = t.restart_after(variables.clone(), |files| edit(files, "DELETE FROM consent_documents")).unwrap();

    // A document that the node holds, and that is none of this community's.
    let stranger = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
    node.put(stranger, b"hello world\n".to_vec());
    assert_eq!(show(&t.infra, &format!("{place}/ipfs/{stranger}")).status, 404);

    node.change(Mood::Failing);
    assert_eq!(show(&t.infra, &format!("{place}/ipfs/{}", id(&first))).status, 500);
    node.change(Mood::Well);
    let t = t.restart(variables.clone()).unwrap();
    assert_eq!(data(&show(&t.infra, &format!("{place}/ipfs/{}", id(&first)))), first);
    // A write needs the version before, and who may not write does not make the node work.
    let asked = node.asked();
    assert_eq!(put(&t.basic, &place, "biometric", &content("three")).status, 401);
    assert_eq!(node.asked(), asked);
    let third = data(&put(&t.infra, &place, "biometric", &json!({ "title": "three" })));
    assert_eq!(third["prevConsentId"], second["consentId"]);
    // Both are here again.
    let asked = node.asked();
    for consent in [&first, &second] {
        assert_eq!(data(&show(&t.infra, &format!("{place}/ipfs/{}", id(consent)))), *consent);
    }
    assert_eq!(node.asked(), asked);

    // A node that gives another document is not believed.
    let t = t.restart_after(variables, |files| edit(files, "DELETE FROM consent_documents")).unwrap();
    node.put(&id(&first), node.holds(&id(&second)).unwrap());
    assert_eq!(show(&t.infra, &format!("{place}/ipfs/{}", id(&first))).status, 500);
}

fn a_document_that_was_altered_is_not_shown(shared: &Deployment) {
    let variables = Variables::random();
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let place = anywhere();
    let first = data(&put(&t.infra, &place, "biometric", &content("one")));
    data(&put(&t.infra, &place, "other", &content("other")));
    let alter = "UPDATE consent_documents SET document = replace(document, '\"title\":\"one\"', '\"title\":\"0ne\"') \
                 WHERE document LIKE '%\"title\":\"one\"%'";
    let t = t.restart_after(variables, |files| edit(files, alter)).unwrap();
    for path in ["biometric".to_owned(), format!("ipfs/{}", id(&first))] {
        let reply = show(&t.infra, &format!("{place}/{path}"));
        assert_eq!(reply.status, 500);
        assert!(!String::from_utf8(reply.body).unwrap().contains("0ne"));
    }
    // Nothing is built upon it either, and nobody else is harmed.
    assert_eq!(put(&t.infra, &place, "biometric", &content("two")).status, 500);
    assert_eq!(put(&t.basic, &place, "biometric", &content("two")).status, 401);
    ok(&show(&t.infra, &format!("{place}/other")), 200);
    assert!(t.instance.log().contains("does not have the signature"));
}
