//! Each operation row stands in the OpenAPI documents, once, and the gateway leads to its function; and each documented
//! operation is a row. That the matrix asks for it is a case of the black-box suite, where its answers are.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use chancery_tests::{documented, rows};
use functions::gateway::routes;
use policy::{Access, Action, Operation, config::Permission};

/// What every function with due work serves beside the operations of its API, without a row.
const DUE_WORK: &str = "POST /system/due/{function}";

#[test]
fn rows_and_documents_have_the_same_operations() {
    let mut rows_seen = BTreeSet::new();
    for row in rows::all() {
        let name = format!("{} {}", row.method, row.path);
        assert!(rows_seen.insert(name.clone()), "two rows are {name}");
    }
    let mut documented_seen = BTreeSet::new();
    for operation in documented::operations().unwrap() {
        let name = format!("{} {}", operation.method, operation.path);
        if name == DUE_WORK {
            continue;
        }
        assert!(operation.success().is_some(), "{name} has no success of its own, or more than one");
        assert!(documented_seen.insert(name.clone()), "{name} is documented twice");
    }
    let missing = |from: &BTreeSet<String>, others: &BTreeSet<String>| others.difference(from).cloned().collect();
    let [undocumented, without_row]: [Vec<_>; 2] =
        [missing(&documented_seen, &rows_seen), missing(&rows_seen, &documented_seen)];
    assert!(undocumented.is_empty(), "in no OpenAPI document: {undocumented:?}");
    assert!(without_row.is_empty(), "documented, and no function has a row: {without_row:?}");
}

#[test]
fn the_gateway_leads_to_the_function_of_each_row() {
    for (function, rows) in rows::of_functions() {
        assert!(!rows.is_empty(), "{function} has no operations");
        for row in rows {
            let path = row.path.replace(['{', '}'], "");
            assert_eq!(routes::find(&path).map(|found| found.name), Some(function), "{path}");
        }
    }
}

/// Who may call an operation is written once, in its row, which the matrix takes for the truth. So it is compared here
/// with what is written elsewhere: statuses, methods, and the words of the audit log.
#[test]
fn the_access_of_a_row_fits_what_else_is_known_of_it() {
    let documented = documented::operations().unwrap();
    for row in rows::all() {
        let statuses =
            documented.iter().find(|it| it.method == row.method && it.path == row.path).map(|it| &it.statuses);
        let refuses = |status: u16| statuses.unwrap().contains(&status);
        let name = format!("{} {}", row.method, row.path);
        match row.access {
            Access::Anyone => assert_eq!(refuses(401), JUDGES_ITSELF.contains(&name.as_str()), "{name}"),
            Access::Licence(actions) => {
                assert!(refuses(401), "{name}");
                check_words(&row, actions);
            }
            Access::TokenOrLicence(action) => {
                assert!(refuses(401), "{name}");
                check_words(&row, &[action]);
            }
            Access::ConfigToken(needed) => {
                assert!(refuses(401) && refuses(403), "{name}");
                let is_read = row.method == "GET";
                assert_eq!(needed, if is_read { Permission::Read } else { Permission::Admin }, "{name}");
            }
            Access::Qnsp(_) => assert!(refuses(401) && refuses(403), "{name}"),
            Access::Session | Access::AdminToken | Access::MetricsToken => assert!(refuses(401), "{name}"),
        }
    }
}

/// Operations that are for anyone who has a password or a token from a mail.
const JUDGES_ITSELF: [&str; 5] = [
    "GET /auth",
    "POST /verify-account",
    "POST /invalidate-account-verification",
    "POST /validate-reset",
    "POST /reset-password",
];

/// Actions that stand for several operations, each with a word of its own.
const GROUPS: [Action; 5] =
    [Action::ManageQnsp, Action::ManageTokens, Action::ManagePortal, Action::RotateRootKey, Action::Introspect];

fn check_words(row: &Operation, actions: &[Action]) {
    for action in actions.iter().filter(|action| !GROUPS.contains(action)) {
        assert_eq!(row.audit, Some(action.name()), "{} {} asks for {action:?}", row.method, row.path);
    }
}
