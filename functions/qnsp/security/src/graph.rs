//! The graph of a tenant's assets: those that callers have named, and those that are derived.

use std::collections::HashMap;

use model::qnsp::security::AssetFlag;
use platform::{Row, Statement};
use policy::qnsp::attack::{Asset, Flag, Graph};
use qnsp::{Caller, agility::Enforced};
use service::Result;

use crate::derived::{self, Facts, MOST, bind, open_resources};

/// What of the graph of a tenant was read.
pub(crate) struct Read {
    pub graph: Graph,
    pub is_cut: bool,
}

impl Read {
    /// One round trip reads all of it, for who may ask.
    pub(crate) async fn new(caller: &Caller) -> Result<Self> {
        let named = format!(
            "SELECT id, type, exposure, flags, NULL AS algorithm FROM qnsp_assets WHERE tenant_id = ?1 ORDER BY id \
             LIMIT {MOST} + 1"
        );
        let connected = format!(
            "SELECT source_id AS source, target_id AS target FROM qnsp_asset_connections WHERE tenant_id = ?1 \
             ORDER BY source_id, target_id LIMIT {MOST} + 1"
        );
        let of_tenant = |text: String| Statement::new(text).bind(caller.tenant());
        let mut look = caller.look();
        let named = look.push(of_tenant(named));
        let connected = look.push(of_tenant(connected));
        let assets = look.push(bind(Statement::new(derived::assets(MOST + 1)), caller));
        let connections = look.push(bind(Statement::new(derived::connections(MOST + 1)), caller));
        let open = look.push(of_tenant(open_resources()));
        let enforced = look.push(Enforced::select(caller));
        let outcomes = look.run().await?;
        let facts = Facts::of(outcomes.rows(open), outcomes.rows(enforced), caller.now)?;
        let (named, connected) = (outcomes.rows(named), outcomes.rows(connected));
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let (assets, connections) = (outcomes.rows(assets), outcomes.rows(connections));
        let is_cut = named.len() > most
            || connected.len() > most
            || has_too_many(assets, most)?
            || has_too_many(connections, most)?;
        let assets = named.iter().chain(assets).map(|row| asset(row, &facts));
        let edges = connected.iter().chain(connections);
        let edges = edges.map(|row| Ok((row.get("source")?, row.get("target")?)));
        let graph = Graph::new(assets.collect::<Result<Vec<_>>>()?, edges.collect::<Result<Vec<_>>>()?);
        Ok(Self { graph, is_cut })
    }
}

/// Whether some kind of what is derived has more than are looked at.
fn has_too_many(rows: &[Row], most: usize) -> Result<bool> {
    let mut counts = HashMap::new();
    for row in rows {
        *counts.entry(row.get::<String>("type")?).or_insert(0) += 1;
    }
    Ok(counts.into_values().any(|count: usize| count > most))
}

fn asset(row: &Row, facts: &Facts) -> Result<(String, Asset)> {
    let (kind, exposure): (String, String) = (row.get("type")?, row.get("exposure")?);
    let flags = facts.flags(row)?.into_iter().map(weakness);
    Ok((row.get("id")?, Asset::new(&kind, exposure == "external", flags)))
}

fn weakness(flag: AssetFlag) -> Flag {
    match flag {
        AssetFlag::OpenIncident => Flag::OpenIncident,
        AssetFlag::ForbiddenAlgorithm => Flag::ForbiddenAlgorithm,
        AssetFlag::WildcardPolicy => Flag::WildcardPolicy,
        AssetFlag::DeprecatedAlgorithm => Flag::DeprecatedAlgorithm,
        AssetFlag::Unhealthy => Flag::Unhealthy,
    }
}
