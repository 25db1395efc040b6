//! The gateway's table, `spin.toml` and `wrangler.toml` must agree.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop at once")]

use gateway::routes::FUNCTIONS;
use std::{collections::BTreeSet, fs, path::Path};
use toml::Table;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> Table {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| unreachable!("{path}: {error}"));
    text.parse().expect("valid TOML")
}

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table[key].as_str().unwrap()
}

#[test]
fn spin_has_the_same_routes() {
    let here: BTreeSet<_> = FUNCTIONS
        .iter()
        .flat_map(|function| function.routes.iter().map(|route| (function.name.to_owned(), (*route).to_owned())))
        .collect();
    let spin = read("spin.toml");
    let there: BTreeSet<_> = spin["trigger"]["http"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trigger| {
            let trigger = trigger.as_table().unwrap();
            (text(trigger, "component").to_owned(), text(trigger, "route").to_owned())
        })
        // Spin has no gateway to refuse what nobody answers; a function does it there.
        .filter(|(_, route)| route != "/...")
        .collect();
    assert_eq!(here, there);
}

#[test]
fn every_function_is_bound() {
    let here: BTreeSet<_> =
        FUNCTIONS.iter().map(|function| (function.binding.to_owned(), format!("chancery-{}", function.name))).collect();
    let there: BTreeSet<_> = read("wrangler.toml")["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| {
            let service = service.as_table().unwrap();
            (text(service, "binding").to_owned(), text(service, "service").to_owned())
        })
        .collect();
    assert_eq!(here, there);
}

#[test]
fn every_function_has_its_own_wrangler_file() {
    for (name, folder) in folders() {
        let config = read(&format!("{folder}/wrangler.toml"));
        assert_eq!(text(&config, "name"), format!("chancery-{name}"));
        assert!(FUNCTIONS.iter().any(|function| function.name == name), "{name} has no route in the gateway");
    }
}

/// Every folder with a crate below `functions/<api>`, by its name.
fn folders() -> Vec<(String, String)> {
    let apis = fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap().path());
    let inside = apis.filter(|api| api.is_dir()).flat_map(|api| fs::read_dir(api).unwrap());
    let crates = inside.map(|entry| entry.unwrap().path()).filter(|folder| folder.join("Cargo.toml").is_file());
    let named = crates.map(|folder| {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = folder.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (name, folder)
    });
    named.collect()
}
