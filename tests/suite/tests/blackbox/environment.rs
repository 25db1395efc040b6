//! The installation of an environment and its communities: once, whole or not at all, and without a secret in sight.
//! Each case has deployments of its own, for an installation cannot be undone.

use std::collections::BTreeMap;

use chancery::client::Api;
use chancery_tests::variables::{Variables, random_uuid};
use crypto::{PublicKey, pbkdf2};
use model::AuthLevel;
use policy::{Action, Membership};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused, soon, time},
    case::{Case, case, together},
    database,
    deployment::{Deployment, secrets_of},
    permission_table::{cell, status},
};

const INSTALL: &str = "/caas/environment/install";
const CREATE: &str = "/caas/environment/create/community";

pub fn cases() -> Vec<Case> {
    vec![
        case(of_parallel_installations_one_installs_everything),
        case(an_installation_is_for_system_licences_and_right_bodies),
        case(communities_are_created_by_system_and_service),
        case(what_was_configured_before_stays),
        case(what_a_later_console_says_is_kept_as_secrets),
    ]
}

/// The least that installs.
pub fn installation() -> Value {
    json!({
        "instanceType": "client-instance",
        "tenantName": "Acme",
        "tenantDNS": "Tenant.example",
        "tenantTag": "acme",
        "contactEmail": "operator@example.com",
        "tenantPassword": "correct horse",
    })
}

/// All that an installation may say, every credential made anew, and the tag of each.
fn everything() -> (Value, BTreeMap<&'static str, String>) {
    let credentials: BTreeMap<_, _> = [
        "rootLicense",
        "smsGateway_password",
        "emailGateway_password",
        "pushConfig_firebase_serviceaccount",
        "pushConfig_firebase_fcmkey",
        "pushConfig_apple_pkcs8file",
        "pushConfig_pushy_appSecret",
        "recaptchaConfig_secret_key_api",
        "recaptchaConfig_secret_key_ui",
        "analytics_elastic_pwd",
        "behaviorAuth_api_key",
        "behaviorAuth_api_secret",
        "agentApi_e258cb754f8e47b19e18e949a2f442b0_credential",
    ]
    .map(|tag| (tag, format!("credential-{}", random_uuid())))
    .into();
    let mut body = installation();
    let secret = |tag: &str| credentials[tag].as_str();
    let more = json!({
        "rootUrl": "https://root.example/x/",
        "rootLicense": secret("rootLicense"),
        "contactFname": "Ada", "contactLname": "L", "contactPhone": "19990009988",
        "tenantPassword": format!("password-{}", random_uuid()),
        "public_assets_download_url": "http://assets.example:9095",
        "smsGateway": {
            "type": "twilio", "username": "sms-user", "password": secret("smsGateway_password"),
            "senderPhone": "1111111111", "channels": ["sms", "voice"],
        },
        "emailGateway": {
            "type": "smtp", "username": "mail-user", "password": secret("emailGateway_password"),
            "serviceUrl": "smtp.example", "senderEmail": "no-reply@example.com", "port": "465", "protocol": "smtp",
        },
        "pushConfig": {
            "firebase": {
                "uri": "https://firebase.example",
                "serviceaccount": secret("pushConfig_firebase_serviceaccount"),
                "fcmkey": secret("pushConfig_firebase_fcmkey"),
            },
            "apple": {
                "host": "api.push.example", "pkcs8file": secret("pushConfig_apple_pkcs8file"),
                "teamid": "T", "keyid": "K", "appname": "com.example.app",
            },
            "pushy": { "appSecret": secret("pushConfig_pushy_appSecret"), "url": "https://pushy.example" },
        },
        "recaptchaConfig": {
            "secret_key_api": secret("recaptchaConfig_secret_key_api"),
            "secret_key_ui": secret("recaptchaConfig_secret_key_ui"),
            "recaptcha_api": "https://recaptcha.example/verify", "recaptcha_url": "https://recaptcha.example/api.js",
        },
        "analytics": { "elastic": { "url": "https://elastic.example", "uid": "u", "pwd": secret("analytics_elastic_pwd") } },
        "behaviorAuth": {
            "provider": "p", "url": "https://behavior.example", "api_key": secret("behaviorAuth_api_key"),
            "api_secret": secret("behaviorAuth_api_secret"), "auth_type": "score",
        },
        "agentApi": { "e258cb75-4f8e-47b1-9e18-e949a2f442b0": {
            "name": "", "type": "", "url": "", "authType": "api_key",
            "credential": secret("agentApi_e258cb754f8e47b19e18e949a2f442b0_credential"),
        } },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (body, credentials)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn is_id(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn check_public_key(t: &Deployment, value: &Value) {
    let curve = t.instance.variables.get("EC_CURVE_NAME").parse().unwrap();
    PublicKey::from_base64(curve, value.as_str().unwrap()).unwrap();
}

/// The configuration of a context, as somebody who may see it gets it.
fn config(caller: &crate::deployment::Caller, context: &Value) -> Value {
    ok(&caller.post("/caas/config/fetch?read_fresh=true", &json!({ "context": context })), 200)
}

fn of_parallel_installations_one_installs_everything(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    refused(&t.system.post(CREATE, &community("early")), 400);
    let (body, credentials) = everything();
    // Each makes keys before it finds out, which takes long in a wasm module that is not optimised.
    let many = t.instance.runtime.is_linked() || std::env::var_os("CHANCERY_LONG").is_some();
    let replies = together(if many { 64 } else { 8 }, |_| t.system.post(INSTALL, &body));
    let (installed, others): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(installed.len(), 1);
    for other in others {
        assert!(refused(other, 400).contains("already installed"));
    }
    assert_eq!(installed[0].header("cache-control"), Some("no-store"));
    let answer = ok(installed[0], 200);
    assert_eq!(names(&answer), ["communityId", "publicKey", "tenantDNS", "tenantId", "tenantTag"]);
    assert!(is_id(&answer["tenantId"]) && is_id(&answer["communityId"]));
    assert_eq!((text(&answer, "tenantDNS"), text(&answer, "tenantTag")), ("Tenant.example", "acme"));
    check_public_key(t, &answer["publicKey"]);
    assert!(refused(&t.root.post(INSTALL, &installation()), 400).contains("already installed"));

    let (tenant, community) = (text(&answer, "tenantId"), text(&answer, "communityId"));
    let environment = || {
        let environment = ok(&t.anonymous.get("/caas/environment"), 200);
        (environment["installed"].clone(), environment["instanceType"].clone())
    };
    soon(environment, &(json!(true), json!("client-instance")));
    let directory = || {
        let directory = ok(&t.anonymous.get("/caas/sd"), 200);
        ["caas", "global_caas", "licenses"].map(|name| text(&directory, name).to_owned())
    };
    let expected = ["caas", "caas", "licenses"].map(|path| format!("https://root.example/x/{path}"));
    soon(directory, &expected);

    // The licence that installed is a member for two years; nobody else is.
    let check = format!("/licenses/community/{community}/licensecheck");
    let license = ok(&t.system.get(&check), 200);
    assert_eq!((&license["isAuthorized"], text(&license, "tag")), (&json!(true), t.system.tag.as_str()));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let days = (time(&license["expiry"]) - i64::try_from(now).unwrap()) / 86_400_000;
    assert!((729..=731).contains(&days), "{days} days");
    refused(&t.service.get(&check), 401);

    check_documents(t, &body, tenant, community);
    let fetched = ok(&t.system.post(&format!("{}/fetch", secrets_of(tenant, community)), &json!({})), 200);
    let fetched = fetched["secrets"].as_array().unwrap().clone();
    let fetched: BTreeMap<_, _> = fetched.iter().map(|secret| (text(secret, "tag"), text(secret, "value"))).collect();
    let given: BTreeMap<_, _> = credentials.iter().map(|(tag, value)| (*tag, value.as_str())).collect();
    assert_eq!(fetched, given);

    let rows = database::text_rows(
        &t.instance,
        "SELECT password_hash FROM tenants UNION ALL SELECT password_hash FROM communities",
    );
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|hash| pbkdf2::verify_password(text(&body, "tenantPassword"), hash)));
    let keys = database::text_rows(&t.instance, "SELECT public_key FROM communities");
    assert_eq!(keys, [text(&answer, "publicKey")]);
    let answers = replies.iter().map(|reply| String::from_utf8_lossy(&reply.body).into_owned()).collect::<String>();
    let log = t.instance.log();
    let password = text(&body, "tenantPassword").to_owned();
    for secret in credentials.values().chain([&password]) {
        assert!(!database::contains(&t.instance, secret), "a credential stands in the database in the clear");
        assert!(!log.contains(secret), "a credential was logged");
        assert!(!answers.contains(secret), "a credential was answered");
    }
}

/// Documents say everything but credentials, and where those are.
fn check_documents(t: &Deployment, body: &Value, tenant: &str, community: &str) {
    let gateways = config(&t.system, &json!({ "tenantId": tenant, "communityId": community }));
    assert_eq!(names(&gateways), ["emailGateway", "pushConfig", "smsGateway"]);
    let mut sms = body["smsGateway"].clone();
    sms["password"] = json!({ "secret": "smsGateway_password" });
    assert_eq!(gateways["smsGateway"], sms);
    assert_eq!(gateways["emailGateway"]["port"], "465");
    assert_eq!(gateways["pushConfig"]["apple"]["pkcs8file"], json!({ "secret": "pushConfig_apple_pkcs8file" }));

    let platform = config(&t.app, &json!({ "appId": "platform" }));
    assert_eq!(
        names(&platform),
        [
            "agentApi",
            "behaviorAuth",
            "communityId",
            "instanceType",
            "public_assets_download_url",
            "rootLicense",
            "rootUrl",
            "tenantId"
        ]
    );
    assert_eq!((text(&platform, "tenantId"), text(&platform, "communityId")), (tenant, community));
    assert_eq!(platform["rootLicense"], json!({ "secret": "rootLicense" }));
    let console = config(&t.app, &json!({ "appId": "adminconsole.global" }));
    assert_eq!(
        names(&console),
        ["analytics", "communityId", "contact", "recaptchaConfig", "tenantDNS", "tenantId", "tenantName", "tenantTag"]
    );
    assert_eq!(
        console["contact"],
        json!({ "fname": "Ada", "lname": "L", "email": "operator@example.com", "phone": "19990009988" })
    );
    assert_eq!(console["analytics"]["elastic"]["pwd"], json!({ "secret": "analytics_elastic_pwd" }));
    refused(&t.basic.post("/caas/config/fetch", &json!({ "context": { "appId": "platform" } })), 401);
}

fn an_installation_is_for_system_licences_and_right_bodies(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    for level in AuthLevel::ALL {
        if level != AuthLevel::System {
            assert_eq!(status(cell(Action::InstallEnvironment, None, false, level), Membership::None, 200), 401);
            refused(&t.of(level).post(INSTALL, &installation()), 401);
        }
    }
    refused(&t.infra.post(INSTALL, &installation()), 401);
    refused(&t.anonymous.post(INSTALL, &installation()), 401);

    let secret = format!("wrong-{}", random_uuid());
    for (name, wrong) in [
        ("instanceType", json!("instance")),
        ("tenantName", json!("")),
        ("tenantDNS", json!("not a host")),
        ("tenantTag", json!("Acme")),
        ("contactEmail", json!("nobody")),
        ("tenantPassword", json!("1234567")),
        ("tenantPassword", json!([secret])),
        ("rootUrl", json!("root.example")),
        ("smsGateway", json!({ "type": "t", "password": { "value": secret } })),
        ("smsGateway", json!({ "type": "t", "channels": ["fax"] })),
        ("emailGateway", json!({ "type": "t", "port": 70_000 })),
        ("pushConfig", json!({ "apple": { "pkcs8file": "x".repeat((64 << 10) + 1) } })),
        ("agentApi", json!({ "agent": {} })),
        ("tenantPassword", Value::Null),
    ] {
        let mut body = installation();
        body[name] = wrong;
        let message = refused(&t.system.post(INSTALL, &body), 400);
        assert!(!message.contains(&secret), "{message}");
    }
    for body in ["", "[]", "{", "null", "{}"] {
        refused(&t.system.send("POST", INSTALL, body.as_bytes()), 400);
    }
    let mut long = installation();
    long["tenantName"] = json!("x".repeat(300 << 10));
    refused(&t.system.post(INSTALL, &long), 413);
    assert_eq!(ok(&t.anonymous.get("/caas/environment"), 200)["installed"], false);
    assert!(database::text_rows(&t.instance, "SELECT id FROM tenants").is_empty());
    let keys = "SELECT tenant_id FROM data_keys WHERE tenant_id <> 'licensing'";
    assert!(database::text_rows(&t.instance, keys).is_empty(), "a refused installation leaves no data key");

    // The same signed request again is a replay, whatever came of it.
    let headers = t.system.client.headers(Api::Caas).unwrap();
    let body = installation().to_string().into_bytes();
    let send = || t.system.client.send("POST", INSTALL, &[], &headers.pairs(), Some(body.clone())).unwrap();
    let installed = ok(&send(), 200);
    refused(&send(), 401);
    let directory = ok(&t.anonymous.get("/caas/sd"), 200);
    assert_eq!(text(&directory, "caas"), "http://public.test:8787/caas", "without rootUrl nothing is said");
    let context = json!({ "tenantId": installed["tenantId"], "communityId": installed["communityId"] });
    assert_eq!(config(&t.system, &context), json!({}), "without gateways nothing is configured");
}

fn community(name: &str) -> Value {
    json!({ "communityName": name, "contactEmail": "a@example.com", "communityPassword": "correct horse" })
}

fn communities_are_created_by_system_and_service(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let installed = ok(&t.system.post(INSTALL, &installation()), 200);
    for level in AuthLevel::ALL {
        let caller = t.of(level);
        let name = format!("of-{}", level.into_str());
        let reply = caller.post(CREATE, &community(&name));
        let expected = status(cell(Action::CreateCommunity, None, false, level), Membership::None, 200);
        assert_eq!(reply.status, expected, "{name}");
        if expected != 200 {
            refused(&reply, 401);
            continue;
        }
        let created = ok(&reply, 200);
        assert_eq!(names(&created), ["communityId", "communityName", "createdTs", "publicKey", "tenantId"]);
        assert_eq!((&created["communityName"], &created["tenantId"]), (&json!(name), &installed["tenantId"]));
        assert!(is_id(&created["communityId"]) && created["createdTs"].as_i64().unwrap() > 1_700_000_000);
        check_public_key(t, &created["publicKey"]);
        let check = format!("/licenses/community/{}/licensecheck", text(&created, "communityId"));
        assert_eq!(ok(&caller.get(&check), 200)["isAuthorized"], true);
    }
    let by_infra = ok(&t.infra.post(CREATE, &community("by-infra")), 200);
    let listed = format!("/licenses/community/{}/servicekey/fetch", text(&by_infra, "communityId"));
    assert_eq!(ok(&t.root.post(&listed, &json!({})), 200)["data"], json!([]));
    refused(&t.anonymous.post(CREATE, &community("nobody")), 401);

    // A name is taken in every case, and by one of many at once.
    for taken in ["default", "DEFAULT", "Of-System"] {
        refused(&t.service.post(CREATE, &community(taken)), 400);
    }
    let replies = together(6, |number| {
        let name = if number % 2 == 0 { "contended" } else { "CONTENDED" };
        t.service.post(CREATE, &community(name))
    });
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    replies.iter().filter(|reply| reply.status != 200).for_each(|reply| drop(refused(reply, 400)));

    for (name, wrong) in [
        ("communityName", json!("ab")),
        ("communityName", json!("a b c")),
        ("communityName", json!(1)),
        ("contactEmail", json!("@")),
        ("communityPassword", json!("1234567")),
        ("emailGateway", json!({ "username": "u" })),
    ] {
        let mut body = community("wrong-one");
        body[name] = wrong;
        refused(&t.service.post(CREATE, &body), 400);
    }
    refused(&t.service.send("POST", CREATE, b"{"), 400);

    let (password, credential) = (format!("p-{}", random_uuid()), format!("c-{}", random_uuid()));
    let mut body = community("sealed");
    body["communityPassword"] = json!(password);
    body["emailGateway"] = json!({ "type": "smtp", "password": credential, "port": 25 });
    let created = ok(&t.service.post(CREATE, &body), 200);
    let context = json!({ "tenantId": created["tenantId"], "communityId": created["communityId"] });
    let expected = json!({ "type": "smtp", "password": { "secret": "emailGateway_password" }, "port": 25 });
    assert_eq!(config(&t.service, &context), json!({ "emailGateway": expected }));
    refused(&t.system.post("/caas/config/fetch", &json!({ "context": context })), 401);
    let place = secrets_of(text(&created, "tenantId"), text(&created, "communityId"));
    let fetched = ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": ["emailGateway_password"] })), 200);
    assert_eq!(text(&fetched["secrets"][0], "value"), credential);
    let log = t.instance.log();
    for secret in [&password, &credential] {
        assert!(!database::contains(&t.instance, secret) && !log.contains(secret));
    }
}

fn what_was_configured_before_stays(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let context = json!({ "appId": "platform" });
    let set = |path: &str, data: Value| {
        ok(&t.service.put(&format!("/caas/config/{path}"), &json!({ "context": context, "data": data })), 200)
    };
    set("flags.beta", json!(true));
    set("rootUrl", json!("https://before.example"));
    let mut body = installation();
    body["rootUrl"] = json!("https://root.example");
    ok(&t.system.post(INSTALL, &body), 200);
    let platform = config(&t.service, &context);
    assert_eq!((&platform["flags"]["beta"], text(&platform, "rootUrl")), (&json!(true), "https://root.example"));
    let path = "/caas/config/history?context=%7B%22appId%22%3A%22platform%22%7D";
    let history = ok(&t.service.get(path), 200);
    assert_eq!(history["history"].as_array().unwrap().len(), 3);
    assert_eq!(text(&history["history"][0], "updatedBy"), t.system.key_id);
}

fn what_a_later_console_says_is_kept_as_secrets(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let later = |name: &str| format!("later-{name}-{}", random_uuid());
    let [top, gateway, nested, created] = ["top", "gateway", "nested", "created"].map(later);
    // As text: no digit of a number is lost.
    let others = |value: &str| format!(r#"{{"x-key":"{value}","limits":[12345678901234567890123,1.0]}}"#);
    let members = |value: &str| others(value)[1..].replace('}', "");
    let body = installation().to_string().replacen('{', &format!("{{{},", members(&top)), 1).replace(
        r#""tenantName""#,
        &format!(
            r#""smsGateway":{{"type":"t",{}}},"pushConfig":{{"apple":{{"host":"h",{}}}}},"tenantName""#,
            members(&gateway),
            members(&nested)
        ),
    );
    let installed = t.system.send("POST", INSTALL, body.as_bytes());
    let answer = ok(&installed, 200);
    let (tenant, place) = (text(&answer, "tenantId"), text(&answer, "communityId"));
    let kept = |caller: &crate::deployment::Caller, tenant: &str, place: &str| {
        let fetched = ok(&caller.call("POST", &format!("{}/fetch", secrets_of(tenant, place)), None), 200);
        let secrets = fetched["secrets"].as_array().unwrap().iter();
        secrets.map(|it| (text(it, "tag").to_owned(), text(it, "value").to_owned())).collect::<BTreeMap<_, _>>()
    };
    let expected =
        [("otherMembers", &top), ("pushConfig_apple_otherMembers", &nested), ("smsGateway_otherMembers", &gateway)];
    let expected: BTreeMap<_, _> = expected.iter().map(|(tag, value)| ((*tag).to_owned(), others(value))).collect();
    assert_eq!(kept(&t.system, tenant, place), expected);

    let reference = |tag: &str| json!({ "secret": tag });
    let gateways = config(&t.system, &json!({ "tenantId": tenant, "communityId": place }));
    let sms = json!({ "type": "t", "otherMembers": reference("smsGateway_otherMembers") });
    let apple = json!({ "host": "h", "otherMembers": reference("pushConfig_apple_otherMembers") });
    assert_eq!(gateways, json!({ "smsGateway": sms, "pushConfig": { "apple": apple } }));
    assert_eq!(config(&t.app, &json!({ "appId": "platform" }))["otherMembers"], reference("otherMembers"));

    let body = community("later").to_string().replacen('{', &format!("{{{},", members(&created)), 1);
    let made = ok(&t.service.send("POST", CREATE, body.as_bytes()), 200);
    let (tenant, place) = (text(&made, "tenantId"), text(&made, "communityId"));
    assert_eq!(kept(&t.service, tenant, place), [("otherMembers".to_owned(), others(&created))].into());
    let context = json!({ "tenantId": tenant, "communityId": place });
    assert_eq!(config(&t.service, &context), json!({ "otherMembers": reference("otherMembers") }));

    let twice = installation().to_string().replacen('{', r#"{"later":1,"later":2,"#, 1);
    refused(&t.system.send("POST", INSTALL, twice.as_bytes()), 400);
    let answers = String::from_utf8_lossy(&installed.body).into_owned() + &made.to_string();
    let log = t.instance.log();
    for secret in [&top, &gateway, &nested, &created] {
        assert!(
            !database::contains(&t.instance, secret),
            "what may be a credential stands in the database in the clear"
        );
        assert!(!log.contains(secret) && !answers.contains(secret));
    }
}
