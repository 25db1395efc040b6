//! Leases of dynamic secrets: how a user of a database is called, and how long a lease may be.

const SECOND: i64 = 1_000;

/// The shortest and the longest life that a configuration may give, in milliseconds.
pub const SHORTEST: i64 = 60 * SECOND;
pub const LONGEST: i64 = 30 * 86_400 * SECOND;

/// The shortest life that may be asked for, in milliseconds.
pub const LEAST_ASKED: i64 = SECOND;

/// How long a password is.
pub const PASSWORD: usize = 32;

/// The template of a configuration that has none.
pub const TEMPLATE: &str = "v-{{config}}-{{random8}}";

/// How many characters PostgreSQL keeps of a name.
const LONGEST_NAME: usize = 63;

/// How many characters `{{config}}` gives.
const CONFIG: usize = 24;

const PLACES: [&str; 4] = ["{{config}}", "{{role}}", "{{random8}}", "{{unix}}"];

const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What names are made of, besides what is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    pub template: &'a str,
    /// The name of the configuration.
    pub config: &'a str,
    pub role: Option<&'a str>,
}

impl Naming<'_> {
    /// Whether every name that comes of it is one. The error says what is wrong with the template.
    pub fn check(&self) -> Result<(), &'static str> {
        if !self.template.contains("{{random8}}") {
            return Err("must hold {{random8}}");
        }
        let literal = PLACES.iter().fold(self.template.to_owned(), |text, place| text.replace(place, ""));
        if !literal.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err("may hold A-Z a-z 0-9 _ - and {{config}} {{role}} {{random8}} {{unix}}");
        }
        if self.name("aaaaaaaa", 9_999_999_999).len() > LONGEST_NAME {
            Err("gives names of more than 63 characters")
        } else {
            Ok(())
        }
    }

    pub fn name(&self, random: &str, seconds: i64) -> String {
        self.template
            .replace("{{config}}", &slug(self.config))
            .replace("{{role}}", self.role.unwrap_or_default())
            .replace("{{random8}}", random)
            .replace("{{unix}}", &seconds.to_string())
    }
}

/// Whether a text is a role of a database that is written without quotes.
pub fn is_role(text: &str) -> bool {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    starts
        && text.len() <= LONGEST_NAME
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}

/// Characters of a name, drawn from random bytes; `None` where these are too few.
pub fn random8(bytes: &[u8]) -> Option<String> {
    drawn(bytes, DIGITS, 8)
}

/// A password, drawn from random bytes; `None` where these are too few.
pub fn password(bytes: &[u8]) -> Option<String> {
    drawn(bytes, LETTERS, PASSWORD)
}

/// Each character is as likely as any other: bytes that would favour some are skipped.
fn drawn(bytes: &[u8], from: &[u8], length: usize) -> Option<String> {
    let fair = 256 - 256 % from.len();
    let fair = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
    let text: String =
        fair.take(length).filter_map(|byte| from.get(byte % from.len()).copied().map(char::from)).collect();
    (text.len() == length).then_some(text)
}

fn slug(name: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() || character == '_' { character.to_ascii_lowercase() } else { '-' }
    };
    name.chars().take(CONFIG).map(plain).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::HashSet;

    use super::*;

    fn naming<'a>(template: &'a str, config: &'a str) -> Naming<'a> {
        Naming { template, config, role: Some("reader") }
    }

    #[test]
    fn a_name_is_made_of_the_configuration_its_role_the_time_and_what_is_drawn() {
        let name = |template, config| naming(template, config).name("abcd1234", 1_700_000_000);
        assert_eq!(name(TEMPLATE, "Orders DB"), "v-orders-db-abcd1234");
        assert_eq!(name("{{role}}_{{random8}}_{{unix}}", ""), "reader_abcd1234_1700000000");
        assert_eq!(name(TEMPLATE, "Ünïcode/with.thirty_characters!"), "v--n-code-with-thirty_char-abcd1234");
    }

    #[test]
    fn a_template_must_give_names_that_differ_and_that_postgresql_keeps_whole() {
        for template in [TEMPLATE, "{{random8}}", "A_{{random8}}-{{role}}"] {
            assert_eq!(naming(template, "orders").check(), Ok(()), "{template}");
        }
        let long = format!("{{{{random8}}}}{}", "a".repeat(56));
        for template in
            ["", "fixed", "{{random8}} x", "{{random8}}{{host}}", "{{random8}}\"", "{{random8}}$", long.as_str()]
        {
            assert!(naming(template, "orders").check().is_err(), "{template}");
        }
        assert!(naming(&long[..long.len() - 1], "orders").check().is_ok());
    }

    #[test]
    fn a_role_is_written_without_quotes() {
        for role in ["reader", "_r", "R1$"] {
            assert!(is_role(role), "{role}");
        }
        for role in ["", "1r", "a-b", "a b", "a\"b", "rôle", "a;b", &"a".repeat(64)] {
            assert!(!is_role(role), "{role}");
        }
    }

    #[test]
    fn what_is_drawn_has_its_length_and_uses_every_character_alike() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(random8(&all).unwrap(), "abcdefgh");
        assert_eq!(password(&all).unwrap(), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef");
        let seen: HashSet<_> = (0..=247_u8).filter_map(|byte| drawn(&[byte], LETTERS, 1)).collect();
        assert_eq!(seen.len(), 62);
        assert_eq!((drawn(&[248], LETTERS, 1), drawn(&[252], DIGITS, 1)), (None, None));
        assert_eq!(password(&[255; 64]), None);
    }
}
