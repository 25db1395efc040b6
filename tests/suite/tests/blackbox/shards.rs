//! Two deployments that share the tenants among them, each with a database of its own, behind a router as
//! docs/decisions/0028 describes it: what a tenant does is in one database, a request is used once in all, and a tenant
//! moves whole.

mod router;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use chancery::client::{Api, Client, Reply};
use chancery_tests::{
    placement,
    runtime::Runtime,
    variables::{Variables, random_uuid},
};
use crypto::Curve;
use model::AuthLevel;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use self::router::{Router, SHARDS, TENANTS};
use crate::{
    answer::{ok, refused},
    case::{Case, case, needed},
    config_project::BASE,
    consent::{consents_of, content},
    database,
    deployment::{Deployment, community, secrets_of, unique},
    qnsp,
    qnsp_vault::{SECRETS, of},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(what_a_tenant_does_is_in_its_own_database),
        case(a_request_is_used_once_in_all_databases),
        case(a_tenant_moves_whole_while_it_is_asked),
    ]
}

/// The router is dropped before the deployments.
struct Pair {
    router: Router,
    deployments: [Deployment; 2],
}

/// A tenant, and who works for it. All ask the router.
struct Tenant {
    name: String,
    community: String,
    /// The tag of its licence, which is in the tenant's database alone.
    licence: String,
    client: Client,
    /// A token of the Config API.
    token: String,
    /// A tenant of QNSP, and an owner's key.
    qnsp: String,
    key: String,
}

impl Pair {
    fn start(runtime: Runtime) -> Self {
        let variables = Variables::random();
        let one = Deployment::start(runtime, variables.clone()).unwrap();
        // The same keys, so that what one has sealed or signed is good in the other, but no licence in common.
        let variables = variables.with("ROOT_LICENSE_KEY", &random_uuid()).with("INFRA_LICENSE_KEY", &random_uuid());
        let other = runtime.start(needed(), variables).unwrap();
        // Where a component brings the schema up to date, it is at its first request.
        let curve: Curve = other.variables.get("EC_CURVE_NAME").parse().unwrap();
        let anonymous = Client::new(&other.url, curve, "").unwrap();
        ok(&anonymous.call_anonymously("GET", "/caas/healthz", &[], None).unwrap(), 200);
        // What seals licences comes before the first of them.
        let mut target = open(&other.database_files());
        attach(&target, &one.instance.database_files());
        let sealing = "INSERT INTO main.data_keys SELECT * FROM source.data_keys WHERE tenant_id = ?1";
        run(&mut target, &[sealing.to_owned()], "licensing");
        drop(target);
        let deployments = [one, Deployment::open(other)];
        let [one, other] = [&deployments[0].instance, &deployments[1].instance];
        Self { router: Router::start(&[one, other], router::owner_in(&[one, other])), deployments }
    }

    fn client(&self, shard: usize, licence: &str) -> Client {
        let curve: Curve = self.deployments[shard].instance.variables.get("EC_CURVE_NAME").parse().unwrap();
        Client::new(&self.router.url, curve, licence).unwrap()
    }

    /// An operator of a deployment makes a tenant there.
    fn tenant(&self, shard: usize) -> Tenant {
        let (name, community) = (unique("tenant"), community());
        self.router.place(&name, shard);
        let operator = self.client(shard, &self.deployments[shard].service.secret);
        let system = self.client(shard, &self.deployments[shard].root.secret);
        let here = format!("{shard}{SHARDS}");
        let there = |client: &Client, path: &str, body: &Value| ask(client, Some(&here), "PUT", path, Some(body));

        let licence = unique("licence");
        let body = json!({ "tag": licence, "authLevel": AuthLevel::ServiceExt.into_str() });
        let secret = text(&ok(&there(&system, "/licenses/servicekey", &body), 200)["keySecret"]);
        let body = json!({ "keyTag": licence, "communityId": community });
        ok(&there(&system, "/licenses/community/servicekey", &body), 200);
        let body = json!({ "tenantId": name, "projectId": "web", "ownerId": "u-1", "role": "owner" });
        let token = text(&ok(&there(&operator, "/caas/config-tokens", &body), 201)["token"]);
        let body = json!({ "name": unique("tenant"), "tier": "enterprise-pro" });
        let qnsp = text(&ok(&there(&operator, qnsp::TENANTS, &body), 201)["tenantId"]);
        self.router.place(&qnsp, shard);
        let keys = format!("{}/{qnsp}/keys", qnsp::TENANTS);
        let key = text(&ok(&ask(&operator, None, "PUT", &keys, Some(&json!({ "role": "owner" }))), 201)["apiKey"]);
        Tenant { client: self.client(shard, &secret), name, community, licence, token, qnsp, key }
    }

    /// How many rows of a tenant there are in the tables of a database that have any.
    fn rows(&self, shard: usize, tenant: &str) -> Vec<(&'static str, i64)> {
        let connection = open(&self.deployments[shard].instance.database_files());
        let count = |moved: &placement::Moved| {
            let text = format!("SELECT count(*) FROM {} WHERE {}", moved.table, moved.rows("main"));
            (moved.table, connection.query_row(&text, [tenant], |row| row.get(0)).unwrap())
        };
        placement::moved().iter().map(count).filter(|(_, count)| *count > 0).collect()
    }

    /// Takes a tenant from the first database to the second, as an operator would.
    fn moves(&self, tenant: &Tenant, meanwhile: impl FnOnce()) {
        let names = [tenant.name.as_str(), tenant.qnsp.as_str()];
        names.iter().for_each(|name| self.router.hold(name));
        meanwhile();
        let [source, target] = [0, 1].map(|shard| self.deployments[shard].instance.database_files());
        let licences = json!([tenant.licence]).to_string();
        let mut connection = open(&target);
        attach(&connection, &source);
        names.iter().for_each(|name| run(&mut connection, &placement::arrive(), name));
        run(&mut connection, &placement::licences_arrive(), &licences);
        connection.execute(&placement::nonces_arrive(), []).unwrap();
        drop(connection);
        names.iter().for_each(|name| self.router.place(name, 1));
        let mut connection = open(&source);
        names.iter().for_each(|name| run(&mut connection, &placement::leave(), name));
        run(&mut connection, &placement::licences_leave(), &licences);
    }
}

impl Tenant {
    fn secrets(&self) -> String {
        secrets_of(&self.name, &self.community)
    }

    fn put_secret(&self, tag: &str) -> Reply {
        let body = json!({ "tag": tag, "value": format!("value of {tag}"), "createdBy": "suite" });
        ask(&self.client, None, "PUT", &self.secrets(), Some(&body))
    }

    /// Asks what names no tenant, at the tenant's own name.
    fn at_home(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        ask(&self.client, Some(&format!("{}{TENANTS}", self.name)), method, path, body)
    }

    fn bearer(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.client.send(method, path, &[], &headers, body.map(|body| body.to_string().into_bytes())).unwrap()
    }

    fn config(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.bearer(&self.token, method, &format!("{BASE}{path}"), body)
    }

    /// Something by each API: secrets, consents, configuration, licences, the Config API, and QNSP.
    fn work(&self) {
        ok(&self.put_secret("FIRST"), 201);
        let mut data = json!({ "type": "terms", "isEnabled": true, "requestingUser": "suite" });
        data.as_object_mut().unwrap().extend(content("of the tenant").as_object().unwrap().clone());
        let plain = [("requestfromswagger", "true")];
        let path = consents_of(&self.name, &self.community);
        let body = json!({ "data": data }).to_string().into_bytes();
        ok(&self.client.call_with("PUT", &path, &[], &plain, Some(body)).unwrap(), 200);
        let configuration = json!({ "context": self.context(), "data": { "colour": "blue" } });
        ok(&self.at_home("PUT", "/caas/config/data", Some(&configuration)), 200);
        let group = json!({ "name": "Group", "key": "group" });
        ok(&self.config("POST", "/groups", Some(&group)), 201);
        let item = json!({ "name": "Item", "key": "item", "value": "v1" });
        ok(&self.config("POST", "/groups/group/items", Some(&item)), 201);
        ok(&self.config("PATCH", "/items/item", Some(&json!({ "value": "v2" }))), 200);
        let secret = json!({ "secretId": "versioned", "value": "of QNSP" });
        ok(&self.bearer(&self.key, "POST", SECRETS, Some(&secret)), 201);
    }

    /// What was made by `work`, as it reads now.
    fn shown(&self) -> Vec<Value> {
        let fetched = ok(&ask(&self.client, None, "POST", &format!("{}/fetch", self.secrets()), Some(&json!({}))), 200);
        let path = format!("{}/terms", consents_of(&self.name, &self.community));
        let plain = [("requestfromswagger", "true")];
        let consent = ok(&self.client.call_with("GET", &path, &[], &plain, None).unwrap(), 200)["data"].clone();
        let check = format!("/licenses/community/{}/licensecheck?read_fresh=true", self.community);
        let item = ok(&self.config("GET", "/items/item", None), 200);
        let history = ok(&self.config("GET", "/items/item/audit", None), 200);
        let version = ok(&self.bearer(&self.key, "GET", &of("versioned", "versions/1"), None), 200);
        let context = json!({ "context": self.context() });
        let configuration = ok(&self.at_home("POST", "/caas/config/fetch?read_fresh=true", Some(&context)), 200);
        vec![
            fetched["secrets"].clone(),
            consent,
            ok(&self.at_home("GET", &check, None), 200),
            item,
            history,
            version["value"].clone(),
            configuration,
        ]
    }

    fn context(&self) -> Value {
        json!({ "tenantId": self.name, "communityId": self.community })
    }
}

fn what_a_tenant_does_is_in_its_own_database(shared: &Deployment) {
    let pair = Pair::start(shared.instance.runtime);
    let tenants = [0, 1].map(|shard| pair.tenant(shard));
    tenants.iter().for_each(Tenant::work);
    for (shard, tenant) in tenants.iter().enumerate() {
        for (name, expected) in [
            (
                &tenant.name,
                &["audit_entries", "config_audit", "config_items", "configs", "consents", "data_keys", "secrets"][..],
            ),
            (&tenant.qnsp, &["audit_entries", "data_keys", "qnsp_secret_versions", "qnsp_tenants"][..]),
        ] {
            let found = pair.rows(shard, name);
            let missing: Vec<_> = expected.iter().filter(|table| !found.iter().any(|(one, _)| one == *table)).collect();
            assert!(missing.is_empty(), "nothing in {missing:?}: {found:?}");
            assert_eq!(pair.rows(1 - shard, name), [], "in the other's database");
        }
        assert_eq!(tenant.shown()[5], "of QNSP");
        // Each database counts the entries of its own licences.
        let count = format!("SELECT count(*) FROM service_keys WHERE tag = '{}'", tenant.licence);
        let counts = [0, 1].map(|shard| database::number(&pair.deployments[shard].instance, &count));
        assert_eq!(counts, [i64::from(shard == 0), i64::from(shard == 1)]);
    }
    let nobody = secrets_of(&unique("tenant"), &community());
    let message = refused(&ask(&tenants[0].client, None, "POST", &format!("{nobody}/fetch"), Some(&json!({}))), 404);
    assert!(message.contains("an operator places it"), "{message}");
}

fn a_request_is_used_once_in_all_databases(shared: &Deployment) {
    let pair = Pair::start(shared.instance.runtime);
    let [one, other] = [0, 1].map(|shard| pair.tenant(shard));
    let body = json!({ "tag": "ONCE", "value": "v", "createdBy": "suite" }).to_string().into_bytes();
    let headers = one.client.headers(Api::Caas).unwrap();
    let send = |path: &str| one.client.send("PUT", path, &[], &headers.pairs(), Some(body.clone())).unwrap();
    ok(&send(&one.secrets()), 201);
    refused(&send(&one.secrets()), 401);
    // The headers do not say what they were made for. The other database knows nothing of their nonce, nor of their licence.
    refused(&send(&other.secrets()), 401);
    assert!(database::secret_tags(&pair.deployments[1].instance, &other.name).is_empty());
    refused(&send(&secrets_of(&one.name, &community())), 401);

    // And when the tenant is in the other database, its licence and what it has used are there too.
    pair.moves(&one, || {});
    refused(&send(&one.secrets()), 401);
    refused(&send(&other.secrets()), 401);
    ok(&one.put_secret("NEXT"), 201);
    assert_eq!(database::secret_tags(&pair.deployments[1].instance, &one.name), ["NEXT", "ONCE"]);
}

fn a_tenant_moves_whole_while_it_is_asked(shared: &Deployment) {
    let pair = Pair::start(shared.instance.runtime);
    let [one, other] = [0, 1].map(|shard| pair.tenant(shard));
    one.work();
    other.work();
    let tool = |shard: usize| {
        let root = &pair.deployments[shard].root;
        Folder::at(&pair.router.url, &root.secret, pair.deployments[shard].instance.variables.get("EC_CURVE_NAME"))
    };
    let before = tool(0);
    let checkpoint = before.prints(&["audit", "checkpoint", "--tenant", &one.name]);
    let key = before.prints(&["audit", "key"]);
    let (shown, others) = (one.shown(), other.shown());
    let rows = |shard| [&one.name, &one.qnsp].map(|name| pair.rows(shard, name));

    let is_over = AtomicBool::new(false);
    let (answered, refusals, stored) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut answered, mut refusals) = (Vec::new(), Vec::new());
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let tag = format!("T{number}");
                let reply = one.put_secret(&tag);
                match reply.status {
                    201 => answered.push(tag),
                    503 => {
                        assert_eq!(reply.header("retry-after"), Some("1"));
                        refusals.push((tag, refused(&reply, 503)));
                        thread::sleep(Duration::from_millis(5));
                    }
                    other => panic!("{other}: {}", String::from_utf8_lossy(&reply.body)),
                }
            }
            (answered, refusals)
        });
        let tags = |shard: usize| database::secret_tags(&pair.deployments[shard].instance, &one.name).len();
        let written = |count: usize| {
            let shard = usize::from(tags(1) > 0);
            while tags(shard) < count && !writer.is_finished() {
                thread::sleep(Duration::from_millis(5));
            }
        };
        written(5);
        let mut stored = Vec::new();
        pair.moves(&one, || {
            stored = rows(0).into();
            // Others are not held up.
            ok(&other.put_secret("MEANWHILE"), 201);
            // Everything that names the tenant is refused, whatever names it.
            refused(&one.at_home("GET", "/licenses/servicekey/current?read_fresh=true", None), 503);
            refused(&one.config("GET", "/items/item", None), 503);
            refused(&one.bearer(&one.key, "GET", &of("versioned", "versions/1"), None), 503);
        });
        let there = tags(1);
        written(there + 5);
        is_over.store(true, Ordering::Relaxed);
        let (answered, refusals) = writer.join().unwrap();
        (answered, refusals, stored)
    });

    assert!(!refusals.is_empty() && refusals.iter().all(|(_, message)| message.contains("try again")), "{refusals:?}");
    let tags = database::secret_tags(&pair.deployments[1].instance, &one.name);
    for tag in &answered {
        assert!(tags.contains(tag), "{tag} was acknowledged and is lost");
    }
    for (tag, _) in &refusals {
        assert!(!tags.contains(tag), "{tag} was refused and is there");
    }
    assert_eq!(tags.len(), answered.len() + 1);
    assert_eq!(rows(0), [vec![], vec![]], "something stayed behind");
    // Nothing of QNSP was asked meanwhile but what was refused by the router.
    assert_eq!(rows(1)[1], stored[1]);

    let mut now = one.shown();
    let secrets = |shown: &Value| {
        let all: Vec<_> = shown.as_array().unwrap().iter().map(|secret| secret.to_string()).collect();
        all
    };
    let fetched = secrets(&now.remove(0));
    assert!(secrets(&shown[0]).iter().all(|secret| fetched.contains(secret)));
    assert_eq!(now, shown[1..]);
    ok(&one.config("PATCH", "/items/item", Some(&json!({ "value": "v3" }))), 200);
    let secret = json!({ "secretId": "another", "value": "after the move" });
    ok(&one.bearer(&one.key, "POST", SECRETS, Some(&secret)), 201);
    assert_eq!(other.shown()[1..], others[1..]);

    // The log goes on where it was, under the same key, and proves it to whoever kept a checkpoint.
    let after = tool(1);
    after.prints(&["audit", "checkpoint", "--tenant", &one.name]);
    let export = after.prints(&["audit", "export", "--tenant", &one.name]);
    let (export, previous) = (after.file("export", &export), after.file("previous", &checkpoint));
    let verified = after.prints(&["audit", "verify", &export, "--key", key.trim(), "--previous", &previous]);
    assert!(verified.contains("as they were written"), "{verified}");
}

/// Signs and sends, to the name of the router or to another one that leads to it.
fn ask(client: &Client, host: Option<&str>, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let headers: Vec<_> = host.map(|host| ("host", host)).into_iter().collect();
    client.call_with(method, path, &[], &headers, body.map(|body| body.to_string().into_bytes())).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn open(files: &[std::path::PathBuf]) -> Connection {
    let connection = Connection::open_with_flags(database::file(files), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

fn attach(connection: &Connection, source: &[std::path::PathBuf]) {
    connection.execute("ATTACH ?1 AS source", [database::file(source).to_str().unwrap()]).unwrap();
}

fn run(connection: &mut Connection, statements: &[String], parameter: &str) {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    transaction.execute_batch("PRAGMA defer_foreign_keys = ON").unwrap();
    for text in statements {
        transaction.execute(text, [parameter]).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    transaction.commit().unwrap();
}
