//! `chancery qnsp tenant`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{TENANTS, list, shown};
use crate::{client::segment, output, request::Request};

const COLUMNS: [&str; 9] =
    ["tenantId", "name", "tier", "addOns", "rateLimitPerMinute", "adminEmail", "suspendedAt", "createdAt", "updatedAt"];

#[derive(Subcommand)]
pub(in crate::commands) enum Tenant {
    /// Make a tenant
    Create {
        name: String,
        #[command(flatten)]
        attributes: Attributes,
        /// tenantId, a UUID; a random one if not given
        #[arg(long)]
        id: Option<String>,
    },
    /// A hundred tenants, by their ids
    List {
        /// Go on after this id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Change what is given
    Update(Update),
}

#[derive(Args)]
pub(in crate::commands) struct Attributes {
    /// Such as free or enterprise-pro; free for a new tenant
    #[arg(long)]
    tier: Option<String>,
    /// byohsm or key-escrow; may be repeated
    #[arg(long = "add-on", value_name = "NAME")]
    add_ons: Vec<String>,
    /// Calls a minute; 0 for the deployment's default
    #[arg(long, value_name = "CALLS")]
    rate_limit: Option<u32>,
    /// E-mail address of the tenant's administrator
    #[arg(long)]
    email: Option<String>,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true)
    .args(["name", "tier", "add_ons", "no_add_ons", "rate_limit", "email", "suspend", "resume"]))]
pub(in crate::commands) struct Update {
    /// tenantId
    tenant: String,
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    attributes: Attributes,
    /// Take all add-ons away
    #[arg(long, conflicts_with = "add_ons")]
    no_add_ons: bool,
    /// Refuse the tenant in every service but billing
    #[arg(long)]
    suspend: bool,
    /// End the suspension
    #[arg(long, conflicts_with = "suspend")]
    resume: bool,
}

impl Tenant {
    pub fn shown(&self, answer: &Value) -> String {
        match self {
            Self::List { .. } => {
                let row = |tenant: &Value| COLUMNS.iter().map(|name| shown(tenant, name)).collect();
                output::table(&COLUMNS, output::rows(answer, "tenants").iter().map(row))
            }
            _ => output::fields(&COLUMNS.map(|name| (name, shown(answer, name)))),
        }
    }

    pub fn request(&self) -> Request {
        match self {
            Self::Create { name, attributes, id } => {
                let mut body = attributes.members();
                body.insert("name".to_owned(), json!(name));
                body.extend(id.iter().map(|id| ("tenantId".to_owned(), json!(id))));
                Request::new("PUT", TENANTS).body(Value::Object(body))
            }
            Self::List { after } => list(TENANTS, after.as_ref()),
            Self::Update(update) => update.request(),
        }
    }
}

impl Update {
    fn request(&self) -> Request {
        let mut body = self.attributes.members();
        body.extend(self.name.iter().map(|name| ("name".to_owned(), json!(name))));
        if self.no_add_ons {
            body.insert("addOns".to_owned(), json!([]));
        }
        if self.suspend || self.resume {
            body.insert("suspended".to_owned(), json!(self.suspend));
        }
        Request::new("PATCH", format!("{TENANTS}/{}", segment(&self.tenant))).body(Value::Object(body))
    }
}

impl Attributes {
    /// The members that are given.
    fn members(&self) -> Map<String, Value> {
        let add_ons = (!self.add_ons.is_empty()).then(|| json!(self.add_ons));
        let given = [
            ("tier", self.tier.as_ref().map(|tier| json!(tier))),
            ("addOns", add_ons),
            ("rateLimitPerMinute", self.rate_limit.map(|limit| json!(limit))),
            ("adminEmail", self.email.as_ref().map(|email| json!(email))),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}
