//! A logged-in developer's own account, and the files of the portal.

use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    portal::{PASSWORD, Visitor, address, ask_in, developer, fields, log_in, message, nobody},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_password_is_changed_with_the_old_one),
        case(an_address_is_changed_and_stays_unique),
        case(meta_fields_go_over_those_that_are_there),
        case(meta_are_kept_as_they_were_written),
        case(a_deleted_developer_leaves_nothing),
        case(files_are_shown_to_whom_they_name),
        case(files_come_in_pages),
        case(operators_look_after_developers),
        case(changes_of_developers_are_audited),
    ]
}

fn a_password_is_changed_with_the_old_one(t: &Deployment) {
    let dev = developer(t);
    let other = log_in(t, &dev.email, PASSWORD);
    let ask = |body: Value| dev.session.call("PATCH", "/developer/password", Some(&body));
    let wrong = ask(json!({ "password": "new password", "old_password": "wrong horse" }));
    assert_eq!(message(&wrong, 400), "Old password is invalid");
    assert_eq!(names(&fields(&ask(json!({ "password": "new password" })), 400)), ["old_password"]);
    assert_eq!(names(&fields(&ask(json!({ "password": "new", "old_password": PASSWORD })), 400)), ["password"]);
    let all = fields(&ask(json!({ "password": "new", "old_password": 1 })), 400);
    assert_eq!(names(&all), ["old_password", "password"], "all that is wrong is named at once");
    ok(&other.get("/developer"), 200);
    assert_eq!(ask(json!({ "password": "new password", "old_password": PASSWORD })).status, 204);
    assert_eq!(other.get("/developer").status, 401, "other sessions end");
    ok(&dev.session.get("/developer"), 200);
    assert_eq!(ask_in(t, &dev.email, PASSWORD).status, 401);
    log_in(t, &dev.email, "new password");
}

fn an_address_is_changed_and_stays_unique(t: &Deployment) {
    let (dev, other) = (developer(t), developer(t));
    let ask = |email: &str| dev.session.call("PATCH", "/developer/email", Some(&json!({ "email": email })));
    assert_eq!(names(&fields(&ask(&other.email.to_uppercase()), 409)), ["email"]);
    fields(&ask("nobody"), 400);
    fields(&dev.session.call("PATCH", "/developer/email", Some(&json!({}))), 400);
    let renamed = address();
    let answer = ok(&ask(&renamed), 200);
    assert_eq!((&answer["email"], &answer["id"], &answer["status"]), (&json!(renamed), &json!(dev.id), &json!(0)));
    assert_eq!(ask_in(t, &dev.email, PASSWORD).status, 401);
    log_in(t, &renamed, PASSWORD);
}

fn meta_fields_go_over_those_that_are_there(t: &Deployment) {
    let dev = developer(t);
    let listed = json!([{
        "title": "full_name", "label": "Full Name", "is_email": false,
        "validator": { "type": "string", "required": true },
    }]);
    assert_eq!(ok(&nobody(t).get("/developer/meta_fields"), 200), listed);
    let ask = |method: &str, meta: Value| dev.session.call(method, "/developer/meta", Some(&json!({ "meta": meta })));
    for (method, meta) in [("PATCH", r#"{"team":"a","floor":1}"#), ("PUT", r#"{"full_name":"Bob","floor":null}"#)] {
        let reply = ask(method, json!(meta));
        assert_eq!((reply.status, reply.body.len()), (200, 0));
    }
    let stored = ok(&dev.session.get("/developer"), 200);
    let stored: Value = serde_json::from_str(stored["meta"].as_str().unwrap()).unwrap();
    assert_eq!(stored, json!({ "full_name": "Bob", "team": "a" }));
    for wrong in [json!("x"), json!("[]"), json!(""), json!(r#"{"full_name":null}"#), json!(r#"{"full_name":1}"#)] {
        assert_eq!(names(&fields(&ask("PATCH", wrong), 400)), ["meta"]);
    }
    let long = json!({ "text": "x".repeat(9000) }).to_string();
    assert_eq!(ask("PATCH", json!(long)).status, 200);
    assert_eq!(ask("PATCH", json!(long.replace("text", "more"))).status, 400, "all of it together has a limit");
}

/// Numbers that a double cannot hold, spellings of others, escapes, and names that stand twice.
fn meta_are_kept_as_they_were_written(t: &Deployment) {
    let meta =
        r#"{"full_name":"A\u00e9", "id":12345678901234567890123, "n":[0.1e-7,1e3,0.39531392847264213,-0], "id":1.50}"#;
    let headers = [("content-type", "application/json")];
    let ask = |visitor: &Visitor<'_>, method: &str, path: &str, body: String| {
        visitor.send(method, path, &headers, Some(body.as_bytes()))
    };
    for given in [meta.to_owned(), serde_json::to_string(meta).unwrap()] {
        let email = address();
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}","meta":{given}}}"#);
        let registered = ok(&ask(&nobody(t), "POST", "/register", body), 200)["developer"].clone();
        assert_eq!(registered["meta"], meta);
        let id = registered["id"].as_str().unwrap();
        crate::portal::set_status(t, id, 0);
        let session = log_in(t, &email, PASSWORD);
        assert_eq!(ok(&session.get("/developer"), 200)["meta"], meta);
        assert_eq!(ok(&t.service.get(&format!("/caas/portal/developers/{id}")), 200)["meta"], meta);

        // A change leaves the spelling of what it does not name, and keeps its own.
        let body = format!(r#"{{"meta":{}}}"#, json!(r#"{"m":[98765432109876543210.5,-0, 1E3,2e-9]}"#));
        assert_eq!(ask(&session, "PATCH", "/developer/meta", body).status, 200);
        let merged = ok(&session.get("/developer"), 200)["meta"].as_str().unwrap().to_owned();
        for number in ["12345678901234567890123", "[0.1e-7,1e3,0.39531392847264213,-0]", "1.50"] {
            assert!(merged.contains(number), "{number}: {merged}");
        }
        assert!(merged.contains(r#""m":[98765432109876543210.5,-0,1E3,2e-9]"#), "{merged}");
    }
}

fn a_deleted_developer_leaves_nothing(t: &Deployment) {
    let dev = developer(t);
    let second = log_in(t, &dev.email, PASSWORD);
    assert_eq!(dev.session.call("DELETE", "/developer", None).status, 204);
    assert_eq!(message(&dev.session.call("DELETE", "/developer", None), 401), "Invalid authentication credentials");
    assert_eq!(message(&nobody(t).call("DELETE", "/developer", None), 401), "Invalid authentication credentials");
    assert_eq!(second.get("/developer").status, 401);
    assert_eq!(ask_in(t, &dev.email, PASSWORD).status, 401);
    for table in ["portal_consumers", "portal_sessions", "portal_tokens", "portal_mail"] {
        let select = format!("SELECT count(*) FROM {table} WHERE developer_id = '{}'", dev.id);
        assert_eq!(database::number(&t.instance, &select), 0, "{table}");
    }
    crate::portal::register(t, &dev.email);
}

/// A folder of files that no other case uses.
fn put(t: &Deployment, path: &str, contents: &str) -> Value {
    ok(&t.service.put(&format!("/caas/portal/files/{path}"), &json!({ "contents": contents })), 200)
}

fn all_files(visitor: &crate::portal::Visitor<'_>, folder: &str) -> Vec<String> {
    let (mut next, mut paths) = ("/files".to_owned(), Vec::new());
    loop {
        let page = ok(&visitor.get(&next), 200);
        let files = page["data"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned());
        paths.extend(files.filter(|path| path.starts_with(folder)));
        match page["next"].as_str() {
            Some(path) => next = path.to_owned(),
            None => return paths,
        }
    }
}

fn files_are_shown_to_whom_they_name(t: &Deployment) {
    let folder = format!("content/{}", unique("roles"));
    let (gold, plain) = (developer(t), developer(t));
    ok(&t.service.patch(&format!("/caas/portal/developers/{}", gold.email), &json!({ "roles": ["gold"] })), 200);
    let public = put(t, &format!("{folder}/a.md"), "# Hello");
    put(t, &format!("{folder}/b.md"), "---\nreadable_by: '*'\n---\n");
    put(t, &format!("{folder}/c.md"), "---\nreadable_by: [silver, gold]\n---\n");
    put(t, &format!("{folder}/d.md"), "---\nreadable_by: [silver]\n---\n");
    let seen = |visitor: &crate::portal::Visitor<'_>| -> Vec<String> {
        all_files(visitor, &folder).iter().map(|path| path[folder.len() + 1..].to_owned()).collect()
    };
    assert_eq!(seen(&nobody(t)), ["a.md"]);
    assert_eq!(seen(&plain.session), ["a.md", "b.md"]);
    assert_eq!(seen(&gold.session), ["a.md", "b.md", "c.md"]);
    crate::portal::set_status(t, &plain.id, 3);
    assert_eq!(seen(&plain.session), ["a.md"], "a session that ended reads as nobody");
    assert_eq!(names(&public), ["checksum", "contents", "created_at", "id", "path"]);
    assert_eq!(public["checksum"], crypto::hash::hex(&crypto::hash::sha256(&[b"# Hello"])));

    let again = put(t, &format!("{folder}/a.md"), "---\nreadable_by: [silver]\n---\n");
    assert_eq!(again["id"], public["id"], "a path is one file");
    assert!(all_files(&nobody(t), &folder).is_empty());
    let one = format!("/caas/portal/files/{folder}/a.md");
    assert_eq!(ok(&t.service.get(&one), 200)["contents"], "---\nreadable_by: [silver]\n---\n");
    assert_eq!(t.service.delete(&one).status, 204);
    assert_eq!((t.service.delete(&one).status, t.service.get(&one).status), (404, 404));
    assert_eq!(t.app.put(&one, &json!({ "contents": "" })).status, 401);
    assert_eq!(t.service.put("/caas/portal/files/a//b", &json!({ "contents": "" })).status, 400);
}

fn files_come_in_pages(t: &Deployment) {
    let folder = format!("specs/{}", unique("pages"));
    for number in 0..5 {
        put(t, &format!("{folder}/{number}.json"), "{}");
    }
    let mut next = "/files?type=spec&size=2".to_owned();
    let mut paths = Vec::new();
    loop {
        let page = ok(&nobody(t).get(&next), 200);
        let files = page["data"].as_array().unwrap();
        assert!(files.len() <= 2 && !files.is_empty());
        paths.extend(files.iter().map(|file| file["path"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(path) => {
                let offset = page["offset"].as_str().unwrap();
                assert!(path.starts_with("/files?type=spec&offset=") && path.contains(offset), "{path}");
                next = path.to_owned();
            }
            None => {
                assert!(page.get("offset").is_none(), "{page}");
                break;
            }
        }
    }
    let ours: Vec<_> = paths.iter().filter(|path| path.starts_with(&folder)).collect();
    assert!(ours.len() == 5 && paths.is_sorted(), "{paths:?}");
    for wrong in ["size=0", "size=1001", "size=x", "offset=!"] {
        message(&nobody(t).get(&format!("/files?{wrong}")), 400);
    }
    // A page is bounded by its bytes too.
    let folder = format!("content/{}", unique("large"));
    let large = "x".repeat(1 << 20);
    for number in 0..9 {
        put(t, &format!("{folder}/{number}"), &large);
    }
    assert_eq!(all_files(&nobody(t), &folder).len(), 9);
    let body = json!({ "contents": format!("{}x", large.repeat(10)) });
    assert_eq!(t.service.put(&format!("/caas/portal/files/{folder}/x"), &body).status, 400);
    for number in 0..9 {
        assert_eq!(t.service.delete(&format!("/caas/portal/files/{folder}/{number}")).status, 204);
    }
}

fn operators_look_after_developers(t: &Deployment) {
    let dev = developer(t);
    let by_email = ok(&t.system.get(&format!("/caas/portal/developers/{}", dev.email.to_uppercase())), 200);
    assert_eq!((&by_email["id"], &by_email["roles"]), (&json!(dev.id), &json!([])));
    assert_eq!(by_email["consumer"]["id"], dev.consumer);
    let list = ok(&t.service.get("/caas/portal/developers?status=0&size=1"), 200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert!(list["total"].as_i64().unwrap() >= 1);
    ok(&dev.session.get("/developer"), 200);
    assert_eq!(t.service.delete(&format!("/caas/portal/developers/{}", dev.id)).status, 204);
    assert_eq!(t.service.delete(&format!("/caas/portal/developers/{}", dev.id)).status, 404);
    assert_eq!(t.service.get(&format!("/caas/portal/developers/{}", dev.id)).status, 404);
    assert_eq!(dev.session.get("/developer").status, 401);
}

fn changes_of_developers_are_audited(t: &Deployment) {
    let dev = developer(t);
    dev.session.call("PATCH", "/developer/meta", Some(&json!({ "meta": r#"{"team":"a"}"# })));
    dev.session.call("PATCH", "/developer/meta", Some(&json!({ "meta": "wrong" })));
    dev.session.call("PATCH", "/developer/password", Some(&json!({ "password": "x", "old_password": "y" })));
    dev.session.call("DELETE", "/developer", None);
    let rows = database::audit(&t.instance).into_iter().filter(|row| row.subject == dev.id);
    let rows: Vec<_> = rows.map(|row| (row.actor, row.action)).collect();
    let by = |actor: &str, action: &str| (actor.to_owned(), action.to_owned());
    assert_eq!(
        rows,
        [
            by(&dev.id, "developer.register"),
            by(&t.service.tag, "developer.approve"),
            by(&dev.id, "developer.log-in"),
            by(&dev.id, "developer.meta"),
            by(&dev.id, "developer.delete"),
        ]
    );
}
