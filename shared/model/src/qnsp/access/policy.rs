//! Policies as they are stored and shown.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::AccessStatement;
use crate::{body, qnsp::Text, time::IsoTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EnforcementLevel {
    Enforced,
    /// Kept to be copied; it decides nothing.
    Template,
}

body! {
    /// A policy.
    #[derive(Clone, Debug)]
    pub struct NewAccessPolicy {
        /// No two policies of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub category: Option<Text<0, 2000>> as "category",
        /// `enforced` if not given; what a change does not give stays.
        pub enforcement_level: Option<EnforcementLevel> as "enforcementLevel",
        pub statement: AccessStatement as "statement",
    }
}

impl NewAccessPolicy {
    /// Its level if it is new.
    pub fn level(&self) -> EnforcementLevel {
        self.enforcement_level.unwrap_or(EnforcementLevel::Enforced)
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicy {
    pub policy_id: String,
    /// The same as `policyId`.
    pub id: String,
    pub tenant_id: String,
    pub name: String,
    pub description: String,
    pub category: String,
    /// `enforced` or `template`.
    pub enforcement_level: String,
    /// 1, and one more with each change.
    pub version: i64,
    /// The statement, as it was given.
    #[schema(value_type = AccessStatement)]
    pub statement: Box<RawValue>,
    /// SHA-256 of the statement as canonical JSON (RFC 8785), in hexadecimal.
    pub statement_hash: String,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicies {
    /// Oldest first.
    pub items: Vec<AccessPolicy>,
    /// Where the list goes on.
    pub next_cursor: Option<String>,
}
