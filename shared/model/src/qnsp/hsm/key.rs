//! Keys on modules.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = HsmKeyType)]
pub enum KeyType {
    Aes,
    Rsa,
    Ec,
    Pqc,
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = HsmKeyPurpose)]
pub enum Purpose {
    Encrypt,
    Decrypt,
    Sign,
    Verify,
}

body! {
    pub struct NewHsmKeyMetadata {
        pub name: Option<Text<1, 128>> as "name",
        pub description: Option<Text<0, 2000>> as "description",
    }
}

body! {
    pub struct CreateHsmKey {
        pub connection_id: Uuid as "connectionId",
        pub key_type: KeyType as "keyType",
        /// In bits: aes 128, 192, 256 (256 unless it is said); rsa 2048, 3072 (3072), 4096; ec 256 (256), 384.
        pub key_size: Option<Whole<0, 1_000_000>> as "keySize",
        /// The mechanism, or the algorithm of a post-quantum key.
        pub algorithm: Option<Text<1, 64>> as "algorithm",
        #[schema(value_type = Vec<Purpose>, min_items = 1)]
        pub purpose: List<Purpose, 16> as "purpose",
        pub metadata: Option<NewHsmKeyMetadata> as "metadata",
        /// The key that this one replaces: it is retired.
        pub replaces_key_id: Option<Uuid> as "replacesKeyId",
    } where faults {
        if let Some(purpose) = &purpose {
            faults.check(!purpose.0.is_empty(), "purpose", "must have at least one item");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmKeyCreated)]
pub struct KeyCreated {
    pub key_id: String,
    pub connection_id: String,
    pub key_type: KeyType,
    pub algorithm: String,
    pub created_at: IsoTime,
    /// Base64 of a SubjectPublicKeyInfo; null for aes.
    pub public_key: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HsmKeyMetadata)]
pub struct KeyMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmKey)]
pub struct Key {
    pub key_id: String,
    pub connection_id: String,
    pub key_type: String,
    /// null for pqc.
    pub key_size: Option<i64>,
    pub algorithm: String,
    pub purpose: Vec<Purpose>,
    /// Base64 of a SubjectPublicKeyInfo; null for aes.
    pub public_key: Option<String>,
    /// active or retired.
    pub status: String,
    pub replaced_by: Option<String>,
    pub metadata: KeyMetadata,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HsmKeys)]
pub struct Keys {
    pub keys: Vec<Key>,
}
