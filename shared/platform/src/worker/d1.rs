//! D1. Numbers cross into JavaScript as doubles, so integers are exact up to 2^53.

use js_sys::{Array, Object, Uint8Array};
use send_wrapper::SendWrapper;
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use worker::{D1Database, D1PreparedStatement, D1Result};

use crate::{Outcome, Row, Sql, SqlError, SqlValue, Statement, Task};

pub(super) struct D1(SendWrapper<D1Database>);

impl D1 {
    pub(super) fn new(database: D1Database) -> Self {
        Self(SendWrapper::new(database))
    }

    fn prepare(&self, statement: &Statement) -> Result<D1PreparedStatement, SqlError> {
        let values: Vec<JsValue> = statement.params.iter().map(to_js).collect();
        Ok(self.0.prepare(statement.text).bind(&values)?)
    }

    async fn run(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>, SqlError> {
        let prepared = statements.iter().map(|statement| self.prepare(statement)).collect::<Result<_, _>>()?;
        self.0.batch(prepared).await?.iter().map(outcome).collect()
    }
}

impl Sql for D1 {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(SendWrapper::new(async move {
            let result = self.prepare(&statement)?.all().await?;
            Ok(outcome(&result)?.rows)
        }))
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(SendWrapper::new(self.run(statements)))
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
    }
}

#[derive(Deserialize)]
struct RawRow(#[serde(with = "serde_wasm_bindgen::preserve")] JsValue);

fn outcome(result: &D1Result) -> Result<Outcome, SqlError> {
    let rows = result.results::<RawRow>()?.into_iter().map(|raw| row(&raw.0)).collect();
    let changes = result.meta()?.and_then(|meta| meta.changes).unwrap_or(0);
    Ok(Outcome { rows, changes: changes as u64 })
}

fn row(raw: &JsValue) -> Row {
    let entries = raw.dyn_ref::<Object>().map(Object::entries).unwrap_or_default();
    let columns = entries.iter().filter_map(|entry| {
        let entry = entry.dyn_into::<Array>().ok()?;
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

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers become integers")]
fn from_js(value: &JsValue) -> SqlValue {
    if let Some(text) = value.as_string() {
        SqlValue::Text(text)
    } else if let Some(number) = value.as_f64() {
        if number.fract() == 0.0 { SqlValue::Integer(number as i64) } else { SqlValue::Real(number) }
    } else if value.is_object() {
        // A blob arrives as an array of numbers.
        SqlValue::Blob(Uint8Array::new(value).to_vec())
    } else {
        SqlValue::Null
    }
}

impl From<worker::Error> for SqlError {
    fn from(error: worker::Error) -> Self {
        match error {
            worker::Error::D1(error) => Self::from_text(&error.cause()),
            error => Self::from_text(&error.to_string()),
        }
    }
}
