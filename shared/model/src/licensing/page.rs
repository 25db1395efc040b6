//! Pages of a list: what is asked for and how it is answered.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::faults::Faults;

const DEFAULT_SIZE: u8 = 10;
const MAX_SIZE: u8 = 25;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Which page, from 0.
    p_index: Option<u32>,
    /// How many items make a page: 1 to 25, 10 by default.
    p_size: Option<u8>,
}

impl PageQuery {
    /// The rules that the types do not carry.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check((1..=MAX_SIZE).contains(&self.size()), "pSize", "must be from 1 to 25");
        faults.result()
    }

    pub fn index(&self) -> u32 {
        self.p_index.unwrap_or(0)
    }

    /// How many items to read.
    pub fn limit(&self) -> i64 {
        self.size().into()
    }

    /// How many items stand before the page.
    pub fn offset(&self) -> i64 {
        i64::from(self.index()) * self.limit()
    }

    fn size(&self) -> u8 {
        self.p_size.unwrap_or(DEFAULT_SIZE)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Page {
    pub index: u32,
    /// All items that the caller may see.
    pub total: u64,
    /// The items of this page.
    pub size: usize,
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Paged<T> {
    pub page: Page,
    pub data: Vec<T>,
}

impl<T> Paged<T> {
    pub fn new(query: &PageQuery, total: u64, data: Vec<T>) -> Self {
        Self { page: Page { index: query.index(), total, size: data.len() }, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_to_25_items_and_ten_by_default() {
        let query = |p_size| PageQuery { p_index: Some(3), p_size };
        assert_eq!((query(None).limit(), query(None).offset()), (10, 30));
        assert_eq!(query(Some(25)).offset(), 75);
        for (size, good) in [(None, true), (Some(1), true), (Some(25), true), (Some(0), false), (Some(26), false)] {
            assert_eq!(query(size).check().is_ok(), good, "{size:?}");
        }
    }
}
