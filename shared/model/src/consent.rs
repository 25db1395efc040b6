//! Consents: the immutable document of a version and its canonical texts, what is put, and what is shown. How a
//! document is hashed is for `crypto`; where it is kept, for the function.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body,
    faults::Faults,
    ids::{CommunityId, ConsentType},
};

/// The longest text of a requesting user.
const MAX_USER: usize = 256;

/// The longest text of event data.
const MAX_EVENT_TEXT: usize = 1024;

/// What a person agrees to. As a template, it is what a consent shows before it has content of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Content {
    pub title: String,
    pub subtitle: String,
    /// Base64 of HTML.
    pub body: String,
    pub acknowledge_text: String,
}

/// One version of a consent, as it is stored, hashed and exported: its fields stand in the order of their names, so
/// that its JSON is canonical. Nothing in it says who wrote it; a document may be public and stays for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    pub acknowledge_text: String,
    pub body: String,
    pub community_id: String,
    /// Epoch seconds.
    pub doc_updated_at: i64,
    /// The version before; absent in the first one.
    #[serde(deserialize_with = "nullable")]
    pub prev_consent_id: Option<String>,
    /// SHA-512 of [`Document::signed_text`] in hexadecimal.
    pub signature: String,
    pub subtitle: String,
    pub tenant_id: String,
    pub title: String,
    #[serde(rename = "type")]
    pub consent_type: String,
    pub version: String,
}

/// What the signature is over.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed<'a> {
    acknowledge_text: &'a str,
    body: &'a str,
    community_id: &'a str,
    prev_consent_id: Option<&'a str>,
    subtitle: &'a str,
    tenant_id: &'a str,
    title: &'a str,
    #[serde(rename = "type")]
    consent_type: &'a str,
}

/// Present, and `null` or a text.
fn nullable<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(value)
}

impl Document {
    /// The bytes that the id is the hash of: JSON with sorted names and without blanks.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The canonical JSON of content, type, tenant, community and the version before.
    pub fn signed_text(&self) -> String {
        let signed = Signed {
            acknowledge_text: &self.acknowledge_text,
            body: &self.body,
            community_id: &self.community_id,
            prev_consent_id: self.prev_consent_id.as_deref(),
            subtitle: &self.subtitle,
            tenant_id: &self.tenant_id,
            title: &self.title,
            consent_type: &self.consent_type,
        };
        serde_json::to_string(&signed).unwrap_or_default()
    }

    /// Its community, however the writer spelt it: the text keeps that spelling.
    pub fn community(&self) -> Option<CommunityId> {
        CommunityId::try_from(self.community_id.clone()).ok()
    }

    pub fn content(&self) -> Content {
        Content {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            body: self.body.clone(),
            acknowledge_text: self.acknowledge_text.clone(),
        }
    }
}

/// What a version is called, by the time of its document.
pub fn version(doc_updated_at: i64) -> String {
    format!("v{}", doc_updated_at.saturating_mul(1000))
}

body! {
    /// The `data` of a PUT. Content that is left out stays as it is; with `isEnabled: false` it is ignored.
    pub struct PutConsent {
        pub consent_type: ConsentType as "type",
        pub is_enabled: bool as "isEnabled",
        pub requesting_user: String as "requestingUser",
        pub title: Option<String> as "title",
        pub subtitle: Option<String> as "subtitle",
        /// Base64 of HTML.
        pub body: Option<String> as "body",
        pub acknowledge_text: Option<String> as "acknowledgeText",
        pub event_data: Option<EventData> as "eventData",
    } where faults {
        if let Some(user) = &requesting_user {
            faults.check((1..=MAX_USER).contains(&user.len()), "requestingUser", "must have 1 to 256 bytes");
        }
    }
}

body! {
    /// The user behind the change, as the caller states it. It is stored in the audit log only.
    #[derive(Default)]
    pub struct EventData {
        pub user_id: Option<String> as "user_id",
        pub user_name: Option<String> as "user_name",
        pub client_ip_address: Option<String> as "client_ip_address",
        pub caller_user_agent: Option<String> as "caller_user_agent",
    } where faults {
        for (name, text) in [
            ("user_id", &user_id),
            ("user_name", &user_name),
            ("client_ip_address", &client_ip_address),
            ("caller_user_agent", &caller_user_agent),
        ] {
            let fits = text.as_ref().and_then(Option::as_ref).is_none_or(|text| text.len() <= MAX_EVENT_TEXT);
            faults.check(fits, name, "may have at most 1024 bytes");
        }
    }
}

impl PutConsent {
    /// The content that is to be in force, on top of what is shown now.
    pub fn content(&self, shown: &Content) -> Result<Content, Faults> {
        let mut faults = Faults::default();
        let mut part = |given: &Option<String>, shown: &str, name| {
            let part = given.as_deref().unwrap_or(shown);
            faults.check(!part.is_empty(), name, "must not be empty");
            part.to_owned()
        };
        let content = Content {
            title: part(&self.title, &shown.title, "title"),
            subtitle: part(&self.subtitle, &shown.subtitle, "subtitle"),
            body: part(&self.body, &shown.body, "body"),
            acknowledge_text: part(&self.acknowledge_text, &shown.acknowledge_text, "acknowledgeText"),
        };
        faults.result().map(|()| content)
    }
}

impl EventData {
    /// What the caller said, by the names of the audit log.
    pub fn texts(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("userId", self.user_id.as_deref()),
            ("userName", self.user_name.as_deref()),
            ("clientIpAddress", self.client_ip_address.as_deref()),
            ("callerUserAgent", self.caller_user_agent.as_deref()),
        ]
    }
}

/// A consent as it is shown. Times are epoch seconds; what is not there yet is `null`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    #[serde(rename = "type")]
    pub consent_type: String,
    pub title: String,
    pub subtitle: String,
    pub body: String,
    pub acknowledge_text: String,
    pub updated_at: Option<i64>,
    pub updated_by: Option<String>,
    pub doc_updated_at: Option<i64>,
    pub consent_id: Option<String>,
    pub prev_consent_id: Option<String>,
    pub is_enabled: bool,
    pub version: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    fn document() -> Document {
        Document {
            acknowledge_text: "I \"agree\"\n".into(),
            body: "PGI+".into(),
            community_id: "c".into(),
            doc_updated_at: 1_700_000_000,
            prev_consent_id: None,
            signature: "00".into(),
            subtitle: "ü".into(),
            tenant_id: "t".into(),
            title: "T".into(),
            consent_type: "biometric".into(),
            version: version(1_700_000_000),
        }
    }

    #[test]
    fn the_texts_are_canonical_and_read_back() {
        let text = concat!(
            r#"{"acknowledgeText":"I \"agree\"\n","body":"PGI+","communityId":"c","docUpdatedAt":1700000000,"#,
            r#""prevConsentId":null,"signature":"00","subtitle":"ü","tenantId":"t","title":"T","type":"biometric","#,
            r#""version":"v1700000000000"}"#
        );
        assert_eq!(document().text(), text);
        assert_eq!(serde_json::from_str::<Document>(text).unwrap(), document());
        let signed = concat!(
            r#"{"acknowledgeText":"I \"agree\"\n","body":"PGI+","communityId":"c","prevConsentId":null,"#,
            r#""subtitle":"ü","tenantId":"t","title":"T","type":"biometric"}"#
        );
        assert_eq!(document().signed_text(), signed);
    }

    #[test]
    fn a_document_with_another_field_or_without_one_is_none() {
        let text = document().text();
        for (from, to) in [
            ("{\"ack", "{\"more\":1,\"ack"),
            (",\"prevConsentId\":null", ""),
            (",\"signature\":\"00\"", ""),
            ("1700000000,", "\"1700000000\","),
        ] {
            assert!(text.contains(from));
            assert!(serde_json::from_str::<Document>(&text.replacen(from, to, 1)).is_err(), "{from}");
        }
    }

    #[test]
    fn what_is_left_out_stays_and_nothing_may_be_empty() {
        let put = |json: &str| serde_json::from_str::<PutConsent>(json).unwrap();
        let whole = r#""type":"biometric","isEnabled":true,"requestingUser":"u""#;
        let stored = document().content();
        let title = put(&format!(r#"{{{whole},"title":"New","subtitle":null}}"#));
        assert_eq!(title.content(&stored).unwrap(), Content { title: "New".into(), ..stored.clone() });
        let empty = title.content(&Content::default()).unwrap_err().to_string();
        assert_eq!(empty, "subtitle must not be empty; body must not be empty; acknowledgeText must not be empty");
        assert!(put(&format!(r#"{{{whole},"title":""}}"#)).content(&stored).is_err());
        let long = "x".repeat(1025);
        let event = format!(r#""eventData":{{"user_id":"{long}","user_name":1,"caller_user_agent":"{long}"}}"#);
        let wrong = format!(r#"{{"type":"A","isEnabled":true,"requestingUser":"",{event}}}"#);
        let wrong = read::<PutConsent>(wrong.as_bytes(), "data").err().unwrap();
        let paths: Vec<_> = wrong.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(
            paths,
            ["type", "eventData.user_name", "eventData.user_id", "eventData.caller_user_agent", "requestingUser",]
        );
    }
}
