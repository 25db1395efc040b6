//! Lists in an order of the caller's choice. A row's place is its value in that order and its id, so that a page begins
//! after the one before, whatever was added meanwhile.

use model::portal::List;
use platform::{Row, SqlValue, Statement};

use super::Page;
use crate::{Error, Result};

/// An order that a list offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// What callers call it.
    pub name: &'static str,
    /// An SQL expression over the rows of the list. It is never NULL.
    pub expression: &'static str,
    /// Whether the expression gives texts and not numbers.
    pub is_text: bool,
}

impl SortColumn {
    pub const fn number(name: &'static str, expression: &'static str) -> Self {
        Self { name, expression, is_text: false }
    }

    pub const fn text(name: &'static str, expression: &'static str) -> Self {
        Self { name, expression, is_text: true }
    }
}

/// What has an id, by which items of the same value are ordered.
pub trait HasId {
    fn id(&self) -> &str;
}

impl HasId for model::portal::KeyAuth {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A page of a list in its order.
pub struct Sorted {
    pub page: Page,
    column: SortColumn,
    descending: bool,
    /// The path with all that was asked, but for the page.
    path: String,
}

impl Sorted {
    /// `asked` is the query without its page, as pairs; the first of the columns is the order when none is asked for.
    pub fn new(page: Page, columns: &[SortColumn], path: &str, asked: &[(&str, Option<&str>)]) -> Result<Self> {
        let value = |name: &str| asked.iter().find(|(asked, _)| *asked == name).and_then(|(_, value)| *value);
        let column = match value("sort_by").filter(|name| !name.is_empty()) {
            None => columns.first(),
            Some(name) => columns.iter().find(|column| column.name == name),
        };
        let column = column.copied().ok_or_else(|| {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            Error::bad_request(format!("sort_by must be one of {}", names.join(", ")))
        })?;
        let descending = matches!(value("sort_desc"), Some("true" | "1"));
        Ok(Self { page, column, descending, path: path_with(path, asked)? })
    }

    /// Completes a statement: `{sort}` is the value of the order, to be read as `sort_value`; `{after}` the condition of
    /// the page, over `?2` and `?3`; `{order}` the order. `id` is the expression for the id of a row.
    pub fn text(&self, template: &str, id: &str) -> String {
        let (column, (comparison, direction)) = (self.column.expression, self.direction());
        let after = format!("(?2 IS NULL OR ({column}, {id}) {comparison} (?2, ?3))");
        let order = format!("ORDER BY {column} {direction}, {id} {direction}");
        let sort = format!("{column} AS sort_value");
        template.replace("{sort}", &sort).replace("{after}", &after).replace("{order}", &order)
    }

    fn direction(&self) -> (&'static str, &'static str) {
        if self.descending { ("<", "DESC") } else { (">", "ASC") }
    }

    /// Binds the place as `?2` and `?3`, and one more than the page's size as `?4`.
    pub fn bind(&self, statement: Statement) -> Result<Statement> {
        let (value, id) = match self.place()? {
            None => (SqlValue::Null, ""),
            Some((id, value)) if self.column.is_text => (SqlValue::from(value), id),
            Some((id, value)) => (SqlValue::Integer(value.parse().map_err(|_| foreign())?), id),
        };
        Ok(statement.bind(value).bind(id).bind(self.page.size + 1))
    }

    /// The id and the value after which the page begins.
    fn place(&self) -> Result<Option<(&str, &str)>> {
        match self.page.after() {
            "" => Ok(None),
            place => place.split_once(' ').ok_or_else(foreign).map(Some),
        }
    }

    pub fn list<T>(&self, rows: &[Row], total: i64, read: impl Fn(&Row) -> Result<T>) -> Result<List<T>> {
        self.page.list_by(&self.path, rows, total, read, |row| {
            let id: String = row.get("id")?;
            Ok(match self.column.is_text {
                true => format!("{id} {}", row.get::<String>("sort_value")?),
                false => format!("{id} {}", row.get::<i64>("sort_value")?),
            })
        })
    }

    /// The same page of items that are all here, each behind its value, for what the database cannot order.
    pub fn list_of<T: HasId>(&self, mut items: Vec<(String, T)>) -> Result<List<T>> {
        let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let key = |item: &(String, T)| (item.0.clone(), item.1.id().to_owned());
        items.sort_by_cached_key(key);
        if self.descending {
            items.reverse();
        }
        if let Some((id, value)) = self.place()? {
            let place = (value.to_owned(), id.to_owned());
            items.retain(|item| if self.descending { key(item) < place } else { key(item) > place });
        }
        let size = usize::try_from(self.page.size).unwrap_or(usize::MAX);
        let has_more = items.len() > size;
        items.truncate(size);
        let place = items.last().filter(|_| has_more).map(|(value, item)| format!("{} {value}", item.id()));
        let next = place.as_deref().map(|place| self.page.next(&self.path, place));
        let data = items.into_iter().map(|(_, item)| item).collect();
        Ok(List { next, offset: place.as_deref().map(Page::offset), data, total })
    }

    /// What callers call the order.
    pub fn by(&self) -> &'static str {
        self.column.name
    }
}

fn path_with(path: &str, asked: &[(&str, Option<&str>)]) -> Result<String> {
    let asked: Vec<_> = asked.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    if asked.is_empty() {
        return Ok(path.to_owned());
    }
    let query = serde_urlencoded::to_string(asked).map_err(|_| Error::internal("a query that is none"))?;
    Ok(format!("{path}?{query}"))
}

fn foreign() -> Error {
    Error::bad_request("offset must be that of another page's next, in the same order")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{super::page::page_of, *};

    const COLUMNS: &[SortColumn] =
        &[SortColumn::number("created_at", "a.created_at"), SortColumn::text("name", "a.name")];

    fn sorted(offset: &str, by: &str, descending: &str) -> Result<Sorted> {
        let page = page_of("1", offset)?;
        let asked = [("sort_by", Some(by)), ("sort_desc", Some(descending)), ("name", Some("a b&c")), ("x", None)];
        Sorted::new(page, COLUMNS, "/x", &asked)
    }

    fn rows() -> Vec<Row> {
        let row = |name: &str| {
            let id = SqlValue::Text(format!("id-{name}").replace(' ', ""));
            Row(vec![("id".into(), id), ("sort_value".into(), SqlValue::from(name))])
        };
        ["b b", "c"].into_iter().map(row).collect()
    }

    #[test]
    fn a_page_leads_to_the_next_in_its_order() {
        let list = sorted("", "name", "").unwrap().list(&rows(), 2, |row| Ok(row.get::<String>("id")?)).unwrap();
        let offset = list.offset.unwrap();
        let next = list.next.unwrap();
        assert_eq!(next, format!("/x?sort_by=name&sort_desc=&name=a+b%26c&offset={offset}&size=1"));
        let bound = |by| sorted(&offset, by, "").unwrap().bind(Statement::new(""));
        let params = bound("name").unwrap().params;
        assert_eq!(params, [SqlValue::from("b b"), SqlValue::from("id-bb"), SqlValue::Integer(2)]);
        assert!(bound("created_at").is_err(), "an offset of another order");
        assert_eq!(sorted("", "x", "").err().unwrap().message, "sort_by must be one of created_at, name");
    }

    #[test]
    fn the_first_page_has_no_place() {
        let sorted = sorted("", "", "true").unwrap();
        let params = sorted.bind(Statement::new("")).unwrap().params;
        assert_eq!(params, [SqlValue::Null, SqlValue::from(""), SqlValue::Integer(2)]);
        let text = sorted.text("{after} {order}", "a.id");
        assert!(text.contains("(a.created_at, a.id) < (?2, ?3)) ORDER BY a.created_at DESC, a.id DESC"), "{text}");
    }

    impl HasId for &'static str {
        fn id(&self) -> &str {
            self
        }
    }

    #[test]
    fn what_is_ordered_here_has_the_same_pages() {
        let items = || [("b", "2"), ("a", "3"), ("b", "1")].map(|(value, id)| (value.to_owned(), id)).to_vec();
        for (descending, expected) in [("", ["3", "1", "2"]), ("true", ["2", "1", "3"])] {
            let (mut seen, mut offset) = (Vec::new(), Some(String::new()));
            while let Some(place) = offset {
                let page = sorted(&place, "name", descending).unwrap().list_of(items()).unwrap();
                assert_eq!((page.data.len(), page.total), (1, 3));
                seen.extend(page.data);
                offset = page.offset;
            }
            assert_eq!(seen, expected, "{descending}");
        }
    }
}
