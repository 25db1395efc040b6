//! Subscriptions to the stream of events.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::Severity;
use crate::{
    body,
    faults::{self, Faults},
    qnsp::{Object, Text},
    time::IsoTime,
};

/// How many items a list may have.
const MOST: usize = 1_000;

body! {
    /// Which events; an absent or empty list means all, and all lists must let an event through.
    pub struct NewFilters {
        /// `*` stands for any run of characters.
        pub event_types: Option<Vec<Text<1, 128>>> as "eventTypes",
        /// The same as `eventTypes`, which counts where both are given.
        pub topics: Option<Vec<Text<1, 128>>> as "topics",
        /// Names of services, or first words of event types.
        pub services: Option<Vec<Text<1, 128>>> as "services",
        /// The same as `services`, which counts where both are given.
        pub source_services: Option<Vec<Text<1, 128>>> as "sourceServices",
        pub severities: Option<Vec<Severity>> as "severities",
    } where faults {
        for (name, list) in [
            ("eventTypes", &event_types), ("topics", &topics), ("services", &services),
            ("sourceServices", &source_services),
        ] {
            let length = list.as_ref().and_then(Option::as_ref).map_or(0, Vec::len);
            faults.check(length <= MOST, name, "may have at most 1000 items");
        }
    }
}

impl NewFilters {
    /// What is kept of them.
    pub fn filters(&self) -> Filters {
        let words = |first: &Option<Vec<Text<1, 128>>>, second: &Option<Vec<Text<1, 128>>>| {
            let list = first.as_deref().or(second.as_deref()).unwrap_or_default();
            list.iter().map(|word| word.as_str().to_owned()).collect()
        };
        let severities = self.severities.as_deref().unwrap_or_default();
        Filters {
            event_types: words(&self.event_types, &self.topics),
            services: words(&self.services, &self.source_services),
            severities: severities.iter().map(|severity| <&str>::from(*severity).to_owned()).collect(),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubscriptionFilters)]
pub struct Filters {
    pub event_types: Vec<String>,
    pub services: Vec<String>,
    pub severities: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum DestinationType {
    /// Events are sent to an address of the subscriber's.
    Webhook,
    /// A bridge of the subscriber's reads the stream.
    Kafka,
    /// A bridge of the subscriber's reads the stream.
    Sqs,
}

body! {
    struct WebhookConfig {
        url: Text<1, 2000> as "url",
        secret: Option<Text<16, 256>> as "secret",
    }
}

body! {
    struct KafkaConfig {
        brokers: Vec<Text<1, 256>> as "brokers",
        topic: Text<1, 256> as "topic",
    } where faults {
        if let Some(brokers) = &brokers {
            faults.check((1..=MOST).contains(&brokers.len()), "brokers", "must have 1 to 1000 items");
        }
    }
}

body! {
    struct SqsConfig {
        queue_url: Text<1, 2000> as "queueUrl",
    } where faults {
        let is_https = queue_url.as_ref().is_none_or(|url| url.as_str().starts_with("https://"));
        faults.check(is_https, "queueUrl", "must be an https URL");
    }
}

body! {
    /// Where events go. `config` is `{url, secret?}` of a webhook, `{brokers, topic}` of Kafka, `{queueUrl}` of SQS.
    pub struct NewDestination {
        pub kind: DestinationType as "type",
        /// `{url, secret?}` of a webhook, `{brokers, topic}` of Kafka, `{queueUrl}` of SQS.
        pub config: Object<16> as "config",
    } where faults {
        if let (Some(kind), Some(config)) = (&kind, &config)
            && let Err(found) = Config::read(*kind, config.as_str())
        {
            faults.add_within("config", found);
        }
    }
}

/// What is kept of a configuration, and its secret, which is kept apart.
pub struct Config {
    pub kind: DestinationType,
    pub shown: Value,
    pub secret: Option<String>,
}

impl Config {
    fn read(kind: DestinationType, json: &str) -> Result<Self, Faults> {
        let (shown, secret) = match kind {
            DestinationType::Webhook => {
                let WebhookConfig { url, secret } = faults::read(json.as_bytes(), "config")?;
                (json!({ "url": url.as_str() }), secret.map(Text::into_string))
            }
            DestinationType::Kafka => {
                let KafkaConfig { brokers, topic } = faults::read(json.as_bytes(), "config")?;
                let brokers: Vec<_> = brokers.iter().map(Text::as_str).collect();
                (json!({ "brokers": brokers, "topic": topic.as_str() }), None)
            }
            DestinationType::Sqs => {
                let SqsConfig { queue_url } = faults::read(json.as_bytes(), "config")?;
                (json!({ "queueUrl": queue_url.as_str() }), None)
            }
        };
        Ok(Self { kind, shown, secret })
    }

    /// The address of a webhook.
    pub fn url(&self) -> Option<&str> {
        self.shown.get("url").and_then(Value::as_str)
    }
}

body! {
    /// A new subscription.
    pub struct NewSubscription {
        /// No two subscriptions of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        pub filters: Option<NewFilters> as "filters",
        /// Required, unless `webhookUrl` is given.
        pub destination: Option<NewDestination> as "destination",
        /// The same as a destination of type `webhook` with this URL and no secret.
        pub webhook_url: Option<Text<1, 2000>> as "webhookUrl",
    } where faults {
        let has_none = matches!((&destination, &webhook_url), (Some(None), Some(None)));
        faults.check(!has_none, "destination", "is required");
    }
}

impl NewSubscription {
    pub fn config(&self) -> Result<Config, Faults> {
        match (&self.destination, &self.webhook_url) {
            (Some(destination), _) => Config::read(destination.kind, destination.config.as_str()),
            (None, Some(url)) => {
                let shown = json!({ "url": url.as_str() });
                Ok(Config { kind: DestinationType::Webhook, shown, secret: None })
            }
            (None, None) => Err(Faults::one("destination", "is required")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = SubscriptionStatus)]
pub enum Status {
    Active,
    Paused,
}

body! {
    /// A change of a subscription. What is absent stays as it is; filters are replaced as a whole.
    pub struct UpdateSubscription {
        pub name: Option<Text<1, 128>> as "name",
        pub filters: Option<NewFilters> as "filters",
        /// A paused webhook skips what happens meanwhile.
        pub status: Option<Status> as "status",
    } where faults {
        let is_empty = matches!((&name, &filters, &status), (Some(None), Some(None), Some(None)));
        faults.check(!is_empty, "", "Body must have a member that is changed");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionCreated {
    /// The same as `subscriptionId`.
    pub id: String,
    pub subscription_id: String,
    pub name: String,
    pub status: Status,
    /// `push`: events are sent; `pull`: the stream is read.
    pub delivery: &'static str,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionUpdated {
    pub subscription_id: String,
    pub status: String,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub subscription_id: String,
    pub name: String,
    pub filters: Filters,
    pub destination: Destination,
    /// `push`: events are sent; `pull`: the stream is read.
    pub delivery: &'static str,
    pub status: String,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct Destination {
    #[serde(rename = "type")]
    pub kind: String,
    /// Without secrets.
    #[schema(value_type = Object)]
    pub config: Value,
}

#[derive(Serialize, ToSchema)]
pub struct Subscriptions {
    /// The oldest first.
    pub subscriptions: Vec<Subscription>,
    pub total: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamingMetrics {
    /// Streams that are open.
    pub active_connections: u64,
    /// Events that were recorded in the last minute, by 60.
    pub events_per_second: f64,
    /// Events that were written to streams or delivered.
    pub total_events_streamed: u64,
    pub subscription_metrics: Vec<SubscriptionMetrics>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionMetrics {
    pub subscription_id: String,
    pub events_delivered: u64,
    /// When an event was delivered last.
    pub last_event_at: Option<IsoTime>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(json: &str) -> Result<Config, String> {
        let read = faults::read::<NewSubscription>(json.as_bytes(), "Body");
        read.and_then(|new| new.config()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_configuration_is_kept_without_its_secret_and_without_what_is_unknown() {
        let hook = r#"{"name":"n","destination":{"type":"webhook","config":{"url":"https://a.example","secret":"sixteen letters!","x":1}}}"#;
        let hook = read(hook).unwrap();
        assert_eq!(hook.shown, json!({ "url": "https://a.example" }));
        assert_eq!((hook.url(), hook.secret.as_deref()), (Some("https://a.example"), Some("sixteen letters!")));
        let alias = read(r#"{"name":"n","webhookUrl":"https://a.example"}"#).unwrap();
        assert_eq!((alias.kind, alias.url()), (DestinationType::Webhook, Some("https://a.example")));
        let kafka = read(r#"{"name":"n","destination":{"type":"kafka","config":{"brokers":["b:1"],"topic":"t"}}}"#);
        assert_eq!(kafka.unwrap().shown, json!({ "brokers": ["b:1"], "topic": "t" }));
    }

    #[test]
    fn faults_of_a_configuration_stand_under_its_path() {
        let of = |config: &str| read(&format!(r#"{{"name":"n","destination":{config}}}"#)).err().unwrap();
        assert!(of(r#"{"type":"webhook","config":{"secret":"short"}}"#).contains("destination.config.url"));
        assert!(
            of(r#"{"type":"webhook","config":{"url":"u","secret":"short"}}"#).contains("destination.config.secret")
        );
        assert!(of(r#"{"type":"kafka","config":{"brokers":[],"topic":"t"}}"#).contains("destination.config.brokers"));
        assert!(of(r#"{"type":"sqs","config":{"queueUrl":"http://a"}}"#).contains("destination.config.queueUrl"));
        assert!(of(r#"{"type":"pigeon","config":{}}"#).contains("destination.type"));
        assert!(of(r#"{"type":"sqs"}"#).contains("destination.config"));
        assert!(read(r#"{"name":"n"}"#).err().unwrap().contains("destination is required"));
    }
}
