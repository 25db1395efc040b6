//! `chancery consent`: a chain is written, taken along, proved elsewhere and brought in again; the ids are those that
//! the JavaScript libraries of IPFS work out.

use chancery_tests::node;
use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    deployment::{Deployment, community, unique},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_chain_is_written_exported_and_proved),
        case(an_export_altered_in_any_field_is_refused),
        case(many_versions_are_imported),
    ]
}

/// A tool that signs as the infra licence, which is authorised in every community.
struct Tool<'a> {
    folder: Folder,
    license: &'a str,
}

impl<'a> Tool<'a> {
    fn new(t: &'a Deployment) -> Self {
        Self { folder: Folder::new(t), license: &t.infra.secret }
    }

    #[track_caller]
    fn ends(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.folder.run(arguments, &[("CHANCERY_LICENSE", self.license)]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, error) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{error}");
        (out, error)
    }

    #[track_caller]
    fn prints(&self, arguments: &[&str]) -> String {
        self.ends(0, arguments).0
    }
}

/// Three versions of a consent, and their export.
fn export(tool: &Tool, tenant: &str, place: &str) -> String {
    let put = ["consent", "put", tenant, place, "biometric", "--by", "ada", "--title"];
    let rest = ["--subtitle", "s", "--body", "<p>ä</p>", "--acknowledge", "I \"agree\""];
    tool.prints(&[&put[..], &["one"], &rest[..]].concat());
    tool.prints(&[&put[..], &["two"]].concat());
    tool.prints(&[&put[..], &["drei ☃"]].concat());
    tool.prints(&["consent", "export", tenant, place, "biometric"])
}

fn a_chain_is_written_exported_and_proved(t: &Deployment) {
    let (tool, tenant, place) = (Tool::new(t), unique("tenant"), community());
    tool.ends(1, &["consent", "export", &tenant, &place, "biometric"]);
    assert!(tool.prints(&["consent", "show", &tenant, &place, "biometric"]).contains("Use of biometric data"));
    let export = export(&tool, &tenant, &place);
    assert_eq!(export.lines().count(), 3);
    let shown = tool.prints(&["consent", "show", &tenant, &place, "biometric"]);
    assert!(shown.contains("drei ☃") && shown.contains("<p>ä</p>"), "{shown}");
    let newest: Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
    let newest = newest["consentId"].as_str().unwrap();
    assert!(tool.prints(&["consent", "show", &tenant, &place, newest]).contains("drei ☃"));

    let file = tool.folder.file("export.jsonl", &format!("\u{feff}{export}"));
    // Offline: there is nobody at that address.
    let proved = tool.prints(&["--url", "http://127.0.0.1:9", "consent", "verify", &file, "--newest", newest]);
    assert!(proved.starts_with("3 versions of biometric") && proved.contains(newest), "{proved}");
    assert_eq!(tool.prints(&["consent", "verify", "--server", &tenant, &place, "biometric"]), proved);
    let older = tool.folder.file("older.jsonl", &export.lines().skip(1).collect::<Vec<_>>().join("\n"));
    tool.prints(&["consent", "verify", &older]);
    assert!(tool.ends(1, &["consent", "verify", &older, "--newest", newest]).1.contains("the newest version is"));
    let cut = tool.folder.file("cut.jsonl", &export.lines().take(2).collect::<Vec<_>>().join("\n"));
    assert!(tool.ends(1, &["consent", "verify", &cut]).1.contains("is missing"));
    tool.ends(2, &["consent", "verify", "/no/such/file"]);

    assert_eq!(node::answer("consent-ids.mjs", export.into_bytes()), Ok(json!({ "documents": 3 })));

    assert!(tool.prints(&["consent", "put", &tenant, &place, "biometric", "--off"]).contains("false"));
    tool.prints(&["consent", "verify", "--server", &tenant, &place, "biometric", "--newest", newest]);
}

fn an_export_altered_in_any_field_is_refused(t: &Deployment) {
    let (tool, tenant, place) = (Tool::new(t), unique("tenant"), community());
    let export = export(&tool, &tenant, &place);
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = lines[1]["document"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 11);
    for (number, line) in lines.iter().enumerate() {
        for name in names.iter().map(Some).chain([None]) {
            let mut altered = lines.clone();
            let field = match name {
                Some(name) => &mut altered[number]["document"][name],
                None => &mut altered[number]["consentId"],
            };
            *field = match field {
                Value::Number(at) => json!(at.as_i64().unwrap() - 1),
                Value::String(text) => json!(format!("{text}x")),
                _ => line["consentId"].clone(),
            };
            let text: Vec<_> = altered.iter().map(Value::to_string).collect();
            let file = tool.folder.file("altered.jsonl", &text.join("\n"));
            let error = tool.ends(1, &["consent", "verify", &file]).1;
            assert!(error.contains(&format!("version {} ", number + 1)), "{name:?} of {number}: {error}");
        }
    }
}

fn many_versions_are_imported(t: &Deployment) {
    // The other runtimes do the same over the same SQL, each version several times as slowly.
    let count = if t.instance.runtime.is_linked() { 1000 } else { 100 };
    let (tool, tenant, place) = (Tool::new(t), unique("tenant"), community());
    let line = |number: usize| {
        let line =
            json!({ "title": format!("version {number}"), "subtitle": "s", "body": "PGI+", "acknowledgeText": "a" });
        format!("{line}\n")
    };
    let half: String = (0..count / 2).map(line).collect();
    let file = tool.folder.file("half.jsonl", &half);
    let import = ["consent", "import", &tenant, &place];
    assert!(tool.ends(2, &[&import[..], &[&file]].concat()).1.contains("--type"));
    let imported = tool.prints(&[&import[..], &[&file, "--type", "terms"]].concat());
    assert!(imported.starts_with(&format!("imported {} versions\n", count / 2)), "{imported}");
    let all: String = (0..count).map(line).collect();
    let file = tool.folder.file("all.jsonl", &all);
    let skip = (count / 2).to_string();
    let newest =
        tool.prints(&["--json", "consent", "import", &tenant, &place, &file, "--type", "terms", "--skip", &skip]);
    let newest: Value = serde_json::from_str(&newest).unwrap();
    let proved = tool.prints(&["--json", "consent", "verify", "--server", &tenant, &place, "terms"]);
    let proved: Value = serde_json::from_str(&proved).unwrap();
    assert_eq!(proved, json!({ "versions": count, "newest": newest["newest"] }));

    // A line that is refused says where to go on.
    let wrong = tool.folder.file("wrong.jsonl", &format!("{}{}", line(count), "{\"title\":\"\"}\n"));
    let error = tool.ends(1, &[&import[..], &[&wrong, "--type", "terms"]].concat()).1;
    assert!(error.contains("--skip 1") && error.contains("title"), "{error}");

    // An export goes in elsewhere, in its order.
    let export = tool.prints(&["consent", "export", &tenant, &place, "terms"]);
    let newest_three: Vec<_> = export.lines().take(3).collect();
    let file = tool.folder.file("export.jsonl", &newest_three.join("\n"));
    let elsewhere = community();
    tool.prints(&["consent", "import", &tenant, &elsewhere, &file]);
    let copy = tool.prints(&["consent", "export", &tenant, &elsewhere, "terms"]);
    let titles = |export: &str| -> Vec<Value> {
        let title = |line: &str| serde_json::from_str::<Value>(line).unwrap()["document"]["title"].clone();
        export.lines().take(3).map(title).collect()
    };
    assert_eq!(titles(&copy), titles(&export));
}
