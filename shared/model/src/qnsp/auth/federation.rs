//! What identity providers report: sign-ins, and what belongs to them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::{Invalid, Uuid},
    qnsp::{List, Object, Text},
    time::{DayOrTime, IsoTime},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum FederationOutcome {
    Success,
    Failure,
}

/// login, logout, token_refresh, mfa_challenge, or a word of the caller's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EventType(String);

impl EventType {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EventType {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_known) {
            return Ok(Self(text));
        }
        Err(Invalid("must have 1 to 64 characters of a-z 0-9 _ . -"))
    }
}

body! {
    pub struct RecordFederationEvent {
        #[schema(value_type = String)]
        pub event_type: EventType as "eventType",
        pub provider: Text<1, 128> as "provider",
        pub user_id: Text<1, 256> as "userId",
        pub outcome: FederationOutcome as "outcome",
        /// `sourceTenantId` and `targetTenantId` say that another tenant is one side of it.
        pub metadata: Option<Object<16>> as "metadata",
    } where faults {
        if let Some(Some(metadata)) = &metadata {
            for (name, tenant) in Tenants::named(metadata) {
                faults.check(tenant.is_some(), format!("metadata.{name}"), "must be a UUID");
            }
        }
    }
}

/// The members of the metadata that have a meaning.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Tenants {
    source_tenant_id: Option<serde_json::Value>,
    target_tenant_id: Option<serde_json::Value>,
}

impl Tenants {
    /// Each tenant that is named, by the member that names it; `None` when it names none.
    fn named(metadata: &Object<16>) -> Vec<(&'static str, Option<Uuid>)> {
        let named: Self = serde_json::from_str(metadata.as_str()).unwrap_or_default();
        let members = [("sourceTenantId", named.source_tenant_id), ("targetTenantId", named.target_tenant_id)];
        let given = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.map(|(name, value)| (name, serde_json::from_value(value).ok())).collect()
    }
}

impl RecordFederationEvent {
    /// The tenants on both sides, where one of them is not `own`.
    pub fn tenants(&self, own: &str) -> Option<(String, String)> {
        let named = Tenants::named(self.metadata.as_ref()?);
        let side = |wanted: &str| {
            let tenant = named.iter().find(|(name, _)| *name == wanted).and_then(|(_, tenant)| tenant.as_ref());
            tenant.map_or(own, Uuid::as_str).to_owned()
        };
        let (source, target) = (side("sourceTenantId"), side("targetTenantId"));
        (source != own || target != own).then_some((source, target))
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventRecorded {
    pub event_id: String,
    pub recorded_at: IsoTime,
}

body! {
    /// Which events are asked for. SDKs say `startDate`, `endDate`, `providerIds` and `offset`; an empty list means all.
    pub struct QueryFederation {
        start_time: Option<IsoTime> as "startTime",
        end_time: Option<IsoTime> as "endTime",
        #[schema(value_type = Option<String>)]
        start_date: Option<DayOrTime> as "startDate",
        #[schema(value_type = Option<String>)]
        end_date: Option<DayOrTime> as "endDate",
        #[schema(value_type = Option<Vec<Text<1, 64>>>, max_items = 1_000)]
        pub event_types: Option<List<Text<1, 64>>> as "eventTypes",
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        providers: Option<List<Text<1, 128>>> as "providers",
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        provider_ids: Option<List<Text<1, 128>>> as "providerIds",
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 1_000)]
        pub user_ids: Option<List<Text<1, 256>>> as "userIds",
        /// 1 to 500; 100 unless it is said.
        pub limit: Option<i64> as "limit",
        /// Not looked at with a cursor.
        pub offset: Option<i64> as "offset",
        pub cursor: Option<String> as "cursor",
    }
}

impl QueryFederation {
    /// The first and the last millisecond, in either spelling.
    pub fn span(&self) -> (Option<i64>, Option<i64>) {
        let start = self.start_time.map(|time| time.0).or(self.start_date.map(DayOrTime::start));
        (start, self.end_time.map(|time| time.0).or(self.end_date.map(DayOrTime::end)))
    }

    pub fn providers(&self) -> &[Text<1, 128>] {
        self.providers.as_ref().or(self.provider_ids.as_ref()).map(|list| list.0.as_slice()).unwrap_or_default()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FederationEvent {
    pub event_id: String,
    pub event_type: String,
    pub provider: String,
    pub user_id: String,
    pub timestamp: IsoTime,
    /// As it was recorded.
    #[schema(value_type = Object)]
    pub metadata: Box<RawValue>,
    /// success or failure.
    pub outcome: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FederationEvents {
    /// Newest first.
    pub events: Vec<FederationEvent>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
    /// All that match, whatever the limit.
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    const OWN: &str = "00000000-0000-4000-8000-000000000001";
    const OTHER: &str = "00000000-0000-4000-8000-00000000000b";

    fn event(metadata: &str) -> Result<RecordFederationEvent, String> {
        let json =
            format!(r#"{{"eventType":"login","provider":"p","userId":"u","outcome":"success","metadata":{metadata}}}"#);
        read(json.as_bytes(), "Body").map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_pair_has_another_tenant_in_it() {
        let tenants = |metadata: &str| event(metadata).unwrap().tenants(OWN);
        let pair = |source: &str, target: &str| Some((source.to_owned(), target.to_owned()));
        assert_eq!(tenants("{}"), None);
        assert_eq!(tenants(&format!(r#"{{"targetTenantId":"{OWN}"}}"#)), None);
        assert_eq!(tenants(&format!(r#"{{"targetTenantId":"{}"}}"#, OTHER.to_uppercase())), pair(OWN, OTHER));
        assert_eq!(tenants(&format!(r#"{{"sourceTenantId":"{OTHER}","x":1}}"#)), pair(OTHER, OWN));
    }

    #[test]
    fn a_tenant_that_is_no_uuid_is_named() {
        let refusal = event(r#"{"targetTenantId":"x","sourceTenantId":7}"#).err().unwrap();
        assert!(
            refusal.contains("metadata.targetTenantId") && refusal.contains("metadata.sourceTenantId"),
            "{refusal}"
        );
        assert!(event(r#"{"targetTenantId":null}"#).is_ok());
    }

    #[test]
    fn aliases_are_the_same_query() {
        let query: QueryFederation =
            read(br#"{"startDate":"2026-01-01","endDate":"2026-01-01","providerIds":["p"]}"#, "Body").unwrap();
        assert_eq!(query.span(), (Some(1_767_225_600_000), Some(1_767_311_999_999)));
        assert_eq!(query.providers().iter().map(Text::as_str).collect::<Vec<_>>(), ["p"]);
    }
}
