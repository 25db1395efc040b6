//! Pages of lists by `limit` and `offset`.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many rows a page has: 1 to `MOST`. What lies outside is moved to the nearest bound.
#[derive(Clone, Copy, Debug)]
pub struct Limit<const DEFAULT: i64 = 50, const MOST: i64 = 200>(pub i64);

impl<const DEFAULT: i64, const MOST: i64> Default for Limit<DEFAULT, MOST> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: i64, const MOST: i64> Deserialize<'de> for Limit<DEFAULT, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(|limit| Self(limit.clamp(1, MOST)))
    }
}

/// The greatest number that JavaScript, and with it D1, does not round.
const GREATEST: i64 = (1 << 53) - 1;

/// How many rows come before the page. What lies outside of 0 to 2^53 - 1 is moved to the nearest bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offset(pub i64);

impl Offset {
    #[must_use]
    pub fn within(offset: i64) -> Self {
        Self(offset.clamp(0, GREATEST))
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(Self::within)
    }
}

/// The query of a list that has no filters.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskPage {
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    pub limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    pub offset: Offset,
}

/// The members of a list's answer that say which page it is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Page {
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}
