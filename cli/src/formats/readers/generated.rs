//! Texts, numbers, trees and lines of variables, with what readers stumble over among them.

use proptest::{
    prelude::{Just, Strategy, any, prop, prop_oneof},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};

use crate::json::Json;

/// The same in every run.
pub(super) fn generated<T: std::fmt::Debug>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

pub(super) fn text() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "a",
        "b",
        " ",
        "#",
        " #",
        "\n",
        "\t",
        "\"",
        "'",
        "`",
        "\\",
        "\\n",
        "$",
        "$HOME",
        "${HOME}",
        "$(id)",
        "`id`",
        "=",
        ":",
        ": ",
        "- ",
        "yes",
        "no",
        "null",
        "~",
        "true",
        "12",
        "0x1f",
        "0o17",
        "1e3",
        "1_0",
        "1:30",
        "2024-01-01",
        "<<",
        "---",
        "...",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "\r",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{fffe}",
        "\u{1}",
        "\u{1b}",
        "é",
        "😀",
        "export ",
        ";",
        "&&",
        "C:\\new",
    ];
    let part = prop_oneof![
        8 => prop::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<char>().prop_filter("no NUL", |c| *c != '\0').prop_map(String::from),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn number() -> impl Strategy<Value = String> {
    let any_double = any::<f64>().prop_filter("finite", |n| n.is_finite());
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any_double.clone().prop_map(|n| format!("{n:?}")),
        any_double.prop_map(|n| format!("{n:E}")),
        Just("-0".to_owned()),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][-+]?[0-9]{1,2})?",
        "[1-9][0-9]{20,40}",
    ]
}

pub(super) fn tree() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        4 => text().prop_map(Json::Text),
        2 => number().prop_map(Json::Bare),
        1 => prop::sample::select(&["true", "false", "null"][..]).prop_map(|bare| Json::Bare(bare.to_owned())),
    ];
    leaf.prop_recursive(3, 12, 4, |below| {
        prop_oneof![
            prop::collection::vec(below.clone(), 0..4).prop_map(Json::List),
            prop::collection::vec((text(), below), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// A line of variables, or several, as people write them and worse.
pub(super) fn line() -> impl Strategy<Value = String> {
    const VALUES: &[&str] = &[
        "a",
        " ",
        "b c",
        "#",
        " # x",
        "\t",
        "'",
        "\"",
        "`",
        "\\",
        "\\'",
        "\\\"",
        "\\n",
        "\\r",
        "\\\\",
        "{\"a\":1}",
        "[1, 2]",
        "[::1]",
        "1",
        "1.50",
        "true",
        "null",
        "$A",
        "=",
        "é",
    ];
    let parts = prop::collection::vec(prop::sample::select(VALUES), 0..5).prop_map(|parts| parts.concat());
    let quoted = (prop::sample::select(&["'", "\"", "`"][..]), parts.clone(), parts.clone())
        .prop_map(|(quote, first, second)| format!("{quote}{first}\n{second}{quote}"));
    let name = prop::sample::select(&["A", "B", "a.b", "A-1", " A", "export A", "export\tB ", "export", "export "][..]);
    let between = prop::sample::select(&["=", " = ", ": ", ":\t", "=\u{a0}"][..]);
    let end = prop::sample::select(&["\n", "\r\n", " # c\n", "\n\n", "\n# c\n"][..]);
    (name, between, prop_oneof![3 => parts, 1 => quoted], end)
        .prop_map(|(name, between, value, end)| format!("{name}{between}{value}{end}"))
}
