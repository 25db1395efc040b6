//! The leases of a command: made before it starts, renewed while it runs, revoked when it has ended.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crypto::Zeroizing;
use model::time::from_iso;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    super::{note, now, vault},
    variables::Variables,
};
use crate::{
    Error, Result,
    client::{Bearer, Connection},
    output,
    retry::Retry,
};

/// How long one tries to revoke a lease, and how long one try may take.
const REVOKE: Duration = Duration::from_secs(10);
/// Leases are renewed when a third of their time is left, but not more often than this.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// What is to be leased.
pub(super) struct Leased {
    pub configuration: vault::Configuration,
    pub prefix: String,
    pub url: Option<String>,
}

impl Leased {
    pub fn variables(&self) -> Vec<String> {
        let parts = ["USERNAME", "PASSWORD"].into_iter().chain(self.url.as_ref().map(|_| "URL"));
        parts.map(|part| self.variable(part)).collect()
    }

    fn variable(&self, part: &str) -> String {
        format!("{}_{part}", self.prefix)
    }

    pub fn lease(&self, leases: &mut Leases, variables: &mut Variables) -> Result<()> {
        let issued = leases.add(&self.configuration)?;
        if let Some(url) = &self.url {
            variables.set(&self.variable("URL"), with_user(url, &issued.username, &issued.password))?;
        }
        variables.set(&self.variable("USERNAME"), Zeroizing::new(issued.username))?;
        variables.set(&self.variable("PASSWORD"), issued.password)
    }
}

/// An address with a user and a password in it.
fn with_user(url: &str, user: &str, password: &str) -> Zeroizing<String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    Zeroizing::new(format!("{scheme}://{}:{}@{rest}", escaped(user), escaped(password)))
}

struct Lease {
    id: String,
    /// Of what made it.
    name: String,
    expires_at: String,
    renewable: bool,
}

pub(super) struct Leases<'a> {
    connection: &'a Connection,
    ttl: Option<String>,
    all: Vec<Lease>,
    /// Dropped, it ends the renewals.
    renewing: Option<mpsc::Sender<()>>,
}

impl<'a> Leases<'a> {
    pub fn new(connection: &'a Connection, ttl: Option<String>) -> Self {
        Self { connection, ttl, all: Vec::new(), renewing: None }
    }

    fn add(&mut self, from: &vault::Configuration) -> Result<vault::Issued> {
        let issued = vault::Issued::new(&self.connection.bearer()?, from, self.ttl.as_deref(), Some("chancery run"))?;
        self.all.push(Lease {
            id: issued.lease.clone(),
            name: from.name.clone(),
            expires_at: issued.expires_at.clone(),
            renewable: issued.renewable,
        });
        Ok(issued)
    }

    /// Renews them from now on, beside everything else.
    pub fn keep_alive(&mut self) {
        let Ok(bearer) = self.connection.bearer() else { return };
        let ttl = self.ttl.clone();
        let (sender, ended) = mpsc::channel::<()>();
        let due = self.all.iter().filter(|lease| lease.renewable).map(Renewal::of).collect::<Vec<_>>();
        if !due.is_empty() {
            thread::spawn(move || renew_until(&ended, &bearer, ttl.as_deref(), due));
            self.renewing = Some(sender);
        }
    }

    /// Ends all of them. What cannot be ended now is told: the result of the command is not changed by it.
    pub fn revoke(&mut self) {
        self.renewing = None;
        for lease in self.all.drain(..) {
            if let Err(error) = revoke(self.connection, &lease.id) {
                note(&format!(
                    "warning: the lease {} of {} was not revoked and lives until {}: {error}\n\
                     `chancery vault lease revoke {}` ends it.",
                    lease.id, lease.name, lease.expires_at, lease.id
                ));
            }
        }
    }
}

fn revoke(connection: &Connection, lease: &str) -> Result<()> {
    let bearer = connection.bearer_within(REVOKE)?;
    let mut retry = Retry::within(REVOKE);
    loop {
        match vault::revoke(&bearer, lease) {
            // 409: it has ended by itself.
            Ok(_) | Err(Error::Refused { status: 409, .. }) => return Ok(()),
            Err(error @ (Error::Unreachable { .. } | Error::Fault(_))) if retry.again() => drop(error),
            Err(error) => return Err(error),
        }
    }
}

struct Renewal {
    id: String,
    name: String,
    expires_at: String,
    due: Instant,
}

impl Renewal {
    fn of(lease: &Lease) -> Self {
        let (id, name) = (lease.id.clone(), lease.name.clone());
        let mut renewal = Self { id, name, expires_at: String::new(), due: Instant::now() };
        renewal.ends_at(lease.expires_at.clone());
        renewal
    }

    fn ends_at(&mut self, expires_at: String) {
        let left = from_iso(&expires_at).zip(from_iso(&now())).map_or(0, |(end, now)| end.saturating_sub(now));
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        self.due = Instant::now() + (left * 2 / 3).max(LEAST_PAUSE);
        self.expires_at = expires_at;
    }

    /// Whether it may be renewed once more.
    fn renew(&mut self, bearer: &Bearer, ttl: Option<&str>) -> bool {
        match vault::renew(bearer, &self.id, ttl).and_then(|reply| reply.json()) {
            Ok(answer) => self.ends_at(output::text(&answer, "expiresAt")),
            // It lives as long as it may, or was revoked by somebody.
            Err(Error::Refused { .. }) => {
                note(&format!("the lease of {} is not renewed any more and ends at {}", self.name, self.expires_at));
                return false;
            }
            Err(_) => self.ends_at(self.expires_at.clone()),
        }
        true
    }
}

/// Until the other end is dropped.
fn renew_until(ended: &mpsc::Receiver<()>, bearer: &Bearer, ttl: Option<&str>, mut due: Vec<Renewal>) {
    while let Some(next) = due.iter().map(|renewal| renewal.due).min() {
        let pause = next.saturating_duration_since(Instant::now());
        if ended.recv_timeout(pause) != Err(mpsc::RecvTimeoutError::Timeout) {
            return;
        }
        due.retain_mut(|renewal| renewal.due > Instant::now() || renewal.renew(bearer, ttl));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_an_address_are_escaped() {
        assert_eq!(*with_user("pg://h:1/d?a=b", "me", "p@:/ ss"), "pg://me:p%40%3A%2F%20ss@h:1/d?a=b");
    }
}
