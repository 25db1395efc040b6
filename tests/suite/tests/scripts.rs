//! The scripts beside the functions: what scripts/manifests writes is what the functions' Cargo.toml say, and the tests
//! of scripts that are written in JavaScript pass.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use chancery_tests::runtime::root;

#[test]
fn generated_files_are_what_the_functions_say() {
    let output = Command::new(root().join("scripts/manifests")).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn tests_in_javascript_pass() {
    let output = Command::new("node").arg("--test").arg(root().join("tests/scripts")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
