//! Who may call an operation, in words: from its row, and from the tables that decide.

use model::AuthLevel;
use policy::{Access, Action, Answer, Rule, Target, qnsp::Controls};
use serde_json::{Value, json};

/// What a caller shows.
pub fn security(access: Access) -> Value {
    let signed = json!({ "publickey": [], "licensekey": [], "requestid": [] });
    match access {
        Access::Anyone => json!([]),
        Access::Licence(_) => json!([signed]),
        Access::TokenOrLicence(_) => json!([signed, { "publickey": [], "requestid": [], "bearer": [] }]),
        Access::ConfigToken(_) | Access::Qnsp(_) => json!([{ "token": [] }]),
        Access::Session => json!([{ "session": [] }]),
        Access::AdminToken => json!([{ "admin-token": [] }]),
        Access::MetricsToken => json!([{ "metrics-token": [] }]),
    }
}

pub fn who_may_call(access: Access) -> String {
    match access {
        Access::Anyone => "**Who may call:** anybody.".to_owned(),
        Access::Licence(actions) => format!("**Who may call:**{}", by_action(actions)),
        Access::TokenOrLicence(action) => {
            format!(
                "**Who may call:** whoever has a token of the authorization server; with a licence,{}",
                by_action(&[action])
            )
        }
        Access::ConfigToken(permission) => {
            let permission: &str = permission.into();
            format!("**Who may call:** a token with the permission {permission} or more in its project.")
        }
        Access::Session => "**Who may call:** a developer who is logged in, on what is the developer's own.".to_owned(),
        Access::AdminToken => "**Who may call:** the holder of an operator's token for the portal's files.".to_owned(),
        Access::MetricsToken => "**Who may call:** the holder of the deployment's token for metrics.".to_owned(),
        Access::Qnsp(controls) => of_controls(controls),
    }
}

/// The step of due work has no row: every function that has some serves it beside its operations.
pub const DUE: &str = "POST /system/due/{function}";

pub fn of_due_work() -> (Value, String) {
    let who = "**Who may call:** the holder of the deployment's token for due work.";
    (json!([{ "due": [] }]), who.to_owned())
}

/// One action in a sentence, several in a list.
fn by_action(actions: &[Action]) -> String {
    match actions {
        [action] => format!(" {}.", by_target(*action)),
        _ => actions.iter().map(|action| format!("\n- {}: {}", words(*action), by_target(*action))).collect(),
    }
}

/// `FetchSecrets` is `fetch secrets`.
fn words(action: Action) -> String {
    let spaced = |letter: char| match letter.is_ascii_uppercase() {
        true => format!(" {}", letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    format!("{action:?}").chars().map(spaced).collect::<String>().trim_start().to_owned()
}

fn by_target(action: Action) -> String {
    let rules: Vec<_> = policy::rules().filter(|rule| rule.action == action).collect();
    assert!(!rules.is_empty(), "no table has a rule for {action:?}");
    let of_rule = |rule: &&Rule| match (rule.target, rules.len()) {
        (Target::Own, _) => "the caller's own key is refused".to_owned(),
        (Target::Level(levels), 2..) => format!("on a key of level {}: {}", list(levels), callers(rule)),
        _ => callers(rule),
    };
    rules.iter().map(of_rule).collect::<Vec<_>>().join("; ")
}

/// The levels that a rule allows, and on what condition.
fn callers(rule: &Rule) -> String {
    let those = |answer: Answer| -> Vec<AuthLevel> {
        AuthLevel::ALL.into_iter().filter(|level| rule.answer(*level) == answer).collect()
    };
    let told = [
        (Answer::Allow, "level"),
        (Answer::IfMember, "with a valid membership of the community, level"),
        (Answer::IfPresent, "with any membership of the community, level"),
    ];
    let told = told.into_iter().map(|(answer, how)| (those(answer), how)).filter(|(levels, _)| !levels.is_empty());
    told.map(|(levels, how)| format!("{how} {}", list(&levels))).collect::<Vec<_>>().join("; ")
}

/// `system, service or app`
fn list(levels: &[AuthLevel]) -> String {
    let names: Vec<&str> = levels.iter().map(|level| (*level).into()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => "nobody".to_owned(),
    }
}

fn of_controls(controls: Controls) -> String {
    let mut who = format!("Least role: {}.", controls.least.as_str());
    if controls.for_programs {
        who = "For programs (role service) and operators.".to_owned();
    }
    if controls.activation {
        who = "For every role.".to_owned();
    }
    if controls.entitled {
        who += &format!(" The tenant's tier must be {} or higher.", controls.service.least_tier().as_str());
    }
    if let Some(add_on) = controls.add_on {
        who += &format!(" The tenant needs the add-on {}.", add_on.as_str());
    }
    if let Some(billable) = controls.billable {
        who += &format!(" Billed as {}.", billable.as_str());
    }
    format!("**Who may call:** {}{}", who[..1].to_lowercase(), &who[1..])
}
