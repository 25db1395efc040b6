//! Refusals that are documented at many operations and have no case of their own: a page that cannot be read, a caller
//! who may not, a name that is not there.

use serde_json::json;

use crate::{
    answer::refused,
    case::{Case, case},
    deployment::{Deployment, unique},
    portal::developer,
    portal_applications::{application, id},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_page_that_cannot_be_read_is_refused),
        case(what_is_not_there_is_not_found),
        case(bodies_without_their_members_are_refused),
    ]
}

fn a_page_that_cannot_be_read_is_refused(t: &Deployment) {
    for path in [
        "/caas/portal/application-instances",
        "/caas/portal/developers",
        "/caas/portal/files",
        "/caas/portal/mail",
        "/caas/portal/services",
    ] {
        refused(&t.service.get(&format!("{path}?size=0")), 400);
    }
    refused(&t.service.get("/caas/audit/platform/checkpoints?after=x"), 400);
    let owner = developer(t).session;
    let app = application(&owner);
    for path in [
        "/application_services".to_owned(),
        format!("/applications/{}/application_instances", id(&app)),
        format!("/applications/{}/credentials", id(&app)),
    ] {
        let reply = owner.get(&format!("{path}?size=0"));
        assert_eq!(reply.status, 400, "{path}");
    }
}

fn what_is_not_there_is_not_found(t: &Deployment) {
    refused(&t.service.get("/caas/portal/mail/5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11"), 404);
    let nobody = format!("/caas/portal/developers/{}", unique("nobody"));
    refused(&t.service.patch(&nobody, &json!({ "status": 0 })), 404);
}

fn bodies_without_their_members_are_refused(t: &Deployment) {
    for api in ["/caas", "/licenses"] {
        refused(&t.anonymous.post(&format!("{api}/ecdsa_helper"), &json!({ "dataStr": "x" })), 400);
        refused(&t.anonymous.get(&format!("{api}/healthz?ready=perhaps")), 400);
    }
    let owner = developer(t).session;
    assert_eq!(owner.call("PUT", "/developer/meta", Some(&json!({}))).status, 400);
}
