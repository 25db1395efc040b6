//! What is written is read alike by the readers that people use: sh, Node, npm's dotenv and js-yaml, PyPI's python-dotenv
//! and PyYAML. scripts/setup installs them.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod generated;

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use proptest::prelude::prop;

use self::generated::{generated, line, text, tree};
use super::Format;
use crate::json::{Json, Members};

/// What a reader makes of texts, in their order; null where it refuses one.
type Reader<'a> = (&'a str, Box<dyn Fn(&[String]) -> Vec<Json>>);

#[test]
fn variables_are_read_alike_by_every_reader() {
    let (mut written, mut refused) = (Members::new(), 0);
    for (number, value) in generated(600, tree()).into_iter().enumerate() {
        let one = Members::from([(format!("V{number}"), value)]);
        match Format::Env.write(&one) {
            Ok(_) => written.extend(one),
            Err(_) => refused += 1,
        }
    }
    assert!(written.len() > 3 * refused, "{refused} refused, {} written", written.len());
    let text = Format::Env.write(&written).unwrap();
    assert_eq!(Format::Env.parse(&text).unwrap().members, written);
    let files = [("node --env-file", by_node as fn(&[String]) -> Vec<Json>), ("sh", by_sh)];
    let files = files.map(|(name, read)| -> Reader<'_> { (name, Box::new(read)) });
    for (reader, read) in readers("dotenv").into_iter().chain(files) {
        let read = read(std::slice::from_ref(&text));
        let read = read[0].object().unwrap_or_else(|| panic!("{reader} refuses the file"));
        for (name, value) in &written {
            let expected = match value {
                Json::Text(text) => Json::Text(text.clone()),
                Json::Bare(bare) => Json::Text(bare.clone()),
                // Their text is JSON; which of its spellings it is does not matter.
                json => json.clone(),
            };
            let found = match (&expected, read.get(name)) {
                (Json::List(_) | Json::Object(_), Some(Json::Text(text))) => Json::parse(text).ok(),
                (_, found) => found.cloned(),
            };
            assert_eq!(found, Some(expected), "{name} by {reader}");
        }
    }
}

#[test]
fn variables_are_read_as_dotenv_reads_them() {
    let texts: Vec<String> =
        generated(2000, prop::collection::vec(line(), 1..4)).iter().map(|lines| lines.concat()).collect();
    let (_, dotenv) = readers("dotenv").remove(0);
    let mut compared = 0;
    for (text, expected) in texts.iter().zip(dotenv(&texts)) {
        // What this reader refuses it does not change.
        let Ok(document) = Format::Env.parse(text) else { continue };
        for (name, expected) in expected.object().unwrap() {
            let Json::Text(expected) = expected else { panic!("{expected}") };
            let found = name.split('.').try_fold(None, |above: Option<&Json>, name| {
                above.map_or(Some(&document.members), Json::object)?.get(name).map(Some)
            });
            match found.flatten().unwrap_or_else(|| panic!("{name} is missing in {text:?}")) {
                Json::Text(found) | Json::Bare(found) => assert_eq!(found, expected, "{name} in {text:?}"),
                // A comment may be cut from it.
                json => assert!(
                    Json::parse(expected).is_ok_and(|read| read == *json) || expected.len() < json.to_string().len()
                ),
            }
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn yaml_is_read_alike_by_every_reader() {
    let values = generated(1500, tree()).into_iter().enumerate();
    let names = generated(300, text()).into_iter().map(|name| (name.clone(), Json::Text(name)));
    let long = (
        format!("long {}", "é\"".repeat(2000)),
        Json::Object(Members::from([("n".repeat(900), Json::List(Vec::new()))])),
    );
    let all: Members = values.map(|(number, value)| (format!("V{number}"), value)).chain(names).chain([long]).collect();
    let text = Format::Yaml.write(&all).unwrap();
    assert_eq!(
        Json::Object(Format::Yaml.parse(&text).unwrap().members).to_string(),
        Json::Object(all.clone()).to_string()
    );
    for (reader, read) in readers("yaml") {
        let read = read(std::slice::from_ref(&text));
        let read = read[0].object().unwrap_or_else(|| panic!("{reader} refuses the file"));
        assert_eq!(read.len(), all.len(), "{reader}");
        for (name, value) in &all {
            assert!(same(value, &read[name]), "{name}: {value} is {} by {reader}", read[name]);
        }
    }
}

/// Numbers are the same if they are so as doubles, which is what readers have.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Bare(one), Json::Bare(other)) => {
            one == other || one.parse::<f64>().is_ok_and(|one| other.parse() == Ok(one))
        }
        (Json::List(one), Json::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// Those of npm, and those of PyPI where there is a Python.
fn readers(format: &'static str) -> Vec<Reader<'static>> {
    let (js, py) = (script("read.mjs"), script("read.py"));
    let mut readers: Vec<Reader<'_>> =
        vec![("npm", Box::new(move |texts| by_script("node".into(), &js, format, texts)))];
    match python() {
        Some(python) => readers.push(("PyPI", Box::new(move |texts| by_script(python.clone(), &py, format, texts)))),
        // Not by a macro: the test program would keep it to itself.
        None => {
            writeln!(io::stderr(), "NOT RUN: there is no python3, so what PyPI's readers read is not known").unwrap()
        }
    }
    readers
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers").join(name)
}

/// The one with the packages, which scripts/setup makes wherever there is a Python.
pub(crate) fn python() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache"));
    let python = cache.join("chancery/tools/python-readers/bin/python");
    if python.exists() {
        return Some(python);
    }
    let any = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(any.is_err(), "{} is missing: run scripts/setup", python.display());
    None
}

pub(crate) fn by_script(program: PathBuf, script: &Path, format: &str, texts: &[String]) -> Vec<Json> {
    let texts = Json::List(texts.iter().cloned().map(Json::Text).collect()).to_string();
    let mut command = Command::new(program);
    command.arg(script).arg(format).env_clear().env("PATH", env::var_os("PATH").unwrap());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(texts.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{} failed: run scripts/setup if a package is missing", script.display());
    let Ok(Json::List(read)) = Json::parse(&String::from_utf8(output.stdout).unwrap()) else { panic!("no list") };
    read
}

const SHOW: &str = "process.stdout.write(JSON.stringify(process.env))";

fn by_node(texts: &[String]) -> Vec<Json> {
    with_file(texts, |file| {
        let mut command = Command::new("node");
        command.arg(format!("--env-file={}", file.display())).args(["-e", SHOW]);
        command
    })
}

fn by_sh(texts: &[String]) -> Vec<Json> {
    with_file(texts, |file| {
        let mut command = Command::new("sh");
        command.args(["-euc", "set -a; . \"$1\"; exec node -e \"$2\"", "sh"]).arg(file).arg(SHOW);
        command
    })
}

fn with_file(texts: &[String], command: impl Fn(&Path) -> Command) -> Vec<Json> {
    let file = env::temp_dir().join(format!("chancery-readers-{}-{:p}.env", std::process::id(), &command));
    let read = texts.iter().map(|text| {
        fs::write(&file, text).unwrap();
        let output = command(&file).env_clear().env("PATH", env::var_os("PATH").unwrap()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Json::parse(&String::from_utf8(output.stdout).unwrap()).unwrap()
    });
    let read = read.collect();
    fs::remove_file(file).unwrap();
    read
}
