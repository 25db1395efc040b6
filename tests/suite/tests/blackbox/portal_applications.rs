//! Applications: what they are, the services that they ask for, their client credentials, and what operators decide.

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case, together},
    database,
    deployment::{Deployment, unique},
    portal::{Visitor, developer, fields, later, message, next_page},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(an_application_has_a_consumer_and_a_credential),
        case(wrong_applications_are_refused_by_field),
        case(an_application_is_changed_in_parts_and_its_credentials_follow),
        case(what_an_application_has_beside_its_name_may_be_taken_away),
        case(names_are_unique_per_developer_and_custom_ids_over_the_portal),
        case(applications_are_listed_as_asked),
        case(a_deleted_application_takes_all_with_it),
        case(a_service_is_asked_for_once_and_may_be_given_back),
        case(services_are_listed_with_the_instance_of_an_application),
        case(client_credentials_are_given_generated_and_hidden),
        case(client_credentials_are_sorted_and_found_by_their_ids),
        case(applications_of_others_are_not_found),
        case(operators_offer_services),
        case(operators_decide_about_instances),
        case(parallel_requests_for_a_service_make_one_instance),
    ]
}

pub fn application(visitor: &Visitor) -> Value {
    let body = json!({ "name": unique("app"), "redirect_uri": "https://example.com/cb" });
    ok(&visitor.call("POST", "/applications", Some(&body)), 201)
}

pub fn service(t: &Deployment, settings: &Value) -> Value {
    ok(&t.service.put(&format!("/caas/portal/services/{}", unique("service")), settings), 200)
}

pub fn instance(visitor: &Visitor, application: &Value, service: &Value) -> Value {
    let path = format!("/applications/{}/application_instances", id(application));
    ok(&visitor.call("POST", &path, Some(&json!({ "service": { "id": service["id"] } }))), 201)
}

/// The first client credential of an application.
pub fn credential(visitor: &Visitor, application: &Value) -> Value {
    ok(&visitor.get(&format!("/applications/{}/credentials", id(application))), 200)["data"][0].clone()
}

pub fn decide(t: &Deployment, instance: &Value, change: &Value) -> Value {
    ok(&t.service.patch(&format!("/caas/portal/application-instances/{}", id(instance)), change), 200)
}

pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("{value}"))
}

fn an_application_has_a_consumer_and_a_credential(t: &Deployment) {
    let dev = developer(t);
    let created = application(&dev.session);
    assert_eq!(names(&created), ["consumer", "created_at", "developer", "id", "name", "redirect_uri", "updated_at"]);
    assert_eq!(created["developer"]["id"], json!(dev.id));
    assert_ne!(created["consumer"]["id"], json!(dev.consumer));
    assert_eq!(created["created_at"], created["updated_at"]);
    assert_eq!(ok(&dev.session.get(&format!("/applications/{}", id(&created))), 200), created);
    let list = ok(&dev.session.get("/portal/applications"), 200);
    assert_eq!(list, json!({ "data": [created], "next": null, "total": 1 }));

    let credentials = ok(&dev.session.get(&format!("/applications/{}/credentials", id(&created))), 200);
    assert_eq!(credentials["total"], 1);
    let first = &credentials["data"][0];
    assert_eq!(
        names(first),
        [
            "client_id",
            "client_secret",
            "client_type",
            "consumer",
            "created_at",
            "hash_secret",
            "id",
            "name",
            "redirect_uris"
        ]
    );
    assert_eq!((&first["consumer"], &first["name"]), (&created["consumer"], &created["name"]));
    assert_eq!((&first["client_type"], &first["hash_secret"]), (&json!("confidential"), &json!(false)));
    assert_eq!(first["redirect_uris"], json!(["https://example.com/cb"]));
    for name in ["client_id", "client_secret"] {
        let text = first[name].as_str().unwrap();
        assert!(text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
    }
    assert!(!database::contains(&t.instance, first["client_secret"].as_str().unwrap()));

    let form =
        format!("name={}&redirect_uri=http%3A%2F%2Flocalhost&description=d&custom_id={}", unique("f"), unique("c"));
    let form = ok(&dev.session.form("POST", "/applications", &form), 201);
    assert_eq!((&form["redirect_uri"], &form["description"]), (&json!("http://localhost"), &json!("d")));
}

fn wrong_applications_are_refused_by_field(t: &Deployment) {
    let dev = developer(t);
    let refused = |body: Value| fields(&dev.session.call("POST", "/applications", Some(&body)), 400);
    let required = "required field missing";
    assert_eq!(refused(json!({})), json!({ "name": required, "redirect_uri": required }));
    for uri in ["/cb", "example.com", "javascript://x/%0aalert(1)", "https://a.b/#c", "https://", "mailto:a@b.c"] {
        let fields = refused(json!({ "name": "n", "redirect_uri": uri }));
        assert_eq!(names(&fields), ["redirect_uri"], "{uri}");
    }
    let long = json!({ "name": "x".repeat(129), "redirect_uri": "https://a.b", "custom_id": "a b" });
    assert_eq!(names(&refused(long)), ["custom_id", "name"]);
    assert_eq!(ok(&dev.session.get("/applications"), 200)["total"], 0);
}

fn an_application_is_changed_in_parts_and_its_credentials_follow(t: &Deployment) {
    let dev = developer(t);
    let created = application(&dev.session);
    let path = format!("/applications/{}", id(&created));
    let own = json!({ "redirect_uris": ["https://own.example", "https://example.com/cb"] });
    later();
    ok(&dev.session.call("POST", &format!("{path}/credentials"), Some(&own)), 201);
    let name = unique("renamed");
    let renamed = ok(&dev.session.form("PATCH", &path, &format!("name={name}")), 200);
    assert_eq!((&renamed["name"], &renamed["redirect_uri"]), (&json!(name), &created["redirect_uri"]));
    let moved = ok(&dev.session.call("PATCH", &path, Some(&json!({ "request_uri": "https://new.example" }))), 200);
    assert_eq!((&moved["name"], &moved["redirect_uri"]), (&json!(name), &json!("https://new.example")));
    assert!(moved["updated_at"].as_i64() >= created["updated_at"].as_i64());
    let list = ok(&dev.session.get(&format!("{path}/credentials")), 200);
    let followed: Vec<_> = list["data"].as_array().unwrap().iter().map(|c| (&c["name"], &c["redirect_uris"])).collect();
    let name = json!(name);
    assert_eq!(
        followed,
        [(&name, &json!(["https://new.example"])), (&name, &json!(["https://own.example", "https://new.example"])),]
    );
    let wrong = dev.session.call("PATCH", &path, Some(&json!({ "redirect_uri": "x", "name": " " })));
    assert_eq!(names(&fields(&wrong, 400)), ["name", "redirect_uri"]);
    assert_eq!(ok(&dev.session.get(&path), 200), moved);
}

fn what_an_application_has_beside_its_name_may_be_taken_away(t: &Deployment) {
    let dev = developer(t);
    let (name, custom_id) = (unique("app"), unique("custom"));
    let new = json!({ "name": name, "custom_id": custom_id, "description": "d" });
    let created = ok(&dev.session.call("POST", "/applications", Some(&new)), 201);
    assert!(created.get("redirect_uri").is_none(), "{created}");
    let path = format!("/applications/{}", id(&created));
    let uris = || ok(&dev.session.get(&format!("{path}/credentials")), 200)["data"][0]["redirect_uris"].clone();
    assert_eq!(uris(), json!([]));
    let change = |body: Value| dev.session.call("PATCH", &path, Some(&body));
    for empty in [json!(""), json!(null)] {
        assert_eq!(names(&fields(&change(json!({ "name": empty })), 400)), ["name"]);
        assert_eq!(ok(&change(json!({ "description": "d" })), 200)["description"], "d");
        assert!(ok(&change(json!({ "description": empty })), 200).get("description").is_none());
    }
    // A custom id or a redirect URI stays.
    assert_eq!(names(&fields(&change(json!({ "custom_id": null })), 400)), ["redirect_uri"]);
    let moved = ok(&change(json!({ "redirect_uri": "https://a.example" })), 200);
    assert_eq!((&moved["redirect_uri"], uris()), (&json!("https://a.example"), json!(["https://a.example"])));
    assert!(ok(&change(json!({ "custom_id": "" })), 200).get("custom_id").is_none());
    assert_eq!(names(&fields(&change(json!({ "redirect_uri": "" })), 400)), ["redirect_uri"]);
    assert_eq!(uris(), json!(["https://a.example"]), "what was refused changed nothing");
    let both = change(json!({ "redirect_uri": null, "custom_id": custom_id }));
    assert!(ok(&both, 200).get("redirect_uri").is_none());
    assert_eq!(uris(), json!([]));
    let neither = dev.session.call("POST", "/applications", Some(&json!({ "name": unique("app") })));
    assert_eq!(names(&fields(&neither, 400)), ["redirect_uri"]);
}

fn names_are_unique_per_developer_and_custom_ids_over_the_portal(t: &Deployment) {
    let (one, other) = (developer(t), developer(t));
    let name = unique("app");
    let body = json!({ "name": name, "redirect_uri": "https://example.com" });
    let statuses = together(6, |_| one.session.call("POST", "/applications", Some(&body)).status);
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
    assert_eq!(names(&fields(&one.session.call("POST", "/applications", Some(&body)), 409)), ["name"]);
    ok(&other.session.call("POST", "/applications", Some(&body)), 201);
    let second = application(&one.session);
    let path = format!("/applications/{}", id(&second));
    let taken = one.session.call("PATCH", &path, Some(&json!({ "name": name })));
    assert_eq!(names(&fields(&taken, 409)), ["name"]);

    let custom = json!({ "custom_id": unique("custom") });
    ok(&one.session.call("PATCH", &path, Some(&custom)), 200);
    let taken = json!({ "name": unique("app"), "redirect_uri": "https://a.b", "custom_id": custom["custom_id"] });
    let taken = other.session.call("POST", "/applications", Some(&taken));
    assert_eq!(names(&fields(&taken, 409)), ["custom_id"]);
    // What was refused left nothing behind.
    assert_eq!(ok(&other.session.get("/applications"), 200)["total"], 1);
    assert_eq!(ok(&one.session.get("/applications"), 200)["total"], 2);
}

fn applications_are_listed_as_asked(t: &Deployment) {
    let dev = developer(t);
    for name in ["b two", "a one", "c THREE", "a four"] {
        let body = json!({ "name": name, "redirect_uri": "https://example.com" });
        ok(&dev.session.call("POST", "/applications", Some(&body)), 201);
    }
    let listed = |query: &str| -> Vec<String> {
        let (mut found, mut next) = (Vec::new(), Some(format!("/applications?{query}")));
        while let Some(path) = next {
            let page = ok(&dev.session.get(&path), 200);
            let data = page["data"].as_array().unwrap().clone();
            found.extend(data.iter().map(|application| application["name"].as_str().unwrap().to_owned()));
            next = next_page(&page);
        }
        found
    };
    assert_eq!(listed("sort_by=name&size=1"), ["a four", "a one", "b two", "c THREE"]);
    assert_eq!(listed("sort_by=name&sort_desc=true&size=3"), ["c THREE", "b two", "a one", "a four"]);
    assert_eq!(listed("size=1").len(), 4);
    assert_eq!(listed("sort_by=updated_at&sort_desc=true&size=2").len(), 4);
    assert_eq!(listed("name=three"), ["c THREE"]);
    assert_eq!(listed("name=a%20&size=1&sort_by=name"), ["a four", "a one"]);
    assert_eq!(ok(&dev.session.get("/applications?name=a%20"), 200)["total"], 2);
    for query in ["sort_by=secret", "size=0", "offset=eA"] {
        assert_eq!(dev.session.get(&format!("/applications?{query}")).status, 400, "{query}");
    }
    let plain = ok(&dev.session.get("/applications"), 200)["data"][0].clone();
    assert!(plain.get("application_instances").is_none());
    let service = service(t, &json!({}));
    let made = instance(&dev.session, &plain, &service);
    let with = ok(&dev.session.get("/applications?include_instances=true"), 200);
    let summary = json!([{ "id": made["id"], "status": 1, "service": { "id": service["id"] } }]);
    let found = with["data"].as_array().unwrap().iter().find(|found| found["id"] == plain["id"]).unwrap();
    assert_eq!(found["application_instances"], summary);
}

fn a_deleted_application_takes_all_with_it(t: &Deployment) {
    let dev = developer(t);
    let (gone, kept) = (application(&dev.session), application(&dev.session));
    let service = service(t, &json!({ "auto_approve": true }));
    instance(&dev.session, &gone, &service);
    instance(&dev.session, &kept, &service);
    let path = format!("/applications/{}", id(&gone));
    let rows = |application: &Value| -> Vec<i64> {
        let (consumer, application) = (id(&application["consumer"]), id(application));
        [
            format!("SELECT count(*) FROM portal_applications WHERE id = '{application}'"),
            format!("SELECT count(*) FROM portal_consumers WHERE id = '{consumer}'"),
            format!("SELECT count(*) FROM portal_oauth2 WHERE consumer_id = '{consumer}'"),
            format!("SELECT count(*) FROM portal_application_instances WHERE application_id = '{application}'"),
        ]
        .iter()
        .map(|select| database::number(&t.instance, select))
        .collect()
    };
    assert_eq!(rows(&gone), [1; 4]);
    assert_eq!(dev.session.call("DELETE", &path, None).status, 204);
    assert_eq!((rows(&gone), rows(&kept)), (vec![0; 4], vec![1; 4]));
    for reply in [dev.session.get(&path), dev.session.call("DELETE", &path, None)] {
        assert_eq!(message(&reply, 404), "Not found");
    }
    // So does the developer.
    assert_eq!(dev.session.call("DELETE", "/developer", None).status, 204);
    assert_eq!(rows(&kept), [0; 4]);
}

fn a_service_is_asked_for_once_and_may_be_given_back(t: &Deployment) {
    let dev = developer(t);
    let app = application(&dev.session);
    let (open, closed) = (service(t, &json!({ "auto_approve": true })), service(t, &json!({ "registrable": false })));
    let judged = service(t, &json!({}));
    let path = format!("/applications/{}/application_instances", id(&app));
    let made = instance(&dev.session, &app, &judged);
    assert_eq!(
        names(&made),
        ["application", "composite_id", "created_at", "id", "service", "status", "suspended", "updated_at"]
    );
    assert_eq!((&made["status"], &made["suspended"]), (&json!(1), &json!(false)));
    assert_eq!(made["composite_id"], format!("{}_{}", id(&app), id(&judged)));
    assert_eq!((&made["application"]["id"], &made["service"]["id"]), (&app["id"], &judged["id"]));
    assert_eq!(ok(&dev.session.get(&format!("{path}/{}", id(&made))), 200), made);

    let form = ok(&dev.session.form("POST", &path, &format!("service.id={}", id(&open))), 201);
    assert_eq!(form["status"], 0, "this service lets everybody in");
    let again = dev.session.call("POST", &path, Some(&json!({ "service": { "id": judged["id"] } })));
    assert_eq!(names(&fields(&again, 409)), ["composite_id"]);
    for unknown in [id(&closed), "x", "00000000-0000-4000-8000-000000000000"] {
        let reply = dev.session.call("POST", &path, Some(&json!({ "service": { "id": unknown } })));
        assert_eq!(message(&reply, 404), "Not found");
    }
    for body in [json!({}), json!({ "service": {} }), json!({ "service": "x" }), json!({ "service": { "id": 7 } })] {
        assert!(fields(&dev.session.call("POST", &path, Some(&body)), 400)["service"]["id"].is_string(), "{body}");
    }
    assert_eq!(dev.session.call("DELETE", &format!("{path}/{}", id(&made)), None).status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(message(&dev.session.call(method, &format!("{path}/{}", id(&made)), None), 404), "Not found");
    }
    assert_ne!(instance(&dev.session, &app, &judged)["id"], made["id"]);
}

fn services_are_listed_with_the_instance_of_an_application(t: &Deployment) {
    let dev = developer(t);
    let app = application(&dev.session);
    let prefix = unique("service");
    let put = |name: &str, settings: Value| {
        ok(&t.service.put(&format!("/caas/portal/services/{prefix}-{name}"), &settings), 200)
    };
    let one = put("one", json!({ "display_name": "One", "description": "first", "show_issuer": true }));
    let two = put("two", json!({}));
    put("hidden", json!({ "registrable": false }));
    let list = ok(&dev.session.get(&format!("/application_services?name={prefix}&sort_by=name")), 200);
    assert_eq!(list["total"], 2);
    assert_eq!(
        list["data"],
        json!([
            { "id": one["id"], "name": one["name"], "app_registration_config":
                { "description": "first", "show_issuer": true, "display_name": "One", "auto_approve": false } },
            { "id": two["id"], "name": two["name"], "app_registration_config":
                { "description": "", "show_issuer": false, "display_name": two["name"], "auto_approve": false } },
        ])
    );
    let made = instance(&dev.session, &app, &two);
    let of_app = format!("/application_services?name={prefix}&sort_by=name&app_id={}", id(&app));
    let list = ok(&dev.session.get(&of_app), 200);
    assert!(list["data"][0].get("instance").is_none());
    let shown = &list["data"][1]["instance"];
    assert_eq!(names(shown), ["composite_id", "created_at", "id", "status", "suspended", "updated_at"]);
    assert_eq!((&shown["id"], &shown["composite_id"]), (&made["id"], &made["composite_id"]));
    assert_eq!(ok(&dev.session.get(&format!("{of_app}&status=1")), 200)["total"], 1);
    assert_eq!(ok(&dev.session.get(&format!("{of_app}&status=0")), 200)["total"], 0);
    let without = ok(&dev.session.get(&format!("{of_app}&status=-1")), 200);
    assert_eq!((&without["total"], &without["data"][0]["id"]), (&json!(1), &one["id"]));
    let by_status = format!("/application_services?name={prefix}&app_id={}&sort_by=status", id(&app));
    for (order, expected) in [("", [&one, &two]), ("&sort_desc=true", [&two, &one])] {
        let first = ok(&dev.session.get(&format!("{by_status}{order}&size=1")), 200);
        let second = ok(&dev.session.get(&next_page(&first).unwrap()), 200);
        assert_eq!([&first["data"][0]["id"], &second["data"][0]["id"]], expected.map(|service| &service["id"]));
    }
    for status in ["abc", "4", "-2", "1.5"] {
        let refused = message(&dev.session.get(&format!("{of_app}&status={status}")), 400);
        assert_eq!(refused, "status must be a number from -1 to 3");
    }

    let asked_for = ok(&dev.session.get(&format!("/applications/{}/application_instances", id(&app))), 200);
    assert_eq!((&asked_for["total"], &asked_for["data"][0]["instance"]), (&json!(1), shown));
    // What is closed later stays with who has it.
    put("two", json!({ "registrable": false }));
    assert_eq!(ok(&dev.session.get(&format!("/application_services?name={prefix}")), 200)["total"], 1);
    assert_eq!(ok(&dev.session.get(&format!("/applications/{}/application_instances", id(&app))), 200)["total"], 1);
}

fn client_credentials_are_given_generated_and_hidden(t: &Deployment) {
    let dev = developer(t);
    let app = application(&dev.session);
    let path = format!("/applications/{}/credentials", id(&app));
    for body in [None, Some(json!({})), Some(Value::Null)] {
        let made = ok(&dev.session.call("POST", &path, body.as_ref()), 201);
        assert_eq!((&made["consumer"], &made["name"]), (&app["consumer"], &app["name"]));
        assert_eq!(ok(&dev.session.get(&format!("{path}/{}", id(&made))), 200), made);
    }
    let (client_id, secret) = (unique("client"), unique("s3cret"));
    let body = json!({ "client_id": client_id, "client_secret": secret, "hash_secret": true });
    let hashed = ok(&dev.session.call("POST", &path, Some(&body)), 201);
    assert_eq!((&hashed["client_secret"], &hashed["hash_secret"]), (&json!(secret), &json!(true)));
    let later = ok(&dev.session.get(&format!("{path}/{}", id(&hashed))), 200);
    assert_eq!((&later["client_id"], &later["client_secret"]), (&json!(client_id), &json!("********")));
    assert!(!database::contains(&t.instance, &secret) && !t.instance.log().contains(&secret));

    let again = dev.session.call("POST", &path, Some(&json!({ "client_id": client_id })));
    assert_eq!(names(&fields(&again, 409)), ["client_id"]);
    let wrong = json!({ "client_id": "a b", "redirect_uris": ["x"], "hash_secret": "maybe" });
    let wrong = dev.session.call("POST", &path, Some(&wrong));
    assert_eq!(names(&fields(&wrong, 400)), ["client_id", "hash_secret", "redirect_uris"]);

    let list = ok(&dev.session.get(&format!("{path}?size=3")), 200);
    assert_eq!((&list["total"], list["data"].as_array().unwrap().len()), (&json!(5), 3));
    let rest = ok(&dev.session.get(&next_page(&list).unwrap()), 200);
    assert_eq!((&rest["next"], rest["data"].as_array().unwrap().len()), (&Value::Null, 2));
    let path = format!("{path}/{}", id(&hashed));
    assert_eq!(dev.session.call("DELETE", &path, None).status, 204);
    assert_eq!(message(&dev.session.call("DELETE", &path, None), 404), "Not found");
}

fn client_credentials_are_sorted_and_found_by_their_ids(t: &Deployment) {
    let dev = developer(t);
    let path = format!("/applications/{}/credentials", id(&application(&dev.session)));
    let prefix = unique("client");
    for name in ["b-Needle", "c", "a-needle"] {
        later();
        let body = json!({ "client_id": format!("{prefix}-{name}") });
        ok(&dev.session.call("POST", &path, Some(&body)), 201);
    }
    let listed = |query: &str| {
        let (mut found, mut next) = (Vec::new(), Some(format!("{path}?{query}")));
        while let Some(page) = next {
            let list = ok(&dev.session.get(&page), 200);
            let ids = list["data"].as_array().unwrap().iter().map(|one| one["client_id"].as_str().unwrap());
            // That of the application itself is generated.
            found.extend(ids.filter_map(|id| Some(id.strip_prefix(&format!("{prefix}-"))?.to_owned())));
            next = next_page(&list);
        }
        found
    };
    assert_eq!(listed("size=2"), ["b-Needle", "c", "a-needle"]);
    assert_eq!(listed("sort_by=client_id&size=1"), ["a-needle", "b-Needle", "c"]);
    assert_eq!(listed("sort_by=client_id&sort_desc=true&size=2"), ["c", "b-Needle", "a-needle"]);
    assert_eq!(listed("client_id=NEEDLE&size=1"), ["b-Needle", "a-needle"]);
    assert_eq!(ok(&dev.session.get(&format!("{path}?client_id={prefix}&size=1")), 200)["total"], 3);
    assert_eq!(listed("client_id=nothing"), [""; 0]);
    message(&dev.session.get(&format!("{path}?sort_by=client_secret")), 400);
}

fn applications_of_others_are_not_found(t: &Deployment) {
    let (dev, other) = (developer(t), developer(t));
    let (app, mine) = (application(&dev.session), application(&other.session));
    let service = service(t, &json!({}));
    let made = instance(&dev.session, &app, &service);
    let secret = credential(&dev.session, &app);
    let path = format!("/applications/{}", id(&app));
    let own = format!("/applications/{}", id(&mine));
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(json!({ "name": "mine" }))),
        ("DELETE", path.clone(), None),
        ("GET", format!("{path}/application_instances"), None),
        ("POST", format!("{path}/application_instances"), Some(json!({ "service": { "id": service["id"] } }))),
        ("GET", format!("{path}/application_instances/{}", id(&made)), None),
        ("DELETE", format!("{path}/application_instances/{}", id(&made)), None),
        ("GET", format!("{path}/credentials"), None),
        ("POST", format!("{path}/credentials"), None),
        ("GET", format!("{path}/credentials/{}", id(&secret)), None),
        ("DELETE", format!("{path}/credentials/{}", id(&secret)), None),
        ("GET", format!("/application_services?app_id={}", id(&app)), None),
        // Through an application of one's own.
        ("GET", format!("{own}/application_instances/{}", id(&made)), None),
        ("DELETE", format!("{own}/application_instances/{}", id(&made)), None),
        ("GET", format!("{own}/credentials/{}", id(&secret)), None),
        ("DELETE", format!("{own}/credentials/{}", id(&secret)), None),
    ] {
        let reply = other.session.call(method, &path, body.as_ref());
        assert_eq!(message(&reply, 404), "Not found", "{method} {path}");
        let unknown = path.replace(id(&app), "00000000-0000-4000-8000-000000000000");
        assert_eq!(
            dev.session.call(method, &unknown.replace(id(&mine), "x"), body.as_ref()).body,
            reply.body,
            "{method} {unknown}"
        );
    }
    assert_eq!(ok(&dev.session.get(&path), 200), app);
    assert_eq!(credential(&dev.session, &app), secret);
    assert_eq!(ok(&dev.session.get(&format!("{path}/application_instances")), 200)["total"], 1);
}

fn operators_offer_services(t: &Deployment) {
    let name = unique("service");
    let path = format!("/caas/portal/services/{name}");
    let created = ok(&t.system.put(&path, &json!({ "description": "d", "auto_approve": true })), 200);
    assert_eq!(names(&created), ["app_registration_config", "created_at", "id", "name", "registrable", "updated_at"]);
    assert_eq!((&created["registrable"], &created["name"]), (&json!(true), &json!(name)));
    let changed = ok(&t.service.put(&path, &json!({ "registrable": false })), 200);
    assert_eq!((&changed["id"], &changed["registrable"]), (&created["id"], &json!(false)));
    assert_eq!(changed["app_registration_config"], created["app_registration_config"]);
    assert_eq!(ok(&t.service.get(&path), 200), changed);
    assert_eq!(ok(&t.service.get(&format!("/caas/portal/services/{}", id(&created))), 200), changed);
    let listed = ok(&t.service.get("/caas/portal/services?size=1000"), 200);
    assert!(listed["data"].as_array().unwrap().contains(&changed));
    for bad in [json!({ "display_name": " " }), json!({ "description": "x".repeat(1025) }), json!({ "colour": "red" })]
    {
        refused(&t.service.put(&path, &bad), 400);
    }
    refused(&t.service.put("/caas/portal/services/a%20b", &json!({})), 400);
    assert_eq!(t.service.delete(&path).status, 204);
    refused(&t.service.delete(&path), 404);
    refused(&t.service.get(&path), 404);
}

fn operators_decide_about_instances(t: &Deployment) {
    let dev = developer(t);
    let app = application(&dev.session);
    let service = service(t, &json!({}));
    let made = instance(&dev.session, &app, &service);
    let path = format!("/caas/portal/application-instances/{}", id(&made));
    let waiting = ok(&t.service.get("/caas/portal/application-instances?status=1&size=1000"), 200);
    let seen = waiting["data"].as_array().unwrap().iter().find(|found| found["id"] == made["id"]).unwrap().clone();
    assert_eq!((&seen["application_name"], &seen["developer_email"]), (&app["name"], &json!(dev.email)));
    refused(&t.service.patch(&path, &json!({ "status": 3 })), 409);
    for (change, status, suspended) in [
        (json!({ "status": 2 }), 2, false),
        (json!({ "status": 0 }), 0, false),
        (json!({ "suspended": true }), 0, true),
        (json!({ "suspended": false }), 0, false),
        (json!({ "status": 3 }), 3, false),
        (json!({ "status": 0, "suspended": true }), 0, true),
    ] {
        let decided = decide(t, &made, &change);
        assert_eq!((&decided["status"], &decided["suspended"]), (&json!(status), &json!(suspended)), "{change}");
        let own = format!("/applications/{}/application_instances/{}", id(&app), id(&made));
        let own = ok(&dev.session.get(&own), 200);
        assert_eq!((&own["status"], &own["suspended"]), (&json!(status), &json!(suspended)), "{change}");
    }
    let composite = format!("/caas/portal/application-instances/{}", made["composite_id"].as_str().unwrap());
    assert_eq!(ok(&t.system.patch(&composite, &json!({ "suspended": false })), 200)["id"], made["id"]);
    refused(&t.service.patch(&path, &json!({ "status": 2 })), 409);
    for bad in [json!({}), json!({ "status": 1 }), json!({ "status": 5 }), json!({ "status": 0, "x": 1 })] {
        refused(&t.service.patch(&path, &bad), 400);
    }
    refused(&t.service.patch("/caas/portal/application-instances/x", &json!({ "status": 0 })), 404);
    for caller in [&t.service_ext, &t.app_ext, &t.app, &t.basic] {
        refused(&caller.patch(&path, &json!({ "status": 3 })), 401);
        refused(&caller.get("/caas/portal/application-instances"), 401);
    }
    let rows = database::audit(&t.instance).into_iter().filter(|row| row.subject == id(&made) && row.outcome == "done");
    let actions: Vec<_> = rows.map(|row| row.action.replace("application-instance.", "")).collect();
    assert_eq!(actions, ["create", "reject", "approve", "suspend", "resume", "revoke", "approve"]);
}

fn parallel_requests_for_a_service_make_one_instance(t: &Deployment) {
    let dev = developer(t);
    let app = application(&dev.session);
    let service = service(t, &json!({}));
    let path = format!("/applications/{}/application_instances", id(&app));
    let body = json!({ "service": { "id": service["id"] } });
    let statuses = together(6, |_| dev.session.call("POST", &path, Some(&body)).status);
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
}
