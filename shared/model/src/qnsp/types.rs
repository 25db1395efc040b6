//! Texts, numbers and objects with bounds. What lies outside is refused with the rule.

#[cfg(not(target_family = "wasm"))]
use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};
#[cfg(not(target_family = "wasm"))]
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
    },
};

use crate::json::JsonObject;

/// A text of so many characters (Unicode scalar values).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

#[cfg(not(target_family = "wasm"))]
impl<const MIN: usize, const MAX: usize> PartialSchema for Text<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.min_length((MIN > 0).then_some(MIN)).max_length(Some(MAX)).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl<const MIN: usize, const MAX: usize> ToSchema for Text<MIN, MAX> {
    fn name() -> Cow<'static, str> {
        format!("Inline_Text_{MIN}_{MAX}").into()
    }
}

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if (MIN..=MAX).contains(&text.chars().count()) {
            return Ok(Self(text));
        }
        Err(D::Error::custom(match MIN {
            0 => format!("may have at most {MAX} characters"),
            _ => format!("must have {MIN} to {MAX} characters"),
        }))
    }
}

impl<const MIN: usize, const MAX: usize> Serialize for Text<MIN, MAX> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// A whole number within bounds. `3.0` is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(pub i64);

#[cfg(not(target_family = "wasm"))]
impl<const MIN: i64, const MAX: i64> PartialSchema for Whole<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(MIN)).maximum(Some(MAX)).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl<const MIN: i64, const MAX: i64> ToSchema for Whole<MIN, MAX> {
    fn name() -> Cow<'static, str> {
        format!("Inline_Whole_{MIN}_{MAX}").into()
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        #[expect(clippy::cast_possible_truncation, reason = "a number that is not whole is refused")]
        let whole = number as i64;
        #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
        let is_whole = whole as f64 == number;
        if is_whole && (MIN..=MAX).contains(&whole) {
            return Ok(Self(whole));
        }
        Err(D::Error::custom(format!("must be a whole number from {MIN} to {MAX}")))
    }
}

impl<const MIN: i64, const MAX: i64> Serialize for Whole<MIN, MAX> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// An amount of at most a thousand million, with at most 2 decimals; kept in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
}

#[cfg(not(target_family = "wasm"))]
impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        let amount = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(1_000_000_000));
        amount.description(Some("An amount with at most 2 decimals.")).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl ToSchema for Money {
    fn name() -> Cow<'static, str> {
        "Inline_Money".into()
    }
}

impl Money {
    const MOST: f64 = 1e9;
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(from)?;
        if !(0.0..=Self::MOST).contains(&amount) {
            return Err(D::Error::custom("must be a number from 0 to 1000000000"));
        }
        let minor = (amount * 100.0).round();
        // The division gives the nearest number to the decimal fraction, which is what was written if it has 2 decimals.
        if minor / 100.0 != amount {
            return Err(D::Error::custom("may have at most 2 decimals"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a whole number up to 10^11")]
        Ok(Self { minor: minor as i64 })
    }
}

/// The code of a currency: three capital letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency(String);

#[cfg(not(target_family = "wasm"))]
impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Z]{3}$")).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl ToSchema for Currency {
    fn name() -> Cow<'static, str> {
        "Inline_Currency".into()
    }
}

impl Currency {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The currency of prices and fees.
impl Default for Currency {
    fn default() -> Self {
        Self("USD".to_owned())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(code));
        }
        Err(D::Error::custom("must be three capital letters"))
    }
}

/// A number within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<const MIN: i64, const MAX: i64>(pub f64);

#[cfg(not(target_family = "wasm"))]
impl<const MIN: i64, const MAX: i64> PartialSchema for Number<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).minimum(Some(MIN)).maximum(Some(MAX)).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl<const MIN: i64, const MAX: i64> ToSchema for Number<MIN, MAX> {
    fn name() -> Cow<'static, str> {
        format!("Inline_Number_{MIN}_{MAX}").into()
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
        let is_within = (MIN as f64..=MAX as f64).contains(&number);
        if is_within {
            return Ok(Self(number));
        }
        Err(D::Error::custom(format!("must be a number from {MIN} to {MAX}")))
    }
}

/// A list of at most so many items.
#[derive(Clone, Debug)]
pub struct List<T, const MAX: usize = 1000>(pub Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(from)?;
        if items.len() <= MAX {
            return Ok(Self(items));
        }
        Err(D::Error::custom(format!("may have at most {MAX} items")))
    }
}

/// A JSON object of at most so many KiB, as it was written.
#[derive(Clone, Debug)]
pub struct Object<const KIB: usize>(JsonObject);

#[cfg(not(target_family = "wasm"))]
impl<const KIB: usize> PartialSchema for Object<KIB> {
    fn schema() -> RefOr<Schema> {
        let free = format!("Any JSON object of at most {KIB} KiB.");
        let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(free));
        object.additional_properties(Some(AdditionalProperties::FreeForm(true))).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl<const KIB: usize> ToSchema for Object<KIB> {
    fn name() -> Cow<'static, str> {
        format!("Inline_Object_{KIB}").into()
    }
}

impl<const KIB: usize> Object<KIB> {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its members as values; of a name that is there twice the last.
    pub fn members(&self) -> Map<String, Value> {
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }
}

impl<const KIB: usize> From<Object<KIB>> for JsonObject {
    fn from(object: Object<KIB>) -> Self {
        object.0
    }
}

impl<'de, const KIB: usize> Deserialize<'de> for Object<KIB> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let object = JsonObject::deserialize(from)?;
        if object.as_str().len() <= KIB << 10 {
            return Ok(Self(object));
        }
        Err(D::Error::custom(format!("may have at most {KIB} KiB")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(text: &str) -> Option<i64> {
        serde_json::from_str::<Money>(text).ok().map(|money| money.minor)
    }

    #[test]
    fn money_has_at_most_2_decimals_and_is_kept_in_minor_units() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.1", Some(10)),
            ("0.29", Some(29)),
            ("1.15", Some(115)),
            ("10.50", Some(1_050)),
            ("999999999.99", Some(99_999_999_999)),
            ("1000000000", Some(100_000_000_000)),
            ("1000000000.01", None),
            ("0.001", None),
            ("1.155", None),
            ("999999999.991", None),
            ("-1", None),
            ("\"1\"", None),
        ] {
            assert_eq!(minor(text), expected, "{text}");
        }
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        for (text, is_one) in [("USD", true), ("EUR", true), ("usd", false), ("EURO", false), ("", false), ("€", false)]
        {
            assert_eq!(serde_json::from_value::<Currency>(text.into()).is_ok(), is_one, "{text}");
        }
    }
}
