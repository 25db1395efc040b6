//! What JavaScript packages say, for tests that compare with them.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;

use crate::runtime::root;

/// What a script of `tests` prints when it has read the input.
pub fn answer(script: &str, input: Vec<u8>) -> Result<Value, String> {
    let script = root().join("tests").join(script);
    let mut command = Command::new("node");
    command.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = command.spawn().map_err(|error| format!("cannot start node: {error}"))?;
    let mut stdin = node.stdin.take().ok_or("node has no input")?;
    // Beside reading: a script may print before it has read everything.
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = node.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{} failed: run scripts/setup if a package is missing", script.display()));
    }
    writer.join().map_err(|_| "the input was not written")?.map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{} printed no JSON: {error}", script.display()))
}
