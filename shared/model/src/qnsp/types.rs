//! Texts, numbers and objects with bounds. What lies outside is refused with the rule.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::json::JsonObject;

/// A text of so many characters (Unicode scalar values).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

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

/// A whole number within bounds. `3.0` is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(pub i64);

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

/// A number within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<const MIN: i64, const MAX: i64>(pub f64);

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

impl<const KIB: usize> Object<KIB> {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
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
