//! What tenants have in common, and in what they differ.

use std::collections::{BTreeMap, BTreeSet};

use model::qnsp::access::{Comparison, PolicyDifference, Rule};
use serde_json::{Value, json};

/// The most things of a tenant that are compared.
pub const MOST_COMPARED: usize = 10_000;

/// What a tenant has, by its name.
pub type Things = BTreeMap<String, Value>;

/// What a policy says, the same for whoever wrote its lists in another order.
pub fn content(rule: &Rule) -> Value {
    let set = |list: &Vec<String>| list.iter().cloned().collect::<BTreeSet<_>>();
    json!({
        "effect": rule.effect, "principals": set(&rule.principals), "resources": set(&rule.resources),
        "actions": set(&rule.actions), "conditions": rule.conditions,
    })
}

/// The permissions that a policy speaks of: `<effect> <resource> <action>` for each combination.
pub fn permissions(rule: &Rule) -> impl Iterator<Item = String> {
    let effect: &str = rule.effect.into();
    let of_resource = move |resource: &String| {
        rule.actions.iter().map(move |action| format!("{effect} {resource} {action}")).collect()
    };
    rule.resources.iter().flat_map(move |resource| -> Vec<String> { of_resource(resource) })
}

/// Keeps the first things in their order; says whether there were more.
pub fn shorten(things: &mut Things) -> bool {
    let beyond = things.keys().nth(MOST_COMPARED).cloned();
    beyond.is_some_and(|beyond| !things.split_off(&beyond).is_empty())
}

/// Compares the tenants' things, each name with all that have it.
pub fn compare(tenants: &BTreeMap<String, Things>) -> Comparison {
    let names: BTreeSet<_> = tenants.values().flat_map(BTreeMap::keys).collect();
    let mut comparison = Comparison::default();
    comparison.unique_policies.extend(tenants.keys().map(|tenant| (tenant.clone(), Vec::new())));
    for name in names {
        let having = tenants.iter().filter_map(|(tenant, things)| Some((tenant.clone(), things.get(name)?.clone())));
        let having: BTreeMap<_, _> = having.collect();
        let mut contents = having.values();
        let first = contents.next();
        if having.len() == 1 {
            let unique = having.keys().next().and_then(|tenant| comparison.unique_policies.get_mut(tenant));
            unique.into_iter().for_each(|unique| unique.push(name.clone()));
        } else if contents.any(|content| Some(content) != first) {
            comparison.differences.push(PolicyDifference { policy_name: name.clone(), tenant_diffs: having });
        } else if having.len() == tenants.len() {
            comparison.common_policies.push(name.clone());
        }
    }
    comparison
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn things(list: &[(&str, i64)]) -> Things {
        list.iter().map(|(name, content)| ((*name).to_owned(), json!(content))).collect()
    }

    #[test]
    fn names_are_common_unique_or_different() {
        let tenants = BTreeMap::from([
            ("a".to_owned(), things(&[("all", 1), ("differs", 1), ("of a", 1), ("two", 1)])),
            ("b".to_owned(), things(&[("all", 1), ("differs", 2), ("two", 1)])),
            ("c".to_owned(), things(&[("all", 1)])),
        ]);
        let comparison = compare(&tenants);
        assert_eq!(comparison.common_policies, ["all"]);
        let unique = json!({ "a": ["of a"], "b": [], "c": [] });
        assert_eq!(json!(comparison.unique_policies), unique);
        let differences = json!([{ "policyName": "differs", "tenantDiffs": { "a": 1, "b": 2 } }]);
        assert_eq!(json!(comparison.differences), differences);
        assert!(!comparison.truncated);
    }

    #[test]
    fn the_order_of_lists_and_the_writing_of_conditions_make_no_difference() {
        let rule = |text: &str| serde_json::from_str::<Rule>(text).unwrap();
        let first = rule(
            r#"{"effect":"allow","principals":["*"],"resources":["b","a"],"actions":["x","y"],"conditions":{"a":{"gt":1,"lt":2}}}"#,
        );
        let second = rule(
            r#"{"effect":"allow","principals":["*","*"],"resources":["a","b"],"actions":["y","x"],"conditions":{"a":{"lt":2,"gt":1}}}"#,
        );
        assert_eq!(content(&first), content(&second));
        let permissions: Vec<_> = permissions(&first).collect();
        assert_eq!(permissions, ["allow b x", "allow b y", "allow a x", "allow a y"]);
    }

    #[test]
    fn the_first_things_are_kept() {
        let mut many: Things = (0..=MOST_COMPARED).map(|n| (format!("{n:05}"), Value::Null)).collect();
        assert!(shorten(&mut many));
        assert_eq!((many.len(), many.keys().last().unwrap().as_str()), (MOST_COMPARED, "09999"));
        assert!(!shorten(&mut many));
    }
}
