//! Prompts are searched for attacks. What is kept of one is its keyed hash, its length and which patterns matched.

use axum::{http::StatusCode, response::Response};
use crypto::seal::DataKey;
use model::qnsp::{
    Text,
    ai::{AnalysisResult, AttackCategory, Detected, PromptRecommendation, PromptToAnalyze},
};
use platform::{Row, Statement};
use policy::qnsp::{
    hours::HOUR_MS,
    injection::{self, Analysis, Rule},
    model_costs::tokens,
    pattern::{Case, Pattern},
    price::ANALYZED_TOKEN,
};
use qnsp::{Call, Caller, ai_costs::CostRecord, new_id, word};
use serde_json::json;
use service::Result;

/// By what costs of analyses are known.
const MODEL: &str = "injection-analyzer";
const PROVIDER: &str = "qnsp";

/// Analyze a prompt, and what stands around it, for attacks.
#[utoipa::path(
    post, path = "/ai/v1/security/injection/analyze", tag = "AI", request_body = PromptToAnalyze,
    responses((status = 200, body = AnalysisResult), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn analyze_prompt(call: Call<PromptToAnalyze>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let (prompt, context) = (call.body.prompt.as_str(), call.body.context.as_ref().map(Text::as_str));
    let patterns =
        "SELECT id, pattern, category, severity FROM qnsp_injection_patterns WHERE tenant_id = ?1 AND enabled";
    let mut look = call.look();
    let patterns = look.push(Statement::new(patterns).bind(call.tenant()));
    let outcomes = look.run().await?;
    let mut rules = Vec::new();
    for row in outcomes.rows(patterns) {
        rules.extend(rule(row)?);
    }
    let texts: Vec<_> = [Some(prompt), context].into_iter().flatten().collect();
    let analysis = injection::analyze(&texts, &rules);
    call.payload(json!({ "riskScore": analysis.score, "recommendation": analysis.recommendation }));
    let mut work = call.work();
    let key = work.data_key(call.tenant()).await?;
    let kept = Kept { id: &id, prompt_hash: hash(&key, prompt), length: characters(&[prompt]), analysis: &analysis };
    for statement in kept.write(&call) {
        work.push(statement);
    }
    let tokens = tokens(characters(&texts));
    let cost = CostRecord {
        id: &id,
        at: call.now,
        model_id: None,
        model: Some(MODEL),
        provider: PROVIDER,
        user: call.user(),
        tokens,
        cost: tokens.saturating_mul(ANALYZED_TOKEN),
        requests: 0,
        prompt_hash: None,
    };
    for statement in cost.write(call.tenant()) {
        work.push(statement);
    }
    work.commit(StatusCode::OK, &result(analysis)).await
}

/// A pattern that this version does not compile any more is left out.
fn rule(row: &Row) -> Result<Option<Rule>> {
    let Some(pattern) = Pattern::compile(&row.get::<String>("pattern")?, Case::Ignored) else { return Ok(None) };
    Ok(Some(Rule::of_tenant(row.get("id")?, word(row, "category")?, word(row, "severity")?, pattern)))
}

fn characters(texts: &[&str]) -> usize {
    texts.iter().map(|text| text.chars().count()).sum()
}

fn hash(key: &DataKey, prompt: &str) -> [u8; 32] {
    key.audit_hash(&[b"analyzed-prompt\0".as_slice(), prompt.as_bytes()].concat())
}

fn result(analysis: Analysis) -> AnalysisResult {
    let detections = analysis.detections.into_iter().map(|found| Detected {
        pattern_id: found.rule,
        category: found.category,
        severity: found.severity,
        matched_text: found.matched,
    });
    AnalysisResult {
        safe: analysis.is_safe,
        risk_score: analysis.score,
        detections: detections.collect(),
        recommendation: analysis.recommendation,
    }
}

/// What is kept of an analysis.
struct Kept<'a> {
    id: &'a str,
    prompt_hash: [u8; 32],
    length: usize,
    analysis: &'a Analysis,
}

impl Kept<'_> {
    /// The row of the analysis, and the counters of its hour.
    fn write(&self, caller: &Caller) -> [Statement; 2] {
        let detections = &self.analysis.detections;
        let patterns: Vec<_> = detections.iter().map(|found| found.rule.as_str()).collect();
        let count = |category| detections.iter().filter(|found| found.category == category).count();
        let counts = [AttackCategory::Jailbreak, AttackCategory::DataExtraction, AttackCategory::InstructionOverride]
            .map(|category| i64::try_from(count(category)).unwrap_or(i64::MAX));
        let is_blocked = self.analysis.recommendation == PromptRecommendation::Block;
        let insert = Statement::new(
            "INSERT INTO qnsp_injection_analyses (tenant_id, at, id, user_id, prompt_hash, length, patterns, score, \
             is_blocked, jailbreak, data_extraction, instruction_override) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        );
        let insert = insert
            .bind(caller.tenant())
            .bind(caller.now)
            .bind(self.id)
            .bind(caller.user())
            .bind(self.prompt_hash.to_vec())
            .bind(i64::try_from(self.length).unwrap_or(i64::MAX))
            .bind(json!(patterns).to_string())
            .bind(self.analysis.score)
            .bind(is_blocked);
        let hour = Statement::new(
            "INSERT INTO qnsp_injection_hours (tenant_id, hour, analyzed, blocked, jailbreak, data_extraction, \
             instruction_override) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6) ON CONFLICT (tenant_id, hour) DO UPDATE SET \
             analyzed = analyzed + 1, blocked = blocked + excluded.blocked, jailbreak = jailbreak + excluded.jailbreak, \
             data_extraction = data_extraction + excluded.data_extraction, \
             instruction_override = instruction_override + excluded.instruction_override",
        );
        let hour = hour.bind(caller.tenant()).bind(caller.now.div_euclid(HOUR_MS)).bind(is_blocked);
        [insert, hour].map(|statement| counts.iter().fold(statement, |statement, count| statement.bind(*count)))
    }
}
