//! Keys and JWT credentials of developers: what they look like, whose they are, and that their secrets stay secret.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case, together},
    database,
    deployment::{Deployment, unique},
    portal::{Visitor, developer, fields, later, message, next_page, nobody},
    tokens,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_key_is_chosen_or_generated),
        case(a_key_is_unique_over_the_portal),
        case(a_deleted_key_is_gone),
        case(a_jwt_credential_is_what_was_sent),
        case(wrong_jwt_credentials_are_refused_by_field),
        case(what_a_jwt_credential_lacks_is_generated),
        case(a_jwt_credential_is_changed_in_parts_and_stays_whole),
        case(the_key_of_a_jwt_credential_is_unique_over_the_portal),
        case(parallel_changes_of_a_jwt_credential_lose_nothing),
        case(credentials_are_sorted_and_found_by_their_keys),
        case(a_key_is_replaced),
        case(credentials_of_others_are_not_found),
        case(lists_go_on_where_the_page_before_ended),
        case(secrets_are_neither_in_the_database_nor_in_the_log),
        case(changes_of_credentials_are_audited),
    ]
}

pub fn hs256(key: &str) -> Value {
    json!({ "key": key, "secret": "secret1", "algorithm": "HS256" })
}

#[track_caller]
pub fn create(visitor: &Visitor, path: &str, body: &Value) -> Value {
    ok(&visitor.call("POST", path, Some(body)), 200)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn is_generated(text: &Value) -> bool {
    let text = text.as_str().unwrap();
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn a_key_is_chosen_or_generated(t: &Deployment) {
    let dev = developer(t);
    let wanted = unique("key");
    let chosen = create(&dev.session, "/credentials/key-auth", &json!({ "key": wanted }));
    assert_eq!(names(&chosen), ["consumer", "created_at", "id", "key"]);
    assert_eq!((&chosen["key"], &chosen["consumer"]["id"]), (&json!(wanted), &json!(dev.consumer)));
    assert!(chosen["created_at"].as_i64().unwrap() > 1_600_000_000);

    later();
    let form = ok(&dev.session.form("POST", "/portal/credentials/key-auth", &format!("key={wanted}-2")), 200);
    assert_eq!(form["key"], format!("{wanted}-2"));
    let generated: BTreeSet<_> = [None, Some(json!({})), Some(json!({ "key": "" })), Some(json!({ "key": null }))]
        .iter()
        .map(|body| ok(&dev.session.call("POST", "/credentials/key-auth", body.as_ref()), 200)["key"].clone())
        .inspect(|key| assert!(is_generated(key), "{key}"))
        .map(|key| key.to_string())
        .collect();
    assert_eq!(generated.len(), 4);

    let list = ok(&dev.session.get("/credentials/key-auth"), 200);
    assert_eq!((&list["total"], &list["next"]), (&json!(6), &Value::Null));
    assert_eq!(list["data"][0], chosen);
    assert_eq!(ok(&developer(t).session.get("/credentials/key-auth"), 200)["total"], 0);
    for bad in ["a b", "ä", "a\tb", &"x".repeat(257)] {
        let reply = dev.session.call("POST", "/credentials/key-auth", Some(&json!({ "key": bad })));
        assert!(fields(&reply, 400)["key"].is_string(), "{bad}");
    }
}

fn a_key_is_unique_over_the_portal(t: &Deployment) {
    let (one, other) = (developer(t), developer(t));
    let key = json!({ "key": unique("key") });
    let statuses = together(8, |number| {
        let dev = if number % 2 == 0 { &one } else { &other };
        dev.session.call("POST", "/credentials/key-auth", Some(&key)).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    let refusal = fields(&other.session.call("POST", "/credentials/key-auth", Some(&key)), 409);
    assert_eq!(names(&refusal), ["key"]);
    assert!(!refusal.to_string().contains(key["key"].as_str().unwrap()));
}

fn a_deleted_key_is_gone(t: &Deployment) {
    let (dev, other) = (developer(t), developer(t));
    let key = json!({ "key": unique("key") });
    let created = create(&dev.session, "/credentials/key-auth", &key);
    let path = format!("/credentials/key-auth/{}", id(&created));
    assert_eq!(message(&other.session.call("DELETE", &path, None), 404), "Not found");
    assert_eq!(nobody(t).call("DELETE", &path, None).status, 401);
    assert_eq!(dev.session.call("DELETE", &path, None).status, 204);
    assert_eq!(dev.session.call("DELETE", &path, None).status, 404);
    assert_eq!(ok(&dev.session.get("/credentials/key-auth"), 200)["total"], 0);
    create(&other.session, "/credentials/key-auth", &key);
}

fn a_jwt_credential_is_what_was_sent(t: &Deployment) {
    let dev = developer(t);
    let (hs, rs) = (unique("hs"), unique("rs"));
    let created = create(&dev.session, "/credentials/jwt", &hs256(&hs));
    assert_eq!(names(&created), ["algorithm", "consumer", "created_at", "id", "key", "secret"]);
    assert_eq!((&created["key"], &created["secret"]), (&json!(hs), &json!("secret1")));
    assert_eq!(created["consumer"]["id"], json!(dev.consumer));
    let body = json!({ "key": rs, "secret": "s", "algorithm": "RS256", "rsa_public_key": tokens::RSA_2048_PEM });
    later();
    let asymmetric = create(&dev.session, "/credentials/jwt", &body);
    assert_eq!(names(&asymmetric), ["algorithm", "consumer", "created_at", "id", "key", "rsa_public_key", "secret"]);
    assert_eq!(asymmetric["rsa_public_key"], tokens::RSA_2048_PEM);

    for created in [&created, &asymmetric] {
        assert_eq!(ok(&dev.session.get(&format!("/credentials/jwt/{}", id(created))), 200), *created);
    }
    let list = ok(&dev.session.get("/portal/credentials/jwt"), 200);
    assert_eq!(list, json!({ "data": [created, asymmetric], "next": null, "total": 2 }));
    let form = format!("key={hs}-form&secret=s+1&algorithm=HS512");
    assert_eq!(ok(&dev.session.form("POST", "/credentials/jwt", &form), 200)["secret"], "s 1");
}

fn wrong_jwt_credentials_are_refused_by_field(t: &Deployment) {
    let dev = developer(t);
    let refused = |body: Value| fields(&dev.session.call("POST", "/credentials/jwt", Some(&body)), 400);
    assert_eq!(names(&refused(json!({ "key": 1, "secret": 2, "algorithm": 3 }))), ["algorithm", "key", "secret"]);
    for algorithm in ["none", "NONE", "hs256", "HS1", "PS256", "ES512", "EdDSA"] {
        let body = json!({ "key": "k", "secret": "s", "algorithm": algorithm });
        assert_eq!(names(&refused(body)), ["algorithm"], "{algorithm}");
    }
    let keys = [
        ("RS256", Value::Null),
        ("ES256", json!("")),
        ("RS256", json!("x")),
        ("RS512", json!(tokens::RSA_1024_PEM)),
        ("RS384", json!(tokens::P256_PEM)),
        ("ES256", json!(tokens::P384_PEM)),
        ("ES384", json!(tokens::P256_PEM)),
        ("ES256", json!(tokens::SECP256K1_PEM)),
        ("ES256", json!(tokens::P256_PEM.replace("PUBLIC", "PRIVATE"))),
        ("ES256", json!(7)),
    ];
    for (algorithm, pem) in keys {
        let body = json!({ "key": "k", "secret": "s", "algorithm": algorithm, "rsa_public_key": pem });
        assert_eq!(names(&refused(body)), ["rsa_public_key"], "{algorithm} {pem}");
    }
    assert_eq!(ok(&dev.session.get("/credentials/jwt"), 200)["total"], 0);
}

fn what_a_jwt_credential_lacks_is_generated(t: &Deployment) {
    let dev = developer(t);
    let created = create(&dev.session, "/credentials/jwt", &json!({}));
    assert_eq!((&created["algorithm"], names(&created).len()), (&json!("HS256"), 6));
    for name in ["key", "secret"] {
        let text = created[name].as_str().unwrap();
        assert!(text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
    }
    assert_ne!(created["key"], created["secret"]);
    let key = unique("jwt");
    let form = ok(&dev.session.form("POST", "/credentials/jwt", &format!("key={key}&secret=&algorithm=HS384")), 200);
    assert_eq!((&form["key"], &form["algorithm"]), (&json!(key), &json!("HS384")));
    assert_ne!(form["secret"], "");
}

fn a_jwt_credential_is_changed_in_parts_and_stays_whole(t: &Deployment) {
    let dev = developer(t);
    let created = create(&dev.session, "/credentials/jwt", &hs256(&unique("jwt")));
    let path = format!("/credentials/jwt/{}", id(&created));
    let change = |body: Value| dev.session.call("PATCH", &path, Some(&body));
    let key = unique("jwt");
    let changed = ok(&change(json!({ "key": key, "secret": "secret2" })), 200);
    assert_eq!((&changed["key"], &changed["secret"]), (&json!(key), &json!("secret2")));
    assert_eq!((&changed["algorithm"], &changed["id"]), (&json!("HS256"), &created["id"]));
    assert_eq!(ok(&change(json!({})), 200), changed);

    assert_eq!(names(&fields(&change(json!({ "algorithm": "ES256" })), 400)), ["rsa_public_key"]);
    assert_eq!(names(&fields(&change(json!({ "algorithm": "none" })), 400)), ["algorithm"]);
    assert_eq!(ok(&dev.session.get(&path), 200), changed, "what was refused did not happen");
    let es = ok(&change(json!({ "algorithm": "ES256", "rsa_public_key": tokens::P256_PEM })), 200);
    assert_eq!(es["rsa_public_key"], tokens::P256_PEM);
    let again = ok(&dev.session.form("PATCH", &path, "secret=secret3"), 200);
    assert_eq!((&again["secret"], &again["rsa_public_key"]), (&json!("secret3"), &es["rsa_public_key"]));
    let back = ok(&change(json!({ "algorithm": "HS384" })), 200);
    assert!(back.get("rsa_public_key").is_none());

    assert_eq!(dev.session.call("DELETE", &path, None).status, 204);
    for reply in [dev.session.get(&path), change(json!({ "key": "k" })), dev.session.call("DELETE", &path, None)] {
        assert_eq!(message(&reply, 404), "Not found");
    }
}

fn the_key_of_a_jwt_credential_is_unique_over_the_portal(t: &Deployment) {
    let (one, other) = (developer(t), developer(t));
    let key = unique("jwt");
    let statuses = together(6, |number| {
        let dev = if number % 2 == 0 { &one } else { &other };
        dev.session.call("POST", "/credentials/jwt", Some(&hs256(&key))).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
    let mine = create(&one.session, "/credentials/jwt", &hs256(&unique("jwt")));
    let path = format!("/credentials/jwt/{}", id(&mine));
    let refusal = fields(&one.session.call("PATCH", &path, Some(&json!({ "key": key }))), 409);
    assert_eq!(names(&refusal), ["key"]);
}

fn parallel_changes_of_a_jwt_credential_lose_nothing(t: &Deployment) {
    let dev = developer(t);
    let created = create(&dev.session, "/credentials/jwt", &hs256(&unique("jwt")));
    let path = format!("/credentials/jwt/{}", id(&created));
    let key = unique("jwt");
    let changes = [json!({ "secret": "changed" }), json!({ "key": key }), json!({ "algorithm": "HS512" })];
    let replies = together(3, |number| dev.session.call("PATCH", &path, Some(&changes[number])).status);
    assert_eq!(replies, [200; 3]);
    let many = together(32, |number| {
        let change = match number % 3 {
            0 => json!({ "secret": format!("secret-{number}") }),
            1 => json!({ "algorithm": "HS512" }),
            _ => json!({ "algorithm": "ES256", "rsa_public_key": tokens::P256_PEM }),
        };
        dev.session.call("PATCH", &path, Some(&change)).status
    });
    assert_eq!(many, [200; 32], "changes that come together are made one after the other");
    for last in [json!({ "secret": "changed" }), json!({ "algorithm": "HS512" })] {
        ok(&dev.session.call("PATCH", &path, Some(&last)), 200);
    }
    let found = ok(&dev.session.get(&path), 200);
    assert_eq!(
        (&found["secret"], &found["key"], &found["algorithm"]),
        (&json!("changed"), &json!(key), &json!("HS512"))
    );
}

fn credentials_are_sorted_and_found_by_their_keys(t: &Deployment) {
    let dev = developer(t);
    let prefix = unique("key");
    let keys = ["b-Needle", "c", "a-needle"].map(|name| format!("{prefix}-{name}"));
    for kind in ["key-auth", "jwt"] {
        let path = format!("/credentials/{kind}");
        for key in &keys {
            create(&dev.session, &path, &json!({ "key": format!("{kind}-{key}") }));
            later();
        }
        let listed = |query: &str| {
            let (mut seen, mut next) = (Vec::new(), Some(format!("{path}?{query}")));
            while let Some(page) = next {
                let list = ok(&dev.session.get(&page), 200);
                let found = list["data"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap());
                seen.extend(found.map(|key| key.rsplit(&format!("{prefix}-")).next().unwrap().to_owned()));
                next = next_page(&list);
            }
            seen
        };
        assert_eq!(listed("size=2"), ["b-Needle", "c", "a-needle"]);
        assert_eq!(listed("sort_by=key&size=1"), ["a-needle", "b-Needle", "c"]);
        assert_eq!(listed("sort_by=key&sort_desc=true&size=2"), ["c", "b-Needle", "a-needle"]);
        assert_eq!(listed("key=NEEDLE&size=1"), ["b-Needle", "a-needle"]);
        assert_eq!(ok(&dev.session.get(&format!("{path}?key=NEEDLE&size=1")), 200)["total"], 2);
        assert_eq!(listed("key=nothing"), [""; 0]);
        message(&dev.session.get(&format!("{path}?sort_by=secret")), 400);
    }
}

fn a_key_is_replaced(t: &Deployment) {
    let dev = developer(t);
    let created = create(&dev.session, "/credentials/key-auth", &json!({}));
    let taken = create(&dev.session, "/credentials/key-auth", &json!({}));
    let path = format!("/credentials/key-auth/{}", id(&created));
    assert_eq!(ok(&dev.session.get(&path), 200), created);
    let key = unique("key");
    let changed = ok(&dev.session.form("PATCH", &path, &format!("key={key}")), 200);
    assert_eq!((&changed["key"], &changed["created_at"]), (&json!(key), &created["created_at"]));
    assert_eq!(ok(&dev.session.call("PATCH", &path, Some(&json!({}))), 200), changed, "nothing to change");
    assert_eq!(names(&fields(&dev.session.call("PATCH", &path, Some(&json!({ "key": taken["key"] }))), 409)), ["key"]);
    assert_eq!(names(&fields(&dev.session.call("PATCH", &path, Some(&json!({ "key": "a b" }))), 400)), ["key"]);
    let other = developer(t);
    assert_eq!(other.session.call("PATCH", &path, Some(&json!({ "key": unique("key") }))).status, 404);
    assert_eq!(ok(&dev.session.get(&path), 200), changed);
    // The old key is free again.
    create(&other.session, "/credentials/key-auth", &json!({ "key": created["key"] }));
}

fn credentials_of_others_are_not_found(t: &Deployment) {
    let (dev, other) = (developer(t), developer(t));
    let created = create(&dev.session, "/credentials/jwt", &hs256(&unique("jwt")));
    for id in [id(&created), "00000000-0000-4000-8000-000000000000", "x", "%00", "'"] {
        let path = format!("/credentials/jwt/{id}");
        for (method, body) in [("GET", None), ("PATCH", Some(json!({ "secret": "s" }))), ("DELETE", None)] {
            let reply = other.session.call(method, &path, body.as_ref());
            assert_eq!(message(&reply, 404), "Not found", "{method} {path}");
        }
    }
    assert_eq!(ok(&other.session.get("/credentials/jwt"), 200), json!({ "data": [], "next": null, "total": 0 }));
    assert_eq!(ok(&dev.session.get("/credentials/jwt"), 200)["data"][0], created);
}

fn lists_go_on_where_the_page_before_ended(t: &Deployment) {
    let dev = developer(t);
    for _ in 0..5 {
        create(&dev.session, "/credentials/key-auth", &json!({}));
        create(&dev.session, "/credentials/jwt", &hs256(&unique("jwt")));
    }
    for path in ["/credentials/key-auth", "/credentials/jwt"] {
        let whole = ok(&dev.session.get(path), 200)["data"].as_array().unwrap().clone();
        let (mut found, mut next) = (Vec::new(), Some(format!("{path}?size=2")));
        while let Some(path) = next {
            let page = ok(&dev.session.get(&path), 200);
            assert_eq!(page["total"], 5);
            found.extend(page["data"].as_array().unwrap().clone());
            next = next_page(&page);
        }
        assert_eq!(found, whole);
        for query in ["size=0", "size=1001", "size=x", "offset=!"] {
            assert_eq!(dev.session.get(&format!("{path}?{query}")).status, 400, "{query}");
        }
    }
}

fn secrets_are_neither_in_the_database_nor_in_the_log(t: &Deployment) {
    let dev = developer(t);
    let (key, secret, public) = (unique("k3y"), unique("s3cret"), unique("iss"));
    create(&dev.session, "/credentials/key-auth", &json!({ "key": key }));
    let jwt =
        create(&dev.session, "/credentials/jwt", &json!({ "key": public, "secret": secret, "algorithm": "HS256" }));
    let generated = create(&dev.session, "/credentials/key-auth", &json!({}));
    let other = unique("s3cret");
    let path = format!("/credentials/jwt/{}", id(&jwt));
    ok(&dev.session.call("PATCH", &path, Some(&json!({ "secret": other }))), 200);
    dev.session.call("POST", "/credentials/key-auth", Some(&json!({ "key": key })));
    assert!(database::contains(&t.instance, &public), "what is public is found, so the search works");
    for hidden in [&key, &secret, &other, generated["key"].as_str().unwrap()] {
        assert!(!database::contains(&t.instance, hidden), "{hidden} is in the database");
        assert!(!t.instance.log().contains(hidden), "{hidden} is in the log");
    }
}

fn changes_of_credentials_are_audited(t: &Deployment) {
    let dev = developer(t);
    let key = create(&dev.session, "/credentials/key-auth", &json!({}));
    let jwt = create(&dev.session, "/credentials/jwt", &hs256(&unique("jwt")));
    let path = format!("/credentials/jwt/{}", id(&jwt));
    dev.session.call("PATCH", &path, Some(&json!({ "secret": "s" })));
    dev.session.call("PATCH", &path, Some(&json!({ "algorithm": "none" })));
    dev.session.call("DELETE", &path, None);
    dev.session.call("DELETE", &path, None);
    let rows = database::audit(&t.instance).into_iter().filter(|row| row.actor == dev.id);
    let rows: Vec<_> =
        rows.map(|row| (row.action, row.subject)).filter(|(action, _)| !action.starts_with("developer")).collect();
    let row = |action: &str, subject: &Value| (action.to_owned(), id(subject).to_owned());
    assert_eq!(
        rows,
        [row("key-auth.create", &key), row("jwt.create", &jwt), row("jwt.update", &jwt), row("jwt.delete", &jwt),]
    );
}
