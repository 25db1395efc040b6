//! Documents are tested with rules, in steps: by scans, and by policies that apply themselves. What a step finds is written
//! with how far it came. Two readers at once find the same, and the first to write it is kept; a document that was written
//! anew meanwhile is left as it is.

use platform::{Row, Statement, clock};
use policy::qnsp::classification::{self, Classification, Rule};
use qnsp::{Caller, documents::open_content};
use serde_json::{Value, json};
use service::{Anonymous, Error, Guard, Result};

use crate::{
    classification::compile,
    store::{done_already, had_effect, is_in_scope},
};

/// How many documents one step tests, and about how many bytes of them are read at once.
const STEP: i64 = 200;
const BYTES: i64 = 4 << 20;

/// How much one step searches, in bytes of patterns times bytes of documents: the worst patterns take about three seconds
/// for as much (natively, optimised). It tests one document in any case.
const SEARCHED: i64 = 1 << 34;

/// How long one call goes on, in milliseconds.
const TIME: i64 = 5_000;

/// Whether documents of the tenant (`?1`) are to be tested.
pub(crate) const IS_PENDING: &str = "(EXISTS (SELECT 1 FROM qnsp_classification_scans WHERE tenant_id = ?1 \
     AND status <> 'completed') OR EXISTS (SELECT 1 FROM qnsp_classification_policies WHERE tenant_id = ?1 \
     AND auto_number IS NOT NULL AND auto_number > (SELECT min(applied) FROM qnsp_documents WHERE tenant_id = ?1)))";

/// The tenants of whom documents are to be tested.
pub(crate) const TENANTS: &str = "SELECT tenant_id FROM qnsp_classification_scans WHERE status <> 'completed' \
     UNION SELECT p.tenant_id FROM qnsp_classification_policies p WHERE auto_number IS NOT NULL \
     AND auto_number > (SELECT min(applied) FROM qnsp_documents WHERE tenant_id = p.tenant_id)";

/// Carries on a scan, or all of the tenant that are pending, oldest first.
pub(crate) async fn scan(caller: &Caller, id: Option<&str>) -> Result<()> {
    let until = clock::now_ms() + TIME;
    while clock::now_ms() < until {
        let next = Statement::new(
            "SELECT * FROM qnsp_classification_scans WHERE tenant_id = ?1 AND status <> 'completed' \
             AND (?2 IS NULL OR id = ?2) ORDER BY created_at, id LIMIT 1",
        );
        let rows = caller.app.query(next.bind(caller.tenant()).bind(id.map(str::to_owned))).await?;
        let Some(row) = rows.first() else { break };
        if !scan_step(caller, row).await? {
            break;
        }
    }
    Ok(())
}

/// Whether the step had its effect.
async fn scan_step(caller: &Caller, scan: &Row) -> Result<bool> {
    let (id, cursor_at, cursor_id): (String, i64, String) =
        (scan.get("id")?, scan.get("cursor_at")?, scan.get("cursor_id")?);
    let select = Statement::new(format!(
        "SELECT id, version, size, created_at FROM qnsp_documents d INDEXED BY qnsp_documents_by_age \
         WHERE tenant_id = ?1 AND (created_at, id) > (?2, ?3) AND created_at <= ?4 AND {} \
         ORDER BY created_at, id LIMIT ?7",
        is_in_scope("?5", "?6")
    ));
    let select = select.bind(caller.tenant()).bind(cursor_at).bind(cursor_id.as_str());
    let select = select.bind(scan.get::<i64>("created_at")?);
    let select = select.bind(scan.get::<String>("buckets")?).bind(scan.get::<String>("prefixes")?).bind(STEP);
    let rows = caller.app.query(select).await?;
    let rules = compile(scan, "rules")?;
    let now = within_step(&rows, scan.get("size")?)?;
    let is_last = (rows.len() as i64) < STEP && now.len() == rows.len();
    let found = test(caller, now, &rules).await?;
    let classified = found.iter().filter(|(.., found)| found.level.is_some()).count();
    let mut batch = Anonymous::background(&caller.app).batch();
    let is_here = "EXISTS (SELECT 1 FROM qnsp_classification_scans WHERE tenant_id = ?1 AND id = ?2 AND cursor_at = ?3 \
                   AND cursor_id = ?4 AND status <> 'completed')";
    let is_here = Guard::new(is_here, done_already()).bind(caller.tenant());
    batch.require(is_here.bind(id.as_str()).bind(cursor_at).bind(cursor_id.as_str()));
    batch.push(tighten(caller, &found, None));
    let update = Statement::new(
        "UPDATE qnsp_classification_scans SET cursor_at = coalesce(?3, cursor_at), cursor_id = coalesce(?4, cursor_id), \
         objects_scanned = objects_scanned + ?5, objects_classified = objects_classified + ?6, \
         started_at = coalesce(started_at, ?7), status = iif(?8, 'completed', 'running'), \
         completed_at = iif(?8, ?7, NULL) WHERE tenant_id = ?1 AND id = ?2",
    );
    let last = now.last();
    let update = update.bind(caller.tenant()).bind(id);
    let update = update.bind(last.map(|row| row.get::<i64>("created_at")).transpose()?);
    let update = update.bind(last.map(|row| row.get::<String>("id")).transpose()?);
    let update = update.bind(now.len() as i64).bind(classified as i64).bind(caller.now).bind(is_last);
    batch.push(update);
    had_effect(batch.write().await)
}

/// Tests documents with the policies that apply themselves and that they were not tested with yet.
pub(crate) async fn apply_policies(caller: &Caller) -> Result<()> {
    let policies = Statement::new(
        "SELECT rules, size, (SELECT max(auto_number) FROM qnsp_classification_policies WHERE tenant_id = ?1 \
         AND auto_number IS NOT NULL) AS policies FROM qnsp_classification_policies WHERE tenant_id = ?1 \
         AND auto_number > (SELECT min(applied) FROM qnsp_documents WHERE tenant_id = ?1)",
    );
    let policies = caller.app.query(policies.bind(caller.tenant())).await?;
    let Some(first) = policies.first() else { return Ok(()) };
    let all: i64 = first.get("policies")?;
    let (mut rules, mut rule_bytes) = (Vec::new(), 0);
    for row in &policies {
        rules.extend(compile(row, "rules")?);
        rule_bytes += row.get::<i64>("size")?;
    }
    let until = clock::now_ms() + TIME;
    while clock::now_ms() < until {
        let select = Statement::new(
            "SELECT id, version, size FROM qnsp_documents INDEXED BY qnsp_documents_by_applied \
             WHERE tenant_id = ?1 AND applied < ?2 ORDER BY applied, id LIMIT ?3",
        );
        let rows = caller.app.query(select.bind(caller.tenant()).bind(all).bind(STEP)).await?;
        if rows.is_empty() {
            break;
        }
        let found = test(caller, within_step(&rows, rule_bytes)?, &rules).await?;
        let mut batch = Anonymous::background(&caller.app).batch();
        batch.push(tighten(caller, &found, Some(all)));
        batch.write().await?;
    }
    Ok(())
}

/// A document as it was tested: its id, the version, and what the rules say.
type Tested = (String, i64, Classification);

/// The first documents, as many as one step tests with patterns of so many bytes.
fn within_step(documents: &[Row], rule_bytes: i64) -> Result<&[Row]> {
    let (mut count, mut searched) = (0, 0);
    for row in documents {
        searched += rule_bytes.saturating_mul(row.get("size")?);
        if count > 0 && searched > SEARCHED {
            break;
        }
        count += 1;
    }
    Ok(documents.get(..count).unwrap_or(documents))
}

/// Tests documents with rules. Contents are read a few at a time.
async fn test(caller: &Caller, documents: &[Row], rules: &[Rule]) -> Result<Vec<Tested>> {
    let mut tested = Vec::with_capacity(documents.len());
    let (mut next, mut bytes) = (Vec::new(), 0);
    for row in documents {
        let size: i64 = row.get("size")?;
        if !next.is_empty() && bytes + size > BYTES {
            tested.extend(test_now(caller, &next, rules).await?);
            (next, bytes) = (Vec::new(), 0);
        }
        next.push(row.get::<String>("id")?);
        bytes += size;
    }
    if !next.is_empty() {
        tested.extend(test_now(caller, &next, rules).await?);
    }
    Ok(tested)
}

async fn test_now(caller: &Caller, ids: &[String], rules: &[Rule]) -> Result<Vec<Tested>> {
    let select = Statement::new(
        "SELECT d.id, d.version, d.bucket, d.name, v.id AS version_id, v.sealed_content FROM json_each(?2) i \
         CROSS JOIN qnsp_documents d ON d.tenant_id = ?1 AND d.id = i.value CROSS JOIN qnsp_document_versions v \
         ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.version",
    );
    let mut batch = Anonymous::background(&caller.app).batch();
    let data_key = batch.read_data_key(caller.tenant());
    let found = batch.push(select.bind(caller.tenant()).bind(Value::from_iter(ids.to_vec()).to_string()));
    let outcomes = batch.read().await?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("documents without a data key"))?;
    let test = |row: &Row| -> Result<Tested> {
        let content = open_content(caller.tenant(), &data_key, row)?;
        let name: String = row.get("name")?;
        Ok((row.get("id")?, row.get("version")?, Classification::of(rules, &name, &content)))
    };
    outcomes.rows(found).iter().map(test).collect()
}

/// Adds what was found to documents that still have the version which was tested; and that they were tested with so many of
/// the policies that apply themselves.
fn tighten(caller: &Caller, tested: &[Tested], applied: Option<i64>) -> Statement {
    let found = tested
        .iter()
        .map(|(id, version, found)| json!([id, version, classification::number(found.level), found.data_types]));
    let update = Statement::new(
        "UPDATE qnsp_documents AS d SET level = max(d.level, f.value ->> 2), data_types = d.data_types | (f.value ->> 3), \
         applied = max(d.applied, coalesce(?3, 0)) FROM json_each(?2) f WHERE d.tenant_id = ?1 AND d.id = f.value ->> 0 \
         AND d.version = f.value ->> 1",
    );
    update.bind(caller.tenant()).bind(Value::from_iter(found).to_string()).bind(applied)
}
