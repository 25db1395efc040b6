//! Lists in an order of the caller's choice. A row's place is its value in that order and its id, so that a page begins
//! after the one before, whatever was added meanwhile.

use model::portal::List;
use platform::{Row, SqlValue, Statement};
use serde::Deserialize;
use service::{
    Error, Result,
    portal::{Page, PageQuery},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    CreatedAt,
    UpdatedAt,
    Name,
}

/// The query of a list that can be sorted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SortedQuery {
    /// How many at most, 100 if not given
    pub size: Option<String>,
    /// The offset of the page before
    pub offset: Option<String>,
    /// created_at, updated_at or name
    pub sort_by: Option<String>,
    /// true for the last first
    pub sort_desc: Option<String>,
    /// Those only whose name contains this, whatever the case
    pub name: Option<String>,
    /// With the instances of each application; with `app_id`, those services only whose instance has this status
    pub include_instances: Option<String>,
    pub status: Option<i64>,
    /// The application whose instance of each service is to be shown
    pub app_id: Option<String>,
}

/// A page of a list in its order.
pub(crate) struct Sorted {
    page: Page,
    by: By,
    descending: bool,
    /// The path with all that was asked, but for the page.
    path: String,
}

impl SortedQuery {
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.is_empty())
    }

    pub(crate) fn app_id(&self) -> Option<&str> {
        self.app_id.as_deref().filter(|id| !id.is_empty())
    }

    pub(crate) fn include_instances(&self) -> bool {
        is_true(self.include_instances.as_deref())
    }

    pub(crate) fn sorted(&self, path: &str) -> Result<Sorted> {
        let by = match self.sort_by.as_deref() {
            None | Some("" | "created_at") => By::CreatedAt,
            Some("updated_at") => By::UpdatedAt,
            Some("name") => By::Name,
            Some(_) => return Err(Error::bad_request("sort_by must be created_at, updated_at or name")),
        };
        let page = PageQuery { size: self.size.clone(), offset: self.offset.clone() }.page()?;
        Ok(Sorted { page, by, descending: is_true(self.sort_desc.as_deref()), path: self.path(path)? })
    }

    fn path(&self, path: &str) -> Result<String> {
        let status = self.status.map(|status| status.to_string());
        let asked = [
            ("sort_by", &self.sort_by),
            ("sort_desc", &self.sort_desc),
            ("name", &self.name),
            ("include_instances", &self.include_instances),
            ("status", &status),
            ("app_id", &self.app_id),
        ];
        let asked: Vec<_> = asked.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        if asked.is_empty() {
            return Ok(path.to_owned());
        }
        let query = serde_urlencoded::to_string(asked).map_err(|_| Error::internal("a query that is none"))?;
        Ok(format!("{path}?{query}"))
    }
}

fn is_true(flag: Option<&str>) -> bool {
    matches!(flag, Some("true" | "1"))
}

/// The texts of a statement in each order; `{after}` and `{order}` stand for what differs. The value and the id of the
/// place are `?2` and `?3`.
pub(crate) fn texts(template: &str, alias: &str) -> [String; 6] {
    let text = |column: &str, after: &str, direction: &str| {
        let after = format!("(?2 IS NULL OR ({alias}.{column}, {alias}.id) {after} (?2, ?3))");
        let order = format!("ORDER BY {alias}.{column} {direction}, {alias}.id {direction}");
        template.replace("{after}", &after).replace("{order}", &order)
    };
    [
        text("created_at", ">", "ASC"),
        text("created_at", "<", "DESC"),
        text("updated_at", ">", "ASC"),
        text("updated_at", "<", "DESC"),
        text("name", ">", "ASC"),
        text("name", "<", "DESC"),
    ]
}

impl Sorted {
    /// The text of this order.
    pub(crate) fn pick(&self, texts: &'static [String; 6]) -> &'static str {
        let [created, created_desc, updated, updated_desc, name, name_desc] = texts;
        match (self.by, self.descending) {
            (By::CreatedAt, false) => created,
            (By::CreatedAt, true) => created_desc,
            (By::UpdatedAt, false) => updated,
            (By::UpdatedAt, true) => updated_desc,
            (By::Name, false) => name,
            (By::Name, true) => name_desc,
        }
    }

    /// Binds the place as `?2` and `?3`, and one more than the page's size as `?4`.
    pub(crate) fn bind(&self, statement: Statement) -> Result<Statement> {
        let place = self.page.after();
        let (value, id) = if place.is_empty() {
            (SqlValue::Null, "")
        } else {
            let (id, value) = place.split_once(' ').ok_or_else(foreign)?;
            let value = match self.by {
                By::Name => SqlValue::from(value),
                By::CreatedAt | By::UpdatedAt => SqlValue::Integer(value.parse().map_err(|_| foreign())?),
            };
            (value, id)
        };
        Ok(statement.bind(value).bind(id).bind(self.page.size + 1))
    }

    pub(crate) fn list<T>(&self, rows: &[Row], total: i64, read: impl Fn(&Row) -> Result<T>) -> Result<List<T>> {
        self.page.list_by(&self.path, rows, total, read, |row| self.place(row))
    }

    fn place(&self, row: &Row) -> Result<String> {
        let id: String = row.get("id")?;
        Ok(match self.by {
            By::CreatedAt => format!("{id} {}", row.get::<i64>("created_at")?),
            By::UpdatedAt => format!("{id} {}", row.get::<i64>("updated_at")?),
            By::Name => format!("{id} {}", row.get::<String>("name")?),
        })
    }
}

fn foreign() -> Error {
    Error::bad_request("offset must be that of another page's next, in the same order")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn rows() -> Vec<Row> {
        ["b b", "c"]
            .into_iter()
            .map(|name| {
                Row(vec![
                    ("id".into(), SqlValue::Text(format!("id-{name}").replace(' ', ""))),
                    ("name".into(), SqlValue::from(name)),
                    ("created_at".into(), SqlValue::Integer(7)),
                ])
            })
            .collect()
    }

    #[test]
    fn a_page_leads_to_the_next_in_its_order() {
        let query = |offset: Option<String>, by: &str| SortedQuery {
            size: Some("1".to_owned()),
            offset,
            sort_by: Some(by.to_owned()),
            name: Some("a b&c".to_owned()),
            ..SortedQuery::default()
        };
        let list = query(None, "name").sorted("/x").unwrap().list(&rows(), 2, |row| Ok(row.get::<String>("id")?));
        let next = list.unwrap().next.unwrap();
        let offset = next.strip_prefix("/x?sort_by=name&name=a+b%26c&offset=").unwrap().strip_suffix("&size=1");
        let bound = |by| query(Some(offset.unwrap().to_owned()), by).sorted("/x").unwrap().bind(Statement::new(""));
        let params = bound("name").unwrap().params;
        assert_eq!(params, [SqlValue::from("b b"), SqlValue::from("id-bb"), SqlValue::Integer(2)]);
        assert!(bound("created_at").is_err(), "an offset of another order");
        assert!(query(None, "secret").sorted("/x").is_err());
    }

    #[test]
    fn the_first_page_has_no_place() {
        let params = SortedQuery::default().sorted("/x").unwrap().bind(Statement::new("")).unwrap().params;
        assert_eq!(params, [SqlValue::Null, SqlValue::from(""), SqlValue::Integer(101)]);
        assert!(
            texts("{after} {order}", "a")[3].contains("(a.updated_at, a.id) < (?2, ?3)) ORDER BY a.updated_at DESC")
        );
    }
}
