//! Configuration: what is stored where, what is refused, and that no writer is lost.

use chancery::client::{Api, Reply, segment};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case, together},
    deployment::{Caller, Deployment, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_value_is_set_fetched_and_removed),
        case(the_whole_configuration_is_set_and_removed_as_data),
        case(a_fetch_names_only_what_exists),
        case(a_removal_takes_the_named_paths_only),
        case(nothing_on_the_way_is_overwritten),
        case(contexts_do_not_share_a_record),
        case(numbers_and_texts_come_back_as_they_were_written),
        case(sixty_four_writers_lose_nothing),
        case(a_set_may_expect_a_revision),
        case(of_twenty_sets_that_expect_one_revision_one_is_done),
        case(a_removal_may_expect_a_revision),
        case(conditions_are_lists_or_a_star),
        case(a_refusal_names_the_place_and_no_internals),
        case(the_history_lists_every_change_and_no_value),
        case(a_configuration_may_have_1_mib_and_no_more),
        case(requests_of_the_wrong_shape_are_refused),
        case(random_operations_agree_with_a_model),
    ]
}

/// A fetch that is never answered by a copy, since the next instance may hold one.
pub const FRESH: &str = "/caas/config/fetch?read_fresh=true";

/// A fetch that may be.
pub const COPY: &str = "/caas/config/fetch";

/// The context of an app that nothing else uses.
pub fn app() -> Value {
    json!({ "appId": unique("app") })
}

fn fetch(caller: &Caller, context: &Value, paths: &[&str]) -> Value {
    let body = if paths.is_empty() {
        json!({ "context": context })
    } else {
        json!({ "context": context, "key_paths": paths })
    };
    ok(&caller.post(FRESH, &body), 200)
}

pub fn set(caller: &Caller, context: &Value, path: &str, data: &Value) -> Reply {
    caller.put(&format!("/caas/config/{path}"), &json!({ "context": context, "data": data }))
}

fn remove(caller: &Caller, context: &Value, paths: &[&str]) -> Reply {
    caller.call("DELETE", "/caas/config", Some(&json!({ "context": context, "key_paths": paths })))
}

fn set_expecting(caller: &Caller, context: &Value, path: &str, data: &Value, revision: &str) -> Reply {
    let body = json!({ "context": context, "data": data });
    sent_with(caller, "PUT", &format!("/caas/config/{path}"), &body, ("if-match", revision))
}

fn sent_with(caller: &Caller, method: &str, path: &str, body: &Value, header: (&str, &str)) -> Reply {
    let headers = caller.client.headers(Api::Caas).unwrap();
    let mut headers = headers.pairs().to_vec();
    headers.push(header);
    caller.client.send(method, path, &[], &headers, Some(body.to_string().into_bytes())).unwrap()
}

pub fn history(caller: &Caller, context: &Value, more: &str) -> Reply {
    caller.get(&format!("/caas/config/history?context={}{more}", segment(&context.to_string())))
}

/// A name of letters alone.
fn letters(mut number: usize) -> String {
    let mut name = String::from("k");
    while number > 0 {
        name.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    name
}

fn a_value_is_set_fetched_and_removed(t: &Deployment) {
    let context = app();
    let empty = t.service.post(FRESH, &json!({ "context": context }));
    assert_eq!((empty.header("etag"), empty.header("age")), (Some("\"0\""), Some("0")));
    assert_eq!(ok(&empty, 200), json!({}));

    let reply = set(&t.service, &context, "otp.length", &json!(6));
    assert_eq!(reply.header("etag"), Some("\"1\""));
    assert_eq!(ok(&reply, 200), json!({ "otp.length": 6 }));
    for (path, value) in
        [("otp.text", json!("hütte ☃ \u{0} \"'")), ("on", json!(false)), ("list", json!([1, null, {}]))]
    {
        assert_eq!(ok(&set(&t.service, &context, path, &value), 200)[path], value);
    }
    // Two resources have names that are key paths too.
    ok(&set(&t.service, &context, "fetch", &json!("f")), 200);
    ok(&set(&t.service, &context, "history", &json!("h")), 200);
    let whole = json!({
        "otp": { "length": 6, "text": "hütte ☃ \u{0} \"'" }, "on": false, "list": [1, null, {}],
        "fetch": "f", "history": "h",
    });
    assert_eq!(fetch(&t.service, &context, &[]), whole);

    let removed = remove(&t.service, &context, &["otp.length", "list"]);
    assert_eq!((removed.status, removed.body.len()), (204, 0));
    assert_eq!(fetch(&t.service, &context, &["otp", "list"]), json!({ "otp": { "text": "hütte ☃ \u{0} \"'" } }));
}

fn the_whole_configuration_is_set_and_removed_as_data(t: &Deployment) {
    let context = app();
    let (first, second) = (json!({ "a": { "b": 1 }, "data": 2 }), json!({ "c": [] }));
    assert_eq!(ok(&set(&t.service, &context, "data", &first), 200), json!({ "data": first }));
    assert_eq!(fetch(&t.service, &context, &["data", "a.b"]), json!({ "data": first, "a.b": 1 }));
    ok(&set(&t.service, &context, "data", &second), 200);
    assert_eq!(fetch(&t.service, &context, &[]), second);
    for wrong in [json!([1]), json!("text"), json!(1), json!(true), json!(null)] {
        refused(&set(&t.service, &context, "data", &wrong), 400);
    }
    // `data` is everything; other names beside it are part of that.
    ok(&remove(&t.service, &context, &["unknown", "data", "c"]), 204);
    assert_eq!(fetch(&t.service, &context, &[]), json!({}));
    refused(&remove(&t.service, &context, &["data"]), 404);
    ok(&set(&t.service, &context, "a.b.c", &json!(1)), 200);
    assert_eq!(fetch(&t.service, &context, &[]), json!({ "a": { "b": { "c": 1 } } }));
}

fn a_fetch_names_only_what_exists(t: &Deployment) {
    let context = app();
    ok(&set(&t.service, &context, "data", &json!({ "a": { "b": null, "B": [{}] }, "c": {}, "d.e": 1 })), 200);
    for (paths, expected) in [
        (vec![], json!({ "a": { "b": null, "B": [{}] }, "c": {}, "d.e": 1 })),
        (vec!["a.b", "a.B", "c", "a.b"], json!({ "a.b": null, "a.B": [{}], "c": {} })),
        (vec!["x", "a.x", "a.b.c", "a.B.c", "d.e", "d", "A"], json!({})),
    ] {
        assert_eq!(fetch(&t.service, &context, &paths), expected, "{paths:?}");
    }
    let asked = |paths: Value| t.service.post(FRESH, &json!({ "context": context, "key_paths": paths }));
    assert_eq!(ok(&asked(json!([])), 200)["c"], json!({}));
    assert_eq!(ok(&asked(json!(null)), 200)["c"], json!({}));
    let many: Vec<_> = (0..101).map(letters).collect();
    assert_eq!(ok(&asked(json!(many[..100])), 200), json!({}));
    refused(&asked(json!(many)), 400);
    let reply = t.service.post(FRESH, &json!({ "context": context, "key_paths": ["c"] }));
    assert_eq!(reply.header("etag"), Some("\"1\""));
}

fn a_removal_takes_the_named_paths_only(t: &Deployment) {
    let context = app();
    refused(&remove(&t.service, &context, &["a"]), 404);
    ok(&set(&t.service, &context, "data", &json!({ "a": { "b": { "c": 1 }, "n": null }, "d": 2, "e": 3 })), 200);
    for missing in [&["x"][..], &["a.x", "d.x"], &["a.b.c.x"]] {
        refused(&remove(&t.service, &context, missing), 404);
    }
    ok(&remove(&t.service, &context, &["a.b.c", "x", "a.n", "d"]), 204);
    assert_eq!(fetch(&t.service, &context, &[]), json!({ "a": { "b": {} }, "e": 3 }));
    ok(&remove(&t.service, &context, &["a", "a.b", "a", "e"]), 204);
    assert_eq!(fetch(&t.service, &context, &[]), json!({}));
    // What has been emptied is gone; its revisions go on.
    refused(&remove(&t.service, &context, &["data"]), 404);
    let reply = set(&t.service, &context, "a", &json!(1));
    assert_eq!(reply.header("etag"), Some("\"8\""), "1 set, 3 and 3 removed, 1 set");
}

fn nothing_on_the_way_is_overwritten(t: &Deployment) {
    let context = app();
    let whole = json!({ "text": "x", "list": [{ "a": 1 }], "nothing": null, "off": false, "deep": { "number": 1 } });
    ok(&set(&t.service, &context, "data", &whole), 200);
    for path in ["text.a", "text.a.b.c", "list.a", "nothing.a", "off.a", "deep.number.a"] {
        let message = refused(&set(&t.service, &context, path, &json!(2)), 400);
        assert!(message.contains("object"), "{message}");
    }
    assert_eq!(fetch(&t.service, &context, &[]), whole);
    ok(&set(&t.service, &context, "text", &json!({})), 200);
    ok(&set(&t.service, &context, "text.a", &json!(2)), 200);
    assert_eq!(fetch(&t.service, &context, &["text"]), json!({ "text": { "a": 2 } }));
}

fn contexts_do_not_share_a_record(t: &Deployment) {
    let (one, two) = (unique("one"), unique("two"));
    let contexts = [
        json!({ "appId": one }),
        json!({ "appId": one, "internal": true }),
        json!({ "appId": one.to_uppercase() }),
        json!({ "personId": one, "mobile_app_id": two }),
        json!({ "personId": two, "mobile_app_id": one }),
        json!({ "tenantId": one, "communityId": two }),
        json!({ "tenantId": two, "communityId": one }),
    ];
    for (number, context) in contexts.iter().enumerate() {
        ok(&set(&t.infra, context, "number", &json!(number)), 200);
    }
    for (number, context) in contexts.iter().enumerate() {
        assert_eq!(fetch(&t.infra, context, &[]), json!({ "number": number }), "{context}");
    }
    assert_eq!(fetch(&t.infra, &json!({ "internal": false, "appId": one }), &[]), json!({ "number": 0 }));
}

fn numbers_and_texts_come_back_as_they_were_written(t: &Deployment) {
    let context = app();
    let text = r#"{"n":[0,-0,1.0,1.50,1e2,1E+2,-12.34e-5,9007199254740993,123456789012345678901234567890,0.1000000000000000055511151231257827],"s":"\u00e9\/\n\ud83d\ude00"}"#;
    let body = format!(r#"{{"context":{context},"data": {text} }}"#);
    ok(&t.service.send("PUT", "/caas/config/data", body.as_bytes()), 200);
    ok(&set(&t.service, &context, "other", &json!(1)), 200);
    let whole = t.service.post(FRESH, &json!({ "context": context }));
    assert_eq!(String::from_utf8_lossy(&whole.body), format!(r#"{},"other":1}}"#, &text[..text.len() - 1]));
    let part = t.service.post(FRESH, &json!({ "context": context, "key_paths": ["n"] }));
    let numbers = &text[5..text.find(",\"s\"").unwrap()];
    assert_eq!(String::from_utf8_lossy(&part.body), format!(r#"{{"n":{numbers}}}"#));
}

fn sixty_four_writers_lose_nothing(t: &Deployment) {
    let context = app();
    let replies = together(64, |number| set(&t.service, &context, &format!("doc.{}", letters(number)), &json!(number)));
    let mut revisions: Vec<_> =
        replies.iter().map(|reply| (ok(reply, 200), reply.header("etag").unwrap().to_owned()).1).collect();
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 64);
    let stored = fetch(&t.service, &context, &["doc"]);
    for number in 0..64 {
        assert_eq!(stored["doc"][letters(number)], number);
    }
    let page = ok(&history(&t.service, &context, "&limit=100"), 200);
    let revisions: Vec<_> = page["history"].as_array().unwrap().iter().map(|entry| entry["revision"].clone()).collect();
    assert_eq!(revisions, (1..=64).rev().map(|revision| json!(revision)).collect::<Vec<_>>());
}

fn a_set_may_expect_a_revision(t: &Deployment) {
    let context = app();
    assert!(refused(&set_expecting(&t.service, &context, "a", &json!(1), "\"1\""), 412).contains("Revision 0"));
    let first = set_expecting(&t.service, &context, "a", &json!(1), "\"0\"");
    assert_eq!((first.status, first.header("etag")), (200, Some("\"1\"")));
    refused(&set_expecting(&t.service, &context, "b", &json!(1), "0"), 412);
    assert_eq!(fetch(&t.service, &context, &[]), json!({ "a": 1 }));
    ok(&set_expecting(&t.service, &context, "b", &json!(1), "1"), 200);
    // An empty header is left out here: workerd hands it on as none.
    for wrong in ["\"1", "-1", "1.0", "*, \"2\"", "\"2\" \"3\""] {
        refused(&set_expecting(&t.service, &context, "b", &json!(2), wrong), 400);
    }
    for other in ["\"a\"", "W/\"2\"", "99999999999"] {
        refused(&set_expecting(&t.service, &context, "b", &json!(2), other), 412);
    }
}

fn conditions_are_lists_or_a_star(t: &Deployment) {
    let context = app();
    let path = "/caas/config/a";
    let body = json!({ "context": context, "data": 1 });
    let put = |name, value| sent_with(&t.service, "PUT", path, &body, (name, value));
    refused(&put("if-match", "*"), 412);
    ok(&put("if-none-match", "*"), 200);
    refused(&put("if-none-match", "*"), 412);
    refused(&put("if-none-match", "W/\"1\""), 412);
    ok(&put("if-match", "*"), 200);
    ok(&put("if-match", "\"1\", \"2\""), 200);
    ok(&put("if-none-match", "\"1\", \"2\""), 200);
    refused(&put("if-none-match", "x"), 400);
    // What has been emptied is not there, whatever its revision.
    ok(&remove(&t.service, &context, &["data"]), 204);
    refused(&put("if-match", "*"), 412);
    ok(&put("if-match", "\"5\""), 200);
}

fn a_removal_may_expect_a_revision(t: &Deployment) {
    let context = app();
    ok(&set(&t.service, &context, "data", &json!({ "a": 1, "b": 2 })), 200);
    let remove_expecting = |key_path: &str, revision| {
        let body = json!({ "context": context, "key_paths": [key_path] });
        sent_with(&t.service, "DELETE", "/caas/config", &body, ("if-match", revision))
    };
    assert!(refused(&remove_expecting("a", "\"2\""), 412).contains("Revision 1"));
    refused(&remove_expecting("a", "\"1"), 400);
    assert_eq!(fetch(&t.service, &context, &[]), json!({ "a": 1, "b": 2 }));
    ok(&remove_expecting("a", "\"1\""), 204);
    refused(&remove_expecting("b", "1"), 412);
    refused(&remove_expecting("x", "*"), 404);
    ok(&remove_expecting("b", "*"), 204);
    refused(&remove_expecting("b", "*"), 412);
    assert_eq!(fetch(&t.service, &context, &[]), json!({}));
}

fn a_refusal_names_the_place_and_no_internals(t: &Deployment) {
    let fetch = |body: &Value| refused(&t.service.post(FRESH, body), 400);
    let context = app();
    for (body, message) in [
        (json!({ "context": "x" }), "context must be an object"),
        (json!({ "context": context, "key_paths": ["a[0]", "ok"] }), "key_paths[0]: a key path has names"),
        (
            json!({ "context": { "appId": 1 }, "key_paths": "x" }),
            "context.appId: appId must be a string; key_paths must",
        ),
    ] {
        assert!(fetch(&body).starts_with(message), "{}", fetch(&body));
    }
    let query = t.service.get("/caas/config/history?context=%7B&limit=0");
    assert_eq!(refused(&query, 400), "context is not JSON; limit must be from 1 to 100");
    let query = t.service.get("/caas/config/history?limit=x&before=y");
    assert_eq!(
        refused(&query, 400),
        "limit must be a whole number in its range; before must be a whole number in its range; context is required"
    );
}

fn of_twenty_sets_that_expect_one_revision_one_is_done(t: &Deployment) {
    let context = app();
    ok(&set(&t.service, &context, "a", &json!("before")), 200);
    let replies = together(20, |number| set_expecting(&t.service, &context, "a", &json!(number), "\"1\""));
    let winners: Vec<_> = (0..20).filter(|number| replies[*number].status == 200).collect();
    assert_eq!(winners.len(), 1, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    assert!(replies.iter().all(|reply| [200, 412].contains(&reply.status)));
    assert_eq!(fetch(&t.service, &context, &["a"]), json!({ "a": winners[0] }));
}

fn the_history_lists_every_change_and_no_value(t: &Deployment) {
    let context = app();
    assert_eq!(ok(&history(&t.service, &context, ""), 200), json!({ "history": [], "next": null }));
    ok(&set(&t.service, &context, "a.b", &json!("s3cret value")), 200);
    ok(&set(&t.system, &context, "a.b", &json!(2)), 200);
    ok(&set(&t.infra, &context, "data", &json!({ "c": 1 })), 200);
    ok(&remove(&t.service, &context, &["c", "x"]), 204);

    let page = ok(&history(&t.basic, &context, ""), 200);
    assert_eq!(page["next"], Value::Null);
    assert!(!page.to_string().contains("s3cret"));
    let sha = |text: &str| json!(crypto::hash::hex(&crypto::hash::sha256(&[text.as_bytes()])));
    let expected = [
        (4, "c", "remove", &t.service.key_id, sha("1")),
        (3, "data", "set", &t.infra.tag, sha(r#"{"a":{"b":2}}"#)),
        (2, "a.b", "set", &t.system.key_id, sha(r#""s3cret value""#)),
        (1, "a.b", "set", &t.service.key_id, Value::Null),
    ];
    let entries = page["history"].as_array().unwrap();
    assert_eq!(entries.len(), expected.len());
    for (entry, (revision, path, action, by, hash)) in entries.iter().zip(expected) {
        assert_eq!(names(entry), ["action", "keyPath", "previousHash", "revision", "updatedAt", "updatedBy"]);
        assert_eq!((&entry["revision"], &entry["keyPath"]), (&json!(revision), &json!(path)));
        assert_eq!((&entry["action"], &entry["updatedBy"]), (&json!(action), &json!(by)));
        assert_eq!(entry["previousHash"], hash, "{entry}");
        assert!(entry["updatedAt"].as_i64().unwrap() > 1_700_000_000);
    }
    let first = ok(&history(&t.service, &context, "&limit=3"), 200);
    assert_eq!((first["history"].as_array().unwrap().len(), &first["next"]), (3, &json!(2)));
    let last = ok(&history(&t.service, &context, "&limit=3&before=2"), 200);
    assert_eq!((last["history"].as_array().unwrap().as_slice(), &last["next"]), (&entries[3..], &Value::Null));

    for more in ["&limit=0", "&limit=101", "&limit=x", "&before=-1", "&before=x"] {
        refused(&history(&t.service, &context, more), 400);
    }
    for wrong in [json!({}), json!([]), json!("x"), json!({ "appId": 1 })] {
        refused(&history(&t.service, &wrong, ""), 400);
    }
    refused(&t.service.get("/caas/config/history"), 400);
    refused(&t.service.get("/caas/config/history?context=%7B"), 400);
}

fn a_configuration_may_have_1_mib_and_no_more(t: &Deployment) {
    let context = app();
    let put = |path: &str, data: &str| {
        let body = format!(r#"{{"context":{context},"data":{data}}}"#);
        t.service.send("PUT", &format!("/caas/config/{path}"), body.as_bytes())
    };
    // `{"b":"…"}` around the value.
    let longest = format!("\"{}\"", "x".repeat((1 << 20) - 8));
    ok(&put("b", &longest), 200);
    assert_eq!(fetch(&t.service, &context, &[])["b"].as_str().unwrap().len(), (1 << 20) - 8);
    refused(&put("b", &format!("\"{}\"", "x".repeat((1 << 20) - 7))), 413);
    refused(&put("c", "1"), 413);
    refused(&put("data", &format!("{{\"b\":{longest},\"c\":1}}")), 413);
    refused(&put("b", &format!("\"{}\"", "x".repeat(5 << 18))), 413);
    ok(&put("b", &longest.replace('x', "y")), 200);
    // Bytes count, not letters.
    refused(&put("b", &longest.replacen('y', "é", 1).replacen('x', "é", 1)), 413);
    ok(&put("b", "1"), 200);
    ok(&put("c", "1"), 200);
    assert_eq!(fetch(&t.service, &context, &[]), json!({ "b": 1, "c": 1 }));
    assert_eq!(ok(&history(&t.service, &context, ""), 200)["history"].as_array().unwrap().len(), 4);
}

fn requests_of_the_wrong_shape_are_refused(t: &Deployment) {
    let (context, long) = (app(), "x".repeat(257));
    for wrong in [
        json!(null),
        json!("app"),
        json!([]),
        json!({}),
        json!({ "tenantId": "t" }),
        json!({ "communityId": "c" }),
        json!({ "personId": "p" }),
        json!({ "tenantId": "t", "communityId": "c", "appId": "a" }),
        json!({ "personId": "p", "mobile_app_id": "m", "communityId": "c" }),
        json!({ "personId": "p", "mobileAppId": "m" }),
        json!({ "appId": "" }),
        json!({ "appId": 7 }),
        json!({ "appId": null }),
        json!({ "appId": long }),
        json!({ "appId": "a", "internal": "true" }),
        json!({ "appId": "a", "internal": 1 }),
        json!({ "appId": "a", "internal": null }),
        json!({ "appId": "a", "extra": 1 }),
    ] {
        refused(&t.service.post(FRESH, &json!({ "context": wrong })), 400);
        refused(&t.service.post(COPY, &json!({ "context": wrong })), 400);
        refused(&set(&t.service, &wrong, "a", &json!(1)), 400);
        refused(&remove(&t.service, &wrong, &["a"]), 400);
    }
    for path in ["a1", "a-b", ".a", "a.", "a..b", "%C3%A4", "a%20b", "a%2Fb", "$", "a%22b", "a%5B0%5D", &long] {
        refused(&set(&t.service, &context, path, &json!(1)), 400);
    }
    for paths in [json!("a"), json!([1]), json!([null]), json!(["a1"]), json!([""]), json!(["a", "b c"]), json!({})] {
        refused(&t.service.post(FRESH, &json!({ "context": context, "key_paths": paths })), 400);
        let body = json!({ "context": context, "key_paths": paths });
        refused(&t.service.call("DELETE", "/caas/config", Some(&body)), 400);
    }
    for body in [json!({ "context": context }), json!({ "context": context, "key_paths": [] }), json!({})] {
        refused(&t.service.call("DELETE", "/caas/config", Some(&body)), 400);
    }
    refused(&t.service.delete("/caas/config"), 400);
    refused(&set(&t.service, &context, "a", &Value::Null), 400);
    refused(&t.service.put("/caas/config/a", &json!({ "context": context })), 400);
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    for data in [r#"{"a":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, "1e999", r#""\ud800""#, "{", "01", deep.as_str()] {
        let body = format!(r#"{{"context":{context},"data":{data}}}"#);
        refused(&t.service.send("PUT", "/caas/config/a", body.as_bytes()), 400);
    }
    refused(&t.service.get(FRESH), 405);
    assert_eq!(fetch(&t.service, &context, &[]), json!({}));
}

fn random_operations_agree_with_a_model(t: &Deployment) {
    crate::configuration_model::run(t);
}
