//! Whether a credential is good for a service, by every way to lose that, by every algorithm, and for every caller.

use crypto::{base64, hash};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    portal::{Developer, developer, fields, message, set_status},
    portal_applications::{application, credential, decide, id, instance, service},
    portal_credentials::{create, hs256},
    tokens,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_credential_is_good_where_an_instance_stands),
        case(what_is_taken_away_is_refused_at_the_next_question),
        case(a_wrong_credential_is_answered_without_facts),
        case(a_token_of_every_algorithm_is_verified_with_its_credential_only),
        case(a_token_never_chooses_its_algorithm),
        case(a_token_has_its_times),
        case(a_credential_of_one_application_is_not_good_for_another),
        case(gateways_may_ask_and_others_may_not),
        case(a_question_is_about_one_credential),
        case(credentials_from_elsewhere_are_good_here),
        case(imports_are_for_operators_and_of_one_kind),
    ]
}

const PATH: &str = "/portal/introspect";

/// A developer whose application may use a service, with one credential of each kind.
struct World<'a> {
    t: &'a Deployment,
    dev: Developer<'a>,
    app: Value,
    service: Value,
    instance: Value,
    key: Value,
    jwt: Value,
    client: Value,
}

impl<'a> World<'a> {
    fn new(t: &'a Deployment) -> Self {
        let dev = developer(t);
        let (app, service) = (application(&dev.session), service(t, &json!({ "auto_approve": true })));
        let instance = instance(&dev.session, &app, &service);
        let key = create(&dev.session, "/credentials/key-auth", &json!({}));
        let jwt = create(&dev.session, "/credentials/jwt", &hs256(&unique("iss")));
        let client = credential(&dev.session, &app);
        Self { t, dev, app, service, instance, key, jwt, client }
    }

    /// The same question by key, by token, and by client credential.
    fn questions(&self) -> [Value; 3] {
        let service = &self.service["name"];
        [
            json!({ "service": service, "key": self.key["key"] }),
            json!({ "service": service, "jwt": token(&self.claims(3600), "secret1") }),
            json!({
                "service": service,
                "client_id": self.client["client_id"],
                "client_secret": self.client["client_secret"],
            }),
        ]
    }

    fn claims(&self, seconds: i64) -> Value {
        json!({ "iss": self.jwt["key"], "exp": platform::clock::now_ms() / 1000 + seconds })
    }

    #[track_caller]
    fn assert_active(&self, active: bool, what: &str) {
        for question in self.questions() {
            let answer = ask(self.t, &question);
            assert_eq!(answer["active"], active, "{what}: {question} {answer}");
        }
    }
}

#[track_caller]
fn ask(t: &Deployment, question: &Value) -> Value {
    let answer = ok(&t.app.post(PATH, question), 200);
    if answer["active"] == false {
        assert_eq!(answer, json!({ "active": false }));
    }
    answer
}

/// A token under HS256, whatever else its header says.
fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| base64::encode_url(value.to_string().as_bytes());
    let text = format!("{}.{}", part(header), part(claims));
    let mac = hash::hmac_sha256(secret.as_bytes(), &[text.as_bytes()]);
    format!("{text}.{}", base64::encode_url(&mac))
}

fn token(claims: &Value, secret: &str) -> String {
    signed(&json!({ "alg": "HS256", "typ": "JWT" }), claims, secret)
}

fn a_credential_is_good_where_an_instance_stands(t: &Deployment) {
    let world = World::new(t);
    let [by_key, by_token, by_client] = world.questions().map(|question| ask(t, &question));
    for answer in [&by_key, &by_token, &by_client] {
        assert_eq!(answer["active"], true);
        assert_eq!(answer["application"], json!({ "id": world.app["id"], "name": world.app["name"] }));
        assert_eq!(answer["developer"], json!({ "id": world.dev.id, "email": world.dev.email }));
        assert_eq!(answer["service"], json!({ "id": world.service["id"], "name": world.service["name"] }));
    }
    assert_eq!(
        names(&by_key),
        ["active", "application", "consumer", "credential", "credential_type", "developer", "service"]
    );
    assert_eq!(
        (&by_key["credential_type"], id(&by_key["consumer"])),
        (&json!("key-auth"), world.dev.consumer.as_str())
    );
    assert_eq!((&by_key["credential"]["id"], &by_token["credential"]["id"]), (&world.key["id"], &world.jwt["id"]));
    assert_eq!((&by_token["credential_type"], &by_token["iss"]), (&json!("jwt"), &world.jwt["key"]));
    assert!(by_token["exp"].as_i64().unwrap() > 1_600_000_000);
    assert_eq!(
        (&by_client["credential_type"], &by_client["client_id"]),
        (&json!("oauth2"), &world.client["client_id"])
    );
    assert_eq!((&by_client["consumer"], &by_client["credential"]["id"]), (&world.app["consumer"], &world.client["id"]));
    // By the service's id too, and as a form.
    for question in world.questions() {
        let mut question = question;
        question["service"] = world.service["id"].clone();
        assert_eq!(ask(t, &question)["active"], true);
    }
    let form = format!("service={}&key={}", id(&world.service), world.key["key"].as_str().unwrap());
    let headers = t.app.client.headers(chancery::client::Api::Caas).unwrap();
    let mut headers = headers.pairs().to_vec();
    headers.push(("content-type", "application/x-www-form-urlencoded"));
    let reply = t.anonymous.send("POST", PATH, &headers, Some(form.as_bytes()));
    assert_eq!(ok(&reply, 200)["active"], true);
    let elsewhere = service(t, &json!({}));
    for question in world.questions() {
        let mut question = question;
        question["service"] = elsewhere["name"].clone();
        assert_eq!(ask(t, &question)["active"], false);
        question["service"] = json!("nothing of that name");
        assert_eq!(ask(t, &question)["active"], false);
    }
}

fn what_is_taken_away_is_refused_at_the_next_question(t: &Deployment) {
    let world = World::new(t);
    world.assert_active(true, "at first");
    for (change, active) in [
        (json!({ "suspended": true }), false),
        (json!({ "suspended": false }), true),
        (json!({ "status": 3 }), false),
        (json!({ "status": 0 }), true),
    ] {
        decide(t, &world.instance, &change);
        world.assert_active(active, &change.to_string());
    }
    set_status(t, &world.dev.id, 3);
    world.assert_active(false, "a revoked developer");
    set_status(t, &world.dev.id, 0);
    world.assert_active(true, "an approved developer");
    ok(
        &t.service.put(
            &format!("/caas/portal/services/{}", world.service["name"].as_str().unwrap()),
            &json!({ "registrable": false }),
        ),
        200,
    );
    world.assert_active(true, "a service that takes nobody new");

    let dev = crate::portal::log_in(t, &world.dev.email, crate::portal::PASSWORD);
    for (path, question) in [
        (format!("/credentials/key-auth/{}", id(&world.key)), 0),
        (format!("/credentials/jwt/{}", id(&world.jwt)), 1),
        (format!("/applications/{}/credentials/{}", id(&world.app), id(&world.client)), 2),
    ] {
        assert_eq!(ask(t, &world.questions()[question])["active"], true);
        assert_eq!(dev.call("DELETE", &path, None).status, 204);
        assert_eq!(ask(t, &world.questions()[question])["active"], false);
    }
    for gone in ["instance", "application", "service", "developer"] {
        let world = World::new(t);
        world.assert_active(true, "at first");
        let app = format!("/applications/{}", id(&world.app));
        let reply = match gone {
            "instance" => {
                let path = format!("{app}/application_instances/{}", id(&world.instance));
                world.dev.session.call("DELETE", &path, None)
            }
            "application" => world.dev.session.call("DELETE", &app, None),
            "service" => t.service.delete(&format!("/caas/portal/services/{}", id(&world.service))),
            _ => world.dev.session.call("DELETE", "/developer", None),
        };
        assert_eq!(reply.status, 204, "{gone}");
        world.assert_active(false, gone);
    }
}

fn a_wrong_credential_is_answered_without_facts(t: &Deployment) {
    let world = World::new(t);
    let other = World::new(t);
    let service = &world.service["name"];
    let key = world.key["key"].as_str().unwrap();
    for question in [
        json!({ "service": service, "key": format!("{key}x") }),
        json!({ "service": service, "key": key.to_lowercase() + "X" }),
        json!({ "service": service, "key": world.client["client_secret"] }),
        json!({ "service": service, "key": world.jwt["key"] }),
        json!({ "service": service, "client_id": world.client["client_id"], "client_secret": "x" }),
        json!({ "service": service, "client_id": world.client["client_id"], "client_secret": other.client["client_secret"] }),
        json!({ "service": service, "client_id": other.client["client_id"], "client_secret": other.client["client_secret"] }),
        json!({ "service": service, "client_id": "x", "client_secret": world.client["client_secret"] }),
        json!({ "service": service, "key": other.key["key"] }),
        json!({ "service": service, "jwt": "x" }),
        json!({ "service": service, "jwt": "a.b.c" }),
        json!({ "service": service, "jwt": token(&json!({}), "secret1") }),
        json!({ "service": service, "jwt": token(&json!({ "iss": unique("nobody") }), "secret1") }),
        json!({ "service": service, "jwt": token(&other.claims(60), "secret1") }),
        json!({ "service": service, "jwt": token(&world.claims(60), "secret2") }),
        json!({ "service": service, "jwt": token(&world.claims(60), "") }),
    ] {
        assert_eq!(ask(t, &question), json!({ "active": false }), "{question}");
    }
    // The secret of a hashed client credential is recognised all the same.
    let path = format!("/applications/{}/credentials", id(&world.app));
    let hashed = ok(&world.dev.session.call("POST", &path, Some(&json!({ "hash_secret": true }))), 201);
    let question = json!({
        "service": service, "client_id": hashed["client_id"], "client_secret": hashed["client_secret"],
    });
    assert_eq!(ask(t, &question)["active"], true);
}

fn a_token_of_every_algorithm_is_verified_with_its_credential_only(t: &Deployment) {
    use tokens::*;
    let world = World::new(t);
    let all = [
        ("HS256", HS256, None),
        ("HS384", HS384, None),
        ("HS512", HS512, None),
        ("RS256", RS256, Some(RSA_2048_PEM)),
        ("RS384", RS384, Some(RSA_2048_PEM)),
        ("RS512", RS512, Some(RSA_4096_PEM)),
        ("ES256", ES256, Some(P256_PEM)),
        ("ES384", ES384, Some(P384_PEM)),
    ];
    // The issuer of these tokens; no other case may have it.
    let jwt = create(&world.dev.session, "/credentials/jwt", &hs256("demo123"));
    let path = format!("/credentials/jwt/{}", id(&jwt));
    for (algorithm, _, pem) in all {
        let change = json!({ "algorithm": algorithm, "secret": "secret1", "rsa_public_key": pem });
        ok(&world.dev.session.call("PATCH", &path, Some(&change)), 200);
        for (other, token, _) in all {
            let answer = ask(t, &json!({ "service": world.service["name"], "jwt": token }));
            assert_eq!(answer["active"], algorithm == other, "a token of {other} for a credential of {algorithm}");
        }
        let confused = ask(t, &json!({ "service": world.service["name"], "jwt": CONFUSED }));
        assert_eq!(confused["active"], false, "a public key as the secret of {algorithm}");
    }
    // Even as the secret of a credential the text of a public key is only good for HS256.
    let change = json!({ "algorithm": "HS256", "secret": RSA_2048_PEM });
    ok(&world.dev.session.call("PATCH", &path, Some(&change)), 200);
    assert_eq!(ask(t, &json!({ "service": world.service["name"], "jwt": CONFUSED }))["active"], true);
    assert_eq!(world.dev.session.call("DELETE", &path, None).status, 204);
}

fn a_token_never_chooses_its_algorithm(t: &Deployment) {
    let world = World::new(t);
    let claims = world.claims(60);
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "" }),
        json!({ "alg": "HS384" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES256", "jwk": { "kty": "oct", "k": "c2VjcmV0MQ" } }),
        json!({ "alg": "HS256", "crit": ["exp"] }),
        json!({ "typ": "JWT" }),
    ] {
        let full = signed(&header, &claims, "secret1");
        let bare = format!("{}.", full.rsplit_once('.').unwrap().0);
        for jwt in [full, bare] {
            let answer = ask(t, &json!({ "service": world.service["name"], "jwt": jwt }));
            assert_eq!(answer["active"], false, "{header}");
        }
    }
    let good =
        signed(&json!({ "alg": "HS256", "kid": "../../x", "jku": "http://169.254.169.254/" }), &claims, "secret1");
    assert_eq!(ask(t, &json!({ "service": world.service["name"], "jwt": good }))["active"], true);
}

fn a_token_has_its_times(t: &Deployment) {
    let world = World::new(t);
    let now = platform::clock::now_ms() / 1000;
    let iss = &world.jwt["key"];
    for (claims, active) in [
        (json!({ "iss": iss }), true),
        (json!({ "iss": iss, "exp": now + 60 }), true),
        (json!({ "iss": iss, "exp": now - 5 }), true),
        (json!({ "iss": iss, "exp": now - 60 }), false),
        (json!({ "iss": iss, "nbf": now + 10, "exp": now + 100 }), true),
        (json!({ "iss": iss, "nbf": now + 90, "exp": now + 100 }), false),
        (json!({ "iss": iss, "exp": (now + 60).to_string() }), false),
        (json!({ "iss": iss, "exp": null }), false),
    ] {
        let answer = ask(t, &json!({ "service": world.service["name"], "jwt": token(&claims, "secret1") }));
        assert_eq!(answer["active"], active, "{claims}");
    }
}

fn a_credential_of_one_application_is_not_good_for_another(t: &Deployment) {
    let world = World::new(t);
    let second = application(&world.dev.session);
    let client = credential(&world.dev.session, &second);
    let question = |service: &Value| json!({ "service": service["name"], "client_id": client["client_id"], "client_secret": client["client_secret"] });
    assert_eq!(ask(t, &question(&world.service))["active"], false, "only the first application may");
    let own = service(t, &json!({ "auto_approve": true }));
    instance(&world.dev.session, &second, &own);
    assert_eq!(ask(t, &question(&own))["application"]["id"], second["id"]);
    // The developer's own key is good where any of the applications is.
    let by_key = ask(t, &json!({ "service": own["name"], "key": world.key["key"] }));
    assert_eq!((&by_key["active"], &by_key["application"]["id"]), (&json!(true), &second["id"]));
}

fn gateways_may_ask_and_others_may_not(t: &Deployment) {
    let world = World::new(t);
    let [question, ..] = world.questions();
    for caller in [&t.root, &t.infra, &t.system, &t.service, &t.app] {
        assert_eq!(ok(&caller.post(PATH, &question), 200)["active"], true, "{}", caller.tag);
    }
    for caller in [&t.service_ext, &t.app_ext, &t.basic] {
        for body in [&question, &json!({}), &json!({ "service": "x", "jwt": "y" })] {
            message(&caller.post(PATH, body), 401);
        }
    }
    message(&t.anonymous.post(PATH, &question), 401);
    assert_eq!(world.dev.session.call("POST", PATH, Some(&question)).status, 401, "a session is no licence");
    assert_eq!(t.anonymous.post("/introspect", &question).status, 404);
}

fn a_question_is_about_one_credential(t: &Deployment) {
    for body in [
        json!({}),
        json!({ "service": "s" }),
        json!({ "key": "k" }),
        json!({ "service": "s", "key": "k", "jwt": "j" }),
        json!({ "service": "s", "client_id": "i" }),
        json!({ "service": 7, "key": "k" }),
    ] {
        assert!(fields(&t.app.post(PATH, &body), 400).is_object(), "{body}");
    }
    let all = fields(&t.app.post(PATH, &json!({ "client_id": "i", "client_secret": 1 })), 400);
    assert_eq!(names(&all), ["client_secret", "service"]);
    assert_eq!(t.app.send("POST", PATH, b"[]").status, 400);
    let long = json!({ "service": "s", "jwt": format!("{}.e30.e30", "e30".repeat(10_000)) });
    assert_eq!(ask(t, &long)["active"], false);
}

fn credentials_from_elsewhere_are_good_here(t: &Deployment) {
    let world = World::new(t);
    let (key, issuer, secret) = (unique("k3y"), unique("iss"), unique("s3cret"));
    let import = |body: &Value| ok(&t.service.post("/caas/portal/credentials", body), 201);
    let imported = import(&json!({ "type": "key-auth", "developer": world.dev.email.to_uppercase(), "key": key }));
    assert_eq!(names(&imported), ["consumer", "id", "type"]);
    assert_eq!(imported["consumer"]["id"], json!(world.dev.consumer));
    let listed = ok(&world.dev.session.get("/credentials/key-auth"), 200);
    assert!(listed["data"].as_array().unwrap().iter().any(|found| found["key"] == key));
    let jwt = json!({
        "type": "jwt", "application": world.app["id"], "key": issuer, "secret": secret, "algorithm": "HS256",
    });
    assert_eq!(import(&jwt)["consumer"], world.app["consumer"]);
    let name = &world.service["name"];
    assert_eq!(ask(t, &json!({ "service": name, "key": key }))["active"], true);
    let answer = ask(t, &json!({ "service": name, "jwt": token(&json!({ "iss": issuer }), &secret) }));
    assert_eq!((&answer["active"], &answer["consumer"]), (&json!(true), &world.app["consumer"]));
    for hidden in [&key, &secret] {
        assert!(!database::contains(&t.instance, hidden) && !t.instance.log().contains(hidden), "{hidden}");
    }
    refused(&t.service.post("/caas/portal/credentials", &jwt), 409);
}

fn imports_are_for_operators_and_of_one_kind(t: &Deployment) {
    let dev = developer(t);
    let post = |body: &Value| t.service.post("/caas/portal/credentials", body);
    let good = json!({ "type": "key-auth", "developer": dev.id, "key": unique("key") });
    refused(&post(&json!({ "type": "key-auth", "developer": "nobody@example.org", "key": unique("key") })), 404);
    refused(&post(&json!({ "type": "key-auth", "application": dev.id, "key": unique("key") })), 404);
    for bad in [
        json!({ "type": "key-auth", "key": "k" }),
        json!({ "type": "basic-auth", "developer": dev.id, "key": "k" }),
        json!({ "type": "key-auth", "developer": dev.id, "key": "a b" }),
        json!({ "type": "jwt", "developer": dev.id, "key": "k", "secret": "s", "algorithm": "none" }),
        json!({ "type": "jwt", "developer": dev.id, "key": "k", "secret": "s", "algorithm": "RS256" }),
        json!({ "type": "jwt", "developer": dev.id, "key": "k", "algorithm": "HS256" }),
    ] {
        refused(&post(&bad), 400);
    }
    assert_eq!(ok(&dev.session.get("/credentials/key-auth"), 200)["total"], 0);
    ok(&post(&good), 201);
    refused(&post(&good), 409);
}
