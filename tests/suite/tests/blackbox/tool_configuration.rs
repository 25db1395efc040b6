//! `chancery config` with files: what is imported is what is stored, what is exported can be imported, and only what
//! differs is written.

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    configuration::{FRESH, history},
    deployment::{Deployment, unique},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_file_becomes_a_configuration_and_back),
        case(exported_variables_are_read_by_a_shell_and_run_nothing),
        case(a_file_may_have_a_byte_order_mark_and_no_bottomless_names),
        case(a_dry_run_shows_the_difference_and_changes_nothing),
        case(a_set_may_expect_a_revision),
        case(many_configurations_are_imported_and_exported),
        case(a_wrong_line_of_many_does_not_stop_the_others),
        case(lines_of_one_context_apply_in_their_order),
        case(imports_at_once_lose_nothing),
    ]
}

const EXACT: &str =
    r#"{"limits":{"price":1.50,"far":123456789012345678901234567890,"none":null},"on":true,"text":"6"}"#;

fn stored(t: &Deployment, app: &str) -> String {
    let reply = t.service.post(FRESH, &json!({ "context": { "appId": app } }));
    ok(&reply, 200);
    String::from_utf8(reply.body).unwrap()
}

fn revision(t: &Deployment, app: &str) -> usize {
    let page = ok(&history(&t.service, &json!({ "appId": app }), ""), 200);
    page["history"].as_array().unwrap().len()
}

fn a_file_becomes_a_configuration_and_back(t: &Deployment) {
    let folder = Folder::new(t);
    let yaml = "limits:\n  price: 1.50\n  far: 123456789012345678901234567890\n  none: ~\non: true\ntext: '6'\n";
    let env = "limits.price=1.50\nlimits.far=123456789012345678901234567890\nlimits.none=null\non=true\ntext=\"6\"\n";
    for (file, text) in [("a.json", EXACT), ("a.yaml", yaml), (".env", env)] {
        let app = unique("app");
        fs::write(folder.path(file), text).unwrap();
        let printed = folder.prints(&["config", "import", file, "--app", &app]);
        assert_eq!(printed, "1 created, 0 changed, 0 unchanged\n", "{file}");
        assert_eq!(stored(t, &app), EXACT, "{file}");
        for format in ["json", "yaml", "env"] {
            let exported = folder.prints(&["config", "export", "--app", &app, "--format", format]);
            let again = unique("app");
            fs::write(folder.path("again"), exported).unwrap();
            folder.prints(&["config", "import", "again", "--format", format, "--app", &again]);
            assert_eq!(stored(t, &again), EXACT, "{file} as {format}");
        }
        assert_eq!(folder.prints(&["config", "get", "--app", &app, "limits.price"]), "1.50\n");
        folder.prints(&["config", "set", "--app", &app, "limits.price", "2.50"]);
        assert_eq!(folder.prints(&["config", "get", "--app", &app, "limits.price"]), "2.50\n");
    }
}

fn exported_variables_are_read_by_a_shell_and_run_nothing(t: &Deployment) {
    let (folder, app) = (Folder::new(t), unique("app"));
    let json = json!({ "P": "a`touch run`b$(touch run)", "D": "$HOME", "W": "C:\\new", "S": "say \"hi\"\t#1", "L": [1, "it's"] });
    folder.prints(&["config", "set", "--app", &app, "data", &json.to_string()]);
    let exported = folder.prints(&["config", "export", "--app", &app, "--format", "env"]);
    fs::write(folder.path("vars.env"), &exported).unwrap();
    let show = r#". ./vars.env; printf '%s\n' "$P" "$D" "$W" "$S" "$L""#;
    let output = Command::new("sh").args(["-euc", show]).current_dir(folder.path("")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = printed.lines().collect();
    let expected = ["P", "D", "W", "S"].map(|name| json[name].as_str().unwrap());
    assert_eq!(lines[..4], expected, "{exported}");
    assert_eq!(serde_json::from_str::<Value>(lines[4]).unwrap(), json["L"]);
    assert!(!folder.path("run").exists());

    let again = unique("app");
    folder.prints(&["config", "import", "vars.env", "--app", &again]);
    assert_eq!(stored(t, &again), stored(t, &app));
    // What readers disagree about is not written.
    folder.prints(&["config", "set", "--app", &app, "PASSWORD", "it's $5", "--text"]);
    let refused = folder.run(&["config", "export", "--app", &app, "--format", "env"], &[]);
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(2), b"".as_slice()));
    assert!(errors.contains("PASSWORD") && !errors.contains("it's"), "{errors}");
}

fn a_file_may_have_a_byte_order_mark_and_no_bottomless_names(t: &Deployment) {
    let (folder, app) = (Folder::new(t), unique("app"));
    let line = format!("{{\"context\":{{\"appId\":\"{app}\"}},\"data\":{{\"a\":1}}}}");
    for (file, text) in [("a.json", r#"{"a":1}"#), ("a.env", "a=1"), ("a.yaml", "a: 1"), ("a.jsonl", &line)] {
        fs::write(folder.path(file), format!("\u{feff}{text}")).unwrap();
        let context = if file.ends_with("jsonl") { &[][..] } else { &["--app", &app] };
        folder.prints(&[&["config", "import", file, "--prune"], context].concat());
        assert_eq!(stored(t, &app), r#"{"a":1}"#, "{file}");
    }
    let (dots, brackets) = ("a.".repeat(10_000), "[".repeat(10_000));
    for (file, text) in [
        ("deep.env", format!("{dots}a=1")),
        ("deep.yaml", format!("a: {brackets}")),
        ("deep.json", format!("{{\"a\":{brackets}{}}}", "]".repeat(10_000))),
    ] {
        fs::write(folder.path(file), text).unwrap();
        assert_eq!(folder.run(&["config", "import", file, "--app", &app], &[]).status.code(), Some(2), "{file}");
    }
}

fn a_dry_run_shows_the_difference_and_changes_nothing(t: &Deployment) {
    let (folder, app) = (Folder::new(t), unique("app"));
    fs::write(folder.path("one.json"), r#"{"a":{"keep":1,"old":"s3cret"},"b":1}"#).unwrap();
    fs::write(folder.path("two.json"), r#"{"a":{"keep":1,"new":[1]},"b":2}"#).unwrap();
    folder.prints(&["config", "import", "one.json", "--app", &app]);
    assert_eq!(folder.prints(&["config", "import", "one.json", "--app", &app]), "0 created, 0 changed, 1 unchanged\n");
    assert_eq!(revision(t, &app), 1, "what does not differ is not written");

    let dry = |more: &[&str]| {
        let mut arguments = vec!["config", "import", "two.json", "--app", &app, "--dry-run"];
        arguments.extend(more);
        folder.prints(&arguments)
    };
    let changed = "would be: 0 created, 1 changed, 0 unchanged\n";
    assert_eq!(dry(&[]), format!("+ a.new ••••\n~ b •••• → ••••\n{changed}"));
    assert_eq!(dry(&["--show"]), format!("+ a.new [1]\n~ b 1 → 2\n{changed}"));
    assert_eq!(dry(&["--prune", "--show"]), format!("+ a.new [1]\n- a.old \"s3cret\"\n~ b 1 → 2\n{changed}"));
    assert_eq!((stored(t, &app).as_str(), revision(t, &app)), (r#"{"a":{"keep":1,"old":"s3cret"},"b":1}"#, 1));

    folder.prints(&["config", "import", "two.json", "--app", &app]);
    // What is new comes behind what was there.
    assert_eq!(stored(t, &app), r#"{"a":{"keep":1,"old":"s3cret","new":[1]},"b":2}"#);
    folder.prints(&["config", "import", "two.json", "--app", &app, "--prune"]);
    assert_eq!((stored(t, &app).as_str(), revision(t, &app)), (r#"{"a":{"keep":1,"new":[1]},"b":2}"#, 3));

    for (arguments, code) in [
        (&["config", "import", "two.json"][..], 2),
        (&["config", "import", "no-such-file.json", "--app", "x"], 2),
        (&["config", "import", "again", "--app", "x"], 2),
        (&["config", "import", "two.json", "--app", "x", "--format", "env"], 2),
        (&["config", "import", "two.json", "--app", "x", "--show"], 2),
    ] {
        assert_eq!(folder.run(arguments, &[]).status.code(), Some(code), "{arguments:?}");
    }
}

fn a_set_may_expect_a_revision(t: &Deployment) {
    let (folder, app) = (Folder::new(t), unique("app"));
    let set = |value: &str, revision: &str| {
        folder.run(&["config", "set", "--app", &app, "a", value, "--if-match", revision], &[]).status.code()
    };
    assert_eq!((set("1", "1"), set("1", "0"), set("2", "0"), set("3", "1")), (Some(1), Some(0), Some(1), Some(0)));
    assert_eq!(stored(t, &app), r#"{"a":3}"#);
}

fn many_configurations_are_imported_and_exported(t: &Deployment) {
    const MANY: usize = 120;
    let (folder, prefix) = (Folder::new(t), unique("many"));
    let context = |number: usize| match number % 3 {
        0 => json!({ "appId": format!("{prefix}_{number}") }),
        1 => json!({ "appId": format!("{prefix}_{number}"), "internal": true }),
        _ => json!({ "mobile_app_id": "app", "personId": format!("{prefix}_{number}") }),
    };
    let line = |number: usize, value: usize| {
        format!("{{\"context\":{},\"data\":{{\"deep\":{{\"n\":{number}.0}},\"v\":{value}}}}}\n", context(number))
    };
    let all = |value: &dyn Fn(usize) -> usize| (0..MANY).map(|number| line(number, value(number))).collect::<String>();
    let import = |text: &str| {
        fs::write(folder.path("many.jsonl"), text).unwrap();
        folder.json(&["--json", "config", "import", "many.jsonl"])
    };
    let numbers = |created, changed, unchanged| json!({ "created": created, "changed": changed, "unchanged": unchanged, "dryRun": false });
    assert_eq!(import(&all(&|_| 1)), numbers(MANY, 0, 0));
    assert_eq!(import(&all(&|number| if number % 10 == 0 { 2 } else { 1 })), numbers(0, MANY / 10, MANY - MANY / 10));
    assert!(!folder.path("many.jsonl.progress").exists());

    let contexts: String = (0..MANY).map(|number| format!("{}\n", context(number))).collect();
    fs::write(folder.path("contexts"), contexts).unwrap();
    let exported = folder.prints(&["config", "export", "--contexts", "contexts"]);
    assert_eq!(exported, all(&|number| if number % 10 == 0 { 2 } else { 1 }));
    assert_eq!(folder.prints(&["config", "export", "--contexts", "many.jsonl", "--jobs", "2"]), exported);
}

fn lines_of_one_context_apply_in_their_order(t: &Deployment) {
    let (folder, prefix) = (Folder::new(t), unique("order"));
    for round in 0..4 {
        let person = format!("{prefix}_{round}");
        let line = |number: usize| {
            let context = match number % 3 {
                0 => format!(r#"{{"personId":"{person}","mobile_app_id":"app"}}"#),
                1 => format!(r#"{{"mobile_app_id": "app", "personId": "{person}"}}"#),
                _ => format!(r#"{{"mobile_app_id":"\u0061pp","internal":false,"personId":"{person}"}}"#),
            };
            format!("{{\"data\":{{\"last\":{number},\"n{number}\":true}},\"context\":{context}}}\n")
        };
        fs::write(folder.path("many.jsonl"), (0..40).map(line).collect::<String>()).unwrap();
        folder.prints(&["config", "import", "many.jsonl", "--jobs", "16"]);
        let context = ["--person", person.as_str(), "--mobile-app", "app"];
        let got = folder.json(&[&["config", "get"], &context[..]].concat());
        assert_eq!((&got["last"], got.as_object().unwrap().len()), (&json!(39), 41), "{got}");
    }
}

fn imports_at_once_lose_nothing(t: &Deployment) {
    const MANY: usize = 16;
    let (folder, app) = (Folder::new(t), unique("app"));
    let imports: Vec<_> = (0..MANY)
        .map(|number| {
            let file = format!("{number}.env");
            fs::write(folder.path(&file), format!("V{number}={number}\n")).unwrap();
            let mut command = folder.command(&["config", "import", &file, "--app", &app], &[]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for import in imports {
        let output = import.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(
        (folder.json(&["config", "get", "--app", &app]).as_object().unwrap().len(), revision(t, &app)),
        (MANY, MANY)
    );
}

fn a_wrong_line_of_many_does_not_stop_the_others(t: &Deployment) {
    let (folder, prefix) = (Folder::new(t), unique("wrong"));
    let good = |name: &str| format!("{{\"context\":{{\"appId\":\"{prefix}_{name}\"}},\"data\":{{\"a\":1}}}}");
    let lines = [
        good("one"),
        String::new(),
        "{\"context\":{\"appId\":\"x\"}}".to_owned(),
        "not JSON".to_owned(),
        "{\"context\":{\"unknown\":\"x\"},\"data\":{}}".to_owned(),
        good("two"),
    ];
    fs::write(folder.path("some.jsonl"), lines.join("\n")).unwrap();
    let output = folder.run(&["config", "import", "some.jsonl"], &[]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for expected in ["line 3: ", "line 4: ", "line 5: ", "2 created, 0 changed, 0 unchanged, 3 refused"] {
        assert!(errors.contains(expected), "{errors}");
    }
    assert_eq!(stored(t, &format!("{prefix}_two")), r#"{"a":1}"#);
    // The next import goes on before the first wrong line, and not before what was done.
    let progress: Value = serde_json::from_slice(&fs::read(folder.path("some.jsonl.progress")).unwrap()).unwrap();
    assert_eq!(progress["line"], 2);
    let again = String::from_utf8(folder.run(&["config", "import", "some.jsonl"], &[]).stderr).unwrap();
    assert!(again.contains("going on after line 2") && again.contains("1 unchanged, 3 refused"), "{again}");
    let again = String::from_utf8(folder.run(&["config", "import", "some.jsonl", "--restart"], &[]).stderr).unwrap();
    assert!(again.contains("2 unchanged, 3 refused"), "{again}");
}
