//! What a text is searched for, and where it is found: patterns of callers, texts of high entropy, and known values. Nothing
//! that is found is kept here.

use std::collections::HashMap;

use super::{lease, pattern::Pattern};

/// The shortest value that is looked for by itself, in bytes. Its first so many bytes lead to it.
pub const SHORTEST: usize = 12;

/// The shortest token whose entropy is computed, in characters.
const TOKEN: usize = 20;

/// How many digits follow the prefix of a key of this API.
const KEY: usize = 40;

/// A pattern that is ready to be searched.
pub enum Rule {
    Regex(Pattern),
    /// In lower case.
    Keyword(String),
    /// The least bits a character.
    Entropy(f64),
}

/// A first hit.
#[derive(Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    /// From 1 on.
    pub line: usize,
    pub matched: &'a str,
}

/// A text with what is searched again and again.
pub struct Searched<'a> {
    text: &'a str,
    lower: String,
}

impl<'a> Searched<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, lower: text.to_lowercase() }
    }

    pub fn find<'b>(&'b self, rule: &'b Rule) -> Option<Hit<'b>> {
        let (within, matched) = match rule {
            Rule::Regex(pattern) => (self.text, pattern.find(self.text)?),
            Rule::Keyword(keyword) => {
                let at = self.lower.find(keyword.as_str())?;
                (self.lower.as_str(), self.lower.get(at..at + keyword.len())?)
            }
            Rule::Entropy(least) => (self.text, tokens(self.text).find(|token| bits_a_character(token) >= *least)?),
        };
        // Both are in the same text.
        let at = (matched.as_ptr() as usize).saturating_sub(within.as_ptr() as usize);
        Some(Hit { line: line_of(within.as_bytes(), at), matched })
    }
}

/// The line of a place in a text, from 1 on.
pub fn line_of(text: &[u8], at: usize) -> usize {
    1 + text.iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// Runs of 20 or more characters that tokens are made of.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_of_token = |character: char| character.is_ascii_alphanumeric() || "+/=_-".contains(character);
    text.split(move |character| !is_of_token(character)).filter(|token| token.len() >= TOKEN)
}

/// Where a password of a lease may stand, and what it would be: each run of so many letters and digits, and each key of this
/// API, which begins with a prefix.
pub fn passwords<'a>(text: &'a [u8], key_prefix: &'a [u8]) -> impl Iterator<Item = (usize, &'a [u8])> {
    let mut next = 0;
    let runs = text.split(|byte| !byte.is_ascii_alphanumeric()).map(move |run| {
        let at = next;
        next += run.len() + 1;
        (at, run)
    });
    runs.filter_map(move |(at, run)| match run.len() {
        lease::PASSWORD => Some((at, run)),
        KEY => {
            let start = at.checked_sub(key_prefix.len())?;
            let key = text.get(start..at + KEY)?;
            key.starts_with(key_prefix).then_some((start, key))
        }
        _ => None,
    })
}

/// Shannon's entropy of an ASCII text.
fn bits_a_character(text: &str) -> f64 {
    let mut counts = [0_u32; 128];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// Known values by their first bytes. What is kept of a value beside these is its length and whatever recognises it.
pub struct KnownValues<T> {
    by_start: HashMap<[u8; SHORTEST], Vec<(usize, T)>>,
}

impl<T> Default for KnownValues<T> {
    fn default() -> Self {
        Self { by_start: HashMap::new() }
    }
}

impl<T> KnownValues<T> {
    /// Values that are too short are not looked for.
    pub fn add(&mut self, value: &[u8], known: T) {
        if let Some(start) = value.first_chunk() {
            self.by_start.entry(*start).or_default().push((value.len(), known));
        }
    }

    /// Each place at which a value begins that may stand there: the place, the bytes that it would be, and what is known
    /// of it.
    pub fn candidates<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, &'a [u8], &'a T)> {
        text.windows(SHORTEST).enumerate().flat_map(move |(at, start)| {
            let start: Option<&[u8; SHORTEST]> = start.first_chunk();
            let known = start.and_then(|start| self.by_start.get(start));
            known
                .into_iter()
                .flatten()
                .filter_map(move |(length, known)| Some((at, text.get(at..at.checked_add(*length)?)?, known)))
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::{Duration, Instant};

    use super::*;
    use crate::qnsp::pattern::{Case, LARGEST_TOGETHER};

    fn found(rule: &Rule, text: &str) -> Option<(usize, String)> {
        let searched = Searched::new(text);
        searched.find(rule).map(|hit| (hit.line, hit.matched.to_owned()))
    }

    #[test]
    fn the_first_hit_of_a_pattern_is_found_with_its_line() {
        let regex = Rule::Regex(Pattern::compile(r"AKIA[0-9A-Z]{4}", Case::AsWritten).unwrap());
        assert_eq!(found(&regex, "a\nb AKIA1234 AKIA5678\n"), Some((2, "AKIA1234".to_owned())));
        assert_eq!(found(&regex, "akia1234"), None);
        assert_eq!(found(&regex, "AKIA9999"), Some((1, "AKIA9999".to_owned())));
    }

    /// As many as a scan may have, together as large as they may be, and all of them busy to the end. A file may be eight
    /// times as long.
    #[test]
    fn the_worst_rules_of_a_scan_end_within_a_tenth_of_a_second_or_so() {
        let text = "a".repeat(32 << 10);
        let most = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_secs(1) };
        for worst in ["(?:a?){N}b", "(?:(?:a|aa|aaa){N}){2}b", "(?:.{0,N}){2}b"] {
            let together = |count: usize| {
                let expression = worst.replace('N', &count.to_string());
                Pattern::size_together([expression.as_str(); 5], Case::AsWritten).unwrap()
            };
            let count = (1..).take_while(|count| together(*count) <= LARGEST_TOGETHER).last().unwrap();
            let expression = worst.replace('N', &count.to_string());
            let rules = [(); 5].map(|()| Rule::Regex(Pattern::compile(&expression, Case::AsWritten).unwrap()));
            let searched = Searched::new(&text);
            let begun = Instant::now();
            assert!(rules.iter().all(|rule| searched.find(rule).is_none()));
            let took = begun.elapsed();
            println!("five times {expression}: {took:?}");
            assert!(took < most, "five times {expression} took {took:?}");
        }
    }

    #[test]
    fn a_keyword_is_found_in_any_case() {
        let keyword = Rule::Keyword("password=ä".to_owned());
        assert_eq!(found(&keyword, "x\n\nmy PassWord=Ä!"), Some((3, "password=ä".to_owned())));
        assert_eq!(found(&keyword, "pass word"), None);
    }

    #[test]
    fn tokens_of_high_entropy_are_found() {
        let four = Rule::Entropy(4.0);
        assert_eq!(found(&four, "a = ABCDEFGHIJKLMNOPQRST"), Some((1, "ABCDEFGHIJKLMNOPQRST".to_owned())));
        assert_eq!(found(&four, "a = ABCDEFGHIJKLMNOPQRS"), None, "19 characters");
        assert_eq!(found(&four, "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"), None);
        assert_eq!(found(&Rule::Entropy(1.0), "abababababababababab"), Some((1, "abababababababababab".to_owned())));
    }

    #[test]
    fn entropy_is_that_of_shannon() {
        assert_eq!(bits_a_character("aaaa"), 0.0);
        assert_eq!(bits_a_character("abcd"), 2.0);
        assert!((bits_a_character("aab") - 0.918_295_834).abs() < 1e-9);
    }

    #[test]
    fn known_values_are_candidates_wherever_their_first_bytes_stand() {
        let mut known = KnownValues::default();
        known.add(b"short-value", "short");
        known.add(b"0123456789ab", "exact");
        known.add(b"0123456789abcdef", "long");
        let places = |text: &[u8]| -> Vec<(usize, Vec<u8>, &str)> {
            known.candidates(text).map(|(at, bytes, known)| (at, bytes.to_vec(), *known)).collect()
        };
        assert_eq!(places(b"short-value"), []);
        assert_eq!(places(b"x 0123456789ab"), [(2, b"0123456789ab".to_vec(), "exact")]);
        let both = [(0, b"0123456789ab".to_vec(), "exact"), (0, b"0123456789abXdef".to_vec(), "long")];
        assert_eq!(places(b"0123456789abXdef"), both, "the bytes are still to be compared");
    }

    #[test]
    fn passwords_are_whole_runs_of_32_letters_and_digits_or_keys_with_their_prefix() {
        let (password, digits) = ("aB3".repeat(11)[..32].to_owned(), "0f".repeat(20));
        let found = |text: &str| -> Vec<(usize, String)> {
            let passwords = passwords(text.as_bytes(), b"pqc_");
            passwords.map(|(at, bytes)| (at, String::from_utf8(bytes.to_vec()).unwrap())).collect()
        };
        assert_eq!(found(&password), [(0, password.clone())]);
        assert_eq!(found(&format!("a\nurl=p://me:{password}@h")), [(13, password.clone())]);
        assert_eq!(found(&format!("{password}-{password}_")), [(0, password.clone()), (33, password.clone())]);
        assert_eq!(found(&format!("x{password}")), [], "part of a longer run");
        assert_eq!(found(&password[1..]), []);
        assert_eq!(found(&format!("key pqc_{digits}")), [(4, format!("pqc_{digits}"))]);
        for text in [digits.clone(), format!("qc_{digits}"), format!("pqc_{digits}0"), String::new()] {
            assert_eq!(found(&text), [], "{text}");
        }
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!([0, 1, 2, 9].map(|at| line_of(b"a\nb", at)), [1, 1, 2, 2]);
    }
}
