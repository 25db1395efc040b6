//! Requests for access, and what becomes of them.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{body, qnsp::Text, time::IsoTime};

/// The most permissions of a request.
const MOST_PERMISSIONS: usize = 50;

const MINUTE: f64 = 60_000.0;

/// Longer than any policy allows, in milliseconds: 100 days.
const MOST: f64 = 144_000.0 * MINUTE;

body! {
    pub struct CreateJitRequest {
        pub resource_type: Text<1, 256> as "resourceType",
        /// `*` stands for all resources of the type.
        pub resource_id: Text<1, 256> as "resourceId",
        /// 1 to 50; `*` stands for all.
        #[schema(value_type = Vec<String>)]
        pub permissions: Permissions as "permissions",
        pub justification: Text<1, 2000> as "justification",
        /// How long the access shall last, in minutes: at least a second.
        #[schema(value_type = Option<f64>)]
        duration: Option<Minutes> as "duration",
        /// SDKs call it so.
        #[schema(value_type = Option<f64>)]
        duration_minutes: Option<Minutes> as "durationMinutes",
        ticket_reference: Option<Text<1, 256>> as "ticketReference",
        /// SDKs call it so.
        ticket_id: Option<Text<1, 256>> as "ticketId",
    } where faults {
        let is_given = !matches!((&duration, &duration_minutes), (Some(None), Some(None)));
        faults.check(is_given, "duration", "is required");
    }
}

impl CreateJitRequest {
    /// Milliseconds.
    pub fn duration(&self) -> i64 {
        self.duration.or(self.duration_minutes).map_or(0, |minutes| minutes.0)
    }

    pub fn ticket_reference(&self) -> Option<&str> {
        self.ticket_reference.as_ref().or(self.ticket_id.as_ref()).map(Text::as_str)
    }
}

body! {
    pub struct ProcessJitRequest {
        pub decision: Decision as "decision",
        /// Required where the request is denied.
        reason: Option<Text<1, 2000>> as "reason",
        /// SDKs call it so.
        comment: Option<Text<1, 2000>> as "comment",
        /// How long the access shall last instead, in minutes: at least a second.
        #[schema(value_type = Option<f64>)]
        pub modified_duration: Option<Minutes> as "modifiedDuration",
        /// Some of the permissions that were asked for, instead of all.
        #[schema(value_type = Option<Vec<String>>)]
        pub modified_permissions: Option<Permissions> as "modifiedPermissions",
    } where faults {
        let is_silent = matches!((&reason, &comment), (Some(None), Some(None)));
        faults.check(decision != Some(Decision::Deny) || !is_silent, "reason", "is required to deny a request");
    }
}

impl ProcessJitRequest {
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_ref().or(self.comment.as_ref()).map(Text::as_str)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = JitDecision)]
pub enum Decision {
    Approve,
    Deny,
}

/// A time in minutes, kept in milliseconds. Whoever asks for more than any policy allows gets none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minutes(pub i64);

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let milliseconds = (f64::deserialize(from)? * MINUTE).round().min(MOST);
        if milliseconds < 1_000.0 {
            return Err(D::Error::custom("must be a number of minutes, at least a second"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a whole number within bounds")]
        Ok(Self(milliseconds as i64))
    }
}

/// Different permissions, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions(pub Vec<String>);

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given: Vec<Text<1, 256>> = Vec::deserialize(from)?;
        let mut permissions: Vec<_> = given.into_iter().map(Text::into_string).collect();
        let all = permissions.len();
        permissions.sort_unstable();
        permissions.dedup();
        if permissions.len() == all && (1..=MOST_PERMISSIONS).contains(&all) {
            return Ok(Self(permissions));
        }
        Err(D::Error::custom("must have 1 to 50 different items"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = JitStatus)]
pub enum Status {
    Pending,
    Approved,
    Denied,
}

/// A status as a list is asked for it: in the words of SDKs, too.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskedStatus {
    Pending,
    PendingApproval,
    Approved,
    AutoApproved,
    Denied,
}

impl From<AskedStatus> for Status {
    fn from(asked: AskedStatus) -> Self {
        match asked {
            AskedStatus::Pending | AskedStatus::PendingApproval => Self::Pending,
            AskedStatus::Approved | AskedStatus::AutoApproved => Self::Approved,
            AskedStatus::Denied => Self::Denied,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitRequestCreated)]
pub struct RequestCreated {
    pub request_id: String,
    /// approved where nobody needed to approve: then the access has begun.
    pub status: Status,
    pub requested_at: IsoTime,
    /// When the access ends that has begun; null while the request is pending.
    pub expires_at: Option<IsoTime>,
    /// The roles of those who may approve, sorted.
    pub approvers: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitRequest)]
pub struct Request {
    pub request_id: String,
    pub requester_id: String,
    pub resource_type: String,
    pub resource_id: String,
    pub status: Status,
    pub requested_at: IsoTime,
    pub permissions: Vec<String>,
    pub justification: String,
    /// In minutes, as it was asked for.
    pub duration: f64,
    pub ticket_reference: Option<String>,
    /// The roles of those who may approve, sorted.
    pub approvers: Vec<String>,
    /// null while the request is pending, where nobody needed to approve, and where nobody did for a day.
    pub processed_by: Option<String>,
    pub processed_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = JitRequests)]
pub struct Requests {
    /// Newest first.
    pub requests: Vec<Request>,
    pub total: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitRequestProcessed)]
pub struct RequestProcessed {
    pub request_id: String,
    pub status: Status,
    pub processed_by: String,
    pub processed_at: IsoTime,
    /// The grant of an approved request.
    pub grant_id: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    fn request(more: &str) -> Result<CreateJitRequest, String> {
        let body = format!(r#"{{"resourceType":"db","resourceId":"1","justification":"j"{more}}}"#);
        read(body.as_bytes(), "Body").map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_time_is_at_least_a_second_and_kept_in_milliseconds() {
        for (text, milliseconds) in [
            ("30", Some(1_800_000)),
            ("0.5", Some(30_000)),
            ("0.016666666666666666", Some(1_000)),
            ("0.0166", None),
            ("0", None),
            ("-1", None),
            ("1e300", Some(8_640_000_000)),
            ("\"30\"", None),
        ] {
            assert_eq!(serde_json::from_str::<Minutes>(text).ok().map(|time| time.0), milliseconds, "{text}");
        }
    }

    #[test]
    fn permissions_are_a_set() {
        let read = |text: &str| serde_json::from_str::<Permissions>(text).ok();
        assert_eq!(read(r#"["write","read"]"#).unwrap().0, ["read", "write"]);
        let many = |count: usize| {
            let all: Vec<_> = (0..count).map(|number| format!("p{number}")).collect();
            serde_json::to_string(&all).unwrap()
        };
        assert!(read(&many(50)).is_some());
        for bad in ["[]", r#"["read","read"]"#, r#"[""]"#, "\"read\"", "[1]", &many(51)] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_words_of_sdks_are_taken_and_those_of_the_contract_come_first() {
        let sdk = request(r#","permissions":["read"],"durationMinutes":5,"ticketId":"T""#).unwrap();
        assert_eq!((sdk.duration(), sdk.ticket_reference()), (300_000, Some("T")));
        let both = r#","permissions":["read"],"duration":1,"durationMinutes":5,"ticketReference":"R","ticketId":"T""#;
        let both = request(both).unwrap();
        assert_eq!((both.duration(), both.ticket_reference()), (60_000, Some("R")));
        assert_eq!(request("").err().unwrap(), "permissions is required; duration is required");
    }

    #[test]
    fn a_denial_has_a_reason() {
        let process = |body: &str| {
            read::<ProcessJitRequest>(body.as_bytes(), "Body").map(|body| body.reason().map(str::to_owned)).ok()
        };
        assert_eq!(process(r#"{"decision":"approve"}"#), Some(None));
        assert_eq!(process(r#"{"decision":"deny","comment":"no"}"#), Some(Some("no".to_owned())));
        for bad in [r#"{"decision":"deny"}"#, r#"{"decision":"deny","reason":""}"#, r#"{"decision":"maybe"}"#, "{}"] {
            assert_eq!(process(bad), None, "{bad}");
        }
    }
}
