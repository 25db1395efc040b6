//! How SQLite finds the rows of what is measured: by an index always. A scan that hides at a thousand rows is what
//! makes a service slow at a million.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use chancery_tests::variables::Variables;

use crate::{
    caller::Caller,
    config_api::{self, Server, Tokens},
    connection::Connection,
    measure,
    operation::{Api, Operation, signed},
    qnsp::{CONFIGS, LEASES, with_token},
    recorded::Recorded,
    rows,
};

/// What may be gone through from end to end: the parameters, the one row that the admission is made of, and the rows of
/// one item.
const SMALL: [&str; 31] = [
    "json_each",
    "p",
    "m",
    "n",
    "CONSTANT ROW",
    "(subquery-",
    "c",
    "admitted",
    "tags",
    "wanted",
    "item",
    "renewed",
    "w",
    "t",
    // What the costs of a model are counted by.
    "d",
    // Of a sign-in: signals and failures up to a limit, and the policies of a tenant.
    "of_address",
    "of_user",
    "failures",
    "policies",
    // Of a search: what was asked for, and what holds its rarest word.
    "a",
    "candidates",
    "whole",
    "best",
    "found",
    "f",
    // The buckets of a policy of retention, the regions of a replication, and up to fifteen new reads of secrets.
    "b",
    "r",
    // What the rules of alerts of a key compute.
    "k",
    "valued",
    "judged",
    // Operations of a module that are no longer kept.
    "gone",
];

/// What becomes a temporary table: signals up to a limit, read for three counts, the quotas of a tenant by their days, and
/// what was asked of a search and matches it. What a use of a key sets off is computed for the few rules of its tenant, once each.
const MATERIALIZED: [&str; 11] = [
    "MATERIALIZE of_user",
    "MATERIALIZE (subquery-2)",
    "MATERIALIZE asked",
    "MATERIALIZE candidates",
    "MATERIALIZE found",
    "MATERIALIZE b",
    "MATERIALIZE judged",
    "MATERIALIZE valued",
    "MATERIALIZE pairs",
    "MATERIALIZE k",
    "MATERIALIZE gone",
];

/// What is read of the audit log of the tenant that the measured operations write to.
const AUDIT: [&str; 11] = [
    "checkpoint",
    "checkpoints",
    "entries",
    "entries?actor=bench&outcome=done",
    "entries?subject=fifty/SECRET_1",
    "entries?valueHash=00",
    "entries?action=secret.read&from=2026-01-01T00:00:00Z",
    "proof/inclusion?index=3&size=50",
    "proof/inclusion?index=3&size=600",
    "proof/consistency?from=300&to=600",
    "export",
];

/// Sorted in memory: the secrets of a community, what few items or groups of a project were found by their tags, and
/// the two configurations that a template of a consent may be in, what a tenant was billed for on the days of a month, the
/// synonyms of the words of a search, and what it has found, the policies that keep a document, the uses of keys in a period, and
/// the fifty items that are resolved at most, and reads of secrets that have just come.
const SORTED: [&str; 11] = [
    "AS long FROM config_items",
    "ORDER BY created_ts",
    "FROM config_tags",
    "FROM item JOIN",
    "ORDER BY context_key = ?1 DESC LIMIT 1",
    "GROUP BY m.operation",
    "FROM qnsp_synonym_groups g",
    "WITH asked",
    "qnsp_kept_documents",
    "minute / 60 AS hour",
    "FROM config_reads r",
];

#[test]
fn no_measured_statement_scans_a_table() {
    let variables = Variables::random();
    let recorded = Recorded::start(&variables).unwrap();
    let (license, tokens) = measure::prepare(recorded.address, &variables, &[Server::Chancery]).unwrap();
    rows::fill(&recorded.file, 2_000).unwrap();

    recorded.clear();
    let mut connection = Connection::to(recorded.address);
    let caller = Caller::new(&variables, &license).unwrap().with_tokens(&tokens, 0);
    let ours = |operation: &Operation| {
        !matches!(operation, Operation::Config(Server::Plain, _)) && !operation.name().starts_with("floor")
    };
    // Often enough that old nonces are swept in one of them.
    for operation in Operation::table().filter(ours) {
        for _ in 0..64 {
            let answer = connection.call(&operation.request(&caller)).unwrap();
            assert_eq!(answer.status, operation.expected_status(), "{}", operation.name());
        }
    }
    for (request, status) in config_requests(&caller.tokens) {
        let answer = connection.call(&request).unwrap();
        let text = String::from_utf8_lossy(&request);
        assert_eq!(answer.status, status, "{}: {}", text, String::from_utf8_lossy(answer.body));
    }
    let after = "/caas/config-tokens?after=5f3d8d0cd866fa61019cf968";
    assert_eq!(connection.call(&signed(&caller, Api::Caas, "GET", after, "")).unwrap().status, 200);

    for path in AUDIT {
        let path = format!("/caas/audit/bench/{path}");
        let method = if path.ends_with("/checkpoint") { "POST" } else { "GET" };
        let answer = connection.call(&signed(&caller, Api::Caas, method, &path, "")).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(answer.body));
    }

    let seen: BTreeSet<_> = recorded.texts().into_iter().collect();
    assert!(seen.iter().any(|text| text.starts_with("DELETE FROM request_nonces")), "{seen:#?}");
    assert!(seen.len() >= 30, "{seen:#?}");
    let database = rusqlite::Connection::open(&recorded.file).unwrap();
    let found: Vec<_> = seen.iter().flat_map(|text| scans(&database, text)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Every operation of the Config API, and every way to list.
fn config_requests(tokens: &Tokens) -> Vec<(Vec<u8>, u16)> {
    let send = |method, path: &str, body: &str| config_api::send(Server::Chancery, tokens, method, path, body);
    let mut requests = vec![
        (send("POST", "/groups", r#"{"name":"New","key":"new","tags":["a"]}"#), 201),
        (send("PATCH", "/groups/new", r#"{"name":"Newer","tags":["a","b"]}"#), 200),
        (send("GET", "/groups/new", ""), 200),
        (send("POST", "/groups/new/items", r#"{"name":"I","key":"i","value":"1","tags":["a"]}"#), 201),
        (send("PATCH", "/items/i", r#"{"value":"2","tags":["b"]}"#), 200),
        (send("GET", "/items/i/audit", ""), 200),
        (send("GET", "/items/i/versions", ""), 200),
        (send("POST", "/items/i/versions/1/restore", ""), 200),
        (send("DELETE", "/items/i", ""), 200),
    ];
    for place in ["/groups", "/groups/bench/items", "/items", "/items?groupId=x"] {
        for query in ["", "tags=all", "tags=all,team-3", "search=needle", "tags=all&search=needle", "isSecret=true"] {
            let separator = if place.contains('?') { '&' } else { '?' };
            requests.push((send("GET", &format!("{place}{separator}{query}"), ""), 200));
        }
    }
    requests.push((send("DELETE", "/groups/new", ""), 200));
    requests
}

/// Tags and groups are found by their own index: the rows of a project are many.
#[test]
fn a_list_by_tag_or_of_a_group_does_not_go_through_the_project() {
    let variables = Variables::random();
    let recorded = Recorded::start(&variables).unwrap();
    let (_, tokens) = measure::prepare(recorded.address, &variables, &[Server::Chancery]).unwrap();
    let mut connection = Connection::to(recorded.address);
    let database = rusqlite::Connection::open(&recorded.file).unwrap();
    for (path, index) in [
        ("/items?tags=all", "config_items_1 (id=?)"),
        ("/items?tags=all&search=x", "config_items_1 (id=?)"),
        ("/items?groupId=x&tags=all", "config_items_1 (id=?)"),
        ("/groups/bench/items?tags=all", "config_items_1 (id=?)"),
        ("/groups/bench/items", "config_items_by_group (group_id=?)"),
        ("/groups/bench/items?search=x", "config_items_by_group (group_id=?)"),
        ("/items?groupId=x", "config_items_by_group (group_id=?)"),
        ("/groups?tags=all", "config_groups_1 (id=?)"),
        ("/groups", "config_groups_2 (tenant_id=? AND project_id=?)"),
        ("/items", "config_items_2 (tenant_id=? AND project_id=?)"),
    ] {
        recorded.clear();
        connection.call(&config_api::send(Server::Chancery, &tokens, "GET", path, "")).unwrap();
        let list = recorded.texts().into_iter().find(|text| text.ends_with("ORDER BY key")).unwrap();
        let plan = plan(&database, &list);
        assert!(
            plan.iter().any(|step| step.starts_with("SEARCH config_") && step.ends_with(index)),
            "{path}: {plan:#?}"
        );
    }
}

/// A million leases of a tenant, or of one of its configurations, cost a call what none would: whatever a call reads of them
/// it finds by more than whose they are, or it is a page.
#[test]
fn no_statement_of_a_call_about_a_lease_goes_through_those_of_its_tenant() {
    let variables = Variables::random();
    let recorded = Recorded::start(&variables).unwrap();
    let (_, tokens) = measure::prepare(recorded.address, &variables, &[Server::Chancery]).unwrap();
    rows::fill(&recorded.file, 2_000).unwrap();
    let known = &tokens.qnsp;
    let mut connection = Connection::to(recorded.address);
    let mut ask = |method: &str, path: &str, token: &str, body: &str, status: u16| {
        let answer = connection.call(&with_token(method, path, token, body)).unwrap();
        assert_eq!(answer.status, status, "{path}: {}", String::from_utf8_lossy(answer.body));
        serde_json::from_slice::<serde_json::Value>(&answer.whole_body()).unwrap()
    };
    let owner = known.key.as_str();

    // A configuration of a server that nobody answers at, with leases whose users are there, as far as is known.
    let backend = r#"{"type":"postgres","connectionString":"postgres://me:w@127.0.0.1:1/db"}"#;
    let config =
        format!(r#"{{"name":"db","type":"database","backend":{backend},"ttl":{{"default":"PT1H","max":"P30D"}}}}"#);
    let config = ask("POST", CONFIGS, owner, &config, 201)["configId"].as_str().unwrap().to_owned();
    let database = rusqlite::Connection::open(&recorded.file).unwrap();
    let lease = "INSERT INTO qnsp_leases (tenant_id, id, config_id, created_at, is_pending, username, password_hash, \
                 expires_at, max_expires_at, ends_at, is_counted, has_user) SELECT tenant_id, ?1, id, 0, 0, ?1, ?1, ?2, \
                 4102444800000, ?2, 1, 1 FROM qnsp_dynamic_configs WHERE name = 'db'";
    let (active, ended) = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002");
    database.execute(lease, (active, 4_102_444_700_000_i64)).unwrap();
    database.execute(lease, (ended, 1)).unwrap();

    recorded.clear();
    let of_keys = format!("{CONFIGS}/{}", known.leasing);
    let issued = ask("POST", &format!("{of_keys}/credentials"), owner, "{}", 200);
    let of_lease = |lease: &str, verb: &str| format!("{LEASES}/{lease}/{verb}");
    let leased = issued["leaseId"].as_str().unwrap();
    ask("POST", &of_lease(leased, "renew"), owner, r#"{"ttl":"PT2H"}"#, 200);
    ask("POST", &of_lease(active, "renew"), owner, "{}", 503);
    ask("POST", &of_lease(active, "revoke"), owner, "{}", 503);
    ask("POST", &format!("{CONFIGS}/{config}/credentials"), owner, "{}", 503);
    // Whose key it is, and whether its lease goes on.
    let password = issued["credentials"]["password"].as_str().unwrap();
    ask("GET", &format!("{of_keys}/leases"), password, "", 200);
    ask("GET", &format!("{CONFIGS}/{config}/leases"), owner, "", 200);
    let configs = ask("GET", CONFIGS, owner, "", 200);
    assert_eq!(configs["configs"][0]["activeLeases"], 2_002, "{configs}");
    assert_eq!(ask("GET", "/vault/v1/dynamic-secrets/stats", owner, "", 200)["activeLeases"], 2_003);
    ask("POST", &of_lease(leased, "revoke"), owner, "{}", 200);

    // What has ended is seen to after the answer.
    let is_swept = |text: &String| text.starts_with("UPDATE qnsp_leases SET claimed_until") && text.contains("LIMIT");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !recorded.texts().iter().any(is_swept) {
        assert!(Instant::now() < deadline, "no lease is swept");
        thread::sleep(Duration::from_millis(20));
    }
    let seen: BTreeSet<_> = recorded.texts().into_iter().filter(|text| text.contains("qnsp_leases")).collect();
    assert!(seen.len() >= 10, "{seen:#?}");
    let goes_through = |step: &String| {
        let is_of_leases =
            |step: &&str| step.contains("qnsp_leases") || step.contains("qnsp_keys") || step.starts_with("l ");
        let by = step.strip_prefix("SEARCH ").filter(is_of_leases);
        let is_whole = |by: &str| {
            by.ends_with("(tenant_id=?)") || by.ends_with("(tenant_id=? AND config_id=?)") || by.ends_with("ends_at>?)")
        };
        by.is_some_and(is_whole) || step.starts_with("SCAN qnsp_") || step == "SCAN l"
    };
    for text in seen.iter().filter(|text| !text.contains("LIMIT ?")) {
        let steps = plan(&database, text);
        assert!(!steps.iter().any(goes_through), "{text}\n{steps:#?}");
    }
    // A page, which is read in its order.
    for text in seen.iter().filter(|text| text.contains("LIMIT ?")) {
        let steps = plan(&database, text);
        let is_sorted = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!is_sorted && steps.iter().any(|step| step.starts_with("SEARCH")), "{text}\n{steps:#?}");
    }
}

fn plan(database: &rusqlite::Connection, text: &str) -> Vec<String> {
    let mut explained = database.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut steps = explained.raw_query();
    let mut found = Vec::new();
    while let Some(step) = steps.next().unwrap() {
        found.push(step.get("detail").unwrap());
    }
    found
}

/// The steps of a statement's plan that go through a whole table or index, behind its text.
fn scans(database: &rusqlite::Connection, text: &str) -> Vec<String> {
    let small = |rest: &str| {
        SMALL.iter().any(|name| {
            rest == *name || rest.starts_with(&format!("{name} ")) || (name.ends_with('-') && rest.starts_with(name))
        })
    };
    let sorted = SORTED.iter().any(|sorted| text.contains(sorted));
    let bad = |step: &String| {
        // What is materialised costs a temporary table per request.
        (step.starts_with("MATERIALIZE") && !MATERIALIZED.contains(&step.as_str()))
            || step.strip_prefix("SCAN ").is_some_and(|rest| !small(rest))
            || step.contains("TEMP B-TREE") && !sorted
    };
    plan(database, text).into_iter().filter(bad).map(|step| format!("{step}\n  in {text}")).collect()
}
