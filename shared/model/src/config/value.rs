//! The value of an item: always a text, which reads as the type that it has.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{ids::Invalid, json::JsonText};

/// The longest value, in bytes of UTF-8.
const MAX_VALUE: usize = 1 << 20;

/// A value as text. A JSON string is itself; a number is what `String(v)` of JavaScript gives, but integers keep all
/// their digits; everything else is its JSON as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "JsonText")]
pub struct ValueText(String);

impl ValueText {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<JsonText> for ValueText {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        if json.is_null() {
            return Err(Invalid("is required"));
        }
        let text = if json.is_number() { number(json.as_str()) } else { json.text().into_owned() };
        if text.len() <= MAX_VALUE { Ok(Self(text)) } else { Err(Invalid("may have at most 1048576 bytes")) }
    }
}

/// A JSON number as a text. Integers are kept, since those beyond 2^53 would lose digits as a double.
fn number(json: &str) -> String {
    if json != "-0" && !json.contains(['.', 'e', 'E']) {
        return json.to_owned();
    }
    let number = json.parse::<f64>().unwrap_or_default();
    ryu_js::Buffer::new().format(number).to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum ValueType {
    String,
    Number,
    Boolean,
    Json,
}

impl ValueType {
    /// Whether a value reads as this type.
    pub fn check(self, value: &str) -> Result<(), Invalid> {
        let json = || serde_json::from_str::<JsonText>(value).ok();
        let (good, rule) = match self {
            Self::String => (true, ""),
            Self::Number => (json().is_some_and(|value| value.is_number()), "must be a number"),
            Self::Boolean => (matches!(value, "true" | "false"), "must be true or false"),
            Self::Json => (json().is_some(), "must be JSON"),
        };
        if good { Ok(()) } else { Err(Invalid(rule)) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn text(json: &str) -> String {
        serde_json::from_str::<ValueText>(json).unwrap().0
    }

    /// What `node -p 'String(…)'` prints, but for integers beyond 2^53.
    #[test]
    fn a_number_becomes_the_text_that_javascript_gives() {
        for (json, expected) in [
            ("0.39531392847264213", "0.39531392847264213"),
            ("0.000001234", "0.000001234"),
            ("0.0000001234", "1.234e-7"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("1e21", "1e+21"),
            ("1e20", "100000000000000000000"),
            ("100000000000000000000", "100000000000000000000"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("-9007199254740993", "-9007199254740993"),
            ("1.0", "1"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("0.1000000000000000055511151231257827", "0.1"),
        ] {
            assert_eq!(text(json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_number_is_kept_as_it_was_written() {
        for (json, expected) in [
            (r#""1e3""#, "1e3"),
            (r#""\u00e9\n""#, "é\n"),
            ("true", "true"),
            (
                r#"{"id":12345678901234567890123, "a":1.50, "a":[1e2]}"#,
                r#"{"id":12345678901234567890123, "a":1.50, "a":[1e2]}"#,
            ),
        ] {
            assert_eq!(text(json), expected, "{json}");
        }
    }

    #[test]
    fn a_value_has_a_mebibyte_at_most() {
        let read = |length| serde_json::from_str::<ValueText>(&format!("\"{}\"", "x".repeat(length)));
        assert!(read(MAX_VALUE).is_ok() && read(MAX_VALUE + 1).is_err());
    }

    #[test]
    fn a_value_must_read_as_its_type() {
        for (kind, good, bad) in [
            (ValueType::Number, "-1.5e3", "1x"),
            (ValueType::Number, "0", "\"1\""),
            (ValueType::Number, " 7 ", "1e999"),
            (ValueType::Boolean, "true", "True"),
            (ValueType::Json, "[1, {}]", "{a:1}"),
        ] {
            assert!(kind.check(good).is_ok() && kind.check(bad).is_err(), "{kind:?}");
        }
    }

    proptest! {
        #[test]
        fn a_double_keeps_its_value(number in any::<f64>().prop_filter("JSON has none", |number| number.is_finite())) {
            for json in [format!("{number:?}"), format!("{number:e}")] {
                let text = text(&json);
                prop_assert_eq!(text.parse::<f64>().unwrap(), number, "{}", text);
                // As short as a double can be written.
                prop_assert!(!json.contains(['.', 'e']) || text.len() <= format!("{number:e}").len().max(25), "{}", text);
            }
        }

        #[test]
        fn small_numbers_keep_their_value(number in 0.0..1e-5_f64) {
            prop_assert_eq!(text(&format!("{number:?}")).parse::<f64>().unwrap(), number);
        }

        #[test]
        fn an_integer_keeps_its_digits(json in "-?[1-9][0-9]{0,300}") {
            prop_assert_eq!(text(&json), json);
        }
    }
}
