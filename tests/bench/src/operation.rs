//! What is measured: the operations as requests, against the rows that [`crate::deployment`] put in place.

use chancery_tests::variables::random_bytes;
use crypto::hash;

use crate::{
    caller::Caller,
    config_api::{self, Server},
    configuration, consents, qnsp,
};

/// A service key of the deployment that signs and checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    Caas,
    Licenses,
}

pub const COMMUNITY: &str = "5f3d8d0cd866fa61019cf968";
const CURRENT: &str = "/licenses/servicekey/current";
pub const SECRETS: &str = "/caas/tenants/bench/community/fifty/secrets";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Floor,
    FloorQuery,
    FloorBatch,
    /// Durable, so that on a disk it waits for that.
    FloorWrite,
    PublicKey,
    /// Through the gateway, where there is one; the other operations go to their function directly.
    PublicKeyBehindGateway,
    LicenseCheck,
    LicenseCheckCopy,
    /// Signed rightly, but an hour ago: all that is done for a signature, and no storage call.
    StaleCheck,
    CurrentKey,
    CurrentKeyCopy,
    FetchOne,
    FetchFifty,
    Put,
    Configuration(configuration::Request),
    Consent(consents::Request),
    Config(Server, config_api::Request),
    Qnsp(qnsp::Request),
}

impl Operation {
    const FUNCTIONS: [Self; 14] = [
        Self::Floor,
        Self::FloorQuery,
        Self::FloorBatch,
        Self::FloorWrite,
        Self::LicenseCheck,
        Self::LicenseCheckCopy,
        Self::StaleCheck,
        Self::CurrentKey,
        Self::CurrentKeyCopy,
        Self::FetchOne,
        Self::FetchFifty,
        Self::Put,
        Self::PublicKey,
        Self::PublicKeyBehindGateway,
    ];

    /// All that is measured at the first size.
    pub fn table() -> impl Iterator<Item = Self> {
        let of = |server| config_api::Request::ALL.into_iter().map(move |request| Self::Config(server, request));
        let configuration = configuration::Request::ALL.into_iter().map(Self::Configuration);
        let consents = consents::Request::ALL.into_iter().map(Self::Consent);
        Self::FUNCTIONS
            .into_iter()
            .chain(configuration)
            .chain(consents)
            .chain(of(Server::Chancery))
            .chain(of(Server::Plain))
            .chain(qnsp::Request::ALL.into_iter().map(Self::Qnsp))
    }

    /// Those whose cost must not grow with what is stored, after one that does not depend on it and shows how much
    /// the machine itself varies.
    pub fn scaled() -> impl Iterator<Item = Self> {
        let config = config_api::Request::ALL.into_iter().map(|request| Self::Config(Server::Chancery, request));
        let qnsp = qnsp::Request::ALL.into_iter().map(Self::Qnsp);
        let signed = [Self::Floor, Self::LicenseCheck, Self::CurrentKey, Self::FetchOne, Self::Put];
        signed.into_iter().chain(config).chain(qnsp)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor: a fixed 200",
            Self::FloorQuery => "floor and one SELECT",
            Self::FloorBatch => "floor and one batch: nonce, SELECT",
            Self::FloorWrite => "floor and one durable batch: a row",
            Self::PublicKey => "publickeys",
            Self::PublicKeyBehindGateway => "publickeys behind the gateway",
            Self::LicenseCheck => "licensecheck",
            Self::LicenseCheckCopy => "licensecheck, a copy",
            Self::StaleCheck => "licensecheck, refused for its time",
            Self::CurrentKey => "servicekey/current",
            Self::CurrentKeyCopy => "servicekey/current, a copy",
            Self::FetchOne => "secrets/fetch, 1",
            Self::FetchFifty => "secrets/fetch, 50",
            Self::Put => "secrets PUT",
            Self::Configuration(request) => request.name(),
            Self::Consent(request) => request.name(),
            Self::Config(server, request) => request.name(server),
            Self::Qnsp(request) => request.name(),
        }
    }

    /// Signed reads that ask storage: these have an aim.
    pub fn is_signed_read(self) -> bool {
        match self {
            Self::LicenseCheck | Self::CurrentKey | Self::FetchOne | Self::FetchFifty => true,
            Self::Configuration(request) => request.is_read(),
            Self::Consent(request) => request == consents::Request::Show,
            _ => false,
        }
    }

    pub fn expected_status(self) -> u16 {
        match self {
            Self::Put => 201,
            Self::Qnsp(request) if request.creates() => 201,
            Self::StaleCheck => 401,
            _ => 200,
        }
    }

    /// A whole request, signed afresh where it is signed.
    pub fn request(self, caller: &Caller) -> Vec<u8> {
        use Api::{Caas, Licenses};
        match self {
            Self::Floor => unsigned("/floor"),
            Self::FloorQuery => unsigned("/floor/query"),
            Self::FloorBatch => unsigned("/floor/batch"),
            Self::FloorWrite => unsigned("/floor/write"),
            Self::PublicKey => unsigned("/licenses/publickeys"),
            Self::PublicKeyBehindGateway => unsigned("/caas/publickeys"),
            Self::LicenseCheck => signed(caller, Licenses, "GET", &format!("{}?read_fresh=true", check()), ""),
            Self::LicenseCheckCopy => signed(caller, Licenses, "GET", &check(), ""),
            Self::StaleCheck => with_headers("GET", &check(), &caller.stale_headers(Licenses), ""),
            Self::CurrentKey => signed(caller, Licenses, "GET", &format!("{CURRENT}?read_fresh=true"), ""),
            Self::CurrentKeyCopy => signed(caller, Licenses, "GET", CURRENT, ""),
            Self::FetchOne => signed(caller, Caas, "POST", &format!("{SECRETS}/fetch"), r#"{"tags":["SECRET_25"]}"#),
            Self::FetchFifty => signed(caller, Caas, "POST", &format!("{SECRETS}/fetch"), "{}"),
            Self::Put => {
                let tag = format!("T{}", hash::hex(&random_bytes::<8>()));
                put(caller, "/caas/tenants/bench/community/written/secrets", &tag)
            }
            Self::Configuration(request) => request.bytes(caller),
            Self::Consent(request) => request.bytes(caller),
            Self::Config(server, request) => request.bytes(server, &caller.tokens, caller.number),
            Self::Qnsp(request) => request.bytes(caller),
        }
    }
}

fn check() -> String {
    format!("/licenses/community/{COMMUNITY}/licensecheck")
}

/// A new secret of a usual size.
pub fn put(caller: &Caller, path: &str, tag: &str) -> Vec<u8> {
    let value = "correct horse battery staple ".repeat(3);
    let body = serde_json::json!({ "tag": tag, "value": value, "createdBy": "bench" });
    signed(caller, Api::Caas, "PUT", path, &body.to_string())
}

pub fn signed(caller: &Caller, api: Api, method: &str, path: &str, body: &str) -> Vec<u8> {
    with_headers(method, path, &caller.headers(api), body)
}

pub fn with_headers(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn unsigned(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}
