//! Recoveries of QNSP: enough agents submit their shares, somebody else approves, and the key is given once.

use std::time::Duration;

use chancery::client::Reply;
use crypto::base64;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    database,
    deployment::Deployment,
    qnsp::{Caller, encoded, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_escrow::{AUDIT, KEYS, Scene, combined},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_ceremony_gives_the_key),
        case(recoveries_are_asked_for_one_at_a_time),
        case(shares_are_refused_in_the_order_of_the_contract),
        case(no_more_shares_are_taken_than_are_required),
        case(nobody_decides_on_their_own_recovery),
        case(a_denied_recovery_leaves_the_escrow_active),
        case(five_executions_at_once_give_the_key_once),
        case(a_recovered_key_is_nowhere_but_in_its_answer),
        case(the_answer_of_an_execution_is_replayed_to_its_caller_alone),
        case(what_is_not_approved_is_not_executed),
        case(an_open_recovery_of_an_expired_escrow_may_be_finished),
    ]
}

const RECOVERY: &str = "/kms/v1/escrow/recovery";

/// A key in escrow whose shares are claimed.
struct Escrowed<'a> {
    scene: Scene<'a>,
    key: String,
    escrow: String,
    shares: Vec<String>,
    /// An administrator besides the one who asks for the key.
    approver: Caller<'a>,
}

impl<'a> Escrowed<'a> {
    #[track_caller]
    fn new(t: &'a Deployment, threshold: usize, agents: usize, more: &Value) -> Self {
        let scene = Scene::new(t, agents);
        let key = scene.key("aes");
        let escrow = scene.escrowed(&key, &scene.created(threshold, more));
        let shares = scene.shares(&escrow);
        Self { approver: scene.cast.tenant.key("admin"), scene, key, escrow, shares }
    }

    fn initiate(&self) -> Reply {
        let body = json!({ "escrowId": self.escrow, "reason": "the key is lost", "urgency": "urgent" });
        self.scene.cast.admin.post(&format!("{RECOVERY}/initiate"), &body)
    }

    /// A new recovery, by its id.
    #[track_caller]
    fn initiated(&self) -> String {
        ok(&self.initiate(), 201)["requestId"].as_str().unwrap().to_owned()
    }

    fn submit(&self, request: &str, agent: usize) -> Reply {
        submit(&self.scene.agents[agent], request, &self.shares[agent], &self.scene.agents[agent].user)
    }

    fn execute(&self, request: &str) -> Reply {
        execute(&self.scene.cast.admin, request)
    }

    fn shown(&self, request: &str) -> Value {
        ok(&self.scene.cast.viewer.get(&format!("{RECOVERY}/{request}")), 200)
    }

    /// A recovery that is approved.
    #[track_caller]
    fn approved(&self) -> String {
        let request = self.initiated();
        for agent in 0..2 {
            ok(&self.submit(&request, agent), 200);
        }
        ok(&decide(&self.approver, &request, "approve"), 200);
        request
    }
}

fn submit(caller: &Caller, request: &str, share: &str, agent: &str) -> Reply {
    caller.post(&format!("{RECOVERY}/submit-share"), &json!({ "requestId": request, "share": share, "agentId": agent }))
}

fn decide(caller: &Caller, request: &str, decision: &str) -> Reply {
    let body = json!({ "requestId": request, "decision": decision, "reason": "seen" });
    caller.post(&format!("{RECOVERY}/approve"), &body)
}

fn execute(caller: &Caller, request: &str) -> Reply {
    caller.post(&format!("{RECOVERY}/execute"), &json!({ "requestId": request }))
}

fn a_ceremony_gives_the_key(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 3, &json!({}));
    let initiated = ok(&escrowed.initiate(), 201);
    let request = initiated["requestId"].as_str().unwrap();
    let expected = json!({
        "requestId": request, "escrowId": escrowed.escrow, "status": "pending_shares", "requiredShares": 2,
        "submittedShares": 0, "createdAt": initiated["createdAt"],
    });
    assert_eq!(initiated, expected);
    let mut shown = expected;
    shown["approvals"] = json!([]);
    assert_eq!(escrowed.shown(request), shown);
    let first = ok(&escrowed.submit(request, 2), 200);
    let expected =
        json!({ "requestId": request, "submittedShares": 1, "requiredShares": 2, "status": "pending_shares" });
    assert_eq!(first, expected);
    let second = ok(&escrowed.submit(request, 0), 200);
    assert_eq!((&second["submittedShares"], &second["status"]), (&json!(2), &json!("ready_for_approval")));
    let decided = ok(&decide(&escrowed.approver, request, "approve"), 200);
    assert_eq!((&decided["status"], &decided["decidedBy"]), (&json!("approved"), &json!(escrowed.approver.user)));
    let approval = json!({
        "decision": "approve", "decidedBy": escrowed.approver.user, "decidedAt": decided["decidedAt"], "reason": "seen",
    });
    let approved = escrowed.shown(request);
    assert_eq!((&approved["approvals"], &approved["status"]), (&json!([approval]), &json!("approved")));
    let executed = escrowed.execute(request);
    assert_eq!(executed.header("cache-control"), Some("no-store"));
    let executed = ok(&executed, 200);
    assert_eq!((&executed["requestId"], &executed["keyId"]), (&json!(request), &json!(escrowed.key)));
    let key = base64::decode_any(executed["recoveredKey"].as_str().unwrap()).unwrap();
    assert_eq!(key, combined(&escrowed.shares[1..]), "of other shares the same");
    refuses(&escrowed.execute(request), 409, &[]);
    assert_eq!(escrowed.shown(request)["status"], "executed");
    let path = format!("{KEYS}/{}", escrowed.escrow);
    assert_eq!(ok(&escrowed.scene.cast.viewer.get(&path), 200)["status"], "recovered");
    let events = ok(&escrowed.scene.cast.viewer.get(&format!("{AUDIT}?escrowId={}", escrowed.escrow)), 200);
    let of =
        |name: &str| events["events"].as_array().unwrap().iter().filter(|event| event["eventType"] == name).count();
    let counts =
        ["created", "share_claimed", "initiated", "share_submitted", "approved", "denied", "recovered"].map(of);
    assert_eq!(counts, [1, 3, 1, 2, 1, 0, 1]);
    let text = events.to_string();
    let is_said = |secret: &String| text.contains(secret);
    assert!(!escrowed.shares.iter().any(is_said) && !is_said(&base64::encode(&key)));
    // The escrow is over, so that there may be another of the same key.
    refuses(&escrowed.initiate(), 409, &[]);
    let policy = escrowed.scene.created(2, &json!({}));
    escrowed.scene.escrowed(&escrowed.key, &policy);
}

fn recoveries_are_asked_for_one_at_a_time(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let admin = &escrowed.scene.cast.admin;
    let path = format!("{RECOVERY}/initiate");
    let body = |more: Value| {
        let mut body = json!({ "escrowId": escrowed.escrow, "reason": "lost" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    refuses(&admin.post(&path, &json!({})), 400, &["escrowId", "reason"]);
    refuses(&admin.post(&path, &body(json!({ "reason": "" }))), 400, &["reason"]);
    refuses(&admin.post(&path, &body(json!({ "urgency": "now" }))), 400, &["urgency"]);
    refuses(&admin.post(&path, &body(json!({ "escrowId": UNKNOWN }))), 404, &[]);
    refuses(&escrowed.scene.cast.foreign.post(&path, &body(json!({}))), 404, &[]);
    let mut statuses = together(5, |_| admin.post(&path, &body(json!({}))).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409]);
    let viewer = &escrowed.scene.cast.viewer;
    refuses(&viewer.get(&format!("{RECOVERY}/{UNKNOWN}")), 404, &[]);
    refuses(&viewer.get(&format!("{RECOVERY}/x")), 400, &["requestId"]);
}

fn shares_are_refused_in_the_order_of_the_contract(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 3, &json!({}));
    let request = escrowed.initiated();
    let [first, second, _] = &escrowed.scene.agents[..] else { panic!("three agents") };
    let (share, witness) = (escrowed.shares[0].as_str(), &escrowed.scene.witness);
    refuses(&submit(first, UNKNOWN, share, &first.user), 404, &[]);
    refuses(&submit(first, &request, share, "nobody"), 404, &[]);
    refuses(&submit(&escrowed.scene.cast.owner, &request, share, &witness.user), 404, &[]);
    refuses(&submit(second, &request, share, &first.user), 403, &[]);
    refuses(&submit(&escrowed.scene.cast.owner, &request, share, &first.user), 403, &[]);
    refuses(&submit(&escrowed.scene.cast.foreign, &request, share, &first.user), 404, &[]);
    for text in ["", "not base64!", "AQID=", "AQI"] {
        refuses(&submit(first, &request, text, &first.user), 400, &["share"]);
    }
    let mut altered = base64::decode_any(share).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    for wrong in [&base64::encode(&altered), &escrowed.shares[1], "AQ=="] {
        refuses(&submit(first, &request, wrong, &first.user), 422, &["share"]);
    }
    assert_eq!(escrowed.shown(&request)["submittedShares"], 0, "what is refused does not count");
    ok(&submit(first, &request, share, &first.user), 200);
    refuses(&submit(first, &request, share, &first.user), 409, &[]);
    // The agent has submitted, so nothing is said of the share.
    refuses(&submit(first, &request, "AQ==", &first.user), 409, &[]);
    ok(&escrowed.submit(&request, 1), 200);
    refuses(&escrowed.submit(&request, 2), 409, &[]);
    refuses(&first.post(&format!("{RECOVERY}/submit-share"), &json!({})), 400, &["agentId", "requestId", "share"]);
}

fn no_more_shares_are_taken_than_are_required(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 4, &json!({}));
    let request = escrowed.initiated();
    let mut statuses = together(4, |agent| escrowed.submit(&request, agent).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 409, 409]);
    let shown = escrowed.shown(&request);
    assert_eq!((&shown["submittedShares"], &shown["status"]), (&json!(2), &json!("ready_for_approval")));
}

fn nobody_decides_on_their_own_recovery(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let (admin, approver) = (&escrowed.scene.cast.admin, &escrowed.approver);
    let request = escrowed.initiated();
    refuses(&decide(approver, &request, "approve"), 409, &[]);
    for decision in ["approve", "deny"] {
        refuses(&decide(admin, &request, decision), 403, &[]);
    }
    ok(&escrowed.submit(&request, 0), 200);
    refuses(&decide(approver, &request, "approve"), 409, &[]);
    ok(&escrowed.submit(&request, 1), 200);
    refuses(&decide(admin, &request, "approve"), 403, &[]);
    refuses(&decide(approver, UNKNOWN, "approve"), 404, &[]);
    refuses(&decide(&escrowed.scene.cast.foreign, &request, "approve"), 404, &[]);
    refuses(&decide(approver, &request, "perhaps"), 400, &["decision"]);
    let silent = json!({ "requestId": request, "decision": "approve" });
    refuses(&approver.post(&format!("{RECOVERY}/approve"), &silent), 400, &["reason"]);
    let mut statuses = together(5, |_| decide(approver, &request, "approve").status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409]);
    refuses(&decide(approver, &request, "deny"), 409, &[]);
}

fn a_denied_recovery_leaves_the_escrow_active(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let request = escrowed.initiated();
    ok(&escrowed.submit(&request, 0), 200);
    let denied = ok(&decide(&escrowed.approver, &request, "deny"), 200);
    assert_eq!(denied["status"], "denied");
    let shown = escrowed.shown(&request);
    assert_eq!((&shown["status"], &shown["approvals"][0]["decision"]), (&json!("denied"), &json!("deny")));
    refuses(&escrowed.submit(&request, 1), 409, &[]);
    refuses(&escrowed.execute(&request), 409, &[]);
    let path = format!("{KEYS}/{}", escrowed.escrow);
    assert_eq!(ok(&escrowed.scene.cast.viewer.get(&path), 200)["status"], "active");
    // The share that was submitted is erased, and must be submitted again.
    let request = escrowed.approved();
    ok(&escrowed.execute(&request), 200);
}

fn five_executions_at_once_give_the_key_once(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let request = escrowed.approved();
    let replies = together(5, |_| escrowed.execute(&request));
    let given: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(given.len(), 1);
    let key = ok(given[0], 200)["recoveredKey"].as_str().unwrap().to_owned();
    assert_eq!(base64::decode_any(&key).unwrap(), combined(&escrowed.shares));
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        refuses(reply, 409, &[]);
        assert!(!String::from_utf8_lossy(&reply.body).contains(&key));
    }
}

/// Neither are its shares, while they are submitted and after that.
fn a_recovered_key_is_nowhere_but_in_its_answer(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let is_nowhere = |secrets: &[Vec<u8>]| {
        let log = t.instance.log();
        for secret in secrets {
            assert!(!database::contains(&t.instance, secret));
            for encoded in encoded(secret) {
                assert!(!log.contains(&encoded) && !database::contains(&t.instance, &encoded), "{encoded}");
            }
        }
    };
    let shares: Vec<_> = escrowed.shares.iter().map(|share| base64::decode_any(share).unwrap()).collect();
    let request = escrowed.approved();
    is_nowhere(&shares);
    let key = ok(&escrowed.execute(&request), 200)["recoveredKey"].as_str().unwrap().to_owned();
    is_nowhere(&shares);
    is_nowhere(&[base64::decode_any(&key).unwrap()]);
    // The search would find it: what is stored in clear is found.
    assert!(database::contains(&t.instance, &request));
}

fn the_answer_of_an_execution_is_replayed_to_its_caller_alone(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let body = json!({ "requestId": escrowed.approved() }).to_string();
    let path = format!("{RECOVERY}/execute");
    let execute = |caller: &Caller| caller.send("POST", &path, &[("idempotency-key", "k")], Some(body.as_bytes()));
    let first = ok(&execute(&escrowed.approver), 200);
    assert_eq!(ok(&execute(&escrowed.approver), 200), first);
    refuses(&execute(&escrowed.scene.cast.admin), 409, &[]);
}

fn what_is_not_approved_is_not_executed(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({}));
    let request = escrowed.initiated();
    refuses(&escrowed.execute(&request), 409, &[]);
    for agent in 0..2 {
        ok(&escrowed.submit(&request, agent), 200);
        refuses(&escrowed.execute(&request), 409, &[]);
    }
    refuses(&escrowed.execute(UNKNOWN), 404, &[]);
    refuses(&execute(&escrowed.scene.cast.foreign, &request), 404, &[]);
    refuses(&escrowed.execute("x"), 400, &["requestId"]);
}

fn an_open_recovery_of_an_expired_escrow_may_be_finished(t: &Deployment) {
    let escrowed = Escrowed::new(t, 2, 2, &json!({ "retentionPeriod": "PT1H" }));
    let request = escrowed.initiated();
    ok(&escrowed.submit(&request, 0), 200);
    t.pass(Duration::from_secs(3_700));
    ok(&escrowed.submit(&request, 1), 200);
    ok(&decide(&escrowed.approver, &request, "approve"), 200);
    ok(&escrowed.execute(&request), 200);
    let path = format!("{KEYS}/{}", escrowed.escrow);
    assert_eq!(ok(&escrowed.scene.cast.viewer.get(&path), 200)["status"], "recovered");
}
