//! Documents and the search over them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::IndexName;
use crate::{
    body,
    qnsp::{List, Text},
    time::IsoTime,
};

/// How long the body of a document may be, in bytes.
const LONGEST_BODY: usize = 256 << 10;

body! {
    /// A document; one with the same id in the same index is replaced. `title` or `body` is required.
    pub struct NewDocument {
        pub document_id: Text<1, 128> as "documentId",
        /// `default` if not given.
        #[schema(value_type = Option<String>)]
        pub index_name: Option<IndexName> as "indexName",
        /// The index, where `indexName` is not given.
        #[schema(value_type = Option<String>)]
        pub source_service: Option<IndexName> as "sourceService",
        pub title: Option<Text<0, 1024>> as "title",
        /// At most 256 KiB.
        pub body: Option<String> as "body",
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 100)]
        pub tags: Option<List<Text<1, 256>, 100>> as "tags",
        /// Kept as it is.
        pub version: Option<Text<0, 256>> as "version",
    } where faults {
        let length = body.as_ref().and_then(Option::as_ref).map_or(0, String::len);
        faults.check(length <= LONGEST_BODY, "body", "may have at most 256 KiB");
        faults.check(!matches!((&title, &body), (Some(None), Some(None))), "title", "is required without a body");
    }
}

/// A document as it is sealed.
#[derive(Serialize, Deserialize)]
pub struct Content {
    pub title: String,
    pub body: String,
    pub tags: Vec<String>,
    pub version: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentIndexed {
    pub document_id: String,
    pub index_name: String,
    pub indexed_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    pub document_id: String,
    pub index_name: String,
    pub title: String,
    pub score: f64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hits {
    pub items: Vec<Hit>,
    /// Of all that match.
    pub total: i64,
    /// For feedback.
    pub query_id: String,
}
