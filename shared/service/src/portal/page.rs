//! Pages of lists: `size` and an opaque `offset`, and the path of the next page.

use axum::{extract::FromRequestParts, http::request::Parts};
use crypto::base64;
use model::portal::List;
use platform::{Row, Statement};
use serde::Deserialize;

use crate::{App, Error, Query, Result};

const SIZE: i64 = 100;
const MOST: i64 = 1000;

/// What every list may be asked for. A handler takes the [`Page`].
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at most, 100 if not given
    size: Option<String>,
    /// The offset of the page before
    offset: Option<String>,
}

/// Where a page begins and how long it is. Lists go by age: a row's place is its time and id.
pub struct Page {
    pub size: i64,
    after: Option<String>,
}

impl FromRequestParts<App> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Query(query) = Query::<PageQuery>::from_request_parts(parts, app).await?;
        query.page()
    }
}

impl PageQuery {
    fn page(&self) -> Result<Page> {
        let size = match self.size.as_deref().filter(|size| !size.is_empty()) {
            None => SIZE,
            Some(size) => size
                .parse()
                .ok()
                .filter(|size| (1..=MOST).contains(size))
                .ok_or_else(|| Error::bad_request(format!("size must be a number from 1 to {MOST}")))?,
        };
        let after = match self.offset.as_deref().filter(|offset| !offset.is_empty()) {
            None => None,
            Some(offset) => {
                let text = base64::decode_any(offset).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                Some(text.ok_or_else(|| Error::bad_request("offset must be that of another page's next"))?)
            }
        };
        Ok(Page { size, after })
    }
}

impl Page {
    /// The place after which the page begins, as text.
    pub fn after(&self) -> &str {
        self.after.as_deref().unwrap_or_default()
    }

    /// Binds the time and the id after which the page begins, and one more than its size, to see whether there is
    /// another: for `WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`.
    pub fn bind(&self, statement: Statement) -> Statement {
        let (time, id) = self.after().split_once(' ').unwrap_or_default();
        statement.bind(time.parse().unwrap_or(0_i64)).bind(id).bind(self.size + 1)
    }

    /// The page itself, out of rows that were read so.
    pub fn list<T>(&self, path: &str, rows: &[Row], total: i64, read: impl Fn(&Row) -> Result<T>) -> Result<List<T>> {
        let place = |row: &Row| Ok(format!("{} {}", row.get::<i64>("created_at")?, row.get::<String>("id")?));
        self.list_by(path, rows, total, read, place)
    }

    /// As `list`, for rows in another order; `place` says where a row stands in it.
    pub fn list_by<R, T>(
        &self,
        path: &str,
        rows: &[R],
        total: i64,
        read: impl Fn(&R) -> Result<T>,
        place: impl Fn(&R) -> Result<String>,
    ) -> Result<List<T>> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let data = rows.iter().take(size).map(read).collect::<Result<Vec<_>>>()?;
        let last = rows.get(size.saturating_sub(1)).filter(|_| rows.len() > size);
        let place = last.map(place).transpose()?;
        let next = place.as_deref().map(|place| self.next(path, place));
        Ok(List { data, next, offset: place.as_deref().map(Self::offset), total })
    }

    /// The path of the page after a place.
    pub fn next(&self, path: &str, place: &str) -> String {
        let size = if self.size == SIZE { String::new() } else { format!("&size={}", self.size) };
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{path}{separator}offset={}{size}", Self::offset(place))
    }

    /// A place, opaque.
    pub fn offset(place: &str) -> String {
        base64::encode_url(place.as_bytes())
    }
}

/// A text as it stands in a query.
pub fn query_value(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A page of this query, for tests.
#[cfg(test)]
pub(super) fn page_of(size: &str, offset: &str) -> Result<Page> {
    PageQuery { size: Some(size.to_owned()), offset: Some(offset.to_owned()) }.page()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use platform::SqlValue;

    use super::*;

    #[test]
    fn a_page_leads_to_the_next() {
        let rows: Vec<_> = (1..=3)
            .map(|n| {
                Row(vec![("created_at".into(), SqlValue::Integer(n)), ("id".into(), SqlValue::Text(format!("x{n}")))])
            })
            .collect();
        let page = page_of("2", "").unwrap();
        let list = page.list("/things", &rows, 3, |row| Ok(row.get::<String>("id")?)).unwrap();
        assert_eq!((list.data, list.total), (vec!["x1".to_owned(), "x2".to_owned()], 3));
        let next = list.next.unwrap();
        let offset = next.strip_prefix("/things?offset=").unwrap().strip_suffix("&size=2").unwrap();
        assert_eq!(list.offset.as_deref(), Some(offset));
        assert_eq!(page_of("", offset).unwrap().after(), "2 x2");
        let last = page.list("/things", rows.get(1..).unwrap(), 3, |row| Ok(row.get::<String>("id")?)).unwrap();
        assert_eq!((last.next, last.offset), (None, None));
    }

    #[test]
    fn a_size_or_offset_of_ones_own_making_is_refused() {
        for (size, offset) in [("0", ""), ("1001", ""), ("x", ""), ("-1", ""), ("1", "!"), ("1", "_w")] {
            assert!(page_of(size, offset).is_err(), "{size} {offset}");
        }
    }
}
