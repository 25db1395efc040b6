//! Evaluations as they are stored.

use std::collections::BTreeMap;

use crypto::seal::DataKey;
use model::{
    qnsp::ai::{AttributeResult, BiasEvaluation, EvaluationType},
    time::IsoTime,
};
use platform::{Row, Statement, random};
use policy::qnsp::bias::{Failure, Fairness};
use qnsp::{Caller, missing, word};
use serde_json::{Value, json};
use service::{Error, Guard, Result};

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_bias_evaluations WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such evaluation")).bind(caller.tenant()).bind(id)
}

/// The model of an id, or the newest one of a name.
const MODEL: &str = "(SELECT id FROM qnsp_models WHERE tenant_id = ?1 AND id = ?2 UNION ALL SELECT * FROM (SELECT id \
     FROM qnsp_models WHERE tenant_id = ?1 AND name = ?3 ORDER BY created_at DESC, id DESC LIMIT 1))";

pub(crate) fn model_exists(caller: &Caller, id: Option<&str>, name: Option<&str>) -> Guard {
    let guard = Guard::new(format!("EXISTS {MODEL}"), missing("No such model")).bind(caller.tenant());
    guard.bind(id.map(str::to_owned)).bind(name.map(str::to_owned))
}

pub(crate) struct NewRow<'a> {
    pub id: &'a str,
    pub model_id: Option<&'a str>,
    pub model_name: Option<&'a str>,
    pub kind: EvaluationType,
    pub attributes: Vec<&'a str>,
    pub sample_size: Option<i64>,
    pub sealed_source: Vec<u8>,
}

pub(crate) fn insert(caller: &Caller, new: NewRow) -> Statement {
    let insert = Statement::new(format!(
        "INSERT INTO qnsp_bias_evaluations (tenant_id, id, created_at, model_id, type, protected_attributes, sample_size, \
         sealed_source, status, rows_used, results) VALUES (?1, ?4, ?5, {MODEL}, ?6, ?7, ?8, ?9, 'created', 0, '{{}}')"
    ));
    insert
        .bind(caller.tenant())
        .bind(new.model_id.map(str::to_owned))
        .bind(new.model_name.map(str::to_owned))
        .bind(new.id)
        .bind(caller.now)
        .bind(<&str>::from(new.kind))
        .bind(json!(new.attributes).to_string())
        .bind(new.sample_size)
        .bind(new.sealed_source)
}

pub(crate) fn start(caller: &Caller, id: &str) -> Statement {
    let start = "UPDATE qnsp_bias_evaluations SET status = 'running', started_at = ?3 \
                 WHERE tenant_id = ?1 AND id = ?2 AND status = 'created'";
    Statement::new(start).bind(caller.tenant()).bind(id).bind(caller.now)
}

/// A source opens in the row of its evaluation alone.
fn aad<'a>(tenant: &'a str, id: &'a str) -> [&'a [u8]; 3] {
    [b"qnsp-bias-source", tenant.as_bytes(), id.as_bytes()]
}

pub(crate) fn seal(caller: &Caller, key: &DataKey, id: &str, source: &str) -> Result<Vec<u8>> {
    Ok(key.seal(random::bytes()?, &aad(caller.tenant(), id), source.as_bytes()))
}

pub(crate) fn open(caller: &Caller, key: &DataKey, id: &str, sealed: &[u8]) -> Result<String> {
    let source = key.open(&aad(caller.tenant(), id), sealed)?;
    String::from_utf8(source.to_vec()).map_err(|_| Error::internal("a stored source that is not text"))
}

/// What an evaluation that is running has come to. Another read may have written it meanwhile, which is then left as it is.
pub(crate) fn complete(caller: &Caller, id: &str, result: &std::result::Result<Fairness, Failure>) -> [Statement; 2] {
    let update = Statement::new(
        "UPDATE qnsp_bias_evaluations SET status = ?3, completed_at = ?4, score = ?5, is_fair = ?6, rows_used = ?7, \
         results = ?8, reason = ?9, sealed_source = NULL WHERE tenant_id = ?1 AND id = ?2 AND status = 'running'",
    );
    let update = update.bind(caller.tenant()).bind(id);
    let update = match result {
        Ok(fairness) => update
            .bind("completed")
            .bind(caller.now)
            .bind(ten_thousandths(fairness.score))
            .bind(fairness.is_fair)
            .bind(i64::try_from(fairness.rows).unwrap_or(i64::MAX))
            .bind(stored(&fairness.attributes))
            .bind(None::<String>),
        Err(failure) => update
            .bind("failed")
            .bind(caller.now)
            .bind(None::<i64>)
            .bind(None::<bool>)
            .bind(0_i64)
            .bind("{}")
            .bind(failure.reason()),
    };
    let latest = Statement::new(
        "INSERT INTO qnsp_bias_models (tenant_id, model_id, evaluation_id, completed_at, started_at, score, is_fair) \
         SELECT tenant_id, model_id, id, completed_at, started_at, score, is_fair FROM qnsp_bias_evaluations \
         WHERE tenant_id = ?1 AND id = ?2 AND status = 'completed' ON CONFLICT (tenant_id, model_id) DO UPDATE SET \
         evaluation_id = excluded.evaluation_id, completed_at = excluded.completed_at, started_at = excluded.started_at, \
         score = excluded.score, is_fair = excluded.is_fair \
         WHERE (excluded.completed_at, excluded.started_at, excluded.evaluation_id) > (completed_at, started_at, evaluation_id)",
    );
    [update, latest.bind(caller.tenant()).bind(id)]
}

/// Results without what is null: groups may be as many as a fifth of the rows.
fn stored(attributes: &BTreeMap<String, AttributeResult>) -> String {
    let mut json = json!(attributes);
    for attribute in json.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        let groups = attribute.get_mut("groups").and_then(Value::as_object_mut);
        for group in groups.into_iter().flat_map(|groups| groups.values_mut()).filter_map(Value::as_object_mut) {
            group.retain(|_, value| !value.is_null());
        }
    }
    json.to_string()
}

#[expect(clippy::cast_possible_truncation, reason = "a score from 0 to 1")]
fn ten_thousandths(score: f64) -> i64 {
    (score * 10_000.0).round() as i64
}

/// A score of so many ten-thousandths.
pub(crate) fn score(row: &Row) -> Result<Option<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
    Ok(row.get::<Option<i64>>("score")?.map(|score| score as f64 / 10_000.0))
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = "SELECT * FROM qnsp_bias_evaluations WHERE tenant_id = ?1 AND id = ?2";
    Statement::new(select).bind(caller.tenant()).bind(id)
}

pub(crate) fn evaluation(row: &Row) -> Result<BiasEvaluation> {
    let results: String = row.get("results")?;
    let time = |column: &str| -> Result<Option<IsoTime>> { Ok(row.get::<Option<i64>>(column)?.map(IsoTime)) };
    Ok(BiasEvaluation {
        evaluation_id: row.get("id")?,
        model_id: row.get("model_id")?,
        evaluation_type: word(row, "type")?,
        status: word(row, "status")?,
        score: score(row)?,
        fair: row.get("is_fair")?,
        attributes: serde_json::from_str(&results)
            .map_err(|_| Error::internal("stored results that cannot be read"))?,
        rows_used: row.get("rows_used")?,
        reason: row.get("reason")?,
        created_at: IsoTime(row.get("created_at")?),
        started_at: time("started_at")?,
        completed_at: time("completed_at")?,
    })
}
