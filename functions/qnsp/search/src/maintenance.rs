//! Maintenance that is carried out: the first read of an index inside a window takes it as its business, and goes on until
//! it is done or its time is over; then the next read goes on. Progress is stored with what was done.

use crypto::seal::DataKey;
use model::qnsp::search::Content;
use platform::{Row, Statement, clock, random};
use qnsp::{Caller, DAY};
use serde_json::json;
use service::{Anonymous, Batch, Error, Result};

use crate::{
    document_store::{CONTENT, aad, texts},
    terms,
};

/// How long a window is the business of one task, and how long one read works at it, in milliseconds.
const CLAIM: i64 = 60_000;
const TIME: i64 = 5_000;

/// How many documents or terms one batch looks at, and how many bytes of documents.
const DOCUMENTS: i64 = 200;
const TERMS: i64 = 20_000;
const BYTES: usize = 512 << 10;

/// What is due of a tenant (`?1`) at a time (`?2`). No window is longer than a day (it began after `?3`).
const DUE: &str = "FROM qnsp_search_maintenance WHERE tenant_id = ?1 AND starts_at <= ?2 AND starts_at > ?3 \
     AND ends_at > ?2 AND status IN ('scheduled', 'running') AND claimed_until <= ?2 ORDER BY starts_at, index_name LIMIT 1";

/// The tenants of whom some is due, or begun and overdue, at a time (`?1`).
pub(crate) const TENANTS: &str = "SELECT DISTINCT tenant_id FROM qnsp_search_maintenance \
     WHERE status IN ('scheduled', 'running') AND ((starts_at <= ?1 AND starts_at > ?1 - 86400000 AND ends_at > ?1 \
     AND claimed_until <= ?1) OR (status = 'running' AND ends_at <= ?1))";

/// Carries out what is due of the tenant, as far as the time goes.
pub(crate) async fn run_due(caller: &Caller) -> Result<()> {
    let until = clock::now_ms() + TIME;
    while clock::now_ms() < until {
        // Most of the time nothing is due, which a read tells.
        if caller.app.query(select_due(caller)).await?.is_empty() {
            break;
        }
        let Some(run) = Run::claim(caller).await? else { break };
        run.carry_out(caller, until).await?;
    }
    Ok(())
}

/// Gives a row when something is due of the tenant.
pub(crate) fn select_due(caller: &Caller) -> Statement {
    bind_due(caller, format!("SELECT 1 AS due {DUE}"))
}

fn bind_due(caller: &Caller, text: String) -> Statement {
    Statement::new(text).bind(caller.tenant()).bind(caller.now).bind(caller.now - DAY)
}

/// What was begun in a window that is over has failed.
pub(crate) fn fail_overdue(tenant: &str, now: i64) -> Statement {
    let update = "UPDATE qnsp_search_maintenance SET status = 'failed' \
                  WHERE tenant_id = ?1 AND status = 'running' AND ends_at <= ?2";
    Statement::new(update).bind(tenant).bind(now)
}

/// Maintenance of an index that is this task's business.
struct Run {
    tenant: String,
    index: String,
    starts_at: i64,
    kind: String,
    progress: String,
    claimed_until: i64,
}

/// What one step does.
#[derive(Default)]
struct Step {
    statements: Vec<Statement>,
    /// How far it comes; `None` when it is the last one.
    progress: Option<String>,
}

impl Run {
    async fn claim(caller: &Caller) -> Result<Option<Self>> {
        let mut batch = Anonymous::background(&caller.app).batch();
        let claim = format!(
            "UPDATE qnsp_search_maintenance SET status = 'running', claimed_until = ?4 \
             WHERE (tenant_id, index_name, starts_at) IN (SELECT tenant_id, index_name, starts_at {DUE}) \
             RETURNING index_name, starts_at, type, progress, claimed_until"
        );
        let claimed = batch.push(bind_due(caller, claim).bind(caller.now + CLAIM));
        let outcomes = batch.write().await?;
        let Some(row) = outcomes.row(claimed) else { return Ok(None) };
        Ok(Some(Self {
            tenant: caller.tenant().to_owned(),
            index: row.get("index_name")?,
            starts_at: row.get("starts_at")?,
            kind: row.get("type")?,
            progress: row.get("progress")?,
            claimed_until: row.get("claimed_until")?,
        }))
    }

    async fn carry_out(mut self, caller: &Caller, until: i64) -> Result<()> {
        let background = Anonymous::background(&caller.app);
        let key = background.batch().data_key(&self.tenant).await?;
        loop {
            let step = match self.kind.as_str() {
                "optimize" => self.optimize(caller).await,
                "reindex" => self.reindex(caller, &key).await,
                _ => self.back_up(caller, &key).await,
            };
            // A step that cannot be done is no fault of who has read.
            let (step, failed) = match step {
                Ok(step) => (step, false),
                Err(error) => {
                    platform::log::error(&format!("maintenance of a search index: {}", error.reason()));
                    (Step::default(), true)
                }
            };
            let is_over = step.progress.is_none();
            let goes_on = !is_over && clock::now_ms() < until;
            let status = if failed {
                "failed"
            } else if is_over {
                "done"
            } else {
                "running"
            };
            let mut batch = background.batch();
            for statement in step.statements {
                batch.push(statement);
            }
            self.progress = step.progress.unwrap_or_default();
            self.store(&mut batch, status, goes_on);
            batch.write().await?;
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// How far it has come. Where another task has it meanwhile, that one says so.
    fn store<A: service::Actor>(&self, batch: &mut Batch<A>, status: &'static str, goes_on: bool) {
        let update = Statement::new(
            "UPDATE qnsp_search_maintenance SET status = ?5, progress = ?6, claimed_until = ?7 WHERE tenant_id = ?1 \
             AND index_name = ?2 AND starts_at = ?3 AND claimed_until = ?4",
        );
        let update = update.bind(self.tenant.as_str()).bind(self.index.as_str()).bind(self.starts_at);
        let claimed_until = if goes_on { self.claimed_until } else { 0 };
        batch.push(update.bind(self.claimed_until).bind(status).bind(self.progress.as_str()).bind(claimed_until));
    }

    /// Deletes terms whose document is gone, or is another tenant's or in another index.
    async fn optimize(&self, caller: &Caller) -> Result<Step> {
        let last = Statement::new(
            "SELECT max(term) AS term, count(*) AS terms FROM (SELECT term FROM qnsp_search_terms WHERE tenant_id = ?1 \
             AND index_name = ?2 AND term > ?3 ORDER BY term LIMIT ?4)",
        );
        let last = last.bind(self.tenant.as_str()).bind(self.index.as_str()).bind(self.progress.as_str()).bind(TERMS);
        let rows = caller.app.query(last).await?;
        let Some(last) = rows.first().map(|row| row.get::<Option<String>>("term")).transpose()?.flatten() else {
            return Ok(Step::default());
        };
        let delete = Statement::new(
            "DELETE FROM qnsp_search_terms WHERE tenant_id = ?1 AND index_name = ?2 AND term > ?3 AND term <= ?4 \
             AND NOT EXISTS (SELECT 1 FROM qnsp_search_documents d WHERE d.id = document AND d.tenant_id = ?1 \
             AND d.index_name = ?2)",
        );
        let delete = delete.bind(self.tenant.as_str()).bind(self.index.as_str()).bind(self.progress.as_str());
        Ok(Step { statements: vec![delete.bind(last.as_str())], progress: Some(last) })
    }

    /// Makes the terms of the next documents anew.
    async fn reindex(&self, caller: &Caller, key: &DataKey) -> Result<Step> {
        let documents = self.next_documents(caller, key).await?;
        let mut step = Step { statements: Vec::new(), progress: documents.last().map(|last| last.id.to_string()) };
        for document in &documents {
            let (pairs, length) = terms::of_document(key, texts(&document.content));
            // A document that was written meanwhile has its terms.
            const SAME: &str = "EXISTS (SELECT 1 FROM qnsp_search_documents d WHERE d.id = ?1 AND d.revision = ?2)";
            let of =
                |text: &str| Statement::new(text.replace("{same}", SAME)).bind(document.id).bind(document.revision);
            step.statements.push(of("DELETE FROM qnsp_search_terms WHERE document = ?1 AND {same}"));
            let insert = of("INSERT INTO qnsp_search_terms (tenant_id, index_name, term, document, tf, length) \
                 SELECT ?3, ?4, value ->> 0, ?1, value ->> 1, ?5 FROM json_each(?6) WHERE {same}");
            let insert = insert.bind(self.tenant.as_str()).bind(self.index.as_str()).bind(length);
            step.statements.push(insert.bind(pairs.to_string()));
        }
        Ok(step)
    }

    /// Writes the next documents down as lines of JSON.
    async fn back_up(&self, caller: &Caller, key: &DataKey) -> Result<Step> {
        let documents = self.next_documents(caller, key).await?;
        let Some(last) = documents.last() else { return Ok(Step::default()) };
        let lines = documents.iter().map(|document| {
            let content = &document.content;
            let line = json!({
                "documentId": document.name, "title": content.title, "body": content.body, "tags": content.tags,
                "version": content.version,
            });
            format!("{line}\n")
        });
        let lines: String = lines.collect();
        let first = documents.first().map_or(last.id, |first| first.id);
        let name = format!("{}/{}/{first}", self.index, model::time::to_iso(self.starts_at));
        let aad = [b"search-backup".as_slice(), self.tenant.as_bytes(), name.as_bytes()];
        let sealed = key.seal(random::bytes()?, &aad, lines.as_bytes());
        let insert = "INSERT OR REPLACE INTO qnsp_search_backups (tenant_id, name, sealed) VALUES (?1, ?2, ?3)";
        let insert = Statement::new(insert).bind(self.tenant.as_str()).bind(name).bind(sealed);
        Ok(Step { statements: vec![insert], progress: Some(last.id.to_string()) })
    }

    /// The documents behind the progress, as many as one batch takes.
    async fn next_documents(&self, caller: &Caller, key: &DataKey) -> Result<Vec<Document>> {
        let after: i64 = self.progress.parse().unwrap_or_default();
        let select = Statement::new(
            "SELECT id, document_id, sealed_content, revision FROM (SELECT *, sum(bytes) OVER (ORDER BY id) AS all_bytes, \
             row_number() OVER (ORDER BY id) AS number FROM (SELECT id, document_id, sealed_content, revision, bytes \
             FROM qnsp_search_documents WHERE tenant_id = ?1 AND index_name = ?2 AND id > ?3 ORDER BY id LIMIT ?4)) \
             WHERE number = 1 OR all_bytes <= ?5 ORDER BY id",
        );
        let select = select.bind(self.tenant.as_str()).bind(self.index.as_str()).bind(after).bind(DOCUMENTS);
        let rows = caller.app.query(select.bind(i64::try_from(BYTES).unwrap_or(i64::MAX))).await?;
        rows.iter().map(|row| Document::of(row, key, &self.tenant, &self.index)).collect()
    }
}

struct Document {
    id: i64,
    name: String,
    content: Content,
    revision: i64,
}

impl Document {
    fn of(row: &Row, key: &DataKey, tenant: &str, index: &str) -> Result<Self> {
        let name: String = row.get("document_id")?;
        let content = key.open(&aad(CONTENT, tenant, index, &name), &row.get::<Vec<u8>>("sealed_content")?)?;
        let content = serde_json::from_slice(&content).map_err(|_| Error::internal("a document that is not JSON"))?;
        Ok(Self { id: row.get("id")?, name, content, revision: row.get("revision")? })
    }
}
