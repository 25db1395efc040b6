//! The rows of policies, with the keys under which decisions find them.

use crypto::hash;
use model::{
    json::canonical,
    qnsp::access::{AccessPolicy, EnforcementLevel, Rule},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::access::{comparison::content, keys_of_rule};
use serde_json::{Value, value::RawValue};
use service::{Error, Guard, Result};

use crate::{conflict, counters::DAY, missing};

/// The columns that [`shown`](AccessPolicyRow::shown) reads.
pub const COLUMNS: &str = "tenant_id, id, created_at, updated_at, name, description, category, enforcement_level, \
     version, statement, statement_hash";

/// A policy as it is to be stored.
pub struct AccessPolicyRow<'a> {
    pub tenant: &'a str,
    pub id: &'a str,
    pub name: &'a str,
    pub description: &'a str,
    /// `None` leaves what is there.
    pub category: Option<&'a str>,
    pub level: Option<EnforcementLevel>,
    pub rule: &'a Rule,
}

/// The statement as canonical JSON, and its SHA-256 in hexadecimal.
pub fn statement_hash(rule: &Rule) -> Result<(String, String)> {
    let value = serde_json::to_value(rule).map_err(|_| Error::internal("a statement that is not JSON"))?;
    let text = canonical(&value);
    let hash = sha256(&text);
    Ok((text, hash))
}

fn sha256(text: &str) -> String {
    hash::hex(&hash::sha256(&[text.as_bytes()]))
}

/// Stores a new policy, whose name is free.
pub fn insert(policy: &AccessPolicyRow, now: i64) -> Result<Vec<Statement>> {
    let (statement, hash) = statement_hash(policy.rule)?;
    let insert = Statement::new(
        "INSERT INTO qnsp_access_policies (tenant_id, id, created_at, updated_at, name, description, category, \
         enforcement_level, version, statement, statement_hash, content_hash) \
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10)",
    );
    let insert = insert
        .bind(policy.tenant)
        .bind(policy.id)
        .bind(now)
        .bind(policy.name)
        .bind(policy.description)
        .bind(policy.category.unwrap_or_default())
        .bind(<&str>::from(policy.level.unwrap_or(EnforcementLevel::Enforced)))
        .bind(statement)
        .bind(hash)
        .bind(sha256(&canonical(&content(policy.rule))));
    Ok(vec![insert, insert_keys(policy)])
}

/// Changes a policy that exists, to a name that is free. The first statement gives the row as it is then.
pub fn update(policy: &AccessPolicyRow, now: i64) -> Result<Vec<Statement>> {
    let (statement, hash) = statement_hash(policy.rule)?;
    let update = Statement::new(format!(
        "UPDATE qnsp_access_policies SET updated_at = ?3, name = ?4, description = ?5, \
         category = coalesce(?6, category), enforcement_level = coalesce(?7, enforcement_level), \
         version = version + 1, statement = ?8, statement_hash = ?9, content_hash = ?10 \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING {COLUMNS}"
    ));
    let update = update
        .bind(policy.tenant)
        .bind(policy.id)
        .bind(now)
        .bind(policy.name)
        .bind(policy.description)
        .bind(policy.category.map(str::to_owned))
        .bind(policy.level.map(|level| <&str>::from(level).to_owned()))
        .bind(statement)
        .bind(hash)
        .bind(sha256(&canonical(&content(policy.rule))));
    let mut statements = vec![update, delete_keys(policy.tenant, policy.id), insert_keys(policy)];
    statements.extend(changed(policy.tenant, policy.id, now));
    Ok(statements)
}

/// Deletes a policy.
pub fn delete(tenant: &str, id: &str) -> Vec<Statement> {
    let of_policy = |text: &'static str| Statement::new(text).bind(tenant).bind(id);
    vec![
        of_policy("DELETE FROM qnsp_access_policies WHERE tenant_id = ?1 AND id = ?2"),
        delete_keys(tenant, id),
        of_policy("DELETE FROM qnsp_access_changes WHERE tenant_id = ?1 AND policy_id = ?2"),
    ]
}

/// A policy of this id must exist.
pub fn exists(tenant: &str, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_access_policies WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such policy")).bind(tenant).bind(id)
}

/// No policy may have this name but the one of the id.
pub fn name_is_free(tenant: &str, name: &str, id: &str) -> Guard {
    let free = "NOT EXISTS (SELECT 1 FROM qnsp_access_policies WHERE tenant_id = ?1 AND name = ?2 AND id <> ?3)";
    let taken = conflict("Another policy of the tenant has this name");
    Guard::new(free, taken).bind(tenant).bind(name).bind(id)
}

/// Templates decide nothing, so they stand under no key.
fn insert_keys(policy: &AccessPolicyRow) -> Statement {
    let keys: Vec<_> = keys_of_rule(policy.rule).into_iter().map(Value::from).collect();
    let insert = Statement::new(
        "INSERT INTO qnsp_access_keys (tenant_id, key, policy_id) SELECT p.tenant_id, k.value, p.id \
         FROM json_each(?3) k CROSS JOIN qnsp_access_policies p \
         WHERE p.tenant_id = ?1 AND p.id = ?2 AND p.enforcement_level = 'enforced'",
    );
    insert.bind(policy.tenant).bind(policy.id).bind(Value::from(keys).to_string())
}

fn delete_keys(tenant: &str, id: &str) -> Statement {
    let delete = "DELETE FROM qnsp_access_keys WHERE tenant_id = ?1 AND policy_id = ?2";
    Statement::new(delete).bind(tenant).bind(id)
}

/// Notes a change of a policy; those of more than a day ago are forgotten. Many changes in a day become an anomaly by a
/// trigger.
fn changed(tenant: &str, id: &str, now: i64) -> [Statement; 2] {
    let forget = "DELETE FROM qnsp_access_changes WHERE tenant_id = ?1 AND policy_id = ?2 AND at <= ?3";
    let note = "INSERT INTO qnsp_access_changes (tenant_id, policy_id, at, version) \
         SELECT tenant_id, id, ?3, version FROM qnsp_access_policies WHERE tenant_id = ?1 AND id = ?2";
    [Statement::new(forget).bind(tenant).bind(id).bind(now - DAY), Statement::new(note).bind(tenant).bind(id).bind(now)]
}

impl AccessPolicyRow<'_> {
    /// The policy that a row with [`COLUMNS`] has.
    pub fn shown(row: &Row) -> Result<AccessPolicy> {
        let id: String = row.get("id")?;
        let statement = RawValue::from_string(row.get("statement")?);
        Ok(AccessPolicy {
            policy_id: id.clone(),
            id,
            tenant_id: row.get("tenant_id")?,
            name: row.get("name")?,
            description: row.get("description")?,
            category: row.get("category")?,
            enforcement_level: row.get("enforcement_level")?,
            version: row.get("version")?,
            statement: statement.map_err(|_| Error::internal("a stored statement is not JSON"))?,
            statement_hash: row.get("statement_hash")?,
            created_at: IsoTime(row.get("created_at")?),
            updated_at: IsoTime(row.get("updated_at")?),
        })
    }
}
