//! A question whether somebody may do something, and its answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::{Effect, NewAccessPolicy};
use crate::{
    body,
    qnsp::{List, Object, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum PrincipalType {
    User,
    Service,
    Group,
}

body! {
    #[derive(Clone, Debug)]
    pub struct AccessPrincipal {
        #[serde(rename = "type")]
        pub kind: PrincipalType as "type",
        pub id: Text<1, 256> as "id",
        /// Any JSON object; conditions read its members.
        pub attributes: Option<Object<16>> as "attributes",
    }
}

body! {
    #[derive(Clone, Debug)]
    pub struct AccessResource {
        pub kind: Text<1, 256> as "type",
        pub id: Text<1, 256> as "id",
        /// Any JSON object; conditions read its members.
        pub attributes: Option<Object<16>> as "attributes",
    }
}

body! {
    /// What conditions see besides principal and resource. `ipAddress` and `customAttributes` are what SDKs send; they are
    /// members of the environment, as is an environment that is a text.
    #[derive(Clone, Debug)]
    pub struct AccessContext {
        /// Any JSON object; conditions read its members.
        #[schema(value_type = Option<Object>)]
        pub environment: Option<Environment> as "environment",
        /// Now if not given.
        pub timestamp: Option<IsoTime> as "timestamp",
        pub ip_address: Option<Text<0, 256>> as "ipAddress",
        /// Any JSON object; conditions read its members.
        pub custom_attributes: Option<Object<16>> as "customAttributes",
    }
}

/// An object, or the text that SDKs send.
#[derive(Clone, Debug)]
pub enum Environment {
    Members(Object<16>),
    Name(Text<0, 256>),
}

impl<'de> Deserialize<'de> for Environment {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let json = crate::json::JsonText::deserialize(from)?;
        let read = if json.is_string() {
            serde_json::from_str(json.as_str()).map(Self::Name)
        } else {
            serde_json::from_str(json.as_str()).map(Self::Members)
        };
        read.map_err(|_| D::Error::custom("must be an object of at most 16 KiB, or a string of at most 256 characters"))
    }
}

body! {
    /// May this principal do this with this resource?
    #[derive(Clone, Debug)]
    pub struct AccessRequest {
        /// Required, here or as `subject`.
        pub principal: Option<AccessPrincipal> as "principal",
        /// The same as `principal`, which counts before it.
        pub subject: Option<AccessPrincipal> as "subject",
        pub resource: AccessResource as "resource",
        pub action: Text<1, 256> as "action",
        pub context: Option<AccessContext> as "context",
        /// Policies that a simulation takes for stored ones.
        #[schema(value_type = Option<Vec<NewAccessPolicy>>)]
        pub proposed_policies: Option<List<NewAccessPolicy, 50>> as "proposedPolicies",
    } where faults {
        faults.check(!matches!((&principal, &subject), (Some(None), Some(None))), "principal", "is required");
    }
}

impl AccessRequest {
    /// Who it is about, in either spelling.
    pub fn principal(&self) -> Option<&AccessPrincipal> {
        self.principal.as_ref().or(self.subject.as_ref())
    }
}

impl AccessContext {
    /// What `env.…` finds.
    pub fn members(&self) -> Map<String, Value> {
        let mut members = self.custom_attributes.as_ref().map(Object::members).unwrap_or_default();
        if let Some(address) = &self.ip_address {
            members.insert("ipAddress".to_owned(), address.as_str().into());
        }
        match &self.environment {
            Some(Environment::Members(object)) => members.extend(object.members()),
            Some(Environment::Name(name)) => drop(members.insert("environment".to_owned(), name.as_str().into())),
            None => {}
        }
        members
    }
}

/// A policy that applies.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionReason {
    pub policy_id: String,
    pub policy_name: String,
    pub effect: Effect,
    /// The paths of its conditions, sorted.
    pub matched_conditions: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchedPolicy {
    pub id: String,
    pub name: String,
    pub effect: Effect,
    /// Whether it came with the question.
    pub is_proposed: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccessDecision)]
pub struct DecisionAnswer {
    pub decision: Effect,
    /// All policies that apply, denials first, then by name. None apply: denied.
    pub reasons: Vec<DecisionReason>,
    /// Their ids in that order.
    pub effective_policies: Vec<String>,
    pub simulated_at: IsoTime,
    /// A sentence.
    pub decision_reason: String,
    pub matched_policies: Vec<MatchedPolicy>,
    /// Enforced policies of the tenant, active grants of the principal and proposed policies.
    pub total_policies_evaluated: i64,
    pub proposed_policies_included: i64,
}
