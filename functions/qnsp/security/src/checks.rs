//! The checks of compliance: what each looks at.

use std::collections::BTreeMap;

use platform::Statement;
use policy::qnsp::{
    Quota, Service,
    compliance::{Check, Finding},
    tier::UNLIMITED,
};
use qnsp::{Caller, DAY, Usage, agility::ReadinessSlots, audit_chain};
use service::{Anonymous, Result};

/// How much of a quota may be used, in percent.
const HEADROOM: i64 = 90;

/// How ready keys and plans must be for the migration to post-quantum algorithms.
const READY: i64 = 50;

/// How long ago the last window of a backup may have ended, in milliseconds.
const BACKUP: i64 = 30 * DAY;

/// What the checks have found.
pub(crate) struct Found {
    pub findings: BTreeMap<Check, Finding>,
    /// Remembers how far the audit log was verified.
    pub remember: Option<Statement>,
}

/// Makes all checks.
pub(crate) async fn make(caller: &Caller) -> Result<Found> {
    let chain = audit_chain::verify(caller).await?;
    let mut batch = Anonymous::background(&caller.app).batch();
    let usage = batch.push(Usage::select(caller));
    let facts = batch.push(select(caller));
    let readiness = ReadinessSlots::push(&mut batch, caller);
    let outcomes = batch.read().await?;
    let usage = Usage::of(outcomes.rows(usage), caller.now)?;
    let readiness = readiness.read(&outcomes, caller.now)?;
    let row = outcomes.one(facts)?;
    let finding = |check: Check| -> Result<Finding> {
        let of = |has_passed: bool, has_data: bool| Ok(Finding { has_passed, has_data });
        match check {
            Check::AuditChainValid => of(chain.fault.is_none(), chain.entries > 0),
            Check::MfaPolicyEnabled => of(row.get("has_mfa")?, true),
            Check::NoOpenCriticalIncidents => {
                of(!row.get::<bool>("has_critical_incidents")?, row.get("has_incidents")?)
            }
            Check::EncryptionPqcReady => of(readiness.overall_score >= READY, row.get("has_keys")?),
            Check::RetentionPolicyPresent => {
                let (of_audit, of_storage): (bool, bool) =
                    (row.get("has_audit_retention")?, row.get("has_storage_retention")?);
                of(of_audit && of_storage, true)
            }
            Check::EscrowDualControl => {
                let has_policy = row.get("has_escrow_policy")?;
                of(has_policy && !row.get::<bool>("has_own_approval")?, has_policy)
            }
            Check::BackupsScheduled => of(row.get("has_backups")?, true),
            Check::LegalHoldSupported => of(usage.tier.includes(Service::Storage), true),
            Check::NoWildcardPolicies => of(!row.get::<bool>("has_wildcards")?, row.get("has_policies")?),
            Check::QuotaHeadroom => of(Quota::ALL.into_iter().all(|quota| has_headroom(&usage, quota)), true),
        }
    };
    let findings = Check::ALL.into_iter().map(|check| Ok((check, finding(check)?))).collect::<Result<_>>()?;
    Ok(Found { findings, remember: chain.remember(caller) })
}

/// What there is of each kind. Issuers may spell the same user differently, so that users are compared without regard to
/// case.
fn select(caller: &Caller) -> Statement {
    let select = Statement::new(
        "SELECT EXISTS (SELECT 1 FROM qnsp_risk_policies WHERE tenant_id = ?1 AND enabled \
           AND actions ->> '$.challenge_type' = 'mfa') AS has_mfa, \
         EXISTS (SELECT 1 FROM qnsp_retention_policies WHERE tenant_id = ?1) AS has_audit_retention, \
         EXISTS (SELECT 1 FROM qnsp_storage_retention WHERE tenant_id = ?1) AS has_storage_retention, \
         EXISTS (SELECT 1 FROM qnsp_search_maintenance WHERE tenant_id = ?1 AND type = 'backup' AND ends_at > ?2) \
           AS has_backups, EXISTS (SELECT 1 FROM qnsp_access_policies WHERE tenant_id = ?1) AS has_policies, \
         EXISTS (SELECT 1 FROM qnsp_hsm_keys WHERE tenant_id = ?1) AS has_keys, \
         EXISTS (SELECT 1 FROM qnsp_escrow_policies WHERE tenant_id = ?1) AS has_escrow_policy, \
         EXISTS (SELECT 1 FROM qnsp_leakage_incidents WHERE tenant_id = ?1) AS has_incidents, \
         EXISTS (SELECT 1 FROM qnsp_leakage_incidents WHERE tenant_id = ?1 AND status IN ('open', 'investigating') \
           AND severity = 'critical') AS has_critical_incidents, \
         EXISTS (SELECT 1 FROM qnsp_escrow_recoveries WHERE tenant_id = ?1 AND status = 'executed' \
           AND decided_by = initiated_by COLLATE NOCASE) AS has_own_approval, \
         EXISTS (SELECT 1 FROM qnsp_access_policies p WHERE p.tenant_id = ?1 AND p.enforcement_level = 'enforced' \
           AND p.statement ->> '$.effect' = 'allow' AND EXISTS (SELECT 1 FROM json_each(json_array( \
           p.statement -> '$.principals', p.statement -> '$.resources', p.statement -> '$.actions')) list, \
           json_each(list.value) pattern WHERE pattern.value = '*')) AS has_wildcards",
    );
    select.bind(caller.tenant()).bind(caller.now - BACKUP)
}

fn has_headroom(usage: &Usage, quota: Quota) -> bool {
    let limit = quota.limit(usage.tier);
    limit == UNLIMITED || i128::from(usage.used(quota)) * 100 < i128::from(limit) * i128::from(HEADROOM)
}
