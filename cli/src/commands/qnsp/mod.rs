//! `chancery qnsp`: the tenants of the QNSP API and their API keys. A key is printed by `key create` and by nothing else.

mod key;
mod tenant;

use clap::Subcommand;

use super::Session;
use crate::{Result, client::segment, output, request::Request};

const TENANTS: &str = "/caas/qnsp/tenants";

#[derive(Subcommand)]
pub(super) enum Qnsp {
    /// Tenants: tier, add-ons, limits
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// API keys of a tenant
    #[command(subcommand)]
    Key(key::Key),
    /// Print the key of a tenant's signed deliveries
    WebhookSecret {
        /// tenantId
        #[arg(long, value_name = "ID")]
        tenant: String,
    },
}

impl Qnsp {
    pub fn run(&self, session: &Session) -> Result<String> {
        if let Self::Key(key::Key::Revoke { id }) = self {
            session.confirm(&format!("Revoke the API key {id} for good?"))?;
        }
        let reply = self.request().send(&session.client()?)?;
        if session.json() {
            return reply.printed();
        }
        let answer = reply.json()?;
        Ok(match self {
            Self::Tenant(tenant) => tenant.shown(&answer),
            Self::Key(key) => key.shown(&answer),
            Self::WebhookSecret { .. } => format!("{}\n", output::text(&answer, "webhookSecret")),
        })
    }

    fn request(&self) -> Request {
        match self {
            Self::Tenant(tenant) => tenant.request(),
            Self::Key(key) => key.request(),
            Self::WebhookSecret { tenant } => {
                Request::new("GET", format!("{TENANTS}/{}/webhook-secret", segment(tenant)))
            }
        }
    }
}

/// A list, perhaps from behind an id on.
fn list(path: impl Into<String>, after: Option<&String>) -> Request {
    after.iter().fold(Request::new("GET", path), |request, id| request.query("after", id))
}

/// A member for people; a list without brackets.
fn shown(of: &serde_json::Value, name: &str) -> String {
    let items = output::rows(of, name);
    match items.is_empty() {
        true => output::text(of, name).replace("[]", ""),
        false => items.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::{super::typed, *};

    fn request(line: &str) -> Request {
        typed::<Qnsp>(line.split(' ')).unwrap().request()
    }

    fn is_refused(line: &str) -> bool {
        typed::<Qnsp>(line.split(' ')).is_err()
    }

    #[test]
    fn a_tenant_is_sent_as_it_is_given() {
        let create = request("tenant create acme");
        assert_eq!((create.method, create.path.as_str(), create.json()), ("PUT", TENANTS, json!({ "name": "acme" })));
        let attributes = "--tier dev-pro --add-on byohsm --add-on key-escrow --rate-limit 7 --email a@b";
        let create = request(&format!("tenant create acme --id x {attributes}"));
        let expected = json!({
            "name": "acme", "tier": "dev-pro", "addOns": ["byohsm", "key-escrow"], "rateLimitPerMinute": 7,
            "adminEmail": "a@b", "tenantId": "x",
        });
        assert_eq!(create.json(), expected);
    }

    #[test]
    fn an_update_sends_what_is_given_and_nothing_else() {
        let update = request("tenant update a/b --suspend");
        assert_eq!((update.method, update.path.as_str()), ("PATCH", "/caas/qnsp/tenants/a%2Fb"));
        assert_eq!(update.json(), json!({ "suspended": true }));
        assert_eq!(request("tenant update t --resume").json(), json!({ "suspended": false }));
        assert_eq!(request("tenant update t --no-add-ons --tier free").json(), json!({ "tier": "free", "addOns": [] }));
        for line in ["tenant update t", "tenant update t --suspend --resume", "tenant update t --no-add-ons --add-on x"]
        {
            assert!(is_refused(line), "{line}");
        }
    }

    #[test]
    fn a_key_has_a_tenant_and_roles() {
        let create = request(
            "key create --tenant t --role owner --role approver --personal --expires 2027-12-31 --user u --name n",
        );
        assert_eq!((create.method, create.path.as_str()), ("PUT", "/caas/qnsp/tenants/t/keys"));
        let expected = json!({
            "roles": ["owner", "approver"], "personal": true, "expiresAt": "2027-12-31T00:00:00.000Z", "userId": "u", "name": "n",
        });
        assert_eq!(create.json(), expected);
        let revoke = request("key revoke a/b");
        assert_eq!((revoke.method, revoke.path.as_str()), ("DELETE", "/caas/qnsp/keys/a%2Fb"));
        assert!(is_refused("key create --tenant t") && is_refused("key create --role owner") && is_refused("key list"));
    }

    #[test]
    fn lists_go_on_after_an_id_and_the_webhook_secret_is_of_a_tenant() {
        assert_eq!(request("tenant list --after x").query, [("after", "x".to_owned())]);
        let keys = request("key list --tenant t --after x");
        assert_eq!((keys.path.as_str(), keys.query), ("/caas/qnsp/tenants/t/keys", vec![("after", "x".to_owned())]));
        assert_eq!(request("webhook-secret --tenant t").path, "/caas/qnsp/tenants/t/webhook-secret");
    }

    #[test]
    fn lists_are_shown_without_brackets() {
        let tenant = json!({ "addOns": ["a", "b"], "none": [], "tier": "free" });
        assert_eq!(["addOns", "none", "tier"].map(|name| shown(&tenant, name)), ["a b", "", "free"]);
    }
}
