//! Playbooks: which events start one, and what its actions may aim at.

use serde_json::{Map, Value};

use super::glob;

/// From the least severe on.
const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// Which events start a playbook.
pub struct Trigger {
    /// Patterns; `*` stands for any run of characters.
    pub event_types: Vec<String>,
    /// The least severity.
    pub threshold: String,
    /// By a path with dots in the event, the value that must stand there.
    pub filters: Map<String, Value>,
}

impl Trigger {
    /// Whether an event as it is shown starts the playbook. What the system or a playbook does starts none, so that none
    /// goes on for ever.
    pub fn is_met(&self, event: &Value) -> bool {
        let text = |path: &str| at(event, path).and_then(Value::as_str).unwrap_or_default();
        let event_type = text("eventType");
        text("actor.type") != "system"
            && !event_type.starts_with("security.playbook.")
            && self.event_types.iter().any(|pattern| glob::matches(pattern, event_type))
            && rank(text("severity")) >= rank(&self.threshold)
            && self.filters.iter().all(|(path, value)| at(event, path) == Some(value))
    }
}

fn rank(severity: &str) -> Option<usize> {
    SEVERITIES.iter().position(|known| *known == severity)
}

fn at<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(event, |value, name| value.get(name))
}

/// The principals among targets: `type:id`.
pub fn principals(targets: &[String]) -> Vec<String> {
    targets.iter().filter(|target| separator(target) == Some(':')).cloned().collect()
}

/// The resources among targets: `type/id`.
pub fn resources(targets: &[String]) -> Vec<String> {
    targets.iter().filter(|target| separator(target) == Some('/')).cloned().collect()
}

/// What stands between the type and the id of a target, where it has both.
fn separator(target: &str) -> Option<char> {
    let place = target.find([':', '/']).filter(|place| *place > 0 && place + 1 < target.len())?;
    target.get(place..)?.chars().next()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "eventType": "vault.secret.delete", "severity": "medium", "actor": { "type": "user" },
            "resource": { "type": "secret", "id": null }, "payload": { "count": 3, "tags": ["a"] },
        })
    }

    fn is_met(event_types: &[&str], threshold: &str, filters: &Value, event: &Value) -> bool {
        let trigger = Trigger {
            event_types: event_types.iter().map(|word| (*word).to_owned()).collect(),
            threshold: threshold.to_owned(),
            filters: filters.as_object().cloned().unwrap_or_default(),
        };
        trigger.is_met(event)
    }

    #[test]
    fn type_severity_and_every_filter_must_fit() {
        let none = json!({});
        for (types, threshold, filters, expected) in [
            (&["vault.*"][..], "medium", none.clone(), true),
            (&["kms.*", "*.delete"], "info", none.clone(), true),
            (&["vault.secret"], "info", none.clone(), false),
            (&["*"], "high", none.clone(), false),
            (&["*"], "low", json!({ "resource.type": "secret", "payload.count": 3 }), true),
            (&["*"], "low", json!({ "resource.type": "secret", "payload.count": 4 }), false),
            (&["*"], "low", json!({ "payload.count": "3" }), false),
            (&["*"], "low", json!({ "resource.id": null }), true),
            (&["*"], "low", json!({ "resource.name": null }), false),
            (&["*"], "low", json!({ "payload.tags": ["a"] }), true),
        ] {
            assert_eq!(is_met(types, threshold, &filters, &event()), expected, "{types:?} {threshold} {filters}");
        }
    }

    #[test]
    fn what_the_system_or_a_playbook_does_starts_nothing() {
        let mut by_system = event();
        by_system["actor"]["type"] = json!("system");
        let mut of_playbook = event();
        of_playbook["eventType"] = json!("security.playbook.execute");
        assert!(!is_met(&["*"], "info", &json!({}), &by_system) && !is_met(&["*"], "info", &json!({}), &of_playbook));
    }

    #[test]
    fn targets_are_told_apart_by_what_stands_behind_their_type() {
        let targets = ["user:7", "db/orders", "db/a:b", "user:a/b", "user", ":7", "db/", ""].map(str::to_owned);
        assert_eq!(principals(&targets), ["user:7", "user:a/b"]);
        assert_eq!(resources(&targets), ["db/orders", "db/a:b"]);
    }
}
