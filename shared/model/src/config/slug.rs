//! The slug of a name, as `slugify` 1.6 of npm gives it with `lower` and `strict`, by its own character map. The map is
//! data of that package; its licence is in `NOTICE`.

mod composed;

use std::sync::LazyLock;

/// One line each: a character, a blank and what stands for it. In the order of the characters.
const CHARMAP: &str = include_str!("slug/charmap.txt");

/// Lower-case ASCII letters and digits with single hyphens between them; empty when a name has nothing of the kind.
pub fn slug(name: &str) -> String {
    slug_of(composed::composed(name))
}

fn slug_of(characters: impl IntoIterator<Item = char>) -> String {
    static MAP: LazyLock<Vec<(char, &str)>> = LazyLock::new(|| {
        let entry = |line: &'static str| line.split_once(' ').and_then(|(of, to)| Some((of.chars().next()?, to)));
        CHARMAP.lines().filter_map(entry).collect()
    });
    let mut slug = String::new();
    let mut push = |character: char| {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if is_space(character) && !slug.ends_with('-') {
            slug.push('-');
        }
    };
    for character in characters {
        match MAP.binary_search_by_key(&character, |(of, _)| *of).ok().and_then(|at| MAP.get(at)) {
            // A hyphen is what spaces are replaced by, and counts as one; within a longer text it is left out.
            Some((_, "-")) => push(' '),
            Some((_, text)) => text.chars().for_each(&mut push),
            None if character == '-' => push(' '),
            None => push(character),
        }
    }
    slug.trim_matches('-').to_owned()
}

/// What `\s` is in JavaScript.
fn is_space(character: char) -> bool {
    (character.is_whitespace() && character != '\u{85}') || character == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All characters are compared with the package itself where Node.js is at hand, in the suite.
    #[test]
    fn a_slug_is_transliterated_by_the_map() {
        for (name, expected) in [
            ("Database URL", "database-url"),
            ("Billing & Payments", "billing-and-payments"),
            ("50% off", "50percent-off"),
            ("  Größe  (max) ", "grosse-max"),
            ("Gro\u{308}ße", "grosse"),
            ("Привет", "privet"),
            ("a - b_c--d", "a-bc-d"),
            ("50 ₸", "50-kazakhstani-tenge"),
            ("日本 😀", ""),
            ("-", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
