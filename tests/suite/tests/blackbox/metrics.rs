//! Metrics: what is counted is what is recorded, and the text is what Prometheus reads.

use std::collections::BTreeMap;

use chancery_tests::variables::Variables;
use serde_json::json;

use crate::{
    answer::{ok, refused},
    case::{Case, case},
    database,
    deployment::{Deployment, community, secrets_of, unique},
    portal::{address, register},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(figures_are_those_of_the_database),
        case(the_text_is_in_the_format),
        case(without_a_good_token_nobody_is_answered),
    ]
}

fn text(t: &Deployment) -> String {
    let token = format!("Bearer {}", t.instance.variables.get("METRICS_TOKEN"));
    let reply = t.anonymous.send("GET", "/metrics", &[("authorization", &token)], None);
    let text = String::from_utf8(reply.body.clone()).unwrap();
    assert_eq!(reply.status, 200, "{text}");
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    text
}

/// Every value, by its name with its label.
fn figures(t: &Deployment) -> BTreeMap<String, i64> {
    let text = text(t);
    let values = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap());
    values.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

fn figures_are_those_of_the_database(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let number = |select: &str| database::number(&t.instance, select);
    let before = figures(t);
    assert!(before["chancery_build_info{version=\"0.0.0.test.0\"}"] == 1);
    for name in
        ["chancery_migrations_missing", "chancery_leases{state=\"overdue\"}", "chancery_jobs{kind=\"leakage_scan\"}"]
    {
        assert!(before[name] == 0, "{name}");
    }
    let (tenant, place) = (unique("tenant"), community());
    for tag in ["A", "B", "C"] {
        ok(
            &t.service.put(&secrets_of(&tenant, &place), &json!({ "tag": tag, "value": "v", "createdBy": "suite" })),
            201,
        );
    }
    let after = figures(t);
    let rise = |name: &str| after[name] - before[name];
    assert!(rise("chancery_audit_entries") == 3, "{before:?} {after:?}");
    assert!(rise("chancery_audit_logs") == 1);
    assert!(rise("chancery_request_nonces{state=\"kept\"}") == 3);
    assert!(after["chancery_audit_entries"] == number("SELECT count(*) FROM audit_entries"));
    assert!(after["chancery_audit_last_entry_timestamp_seconds"] == number("SELECT max(at) / 1000 FROM audit_entries"));

    // No mail server is configured: the mail stays.
    register(t, &address());
    assert!(figures(t)["chancery_mails{state=\"pending\"}"] >= 1);

    database::change(
        &t.instance,
        "UPDATE portal_mail SET next_attempt_at = NULL; \
         INSERT INTO qnsp_leases (tenant_id, id, config_id, created_at, is_pending, username, password_hash, expires_at, \
         max_expires_at, ends_at, is_counted, has_user) VALUES ('t', 'live', 'c', 1, 0, 'u', 'h', 9e15, 9e15, 9e15, 1, 1), \
         ('t', 'overdue', 'c', 1, 0, 'u', 'h', 2, 2, 2, 1, 1), ('t', 'ended', 'c', 1, 0, 'u', 'h', 2, 2, 2, 0, 0); \
         INSERT INTO qnsp_deliveries (tenant_id, subscription_id, leaf_index, attempts, next_at) VALUES ('t', 's', 1, 1, 9e15); \
         DELETE FROM request_nonces; \
         INSERT INTO audit_checkpoints (tenant_id, tree_size, root_hash, at, signature) VALUES ('t', 7, x'', 1, x''), \
         ('licensing', 1, x'', 1, x''), ('licensing', 2, x'', 1, x'')",
    );
    let now = figures(t);
    for (name, value) in [
        ("chancery_mails{state=\"pending\"}", 0),
        ("chancery_leases{state=\"live\"}", 1),
        ("chancery_leases{state=\"overdue\"}", 1),
        ("chancery_deliveries{kind=\"event\"}", 1),
        ("chancery_deliveries{kind=\"notification\"}", 0),
        ("chancery_request_nonces{state=\"kept\"}", 0),
        // The newest checkpoint of each log that has entries.
        ("chancery_audit_signed_entries", 2),
    ] {
        assert!(now[name] == value, "{name}: {now:?}");
    }
    assert!(now["chancery_mails{state=\"failed\"}"] >= 1);
}

/// Each metric once: its help, its type, its values.
fn the_text_is_in_the_format(t: &Deployment) {
    let (text, mut known, mut current) = (text(t), Vec::new(), "");
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            (current, _) = help.split_once(' ').unwrap();
            assert!(!known.contains(&current), "{current} stands there twice");
            known.push(current);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{current} gauge"));
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next().unwrap(), current);
            assert!(name == current || name.ends_with("\"}"), "{line}");
            value.parse::<i64>().unwrap();
        }
    }
    assert!(known.len() > 5 && known.iter().all(|name| name.starts_with("chancery_")), "{known:?}");
}

fn without_a_good_token_nobody_is_answered(shared: &Deployment) {
    let good = shared.instance.variables.get("METRICS_TOKEN");
    for wrong in ["", "Bearer", "Bearer ", &format!("Basic {good}"), &format!("Bearer {good}x"), good] {
        let reply = shared.anonymous.send("GET", "/metrics", &[("authorization", wrong)], None);
        assert!(refused(&reply, 401).contains("METRICS_TOKEN"), "{wrong}");
    }
    for (token, shown) in [("", ""), ("too short", "too short")] {
        let variables = Variables::random().with("METRICS_TOKEN", token);
        let t = Deployment::start(shared.instance.runtime, variables).unwrap();
        refused(&t.anonymous.send("GET", "/metrics", &[("authorization", &format!("Bearer {shown}"))], None), 401);
        assert!(token.is_empty() || !t.instance.log().contains(token), "the token was logged");
    }
}
