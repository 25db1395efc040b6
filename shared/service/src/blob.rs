//! Blobs of rows that are read many at a time. D1 hands over a blob as one number for each byte, at several times the cost of
//! its hexadecimal digits (docs/performance.md); a long one in hexadecimal could be longer than what D1 hands over.

use crypto::hash;
use platform::{SqlValue, sql::FromSql};

const SHORT: usize = 4096;

/// A column of a `SELECT` that [`Blob`] reads: in hexadecimal where it is short.
pub fn blob(expression: &str, name: &str) -> String {
    format!("iif({}, hex({expression}), {expression}) AS {name}", is_short_blob(expression))
}

/// The condition that a blob is short enough to cross in hexadecimal.
pub fn is_short_blob(expression: &str) -> String {
    format!("length({expression}) <= {SHORT}")
}

/// The bytes of a blob, however it was selected.
pub struct Blob(pub Vec<u8>);

impl FromSql for Blob {
    fn from_sql(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Text(digits) => hash::from_hex(digits).map(Self),
            value => Vec::from_sql(value).map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use platform::{Sql, Statement, runtime::Sqlite};

    use super::*;

    #[tokio::test]
    async fn a_blob_of_any_length_is_read_as_it_was_stored() {
        let file = std::env::temp_dir().join(format!("blob-{}.db", std::process::id()));
        let database = Sqlite::open(&file).unwrap();
        for length in [0, 1, SHORT, SHORT + 1] {
            let stored: Vec<u8> = (0..length).map(|index| index.to_le_bytes()[0]).collect();
            let select = Statement::new(format!("WITH t AS (SELECT ?1 AS b) SELECT {} FROM t", blob("t.b", "b")));
            let rows = database.query(select.bind(stored.clone())).await.unwrap();
            assert_eq!(rows[0].get::<Blob>("b").unwrap().0, stored, "{length}");
            assert_eq!(rows[0].get::<String>("b").is_ok(), length <= SHORT);
        }
        let none = database.query(Statement::new(format!("SELECT {}", blob("NULL", "b"))));
        assert!(none.await.unwrap()[0].get::<Option<Blob>>("b").unwrap().is_none());
        let _ = std::fs::remove_file(file);
    }
}
