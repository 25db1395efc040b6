//! Consents, as they are measured: what is in force is shown, and each connection appends to a chain of its own.

use chancery_tests::variables::random_bytes;
use crypto::hash;

use crate::{
    caller::Caller,
    operation::{Api, with_headers},
};

/// In the community that the calling licence is a member of; no secrets are there, so that on Workers one route leads to
/// their function.
const CONSENTS: &str = "/caas/tenants/bench/community/5f3d8d0cd866fa61019cf968/consents";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Show,
    /// A new version of 2 KB.
    Put,
}

impl Request {
    pub const ALL: [Self; 2] = [Self::Show, Self::Put];

    pub fn name(self) -> &'static str {
        match self {
            Self::Show => "consents GET",
            Self::Put => "consents PUT",
        }
    }

    pub fn bytes(self, caller: &Caller) -> Vec<u8> {
        match self {
            Self::Show => plain(caller, "GET", &format!("{CONSENTS}/biometric"), ""),
            Self::Put => put(caller, &format!("bench{}", caller.number)),
        }
    }
}

/// What is shown again and again.
pub fn prepare(caller: &Caller) -> Vec<u8> {
    put(caller, "biometric")
}

fn put(caller: &Caller, kind: &str) -> Vec<u8> {
    let data = serde_json::json!({
        "type": kind, "isEnabled": true, "requestingUser": "bench",
        "title": hash::hex(&random_bytes::<8>()), "subtitle": "s", "body": "PHA+".repeat(500), "acknowledgeText": "I agree",
    });
    plain(caller, "PUT", CONSENTS, &serde_json::json!({ "data": data }).to_string())
}

/// In plain mode, so that it is the consent that is measured and not the envelope around it.
fn plain(caller: &Caller, method: &str, path: &str, body: &str) -> Vec<u8> {
    with_headers(method, path, &format!("{}requestfromswagger: true\r\n", caller.headers(Api::Caas)), body)
}
