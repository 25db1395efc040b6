//! The graph of assets of QNSP's security monitoring, attack paths in it, and simulated attacks.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    clock, database,
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::{UNKNOWN, has_passed},
    qnsp_jit::{ask, create_policy},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(assets_are_created_listed_and_deleted_with_their_connections),
        case(assets_are_derived_from_access),
        case(assets_are_connected_once),
        case(bodies_that_break_a_rule_are_refused),
        case(paths_lead_from_users_the_shortest_first),
        case(analyses_are_cut_at_fifty_paths_and_say_so),
        case(the_most_likely_way_of_an_attack_is_simulated),
        case(analyses_and_simulations_are_metered_and_stored),
    ]
}

pub const ASSETS: &str = "/security/v1/attack-surface/assets";
pub const CONNECTIONS: &str = "/security/v1/attack-surface/connections";
pub const ANALYZE: &str = "/security/v1/attack-surface/analyze";
pub const SIMULATE: &str = "/security/v1/attack-surface/simulate";

#[track_caller]
pub fn asset(caller: &Caller, name: &str, kind: &str, flags: &Value) -> String {
    let body = json!({ "name": name, "type": kind, "flags": flags });
    ok(&caller.post(ASSETS, &body), 201)["assetId"].as_str().unwrap().to_owned()
}

#[track_caller]
pub fn connect(caller: &Caller, source: &str, target: &str) -> Value {
    ok(&caller.post(CONNECTIONS, &json!({ "sourceAssetId": source, "targetAssetId": target, "type": "network" })), 201)
}

fn assets_are_created_listed_and_deleted_with_their_connections(t: &Deployment) {
    let cast = Cast::new(t);
    assert_eq!(ok(&cast.viewer.get(ASSETS), 200), json!({ "assets": [], "total": 0 }));
    let body = json!({ "name": "web", "type": "server", "exposure": "external", "flags": ["unhealthy", "open_incident", "unhealthy"] });
    let web = ok(&cast.developer.post(ASSETS, &body), 201);
    let expected = json!({
        "assetId": web["assetId"], "name": "web", "type": "server", "exposure": "external",
        "flags": ["unhealthy", "open_incident"], "createdAt": web["createdAt"],
    });
    assert_eq!(web, expected);
    assert!((time(&web["createdAt"]) - clock::now()).abs() < 60_000);
    assert_eq!(ok(&cast.viewer.get(ASSETS), 200), json!({ "assets": [web], "total": 1 }));
    let plain = ok(&cast.developer.post(ASSETS, &json!({ "name": "web", "type": "db" })), 201);
    assert_eq!((&plain["exposure"], &plain["flags"]), (&json!("internal"), &json!([])));
    let [web, plain] = [web, plain].map(|asset| asset["assetId"].as_str().unwrap().to_owned());
    let connection = connect(&cast.developer, &web, &plain);
    let expected = json!({
        "connectionId": connection["connectionId"], "sourceAssetId": web, "targetAssetId": plain, "type": "network",
        "createdAt": connection["createdAt"],
    });
    assert_eq!(connection, expected);
    assert_eq!(ok(&cast.viewer.get(CONNECTIONS), 200), json!({ "connections": [connection], "total": 1 }));
    connect(&cast.developer, &plain, &web);
    let mut ids = [web.clone(), plain.clone()];
    ids.sort();
    let page = ok(&cast.viewer.get(&format!("{ASSETS}?limit=1&offset=1")), 200);
    assert_eq!((&page["assets"][0]["assetId"], &page["total"]), (&json!(ids[1]), &json!(2)));
    assert_eq!(ok(&cast.foreign.get(ASSETS), 200)["total"], 0);
    refuses(&cast.foreign.delete(&format!("{ASSETS}/{web}")), 404, &[]);
    ok(&cast.developer.delete(&format!("{ASSETS}/{web}")), 204);
    refuses(&cast.developer.delete(&format!("{ASSETS}/{web}")), 404, &[]);
    assert_eq!(ok(&cast.viewer.get(CONNECTIONS), 200), json!({ "connections": [], "total": 0 }));
    assert_eq!(ok(&cast.viewer.get(ASSETS), 200)["total"], 1);
}

/// Access of the developer to the database `orders`, for ten minutes.
fn grant(cast: &Cast) {
    create_policy(&cast.admin, "p", &json!({ "requireApproval": false }));
    assert_eq!(ask(&cast.developer, &json!({ "duration": 10 }))["status"], "approved");
}

fn assets_are_derived_from_access(t: &Deployment) {
    let cast = Cast::new(t);
    grant(&cast);
    let user = format!("user:{}", cast.developer.user);
    let derived = |id: &str, name: &str, kind: &str, flags: Value| json!({ "assetId": id, "name": name, "type": kind, "exposure": "internal", "flags": flags, "createdAt": null });
    let of_user = derived(&user, &cast.developer.user, "user", json!([]));
    let of_grant = json!([derived("resource:db/orders", "db/orders", "resource", json!([])), of_user]);
    assert_eq!(ok(&cast.viewer.get(ASSETS), 200), json!({ "assets": of_grant, "total": 2 }));
    let connections = ok(&cast.viewer.get(CONNECTIONS), 200);
    let expected = json!({
        "connectionId": connections["connections"][0]["connectionId"], "sourceAssetId": user,
        "targetAssetId": "resource:db/orders", "type": "access", "createdAt": null,
    });
    assert_eq!(connections, json!({ "connections": [expected], "total": 1 }));
    let id = connections["connections"][0]["connectionId"].as_str().unwrap();
    refuses(&cast.developer.delete(&format!("{CONNECTIONS}/{id}")), 404, &[]);
    // What a simulation allows, of whatever principal, and a resource that is open to everybody.
    let policy =
        json!({ "name": "all", "statement": { "effect": "allow", "resources": ["doc/*"], "actions": ["read"] } });
    ok(&cast.admin.post("/access/v1/policies", &policy), 201);
    let simulate = |kind: &str, id: &str, action: &str| {
        let question = json!({
            "principal": { "type": kind, "id": id }, "resource": { "type": "doc", "id": "1" }, "action": action,
        });
        ok(&cast.viewer.post("/access/v1/simulate", &question), 200)
    };
    simulate("service", "robot", "read");
    simulate("user", "alice", "write");
    let assets = ok(&cast.viewer.get(ASSETS), 200);
    let added = [
        derived("resource:doc/1", "doc/1", "resource", json!(["wildcard_policy"])),
        derived("user:service:robot", "service:robot", "user", json!([])),
    ];
    assert_eq!(assets["total"], 4, "a question that was denied derives nothing");
    for asset in &added {
        assert!(assets["assets"].as_array().unwrap().contains(asset), "{assets}");
    }
    let analysis = ok(&cast.developer.post(ANALYZE, &json!({ "targetAsset": "resource:doc/1" })), 200);
    let steps = json!([
        { "asset": "user:service:robot", "vulnerability": "lateral_movement", "technique": "T1021" },
        { "asset": "resource:doc/1", "vulnerability": "wildcard_policy", "technique": "T1078" },
    ]);
    assert_eq!(analysis["attackPaths"][0]["steps"], steps);
    // Access that has ended is no asset.
    if has_passed(t, Duration::from_secs(600)) {
        assert_eq!(ok(&cast.viewer.get(ASSETS), 200)["total"], 2);
    }
}

fn assets_are_connected_once(t: &Deployment) {
    let cast = Cast::new(t);
    grant(&cast);
    let own = asset(&cast.developer, "own", "server", &json!([]));
    let pair = |source: &str, target: &str| json!({ "sourceAssetId": source, "targetAssetId": target });
    let made = ok(&cast.developer.post(CONNECTIONS, &pair("resource:db/orders", &own)), 201);
    assert_eq!(made["type"], "");
    refuses(&cast.developer.post(CONNECTIONS, &pair("resource:db/orders", &own)), 409, &[]);
    refuses(&cast.developer.post(CONNECTIONS, &pair(&own, &own)), 422, &["targetAssetId"]);
    for (source, target) in [(UNKNOWN, own.as_str()), (own.as_str(), UNKNOWN), ("user:nobody", own.as_str())] {
        refuses(&cast.developer.post(CONNECTIONS, &pair(source, target)), 404, &["asset"]);
    }
    refuses(&cast.foreign.post(CONNECTIONS, &pair("resource:db/orders", &own)), 404, &["asset"]);
    let other = asset(&cast.developer, "other", "server", &json!([]));
    let mut statuses = together(4, |_| cast.developer.post(CONNECTIONS, &pair(&own, &other)).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    let path = format!("{CONNECTIONS}/{}", made["connectionId"].as_str().unwrap());
    refuses(&cast.foreign.delete(&path), 404, &[]);
    ok(&cast.developer.delete(&path), 204);
    refuses(&cast.developer.delete(&path), 404, &[]);
}

fn bodies_that_break_a_rule_are_refused(t: &Deployment) {
    let cast = Cast::new(t);
    let developer = &cast.developer;
    refuses(&developer.post(ASSETS, &json!({})), 400, &["name", "type"]);
    for (body, place) in [
        (json!({ "name": "n", "type": "t".repeat(65) }), "type"),
        (json!({ "name": "n", "type": "t", "exposure": "open" }), "exposure"),
        (json!({ "name": "n", "type": "t", "flags": ["weak"] }), "flags[0]"),
    ] {
        refuses(&developer.post(ASSETS, &body), 400, &[place]);
    }
    refuses(&developer.post(CONNECTIONS, &json!({})), 400, &["sourceAssetId", "targetAssetId"]);
    refuses(&developer.post(ANALYZE, &json!({})), 400, &["targetAsset"]);
    for depth in [json!(0), json!(11), json!(1.5), json!("5")] {
        let body = json!({ "targetAsset": "a", "analysisDepth": depth });
        refuses(&developer.post(ANALYZE, &body), 400, &["analysisDepth"]);
    }
    refuses(&developer.post(ANALYZE, &json!({ "targetAsset": UNKNOWN })), 404, &["asset"]);
    refuses(&developer.post(SIMULATE, &json!({})), 400, &["entryPoints", "objectives", "scenario"]);
    let many: Vec<_> = (0..21).map(|number| number.to_string()).collect();
    let body = json!({ "scenario": "", "entryPoints": [], "objectives": many });
    refuses(&developer.post(SIMULATE, &body), 400, &["entryPoints", "objectives", "scenario"]);
    let known = asset(developer, "n", "t", &json!([]));
    let body = json!({ "scenario": "insider", "entryPoints": [known, "first"], "objectives": ["second"] });
    let refused = developer.post(SIMULATE, &body);
    refuses(&refused, 404, &["asset"]);
    assert_eq!(refused.json().unwrap()["details"]["asset"], "first");
    for path in [ASSETS, CONNECTIONS] {
        refuses(&cast.viewer.get(&format!("{path}?limit=x")), 400, &["limit"]);
    }
    refuses(&developer.delete(&format!("{ASSETS}/user:7")), 400, &["assetId"]);
    refuses(&developer.delete(&format!("{CONNECTIONS}/x")), 400, &["connectionId"]);
}

fn paths_lead_from_users_the_shortest_first(t: &Deployment) {
    let cast = Cast::new(t);
    let developer = &cast.developer;
    let alice = asset(developer, "alice", "user", &json!([]));
    let web = ok(
        &developer
            .post(ASSETS, &json!({ "name": "web", "type": "server", "exposure": "external", "flags": ["unhealthy"] })),
        201,
    );
    let web = web["assetId"].as_str().unwrap().to_owned();
    let db = asset(developer, "db", "db", &json!(["open_incident"]));
    let key = asset(developer, "key", "key", &json!(["deprecated_algorithm", "forbidden_algorithm"]));
    for (source, target) in [(&alice, &db), (&alice, &web), (&web, &db), (&db, &key), (&key, &db)] {
        connect(developer, source, target);
    }
    let analyze = |more: Value| {
        let body = crate::qnsp_jit::with(json!({ "targetAsset": key }), &more);
        ok(&developer.post(ANALYZE, &body), 200)
    };
    let found = analyze(json!({}));
    let ids = |analysis: &Value| -> Vec<Vec<String>> {
        let assets = |path: &Value| {
            path["steps"].as_array().unwrap().iter().map(|step| step["asset"].as_str().unwrap().to_owned()).collect()
        };
        analysis["attackPaths"].as_array().unwrap().iter().map(assets).collect()
    };
    let text = |path: &[&String]| -> Vec<String> { path.iter().map(|id| (*id).clone()).collect() };
    assert_eq!(ids(&found), [text(&[&alice, &db, &key]), text(&[&alice, &web, &db, &key])]);
    assert_eq!(found["truncated"], false);
    let first = &found["attackPaths"][0];
    let steps = json!([
        { "asset": alice, "vulnerability": "lateral_movement", "technique": "T1021" },
        { "asset": db, "vulnerability": "open_incident", "technique": "T1552" },
        { "asset": key, "vulnerability": "forbidden_algorithm", "technique": "T1600" },
    ]);
    assert_eq!((&first["steps"], &first["severity"]), (&steps, &json!("high")));
    assert_eq!(first["mitigations"].as_array().unwrap().len(), 3);
    assert_eq!(analyze(json!({}))["attackPaths"], found["attackPaths"], "with the same ids");
    assert_ne!(first["pathId"], found["attackPaths"][1]["pathId"]);
    let external = analyze(json!({ "analysisDepth": 2, "includeExternalThreats": true }));
    let mut expected = vec![text(&[&alice, &db, &key]), text(&[&web, &db, &key])];
    expected.sort();
    assert_eq!(ids(&external), expected);
    assert_eq!(ids(&analyze(json!({ "analysisDepth": 1 }))), Vec::<Vec<String>>::new());
}

fn analyses_are_cut_at_fifty_paths_and_say_so(t: &Deployment) {
    let cast = Cast::new(t);
    let developer = &cast.developer;
    let (user, target) = (asset(developer, "u", "user", &json!([])), asset(developer, "t", "db", &json!([])));
    for number in 0..51 {
        let node = asset(developer, &number.to_string(), "server", &json!([]));
        connect(developer, &user, &node);
        connect(developer, &node, &target);
        if number == 49 {
            let analysis = ok(&developer.post(ANALYZE, &json!({ "targetAsset": target })), 200);
            let paths = analysis["attackPaths"].as_array().unwrap().len();
            assert_eq!((paths, &analysis["truncated"]), (50, &json!(false)));
        }
    }
    let analysis = ok(&developer.post(ANALYZE, &json!({ "targetAsset": target })), 200);
    let paths = analysis["attackPaths"].as_array().unwrap().len();
    assert_eq!((paths, &analysis["truncated"]), (50, &json!(true)));
}

fn the_most_likely_way_of_an_attack_is_simulated(t: &Deployment) {
    let cast = Cast::new(t);
    let developer = &cast.developer;
    let [entry, plain, island] = ["entry", "plain", "island"].map(|name| asset(developer, name, "server", &json!([])));
    let weak = asset(developer, "weak", "server", &json!(["open_incident"]));
    let goal = asset(developer, "goal", "db", &json!(["wildcard_policy"]));
    for (source, target) in [(&entry, &plain), (&entry, &weak), (&plain, &goal), (&weak, &goal)] {
        connect(developer, source, target);
    }
    let simulate = |entries: &[&String], objectives: &[&String]| {
        let body = json!({ "scenario": "ransomware", "entryPoints": entries, "objectives": objectives });
        ok(&developer.post(SIMULATE, &body), 200)["results"].clone()
    };
    let mut compromised = vec![entry.clone(), weak.clone(), goal.clone()];
    compromised.sort();
    let expected = json!({
        "successProbability": 0.48,
        "pathsTaken": [{ "objective": goal, "assets": [entry, weak, goal], "probability": 0.48 }],
        "assetsCompromised": compromised, "timeToObjective": "PT42000S",
    });
    assert_eq!(simulate(&[&entry], &[&goal]), expected);
    assert_eq!(simulate(&[&entry], &[&goal, &goal]), expected, "an objective counts once");
    let both = simulate(&[&entry], &[&goal, &plain]);
    assert_eq!((&both["successProbability"], &both["timeToObjective"]), (&json!(0.096), &json!("PT114000S")));
    let held = simulate(&[&goal], &[&goal]);
    assert_eq!((&held["successProbability"], &held["timeToObjective"]), (&json!(1.0), &json!("PT0S")));
    let lost = simulate(&[&entry], &[&island]);
    let expected = json!({ "successProbability": 0.0, "pathsTaken": [], "assetsCompromised": [], "timeToObjective": "unreachable" });
    assert_eq!(lost, expected);
}

fn analyses_and_simulations_are_metered_and_stored(t: &Deployment) {
    let cast = Cast::new(t);
    let id = asset(&cast.developer, "a", "user", &json!([]));
    let analysis = ok(&cast.developer.post(ANALYZE, &json!({ "targetAsset": id })), 200);
    let body = json!({ "scenario": "s", "entryPoints": [id], "objectives": [id] });
    let simulation = ok(&cast.developer.post(SIMULATE, &body), 200);
    let stored = format!(
        "SELECT group_concat(id) FROM (SELECT id FROM qnsp_security_results WHERE tenant_id = '{}' ORDER BY kind)",
        cast.tenant.id
    );
    let ids = [&analysis["analysisId"], &simulation["simulationId"]].map(|id| id.as_str().unwrap()).join(",");
    assert_eq!(database::text(&t.instance, &stored), ids);
    let metered = format!(
        "SELECT group_concat(operation) FROM (SELECT operation FROM qnsp_meters WHERE tenant_id = '{}' ORDER BY operation)",
        cast.tenant.id
    );
    assert_eq!(database::text(&t.instance, &metered), "security.attack_path_analysis,security.attack_simulation");
}
