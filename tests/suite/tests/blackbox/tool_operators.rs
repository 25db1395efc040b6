//! What operators do with licences, secrets and the directory, and how they see whether a deployment works.

use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    deployment::{Deployment, community, unique},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(licences_are_filtered_and_changed),
        case(a_licence_is_withdrawn_from_a_community_and_given_back),
        case(secrets_are_listed_without_their_values),
        case(the_directory_is_listed_and_changed),
        case(the_doctor_says_what_is_wrong),
    ]
}

fn errors(output: &std::process::Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn licences_are_filtered_and_changed(t: &Deployment) {
    let (folder, mark) = (Folder::new(t), unique("shop"));
    let names: Vec<_> = (0..27).map(|number| format!("{mark}:{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let level = if number % 2 == 0 { "app" } else { "basic" };
        folder.prints(&["licence", "create", name, "--level", level, "--expires", "90d", "--module", "mod_core=true"]);
    }
    folder.prints(&["licence", "disable", &names[3]]);
    let tags = |options: &[&str]| {
        let json = folder.json(&[&["licence", "list", "--json", "--tag", &mark], options].concat());
        assert!(!json.to_string().contains("keySecret"), "{json}");
        json["data"].as_array().unwrap().iter().map(|key| key["tag"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags(&[]), names, "more than a page");
    assert_eq!(tags(&["--level", "app"]).len(), 14);
    assert_eq!(tags(&["--disabled"]), [names[3].clone()]);
    assert_eq!((tags(&["--expiring-within", "91d"]).len(), tags(&["--expiring-within", "89d"]).len()), (27, 0));
    let all = folder.run(&["licence", "list", "--all"], &[]);
    let table = String::from_utf8(all.stdout.clone()).unwrap();
    assert!(
        table.contains("root") && names.iter().all(|name| table.contains(name)) && errors(&all).ends_with(" keys\n")
    );

    let changed = ["licence", "update", &names[0], "--expires", "2031-01-31", "--description", "The shop", "--json"];
    let changed = folder.json(&changed);
    assert_eq!((&changed["expiry"], &changed["description"]), (&json!("2031-01-31T00:00:00.000Z"), &json!("The shop")));
    assert_eq!((&changed["modules"], changed.get("keySecret")), (&json!({ "mod_core": true }), None));
    let changed = folder.json(&["licence", "update", &names[0], "--module", "mod_phone=x", "--json"]);
    assert_eq!(changed["modules"], json!({ "mod_core": true, "mod_phone": "x" }));
    let changed = folder.json(&["licence", "update", &names[0], "--no-module", "mod_core", "--json"]);
    assert_eq!((&changed["modules"], &changed["description"]), (&json!({ "mod_phone": "x" }), &json!("The shop")));
    assert_eq!(folder.run(&["licence", "update", &names[0]], &[]).status.code(), Some(2));
    assert_eq!(folder.run(&["licence", "update", &names[0], "--expires", "soon"], &[]).status.code(), Some(2));
    assert_eq!(folder.run(&["licence", "update", &unique("no"), "--expires", "1d"], &[]).status.code(), Some(1));
}

fn a_licence_is_withdrawn_from_a_community_and_given_back(t: &Deployment) {
    let (folder, tag, place) = (Folder::new(t), unique("web"), community());
    folder.prints(&["licence", "create", &tag]);
    folder.prints(&["licence", "authorize", &tag, &place]);
    let listed = || folder.json(&["licence", "list", "--community", &place, "--json", "--tag", &tag])["data"].clone();
    assert!(folder.prints(&["licence", "withdraw", &tag, &place]).contains("isAuthorized  false\n"));
    assert_eq!((listed().as_array().unwrap().len(), &listed()[0]["isAuthorized"]), (1, &json!(false)));
    assert!(folder.prints(&["licence", "withdraw", &tag, &place, "--undo"]).contains("isAuthorized  true\n"));
    assert_eq!(listed()[0]["isAuthorized"], true);
}

fn secrets_are_listed_without_their_values(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), unique("acme"));
    for tag in ["ONE", "TWO"] {
        folder.prints(&["secret", "put", &tenant, "web", tag, "s3cret", "--by", "ada"]);
    }
    let table = folder.prints(&["secret", "list", &tenant, "web"]);
    assert!(
        table.contains("ONE") && table.contains("ada") && table.contains("20") && !table.contains("s3cret"),
        "{table}"
    );
    let json = folder.json(&["secret", "list", &tenant, "web", "--json"]);
    let names: Vec<_> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((json.as_array().unwrap().len(), names), (2, vec!["createdBy", "createdTs", "tag"]));
}

fn the_directory_is_listed_and_changed(t: &Deployment) {
    let (folder, name) = (Folder::new(t), unique("billing"));
    let entry = format!("{name}=https://billing.example/?a=b");
    let shown = folder.prints(&["sd", "set", &entry]);
    let row = shown.lines().find(|line| line.starts_with(&name)).unwrap();
    assert!(row.ends_with("  https://billing.example/?a=b"), "{row}");
    assert_eq!(folder.json(&["sd", "list", "--json"])[&name], "https://billing.example/?a=b");
    assert!(!folder.prints(&["sd", "remove", &name]).contains(&name));
    assert_eq!(folder.json(&["sd", "list", "--json"]).get(&name), None);
    let stranger = folder.run(&["sd", "set", &entry], &[("CHANCERY_LICENSE", &t.basic.secret)]);
    assert_eq!(stranger.status.code(), Some(1));
}

fn the_doctor_says_what_is_wrong(t: &Deployment) {
    let folder = Folder::new(t);
    assert!(folder.prints(&["health"]).contains("all services operational"));
    let well = folder.json(&["doctor", "--json"]);
    let names: Vec<_> = well.as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    assert_eq!(names, ["address", "readiness", "due work", "clock", "curve", "licence", "API key", "config token"]);
    assert!(well.as_array().unwrap().iter().all(|one| one["ok"] == true), "{well}");
    assert!(folder.prints(&["doctor"]).contains("root, level system, ends in "));

    let ill = folder.run(&["doctor", "--json", "--curve", "secp256k1"], &[("CHANCERY_LICENSE", "s3cret")]);
    assert_eq!((ill.status.code(), errors(&ill).as_str()), (Some(1), "error: 2 of 8 checks failed\n"));
    let found: Value = serde_json::from_slice(&ill.stdout).unwrap();
    let found_of = |name: &str| found.as_array().unwrap().iter().find(|one| one["check"] == name).unwrap().clone();
    assert_eq!((&found_of("curve")["ok"], &found_of("licence")["ok"]), (&json!(false), &json!(false)));
    assert!(found_of("curve")["found"].as_str().unwrap().contains("CHANCERY_CURVE=prime256v1"));
    assert!(!found.to_string().contains("s3cret"));
    let nobody = folder.run(&["doctor", "--url", "http://127.0.0.1:9"], &[]);
    let table = String::from_utf8(nobody.stdout.clone()).unwrap();
    assert!(nobody.status.code() == Some(1) && table.contains("FAULT") && table.contains("cannot reach"), "{table}");
}
