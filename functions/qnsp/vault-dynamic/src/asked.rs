//! What a new configuration says, as far as it can be judged without storage.

use axum::http::StatusCode;
use model::{
    faults::Faults,
    qnsp::{
        List, Text, Whole,
        dynamic_secrets::{CreateDynamicSecretConfig, DynamicSecretBackend, DynamicSecretType, NewDynamicSecretTtl},
    },
};
use policy::qnsp::{
    OutboundHosts, duration,
    lease::{self, LEAST_ASKED, LONGEST, Naming, SHORTEST},
    postgres_url::PostgresUrl,
};
use qnsp::{
    impossible, impossible_fields,
    leases::{Database, Ttl},
};
use serde_json::{Value, json};
use service::{Error, Result};

const NO_DURATION: &str = "must be an ISO 8601 duration, such as PT1H";
const NOT_SERVED: &str = "not supported by this deployment";
const UNFIT: &str = "does not fit the type";

/// What is made for real.
const SERVED: [&str; 2] = ["database/postgres", "api_key"];

fn milliseconds(field: &'static str, text: &Text<1, 128>) -> Result<i64> {
    Ok(duration::parse(text.as_str()).ok_or_else(|| Faults::one(field, NO_DURATION))?)
}

/// How long a lease shall live, where the call says so.
pub(crate) fn asked_ttl<const MIN: i64, const MAX: i64>(
    ttl: Option<&Text<1, 128>>,
    seconds: Option<Whole<MIN, MAX>>,
) -> Result<Option<i64>> {
    let (field, asked) = match (ttl, seconds) {
        (Some(ttl), _) => ("ttl", milliseconds("ttl", ttl)?),
        (None, Some(Whole(seconds))) => ("ttlSeconds", seconds.saturating_mul(1000)),
        (None, None) => return Ok(None),
    };
    if asked < LEAST_ASKED { Err(impossible(field, "must be a second or more")) } else { Ok(Some(asked)) }
}

/// How long leases of a new configuration shall live.
pub(crate) fn ttl_of(new: &CreateDynamicSecretConfig) -> Result<Ttl> {
    let none = NewDynamicSecretTtl { default: None, max: None };
    let ttl = new.ttl.as_ref().unwrap_or(&none);
    let given = |field, text: Option<&Text<1, 128>>, seconds: Option<Whole<1, 1_000_000_000>>| match (text, seconds) {
        (Some(text), _) => milliseconds(field, text).map(Some),
        (None, seconds) => Ok(seconds.map(|Whole(seconds)| seconds * 1000)),
    };
    let default = given("ttl.default", ttl.default.as_ref(), new.default_ttl_seconds)?;
    let default = default.ok_or_else(|| Error::internal("a configuration without a duration was let through"))?;
    let max = given("ttl.max", ttl.max.as_ref(), new.max_ttl_seconds)?.unwrap_or(default);
    let mut faults = Vec::new();
    if !(SHORTEST..=LONGEST).contains(&default) {
        faults.push(("ttl.default".to_owned(), "must be from PT1M to P30D"));
    } else if !(default..=LONGEST).contains(&max) {
        faults.push(("ttl.max".to_owned(), "must be from the default to P30D"));
    }
    if faults.is_empty() { Ok(Ttl { default, max }) } else { Err(impossible_fields(faults)) }
}

/// Refuses what cannot be made. Credentials are never invented.
pub(crate) fn check_served(new: &CreateDynamicSecretConfig) -> Result<()> {
    use DynamicSecretBackend::{Aws, AwsIam, Azure, AzureSp, Gcp, GcpSa, Mongodb, Mysql, Postgres, Redis};
    let not_served = |field: &str| {
        let mut details = json!({ "supported": SERVED });
        if let Some(members) = details.as_object_mut() {
            members.insert(field.to_owned(), Value::from(NOT_SERVED));
        }
        let message = format!("{field} {NOT_SERVED}");
        Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, message).with_body(details))
    };
    match (new.kind(), new.backend_kind()) {
        (Some(DynamicSecretType::Database), Some(Postgres)) => Ok(()),
        (Some(DynamicSecretType::ApiKey), None) => Ok(()),
        (Some(DynamicSecretType::Database), Some(Mysql | Mongodb | Redis))
        | (Some(DynamicSecretType::CloudCredentials), Some(Aws | AwsIam | Azure | AzureSp | Gcp | GcpSa)) => {
            not_served("backend.type")
        }
        (Some(DynamicSecretType::Certificate | DynamicSecretType::SshKey), _) => not_served("type"),
        _ => Err(impossible("backend.type", UNFIT)),
    }
}

/// Refuses a template that gives no names, or no rights.
pub(crate) fn check_template(new: &CreateDynamicSecretConfig) -> Result<()> {
    let mut faults = Vec::new();
    let role = role(new);
    if new.kind() == Some(DynamicSecretType::ApiKey) {
        if !matches!(role, None | Some("viewer" | "developer")) {
            faults.push(("template.roleTemplate".to_owned(), "must be viewer or developer"));
        }
    } else if !role.is_none_or(lease::is_role) {
        faults
            .push(("template.roleTemplate".to_owned(), "must be a role: A-Z a-z 0-9 _ $, at most 63, no digit first"));
    }
    let naming = Naming { template: username_template(new), config: new.name.as_str(), role };
    if let Err(reason) = naming.check() {
        faults.push(("template.usernameTemplate".to_owned(), reason));
    }
    if faults.is_empty() { Ok(()) } else { Err(impossible_fields(faults)) }
}

pub(crate) fn username_template(new: &CreateDynamicSecretConfig) -> &str {
    let template = new.template.as_ref().and_then(|template| template.username_template.as_ref());
    template.map_or(lease::TEMPLATE, Text::as_str)
}

pub(crate) fn role(new: &CreateDynamicSecretConfig) -> Option<&str> {
    new.template.as_ref().and_then(|template| template.role_template.as_ref()).map(Text::as_str)
}

/// The database of a configuration that has one, if it may be called.
pub(crate) fn database(new: &CreateDynamicSecretConfig, hosts: &OutboundHosts) -> Result<Option<Database>> {
    const FIELD: &str = "backend.connectionString";
    let Some(backend) = new.backend.as_ref().filter(|_| new.kind() == Some(DynamicSecretType::Database)) else {
        return Ok(None);
    };
    let url = backend.connection_string.as_ref().map(Text::as_str).unwrap_or_default();
    let url = PostgresUrl::parse(url).map_err(|reason| impossible(FIELD, reason))?;
    url.check(hosts).map_err(|reason| impossible(FIELD, reason))?;
    let account = backend.credentials.as_ref();
    let given = account.and_then(|account| account.username.as_ref()).map(|name| name.as_str().to_owned());
    let user = given.or_else(|| url.user.clone()).ok_or_else(|| impossible(FIELD, "must have a user"))?;
    let given = account.and_then(|account| account.password.as_ref()).map(|word| word.as_str().to_owned());
    let password = given.or_else(|| url.password.clone()).unwrap_or_default();
    if user.contains('\0') || password.contains('\0') {
        return Err(impossible("backend.credentials", "may hold no zero character"));
    }
    let texts = |list: &Option<List<Text<1, 2000>, 32>>| {
        list.as_ref().map(|list| list.0.iter().map(|text| text.as_str().to_owned()).collect::<Vec<_>>())
    };
    let template = new.template.as_ref();
    Ok(Some(Database {
        database: url.database.clone().unwrap_or_else(|| user.clone()),
        host: url.host,
        port: url.port,
        user,
        password,
        ssl_mode: url.ssl_mode.map(|mode| mode.as_str().to_owned()),
        creation: template.and_then(|template| texts(&template.creation_statements)),
        revocation: template.and_then(|template| texts(&template.revocation_statements)),
    }))
}
