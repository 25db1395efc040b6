//! Compliance of keys, connections and escrows with frameworks.

use axum::Json;
use model::{
    qnsp::{
        Text,
        agility::{CryptoCompliance, Framework},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::crypto_compliance::{Connection, Escrow, Facts, Recovery, assess, framework};
use qnsp::{Call, Caller, Nothing, agility::KeySlots, audit_chain, impossible};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowCompliance {
    /// NIST, FIPS, CNSA2 or PCI, in any case; NIST unless it is said.
    #[param(value_type = Option<String>)]
    framework: Option<Text<1, 64>>,
}

/// Show whether keys, connections and escrows comply with a framework.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/compliance", tag = "Key management", params(ShowCompliance),
    responses(
        (status = 200, body = CryptoCompliance), (status = 400), (status = 401), (status = 403), (status = 422),
    ),
)]
pub(crate) async fn show_crypto_compliance(call: Call<Nothing, ShowCompliance>) -> Result<Json<CryptoCompliance>> {
    let named = call.query.framework.as_ref().map_or(Some(Framework::Nist), |name| framework(name.as_str()));
    let framework = named.ok_or_else(|| impossible("framework", "must be NIST, FIPS, CNSA2 or PCI"))?;
    // The log is verified for the framework alone that asks for it.
    let chain = if framework == Framework::Nist { Some(audit_chain::verify(&call).await?) } else { None };
    let mut work = call.work();
    let keys = KeySlots::push_with_ids(&mut work, &call);
    let [connections, escrows, recoveries, plans] = selects(&call).map(|select| work.push(select));
    if let Some(remember) = chain.as_ref().and_then(|chain| chain.remember(&call)) {
        work.push(remember);
    }
    let outcomes = work.run().await?;
    let facts = Facts {
        keys: keys.read(&outcomes, call.now)?,
        connections: outcomes.rows(connections).iter().map(connection).collect::<Result<_>>()?,
        has_active_plan: outcomes.one(plans)?.get("is_active")?,
        audit_fault: chain.and_then(|chain| chain.fault),
        escrows: outcomes.rows(escrows).iter().map(escrow).collect::<Result<_>>()?,
        recoveries: outcomes.rows(recoveries).iter().map(recovery).collect::<Result<_>>()?,
    };
    let outcome = assess(framework, &facts);
    Ok(Json(CryptoCompliance {
        framework,
        compliance_status: outcome.status,
        score: outcome.score,
        controls: outcome.controls,
        generated_at: IsoTime(call.now),
    }))
}

/// Connections, active escrows, executed recoveries, and whether a plan is active. Issuers may spell the same user
/// differently, so that users are compared without regard to case.
fn selects(caller: &Caller) -> [Statement; 4] {
    let connections = "SELECT id, status = 'active' AS is_active FROM qnsp_hsm_connections WHERE tenant_id = ?1 \
                       ORDER BY created_at, id";
    let escrows = "SELECT id, threshold, (SELECT count(DISTINCT lower(agent_id)) FROM qnsp_escrow_agents a \
                   WHERE a.tenant_id = e.tenant_id AND a.escrow_id = e.id AND a.share_hash IS NOT NULL) AS holders \
                   FROM qnsp_escrows e WHERE tenant_id = ?1 AND recovered_at IS NULL AND expires_at > ?2 \
                   ORDER BY created_at, id";
    let recoveries = "SELECT id, decided_by <> initiated_by COLLATE NOCASE AS has_other_approver \
                      FROM qnsp_escrow_recoveries WHERE tenant_id = ?1 AND status = 'executed' ORDER BY id";
    let plans = "SELECT EXISTS (SELECT 1 FROM qnsp_migration_plans WHERE tenant_id = ?1 AND status = 'active') \
                 AS is_active";
    [
        Statement::new(connections).bind(caller.tenant()),
        Statement::new(escrows).bind(caller.tenant()).bind(caller.now),
        Statement::new(recoveries).bind(caller.tenant()),
        Statement::new(plans).bind(caller.tenant()),
    ]
}

fn connection(row: &Row) -> Result<Connection> {
    Ok(Connection { id: row.get("id")?, is_active: row.get("is_active")? })
}

fn escrow(row: &Row) -> Result<Escrow> {
    Ok(Escrow { id: row.get("id")?, threshold: row.get("threshold")?, holders: row.get("holders")? })
}

fn recovery(row: &Row) -> Result<Recovery> {
    Ok(Recovery { id: row.get("id")?, has_other_approver: row.get("has_other_approver")? })
}
