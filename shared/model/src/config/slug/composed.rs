//! Normalization form C of Unicode, as far as a slug depends on it: of characters that the map has or that are ASCII,
//! and of what they form with combining marks. The whole tables would be a seventh of the function that makes slugs.

use std::sync::LazyLock;

/// One line each, in the order of the first: a character, `=` and the two that compose it, or `>` and what it always is
/// replaced by.
const COMPOSITIONS: &str = include_str!("compositions.txt");

/// One line each: the first of some characters, in hexadecimal, how many they are, and their combining class.
const CLASSES: &str = include_str!("classes.txt");

struct Tables {
    compositions: Vec<Composition>,
    /// By the first character.
    classes: Vec<(u32, u32, u8)>,
}

struct Composition {
    character: char,
    parts: &'static str,
    /// The parts compose the character again.
    composes: bool,
}

/// The composed characters of a text.
pub(super) fn composed(text: &str) -> Vec<char> {
    static TABLES: LazyLock<Tables> = LazyLock::new(Tables::read);
    let tables = &*TABLES;
    let mut characters = Vec::with_capacity(text.len());
    text.chars().for_each(|character| tables.decompose(character, &mut characters));
    let mut composed: Vec<char> = Vec::with_capacity(characters.len());
    // Where the last starter is, and the class of what came after it.
    let (mut starter, mut last) = (None, 0);
    for (character, class) in characters {
        if class == 0 {
            starter = Some(composed.len());
        } else if let Some(at) = starter
            && (last < class || composed.len() == at + 1)
            && let Some(base) = composed.get_mut(at)
            && let Some(composite) = tables.compose(*base, character)
        {
            *base = composite;
            continue;
        }
        last = class;
        composed.push(character);
    }
    composed
}

impl Tables {
    fn read() -> Self {
        let composition = |line: &'static str| {
            let mut characters = line.chars();
            let (character, composes) = (characters.next()?, characters.next()? == '=');
            Some(Composition { character, parts: characters.as_str(), composes })
        };
        let class = |line: &str| {
            let mut words = line.split(' ');
            let first = u32::from_str_radix(words.next()?, 16).ok()?;
            Some((first, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        };
        Self {
            compositions: COMPOSITIONS.lines().filter_map(composition).collect(),
            classes: CLASSES.lines().filter_map(class).collect(),
        }
    }

    /// Adds what a character consists of; marks behind those of lower and the same class.
    fn decompose(&self, character: char, into: &mut Vec<(char, u8)>) {
        let found = self.compositions.binary_search_by_key(&character, |composition| composition.character);
        if let Some(composition) = found.ok().and_then(|at| self.compositions.get(at)) {
            return composition.parts.chars().for_each(|part| self.decompose(part, into));
        }
        let class = self.class(character);
        let behind = into.iter().rposition(|(_, other)| class == 0 || *other <= class);
        into.insert(behind.map_or(0, |at| at + 1), (character, class));
    }

    fn compose(&self, base: char, mark: char) -> Option<char> {
        let mut compositions = self.compositions.iter();
        let found = compositions.find(|each| each.composes && each.parts.chars().eq([base, mark]))?;
        Some(found.character)
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
    use std::collections::{BTreeMap, BTreeSet};

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
        let mut compositions = BTreeMap::new();
        let mut marks = BTreeSet::new();
        for (character, (first, second)) in pairs.iter().filter(|(character, _)| relevant.contains(character)) {
            assert_ne!(canonical_combining_class(*second), 0, "{character} is composed with a starter");
            compositions.insert(*character, format!("={first}{second}\n"));
            marks.insert(*second);
        }
        for character in all() {
            let parts = decomposed(character);
            let is_mark = parts.first().is_some_and(|first| canonical_combining_class(*first) != 0);
            let is_used = is_mark || parts.iter().any(|part| relevant.contains(part) || marks.contains(part));
            if parts != [character] && pair(character).is_none() && is_used {
                compositions.insert(character, format!(">{}\n", parts.iter().collect::<String>()));
            }
        }
        let compositions = compositions.iter().map(|(character, parts)| format!("{character}{parts}")).collect();
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
