//! The Config API: groups, items, their history and tokens, as they stand on the wire. What a body must hold is in
//! `bodies`; how a value is stored is for the function.

mod bodies;
mod key;
mod slug;
mod token;
mod value;

pub use bodies::{CreateGroup, CreateItem, Details, ResolveRequest, UpdateGroup, UpdateItem};
pub use slug::slug;
pub use token::{MintTokenRequest, MintedToken, Token, TokenList};
pub use value::{ValueText, ValueType};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{json::JsonObject, time::IsoTime};

/// What stands instead of a secret value, whatever its length.
pub const MASK: &str = "••••••••";

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    #[serde(rename = "_id")]
    pub id: String,
    pub tenant_id: String,
    pub project_id: String,
    pub key: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub tags: Vec<String>,
    /// The JSON object that was given.
    #[schema(value_type = Object)]
    pub metadata: JsonObject,
    pub created_by: String,
    pub updated_by: String,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

/// An item; a secret value is masked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    #[serde(flatten)]
    #[schema(inline)]
    pub common: Group,
    pub group_id: String,
    pub value: String,
    pub value_type: ValueType,
    pub is_secret: bool,
    pub version: i64,
}

#[derive(Serialize, ToSchema)]
pub struct GroupWithItems {
    #[serde(flatten)]
    #[schema(inline)]
    pub group: Group,
    pub items: Vec<Item>,
}

#[derive(Serialize, ToSchema)]
pub struct GroupAnswer {
    pub group: Group,
}

#[derive(Serialize, ToSchema)]
pub struct GroupWithItemsAnswer {
    pub group: GroupWithItems,
}

#[derive(Serialize, ToSchema)]
pub struct GroupsAnswer {
    pub groups: Vec<Group>,
}

#[derive(Serialize, ToSchema)]
pub struct ItemAnswer {
    pub item: Item,
}

#[derive(Serialize, ToSchema)]
pub struct ItemsAnswer {
    pub items: Vec<Item>,
}

/// An answer that only says that something was done.
#[derive(Serialize, ToSchema)]
pub struct Success {
    pub success: bool,
}

/// A value in the clear, always as text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    pub value: String,
    pub value_type: ValueType,
    pub version: i64,
}

#[derive(Serialize, ToSchema)]
pub struct ResolveAnswer {
    pub configs: BTreeMap<String, Resolved>,
}

/// One audit entry of a key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLog {
    #[serde(rename = "_id")]
    pub id: String,
    pub tenant_id: String,
    pub project_id: String,
    pub config_key: String,
    /// create, update, delete or read
    pub action: String,
    pub version: i64,
    pub performed_by: String,
    pub created_at: IsoTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_value: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditLogsAnswer {
    pub logs: Vec<AuditLog>,
}

/// A value that an item has or had; masked while the item is a secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    pub version: i64,
    pub value: String,
    pub value_type: ValueType,
    pub created_by: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct VersionsAnswer {
    /// Newest first, with the value in force.
    pub versions: Vec<Version>,
}

/// Which groups or items a list is to hold.
#[derive(Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Separated by commas; all of them must be there.
    tags: Option<String>,
    /// A part of the name, key or description, in any case.
    search: Option<String>,
    /// Items only: `true` or `false`; anything else is ignored.
    is_secret: Option<String>,
    /// `GET /items` only.
    pub group_id: Option<String>,
}

impl ListQuery {
    /// The wanted tags, each once.
    pub fn tags(&self) -> Vec<&str> {
        let mut tags: Vec<_> = self.tags.as_deref().unwrap_or_default().split(',').map(str::trim).collect();
        tags.retain(|tag| !tag.is_empty());
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// What is searched for, folded; empty when nothing is.
    pub fn needle(&self) -> String {
        fold(self.search.as_deref().unwrap_or_default())
    }

    pub fn is_secret(&self) -> Option<bool> {
        self.is_secret.as_deref().and_then(|text| text.parse().ok())
    }
}

/// A page of audit entries. What is no number is as if it were absent.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// 50 if not given, at most 100
    limit: Option<String>,
    /// 0 if not given
    skip: Option<String>,
}

impl AuditQuery {
    pub fn limit(&self) -> i64 {
        let limit = self.limit.as_deref().and_then(|text| text.parse::<i64>().ok());
        limit.filter(|limit| *limit > 0).unwrap_or(50).min(100)
    }

    pub fn skip(&self) -> i64 {
        self.skip.as_deref().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0).into()
    }
}

/// Text as it is compared in a search.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
