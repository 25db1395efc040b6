//! The audit log: what is asked of it and what it answers. Hashes are hexadecimal, keys and signatures base64.

pub mod tile;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ids::Invalid,
    time::{self, IsoTime},
};

/// The most entries of one answer.
pub const MAX_ENTRIES: i64 = 1000;

/// Which entries of a tenant; all conditions must hold.
#[derive(Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// `done`, `refused` or `failed`.
    pub outcome: Option<String>,
    /// The hash of a value that was set.
    pub value_hash: Option<String>,
    /// Not before this time, in ISO 8601.
    pub from: Option<String>,
    /// Before this time, in ISO 8601.
    pub to: Option<String>,
    /// The `next` of the page before: only entries before this index.
    pub before: Option<u32>,
    /// 1 to 1000; 100 if not given.
    pub limit: Option<u32>,
}

impl EntryQuery {
    /// The rules that the types do not carry.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.outcome.as_deref().is_some_and(|outcome| !matches!(outcome, "done" | "refused" | "failed")) {
            return Err(Invalid("outcome must be done, refused or failed"));
        }
        for time in [&self.from, &self.to].into_iter().flatten() {
            IsoTime::try_from(time.clone())?;
        }
        limit(self.limit, 100).map(drop)
    }

    pub fn limit(&self) -> i64 {
        limit(self.limit, 100).unwrap_or(1)
    }

    /// Milliseconds since the epoch.
    pub fn from(&self) -> Option<i64> {
        self.from.as_deref().and_then(time::from_iso)
    }

    /// Milliseconds since the epoch.
    pub fn to(&self) -> Option<i64> {
        self.to.as_deref().and_then(time::from_iso)
    }
}

fn limit(given: Option<u32>, default: i64) -> Result<i64, Invalid> {
    match given.map_or(default, i64::from) {
        limit @ 1..=MAX_ENTRIES => Ok(limit),
        _ => Err(Invalid("limit must be 1 to 1000")),
    }
}

/// An entry. Its text is a leaf of the tree and is never changed; retention may erase it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    pub tenant: String,
    pub index: u64,
    /// Milliseconds since the epoch.
    pub at: i64,
    /// The tag of a licence, or the owner of a token.
    pub actor: String,
    pub action: String,
    pub subject: String,
    /// The uuid of the signed request.
    pub request_id: Option<String>,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// What the action tells besides, by its name.
    #[schema(value_type = Option<Object>)]
    pub detail: Option<serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
pub struct Entries {
    #[schema(value_type = Vec<Entry>)]
    pub entries: Vec<Box<RawValue>>,
    /// `before` of the next page; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// The signed statement that at some time the tree of a tenant had this size and root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    pub tenant: String,
    pub tree_size: u64,
    pub root_hash: String,
    /// Milliseconds since the epoch.
    pub time: i64,
    /// ES256 over the lines `chancery-audit-checkpoint`, tenant, treeSize, rootHash and time, each with a line feed at
    /// its end.
    pub signature: String,
}

impl Checkpoint {
    /// What is signed.
    ///
    /// ```
    /// let checkpoint = chancery_model::audit::Checkpoint {
    ///     tenant: "acme".into(), tree_size: 3, root_hash: "00ff".into(), time: 1, signature: String::new(),
    /// };
    /// assert_eq!(checkpoint.signed_text(), "chancery-audit-checkpoint\nacme\n3\n00ff\n1\n");
    /// ```
    pub fn signed_text(&self) -> String {
        let Self { tenant, tree_size, root_hash, time, signature: _ } = self;
        format!("chancery-audit-checkpoint\n{tenant}\n{tree_size}\n{root_hash}\n{time}\n")
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointAnswer {
    pub checkpoint: Checkpoint,
    /// How many entries it does not cover yet; ask again until there are none.
    pub pending: u64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CheckpointQuery {
    /// The `next` of the page before: only checkpoints of larger trees.
    #[serde(default)]
    pub after: u32,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Checkpoints {
    /// The smallest tree first.
    pub checkpoints: Vec<Checkpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InclusionQuery {
    pub index: u32,
    /// The size of the tree, as a checkpoint names it.
    pub size: u32,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InclusionProof {
    pub index: u64,
    pub tree_size: u64,
    pub leaf_hash: String,
    pub root_hash: String,
    /// From the leaf to the root, as RFC 9162 2.1.3 has it.
    pub proof: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// The size of the older tree.
    pub from: u32,
    /// The size of the newer tree.
    pub to: u32,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsistencyProof {
    pub from: u64,
    pub to: u64,
    pub from_root_hash: String,
    pub to_root_hash: String,
    /// As defined in RFC 9162, 2.1.4.
    pub proof: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The first index.
    #[serde(default)]
    pub from: u32,
    /// 1 to 1000; 1000 if not given.
    pub limit: Option<u32>,
}

impl ExportQuery {
    pub fn limit(&self) -> Result<i64, Invalid> {
        limit(self.limit, MAX_ENTRIES)
    }
}

/// One line of an export.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", untagged)]
pub enum ExportLine {
    /// An entry, and the hash of the leaf that it is. The text is null where it was erased.
    #[serde(rename_all = "camelCase")]
    Entry { index: u64, leaf_hash: String, entry: Option<String> },
    /// Follows the last entry that it covers.
    Checkpoint { checkpoint: Checkpoint },
    /// The first line.
    Key { key: AuditKey },
}

/// The public key that verifies checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditKey {
    /// `ES256`.
    pub algorithm: String,
    /// X and Y of a point of P-256, as `/publickeys` writes keys.
    pub public_key: String,
    pub jwk: Jwk,
}

/// The same as RFC 7517 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    pub kty: String,
    pub crv: String,
    pub x: String,
    pub y: String,
}

#[derive(Deserialize, ToSchema)]
pub struct HashRequest {
    pub value: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HashAnswer {
    /// For `valueHash` of the list.
    pub value_hash: String,
}
