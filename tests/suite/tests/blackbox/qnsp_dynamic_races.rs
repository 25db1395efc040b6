//! Renewals and revocations of one lease at once: what is stored of its end and what the server was told agree afterwards.

use chancery_tests::postgres::Postgres;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_dynamic::{configured, keys, leased, listed, password, path_of},
    qnsp_dynamic_postgres::{log_in, no_user, on, refuses_login, server, user},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(what_renewals_at_once_have_stored_is_what_the_server_was_told),
        case(a_lease_that_is_revoked_among_renewals_never_lives_again),
        case(a_user_that_revocation_keeps_stays_as_it_was_revoked),
        case(a_key_that_is_revoked_among_renewals_never_works_again),
    ]
}

/// How many calls are made at once.
const CALLS: usize = 16;

fn ends_at(server: &Postgres, lease: &Value, end: &str) -> bool {
    server
        .holds(&format!("EXISTS (SELECT FROM pg_roles WHERE rolname = '{}' AND rolvaliduntil = '{end}')", user(lease)))
}

/// Each call asks for another end.
fn renew(caller: &Caller, lease: &Value, number: usize) -> u16 {
    caller.post(&path_of(lease, "renew"), &json!({ "ttl": format!("PT{}M", number + 5) })).status
}

fn what_renewals_at_once_have_stored_is_what_the_server_was_told(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    for _ in 0..3 {
        let lease = leased(developer, &config, &json!({}));
        let statuses = together(CALLS, |number| renew(developer, &lease, number));
        assert!(statuses.contains(&200) && statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
        let stored = listed(developer, &config, &lease).unwrap();
        assert_eq!(stored["status"], "active");
        assert_ne!(stored["expiresAt"], lease["expiresAt"]);
        assert!(ends_at(&server, &lease, stored["expiresAt"].as_str().unwrap()), "{stored}");
        assert_eq!(log_in(&server, &lease), Ok(()));
        // Nobody keeps the lease for itself.
        ok(&developer.post(&path_of(&lease, "renew"), &json!({ "ttl": "PT1M" })), 200);
    }
}

/// One of the calls revokes the lease; it is told so, and the others that it is revoked. On a busy machine it may find the
/// lease in the hands of others for too long, and then asks again.
#[track_caller]
fn revoked_among_renewals(developer: &Caller, config: &str, lease: &Value) {
    let revoke = || developer.post(&path_of(lease, "revoke"), &json!({})).status;
    let statuses = together(CALLS, |number| {
        if number == CALLS / 2 {
            (0..9).map(|_| revoke()).find(|status| *status != 409).unwrap_or(409)
        } else {
            renew(developer, lease, number)
        }
    });
    assert_eq!(statuses[CALLS / 2], 200, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(listed(developer, config, lease).unwrap()["status"], "revoked");
    refuses(&developer.post(&path_of(lease, "renew"), &json!({})), 409, &[]);
}

fn a_lease_that_is_revoked_among_renewals_never_lives_again(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    for _ in 0..3 {
        let lease = leased(developer, &config, &json!({}));
        revoked_among_renewals(developer, &config, &lease);
        refuses_login(&server, &lease);
        assert!(server.holds(&no_user(user(&lease))));
    }
}

fn a_user_that_revocation_keeps_stays_as_it_was_revoked(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let template = json!({
        "roleTemplate": "reader",
        "revocationStatements": ["ALTER ROLE \"{{name}}\" VALID UNTIL '2001-01-01T00:00:00Z'"],
    });
    let config = configured(admin, &on(&server, &json!({ "template": template })));
    for _ in 0..3 {
        let lease = leased(developer, &config, &json!({}));
        revoked_among_renewals(developer, &config, &lease);
        assert!(ends_at(&server, &lease, "2001-01-01T00:00:00Z"), "{lease}");
        refuses_login(&server, &lease);
    }
}

fn a_key_that_is_revoked_among_renewals_never_works_again(t: &Deployment) {
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &keys(&json!({ "default": "PT15M", "max": "PT1H" })));
    let lease = leased(developer, &config, &json!({}));
    let holder = Caller::with_token(t, &tenant.id, password(&lease));
    ok(&holder.get(&format!("{config}/leases")), 200);
    revoked_among_renewals(developer, &config, &lease);
    refuses(&holder.get(&format!("{config}/leases")), 401, &["reason"]);
}
