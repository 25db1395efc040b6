//! What the documents promise: the walk of docs/integrating.md is carried out, command by command as it stands there, with
//! each of the clients in docs/clients.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use chancery_tests::{runtime, tools, variables::Variables};
use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    deployment::{Deployment, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_walk_works_with_the_client_in_python),
        case(the_walk_works_with_the_client_in_node),
        case(the_walk_works_with_the_client_in_go),
        case(the_clients_in_python_and_node_work_on_the_other_curve),
    ]
}

fn the_walk_works_with_the_client_in_python(t: &Deployment) {
    if let Some(python) = tools::program("python-readers/bin/python") {
        walk(t, &format!("{} docs/clients/client.py", python.display()));
    }
}

fn the_walk_works_with_the_client_in_node(t: &Deployment) {
    walk(t, "node docs/clients/client.mjs");
}

fn the_walk_works_with_the_client_in_go(t: &Deployment) {
    if let Some(go) = tools::program("go/root/bin/go") {
        let client = Program::build(&go);
        walk(t, &client.0.display().to_string());
    }
}

/// A program of Go, removed with this value.
struct Program(PathBuf);

impl Program {
    fn build(go: &Path) -> Self {
        let program = Self(env::temp_dir().join(unique("chancery-client")));
        let mut command = Command::new(go);
        command.args(["build", "-o"]).arg(&program.0).arg("docs/clients/client.go").current_dir(runtime::root());
        // Neither a module nor another toolchain is fetched, and nothing lands in the home of whoever tests.
        command.env("GOCACHE", tools::folder().join("go/cache")).env("GOPATH", tools::folder().join("go/path"));
        command.envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOTELEMETRY", "off"), ("CGO_ENABLED", "0")]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The commands under the heading "The walk", and what each prints that is an answer.
fn walk(t: &Deployment, client: &str) {
    let document = fs::read_to_string(runtime::root().join("docs/integrating.md")).unwrap();
    let (_, walk) = document.split_once("\n## The walk\n").unwrap();
    let mut blocks = walk.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let preparation = blocks.next().unwrap();
    for line in ["export CHANCERY_URL=", "export CHANCERY_LICENSE=", "client() { "] {
        assert!(preparation.contains(line), "{line} is not what the first block prepares");
    }
    let mut script = format!("set -euo pipefail\nclient() {{ {client} \"$@\"; }}\n{}", blocks.collect::<String>());
    // Others walk through the same deployment.
    for name in ["my-service", "acme", "shop-web", "my-app"] {
        assert!(script.contains(name), "{name}");
        script = script.replace(name, &unique(name));
    }
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir(runtime::root()).stdin(Stdio::null());
    command.env("CHANCERY_URL", &t.instance.url).env("CHANCERY_LICENSE", &t.root.secret);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let printed = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        serde_json::Deserializer::from_str(&printed).into_iter().collect::<Result<_, _>>().unwrap();
    let found = |pointer: &str| {
        let found: Vec<_> = answers.iter().filter_map(|answer| answer.pointer(pointer)).cloned().collect();
        json!(found)
    };
    assert_eq!(found("/authLevel"), json!(["service", "service"]), "the current licence and its membership");
    assert_eq!(found("/isAuthorized"), json!([true, true]), "made a member, and checked");
    assert_eq!(found("/secrets/0/value"), json!(["correct horse"]));
    assert_eq!(found("/data/title"), json!(["Terms", "Terms"]), "the data of consents were decrypted");
    assert_eq!(found("/otp.length"), json!([6, 6]));
    assert_eq!(found("/item/value"), json!(["5"]));
    assert_eq!(found("/configs/pool-size/value"), json!(["5"]));
    assert_eq!(found("/version"), json!([1, 1]), "made and read in the vault");
    assert_eq!(found("/value"), json!(["correct horse"]));
}

fn the_clients_in_python_and_node_work_on_the_other_curve(shared: &Deployment) {
    let variables = Variables::random().with("EC_CURVE_NAME", "secp256k1");
    let t = Deployment::start(shared.instance.runtime, variables).unwrap();
    let python = tools::program("python-readers/bin/python").map(|python| (python, "docs/clients/client.py"));
    for (program, client) in python.into_iter().chain([(PathBuf::from("node"), "docs/clients/client.mjs")]) {
        let mut command = Command::new(program);
        command.args([client, "GET", "/licenses/servicekey/current"]).current_dir(runtime::root());
        command.env("CHANCERY_URL", &t.instance.url);
        let licensed = command.env("CHANCERY_LICENSE", &t.app.secret).output().unwrap();
        let current: Value = serde_json::from_slice(&licensed.stdout).unwrap();
        assert_eq!(current["tag"], t.app.tag);
        let refused = command.env("CHANCERY_LICENSE", "unknown").output().unwrap();
        let errors = String::from_utf8(refused.stderr).unwrap();
        assert_eq!((refused.status.code(), refused.stdout.is_empty()), (Some(1), true), "{errors}");
        assert!(errors.starts_with("401: "), "{errors}");
    }
}
