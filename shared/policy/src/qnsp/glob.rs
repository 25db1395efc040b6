//! Patterns in which `*` stands for any run of characters, none included. Nothing else is special, case counts, and the
//! whole text must match.

/// Whether a text matches. Linear in both: each piece between two stars is searched once, at the first place behind the
/// piece before it, and an earlier place never leaves less for the rest.
///
/// ```
/// use chancery_policy::qnsp::glob::matches;
///
/// assert!(matches("kms.*.create", "kms.byohsm_key.create"));
/// assert!(!matches("kms.*", "vault.secret.get"));
/// ```
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*').filter(|piece| !piece.is_empty()) {
        let Some((_, behind)) = text.split_once(piece) else {
            return false;
        };
        text = behind;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "a/b:c.d"),
            ("**", "a"),
            ("", ""),
            ("a*", "a"),
            ("*a", "a"),
            ("a*a", "aa"),
            ("a*b*c", "a/b/b/c"),
            ("*.create", "auth.policy.create"),
            ("é*ü", "é–ü"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a*a", "a"),
            ("A*", "abc"),
            ("a*b*c", "acb"),
            ("*ab*ab", "ab"),
            ("a?c", "abc"),
            ("[a]", "a"),
            ("a.c", "abc"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    /// Where every star was tried at every place, this would not end.
    #[test]
    fn many_stars_cost_no_more_than_the_lengths() {
        let pattern = "a*".repeat(20_000) + "b";
        let text = "a".repeat(200_000);
        assert!(!matches(&pattern, &text));
    }

    /// By the definition: a star takes nothing, or one character and goes on.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                by_definition(rest, text) || text.split_first().is_some_and(|(_, less)| by_definition(pattern, less))
            }
            (Some((wanted, rest)), Some((found, less))) => wanted == found && by_definition(rest, less),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn the_definition_says_the_same(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text), by_definition(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
