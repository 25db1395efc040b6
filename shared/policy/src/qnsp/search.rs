//! The search over a tenant's documents: which words a text has, what synonyms expand to, and what a word is worth.

use std::collections::BTreeMap;

use model::qnsp::search::GroupType;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// Where a word is cut, in characters.
const LONGEST_WORD: usize = 64;

/// How many different words of a document are kept.
pub const MOST_WORDS: usize = 5_000;

/// How soon more of the same word says no more, and how much the length of a document counts.
pub const K1: f64 = 1.2;
pub const B: f64 = 0.75;

/// The words of a text, in order: letters and digits of any script, in lower case.
///
/// ```
/// use chancery_policy::qnsp::search::words;
///
/// assert_eq!(words("DON'T panic: 42 Ärzte!").collect::<Vec<_>>(), ["don", "t", "panic", "42", "ärzte"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let text = text.nfc().collect::<String>().to_lowercase();
    let parts =
        text.unicode_words().flat_map(|word| word.split(joins)).filter(|part| part.chars().any(char::is_alphanumeric));
    let words = parts.map(|part| part.chars().take(LONGEST_WORD).collect()).collect::<Vec<_>>();
    words.into_iter()
}

/// Whether a character is none of a word's, though Unicode has it join two to one, as in `a.b`, `a:b` and `a_b`.
fn joins(character: char) -> bool {
    character.is_ascii_punctuation()
        || matches!(character, '\u{b7}' | '\u{2018}' | '\u{2019}' | '\u{2024}' | '\u{2027}')
}

/// How often each word stands in a document, and in how many words that is.
pub fn frequencies<'a>(texts: impl IntoIterator<Item = &'a str>) -> (BTreeMap<String, i64>, i64) {
    let (mut frequencies, mut length) = (BTreeMap::new(), 0);
    for word in texts.into_iter().flat_map(words) {
        let is_full = frequencies.len() >= MOST_WORDS;
        match frequencies.get_mut(&word) {
            Some(frequency) => *frequency += 1,
            None if is_full => continue,
            None => {
                frequencies.insert(word, 1);
            }
        }
        length += 1;
    }
    (frequencies, length)
}

/// A term as terms are compared: trimmed, with single blanks, in lower case.
pub fn compared(term: &str) -> String {
    term.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Terms that stand for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub kind: GroupType,
    pub terms: Vec<String>,
}

impl Group {
    /// The terms, as they are compared, that the group expands.
    pub fn expanded(&self) -> Vec<String> {
        let count = match self.kind {
            GroupType::Equivalent => self.terms.len(),
            GroupType::OneWay => 1,
        };
        self.terms.iter().take(count).map(|term| compared(term)).collect()
    }
}

/// What a term expands to by groups in their order: other terms as they were stored, of equal ones the first. Expansions are
/// not expanded again.
pub fn expand<'a>(groups: impl IntoIterator<Item = &'a Group>, term: &str) -> Vec<String> {
    let (term, mut seen, mut expansions) = (compared(term), Vec::new(), Vec::new());
    for group in groups.into_iter().filter(|group| group.expanded().contains(&term)) {
        for other in &group.terms {
            let as_compared = compared(other);
            if as_compared != term && !seen.contains(&as_compared) {
                seen.push(as_compared);
                expansions.push(other.clone());
            }
        }
    }
    expansions
}

/// What a word is worth that so many of the documents hold: the rarer, the more.
pub fn rarity(documents: i64, holding: i64) -> f64 {
    let (documents, holding) = (documents as f64, holding as f64);
    (1.0 + (documents - holding + 0.5) / (holding + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group(kind: GroupType, terms: &[&str]) -> Group {
        Group { kind, terms: terms.iter().map(|term| (*term).to_owned()).collect() }
    }

    fn all(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_those_of_unicode_in_one_form() {
        assert_eq!(all(" \t,;.!?—🎉"), Vec::<String>::new());
        assert_eq!(all("a-b_c d.e kms:key it’s __"), ["a", "b", "c", "d", "e", "kms", "key", "it", "s"]);
        assert_eq!(all("Stra\u{df}e re\u{301}sume\u{301}"), ["straße", "résumé"], "composed");
        assert_eq!(all("Привет мир"), ["привет", "мир"]);
        assert_eq!(all(&"x".repeat(70)), ["x".repeat(64)]);
    }

    #[test]
    fn a_document_keeps_its_first_words() {
        let (counted, length) = frequencies(["b a", "A b a"]);
        assert_eq!((counted.get("a"), counted.get("b"), length), (Some(&3), Some(&2), 5));
        let many: Vec<_> = (0..MOST_WORDS + 3).map(|number| format!("w{number}")).collect();
        let (counted, length) = frequencies([many.join(" ").as_str(), "w0 w5001"]);
        assert_eq!((counted.len(), length, counted.get("w0")), (MOST_WORDS, 5_001, Some(&2)));
    }

    #[test]
    fn equivalent_terms_expand_each_other_and_one_way_only_the_first() {
        let groups = [
            group(GroupType::OneWay, &["Car", "vehicle", "CAR ", "auto mobile"]),
            group(GroupType::Equivalent, &["automobile", "car", "Vehicle", "van"]),
            group(GroupType::Equivalent, &["van", "lorry"]),
        ];
        assert_eq!(expand(&groups, "  cAR "), ["vehicle", "auto mobile", "automobile", "van"]);
        assert_eq!(expand(&groups, "vehicle"), ["automobile", "car", "van"]);
        assert_eq!(expand(&groups, "auto  mobile"), Vec::<String>::new());
        assert_eq!(expand(&groups, "van"), ["automobile", "car", "Vehicle", "lorry"]);
        assert_eq!(expand(&groups, "ship"), Vec::<String>::new());
    }

    #[test]
    fn the_rarer_word_is_worth_more() {
        assert!((rarity(1, 1) - (1.0_f64 + 0.5 / 1.5).ln()).abs() < 1e-12);
        assert!(rarity(100, 1) > rarity(100, 2) && rarity(100, 100) > 0.0);
    }

    proptest! {
        #[test]
        fn words_of_words_are_themselves(text in "\\PC{0,40}") {
            let once = all(&text);
            for word in &once {
                prop_assert!(word.chars().count() <= LONGEST_WORD && word.chars().any(char::is_alphanumeric));
            }
            prop_assert!(once.len() <= text.chars().count().max(1) * 3);
        }

        #[test]
        fn no_term_expands_to_itself(terms in prop::collection::vec("[a-cA-C ]{1,3}", 2..6), term in "[a-c]{1,2}") {
            let group = Group { kind: GroupType::Equivalent, terms };
            let expansions: Vec<_> = expand([&group], &term).iter().map(|other| compared(other)).collect();
            prop_assert!(!expansions.contains(&compared(&term)));
            let mut distinct = expansions.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), expansions.len());
        }
    }
}
