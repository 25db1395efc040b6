//! What the cases of the QNSP API stand on: tenants and keys of their own, and one caller of each kind, so that a case
//! says who asks.

use chancery::client::Reply;
use chancery_tests::variables::random_uuid;
use crypto::{base64, hash};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    database,
    deployment::{Deployment, unique},
};

pub const TENANTS: &str = "/caas/qnsp/tenants";

/// A tenant of QNSP.
pub struct Tenant<'a> {
    deployment: &'a Deployment,
    pub id: String,
}

/// Someone who calls the QNSP API, with or without a token.
pub struct Caller<'a> {
    deployment: &'a Deployment,
    /// The tenant of the token.
    pub tenant: String,
    pub user: String,
    /// Of an API key.
    pub key_id: String,
    /// What stands behind `Bearer`; `None` sends no header.
    pub token: Option<String>,
}

/// One caller of each kind. Those that are not named otherwise are of one tenant that has everything.
pub struct Cast<'a> {
    pub tenant: Tenant<'a>,
    pub anonymous: Caller<'a>,
    pub garbage: Caller<'a>,
    pub viewer: Caller<'a>,
    pub developer: Caller<'a>,
    pub service: Caller<'a>,
    pub admin: Caller<'a>,
    pub owner: Caller<'a>,
    /// Of a tenant of its own, which is an operator's.
    pub operator: Caller<'a>,
    /// The owner of another tenant that has everything.
    pub foreign: Caller<'a>,
    /// The owner of a tenant of the tier `free`.
    pub free: Caller<'a>,
    /// The owner of a tenant of a high tier, but without add-ons.
    pub without_add_ons: Caller<'a>,
    /// An owner by a JSON web token.
    pub jwt: Caller<'a>,
}

impl<'a> Cast<'a> {
    #[track_caller]
    pub fn new(t: &'a Deployment) -> Self {
        let full = |tier: &str| json!({ "tier": tier, "addOns": ["byohsm", "key-escrow"] });
        let tenant = Tenant::new(t, &full("enterprise-pro"));
        let nobody = |token: Option<&str>| Caller {
            deployment: t,
            tenant: tenant.id.clone(),
            user: String::new(),
            key_id: String::new(),
            token: token.map(str::to_owned),
        };
        Self {
            anonymous: nobody(None),
            garbage: nobody(Some("qnsp_pqc_garbage")),
            viewer: tenant.key("viewer"),
            developer: tenant.key("developer"),
            service: tenant.key("service"),
            admin: tenant.key("admin"),
            owner: tenant.key("owner"),
            operator: Tenant::new(t, &full("specialized")).key("platform_admin"),
            foreign: Tenant::new(t, &full("enterprise-pro")).key("owner"),
            free: Tenant::new(t, &json!({ "tier": "free" })).key("owner"),
            without_add_ons: Tenant::new(t, &json!({ "tier": "enterprise-pro" })).key("owner"),
            jwt: tenant.jwt(&json!({ "roles": ["owner"] })),
            tenant,
        }
    }

    /// Everyone, with the name of the kind.
    pub fn all(&self) -> [(&'static str, &Caller<'a>); 12] {
        [
            ("anonymous", &self.anonymous),
            ("garbage", &self.garbage),
            ("viewer", &self.viewer),
            ("developer", &self.developer),
            ("service", &self.service),
            ("admin", &self.admin),
            ("owner", &self.owner),
            ("operator", &self.operator),
            ("foreign", &self.foreign),
            ("free", &self.free),
            ("without add-ons", &self.without_add_ons),
            ("jwt", &self.jwt),
        ]
    }
}

impl<'a> Tenant<'a> {
    /// A new tenant with these attributes.
    #[track_caller]
    pub fn new(t: &'a Deployment, attributes: &Value) -> Self {
        let mut body = json!({ "name": unique("tenant") });
        body.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        let made = ok(&t.service.put(TENANTS, &body), 201);
        Self { deployment: t, id: made["tenantId"].as_str().unwrap().to_owned() }
    }

    /// Where an operator finds something of it.
    pub fn path(&self, part: &str) -> String {
        format!("{TENANTS}/{}{part}", self.id)
    }

    /// A new user with a key of this role.
    #[track_caller]
    pub fn key(&self, role: &str) -> Caller<'a> {
        self.key_with(&json!({ "role": role }))
    }

    /// A new key with these attributes.
    #[track_caller]
    pub fn key_with(&self, attributes: &Value) -> Caller<'a> {
        let issued = ok(&self.deployment.service.put(&self.path("/keys"), attributes), 201);
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        Caller {
            deployment: self.deployment,
            tenant: self.id.clone(),
            user: text("userId"),
            key_id: text("keyId"),
            token: Some(text("apiKey")),
        }
    }

    /// A new user with a token of the deployment's HS256 secret, with these claims instead of the usual ones.
    pub fn jwt(&self, claims: &Value) -> Caller<'a> {
        let (user, now) = (random_uuid(), now());
        let mut all = json!({
            "jti": random_uuid(), "sub": user, "iat": now, "exp": now + 900, "aud": "platform",
            "tenant_id": self.id, "roles": [],
        });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        Caller {
            deployment: self.deployment,
            tenant: self.id.clone(),
            user: all["user_id"].as_str().unwrap_or(&user).to_owned(),
            key_id: String::new(),
            token: Some(signed(&all, self.deployment.instance.variables.get("QNSP_JWT_HS256_SECRET"))),
        }
    }
}

impl<'a> Caller<'a> {
    /// Whoever holds this token of a tenant.
    pub fn with_token(deployment: &'a Deployment, tenant: &str, token: &str) -> Self {
        Self {
            deployment,
            tenant: tenant.to_owned(),
            user: String::new(),
            key_id: String::new(),
            token: Some(token.to_owned()),
        }
    }
}

impl Caller<'_> {
    pub fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, Some(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.call("PUT", path, Some(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call("PATCH", path, Some(body))
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None)
    }

    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.send(method, path, &[], body.map(|body| body.to_string().into_bytes()).as_deref())
    }

    /// Sends these headers and bytes, whatever they are, with the token.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut all: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        all.extend(body.map(|_| ("content-type", "application/json")));
        all.extend(headers);
        self.deployment.anonymous.send(method, path, &all, body)
    }
}

/// A refusal in the shape of QNSP, which names these places and no others.
#[track_caller]
pub fn refuses(reply: &Reply, status: u16, places: &[&str]) {
    let body = reply.json().unwrap();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(names(&body), ["details", "error", "message", "requestId", "statusCode", "timestamp"], "{body}");
    assert_eq!(names(&body["details"]), places, "{body}");
}

/// A token of these claims, signed with HS256.
pub fn signed(claims: &Value, secret: &str) -> String {
    let part = |value: &Value| base64::encode_url(value.to_string().as_bytes());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let signature = hash::hmac_sha256(secret.as_bytes(), &[text.as_bytes()]);
    format!("{text}.{}", base64::encode_url(&signature))
}

/// Seconds since the epoch.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// How a text may be written: as it is, encoded, and as its SHA-256.
pub fn written(text: &str) -> Vec<String> {
    let mut written = encoded(text.as_bytes());
    written.extend([text.to_owned(), hash::hex(&hash::sha256(&[text.as_bytes()]))]);
    written
}

/// These bytes in hexadecimal, and in base64 wherever they stand in the bytes that are encoded.
pub fn encoded(bytes: &[u8]) -> Vec<String> {
    let mut encoded = vec![hash::hex(bytes), hash::hex(bytes).to_uppercase()];
    encoded.extend((0..3).map(|from| base64::encode(&bytes[from..][..(bytes.len() - from) / 3 * 3])));
    encoded
}

/// However a text is written, it is in none of these answers, and neither in the tenant's entries of the audit log nor in the
/// log of the deployment nor in its database.
#[track_caller]
pub fn is_in_none(t: &Deployment, tenant: &Tenant, text: &str, answers: &[&Reply]) {
    let log = t.instance.log();
    let entries = database::audit(&t.instance).into_iter().filter(|entry| entry.tenant == tenant.id);
    let entries: String = entries.map(|entry| entry.text).collect();
    assert!(!entries.is_empty());
    for written in written(text) {
        for reply in answers {
            assert!(!String::from_utf8_lossy(&reply.body).contains(&written));
        }
        assert!(!log.contains(&written) && !entries.contains(&written));
        assert!(!database::contains(&t.instance, &written), "{written}");
    }
}
