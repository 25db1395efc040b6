//! The graph of a tenant's assets: what callers have named, and what is derived from recorded access: users and
//! resources, where a simulation of the last 30 days or an active grant allows it.

use model::{ids::derived_uuid, qnsp::security::AssetFlag};
use platform::{Row, Statement};
use policy::qnsp::{
    attack::{Asset, Flag, Graph},
    glob,
};
use qnsp::{Caller, day_of};
use service::{Error, Result};

/// How many rows of each kind a search looks at. More are left out, and the answer says so.
const MOST: i64 = 10_000;

/// For how many days a simulation counts.
const DAYS: i64 = 30;

/// From a user to a resource: of a tenant (`?1`), now (`?2`), since a day (`?3`).
pub(crate) fn pairs() -> String {
    format!(
        "SELECT * FROM (SELECT 'user:' || grantee_id AS source, 'resource:' || resource_type || '/' || resource_id \
         AS target FROM qnsp_jit_grants WHERE tenant_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 \
         ORDER BY expires_at LIMIT {MOST}) UNION SELECT * FROM (SELECT iif(substr(principal, 1, 5) = 'user:', \
         principal, 'user:' || principal), 'resource:' || resource FROM qnsp_access_questions \
         WHERE tenant_id = ?1 AND day >= ?3 AND allowed > 0 ORDER BY day LIMIT {MOST})"
    )
}

/// The first UTC day whose simulations count.
pub(crate) fn since(now: i64) -> i64 {
    day_of(now) - DAYS
}

/// Binds the parameters of [`pairs`].
pub(crate) fn bind(statement: Statement, caller: &Caller) -> Statement {
    statement.bind(caller.tenant()).bind(caller.now).bind(since(caller.now))
}

/// The id of a derived connection.
pub(crate) fn connection_id(source: &str, target: &str) -> String {
    derived_uuid(&[source, target])
}

/// What of the graph of a tenant was read.
pub(crate) struct Read {
    pub graph: Graph,
    pub is_cut: bool,
}

impl Read {
    /// One query reads all of it.
    pub(crate) async fn new(caller: &Caller) -> Result<Self> {
        let select = format!(
            "SELECT * FROM (SELECT 'asset' AS kind, id AS a, type AS b, exposure AS c, flags AS d FROM qnsp_assets \
             WHERE tenant_id = ?1 ORDER BY id LIMIT {MOST} + 1) UNION ALL \
             SELECT * FROM (SELECT 'edge', source_id, target_id, '', '' FROM qnsp_asset_connections \
             WHERE tenant_id = ?1 ORDER BY source_id, target_id LIMIT {MOST} + 1) UNION ALL \
             SELECT 'access', source, target, '', '' FROM ({}) UNION ALL \
             SELECT 'everybody', '', '', '', value FROM ({})",
            pairs(),
            open_resources()
        );
        let rows = caller.app.query(bind(Statement::new(select), caller)).await?;
        Self::of(&rows)
    }

    fn of(rows: &[Row]) -> Result<Self> {
        let (mut assets, mut edges, mut accesses, mut open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let [a, b, c, d] = [row.get::<String>("a")?, row.get("b")?, row.get("c")?, row.get("d")?];
            match row.get::<String>("kind")?.as_str() {
                "asset" => {
                    let flags = flags(&d)?;
                    assets.push((a, Asset::new(&b, c == "external", flags.into_iter().map(weakness))));
                }
                "edge" => edges.push((a, b)),
                "access" => accesses.push((a, b)),
                _ => open.push(d),
            }
        }
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let is_cut = [assets.len(), edges.len(), accesses.len()].iter().any(|count| *count > most);
        for (user, resource) in &accesses {
            assets.push((user.clone(), Asset::new(policy::qnsp::attack::USER, false, [])));
            let flags = is_open(resource, &open).then_some(Flag::WildcardPolicy);
            assets.push((resource.clone(), Asset::new("resource", false, flags)));
        }
        edges.extend(accesses);
        Ok(Self { graph: Graph::new(assets, edges), is_cut })
    }
}

/// The patterns of resources that enforced policies of a tenant (`?1`) allow to everybody.
pub(crate) fn open_resources() -> String {
    format!(
        "SELECT r.value FROM qnsp_access_policies p, json_each(p.statement, '$.resources') r WHERE p.tenant_id = ?1 \
         AND p.enforcement_level = 'enforced' AND p.statement ->> '$.effect' = 'allow' AND EXISTS \
         (SELECT 1 FROM json_each(p.statement, '$.principals') WHERE value = '*') LIMIT {MOST}"
    )
}

/// Whether a derived asset is a resource that is allowed to everybody.
pub(crate) fn is_open(asset: &str, patterns: &[String]) -> bool {
    let Some(resource) = asset.strip_prefix("resource:") else { return false };
    let of_sdk = resource.replacen('/', ":", 1);
    patterns.iter().any(|pattern| glob::matches(pattern, resource) || glob::matches(pattern, &of_sdk))
}

/// The flags of a stored asset.
pub(crate) fn flags(text: &str) -> Result<Vec<AssetFlag>> {
    serde_json::from_str(text).map_err(|_| Error::internal("flags that are not JSON"))
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
