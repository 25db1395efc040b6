//! What is done with keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Bytes;
use crate::{body, ids::Uuid, qnsp::Text, time::IsoTime};

/// The most bytes that are signed by one call.
const MESSAGE: usize = 700 << 10;

/// The longest signature that is looked at; of what is longer it is known that it is none.
const SIGNATURE: usize = 16 << 10;

body! {
    pub struct WrapKey {
        pub wrapping_key_id: Uuid as "wrappingKeyId",
        /// Base64 of 1 to 4096 bytes.
        #[schema(value_type = String)]
        pub key_to_wrap: Bytes<1, 4096> as "keyToWrap",
        pub algorithm: Option<Text<1, 64>> as "algorithm",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmKeyWrapped)]
pub struct KeyWrapped {
    /// Base64.
    pub wrapped_key: String,
    pub wrapping_key_id: String,
    pub algorithm: &'static str,
}

body! {
    pub struct UnwrapKey {
        pub unwrapping_key_id: Uuid as "unwrappingKeyId",
        /// Base64.
        #[schema(value_type = String)]
        pub wrapped_key: Bytes<1, 16384> as "wrappedKey",
        pub algorithm: Option<Text<1, 64>> as "algorithm",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmKeyUnwrapped)]
pub struct KeyUnwrapped {
    /// Base64.
    pub unwrapped_key: String,
}

/// What is given to be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HsmMessageType)]
pub enum MessageType {
    #[default]
    Message,
    /// The hash of the message.
    Digest,
}

body! {
    pub struct SignData {
        pub key_id: Uuid as "keyId",
        /// Base64 of at most 700 KiB.
        #[schema(value_type = String)]
        pub data: Bytes<0, MESSAGE> as "data",
        pub algorithm: Option<Text<1, 64>> as "algorithm",
        /// message unless it is said.
        pub message_type: Option<MessageType> as "messageType",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmSigned)]
pub struct Signed {
    /// Base64.
    pub signature: String,
    pub key_id: String,
    pub algorithm: &'static str,
}

body! {
    pub struct VerifySignature {
        pub key_id: Uuid as "keyId",
        /// Base64 of at most 700 KiB.
        #[schema(value_type = String)]
        pub data: Bytes<0, MESSAGE> as "data",
        /// Base64.
        #[schema(value_type = String)]
        pub signature: Bytes<0, SIGNATURE> as "signature",
        pub algorithm: Option<Text<1, 64>> as "algorithm",
        /// message unless it is said.
        pub message_type: Option<MessageType> as "messageType",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmVerified)]
pub struct Verified {
    pub valid: bool,
    pub key_id: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HsmOperation)]
pub struct Operation {
    pub operation_id: String,
    /// key.create, wrap, unwrap, sign, verify or validate.
    #[serde(rename = "type")]
    pub operation_type: String,
    /// null for validate.
    pub key_id: Option<String>,
    pub timestamp: IsoTime,
    /// success or failure.
    pub status: &'static str,
    pub latency_ms: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HsmOperations)]
pub struct Operations {
    /// The latest first.
    pub operations: Vec<Operation>,
}
