//! The checks of compliance: what each looks at. No service keeps secrets, keys, escrows and storage yet, so what they
//! would show is as with a tenant that has none: no incident is open, every key is ready, and a policy that must be there is
//! missing.

use std::collections::BTreeMap;

use platform::Statement;
use policy::qnsp::{
    Quota, Service,
    compliance::{Check, Finding},
    tier::UNLIMITED,
};
use qnsp::{Caller, DAY, Usage, audit_chain};
use service::{Error, Result};

/// How much of a quota may be used, in percent.
const HEADROOM: i64 = 90;

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
    let usage = Usage::of(&caller.app.query(Usage::select(caller)).await?, caller.now)?;
    let select = Statement::new(
        "SELECT EXISTS (SELECT 1 FROM qnsp_risk_policies WHERE tenant_id = ?1 AND enabled \
           AND actions ->> '$.challenge_type' = 'mfa') AS has_mfa, \
         EXISTS (SELECT 1 FROM qnsp_search_maintenance WHERE tenant_id = ?1 AND type = 'backup' AND ends_at > ?2) \
           AS has_backups, EXISTS (SELECT 1 FROM qnsp_access_policies WHERE tenant_id = ?1) AS has_policies, \
         EXISTS (SELECT 1 FROM qnsp_access_policies p WHERE p.tenant_id = ?1 AND p.enforcement_level = 'enforced' \
           AND p.statement ->> '$.effect' = 'allow' AND EXISTS (SELECT 1 FROM json_each(json_array( \
           p.statement -> '$.principals', p.statement -> '$.resources', p.statement -> '$.actions')) list, \
           json_each(list.value) pattern WHERE pattern.value = '*')) AS has_wildcards",
    );
    let rows = caller.app.query(select.bind(caller.tenant()).bind(caller.now - BACKUP)).await?;
    let row = rows.first().ok_or_else(|| Error::internal("no facts of an assessment"))?;
    let finding = |check: Check| -> Result<Finding> {
        let of = |has_passed: bool, has_data: bool| Ok(Finding { has_passed, has_data });
        match check {
            Check::AuditChainValid => of(chain.fault.is_none(), chain.entries > 0),
            Check::MfaPolicyEnabled => of(row.get("has_mfa")?, true),
            Check::NoOpenCriticalIncidents | Check::EncryptionPqcReady => of(true, false),
            Check::RetentionPolicyPresent | Check::EscrowDualControl => of(false, false),
            Check::BackupsScheduled => of(row.get("has_backups")?, true),
            Check::LegalHoldSupported => of(usage.tier.includes(Service::Storage), true),
            Check::NoWildcardPolicies => of(!row.get::<bool>("has_wildcards")?, row.get("has_policies")?),
            Check::QuotaHeadroom => of(Quota::ALL.into_iter().all(|quota| has_headroom(&usage, quota)), true),
        }
    };
    let findings = Check::ALL.into_iter().map(|check| Ok((check, finding(check)?))).collect::<Result<_>>()?;
    Ok(Found { findings, remember: chain.remember(caller) })
}

fn has_headroom(usage: &Usage, quota: Quota) -> bool {
    let limit = quota.limit(usage.tier);
    limit == UNLIMITED || i128::from(usage.used(quota)) * 100 < i128::from(limit) * i128::from(HEADROOM)
}
