//! The slugs of names, compared with the npm package `slugify` that they follow.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chancery_tests::node;
use model::config::slug;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

fn by_the_package(names: &[String]) -> Vec<String> {
    let slugs = node::answer("slugify.mjs", serde_json::to_vec(names).unwrap()).unwrap();
    serde_json::from_value(slugs).unwrap()
}

#[track_caller]
fn compare(names: &[String]) {
    let expected = by_the_package(names);
    assert_eq!(expected.len(), names.len());
    for (name, expected) in names.iter().zip(expected) {
        assert_eq!(slug(name), expected, "{name:?}");
    }
}

#[test]
fn every_character_is_transliterated_as_the_package_does_it() {
    let all = (0..=u32::from(char::MAX)).filter_map(char::from_u32);
    let known = all.filter(|character| u32::from(*character) < 0x3_0000);
    compare(&known.map(|character| format!("a{character}b {character}")).collect::<Vec<_>>());
}

#[test]
fn names_of_any_characters_have_the_slug_of_the_package() {
    let mut runner = TestRunner::default();
    let letters =
        "[ -~]{0,12}|[À-ž\u{300}-\u{345} -]{0,12}|[Ѐ-ӿΆ-ώ&%$ ]{0,12}|[a-zA-Z\u{300}-\u{36f}ạ-ỹ]{0,12}|\\PC{0,12}";
    let names = proptest::collection::vec(letters, 5000);
    compare(&names.new_tree(&mut runner).unwrap().current());
}
