//! Policies of classification.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        storage::{
            ClassificationPolicies, ClassificationPolicyCreated, ClassificationPolicyInList,
            CreateClassificationPolicy, DataType, Level,
        },
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{
    classification::LARGEST_TOGETHER,
    pattern::{Case, Pattern, escaped},
};
use qnsp::{AskPage, Call, Nothing, conflict, impossible, impossible_fields, new_id};
use serde_json::json;
use service::{Guard, Result};

use crate::classification::StoredRule;

/// Create a policy of classification. With `autoApply` the documents that there are, and each new version, are tested.
#[utoipa::path(
    post, path = "/storage/v1/classification/policies", tag = "Storage", request_body = CreateClassificationPolicy,
    responses(
        (status = 201, body = ClassificationPolicyCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_classification_policy(call: Call<CreateClassificationPolicy>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    let rules = rules(policy)?;
    let size = Pattern::size_together(rules.iter().map(|rule| rule.pattern.as_str()), Case::AsWritten);
    let size = size.filter(|size| *size <= LARGEST_TOGETHER);
    let size = size.ok_or_else(|| impossible("rules", "have patterns that are too large together"))?;
    let is_automatic = policy.auto_apply.unwrap_or_default();
    let mut work = call.work();
    if is_automatic {
        let fits = "(SELECT coalesce(sum(size), 0) FROM qnsp_classification_policies WHERE tenant_id = ?1 \
                    AND auto_number IS NOT NULL) + ?2 <= ?3";
        let refusal = conflict("The policies that apply themselves have patterns that are too large together");
        work.require(Guard::new(fits, refusal).bind(call.tenant()).bind(size).bind(LARGEST_TOGETHER));
    }
    let insert = Statement::new(
        "INSERT INTO qnsp_classification_policies (tenant_id, id, created_at, name, description, rules, rule_count, \
         size, auto_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, json_array_length(?6), ?8, iif(?7, 1 + (SELECT count(auto_number) \
         FROM qnsp_classification_policies WHERE tenant_id = ?1 AND auto_number IS NOT NULL), NULL))",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(call.now).bind(policy.name.as_str());
    let insert = insert.bind(policy.description.as_ref().map_or("", Text::as_str)).bind(json!(rules).to_string());
    work.push(insert.bind(is_automatic).bind(size));
    let refusal = conflict("Another classification policy of the tenant has this name");
    work.on_duplicate("qnsp_classification_policies.name", refusal);
    let name = policy.name.as_str().to_owned();
    let created = ClassificationPolicyCreated { policy_id: id, name, created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// The rules of either shape.
fn rules(policy: &CreateClassificationPolicy) -> Result<Vec<StoredRule>> {
    let mut faults = Vec::new();
    let mut check = |field: String, pattern: &str| {
        if Pattern::compile(pattern, Case::AsWritten).is_none() {
            faults.push((field, "must be a regular expression of linear time"));
        }
    };
    let mut rules = Vec::new();
    if let Some(given) = &policy.rules {
        for (index, rule) in given.0.iter().enumerate() {
            check(format!("rules[{index}].pattern"), rule.pattern.as_str());
            let data_types = rule.data_types.iter().flat_map(|types| &types.0).copied().collect();
            let pattern = rule.pattern.as_str().to_owned();
            rules.push(StoredRule { pattern, classification: rule.classification, data_types });
        }
    } else if let Some(level) = policy.classification_level.map(Level::from) {
        for (index, pattern) in policy.patterns.iter().flat_map(|patterns| &patterns.0).enumerate() {
            check(format!("patterns[{index}].regex"), pattern.regex.as_str());
            let data_types = pattern.pii_type.iter().map(|_| DataType::Pii).collect();
            rules.push(StoredRule { pattern: pattern.regex.as_str().to_owned(), classification: level, data_types });
        }
        for keyword in policy.keywords.iter().flat_map(|keywords| &keywords.0) {
            let pattern = escaped(keyword.as_str()).into_owned();
            rules.push(StoredRule { pattern, classification: level, data_types: Vec::new() });
        }
    }
    if faults.is_empty() { Ok(rules) } else { Err(impossible_fields(faults)) }
}

/// List the policies of classification, oldest first.
#[utoipa::path(
    get, path = "/storage/v1/classification/policies", tag = "Storage", params(AskPage),
    responses((status = 200, body = ClassificationPolicies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_classification_policies(call: Call<Nothing, AskPage>) -> Result<Json<ClassificationPolicies>> {
    let mut work = call.work();
    let select = Statement::new(
        "SELECT id, name, rule_count, auto_number IS NOT NULL AS auto_apply FROM qnsp_classification_policies \
         WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    let found = work.push(select.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    let policy = |row: &platform::Row| -> Result<ClassificationPolicyInList> {
        Ok(ClassificationPolicyInList {
            policy_id: row.get("id")?,
            name: row.get("name")?,
            rule_count: row.get("rule_count")?,
            auto_apply: row.get("auto_apply")?,
        })
    };
    Ok(Json(ClassificationPolicies { policies: outcomes.rows(found).iter().map(policy).collect::<Result<_>>()? }))
}
