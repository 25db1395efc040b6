//! Evaluations that are running are computed by whoever reads: the one that is asked for, or the oldest ones. Two readers at
//! once compute the same, and the first to write it is kept.

use platform::{Row, Statement};
use policy::qnsp::bias::{self, Dataset, Failure, Fairness, Format};
use qnsp::{Caller, word};
use service::{Actor, Anonymous, Batch, Error, Result};

use crate::{evaluation_store as store, source};

/// How many evaluations one read computes.
const STEP: i64 = 16;

/// Adds what has become of evaluations that are running to a batch.
pub(crate) async fn complete(caller: &Caller, batch: &mut Batch<impl Actor>, id: Option<&str>) -> Result<()> {
    let running = match id {
        Some(id) => Statement::new(
            "SELECT id FROM qnsp_bias_evaluations WHERE tenant_id = ?1 AND id = ?2 AND status = 'running'",
        )
        .bind(caller.tenant())
        .bind(id),
        None => Statement::new(
            "SELECT id FROM qnsp_bias_evaluations WHERE tenant_id = ?1 AND status = 'running' \
             ORDER BY started_at, id LIMIT ?2",
        )
        .bind(caller.tenant())
        .bind(STEP),
    };
    for row in caller.app.query(running).await? {
        let id: String = row.get("id")?;
        // One at a time: each may hold a dataset.
        let Some(result) = result(caller, &id).await? else { continue };
        for statement in store::complete(caller, &id, &result) {
            batch.push(statement);
        }
    }
    Ok(())
}

/// `None` when another read has written it meanwhile.
async fn result(caller: &Caller, id: &str) -> Result<Option<std::result::Result<Fairness, Failure>>> {
    let background = Anonymous::background(&caller.app);
    let mut batch = background.batch();
    let key = batch.read_data_key(caller.tenant());
    let found = batch.push(store::select(caller, id));
    let outcomes = batch.read().await?;
    let Some(row) = outcomes.row(found) else { return Ok(None) };
    let Some(sealed) = row.get::<Option<Vec<u8>>>("sealed_source")? else { return Ok(None) };
    let key = outcomes.data_key(&key)?.ok_or_else(|| Error::internal("a source without a data key"))?;
    let source = store::open(caller, &key, id, &sealed)?;
    let data = source::read(caller, &key, &source).await?;
    evaluate(row, data).map(Some)
}

type Data = std::result::Result<(Vec<u8>, Format), Failure>;

fn evaluate(row: &Row, data: Data) -> Result<std::result::Result<Fairness, Failure>> {
    let attributes: String = row.get("protected_attributes")?;
    let attributes: Vec<String> =
        serde_json::from_str(&attributes).map_err(|_| Error::internal("a stored list that is not JSON"))?;
    let most = row.get::<Option<i64>>("sample_size")?.and_then(|size| usize::try_from(size).ok());
    let kind = word(row, "type")?;
    let dataset = data.and_then(|(data, format)| Dataset::read(&data, format));
    Ok(dataset.and_then(|dataset| bias::evaluate(kind, &dataset, &attributes, most.unwrap_or(usize::MAX))))
}
