//! Events, as they are shown and as callers record them.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    faults::{self, Faults},
    ids::Invalid,
    qnsp::{Object, Text},
    time::IsoTime,
};

/// How many events one call records.
const MOST: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = EventSeverity)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EventResult {
    Success,
    Failure,
}

/// Lower-case words joined by dots.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EventType(String);

impl EventType {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first word.
    pub fn service(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

impl TryFrom<String> for EventType {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let is_of_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_of_word);
        if text.len() <= 128 && text.split('.').all(is_word) {
            return Ok(Self(text));
        }
        Err(Invalid("must be words of a-z 0-9 _ - joined by dots, at most 128 characters"))
    }
}

body! {
    /// What an event is about.
    pub struct NewResource {
        pub kind: Text<1, 128> as "type",
        pub id: Option<Text<1, 256>> as "id",
        pub name: Option<Text<1, 128>> as "name",
    } where faults {
        // The entry names the object by type and id with a slash between them.
        let has_slash = kind.as_ref().is_some_and(|kind| kind.as_str().contains('/'));
        faults.check(!has_slash, "type", "must not contain a slash");
    }
}

body! {
    /// An event that a caller records.
    pub struct NewEvent {
        /// Lower-case words joined by dots; the first must not be that of a service.
        #[schema(value_type = String)]
        pub event_type: EventType as "eventType",
        /// Any JSON object that tells of the event.
        pub payload: Object<16> as "payload",
        /// `info` if not given.
        pub severity: Option<Severity> as "severity",
        /// `success` if not given.
        pub result: Option<EventResult> as "result",
        /// The first word of `eventType` if not given.
        pub resource: Option<NewResource> as "resource",
        /// When it happened; now if not given.
        pub timestamp: Option<IsoTime> as "timestamp",
    }
}

body! {
    struct Listed {
        events: Vec<NewEvent> as "events",
    } where faults {
        if let Some(events) = &events {
            faults.check((1..=MOST).contains(&events.len()), "events", "must have 1 to 100 events");
        }
    }
}

/// Events to be recorded together, or not at all: `{"events": […]}`, or one event by itself.
pub struct NewEvents {
    pub events: Vec<NewEvent>,
    /// Whether they came as a list, for the path of a fault.
    is_list: bool,
}

/// Events as the document describes them: some, which are recorded together or not at all, or one by itself.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum EventsToRecord {
    #[schema(title = "EventList")]
    Several {
        #[schema(min_items = 1, max_items = 100)]
        events: Vec<NewEvent>,
    },
    One(NewEvent),
}

#[derive(Deserialize)]
struct HasList {
    #[serde(default)]
    events: Option<Box<RawValue>>,
}

impl<'de> Deserialize<'de> for NewEvents {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let body = Box::<RawValue>::deserialize(from)?;
        let json = body.get().as_bytes();
        let has_list: HasList = serde_json::from_slice(json).map_err(|_| D::Error::custom("must be an object"))?;
        let read = if has_list.events.is_some() {
            faults::read::<Listed>(json, "Body").map(|list| Self { events: list.events, is_list: true })
        } else {
            faults::read::<NewEvent>(json, "Body").map(|event| Self { events: vec![event], is_list: false })
        };
        read.map_err(Faults::into_serde)
    }
}

impl NewEvents {
    /// Where a member of one of the events stands in the body.
    #[must_use]
    pub fn path(&self, index: usize, member: &str) -> String {
        if self.is_list { format!("events[{index}].{member}") } else { member.to_owned() }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventsRecorded {
    pub accepted: usize,
    pub received: usize,
    pub event_ids: Vec<String>,
}

/// An event, which is an entry of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    pub event_id: String,
    pub event_type: String,
    /// The same as `eventType`.
    pub topic: String,
    /// The service of the event; for events of callers, the first word of their type.
    pub source_service: String,
    pub timestamp: IsoTime,
    pub tenant_id: String,
    pub actor: EventActor,
    pub resource: EventResource,
    /// The last word of `eventType`.
    pub action: String,
    pub result: EventResult,
    pub severity: String,
    pub context: Context,
    /// The JSON object that told of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<serde_json::Value>,
    /// The index of the entry.
    pub sequence: i64,
    /// The hash of the leaf that the entry is, in hexadecimal.
    pub hash: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventActor {
    /// `user`, `service` or `system`.
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    pub ip: Option<String>,
    /// The tenant of the token.
    pub tenant_id: String,
}

#[derive(Serialize, ToSchema)]
pub struct EventResource {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Option<String>,
    pub name: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    pub request_id: Option<String>,
    pub user_agent: Option<String>,
    pub source: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    pub items: Vec<AuditEvent>,
    /// The `cursor` of the next page; `null` when there is none.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(json: &str) -> Result<usize, String> {
        let events = faults::read::<NewEvents>(json.as_bytes(), "Body");
        events.map(|events| events.events.len()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn one_event_and_a_list_of_them_are_read() {
        assert_eq!(read(r#"{"eventType":"orders.created","payload":{}}"#), Ok(1));
        let event = r#"{"eventType":"a","payload":{},"severity":"high","resource":{"type":"order","id":"7"}}"#;
        assert_eq!(read(&format!(r#"{{"events":[{event},{event}]}}"#)), Ok(2));
        let many = |count| format!(r#"{{"events":[{}]}}"#, vec![event; count].join(","));
        assert_eq!(read(&many(100)), Ok(100));
        for count in [0, 101] {
            assert!(read(&many(count)).unwrap_err().contains("1 to 100"));
        }
    }

    #[test]
    fn faults_have_the_path_in_the_form_that_was_sent() {
        let alone = read(r#"{"payload":7,"resource":{"type":"a/b"}}"#).unwrap_err();
        assert!(alone.contains("eventType is required") && alone.contains("payload must be"), "{alone}");
        assert!(alone.contains("resource.type: type must not contain a slash"), "{alone}");
        let listed = read(r#"{"events":[{"eventType":"a.b","payload":{}},{"eventType":"A","payload":{}}]}"#);
        assert!(listed.unwrap_err().contains("events[1].eventType"));
    }

    #[test]
    fn an_event_type_is_lower_case_words() {
        for (text, is_one) in [
            ("orders.created", true),
            ("a", true),
            ("a-b.c_d.9", true),
            ("", false),
            ("a..b", false),
            (".a", false),
            ("a.", false),
            ("A", false),
            ("a b", false),
        ] {
            assert_eq!(EventType::try_from(text.to_owned()).is_ok(), is_one, "{text}");
        }
        assert!(EventType::try_from("a".repeat(129)).is_err());
    }
}
