//! D1. Numbers cross into JavaScript as doubles, so integers are exact up to 2^53. Statements and results are read as
//! the objects that they are: `worker` would deserialize each of them whole, and little of that is wanted.

use std::fmt;

use js_sys::{Array, Error, JSON, Object, Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use wasm_bindgen::{JsCast, JsValue};
use worker::{
    wasm_bindgen_futures::JsFuture,
    worker_sys::types::{D1Database, D1PreparedStatement},
};

use crate::{Outcome, Row, Sql, SqlError, SqlValue, Statement, Task, planning::planned_once, sql::all_outcomes};

pub(super) struct D1(SendWrapper<Inner>);

struct Inner {
    database: D1Database,
    /// The members of a result that are read, as JavaScript names them.
    results: JsValue,
    meta: JsValue,
    changes: JsValue,
}

impl D1 {
    pub(super) fn new(database: D1Database) -> Self {
        let [results, meta, changes] = ["results", "meta", "changes"].map(JsValue::from);
        Self(SendWrapper::new(Inner { database, results, meta, changes }))
    }
}

impl Inner {
    fn prepare(&self, statement: &Statement) -> Result<D1PreparedStatement, JsValue> {
        self.database.prepare(&planned_once(&statement.text))?.bind(statement.params.iter().map(to_js).collect())
    }

    async fn query(&self, statement: Statement) -> Result<Vec<Row>, SqlError> {
        let result = settled(self.prepare(&statement).and_then(|prepared| prepared.all())).await?;
        self.rows(&result)
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        let prepared = statements.iter().map(|statement| self.prepare(statement)).collect::<Result<Array, _>>();
        let results = settled(prepared.and_then(|prepared| self.database.batch(prepared))).await?;
        let results = results.unchecked_into::<Array>();
        let outcomes = results.iter().map(|result| self.outcome(&result)).collect::<Result<_, _>>()?;
        all_outcomes(outcomes, statements.len())
    }

    fn outcome(&self, result: &JsValue) -> Result<Outcome, SqlError> {
        let changes = member(&member(result, &self.meta), &self.changes).as_f64().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let changes = changes as u64;
        Ok(Outcome { rows: self.rows(result)?, changes })
    }

    /// Several rows cross as one text. A single one may hold a long blob, which as a text would be four times as long.
    fn rows(&self, result: &JsValue) -> Result<Vec<Row>, SqlError> {
        let rows = member(result, &self.results);
        let Some(array) = rows.dyn_ref::<Array>() else { return Ok(Vec::new()) };
        if array.length() > 1 {
            let text = JSON::stringify(array).map_err(failure)?;
            return serde_json::from_str(&String::from(text)).map_err(|error| SqlError::Other(error.to_string()));
        }
        Ok(array.iter().map(|raw| row(&raw)).collect())
    }
}

impl Sql for D1 {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(SendWrapper::new(self.0.query(statement)))
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(SendWrapper::new(self.0.batch(statements)))
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
    }
}

async fn settled(asked: Result<Promise, JsValue>) -> Result<JsValue, SqlError> {
    match asked {
        Ok(promise) => JsFuture::from(promise).await.map_err(failure),
        Err(error) => Err(failure(error)),
    }
}

/// What SQLite said stands in the cause; in front of it D1 has words of its own.
fn failure(error: JsValue) -> SqlError {
    let Some(error) = error.dyn_ref::<Error>() else { return SqlError::Other(format!("{error:?}")) };
    let cause = error.cause();
    let reason = cause.dyn_ref::<Error>().unwrap_or(error);
    SqlError::from_text(&String::from(reason.message()))
}

fn member(object: &JsValue, name: &JsValue) -> JsValue {
    Reflect::get(object, name).unwrap_or_default()
}

fn row(raw: &JsValue) -> Row {
    let entries = raw.dyn_ref::<Object>().map(Object::entries).unwrap_or_default();
    let columns = entries.iter().filter_map(|entry| {
        let entry: Array = entry.unchecked_into();
        Some((entry.get(0).as_string()?, from_js(&entry.get(1))))
    });
    Row(columns.collect())
}

#[expect(clippy::cast_precision_loss, reason = "D1 carries numbers as doubles")]
fn to_js(value: &SqlValue) -> JsValue {
    match value {
        SqlValue::Null => JsValue::NULL,
        SqlValue::Integer(number) => JsValue::from_f64(*number as f64),
        SqlValue::Real(number) => JsValue::from_f64(*number),
        SqlValue::Text(text) => JsValue::from_str(text),
        SqlValue::Blob(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    }
}

fn from_js(value: &JsValue) -> SqlValue {
    if let Some(text) = value.as_string() {
        SqlValue::Text(text)
    } else if let Some(number) = value.as_f64() {
        from_double(number)
    } else if value.is_object() {
        // A blob arrives as an array of numbers.
        SqlValue::Blob(Uint8Array::new(value).to_vec())
    } else {
        SqlValue::Null
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers become integers")]
fn from_double(number: f64) -> SqlValue {
    if number.fract() == 0.0 { SqlValue::Integer(number as i64) } else { SqlValue::Real(number) }
}

/// A row as JavaScript writes it: an object of its columns.
impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = Row;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut columns = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some((name, Cell(value))) = map.next_entry()? {
                    columns.push((name, value));
                }
                Ok(Row(columns))
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

struct Cell(SqlValue);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;

        impl<'de> Visitor<'de> for Value {
            type Value = Cell;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a value of D1")
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell(SqlValue::Null))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell(SqlValue::Integer(number)))
            }

            #[expect(clippy::cast_precision_loss, reason = "JavaScript wrote a double")]
            fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
                Ok(Cell(i64::try_from(number).map_or_else(|_| from_double(number as f64), SqlValue::Integer)))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
                Ok(Cell(from_double(number)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell(SqlValue::Text(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Cell, E> {
                Ok(Cell(SqlValue::Text(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Cell, A::Error> {
                let mut blob = Vec::new();
                while let Some(byte) = bytes.next_element()? {
                    blob.push(byte);
                }
                Ok(Cell(SqlValue::Blob(blob)))
            }
        }

        deserializer.deserialize_any(Value)
    }
}
