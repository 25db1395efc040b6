//! Patterns of callers: regular expressions without look-around and back-references, which are searched in linear time. Their
//! classes, and what they ignore of case, are ASCII's.

mod size;

use std::borrow::Cow;

use regex_lite::{Regex, RegexBuilder};

/// How many characters a pattern may have.
pub const LONGEST: usize = 512;

/// How large a compiled pattern may be, in bytes.
pub const LARGEST: usize = 1 << 20;

/// How large the patterns may be together that one text is searched for at once, in bytes. A search takes up to as many steps
/// for each character as there are states, so that the worst patterns of this size take about a tenth of a second for 32 KiB
/// (natively, optimised); those of a mebibyte would take seven seconds.
pub const LARGEST_TOGETHER: i64 = 16 << 10;

/// Where a text is cut before it is searched, in bytes.
const MOST_SEARCHED: usize = 256 << 10;

/// A compiled pattern. It is searched anywhere in a text.
#[derive(Clone, Debug)]
pub struct Pattern(Search);

#[derive(Clone, Debug)]
enum Search {
    /// A text that is found as it is, which takes next to no time.
    Text(String),
    /// The same, in lower case.
    AnyCase(String),
    Regex(Regex),
}

/// What a text is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    AsWritten,
    Ignored,
}

impl Pattern {
    /// `None` when the text is no pattern, or one that is too large.
    pub fn compile(text: &str, case: Case) -> Option<Self> {
        Self::within(text, case, LARGEST)
    }

    /// The size of what a text compiles to, in bytes, which is the same on every runtime. A search takes at most as many steps
    /// for each character. What is no expression but a text has no size; what is no pattern has none that could be added.
    pub fn size(text: &str, case: Case) -> Option<i64> {
        if literal(text).is_some() {
            return Some(0);
        }
        let size = Some(size::estimated(text, case == Case::Ignored)).filter(|size| *size <= LARGEST)?;
        // Nothing takes more than is estimated; if it did, it would be refused.
        Self::within(text, case, size).and_then(|_| i64::try_from(size).ok())
    }

    /// The size of all of these, which one text is searched for at once.
    pub fn size_together<'a>(texts: impl IntoIterator<Item = &'a str>, case: Case) -> Option<i64> {
        texts.into_iter().map(|text| Self::size(text, case)).sum()
    }

    fn within(text: &str, case: Case, size: usize) -> Option<Self> {
        let mut builder = RegexBuilder::new(text);
        builder.case_insensitive(case == Case::Ignored).size_limit(size);
        let regex = builder.build().ok()?;
        Some(Self(match (literal(text), case) {
            (Some(text), Case::AsWritten) => Search::Text(text),
            (Some(text), Case::Ignored) => Search::AnyCase(text.to_ascii_lowercase()),
            (None, _) => Search::Regex(regex),
        }))
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The first match.
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let text = searched(text);
        match &self.0 {
            Search::Regex(regex) => regex.find(text).map(|found| found.as_str()),
            Search::Text(part) => text.find(part).and_then(|at| text.get(at..at + part.len())),
            Search::AnyCase(part) => text.to_ascii_lowercase().find(part).and_then(|at| text.get(at..at + part.len())),
        }
    }
}

/// The text that an expression stands for, if it has nothing but characters, perhaps escaped.
fn literal(expression: &str) -> Option<String> {
    let mut text = String::with_capacity(expression.len());
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => characters.next().filter(char::is_ascii_punctuation)?,
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            other => other,
        });
    }
    (!text.is_empty()).then_some(text)
}

/// What of a text is searched.
fn searched(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MOST_SEARCHED)).unwrap_or(text)
}

/// The pattern that finds a text as it is written.
pub fn escaped(text: &str) -> Cow<'_, str> {
    regex_lite::escape(text).into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::{Duration, Instant};

    use super::*;

    fn found<'a>(pattern: &str, case: Case, text: &'a str) -> Option<&'a str> {
        Pattern::compile(pattern, case).unwrap().find(text)
    }

    #[test]
    fn a_pattern_is_searched_anywhere_and_its_first_match_is_found() {
        assert_eq!(found(r"\d+", Case::AsWritten, "ab 12 34"), Some("12"));
        assert_eq!(found("^b", Case::AsWritten, "ab"), None);
        assert_eq!(found("AB", Case::AsWritten, "ab"), None);
        assert_eq!(found("AB", Case::Ignored, "xab"), Some("ab"));
        assert_eq!(found("(?i)AB", Case::AsWritten, "xab"), Some("ab"));
    }

    #[test]
    fn what_needs_more_than_linear_time_or_too_much_room_is_no_pattern() {
        for text in ["(", "a(?=b)", "(?<!a)b", r"(a)\1", "(a{1000}){1000}", "[", "a{2,1}"] {
            assert!(Pattern::compile(text, Case::AsWritten).is_none(), "{text}");
            assert_eq!(Pattern::size(text, Case::AsWritten), None, "{text}");
        }
    }

    #[test]
    fn the_size_of_a_pattern_grows_with_what_it_says() {
        let size = |text: &str| Pattern::size(text, Case::Ignored).unwrap();
        assert!((1..=512).contains(&size("[ab]")), "{}", size("[ab]"));
        assert!(size("(a{0,100}){0,10}") > 16 * size("[ab]"));
        assert!(size("(a{0,100}){0,10}") <= LARGEST as i64);
        let both = Pattern::size_together(["[ab]", "a", "b+"], Case::Ignored);
        assert_eq!(both, Some(size("[ab]") + size("b+")));
        assert_eq!(Pattern::size_together(["[ab]", "("], Case::Ignored), None);
    }

    #[test]
    fn a_text_without_signs_of_expressions_is_found_as_it_is() {
        for (expression, text) in [("a b", "a b"), (r"a\.b\\", r"a.b\"), ("Ü-#&~", "Ü-#&~"), (r"\$1", "$1")] {
            assert_eq!(literal(expression).as_deref(), Some(text), "{expression}");
            let upper = format!("x{}y", text.to_ascii_uppercase());
            let expected = text.to_ascii_uppercase();
            assert_eq!(found(expression, Case::Ignored, &upper), Some(expected.as_str()));
            assert_eq!(found(expression, Case::AsWritten, &format!("é{text}")), Some(text));
            assert_eq!(Pattern::size(expression, Case::Ignored), Some(0));
            // An expression that cannot be anything else finds the same.
            for case in [Case::AsWritten, Case::Ignored] {
                assert_eq!(found(&format!("(?:{expression})"), case, &upper), found(expression, case, &upper));
            }
        }
        for expression in ["", "a.", "a+", r"\d", r"\b", "(a)", "[a]", "a|b", "a{2}", "^a", "a$", "(?i)a"] {
            assert_eq!(literal(expression), None, "{expression}");
        }
        assert_eq!(found("ÄB", Case::Ignored, "äb"), None, "case is ASCII's");
    }

    /// Each is as large as patterns may be together, and keeps all of its states busy.
    #[test]
    fn the_worst_patterns_end_within_a_tenth_of_a_second_or_so() {
        let text = "a".repeat(32 << 10);
        // Tests are not optimised, and other programs run beside them.
        let most = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_secs(1) };
        for worst in ["(?:(?:a?){N}){10}b", "(?:(?:a*){N}){10}b", "(?:(?:a|aa|aaa){N}){10}b", "(?:.{0,N}){10}b"] {
            let of = |count: usize| worst.replace('N', &count.to_string());
            let fits =
                |count: &usize| Pattern::size(&of(*count), Case::Ignored).is_some_and(|it| it <= LARGEST_TOGETHER);
            let largest = (1..).take_while(fits).last().unwrap();
            let pattern = Pattern::compile(&of(largest), Case::Ignored).unwrap();
            let begun = Instant::now();
            assert!(!pattern.is_match(&text));
            let took = begun.elapsed();
            println!("{}: {took:?}", of(largest));
            assert!(took < most, "{} took {took:?}", of(largest));
        }
    }

    #[test]
    fn what_lies_beyond_a_quarter_of_a_mebibyte_is_not_searched() {
        let text = format!("{}needle", "é".repeat(MOST_SEARCHED / 2));
        assert_eq!(found("needle", Case::AsWritten, &text), None);
        assert_eq!(found("needle", Case::AsWritten, text.get(2..).unwrap()), None);
        assert_eq!(found("needle", Case::AsWritten, text.get(6..).unwrap()), Some("needle"));
    }

    #[test]
    fn an_escaped_text_finds_itself_alone() {
        for text in ["a.b", "(*)", r"\d", "a|b", "[x]", "ü"] {
            assert_eq!(found(&escaped(text), Case::Ignored, &format!("x{text}y")), Some(text));
        }
        assert_eq!(found(&escaped("a.b"), Case::Ignored, "axb"), None);
    }

    #[test]
    fn a_search_that_backtracking_would_never_end_ends() {
        let pattern = Pattern::compile("(a|a)*(a|a)*b", Case::AsWritten).unwrap();
        let begun = Instant::now();
        assert!(!pattern.is_match(&"a".repeat(20_000)));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
