//! Each operation row stands in the OpenAPI documents, once, and the gateway leads to its function; and each documented
//! operation is a row. That the matrix asks for it is a case of the black-box suite, where its answers are. And the
//! table that people read has every action of the rows, with what the permission tables say of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs};

use chancery_tests::{documented, rows, runtime::root};
use functions::gateway::routes;
use model::AuthLevel;
use policy::{Access, Action, Answer, Operation, Target, config::Permission};

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

/// The lines of the table in docs/integrating.md, with the actions that each is about.
const TABLE: [(&str, &[Action]); 25] = [
    ("its own licence (`/licenses/servicekey/current`)", &[Action::GetCurrentKey]),
    ("its own membership (`licensecheck`)", &[Action::CheckLicense]),
    (
        "show, list, make, change, delete licences",
        &[Action::GetKey, Action::SeeKeyInList, Action::CreateKey, Action::UpdateKey, Action::DeleteKey],
    ),
    ("members of a community: list", &[Action::ListCommunityKeys]),
    ("… add", &[Action::AddToCommunity]),
    (
        "… change, remove (removing answers 403 instead of 401)",
        &[Action::PatchInCommunity, Action::RemoveFromCommunity],
    ),
    ("secrets of a community: fetch, put, delete", &[Action::FetchSecrets, Action::PutSecret, Action::DeleteSecret]),
    ("consents: read", &[Action::ReadConsent]),
    ("consents: put", &[Action::PutConsent]),
    ("configuration of a community: fetch", &[Action::FetchCommunityConfig]),
    ("… set, remove", &[Action::SetCommunityConfig, Action::RemoveCommunityConfig]),
    ("configuration of a person: fetch", &[Action::FetchPersonConfig]),
    ("… set, remove", &[Action::SetPersonConfig, Action::RemovePersonConfig]),
    ("configuration of an app: fetch", &[Action::FetchAppConfig]),
    ("… set", &[Action::SetAppConfig]),
    ("… remove", &[Action::RemoveAppConfig]),
    ("… of `platform`, `adminconsole.global`: fetch", &[Action::FetchReservedAppConfig]),
    ("… set, remove", &[Action::SetReservedAppConfig, Action::RemoveReservedAppConfig]),
    ("with `internal`, besides the above: fetch, set", &[Action::FetchInternalConfig, Action::SetInternalConfig]),
    ("… remove", &[Action::RemoveInternalConfig]),
    (
        "extensions: activate, deactivate, status",
        &[Action::ActivateExtension, Action::DeactivateExtension, Action::ShowExtension],
    ),
    ("create a community", &[Action::CreateCommunity]),
    (
        "install the environment, change the service directory, seal under a new root key",
        &[Action::InstallEnvironment, Action::PatchDirectory, Action::RotateRootKey],
    ),
    (
        "tokens of the Config API, tenants and keys of QNSP, audit log, portal",
        &[Action::ManageTokens, Action::ManageQnsp, Action::ReadAudit, Action::ManagePortal],
    ),
    ("ask about a credential of the portal (`/portal/introspect`)", &[Action::Introspect]),
];

#[test]
fn the_table_in_the_documentation_is_what_the_rows_allow() {
    let text = fs::read_to_string(root().join("docs/integrating.md")).unwrap();
    let heading = format!("| | {} |", AuthLevel::ALL.map(|level| level.into_str()).join(" | "));
    let (_, table) = text.split_once(&heading).unwrap_or_else(|| panic!("docs/integrating.md has no table {heading}"));
    let lines: Vec<_> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    // What is listed is judged key by key.
    let mut told = vec![Action::ListKeys];
    assert_eq!(lines.len(), TABLE.len());
    for (line, (label, actions)) in lines.into_iter().zip(TABLE) {
        for action in actions {
            let cells = AuthLevel::ALL.map(|caller| cell(*action, caller)).join(" | ");
            assert_eq!(line, format!("| {label} | {cells} |"), "docs/integrating.md is not what {action:?} allows");
            told.push(*action);
        }
    }
    let asked = rows::all().into_iter().flat_map(|row| match row.access {
        Access::Licence(actions) => actions.to_vec(),
        Access::TokenOrLicence(action) => vec![action],
        _ => Vec::new(),
    });
    let untold: Vec<_> = asked.filter(|action| !told.contains(action)).collect();
    assert!(untold.is_empty(), "docs/integrating.md says nothing of {untold:?}");
}

/// What a caller of this level may, whatever it is done to.
fn cell(action: Action, caller: AuthLevel) -> &'static str {
    let rules = action.rules().filter(|rule| !matches!(rule.target, Target::Own));
    let (denied, allowed): (Vec<_>, Vec<_>) =
        rules.partition(|rule| matches!(rule.answer(caller), Answer::Deny | Answer::Forbid));
    let denied = denied.iter().flat_map(|rule| match rule.target {
        Target::Level(levels) => levels,
        Target::None | Target::Own => &[],
    });
    let members = allowed.iter().all(|rule| matches!(rule.answer(caller), Answer::IfMember | Answer::IfPresent));
    match (allowed.is_empty(), members, denied.copied().collect::<Vec<_>>().as_slice()) {
        (true, ..) => "–",
        (false, false, []) => "Y",
        (false, true, []) => "M",
        (false, false, [AuthLevel::System]) => "all but system",
        (false, true, [AuthLevel::System, AuthLevel::Service]) => "M: below service",
        (.., denied) => panic!("say in words that {caller:?} may {action:?} but on {denied:?}"),
    }
}
