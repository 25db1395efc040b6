//! What a policy says: whom, what and which actions it is about, under which conditions, and its effect.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{body, faults::Faults, json::JsonText, qnsp::Object};

/// The effect of a policy, and the word of a decision. Denials come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = AccessEffect)]
pub enum Effect {
    Deny,
    Allow,
}

impl Effect {
    /// The decision that says whether something is allowed.
    #[must_use]
    pub fn of(is_allowed: bool) -> Self {
        if is_allowed { Self::Allow } else { Self::Deny }
    }
}

/// The most patterns of one list, and the most characters of one.
const MOST_PATTERNS: usize = 100;
const LONGEST: usize = 256;

/// 1 to 100 patterns of 1 to 256 characters, in which `*` stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Patterns(pub Vec<String>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let patterns = Vec::<super::super::Text<1, LONGEST>>::deserialize(from)?;
        if (1..=MOST_PATTERNS).contains(&patterns.len()) {
            return Ok(Self(patterns.into_iter().map(super::super::Text::into_string).collect()));
        }
        Err(D::Error::custom(format!("must have 1 to {MOST_PATTERNS} items")))
    }
}

body! {
    /// What a policy says. It applies when a principal pattern, a resource pattern and an action pattern match and all
    /// conditions hold.
    #[derive(Clone, Debug)]
    pub struct AccessStatement {
        pub effect: Effect as "effect",
        /// Held against `type:id`; `["*"]` if not given.
        #[schema(value_type = Option<Vec<String>>)]
        pub principals: Option<Patterns> as "principals",
        /// Held against `type/id` and against `type:id`.
        #[schema(value_type = Vec<String>)]
        pub resources: Patterns as "resources",
        #[schema(value_type = Vec<String>)]
        pub actions: Patterns as "actions",
        /// From a path to what must stand there: a value, or an object of `eq`, `ne`, `in`, `gt`, `gte`, `lt`, `lte` and
        /// `startsWith`, all of which must hold.
        #[schema(value_type = Option<Object>)]
        pub conditions: Option<Conditions> as "conditions",
    }
}

/// A statement with nothing left away, as it is stored and evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub effect: Effect,
    pub principals: Vec<String>,
    pub resources: Vec<String>,
    pub actions: Vec<String>,
    pub conditions: Conditions,
}

impl From<AccessStatement> for Rule {
    fn from(statement: AccessStatement) -> Self {
        let everybody = || Patterns(vec!["*".to_owned()]);
        Self {
            effect: statement.effect,
            principals: statement.principals.unwrap_or_else(everybody).0,
            resources: statement.resources.0,
            actions: statement.actions.0,
            conditions: statement.conditions.unwrap_or_default(),
        }
    }
}

/// Conditions by their paths.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Conditions(pub BTreeMap<String, Condition>);

/// What must stand at a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Condition {
    /// Every operator of an object. Before a value, so that an object is one of these.
    All(BTreeMap<Operator, Value>),
    Equals(Value),
}

/// In the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumString)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Operator {
    Eq,
    Gt,
    Gte,
    In,
    Lt,
    Lte,
    Ne,
    StartsWith,
}

impl Operator {
    /// What is wrong with an operand; one that never holds is a mistake.
    fn fault(self, operand: &Value) -> Option<&'static str> {
        match self {
            Self::Eq | Self::Ne => None,
            Self::In => (!operand.is_array()).then_some("must be a list"),
            Self::Gt | Self::Gte | Self::Lt | Self::Lte => {
                (!operand.is_number() && !operand.is_string()).then_some("must be a number or a string")
            }
            Self::StartsWith => (!operand.is_string()).then_some("must be a string"),
        }
    }
}

/// The most KiB that conditions have as JSON.
const CONDITIONS_KIB: usize = 16;

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let object: crate::json::JsonObject = Object::<CONDITIONS_KIB>::deserialize(from)?.into();
        let (mut conditions, mut faults) = (BTreeMap::new(), Faults::default());
        for (path, json) in object.members() {
            let is_path = (1..=LONGEST).contains(&path.chars().count());
            faults.check(is_path, path.as_str(), "A path must have 1 to 256 characters");
            if let Some(condition) = condition(&path, &json, &mut faults)
                && conditions.insert(path.clone(), condition).is_some()
            {
                faults.add(path, "is given twice");
            }
        }
        faults.result().map_err(Faults::into_serde)?;
        Ok(Self(conditions))
    }
}

fn condition(path: &str, json: &JsonText, faults: &mut Faults) -> Option<Condition> {
    let value: Value = serde_json::from_str(json.as_str()).ok()?;
    let Value::Object(operators) = value else { return Some(Condition::Equals(value)) };
    faults.check(!json.names_twice(), path, "has an operator twice");
    faults.check(!operators.is_empty(), path, "must have an operator");
    let mut all = BTreeMap::new();
    for (name, operand) in operators {
        let at = format!("{path}.{name}");
        match name.parse::<Operator>() {
            Err(_) => faults.add(at, "is no operator: eq, ne, in, gt, gte, lt, lte, startsWith"),
            Ok(operator) => match operator.fault(&operand) {
                Some(rule) => faults.add(at, rule),
                None => drop(all.insert(operator, operand)),
            },
        }
    }
    Some(Condition::All(all))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::{faults::read, json::canonical};

    fn refusal(json: &str) -> String {
        read::<AccessStatement>(json.as_bytes(), "Body").unwrap_err().to_string()
    }

    #[test]
    fn a_statement_is_read_and_stored_with_nothing_left_away() {
        let json = r#"{"effect":"deny","resources":["a"],"actions":["x","y"],"conditions":
            {"env.ip":"1","resource.n":{"lt":2,"gte":1e0},"b":[1],"c":null}}"#;
        let rule = Rule::from(read::<AccessStatement>(json.as_bytes(), "Body").unwrap());
        let stored = canonical(&serde_json::to_value(&rule).unwrap());
        let expected = r#"{"actions":["x","y"],"conditions":{"b":[1],"c":null,"env.ip":"1","resource.n":{"gte":1,"lt":2}},"effect":"deny","principals":["*"],"resources":["a"]}"#;
        assert_eq!(stored, expected);
        assert_eq!(canonical(&serde_json::to_value(serde_json::from_str::<Rule>(&stored).unwrap()).unwrap()), stored);
    }

    #[test]
    fn what_can_never_hold_is_refused_with_its_path() {
        let with = |conditions: &str| {
            format!(r#"{{"effect":"allow","resources":["a"],"actions":["a"],"conditions":{conditions}}}"#)
        };
        for (json, faults) in [
            ("{}".to_owned(), "effect is required; resources is required; actions is required"),
            (
                r#"{"effect":"maybe","resources":[],"actions":["", "a"]}"#.to_owned(),
                "effect must be deny or allow; resources must have 1 to 100 items; actions[0] must have 1 to 256 characters",
            ),
            (with(r#"{"a":{"is":1}}"#), "conditions.a.is: is is no operator: eq, ne, in, gt, gte, lt, lte, startsWith"),
            (with(r#"{"a":{}}"#), "conditions.a: a must have an operator"),
            (with(r#"{"a":1,"a":2}"#), "conditions.a: a is given twice"),
            (with(r#"{"a":{"in":1}}"#), "conditions.a.in: in must be a list"),
            (with(r#"{"a":{"gt":true}}"#), "conditions.a.gt: gt must be a number or a string"),
            (with(r#"{"a":{"startsWith":1}}"#), "conditions.a.startsWith: startsWith must be a string"),
            (with("[]"), "conditions must be an object"),
        ] {
            assert_eq!(refusal(&json), faults, "{json}");
        }
    }
}
