//! The published npm client of the Config API, unchanged, through all its calls.

use std::process::Command;

use chancery_tests::runtime;

use crate::{
    case::{Case, case},
    config_project::project,
    deployment::Deployment,
};

pub fn cases() -> Vec<Case> {
    vec![case(the_published_client_works_through_all_its_calls)]
}

fn the_published_client_works_through_all_its_calls(t: &Deployment) {
    let script = runtime::root().join("tests/console-sdk.mjs");
    let output = Command::new("node").arg(script).arg(&t.instance.url).arg(project(t).token).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), r#"{"requests":14}"#);
}
