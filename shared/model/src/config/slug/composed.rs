//! Normalization form C of Unicode, as far as a slug depends on it: of characters that the map has or that are ASCII,
//! and of what they form with combining marks. The whole tables would be a fifth of the function that makes slugs.

use std::{collections::HashMap, sync::LazyLock};

/// One line each: a character, `=` and the two that compose it, or `>` and what it always is replaced by.
const COMPOSITIONS: &str = include_str!("compositions.txt");

/// One line each: the first of some characters, in hexadecimal, how many they are, and their combining class.
const CLASSES: &str = include_str!("classes.txt");

struct Tables {
    decompositions: HashMap<char, &'static str>,
    compositions: HashMap<(char, char), char>,
    /// By the first character.
    classes: Vec<(u32, u32, u8)>,
}

/// The composed characters of a text.
pub(super) fn composed(text: &str) -> Vec<char> {
    static TABLES: LazyLock<Tables> = LazyLock::new(Tables::read);
    let tables = &*TABLES;
    let mut characters = Vec::with_capacity(text.len());
    text.chars().for_each(|character| tables.decompose(character, &mut characters));
    for marks in characters.split_mut(|(_, class)| *class == 0) {
        marks.sort_by_key(|(_, class)| *class);
    }
    let mut composed: Vec<char> = Vec::with_capacity(characters.len());
    // Where the last starter is, and the class of what came after it.
    let (mut starter, mut last) = (None, 0);
    for (character, class) in characters {
        if let Some(at) = starter
            && (last < class || composed.len() == at + 1)
            && let Some(base) = composed.get_mut(at)
            && let Some(composite) = tables.compositions.get(&(*base, character))
        {
            *base = *composite;
            continue;
        }
        if class == 0 {
            starter = Some(composed.len());
        }
        last = class;
        composed.push(character);
    }
    composed
}

impl Tables {
    fn read() -> Self {
        let (mut decompositions, mut compositions) = (HashMap::new(), HashMap::new());
        for line in COMPOSITIONS.lines() {
            let mut characters = line.chars();
            let (Some(character), Some(kind)) = (characters.next(), characters.next()) else { continue };
            decompositions.insert(character, characters.as_str());
            if let (Some(first), Some(second)) = (characters.next(), characters.next())
                && kind == '='
            {
                compositions.insert((first, second), character);
            }
        }
        let class = |line: &str| {
            let mut words = line.split(' ');
            let first = u32::from_str_radix(words.next()?, 16).ok()?;
            Some((first, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        };
        Self { decompositions, compositions, classes: CLASSES.lines().filter_map(class).collect() }
    }

    fn decompose(&self, character: char, into: &mut Vec<(char, u8)>) {
        match self.decompositions.get(&character) {
            Some(parts) => parts.chars().for_each(|part| self.decompose(part, into)),
            None => into.push((character, self.class(character))),
        }
    }

    fn class(&self, character: char) -> u8 {
        let code = u32::from(character);
        let next = self.classes.partition_point(|(first, ..)| *first <= code);
        match next.checked_sub(1).and_then(|at| self.classes.get(at)) {
            Some((first, count, class)) if code - first < *count => *class,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{collections::BTreeSet, fmt::Write as _};

    use proptest::prelude::*;
    use unicode_normalization::{
        UnicodeNormalization as _,
        char::{canonical_combining_class, compose, decompose_canonical},
    };

    use super::super::{CHARMAP, slug_of};
    use super::*;

    fn all() -> impl Iterator<Item = char> {
        '\0'..=char::MAX
    }

    fn decomposed(character: char) -> Vec<char> {
        let mut parts = Vec::new();
        decompose_canonical(character, |part| parts.push(part));
        parts
    }

    /// The pair that composes a character.
    fn pair(character: char) -> Option<(char, char)> {
        let parts = decomposed(character);
        let (last, rest) = parts.split_last()?;
        let mut first = rest.iter().copied().nfc();
        let pair = (first.next()?, *last);
        (first.next().is_none() && compose(pair.0, pair.1) == Some(character)).then_some(pair)
    }

    /// The tables, made of those of `unicode_normalization`.
    fn tables() -> (String, String) {
        let pairs: Vec<_> = all().filter_map(|character| Some((character, pair(character)?))).collect();
        let mapped = CHARMAP.lines().filter_map(|line| line.chars().next());
        let mut relevant: BTreeSet<char> = mapped.chain('\0'..='\x7f').collect();
        loop {
            let before = relevant.len();
            for (character, (first, _)) in &pairs {
                if relevant.contains(character) || relevant.contains(first) {
                    relevant.extend([*character, *first]);
                }
            }
            if relevant.len() == before {
                break;
            }
        }
        let mut compositions = String::new();
        let mut marks = BTreeSet::new();
        for (character, (first, second)) in pairs.iter().filter(|(character, _)| relevant.contains(character)) {
            writeln!(compositions, "{character}={first}{second}").unwrap();
            marks.insert(*second);
        }
        for character in all() {
            let parts = decomposed(character);
            let is_mark = parts.first().is_some_and(|first| canonical_combining_class(*first) != 0);
            let is_used = is_mark || parts.iter().any(|part| relevant.contains(part) || marks.contains(part));
            if parts != [character] && pair(character).is_none() && is_used {
                writeln!(compositions, "{character}>{}", parts.iter().collect::<String>()).unwrap();
            }
        }
        let mut runs: Vec<(u32, u32, u8)> = Vec::new();
        for character in all() {
            let (code, class) = (u32::from(character), canonical_combining_class(character));
            match runs.last_mut() {
                Some((first, count, last)) if *last == class && *first + *count == code => *count += 1,
                _ if class != 0 => runs.push((code, 1, class)),
                _ => {}
            }
        }
        let classes = runs.iter().map(|(first, count, class)| format!("{first:x} {count} {class}\n")).collect();
        (compositions, classes)
    }

    /// `UPDATE_TABLES=1 cargo test -p chancery-model composed` writes them.
    #[test]
    fn the_tables_follow_from_those_of_unicode() {
        let (compositions, classes) = tables();
        if std::env::var_os("UPDATE_TABLES").is_some() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/slug");
            std::fs::write(format!("{folder}/compositions.txt"), &compositions).unwrap();
            std::fs::write(format!("{folder}/classes.txt"), &classes).unwrap();
        }
        assert!(
            COMPOSITIONS == compositions && CLASSES == classes,
            "the tables are not those of unicode_normalization"
        );
    }

    #[test]
    fn every_character_has_the_slug_of_its_full_normalization() {
        for character in all() {
            let text = character.to_string();
            assert_eq!(slug_of(composed(&text)), slug_of(text.nfc()), "{character:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_text_has_the_slug_of_its_full_normalization(
            text in "([a-zA-ZÅÄêởΩάϊ가-힣क़\u{2126}\u{212b}\u{1fd3}]|[\u{300}-\u{345}\u{34f}\u{591}\u{93c}\u{f71}-\u{f81}\u{1dc0}]){1,12}"
        ) {
            prop_assert_eq!(slug_of(composed(&text)), slug_of(text.nfc()), "{:?}", text);
        }
    }
}
