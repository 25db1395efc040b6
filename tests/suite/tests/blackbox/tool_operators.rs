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
        case(a_licence_is_rotated_in_all_its_communities),
        case(the_licence_that_signs_is_not_disabled_by_rotation),
        case(a_secret_is_rotated_whole_and_a_rotation_goes_on),
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

fn a_licence_is_rotated_in_all_its_communities(t: &Deployment) {
    let (folder, tag, left) = (Folder::new(t), unique("shop"), community());
    let places = [(community(), "2031-01-31T00:00:00.000Z"), (community(), "2032-02-01T00:00:00.000Z")];
    let create = ["licence", "create", &tag, "--level", "app", "--expires", "2033-01-01", "--module", "mod_core=true"];
    let old = folder.json(&[&create[..], &["--description", "The shop", "--json"]].concat());
    for (place, expires) in &places {
        folder.prints(&["licence", "authorize", &tag, place, "--expires", expires]);
    }
    folder.prints(&["licence", "withdraw", &tag, &places[1].0]);
    folder.prints(&["licence", "authorize", &tag, &left]);
    folder.prints(&["licence", "authorize", &tag, &left, "--remove"]);

    let rotated = folder.run(&["licence", "rotate", &tag, "--json"], &[]);
    let told = errors(&rotated);
    assert!(rotated.status.success() && told.contains(&format!("{tag} stays valid")), "{told}");
    let new: Value = serde_json::from_slice(&rotated.stdout).unwrap();
    let next = format!("{tag}:2");
    assert_eq!(new["tag"], next.as_str());
    for same in ["authLevel", "type", "expiry", "modules", "description"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    for (place, expires) in &places {
        let keys = folder.json(&["licence", "list", "--community", place, "--json", "--tag", &tag])["data"].clone();
        let keys = keys.as_array().unwrap();
        assert_eq!(keys.len(), 2, "{keys:?}");
        for key in keys {
            let expected = (&json!(expires), &json!(place == &places[0].0));
            assert_eq!((&key["expiry"], &key["isAuthorized"]), expected, "{key}");
        }
    }
    let left = folder.json(&["licence", "list", "--community", &left, "--json", "--tag", &tag]);
    assert_eq!(left["data"], json!([]), "the key was taken out of it");
    let secret = |key: &Value| key["keySecret"].as_str().unwrap().to_owned();
    let works = |key: &Value| folder.run(&["licence", "show"], &[("CHANCERY_LICENSE", &secret(key))]).status.success();
    assert!(works(&old) && works(&new) && secret(&old) != secret(&new));

    // The tag of the next one is taken: nothing happens.
    let taken = folder.run(&["licence", "rotate", &tag], &[]);
    assert!(taken.status.code() == Some(1) && errors(&taken).contains("Nothing was changed"), "{}", errors(&taken));
    let elsewhere = folder.run(&["licence", "rotate", &tag, "--tag", &unique("no"), "--community", "elsewhere"], &[]);
    assert!(errors(&elsewhere).contains("is not in elsewhere; nothing was changed"), "{}", errors(&elsewhere));

    let third = folder.json(&["licence", "rotate", &next, "--disable-old", "--expires", "90d", "--json"]);
    assert_eq!(third["tag"], format!("{tag}:3"));
    assert!(works(&third) && !works(&new) && works(&old));
    let members = folder.json(&["licence", "list", "--community", &places[0].0, "--json", "--tag", &tag]);
    assert_eq!(members["data"].as_array().unwrap().len(), 3);
}

fn the_licence_that_signs_is_not_disabled_by_rotation(t: &Deployment) {
    let (folder, tag) = (Folder::new(t), unique("service"));
    let made = folder.json(&["licence", "create", &tag, "--level", "service", "--json"]);
    let own = [("CHANCERY_LICENSE", made["keySecret"].as_str().unwrap())];
    let refused = folder.run(&["licence", "rotate", &tag, "--disable-old"], &own);
    let told = errors(&refused);
    assert!(refused.status.code() == Some(2) && told.contains("rotate it without --disable-old"), "{told}");
    assert_eq!(folder.run(&["licence", "show", &format!("{tag}:2")], &[]).status.code(), Some(1));
    assert!(folder.run(&["licence", "rotate", &tag], &own).status.success());
}

fn a_secret_is_rotated_whole_and_a_rotation_goes_on(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), unique("acme"));
    let run = |rest: &[&str]| folder.run(&[&["secret", "rotate", &tenant, "web"], rest].concat(), &[]);
    let value = |tag: &str| folder.prints(&["secret", "fetch", &tenant, "web", tag, "--no-newline"]);
    let tags = || {
        let listed = folder.json(&["secret", "list", &tenant, "web", "--json"]);
        listed.as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let put = |tag: &str, value: &str| folder.prints(&["secret", "put", &tenant, "web", tag, value]);
    let missing = run(&["KEY", "new"]);
    assert!(
        missing.status.code() == Some(1) && errors(&missing).contains("there is no secret KEY"),
        "{}",
        errors(&missing)
    );
    put("KEY", "old");
    let changed = run(&["KEY", " n\u{fc}\nw ", "--by", "ada"]);
    assert_eq!((changed.stdout, changed.stderr), (b"rotated KEY\n".to_vec(), Vec::new()));
    assert_eq!((value("KEY"), tags()), (" n\u{fc}\nw ".to_owned(), vec!["KEY".to_owned()]));
    let generated: Value =
        serde_json::from_slice(&run(&["KEY", "--generate", "40", "--by", "eve", "--json"]).stdout).unwrap();
    assert_eq!(
        (&generated["tag"], &generated["createdBy"], generated.get("value")),
        (&json!("KEY"), &json!("eve"), None)
    );
    assert!(value("KEY").len() == 40 && value("KEY").chars().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(run(&["KEY", "--resume"]).status.code(), Some(1));

    // Broken off after each of the steps.
    for there in [Some("older"), None, Some("newer")] {
        folder.prints(&["secret", "delete", &tenant, "web", "KEY"]);
        if let Some(value) = there {
            put("KEY", value);
        }
        put("KEY_next", "newer");
        let told = errors(&run(&["KEY", "other"]));
        let resume = format!("`chancery secret rotate {tenant} web KEY --resume`");
        assert!(told.contains(&resume) && told.contains("Nothing was changed"), "{told}");
        assert!(!told.contains("newer") && value("KEY_next") == "newer");
        assert!(run(&["KEY", "--resume"]).status.success());
        assert_eq!((value("KEY"), tags()), ("newer".to_owned(), vec!["KEY".to_owned()]));
    }
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
