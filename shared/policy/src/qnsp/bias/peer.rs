//! What fairlearn, from PyPI, computes of the same rows.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use model::qnsp::ai::EvaluationType;
use serde_json::{Value, json};

use super::{Dataset, Format, evaluate};

/// Rows of a generator that gives the same ones each time: some groups are large, some small, and predictions lean to one.
fn rows(seed: u64) -> Vec<Value> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    let groups = 2 + seed % 4;
    let count = 40 + next(200);
    let row = |_| {
        let group = next(groups);
        let label = next(2);
        let prediction = u64::from(next(10) < 2 + 2 * label + group);
        let score = next(1_000) as f64 / 1_000.0;
        json!({ "group": format!("g{group}"), "label": label, "prediction": prediction, "score": score })
    };
    (0..count).map(row).collect()
}

#[test]
fn fairlearn_computes_the_same() {
    let Some(python) = python() else { return };
    // Groups of few rows, or of one label alone, take part there as well, and not here.
    let is_compared = |set: &Vec<Value>| {
        let rows = |group: &Value, label: u64| {
            set.iter().filter(|row| row["group"] == *group && row["label"] == label).count()
        };
        set.iter().all(|row| rows(&row["group"], 0) >= 3 && rows(&row["group"], 1) >= 3)
    };
    let sets: Vec<_> = (0..100).map(rows).filter(is_compared).collect();
    assert!(sets.len() >= 50, "{} sets", sets.len());
    let theirs = computed_by(&python, &json!(sets));
    for (set, theirs) in sets.iter().zip(theirs.as_array().unwrap()) {
        let dataset = Dataset::read(json!(set).to_string().as_bytes(), Format::Json).unwrap();
        for kind in [EvaluationType::DemographicParity, EvaluationType::EqualizedOdds, EvaluationType::Calibration] {
            let ours = evaluate(kind, &dataset, &["group".to_owned()], usize::MAX).unwrap();
            let name: &str = kind.into();
            let theirs = theirs[name].as_f64().unwrap();
            assert!((ours.score - theirs).abs() <= 0.000_051, "{name}: {} and {theirs}", ours.score);
        }
    }
}

fn computed_by(python: &Path, sets: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/bias.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = sets.to_string();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "fairlearn failed: run scripts/setup");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one with fairlearn, which scripts/setup makes wherever there is a Python.
fn python() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache"));
    let python = cache.join("chancery/tools/fairlearn/bin/python");
    if python.exists() {
        return Some(python);
    }
    let any = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(any.is_err(), "{} is missing: run scripts/setup", python.display());
    // Not by a macro: the test program would keep it to itself.
    writeln!(std::io::stderr(), "NOT RUN: there is no python3, so what fairlearn computes is not known").unwrap();
    None
}
