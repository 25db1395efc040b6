//! Patterns of callers: regular expressions without look-around and back-references, which are searched in linear time. Their
//! classes, and what they ignore of case, are ASCII's.

use std::borrow::Cow;

use regex_lite::{Regex, RegexBuilder};

/// How many characters a pattern may have.
pub const LONGEST: usize = 512;

/// How large a compiled pattern may be, in bytes.
pub const LARGEST: usize = 1 << 20;

/// Where a text is cut before it is searched, in bytes.
const MOST_SEARCHED: usize = 256 << 10;

/// A compiled pattern. It is searched anywhere in a text.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

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

    /// The size of what a text compiles to, in bytes, rounded up by a quarter at most. A search takes at most as many steps
    /// for each character.
    pub fn size(text: &str, case: Case) -> Option<usize> {
        let fits = |size: &usize| Self::within(text, case, *size).is_some();
        let power = (8..).map(|power| 1 << power).take_while(|size| *size <= LARGEST).find(fits)?;
        let less = (5..8).map(|eighths| power / 8 * eighths).find(fits);
        Some(less.unwrap_or(power))
    }

    fn within(text: &str, case: Case, size: usize) -> Option<Self> {
        let mut builder = RegexBuilder::new(text);
        builder.case_insensitive(case == Case::Ignored).size_limit(size);
        builder.build().ok().map(Self)
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(searched(text))
    }

    /// The first match.
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.0.find(searched(text)).map(|found| found.as_str())
    }
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
        assert!(size("a") <= 512, "{}", size("a"));
        assert!(size("(a{0,100}){0,10}") > 16 * size("a"));
        assert!(size("(a{0,100}){0,10}") <= LARGEST);
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
