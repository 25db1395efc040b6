//! The kinds of callers. Those without a credential of the right kind are the same for every operation; the others are
//! listed by the module of each kind of credential.

use std::sync::Arc;

use chancery::client::{Api, Client, Reply};
use policy::{Access, Operation};

use super::{
    config_tokens::{self, Tokens},
    developers::{self, Portal},
    has_sessions,
    licences::{self, Licences},
    qnsp_keys::{self, Keys},
    sample::{Request, Sample},
    world::World,
};
use crate::{
    config_project::{Project, project},
    deployment::Deployment,
    portal::{PASSWORD, log_in},
};

pub struct Caller<'a> {
    pub name: String,
    pub credential: Credential<'a>,
    /// The community that its requests name; it may have a standing in there.
    pub community: String,
    pub expected: Expected,
}

/// What a caller shows.
pub enum Credential<'a> {
    Nothing,
    Licence(&'a Client),
    /// Signed for the other API.
    Elsewhere(&'a Client),
    Header(&'static str, String),
}

pub enum Expected {
    /// A status, and the message if there is one only.
    Refused(u16, Option<String>),
    Admitted,
    /// The caller may call the operation, but not on what others have.
    Foreign,
}

/// The credentials with which a function is asked, made once.
pub struct Credentials<'a> {
    pub licences: Licences,
    pub tokens: Option<Tokens<'a>>,
    pub portal: Portal,
    pub keys: Option<Keys<'a>>,
    /// The owner of this project is shown where another kind of credential is wanted.
    pub project: Project<'a>,
}

impl<'a> Credentials<'a> {
    pub fn new(t: &'a Deployment, rows: &[Arc<Operation>]) -> Self {
        let project = project(t);
        let has_tokens = rows.iter().any(|row| matches!(row.access, Access::ConfigToken(_)));
        let tokens = has_tokens.then(|| Tokens::new(t, &project));
        let has_keys = rows.iter().any(|row| matches!(row.access, Access::Qnsp(_)));
        let keys = has_keys.then(|| Keys::new(t));
        let (licences, portal) = (Licences::new(t), Portal::new(t, has_sessions(rows)));
        // What is short-lived among them ends.
        t.pass(std::time::Duration::from_millis(1100));
        Self { licences, tokens, portal, keys, project }
    }
}

/// Everybody who asks for an operation; those for whom it is come last.
pub fn of<'a>(row: &Operation, sample: &Sample, world: &World<'a>) -> Vec<Caller<'a>> {
    let mut callers = strangers(row.access, world);
    callers.extend(match row.access {
        Access::Anyone => Vec::new(),
        Access::Licence(_) | Access::TokenOrLicence(_) => licences::callers(row, sample, world),
        Access::ConfigToken(needed) => config_tokens::callers(needed, world),
        Access::Session => developers::sessions(world),
        Access::AdminToken => developers::admin_tokens(world),
        Access::MetricsToken => vec![monitoring(world)],
        Access::Qnsp(controls) => qnsp_keys::callers(controls, sample, world),
    });
    callers
}

fn monitoring<'a>(world: &World<'a>) -> Caller<'a> {
    let token = world.t.instance.variables.get("METRICS_TOKEN");
    Caller {
        name: "the deployment's monitoring".to_owned(),
        credential: Credential::Header("authorization", format!("Bearer {token}")),
        community: world.community.clone(),
        expected: Expected::Admitted,
    }
}

/// Nobody, garbage of every kind, and a good credential of every kind but the right one.
fn strangers<'a>(access: Access, world: &World<'a>) -> Vec<Caller<'a>> {
    let t = world.t;
    let garbage = "x".repeat(64);
    let header = |name, value: &str| Credential::Header(name, value.to_owned());
    let mut all = vec![
        ("nobody", Credential::Nothing),
        ("a garbage licence", header("licensekey", &garbage)),
        ("a garbage token", header("authorization", &format!("Bearer {garbage}"))),
        ("a garbage token of the Config API", header("authorization", &format!("Bearer cpeer_{}", "0".repeat(64)))),
        ("a garbage cookie", header("cookie", "portal_session=LBTguN3iEqQlYK3089Ij2Q|1622804485|AXQzsTuR")),
        ("a garbage admin token", header("kong-admin-token", &garbage)),
    ];
    if !matches!(access, Access::Licence(_) | Access::TokenOrLicence(_)) {
        all.push(("a licence of level system", Credential::Licence(&t.system.client)));
    }
    if !matches!(access, Access::ConfigToken(_)) {
        all.push((
            "the owner of a project",
            header("authorization", &format!("Bearer {}", world.credentials.project.token)),
        ));
    }
    if !matches!(access, Access::Session) {
        // A new session, since one operation ends it.
        all.push((
            "a developer",
            Credential::Header("cookie", log_in(t, &world.credentials.portal.email, PASSWORD).cookie),
        ));
    }
    if !matches!(access, Access::AdminToken) {
        all.push(("the holder of an admin token", header("kong-admin-token", &world.credentials.portal.admin_token)));
    }
    all.into_iter()
        .map(|(name, credential)| Caller {
            name: name.to_owned(),
            credential,
            community: world.community.clone(),
            expected: match access {
                Access::Anyone => Expected::Admitted,
                _ => Expected::Refused(401, None),
            },
        })
        .collect()
}

impl Caller<'_> {
    pub fn send(&self, t: &Deployment, method: &str, request: &Request) -> Reply {
        let api = Api::of(&request.path).unwrap_or(Api::Caas);
        let mut headers: Vec<(&str, String)> = match &self.credential {
            Credential::Nothing => Vec::new(),
            Credential::Header(name, value) => vec![(*name, value.clone())],
            Credential::Licence(client) => signed(client, api),
            Credential::Elsewhere(client) => signed(client, if api == Api::Caas { Api::Licenses } else { Api::Caas }),
        };
        // What belongs to the request, as a password, stands above the caller's own.
        headers.retain(|(name, _)| !request.headers.iter().any(|(given, _)| given == name));
        headers.extend(request.headers.iter().cloned());
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        let body = request.body.as_ref().map(|body| body.to_string().into_bytes());
        // Where a body may be left out, an empty one is none.
        t.anonymous.send(method, &request.path, &headers, body.as_deref())
    }
}

fn signed(client: &Client, api: Api) -> Vec<(&'static str, String)> {
    let signed = client.headers(api).unwrap();
    signed.pairs().into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}
