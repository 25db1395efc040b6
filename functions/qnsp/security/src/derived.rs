//! What assets and connections are derived from: objects of the other services, and recorded access. A derived asset's id is
//! its type and the id of its object; whatever is read is SQL over the tenant (`?1`), now (`?2`) and the first day whose
//! simulations count (`?3`).

use model::{ids::derived_uuid, qnsp::security::AssetFlag};
use platform::{Row, Statement};
use policy::qnsp::{Algorithm, glob};
use qnsp::{Caller, agility::Enforced, day_of};
use serde_json::json;
use service::{Error, Guard, Result};

/// How many of each kind are looked at. More are left out, and an analysis says so.
pub(crate) const MOST: i64 = 10_000;

/// For how many days a simulation counts.
const DAYS: i64 = 30;

/// Objects that are assets, as rows (`o`) of a table.
struct Kind {
    word: &'static str,
    table: &'static str,
    id: &'static str,
    /// Which of them, besides the tenant's.
    condition: &'static str,
    name: &'static str,
    is_external: &'static str,
    /// A flag that the asset has, and when.
    flag: Option<(AssetFlag, &'static str)>,
    algorithm: &'static str,
    /// The assets that lead to it, by the column with their ids.
    source: Option<(&'static str, &'static str)>,
}

/// Shares of escrows that have ended are erased; a secret whose versions are all destroyed, and a deployment that has
/// stopped, are there in name only.
const KINDS: [Kind; 8] = [
    Kind { word: "bucket", table: "qnsp_buckets", id: "o.name", name: "o.name", ..Kind::PLAIN },
    Kind {
        word: "config",
        table: "qnsp_dynamic_configs",
        name: "o.name",
        flag: Some((
            AssetFlag::OpenIncident,
            "o.id IN (SELECT l.config_id FROM qnsp_leakage_incidents i CROSS JOIN qnsp_leases l \
             ON l.tenant_id = i.tenant_id AND l.id = i.secret_id WHERE i.tenant_id = ?1 \
             AND i.status IN ('open', 'investigating'))",
        )),
        ..Kind::PLAIN
    },
    Kind {
        word: "connection",
        table: "qnsp_hsm_connections",
        name: "o.name",
        is_external: "o.endpoint LIKE 'https://%'",
        flag: Some((AssetFlag::Unhealthy, "o.status = 'error'")),
        ..Kind::PLAIN
    },
    Kind { word: "deployment", table: "qnsp_deployments", condition: " AND o.status <> 'stopped'", ..Kind::PLAIN },
    Kind {
        word: "escrow",
        table: "qnsp_escrows",
        condition: " AND o.recovered_at IS NULL AND o.expires_at > ?2",
        source: Some(("key", "o.key_id")),
        ..Kind::PLAIN
    },
    Kind {
        word: "hardware",
        table: "qnsp_hardware",
        name: "o.name",
        flag: Some((AssetFlag::Unhealthy, "o.status <> 'healthy'")),
        ..Kind::PLAIN
    },
    Kind {
        word: "key",
        table: "qnsp_hsm_keys",
        name: "coalesce(o.name, o.id)",
        algorithm: "o.algorithm",
        source: Some(("connection", "o.connection_id")),
        ..Kind::PLAIN
    },
    Kind {
        word: "secret",
        table: "qnsp_secrets",
        condition: " AND o.last_version > o.destroyed",
        flag: Some((
            AssetFlag::OpenIncident,
            "EXISTS (SELECT 1 FROM qnsp_leakage_incidents i WHERE i.tenant_id = ?1 AND i.secret_id = o.id \
             AND i.status IN ('open', 'investigating'))",
        )),
        ..Kind::PLAIN
    },
];

impl Kind {
    const PLAIN: Self = Self {
        word: "",
        table: "",
        id: "o.id",
        condition: "",
        name: "o.id",
        is_external: "0",
        flag: None,
        algorithm: "NULL",
        source: None,
    };

    /// The assets of this kind: `id`, `name`, `type`, `exposure`, `flags` and `algorithm`.
    fn assets(&self, most: i64) -> String {
        let Self { word, table, id, condition, name, is_external, flag, algorithm, .. } = self;
        let flags = match flag {
            Some((flag, when)) => format!("iif({when}, '{}', '[]')", json!([flag])),
            None => "'[]'".to_owned(),
        };
        format!(
            "SELECT * FROM (SELECT '{word}:' || {id} AS id, {name} AS name, '{word}' AS type, \
             iif({is_external}, 'external', 'internal') AS exposure, {flags} AS flags, {algorithm} AS algorithm \
             FROM {table} o WHERE o.tenant_id = ?1{condition} ORDER BY {id} LIMIT {most})"
        )
    }

    /// What leads to the assets of this kind: `source`, `target` and `type`.
    fn connections(&self, most: i64) -> Option<String> {
        let Self { word, table, condition, source, .. } = self;
        let (source, column) = (*source)?;
        let sources = KINDS.iter().find(|kind| kind.word == source)?.table;
        Some(format!(
            "SELECT * FROM (SELECT '{source}:' || {column} AS source, '{word}:' || o.id AS target, '{word}' AS type \
             FROM {table} o WHERE o.tenant_id = ?1{condition} \
             AND EXISTS (SELECT 1 FROM {sources} s WHERE s.tenant_id = ?1 AND s.id = {column}) ORDER BY o.id LIMIT {most})"
        ))
    }
}

/// From a user to a resource, where a simulation or an active grant allows it, so many of each: `source` and `target`.
fn accesses(most: i64) -> String {
    format!(
        "SELECT * FROM (SELECT 'user:' || grantee_id AS source, 'resource:' || resource_type || '/' || resource_id \
         AS target FROM qnsp_jit_grants WHERE tenant_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 \
         ORDER BY expires_at LIMIT {most}) UNION SELECT * FROM (SELECT iif(substr(principal, 1, 5) = 'user:', \
         principal, 'user:' || principal), 'resource:' || resource FROM qnsp_access_questions \
         WHERE tenant_id = ?1 AND day >= ?3 AND allowed > 0 ORDER BY day LIMIT {most})"
    )
}

/// All of these rows. D1 allows five terms in a compound, so they are nested.
fn union(selects: &[String]) -> String {
    let nested: Vec<_> =
        selects.chunks(4).map(|four| format!("SELECT * FROM ({})", four.join(" UNION ALL "))).collect();
    nested.join(" UNION ALL ")
}

/// Every derived asset of a tenant, so many of each kind: `id`, `name`, `type`, `exposure`, `flags` and `algorithm`.
pub(crate) fn assets(most: i64) -> String {
    let accessed = format!(
        "SELECT id, substr(id, instr(id, ':') + 1), type, 'internal', '[]', NULL FROM (WITH pairs AS ({}) \
         SELECT source AS id, 'user' AS type FROM pairs UNION SELECT target, 'resource' FROM pairs)",
        accesses(most)
    );
    union(&KINDS.iter().map(|kind| kind.assets(most)).chain([accessed]).collect::<Vec<_>>())
}

/// Every derived connection of a tenant, so many of each kind: `source`, `target` and `type`.
pub(crate) fn connections(most: i64) -> String {
    let accesses = format!("SELECT source, target, 'access' AS type FROM ({})", accesses(most));
    union(&KINDS.iter().filter_map(|kind| kind.connections(most)).chain([accesses]).collect::<Vec<_>>())
}

/// That an asset exists, whether somebody has named it or it is derived.
pub(crate) fn exists(caller: &Caller, id: &str, refusal: Error) -> Guard {
    let (word, object) = id.split_once(':').unwrap_or_default();
    if let Some(Kind { table, id, condition, .. }) = KINDS.iter().find(|kind| kind.word == word) {
        let exists = format!("EXISTS (SELECT 1 FROM {table} o WHERE o.tenant_id = ?1 AND {id} = ?3{condition})");
        return Guard::new(exists, refusal).bind(caller.tenant()).bind(caller.now).bind(object);
    }
    let exists = format!(
        "EXISTS (SELECT 1 FROM qnsp_assets WHERE tenant_id = ?1 AND id = ?4) \
         OR EXISTS (SELECT 1 FROM ({}) WHERE ?4 IN (source, target))",
        accesses(MOST)
    );
    let guard = Guard::new(exists, refusal).bind(caller.tenant()).bind(caller.now);
    guard.bind(since(caller.now)).bind(id)
}

/// The first UTC day whose simulations count.
fn since(now: i64) -> i64 {
    day_of(now) - DAYS
}

/// Binds the parameters of what is read.
pub(crate) fn bind(statement: Statement, caller: &Caller) -> Statement {
    statement.bind(caller.tenant()).bind(caller.now).bind(since(caller.now))
}

/// The id of a derived connection.
pub(crate) fn connection_id(source: &str, target: &str) -> String {
    derived_uuid(&[source, target])
}

/// The patterns of resources that enforced policies of a tenant (`?1`) allow to everybody.
pub(crate) fn open_resources() -> String {
    format!(
        "SELECT r.value FROM qnsp_access_policies p, json_each(p.statement, '$.resources') r WHERE p.tenant_id = ?1 \
         AND p.enforcement_level = 'enforced' AND p.statement ->> '$.effect' = 'allow' AND EXISTS \
         (SELECT 1 FROM json_each(p.statement, '$.principals') WHERE value = '*') LIMIT {MOST}"
    )
}

/// What the flags of an asset depend on besides its row.
pub(crate) struct Facts {
    /// Patterns of resources that are allowed to everybody.
    pub open: Vec<String>,
    pub enforced: Enforced,
    pub now: i64,
}

impl Facts {
    /// Reads the rows of [`open_resources`] and of [`Enforced::select`].
    pub(crate) fn of(open: &[Row], enforced: &[Row], now: i64) -> Result<Self> {
        let open = open.iter().map(|row| row.get("value")).collect::<std::result::Result<_, _>>()?;
        Ok(Self { open, enforced: Enforced::of(enforced)?, now })
    }

    /// The flags of a row of assets.
    pub(crate) fn flags(&self, row: &Row) -> Result<Vec<AssetFlag>> {
        let mut flags = stored_flags(&row.get::<String>("flags")?)?;
        if let Some(algorithm) = row.get::<Option<String>>("algorithm")? {
            flags.extend(self.flag_of(&Algorithm::of(&algorithm)));
        }
        if is_open(&row.get::<String>("id")?, &self.open) {
            flags.push(AssetFlag::WildcardPolicy);
        }
        Ok(flags)
    }

    fn flag_of(&self, algorithm: &Algorithm) -> Option<AssetFlag> {
        use model::qnsp::kms::AlgorithmStatus::{Acceptable, Deprecated, Forbidden, Recommended};
        match self.enforced.status(algorithm, self.now) {
            Forbidden => Some(AssetFlag::ForbiddenAlgorithm),
            Deprecated => Some(AssetFlag::DeprecatedAlgorithm),
            Acceptable | Recommended => None,
        }
    }
}

fn stored_flags(text: &str) -> Result<Vec<AssetFlag>> {
    serde_json::from_str(text).map_err(|_| Error::internal("flags that are not JSON"))
}

/// Whether a derived asset is a resource that is allowed to everybody.
fn is_open(asset: &str, patterns: &[String]) -> bool {
    let Some(resource) = asset.strip_prefix("resource:") else { return false };
    let of_sdk = resource.replacen('/', ":", 1);
    patterns.iter().any(|pattern| glob::matches(pattern, resource) || glob::matches(pattern, &of_sdk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_kinds_are_those_that_are_shown() {
        for flag in KINDS.iter().filter_map(|kind| kind.flag).map(|(flag, _)| flag) {
            let stored = json!([flag]).to_string();
            assert!(stored_flags(&stored).is_ok_and(|flags| flags == [flag]), "{stored}");
        }
    }

    #[test]
    fn no_compound_has_more_than_five_terms() {
        // Those of a level stand between its brackets.
        for select in [assets(1), connections(1), accesses(1)] {
            let mut terms = vec![1];
            for (at, character) in select.char_indices() {
                match character {
                    '(' => terms.push(1),
                    ')' => assert!(terms.pop().is_some_and(|count| count <= 5), "{select}"),
                    'U' if select.get(at..).is_some_and(|rest| rest.starts_with("UNION ")) => {
                        if let Some(count) = terms.last_mut() {
                            *count += 1;
                        }
                    }
                    _ => {}
                }
            }
            assert!(terms.len() == 1 && terms.iter().all(|count| *count <= 5), "{select}");
        }
    }

    #[test]
    fn a_resource_is_open_in_either_spelling() {
        let patterns = ["doc/*", "db:orders"].map(str::to_owned);
        assert!(is_open("resource:doc/1", &patterns) && is_open("resource:db/orders", &patterns));
        assert!(!is_open("user:doc/1", &patterns) && !is_open("resource:db/others", &patterns));
    }
}
