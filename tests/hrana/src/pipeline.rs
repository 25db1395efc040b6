//! The requests of a pipeline, one after the other on one stream. One that fails does not keep the others from being
//! executed.

use libsql_hrana::proto::{
    Batch, BatchCond, BatchResult, BatchStreamResp, CloseStreamResp, Error, ExecuteStreamResp, GetAutocommitStreamResp,
    PipelineReqBody, PipelineRespBody, SequenceStreamResp, StreamRequest, StreamResponse, StreamResult,
};
use rusqlite::Connection;

use crate::{sqlite, streams::Streams};

/// An error is about the stream itself.
pub(crate) fn execute(streams: &Streams, body: PipelineReqBody) -> Result<PipelineRespBody, Error> {
    let mut stream = Some(streams.take(body.baton.as_deref())?);
    let mut results = Vec::new();
    for request in body.requests {
        let result = match (stream.take(), request) {
            (None, _) => Err(refused("STREAM_CLOSED", "The stream was closed")),
            (Some(connection), StreamRequest::Close(_)) => {
                streams.close(connection);
                Ok(StreamResponse::Close(CloseStreamResp {}))
            }
            (Some(connection), request) => {
                let response = respond(&connection, request);
                stream = Some(connection);
                response
            }
        };
        results.push(match result {
            Ok(response) => StreamResult::Ok { response },
            Err(error) => StreamResult::Error { error },
        });
    }
    let baton = stream.and_then(|connection| streams.keep(connection));
    Ok(PipelineRespBody { baton, base_url: None, results })
}

fn respond(connection: &Connection, request: StreamRequest) -> Result<StreamResponse, Error> {
    match request {
        StreamRequest::Execute(request) => {
            let result = sqlite::execute(connection, &request.stmt)?;
            Ok(StreamResponse::Execute(ExecuteStreamResp { result }))
        }
        StreamRequest::Batch(request) => {
            let result = batch(connection, request.batch)?;
            Ok(StreamResponse::Batch(BatchStreamResp { result }))
        }
        StreamRequest::Sequence(request) => {
            let sql = request.sql.ok_or_else(|| refused("NOT_SUPPORTED", "Stored SQL is not supported"))?;
            connection.execute_batch(&sql).map_err(|error| sqlite::failure(&error))?;
            Ok(StreamResponse::Sequence(SequenceStreamResp {}))
        }
        StreamRequest::GetAutocommit(_) => {
            let is_autocommit = connection.is_autocommit();
            Ok(StreamResponse::GetAutocommit(GetAutocommitStreamResp { is_autocommit }))
        }
        _ => Err(refused("NOT_SUPPORTED", "This request is not supported")),
    }
}

fn batch(connection: &Connection, batch: Batch) -> Result<BatchResult, Error> {
    let mut result = BatchResult::default();
    for step in batch.steps {
        let is_met = step.condition.as_ref().map_or(Ok(true), |condition| holds(connection, &result, condition))?;
        let executed = is_met.then(|| sqlite::execute(connection, &step.stmt));
        let (found, error) = match executed {
            None => (None, None),
            Some(Ok(found)) => (Some(found), None),
            Some(Err(error)) => (None, Some(error)),
        };
        result.step_results.push(found);
        result.step_errors.push(error);
    }
    Ok(result)
}

/// A step that was skipped has neither succeeded nor failed. Only steps before this one have.
fn holds(connection: &Connection, so_far: &BatchResult, condition: &BatchCond) -> Result<bool, Error> {
    let unknown = || refused("BATCH_COND_BAD_STEP", "A condition names a step that is not before it");
    let at = |step: u32| usize::try_from(step).map_err(|_| unknown());
    match condition {
        BatchCond::Ok { step } => so_far.step_results.get(at(*step)?).map(Option::is_some).ok_or_else(unknown),
        BatchCond::Error { step } => so_far.step_errors.get(at(*step)?).map(Option::is_some).ok_or_else(unknown),
        BatchCond::Not { cond } => Ok(!holds(connection, so_far, cond)?),
        BatchCond::And(list) => {
            list.conds.iter().try_fold(true, |all, cond| Ok(holds(connection, so_far, cond)? && all))
        }
        BatchCond::Or(list) => {
            list.conds.iter().try_fold(false, |any, cond| Ok(holds(connection, so_far, cond)? || any))
        }
        BatchCond::IsAutocommit {} => Ok(connection.is_autocommit()),
        BatchCond::None => Err(refused("PROTOCOL_ERROR", "A condition has no type")),
    }
}

fn refused(code: &str, message: &str) -> Error {
    Error { message: message.to_owned(), code: code.to_owned() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn ask(streams: &Streams, baton: Option<&str>, requests: Value) -> Result<Value, String> {
        let text = json!({ "baton": baton, "requests": requests }).to_string();
        execute(streams, serde_json::from_str(&text).unwrap())
            .map(|answer| serde_json::to_value(answer).unwrap())
            .map_err(|error| error.code)
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("hrana-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_step_is_executed_if_its_condition_holds() {
        let folder = folder("batch");
        let streams = Streams::over(&folder.join("db.sqlite"));
        let step = |condition: Value, sql: &str| json!({ "condition": condition, "stmt": { "sql": sql } });
        let ok = |step: u32| json!({ "type": "ok", "step": step });
        let failed = |step: u32| json!({ "type": "error", "step": step });
        let autocommit = json!({ "type": "is_autocommit" });
        let steps = json!([
            step(Value::Null, "BEGIN"),
            step(ok(0), "SELECT nothing"),
            step(ok(1), "SELECT 2"),
            step(failed(1), "SELECT 3"),
            step(json!({ "type": "or", "conds": [ok(2), failed(2)] }), "SELECT 4"),
            step(json!({ "type": "and", "conds": [ok(3), { "type": "not", "cond": autocommit }] }), "ROLLBACK"),
            step(autocommit.clone(), "SELECT 6"),
            step(ok(6), "SELECT 7; SELECT 8"),
            step(ok(6), "SELECT ?1"),
        ]);
        let answer = ask(&streams, None, json!([{ "type": "batch", "batch": { "steps": steps } }])).unwrap();
        let result = &answer["results"][0]["response"]["result"];
        let executed = |index: usize| !result["step_results"][index].is_null();
        let code = |index: usize| result["step_errors"][index]["code"].as_str().unwrap_or_default();
        assert_eq!(
            (0..9).map(executed).collect::<Vec<_>>(),
            [true, false, false, true, false, true, true, false, false]
        );
        assert_eq!([1, 2, 4, 7, 8].map(code), ["SQL_INPUT_ERROR", "", "", "SQL_MANY_STATEMENTS", "ARGS_INVALID"]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_stream_goes_on_under_its_newest_baton_until_it_is_closed() {
        let folder = folder("stream");
        let streams = Streams::over(&folder.join("db.sqlite"));
        let autocommit = json!({ "type": "get_autocommit" });
        let begin =
            json!([{ "type": "sequence", "sql": "CREATE TABLE t (v); BEGIN; INSERT INTO t VALUES (1)" }, autocommit]);
        let first = ask(&streams, None, begin).unwrap();
        assert_eq!(first["results"][1]["response"]["is_autocommit"], false);
        let baton = first["baton"].as_str().unwrap();
        let count = json!({ "type": "execute", "stmt": { "sql": "SELECT count(*) FROM t WHERE v = :v",
            "named_args": [{ "name": "v", "value": { "type": "integer", "value": "1" } }] } });
        let second = ask(&streams, Some(baton), json!([count, { "type": "close" }, count])).unwrap();
        assert_eq!(second["results"][0]["response"]["result"]["rows"], json!([[{ "type": "integer", "value": "1" }]]));
        assert_eq!((second["results"][2]["type"].as_str(), &second["baton"]), (Some("error"), &Value::Null));
        assert_eq!(ask(&streams, Some(baton), json!([autocommit])).unwrap_err(), "STREAM_EXPIRED");
        // What was not committed is not there.
        let third = ask(&streams, None, json!([count, { "type": "close" }])).unwrap();
        assert_eq!(third["results"][0]["response"]["result"]["rows"], json!([[{ "type": "integer", "value": "0" }]]));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
