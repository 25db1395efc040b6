//! Held against what `regex-lite` really allocates, natively.

use proptest::prelude::*;
use regex_lite::RegexBuilder;

use super::*;

fn fits(expression: &str, ignores_case: bool, size: usize) -> bool {
    let mut builder = RegexBuilder::new(expression);
    builder.case_insensitive(ignores_case).size_limit(size).build().is_ok()
}

/// What is really allocated here, to the byte.
fn allocated(expression: &str, ignores_case: bool) -> usize {
    let (mut below, mut enough) = (0, 1 << 24);
    assert!(fits(expression, ignores_case, enough), "{expression}");
    while enough - below > 1 {
        let middle = usize::midpoint(below, enough);
        if fits(expression, ignores_case, middle) { enough = middle } else { below = middle }
    }
    enough
}

#[test]
fn expressions_of_every_kind_take_no_more_than_is_said_and_not_much_less() {
    for expression in [
        "AKIA[0-9A-Z]{16}",
        "ghp_[A-Za-z0-9]{36}",
        "-----BEGIN (RSA|EC|OPENSSH|) ?PRIVATE KEY-----",
        r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*",
        r"(?i)(?:password|secret)\s*[:=]\s*['\x22]?(?P<value>[^\s'\x22]{8,64})",
        "(?x) (?: ab # not ) this [\n ) {2,3} c",
        r"(?x: a b )c d{2}",
        r"(?:(?i)ab)cd{3}",
        r"\bfoo\b{end}|^bar$|\A\z",
        "((a|b|)*|(c+)?){0,7}",
        "a{0}b{1}c{0,1}d{0,}e{1,}f{2,}g{2,5}h{3}?",
        "[]a-c-e-]|[^]x]|[^[:^punct:]_]|[a-]",
        r"[\x{30}-\x{39}\]\\]\u{e9}",
        "()|(?:)",
        ".*?(.+)",
        "(?:.{0,9}){10}b",
    ] {
        for ignores_case in [false, true] {
            let (said, taken) = (estimated(expression, ignores_case), allocated(expression, ignores_case));
            assert!((taken..=taken * 2).contains(&said), "{expression}: {said} for {taken}");
        }
    }
}

#[test]
fn what_no_memory_could_hold_has_a_size() {
    assert!(estimated("(((a{999999}){999999}){999999}){999999}", false) > 1 << 40);
    for text in ["(", "((", ")", "a)", "[", "[a-", "{", "a{", r"\", r"\x{", "(?", "(?P<", "a{,}", "*", "|"] {
        estimated(text, true);
    }
}

fn expressions() -> impl Strategy<Value = String> {
    let items = ["a", "Z", "é", ".", r"\d", r"\W", "[a-f0-9]", "[^x-]", r"\b", "^", r"\.", "(?i)", "(?-i)", ""];
    prop::sample::select(items.to_vec()).prop_map(str::to_owned).prop_recursive(5, 48, 4, |inner| {
        let repeated = ["{2}", "{0,3}", "{3,}", "{1,1}", "{0}", "*", "+?", "?"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            inner.clone().prop_map(|part| format!("({part})")),
            (inner, prop::sample::select(repeated.to_vec())).prop_map(|(part, often)| format!("(?:{part}){often}")),
        ]
    })
}

proptest! {
    #[test]
    fn no_expression_takes_more_than_is_said(expression in expressions(), ignores_case: bool) {
        let (said, taken) = (estimated(&expression, ignores_case), allocated(&expression, ignores_case));
        prop_assert!(taken <= said, "{}: {} for {}", expression, said, taken);
    }
}
