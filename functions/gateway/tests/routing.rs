//! The gateway's table, `spin.toml` and `wrangler.toml` must tell the same story.
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
    for api in ["system", "caas", "licensing", "config", "portal"] {
        for folder in fs::read_dir(root().join("functions").join(api)).unwrap() {
            let name = folder.unwrap().file_name().into_string().unwrap();
            let config = read(&format!("functions/{api}/{name}/wrangler.toml"));
            assert_eq!(text(&config, "name"), format!("chancery-{name}"));
            assert!(FUNCTIONS.iter().any(|function| function.name == name), "{name} has no route in the gateway");
        }
    }
}
