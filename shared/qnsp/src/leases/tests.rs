//! The statements over a real database, with more leases than any call would go through one by one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::*;
use crate::test_database::Database;

const MANY: i64 = 10_000;
const NOW: i64 = 1_764_000_000_000;

impl Database {
    async fn execute(&self, text: impl Into<String>) {
        self.sql.batch(vec![Statement::new(text.into())]).await.unwrap();
    }

    async fn number(&self, value: &str) -> i64 {
        let rows = self.sql.query(Statement::new(format!("SELECT {value} AS value"))).await.unwrap();
        rows[0].get("value").unwrap()
    }

    async fn count(&self, condition: &str) -> i64 {
        self.number(&format!("(SELECT count(*) FROM qnsp_leases WHERE {condition})")).await
    }

    /// Leases of a configuration, each a key of this API.
    async fn lease(&self, config: &str, count: i64, columns: &str, values: &str) {
        self.execute(format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO qnsp_leases (tenant_id, id, config_id, created_at, username, password_hash, max_expires_at, expires_at, \
             {columns}) SELECT 'a', '{config}' || i, '{config}', i, 'u' || i, '{config}' || i, {NOW} * 2, {NOW} * 2, {values} FROM n"
        ))
        .await;
        self.execute(format!(
            "INSERT INTO qnsp_keys (key_hash, id, tenant_id, user_id, roles, name, created_at) \
             SELECT id, id, 'a', 'u', '[]', 'k', 0 FROM qnsp_leases WHERE config_id = '{config}'"
        ))
        .await;
    }

    async fn config(&self, id: &str) {
        self.execute(format!(
            "INSERT INTO qnsp_dynamic_configs (tenant_id, id, created_at, name, type, backend, username_template, default_ttl, \
             max_ttl) VALUES ('a', '{id}', 0, '{id}', 'api_key', 'api_key', '', 1, 1)"
        ))
        .await;
    }

    async fn counted(&self, config: &str) -> i64 {
        self.number(&format!("(SELECT counted_leases FROM qnsp_dynamic_configs WHERE id = '{config}')")).await
    }
}

const COLUMNS: &str = "ends_at, is_counted, is_pending, has_user";

async fn filled() -> Database {
    let database = Database::new();
    database
        .execute("INSERT INTO qnsp_tenants (id, created_at, updated_at, name, tier) VALUES ('a', 0, 0, 'a', 'free')")
        .await;
    for config in ["many", "other", "ended", "pending"] {
        database.config(config).await;
    }
    database.lease("many", MANY, COLUMNS, &format!("{NOW} * 2, 1, 0, 1")).await;
    database.lease("other", 3, COLUMNS, &format!("{NOW} * 2, 1, 0, 0")).await;
    database.lease("ended", 2, COLUMNS, &format!("{NOW} - 1, 1, 0, 0")).await;
    database.lease("pending", 2, COLUMNS, &format!("{NOW} * 2, 1, 1, 1")).await;
    database
        .execute(format!("INSERT INTO qnsp_quotas (tenant_id, quota_type, used) VALUES ('a', 'secrets', {MANY} + 8)"))
        .await;
    database
}

#[tokio::test]
async fn many_leases_of_one_configuration_are_revoked_by_one_statement() {
    let database = filled().await;
    let statements = revoke_all("a", "many", NOW);
    let updates: Vec<_> = statements.iter().filter(|one| one.text.starts_with("UPDATE qnsp_leases")).collect();
    assert_eq!(updates.len(), 1);
    assert!(statements.len() < 10, "as many as for one lease");

    // Each finds the leases of the configuration that are active, and no others.
    for statement in &statements {
        let explained = Statement {
            params: statement.params.clone(),
            ..Statement::new(format!("EXPLAIN QUERY PLAN {}", statement.text))
        };
        let steps = database.sql.query(explained).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.get("detail").unwrap()).collect();
        assert!(!steps.iter().any(|step| step.starts_with("SCAN qnsp") || step.contains("TEMP B-TREE")), "{steps:#?}");
        if statement.text.contains("qnsp_leases") {
            let by = "qnsp_leases_counted (tenant_id=? AND config_id=? AND is_pending=? AND ends_at>?)";
            assert!(steps.iter().any(|step| step.contains(by)), "{}: {steps:#?}", statement.text);
        }
    }
    let outcomes = database.sql.batch(statements).await.unwrap();
    assert_eq!(outcomes[0].rows[0].get::<i64>("leases").unwrap(), MANY);
    assert_eq!(database.count(&format!("revoked_at = {NOW} AND ends_at = {NOW} AND is_counted = 0")).await, MANY);
    assert_eq!(database.count("revoked_at IS NULL AND config_id <> 'many'").await, 7);
    let keys = format!("(SELECT count(*) FROM qnsp_keys WHERE revoked_at = {NOW} AND id LIKE 'many%')");
    assert_eq!(database.number(&keys).await, MANY);
    assert_eq!(database.number("(SELECT count(*) FROM qnsp_keys WHERE revoked_at IS NULL)").await, 7);
    assert_eq!(database.number("(SELECT used FROM qnsp_quotas)").await, 8);
    assert_eq!(database.number("(SELECT value FROM qnsp_dynamic_counts WHERE counted = 'revoked')").await, MANY);
    // Their users are found by what removes users.
    let due = Statement::new(CONFIGS_WITH_ENDED_USERS).bind(NOW);
    let due = database.sql.query(due).await.unwrap();
    assert_eq!(due.iter().map(|row| row.get("config_id").unwrap()).collect::<Vec<String>>(), ["many"]);

    // Once more: none is left.
    let outcomes = database.sql.batch(revoke_all("a", "many", NOW + 1)).await.unwrap();
    assert_eq!(outcomes[0].rows[0].get::<i64>("leases").unwrap(), 0);
    assert_eq!(database.number("(SELECT value FROM qnsp_dynamic_counts WHERE counted = 'revoked')").await, MANY);
    assert_eq!(database.count(&format!("revoked_at = {NOW}")).await, MANY);
}

#[tokio::test]
async fn what_a_configuration_has_counted_is_what_there_is() {
    let database = filled().await;
    let all = async || {
        let mut counted = Vec::new();
        for config in ["many", "other", "ended", "pending"] {
            let there = database.count(&format!("config_id = '{config}' AND is_counted = 1 AND is_pending = 0")).await;
            assert_eq!(database.counted(config).await, there, "{config}");
            counted.push(there);
        }
        counted
    };
    assert_eq!(all().await, [MANY, 3, 2, 0]);
    database.execute("UPDATE qnsp_leases SET is_pending = 0 WHERE id = 'pending1'").await;
    assert_eq!(all().await, [MANY, 3, 2, 1]);
    database.execute("UPDATE qnsp_leases SET is_counted = 0 WHERE id IN ('pending2', 'other1', 'other2')").await;
    database.execute("UPDATE qnsp_leases SET expires_at = 1, claimed_until = 1").await;
    assert_eq!(all().await, [MANY, 1, 2, 1]);
    database.sql.batch(upkeep::settle("a", NOW)).await.unwrap();
    assert_eq!(all().await, [MANY, 1, 0, 1]);
    database.execute("DELETE FROM qnsp_leases WHERE id IN ('many1', 'ended1')").await;
    assert_eq!(all().await, [MANY - 1, 1, 0, 1]);
    database.sql.batch(revoke_all("a", "many", NOW)).await.unwrap();
    assert_eq!(all().await, [0, 1, 0, 1]);
}
