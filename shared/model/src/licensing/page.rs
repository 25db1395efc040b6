//! Pages of a list: what is asked for and how it is answered.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ids::Invalid;

const DEFAULT_SIZE: u8 = 10;
const MAX_SIZE: u8 = 25;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Which page, from 0.
    p_index: Option<u32>,
    /// How many items make a page: 1 to 25, 10 by default.
    #[param(value_type = Option<u8>)]
    p_size: Option<PageSize>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u8")]
struct PageSize(u8);

impl TryFrom<u8> for PageSize {
    type Error = Invalid;

    fn try_from(size: u8) -> Result<Self, Invalid> {
        if (1..=MAX_SIZE).contains(&size) { Ok(Self(size)) } else { Err(Invalid("must be from 1 to 25")) }
    }
}

impl PageQuery {
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
        self.p_size.map_or(DEFAULT_SIZE, |size| size.0)
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
        let query = |size: Option<u8>| {
            let p_size = size.map(PageSize::try_from).transpose()?;
            Ok::<_, Invalid>(PageQuery { p_index: Some(3), p_size })
        };
        let page = |size| query(size).map(|page| (page.limit(), page.offset()));
        assert_eq!((page(None), page(Some(1)), page(Some(25))), (Ok((10, 30)), Ok((1, 3)), Ok((25, 75))));
        assert!(page(Some(0)).is_err() && page(Some(26)).is_err());
    }
}
