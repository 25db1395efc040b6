//! What the use of models cost: a record, and the counters of its hour.

use platform::Statement;
use policy::qnsp::hours::HOUR_MS;

/// Who used a model, where nobody is named.
pub const UNKNOWN_USER: &str = "unknown";

/// The greatest number that JavaScript, and with it D1, does not round: no sum is greater.
pub const GREATEST: i64 = (1 << 53) - 1;

/// What requests to a model cost.
pub struct CostRecord<'a> {
    pub id: &'a str,
    pub at: i64,
    /// Of the registry.
    pub model_id: Option<&'a str>,
    /// `None` for the name of that model.
    pub model: Option<&'a str>,
    pub provider: &'a str,
    pub user: &'a str,
    pub tokens: i64,
    /// Millionths of a US dollar.
    pub cost: i64,
    /// 0 for what is no request to a model.
    pub requests: i64,
    pub prompt_hash: Option<&'a str>,
}

impl CostRecord<'_> {
    /// Writes the record and counts it. Where it comes before the first record with its prompt, that one repeats it from
    /// now on.
    pub fn write(&self, tenant: &str) -> Vec<Statement> {
        const NAME: &str = "coalesce(?5, (SELECT name FROM qnsp_models WHERE tenant_id = ?1 AND id = ?4))";
        let insert = Statement::new(format!(
            "INSERT INTO qnsp_ai_costs (tenant_id, at, id, model_id, model, provider, user_id, tokens, cost, requests, \
             prompt_hash, is_repeat) SELECT ?1, ?2, ?3, ?4, {NAME}, ?6, ?7, ?8, ?9, ?10, ?11, ?11 IS NOT NULL AND EXISTS \
             (SELECT 1 FROM qnsp_ai_costs WHERE tenant_id = ?1 AND model = {NAME} AND prompt_hash = ?11 AND at <= ?2)"
        ));
        let insert = insert
            .bind(tenant)
            .bind(self.at)
            .bind(self.id)
            .bind(self.model_id.map(str::to_owned))
            .bind(self.model.map(str::to_owned))
            .bind(self.provider)
            .bind(self.user)
            .bind(self.tokens)
            .bind(self.cost)
            .bind(self.requests)
            .bind(self.prompt_hash.map(str::to_owned));
        let capped =
            |column: &str| format!("{column} = CAST(min({column} + excluded.{column}, {GREATEST}) AS INTEGER)");
        let sums = ["cost", "tokens", "requests", "hashed", "repeated", "repeated_cost"].map(capped).join(", ");
        let count = Statement::new(format!(
            "INSERT INTO qnsp_ai_cost_hours (tenant_id, dimension, hour, category, cost, tokens, requests, hashed, repeated, \
             repeated_cost) SELECT c.tenant_id, d.key, c.at / {HOUR_MS}, \
             CASE d.key WHEN 'model' THEN c.model WHEN 'provider' THEN c.provider ELSE c.user_id END, c.cost, c.tokens, \
             c.requests * d.value, (c.prompt_hash IS NOT NULL) * d.value, c.is_repeat * d.value, \
             c.cost * c.is_repeat * d.value FROM qnsp_ai_costs c, json_each('{{\"model\":1,\"provider\":0,\"user\":0}}') d \
             WHERE c.tenant_id = ?1 AND c.at = ?2 AND c.id = ?3 \
             ON CONFLICT (tenant_id, dimension, hour, category) DO UPDATE SET {sums}"
        ));
        let named = |statement: Statement| statement.bind(tenant).bind(self.at).bind(self.id);
        let Some(hash) = self.prompt_hash else { return vec![insert, named(count)] };
        // The next record with the prompt, if it was the first so far. By its key the table would be read up to now.
        const NEXT: &str = "FROM (SELECT * FROM qnsp_ai_costs INDEXED BY qnsp_ai_costs_by_prompt WHERE tenant_id = ?1 \
             AND prompt_hash = ?4 AND at > ?2 \
             AND model = (SELECT model FROM qnsp_ai_costs WHERE tenant_id = ?1 AND at = ?2 AND id = ?3) \
             ORDER BY at, id LIMIT 1) n WHERE n.is_repeat = 0";
        let recount = Statement::new(format!(
            "UPDATE qnsp_ai_cost_hours SET repeated = repeated + 1, \
             repeated_cost = CAST(min(repeated_cost + (SELECT n.cost {NEXT}), {GREATEST}) AS INTEGER) \
             WHERE (tenant_id, dimension, hour, category) = (SELECT n.tenant_id, 'model', n.at / {HOUR_MS}, n.model {NEXT})"
        ));
        let repeat = Statement::new(format!(
            "UPDATE qnsp_ai_costs SET is_repeat = 1 WHERE (tenant_id, at, id) = (SELECT n.tenant_id, n.at, n.id {NEXT})"
        ));
        vec![insert, named(count), named(recount).bind(hash), named(repeat).bind(hash)]
    }
}
