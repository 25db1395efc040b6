//! Scans are asked for, and go on with each look at them.

use axum::{Json, http::StatusCode, response::Response};
use crypto::seal::DataKey;
use model::{
    ids::Uuid,
    qnsp::{
        List, Text,
        vault::leakage::{
            LeakageScan, LeakageScanQueued, LeakageScanStatus, LeakageTarget, LeakageTargets, StartLeakageScan,
        },
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{Quota, pattern::LARGEST_TOGETHER};
use qnsp::{Call, Caller, Nothing, conflict, impossible, missing, new_id};
use serde::Deserialize;
use serde_json::Value;
use service::{Anonymous, Error, Guard, Result};

use crate::{job, policies::too_large, scan_store as store, work::Work};

/// When a scan is expected to have ended, in milliseconds after it was asked for.
const EXPECTED: i64 = 60_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfScan {
    scan_id: Uuid,
}

/// Ask for a scan. It has the rules that its policies have now.
#[utoipa::path(
    post, path = "/vault/v1/leakage-detection/scan", tag = "Vault", request_body = StartLeakageScan,
    responses(
        (status = 202, body = LeakageScanQueued), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn start_leakage_scan(call: Call<StartLeakageScan>) -> Result<Response> {
    let (asked, id) = (&call.body, new_id()?);
    call.about(id.as_str());
    let Some(scope) = asked.scope.as_ref().filter(|scope| !scope.is_empty()) else {
        return Err(impossible("scope", "repositories or organizations required"));
    };
    if let Some(reason) = asked.targets.as_ref().and_then(without_adapter) {
        return Err(refused_targets(reason));
    }
    let texts = |list: &Option<List<Text<1, 256>, 100>>| -> Vec<String> {
        list.iter().flat_map(|list| &list.0).map(|text| text.as_str().to_owned()).collect()
    };
    let work_to_do = Work {
        targets: asked.targets.as_ref().map(|targets| targets.0.clone()),
        repositories: texts(&scope.repositories),
        organizations: texts(&scope.organizations),
        ..Work::default()
    };
    let policies = asked.policy_ids.as_ref().map(|ids| Value::from_iter(ids.0.iter().map(|id| id.as_str().to_owned())));
    let policies = policies.map(|ids| ids.to_string());
    let mut work = call.work();
    for guard in guards(&call, policies.as_deref()) {
        work.require(guard);
    }
    work.reserve(Quota::Scans, 1);
    let insert = Statement::new(format!(
        "INSERT INTO qnsp_leakage_scans (tenant_id, id, created_at, status, rules, work, files_known, files_done, \
         repositories_read, findings, skipped, tries, claimed_until, paused_until) \
         SELECT ?1, ?3, ?4, 'queued', json_group_array(json_object('policyId', id, 'patterns', json(patterns), 'targets', \
         json(targets), 'onDetection', on_detection, 'channels', json(channels), 'sources', json(sources))), ?5, 0, 0, 0, 0, \
         '[]', 0, 0, 0 FROM (SELECT * FROM qnsp_leakage_policies p WHERE {IN_FORCE} ORDER BY created_at, id)"
    ));
    let insert = insert.bind(call.tenant()).bind(policies).bind(id.as_str()).bind(call.now);
    let work_to_do = serde_json::to_string(&work_to_do).map_err(|_| Error::internal("work that is not JSON"))?;
    work.push(insert.bind(work_to_do));
    let queued = LeakageScanQueued {
        scan_id: id,
        status: LeakageScanStatus::Queued,
        estimated_completion_at: IsoTime(call.now + EXPECTED),
    };
    work.commit(StatusCode::ACCEPTED, &queued).await
}

/// The policies (`p`) of a scan: those that are named (`?2`), or all, as far as they are enabled.
const IN_FORCE: &str = "p.tenant_id = ?1 AND p.enabled AND (?2 IS NULL OR p.id IN (SELECT value FROM json_each(?2)))";

/// In the order in which they are answered.
fn guards(call: &Call<StartLeakageScan>, policies: Option<&str>) -> Vec<Guard> {
    let bind = |guard: Guard| guard.bind(call.tenant()).bind(policies.map(str::to_owned));
    let known = "NOT EXISTS (SELECT 1 FROM json_each(coalesce(?2, '[]')) n WHERE NOT EXISTS \
                 (SELECT 1 FROM qnsp_leakage_policies p WHERE p.tenant_id = ?1 AND p.id = n.value))";
    let some = format!("EXISTS (SELECT 1 FROM qnsp_leakage_policies p WHERE {IN_FORCE})");
    let fits = format!(
        "(SELECT coalesce(sum(t.value ->> 'size'), 0) FROM qnsp_leakage_policies p, json_each(p.patterns) t \
         WHERE {IN_FORCE}) <= ?3"
    );
    let mut guards = vec![
        bind(Guard::new(known, missing("There is no such leakage policy"))),
        bind(Guard::new(some, impossible("policyIds", "must have a policy that is enabled"))),
        bind(Guard::new(fits, too_large("policyIds"))).bind(LARGEST_TOGETHER),
    ];
    if call.body.targets.is_none() {
        let with = |targets: &str| {
            format!(
                "EXISTS (SELECT 1 FROM qnsp_leakage_policies p, json_each(p.targets) t WHERE {IN_FORCE} \
                 AND t.value IN ({targets}))"
            )
        };
        let served = with("'github', 'gitlab'");
        for (targets, missing) in [("'s3'", "no adapter: pastebin"), ("'pastebin'", "no adapter: s3")] {
            let condition = format!("{served} OR {}", with(targets));
            guards.push(bind(Guard::new(condition, refused_targets(missing))));
        }
        guards.push(bind(Guard::new(served, refused_targets("no adapter: pastebin, s3"))));
    }
    guards
}

fn refused_targets(reason: &'static str) -> Error {
    impossible("targets", reason)
}

/// Why targets cannot be scanned, where none of them can.
fn without_adapter(targets: &LeakageTargets) -> Option<&'static str> {
    let has = |target| targets.0.contains(&target);
    if has(LeakageTarget::Github) || has(LeakageTarget::Gitlab) {
        return None;
    }
    match (has(LeakageTarget::Pastebin), has(LeakageTarget::S3)) {
        (true, true) => Some("no adapter: pastebin, s3"),
        (true, false) => Some("no adapter: pastebin"),
        (false, true) => Some("no adapter: s3"),
        (false, false) => Some("must have at least one item"),
    }
}

/// Show a scan. Each look carries it one step further.
#[utoipa::path(
    get, path = "/vault/v1/leakage-detection/scans/{scanId}", tag = "Vault", params(("scanId" = String, Path)),
    responses((status = 200, body = LeakageScan), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_leakage_scan(call: Call<Nothing, Nothing, OfScan>) -> Result<Json<LeakageScan>> {
    let (id, claim) = (call.path.scan_id.as_str(), new_id()?);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let claimed = work.push(store::claim(&call, id, &claim));
    let found = work.push(store::select(&call, id));
    let data_key = work.read_data_key(call.tenant());
    let outcomes = work.run().await?;
    let Some(row) = outcomes.row(claimed) else { return store::shown(outcomes.one(found)?).map(Json) };
    let data_key = match outcomes.data_key(&data_key)? {
        Some(data_key) => data_key,
        None => call.work().data_key(call.tenant()).await?,
    };
    carry_on(&call, row, &claim, &data_key).await?;
    let rows = call.app.query(store::select(&call, id)).await?;
    store::shown(rows.first().ok_or_else(|| Error::internal("a scan that is gone"))?).map(Json)
}

/// Carries a scan that was claimed one step further. Where that fails nothing of the step has happened, and the next look
/// takes it again.
async fn carry_on(caller: &Caller, row: &Row, claim: &str, data_key: &DataKey) -> Result<()> {
    let Err(error) = job::step(caller, row, claim, data_key).await else { return Ok(()) };
    platform::log::error(&format!("a step of a scan: {}", error.reason()));
    let mut batch = Anonymous::background(&caller.app).batch();
    batch.push(store::release(caller, &row.get::<String>("id")?, claim));
    batch.write().await.map(drop)
}

/// One step of a scan that nobody looks at.
pub(crate) async fn step(caller: &Caller, id: &str) -> Result<()> {
    let claim = new_id()?;
    let mut batch = Anonymous::background(&caller.app).batch();
    let data_key = batch.data_key(caller.tenant()).await?;
    let claimed = batch.push(store::claim(caller, id, &claim));
    let outcomes = batch.write().await?;
    let row = outcomes.row(claimed).ok_or_else(|| conflict("Another look has the step"))?;
    carry_on(caller, row, &claim, &data_key).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_without_an_adapter_are_named() {
        use LeakageTarget::{Github, Pastebin, S3};
        let reason = |targets: &[LeakageTarget]| without_adapter(&List(targets.to_vec()));
        assert_eq!(reason(&[Pastebin]), Some("no adapter: pastebin"));
        assert_eq!(reason(&[S3, Pastebin]), Some("no adapter: pastebin, s3"));
        assert_eq!(reason(&[S3, Github]), None);
    }
}
