//! A running deployment as its callers see it: one client per kind of caller, so that a case says who asks.

use std::{path::PathBuf, time::Duration};

use chancery::client::{Client, Reply};
use chancery_tests::{
    runtime::{Instance, Runtime},
    selection::Selection,
    variables::{Variables, random_bytes},
};
use crypto::{Curve, hash};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{answer::ok, case, clock};

pub struct Deployment {
    pub instance: Instance,
    pub anonymous: Anonymous,
    /// The first system key, from the configuration.
    pub root: Caller,
    /// The licence that is configured and never stored.
    pub infra: Caller,
    pub system: Caller,
    pub service: Caller,
    pub service_ext: Caller,
    pub app_ext: Caller,
    pub app: Caller,
    pub basic: Caller,
}

/// Someone with a licence.
pub struct Caller {
    pub level: AuthLevel,
    pub tag: String,
    pub key_id: String,
    pub secret: String,
    pub client: Client,
}

/// Someone without.
pub struct Anonymous(Client);

impl Deployment {
    /// Starts a deployment of the functions that the running case needs.
    pub fn start(runtime: Runtime, variables: Variables) -> Result<Self, String> {
        Self::start_with(runtime, case::needed(), variables)
    }

    /// Starts a deployment of these functions.
    pub fn start_with(runtime: Runtime, functions: Selection, variables: Variables) -> Result<Self, String> {
        runtime.start(functions, variables).map(Self::open)
    }

    /// Stops the deployment at once, and opens it again on the same state with the same callers.
    pub fn restart(self, variables: Variables) -> Result<Self, String> {
        self.restart_after(variables, |_| {})
    }

    /// As `restart`, with something done to the files of the database in between.
    pub fn restart_after(self, variables: Variables, meanwhile: impl FnOnce(&[PathBuf])) -> Result<Self, String> {
        let Self { instance, anonymous: _, root, infra, system, service, service_ext, app_ext, app, basic } = self;
        let instance = instance.restart(variables, meanwhile)?;
        let again = |caller: Caller| caller.at(&instance);
        Ok(Self {
            anonymous: Anonymous(client(&instance, "")),
            root: again(root),
            infra: again(infra),
            system: again(system),
            service: again(service),
            service_ext: again(service_ext),
            app_ext: again(app_ext),
            app: again(app),
            basic: again(basic),
            instance,
        })
    }

    /// The deployment of an instance that was just started.
    pub fn open(instance: Instance) -> Self {
        let configured = |level, tag: &str, variable| {
            let secret = instance.variables.get(variable).to_owned();
            Caller { level, tag: tag.to_owned(), key_id: String::new(), client: client(&instance, &secret), secret }
        };
        let root = configured(AuthLevel::System, "root", "ROOT_LICENSE_KEY");
        let infra = configured(AuthLevel::Service, "infra_license_key", "INFRA_LICENSE_KEY");
        let [system, service, service_ext, app_ext, app, basic] =
            AuthLevel::ALL.map(|level| create(&instance, &root, level, &json!({})));
        let anonymous = Anonymous(client(&instance, ""));
        Self { anonymous, root, infra, system, service, service_ext, app_ext, app, basic, instance }
    }

    /// The caller of a level that all cases share; nobody may change its licence.
    pub fn of(&self, level: AuthLevel) -> &Caller {
        match level {
            AuthLevel::System => &self.system,
            AuthLevel::Service => &self.service,
            AuthLevel::ServiceExt => &self.service_ext,
            AuthLevel::AppExt => &self.app_ext,
            AuthLevel::App => &self.app,
            AuthLevel::Basic => &self.basic,
        }
    }

    /// A new licence of a level, for a case to do with as it likes.
    pub fn licence(&self, level: AuthLevel) -> Caller {
        create(&self.instance, &self.root, level, &json!({}))
    }

    /// As `licence`, with more attributes.
    pub fn licence_with(&self, level: AuthLevel, attributes: &Value) -> Caller {
        create(&self.instance, &self.root, level, attributes)
    }

    /// Another client with a known licence, as another process of the same caller would be.
    pub fn client(&self, secret: &str) -> Client {
        client(&self.instance, secret)
    }

    /// Lets time pass for this case.
    pub fn pass(&self, time: Duration) {
        clock::pass(self.instance.runtime, time);
    }

    /// Makes a licence a member of a community.
    pub fn admit(&self, caller: &Caller, community: &str) {
        let body = json!({ "keyTag": caller.tag, "communityId": community });
        ok(&self.root.put("/licenses/community/servicekey", &body), 200);
    }
}

impl Caller {
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
        let time = clock::header();
        let headers: Vec<_> = time.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = body.map(|body| body.to_string().into_bytes());
        let reply = self.client.call_with(method, path, &[], &headers, body);
        reply.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Signs rightly and sends these bytes, whatever they are.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        let headers = self.client.headers(chancery::client::Api::of(path).unwrap()).unwrap();
        let mut headers = headers.pairs().to_vec();
        headers.extend(asking_first(body));
        let time = clock::header();
        headers.extend(time.as_ref().map(|(name, value)| (*name, value.as_str())));
        let reply = self.client.send(method, path, &[], &headers, Some(body.to_vec()));
        reply.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn at(self, instance: &Instance) -> Self {
        Self { client: client(instance, &self.secret), ..self }
    }
}

impl Anonymous {
    pub fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, Some(body))
    }

    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.send(method, path, &[], body.map(|body| body.to_string().into_bytes()).as_deref())
    }

    /// Sends these headers and bytes, whatever they are.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        let mut headers = headers.to_vec();
        headers.extend(asking_first(body.unwrap_or_default()));
        let time = clock::header();
        headers.extend(time.as_ref().map(|(name, value)| (*name, value.as_str())));
        let reply = self.0.send(method, path, &[], &headers, body.map(<[u8]>::to_vec));
        reply.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }
}

/// A large body is announced first: who refuses it by its length may close the connection while it is still sent, and
/// the answer would be lost.
fn asking_first(body: &[u8]) -> Option<(&'static str, &'static str)> {
    (body.len() > 512 * 1024).then_some(("expect", "100-continue"))
}

/// A community that nothing else uses.
pub fn community() -> String {
    hash::hex(&random_bytes::<12>())
}

/// A name that nothing else uses, good as the tag of a key or a secret and as a tenant.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}_{}", hash::hex(&random_bytes::<8>()))
}

/// Where the secrets of a tenant and community are.
pub fn secrets_of(tenant: &str, community: &str) -> String {
    format!("/caas/tenants/{tenant}/community/{community}/secrets")
}

#[track_caller]
fn create(instance: &Instance, root: &Caller, level: AuthLevel, attributes: &Value) -> Caller {
    let tag = unique(level.into_str());
    let mut body = json!({ "tag": tag, "authLevel": level.into_str() });
    for (name, value) in attributes.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let key = ok(&root.put("/licenses/servicekey", &body), 200);
    let text = |name: &str| key[name].as_str().unwrap().to_owned();
    let secret = text("keySecret");
    Caller { level, tag, key_id: text("keyId"), client: client(instance, &secret), secret }
}

fn client(instance: &Instance, license: &str) -> Client {
    let curve: Curve = instance.variables.get("EC_CURVE_NAME").parse().unwrap();
    Client::new(&instance.url, curve, license).unwrap()
}
