//! Escrow of keys of QNSP: policies, keys that are split among agents, and the shares that these claim.

use std::time::Duration;

use chancery::client::Reply;
use crypto::{base64, shamir};
use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::UNKNOWN,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_shown_as_it_was_made),
        case(policies_that_break_a_rule_are_refused),
        case(a_changed_policy_still_keeps_the_threshold_rule),
        case(names_of_policies_are_taken_once),
        case(any_threshold_of_claimed_shares_gives_the_same_key),
        case(a_share_is_given_once_to_its_agent_alone),
        case(a_share_is_claimed_once_however_many_ask_at_once),
        case(the_answer_of_a_claim_is_replayed_to_its_agent_alone),
        case(keys_that_cannot_be_escrowed_are_refused),
        case(an_escrow_keeps_the_policy_that_it_was_made_under),
        case(an_escrow_expires),
        case(steps_are_listed_in_their_order_without_secrets),
    ]
}

pub const POLICIES: &str = "/kms/v1/escrow/policies";
pub const KEYS: &str = "/kms/v1/escrow/keys";
pub const AUDIT: &str = "/kms/v1/escrow/audit";
const HSM: &str = "/kms/v1/byohsm";

/// A tenant with an embedded module, and agents who are users of it.
pub struct Scene<'a> {
    pub cast: Cast<'a>,
    pub agents: Vec<Caller<'a>>,
    pub witness: Caller<'a>,
    connection: String,
}

impl<'a> Scene<'a> {
    #[track_caller]
    pub fn new(t: &'a Deployment, agents: usize) -> Self {
        let cast = Cast::new(t);
        let connection = json!({
            "name": unique("hsm"), "provider": "thales",
            "connectionConfig": { "endpoint": "sim://a", "credentials": { "type": "api_key", "data": { "apiKey": "k" } } },
        });
        let made = ok(&cast.admin.post(&format!("{HSM}/connections"), &connection), 201);
        let connection = made["connectionId"].as_str().unwrap().to_owned();
        let validated = ok(&cast.admin.post(&format!("{HSM}/connections/{connection}/validate"), &json!({})), 200);
        assert_eq!(validated["valid"], true);
        let agents = (0..agents).map(|_| cast.tenant.key("developer")).collect();
        Self { witness: cast.tenant.key("viewer"), agents, cast, connection }
    }

    /// A new key, by its id.
    #[track_caller]
    pub fn key(&self, key_type: &str) -> String {
        let purpose = if key_type == "ec" { json!(["sign", "verify"]) } else { json!(["encrypt", "decrypt"]) };
        let key = json!({ "connectionId": self.connection, "keyType": key_type, "purpose": purpose });
        ok(&self.cast.admin.post(&format!("{HSM}/keys"), &key), 201)["keyId"].as_str().unwrap().to_owned()
    }

    /// The body of a policy over all agents, with these members instead of the usual ones.
    pub fn policy(&self, threshold: usize, more: &Value) -> Value {
        let role = |at: usize| if at == 0 { "primary" } else { "secondary" };
        let mut agents: Vec<_> = self.agents.iter().enumerate().map(|(at, agent)| agent_of(agent, role(at))).collect();
        agents.insert(1, agent_of(&self.witness, "witness"));
        let mut policy = json!({
            "name": unique("policy"), "keyTypes": ["aes", "ec", "pqc"], "escrowAgents": agents,
            "recoveryThreshold": threshold, "retentionPeriod": "P1Y",
        });
        policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        policy
    }

    /// A new policy, by its id.
    #[track_caller]
    pub fn created(&self, threshold: usize, more: &Value) -> String {
        let created = ok(&self.cast.admin.post(POLICIES, &self.policy(threshold, more)), 201);
        created["policyId"].as_str().unwrap().to_owned()
    }

    /// A key that is put into escrow, by the escrow's id.
    #[track_caller]
    pub fn escrowed(&self, key: &str, policy: &str) -> String {
        let escrowed = ok(&self.cast.admin.post(KEYS, &json!({ "keyId": key, "policyId": policy })), 201);
        assert_eq!((&escrowed["keyId"], &escrowed["policyId"]), (&json!(key), &json!(policy)));
        assert_eq!(escrowed["status"], "active");
        escrowed["escrowId"].as_str().unwrap().to_owned()
    }

    /// The shares of all agents.
    #[track_caller]
    pub fn shares(&self, escrow: &str) -> Vec<String> {
        let share = |agent: &Caller| ok(&claim(agent, escrow, &agent.user), 200)["share"].as_str().unwrap().to_owned();
        self.agents.iter().map(share).collect()
    }
}

fn agent_of(caller: &Caller, role: &str) -> Value {
    json!({ "agentId": caller.user, "role": role })
}

pub fn claim(caller: &Caller, escrow: &str, agent: &str) -> Reply {
    caller.post(&format!("{KEYS}/{escrow}/shares/claim"), &json!({ "agentId": agent }))
}

fn a_policy_is_shown_as_it_was_made(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let cast = &scene.cast;
    let asked = scene.policy(2, &json!({ "description": "two of two" }));
    let created = ok(&cast.admin.post(POLICIES, &asked), 201);
    assert_eq!(created["name"], asked["name"]);
    let path = format!("{POLICIES}/{}", created["policyId"].as_str().unwrap());
    let shown = ok(&cast.viewer.get(&path), 200);
    let mut expected = asked.clone();
    expected.as_object_mut().unwrap().extend([
        ("policyId".to_owned(), created["policyId"].clone()),
        ("createdAt".to_owned(), created["createdAt"].clone()),
        ("updatedAt".to_owned(), created["createdAt"].clone()),
    ]);
    assert_eq!(shown, expected);
    let other = scene.created(2, &json!({ "keyTypes": ["rsa"] }));
    assert_eq!(ok(&cast.viewer.get(&format!("{POLICIES}/{other}")), 200)["description"], "");
    let listed = ok(&cast.viewer.get(POLICIES), 200);
    assert_eq!(listed["policies"].as_array().unwrap().len(), 2);
    let first = json!({
        "policyId": created["policyId"], "name": asked["name"], "keyTypes": asked["keyTypes"], "recoveryThreshold": 2,
    });
    assert!(listed["policies"].as_array().unwrap().contains(&first));
    let page = ok(&cast.viewer.get(&format!("{POLICIES}?limit=1&offset=1")), 200);
    assert_eq!(page["policies"], json!([listed["policies"][1]]));
    refuses(&cast.viewer.get(&format!("{POLICIES}?limit=x")), 400, &["limit"]);
    refuses(&cast.viewer.get(&format!("{POLICIES}/{UNKNOWN}")), 404, &[]);
    refuses(&cast.viewer.get(&format!("{POLICIES}/x")), 400, &["policyId"]);
    refuses(&cast.foreign.get(&path), 404, &[]);
}

fn policies_that_break_a_rule_are_refused(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let refused = |more: Value, status: u16, places: &[&str]| {
        refuses(&scene.cast.admin.post(POLICIES, &scene.policy(2, &more)), status, places);
    };
    let agents = |roles: &[&str]| {
        let agents =
            roles.iter().enumerate().map(|(at, role)| json!({ "agentId": format!("agent-{at}"), "role": role }));
        Value::from_iter(agents)
    };
    refused(json!({ "name": "" }), 400, &["name"]);
    refused(json!({ "keyTypes": [] }), 400, &["keyTypes"]);
    refused(json!({ "keyTypes": ["dsa"] }), 400, &["keyTypes[0]"]);
    refused(json!({ "recoveryThreshold": 1.5 }), 400, &["recoveryThreshold"]);
    refused(json!({ "retentionPeriod": "a year" }), 400, &["retentionPeriod"]);
    let twice = json!([{ "agentId": "a", "role": "primary" }, { "agentId": "A", "role": "witness" }]);
    refused(json!({ "escrowAgents": twice }), 400, &["escrowAgents[1].agentId"]);
    refused(json!({ "escrowAgents": agents(&["primary", "boss"]) }), 400, &["escrowAgents[1].role"]);
    for threshold in [-1, 0, 1, 3, 1_000_000] {
        refused(json!({ "recoveryThreshold": threshold }), 422, &["recoveryThreshold"]);
    }
    // A witness holds no share.
    refused(json!({ "escrowAgents": agents(&["primary", "witness"]) }), 422, &["recoveryThreshold"]);
    refused(json!({ "escrowAgents": agents(&["secondary", "secondary"]) }), 422, &["escrowAgents"]);
    refused(json!({ "escrowAgents": agents(&["witness"; 2]) }), 422, &["escrowAgents", "recoveryThreshold"]);
    refused(json!({ "escrowAgents": agents(&["primary"; 256]) }), 422, &["escrowAgents"]);
    refused(json!({ "retentionPeriod": "P0D" }), 422, &["retentionPeriod"]);
    let most = scene.created(255, &json!({ "escrowAgents": agents(&["primary"; 255]) }));
    assert_eq!(ok(&scene.cast.viewer.get(&format!("{POLICIES}/{most}")), 200)["recoveryThreshold"], 255);
    let all = ["escrowAgents", "keyTypes", "name", "recoveryThreshold", "retentionPeriod"];
    refuses(&scene.cast.admin.post(POLICIES, &json!({})), 400, &all);
    let add_on = ok_details(&scene.cast.without_add_ons.post(POLICIES, &scene.policy(2, &json!({}))), 403);
    assert_eq!(add_on, json!({ "control": "addon", "addOn": "key-escrow" }));
}

fn ok_details(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status);
    reply.json().unwrap()["details"].clone()
}

fn a_changed_policy_still_keeps_the_threshold_rule(t: &Deployment) {
    let scene = Scene::new(t, 3);
    let path = format!("{POLICIES}/{}", scene.created(2, &json!({ "description": "first" })));
    let change = |body: Value| scene.cast.admin.patch(&path, &body);
    for threshold in [1, 4] {
        refuses(&change(json!({ "recoveryThreshold": threshold })), 422, &["recoveryThreshold"]);
    }
    ok(&change(json!({ "recoveryThreshold": 3 })), 200);
    let two = json!([agent_of(&scene.agents[0], "primary"), agent_of(&scene.agents[1], "secondary")]);
    refuses(&change(json!({ "escrowAgents": two })), 422, &["recoveryThreshold"]);
    let changed = ok(&change(json!({ "escrowAgents": two, "recoveryThreshold": 2, "name": unique("policy") })), 200);
    let shown = ok(&scene.cast.viewer.get(&path), 200);
    assert_eq!((&shown["escrowAgents"], &shown["recoveryThreshold"]), (&two, &json!(2)));
    assert_eq!((&shown["description"], &shown["updatedAt"]), (&json!("first"), &changed["updatedAt"]));
    let none = json!([agent_of(&scene.agents[0], "secondary"), agent_of(&scene.agents[1], "secondary")]);
    refuses(&change(json!({ "escrowAgents": none })), 422, &["escrowAgents"]);
    let twice = json!([agent_of(&scene.agents[0], "primary"), agent_of(&scene.agents[0], "secondary")]);
    refuses(&change(json!({ "escrowAgents": twice })), 400, &["escrowAgents[1].agentId"]);
    refuses(&scene.cast.admin.patch(&format!("{POLICIES}/{UNKNOWN}"), &json!({ "recoveryThreshold": 3 })), 404, &[]);
    refuses(&scene.cast.foreign.patch(&path, &json!({ "description": "x" })), 404, &[]);
}

fn names_of_policies_are_taken_once(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let named = json!({ "name": unique("policy") });
    scene.created(2, &named);
    refuses(&scene.cast.admin.post(POLICIES, &scene.policy(2, &named)), 409, &[]);
    let other = scene.created(2, &json!({}));
    refuses(&scene.cast.admin.patch(&format!("{POLICIES}/{other}"), &named), 409, &[]);
}

/// The key that some shares give together.
pub fn combined<'a>(shares: impl IntoIterator<Item = &'a String>) -> Vec<u8> {
    let shares: Vec<_> = shares.into_iter().map(|share| base64::decode_any(share).unwrap()).collect();
    shamir::combine(&shares.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap().to_vec()
}

fn any_threshold_of_claimed_shares_gives_the_same_key(t: &Deployment) {
    let scene = Scene::new(t, 4);
    let policy = scene.created(3, &json!({}));
    for (key_type, length) in [("aes", 32), ("pqc", 0), ("ec", 0)] {
        let key = scene.key(key_type);
        let escrow = scene.escrowed(&key, &policy);
        let shares = scene.shares(&escrow);
        let first = combined(&shares[..3]);
        assert!(if length > 0 { first.len() == length } else { first.first() == Some(&0x30) }, "{key_type}");
        for left_out in 0..4 {
            let chosen = shares.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, share)| share);
            assert_eq!(combined(chosen), first, "{key_type} without share {left_out}");
        }
        assert_ne!(combined(&shares[..2]), first, "two are not enough");
        let numbers: Vec<_> = shares.iter().map(|share| base64::decode_any(share).unwrap()[0]).collect();
        assert_eq!(numbers, [1, 2, 3, 4], "in the order of the agents, without the witness");
    }
}

fn a_share_is_given_once_to_its_agent_alone(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let escrow = scene.escrowed(&scene.key("aes"), &scene.created(2, &json!({})));
    let path = format!("{KEYS}/{escrow}");
    let claimed = |path: &str| {
        let shown = ok(&scene.cast.viewer.get(path), 200);
        let agents = shown["agents"].as_array().unwrap();
        agents.iter().map(|agent| agent["claimed"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    let shown = ok(&scene.cast.viewer.get(&path), 200);
    assert_eq!((&shown["status"], &shown["recoveryThreshold"]), (&json!("active"), &json!(2)));
    assert_eq!(time(&shown["expiresAt"]) - time(&shown["createdAt"]), 365 * 86_400_000);
    let [first, second] = &scene.agents[..] else { panic!("two agents") };
    let roles = json!([
        { "agentId": first.user, "role": "primary", "claimed": false },
        { "agentId": scene.witness.user, "role": "witness", "claimed": false },
        { "agentId": second.user, "role": "secondary", "claimed": false },
    ]);
    assert_eq!(shown["agents"], roles);
    refuses(&claim(first, UNKNOWN, &first.user), 404, &[]);
    refuses(&claim(first, &escrow, "nobody"), 404, &[]);
    refuses(&claim(&scene.witness, &escrow, &scene.witness.user), 404, &[]);
    refuses(&claim(&scene.cast.owner, &escrow, &first.user), 403, &[]);
    refuses(&claim(second, &escrow, &first.user), 403, &[]);
    refuses(&claim(first, &escrow, &first.user.to_uppercase()), 404, &[]);
    refuses(&claim(&scene.cast.foreign, &escrow, &first.user), 404, &[]);
    refuses(&first.post(&format!("{path}/shares/claim"), &json!({})), 400, &["agentId"]);
    refuses(&first.post(&format!("{KEYS}/x/shares/claim"), &json!({ "agentId": "a" })), 400, &["escrowId"]);
    assert_eq!(claimed(&path), [false; 3]);
    let given = claim(first, &escrow, &first.user);
    assert_eq!(given.header("cache-control"), Some("no-store"));
    assert_eq!(ok(&given, 200)["agentId"], json!(first.user));
    refuses(&claim(first, &escrow, &first.user), 409, &[]);
    assert_eq!(claimed(&path), [true, false, false]);
    refuses(&scene.cast.viewer.get(&format!("{KEYS}/{UNKNOWN}")), 404, &[]);
    refuses(&scene.cast.viewer.get(&format!("{KEYS}/x")), 400, &["escrowId"]);
    refuses(&scene.cast.foreign.get(&path), 404, &[]);
}

fn a_share_is_claimed_once_however_many_ask_at_once(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let escrow = scene.escrowed(&scene.key("aes"), &scene.created(2, &json!({})));
    let agent = &scene.agents[0];
    let mut statuses = together(5, |_| claim(agent, &escrow, &agent.user).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409]);
}

fn the_answer_of_a_claim_is_replayed_to_its_agent_alone(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let escrow = scene.escrowed(&scene.key("aes"), &scene.created(2, &json!({})));
    let agent = &scene.agents[0];
    let body = json!({ "agentId": agent.user }).to_string();
    let path = format!("{KEYS}/{escrow}/shares/claim");
    let claim = |caller: &Caller| caller.send("POST", &path, &[("idempotency-key", "k")], Some(body.as_bytes()));
    let first = ok(&claim(agent), 200);
    let again = claim(agent);
    assert_eq!(again.header("x-idempotency-replayed"), Some("true"));
    assert_eq!(ok(&again, 200), first);
    refuses(&claim(&scene.agents[1]), 403, &[]);
    refuses(&claim(&scene.cast.owner), 403, &[]);
}

fn keys_that_cannot_be_escrowed_are_refused(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let (key, policy) = (scene.key("aes"), scene.created(2, &json!({ "keyTypes": ["aes"] })));
    let refused = |body: Value, status: u16, places: &[&str]| {
        refuses(&scene.cast.admin.post(KEYS, &body), status, places);
    };
    refused(json!({}), 400, &["keyId", "policyId"]);
    refused(json!({ "keyId": "x", "policyId": policy }), 400, &["keyId"]);
    refused(json!({ "keyId": UNKNOWN, "policyId": policy }), 404, &[]);
    refused(json!({ "keyId": key, "policyId": UNKNOWN }), 404, &[]);
    refused(json!({ "keyId": scene.key("ec"), "policyId": policy }), 422, &["keyId"]);
    let metadata = json!({ "expiresAt": "2020-01-01T00:00:00Z" });
    refused(json!({ "keyId": key, "policyId": policy, "metadata": metadata }), 422, &["metadata.expiresAt"]);
    refuses(&scene.cast.foreign.post(KEYS, &json!({ "keyId": key, "policyId": policy })), 404, &[]);
    let escrow = scene.escrowed(&key, &policy);
    refused(json!({ "keyId": key, "policyId": policy }), 409, &[]);
    let listed = ok(&scene.cast.viewer.get(KEYS), 200);
    let [only] = &listed["escrowedKeys"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!((&only["escrowId"], &only["keyId"], &only["status"]), (&json!(escrow), &json!(key), &json!("active")));
    refuses(&scene.cast.viewer.get(&format!("{KEYS}?offset=x")), 400, &["offset"]);
    let other = scene.key("aes");
    let mut statuses =
        together(5, |_| scene.cast.admin.post(KEYS, &json!({ "keyId": other, "policyId": policy })).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409]);
}

fn an_escrow_keeps_the_policy_that_it_was_made_under(t: &Deployment) {
    let scene = Scene::new(t, 3);
    let policy = scene.created(3, &json!({}));
    let escrow = scene.escrowed(&scene.key("aes"), &policy);
    let two = json!([agent_of(&scene.agents[0], "primary"), agent_of(&scene.agents[1], "secondary")]);
    let change = json!({ "escrowAgents": two, "recoveryThreshold": 2 });
    ok(&scene.cast.admin.patch(&format!("{POLICIES}/{policy}"), &change), 200);
    let shown = ok(&scene.cast.viewer.get(&format!("{KEYS}/{escrow}")), 200);
    assert_eq!((&shown["recoveryThreshold"], shown["agents"].as_array().unwrap().len()), (&json!(3), 4));
    assert_eq!(scene.shares(&escrow).len(), 3);
    let later = scene.escrowed(&scene.key("aes"), &policy);
    assert_eq!(ok(&scene.cast.viewer.get(&format!("{KEYS}/{later}")), 200)["recoveryThreshold"], 2);
}

fn an_escrow_expires(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let (key, policy) = (scene.key("aes"), scene.created(2, &json!({ "retentionPeriod": "PT1H" })));
    let escrow = scene.escrowed(&key, &policy);
    ok(&claim(&scene.agents[0], &escrow, &scene.agents[0].user), 200);
    t.pass(Duration::from_secs(3_700));
    assert_eq!(ok(&scene.cast.viewer.get(&format!("{KEYS}/{escrow}")), 200)["status"], "expired");
    assert_eq!(ok(&scene.cast.viewer.get(KEYS), 200)["escrowedKeys"][0]["status"], "expired");
    refuses(&claim(&scene.agents[1], &escrow, &scene.agents[1].user), 409, &[]);
    let initiate = json!({ "escrowId": escrow, "reason": "lost" });
    refuses(&scene.cast.admin.post("/kms/v1/escrow/recovery/initiate", &initiate), 409, &[]);
    scene.escrowed(&key, &policy);
}

fn steps_are_listed_in_their_order_without_secrets(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let (key, policy) = (scene.key("aes"), scene.created(2, &json!({})));
    let escrow = scene.escrowed(&key, &policy);
    let shares = scene.shares(&escrow);
    let other = scene.escrowed(&scene.key("aes"), &policy);
    let events = |query: &str| {
        let listed = ok(&scene.cast.viewer.get(&format!("{AUDIT}{query}")), 200);
        listed["events"].as_array().unwrap().clone()
    };
    let of_escrow = events(&format!("?escrowId={escrow}"));
    let types: Vec<_> = of_escrow.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    assert_eq!(types, ["created", "share_claimed", "share_claimed"]);
    let created = &of_escrow[0];
    assert_eq!((&created["escrowId"], &created["actor"]), (&json!(escrow), &json!(scene.cast.admin.user)));
    assert_eq!(created["details"], json!({ "keyId": key, "policyId": policy }));
    let claimers: Vec<_> = of_escrow[1..].iter().map(|event| event["details"]["agentId"].clone()).collect();
    assert!(scene.agents.iter().all(|agent| claimers.contains(&json!(agent.user))));
    let all = events("");
    assert!(all.windows(2).all(|two| time(&two[0]["timestamp"]) <= time(&two[1]["timestamp"])));
    let text = json!(all).to_string();
    assert!(shares.iter().all(|share| !text.contains(share)));
    assert_eq!(events("?eventType=created").len(), 2);
    assert_eq!(events(&format!("?eventType=created&escrowId={other}")).len(), 1);
    assert_eq!(events(&format!("?escrowId={UNKNOWN}")).len(), 0);
    let last = all.last().unwrap()["timestamp"].as_str().unwrap();
    assert!(events(&format!("?since={last}")).iter().all(|event| time(&event["timestamp"]) >= time(&json!(last))));
    assert!(events(&format!("?since={last}")).contains(all.last().unwrap()), "inclusive");
    assert_eq!(events("?limit=2&offset=1"), all[1..3]);
    for (query, place) in [("escrowId=x", "escrowId"), ("eventType=lost", "eventType"), ("since=then", "since")] {
        refuses(&scene.cast.viewer.get(&format!("{AUDIT}?{query}")), 400, &[place]);
    }
}
