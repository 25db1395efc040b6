//! The search service: documents, synonyms, how well searches go, maintenance of indexes, isolation.

mod analytics;
mod document;
mod health;
mod isolation;
mod synonym;

pub use analytics::{
    FeedbackRecorded, FeedbackType, NewFeedback, NewQuery, QueryRecorded, SearchMetrics, SearchQuality,
};
pub use document::{Content, DocumentIndexed, Hit, Hits, NewDocument};
pub use health::{IndexHealth, IndexStatus, MaintenanceType, NewWindow, SearchHealth, Shards, WindowScheduled};
pub use isolation::{IsolationTest, NewVerification, TestType, Verification};
pub use synonym::{Expand, Expanded, GroupCreated, GroupType, NewGroup};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The name of an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexName(String);

impl IndexName {
    const LONGEST: usize = 128;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where documents go that name none.
impl Default for IndexName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl<'de> Deserialize<'de> for IndexName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=Self::LONGEST).contains(&name.len()) && name.bytes().all(is_known) {
            return Ok(Self(name));
        }
        Err(D::Error::custom("must have 1 to 128 letters, digits, dots, dashes and underscores"))
    }
}

impl Serialize for IndexName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}
