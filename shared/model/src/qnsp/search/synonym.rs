//! Synonyms.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::IndexName;
use crate::{
    body,
    qnsp::{List, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum GroupType {
    /// Each term expands to the others.
    Equivalent,
    /// The first term expands to the others.
    OneWay,
}

body! {
    /// Terms that searches take for each other. Of `terms` and `synonyms`, which mean the same, one is required.
    pub struct NewGroup {
        /// No two groups of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        pub kind: GroupType as "type",
        /// 2 to 100.
        #[schema(value_type = Option<Vec<String>>)]
        pub terms: Option<List<String, 100>> as "terms",
        #[schema(value_type = Option<Vec<String>>)]
        pub synonyms: Option<List<String, 100>> as "synonyms",
        /// All indexes, when absent or empty.
        #[schema(value_type = Option<Vec<String>>)]
        pub index_names: Option<List<IndexName>> as "indexNames",
    } where faults {
        let (field, given) = match (&terms, &synonyms) {
            (Some(None), Some(Some(synonyms))) => ("synonyms", Some(&synonyms.0)),
            (Some(Some(terms)), _) => ("terms", Some(&terms.0)),
            (Some(None), Some(None)) => ("terms", None),
            _ => ("", None),
        };
        match given {
            Some(given) => {
                faults.check(given.len() >= 2, field, "must have 2 to 100 items");
                for (index, term) in given.iter().enumerate() {
                    let length = term.trim().chars().count();
                    faults.check((1..=128).contains(&length), format!("{field}[{index}]"), "must have 1 to 128 characters");
                }
            }
            None => faults.check(field.is_empty(), "terms", "is required"),
        }
    }
}

impl NewGroup {
    /// The terms, trimmed.
    pub fn terms(&self) -> Vec<String> {
        let given = self.terms.as_ref().or(self.synonyms.as_ref());
        given.map(|list| list.0.iter().map(|term| term.trim().to_owned()).collect()).unwrap_or_default()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupCreated {
    pub group_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

body! {
    pub struct Expand {
        pub term: Text<1, 128> as "term",
        /// Groups of this index count besides those of all.
        #[schema(value_type = Option<String>)]
        pub index_name: Option<IndexName> as "indexName",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expanded {
    pub original: String,
    pub expansions: Vec<String>,
    /// As `original`.
    pub original_term: String,
    /// As `expansions`.
    pub expanded_terms: Vec<String>,
    /// The groups that expand the term.
    pub matched_groups: Vec<String>,
}
