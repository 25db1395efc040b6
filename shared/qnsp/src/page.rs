//! Pages of lists by `limit` and `offset`.

use serde::{Deserialize, Deserializer, Serialize};

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

/// How many rows come before the page. A negative number is 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offset(pub i64);

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(|offset| Self(offset.max(0)))
    }
}

/// The members of a list's answer that say which page it is.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Page {
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}
