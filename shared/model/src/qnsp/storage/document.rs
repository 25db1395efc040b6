//! Documents: what the service stores.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Bucket, DataType, Level, Region};
use crate::{
    body,
    json::JsonObject,
    qnsp::{List, Object, Text, hsm::Bytes},
    time::IsoTime,
};

body! {
    /// A document, or a new version of the one that has this name in the bucket. `content` or `contentBase64` is required.
    pub struct CreateDocument {
        /// `default` if not given.
        #[schema(value_type = Option<String>, pattern = "^[a-z0-9.-]{1,63}$")]
        pub bucket: Option<Bucket> as "bucket",
        pub name: Text<1, 1024> as "name",
        /// At most 512 KiB.
        pub content: Option<String> as "content",
        /// The same in base64.
        #[schema(value_type = Option<String>)]
        pub content_base64: Option<Bytes<0, { 1 << 20 }>> as "contentBase64",
        /// That of the version before if not given, `local` for the first one.
        #[schema(value_type = Option<String>, pattern = "^[a-z0-9-]{1,63}$")]
        pub region: Option<Region> as "region",
        #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
        pub metadata: Option<Object<16>> as "metadata",
    } where faults {
        let is_twice = matches!((&content, &content_base64), (Some(Some(_)), Some(Some(_))));
        faults.check(!is_twice, "contentBase64", "may not be given with content");
    }
}

body! {
    /// Which documents; all of them without buckets and prefixes.
    #[derive(Default)]
    pub struct DocumentScope {
        #[schema(value_type = Option<Vec<String>>)]
        pub buckets: Option<List<Bucket>> as "buckets",
        /// Texts with which names begin.
        #[schema(value_type = Option<Vec<Text<1, 1024>>>, max_items = 1_000)]
        pub prefixes: Option<List<Text<1, 1024>>> as "prefixes",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub document_id: String,
    pub bucket: String,
    pub name: String,
    pub region: String,
    /// Of the latest version.
    pub size_bytes: i64,
    pub version: i64,
    pub classification: Option<Level>,
    pub data_types: Vec<DataType>,
    /// Of the first version.
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct Documents {
    /// By bucket and name.
    pub documents: Vec<Document>,
    pub total: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DocumentStatus {
    Active,
    Archived,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredDocument {
    #[serde(flatten)]
    pub document: Document,
    pub status: DocumentStatus,
    /// Until when it cannot be deleted.
    pub retain_until: Option<IsoTime>,
    /// The legal holds that are active.
    pub holds: Vec<String>,
    /// Of the latest version, as they were written.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub metadata: JsonObject,
}
