//! How credentials come to be: a key of this API in one batch, or a user of a database, for which the lease is written down
//! before and after.

use axum::{http::StatusCode, response::Response};
use crypto::hash;
use model::{
    qnsp::dynamic_secrets::{Credentials, LeaseIssued},
    time::IsoTime,
};
use platform::{PostgresError, random};
use policy::qnsp::{
    Quota,
    lease::{self, Naming},
};
use qnsp::{
    Caller, NewKey, Settings,
    leases::{Config, Database, User, refusal},
};
use service::{Error, Result};
use zeroize::Zeroizing;

use crate::{
    config_store::{config_exists, count},
    lease_store::{NewLease, activate, is_pending, take_back},
};

/// The role of a key whose configuration names none.
const ROLE: &str = "viewer";

fn answer(id: &str, config: &Config, ttl: i64, (username, password): (&str, &str), expires_at: i64) -> LeaseIssued {
    LeaseIssued {
        lease_id: id.to_owned(),
        credentials: Credentials { username: username.to_owned(), password: password.to_owned() },
        expires_at: IsoTime(expires_at),
        renewable: ttl < config.ttl.max,
    }
}

/// A key of the user who asks.
pub(crate) async fn issue_key(caller: &Caller, config: &Config, id: &str, ttl: i64) -> Result<Response> {
    let expires_at = caller.now + ttl;
    let key = NewKey {
        tenant: caller.tenant(),
        user: caller.user(),
        roles: &[config.role.as_deref().unwrap_or(ROLE)],
        name: &config.name,
        expires_at: Some(expires_at),
        is_personal: false,
    };
    let key = key.issue(caller.now)?;
    let lease = NewLease {
        id,
        config: &config.id,
        username: &key.id,
        password_hash: &qnsp::key_hash(&key.text),
        expires_at,
        max_expires_at: caller.now + config.ttl.max,
        has_user: false,
    };
    let mut work = caller.work();
    work.require(config_exists(caller, &config.id));
    work.push(key.insert);
    work.push(lease.insert(caller));
    work.push(count(caller, "issued"));
    work.reserve(Quota::Secrets, 1);
    work.commit(StatusCode::OK, &answer(id, config, ttl, (&key.id, &key.text), expires_at)).await
}

pub(crate) async fn issue_user(
    caller: &Caller,
    config: &Config,
    database: &Database,
    id: &str,
    ttl: i64,
) -> Result<Response> {
    let (expires_at, max_expires_at) = (caller.now + ttl, caller.now + config.ttl.max);
    let name = name(config, caller.now)?;
    let password = password()?;
    let lease = NewLease {
        id,
        config: &config.id,
        username: &name,
        password_hash: &hash::hex(&hash::sha256(&[password.as_bytes()])),
        expires_at,
        max_expires_at,
        has_user: true,
    };
    let mut preparation = caller.prepare();
    preparation.require(config_exists(caller, &config.id));
    preparation.push(lease.insert(caller));
    preparation.reserve(Quota::Secrets, 1);
    preparation.run().await?;

    let hosts = &Settings::of(&caller.app)?.outbound_hosts;
    let user = User { name: &name, until: expires_at };
    if let Err(error) = database.create(hosts, user, &password, config.role.as_deref()).await {
        let may_have_user = error == PostgresError::Broken && database.remove(hosts, user).await.is_err();
        undo(caller, id, may_have_user).await;
        return Err(refusal(error));
    }
    let mut work = caller.work();
    work.require(is_pending(caller, id));
    work.push(activate(caller, id));
    work.push(count(caller, "issued"));
    let answer = answer(id, config, ttl, (&name, &password), expires_at);
    let done = work.commit(StatusCode::OK, &answer).await;
    if done.is_err() {
        // Nobody has been told of the user.
        let may_have_user = database.remove(hosts, user).await.is_err();
        undo(caller, id, may_have_user).await;
    }
    done
}

/// Leaves nothing of a lease behind. What cannot be taken back now is done when the lease is seen to have ended.
async fn undo(caller: &Caller, id: &str, may_have_user: bool) {
    if let Err(error) = caller.take_back(take_back(caller, id, may_have_user)).await {
        platform::log::error(&format!("the lease {id} is left pending: {}", error.reason()));
    }
}

fn name(config: &Config, now: i64) -> Result<String> {
    let random = random::bytes::<64>()?;
    let random = lease::random8(&random).ok_or_else(too_few)?;
    let naming = Naming { template: &config.username_template, config: &config.name, role: config.role.as_deref() };
    Ok(naming.name(&random, now.div_euclid(1000)))
}

fn password() -> Result<Zeroizing<String>> {
    let random = Zeroizing::new(random::bytes::<128>()?);
    lease::password(random.as_slice()).map(Zeroizing::new).ok_or_else(too_few)
}

/// Of so many random bytes almost all would have to be of the few that are skipped.
fn too_few() -> Error {
    Error::internal("randomness that gives no text")
}
