//! Groups of synonyms, which searches use, and what a term expands to.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::{
        Text,
        search::{Expand, Expanded, GroupCreated, GroupType, IndexName, NewGroup},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::search::{Group, compared, expand};
use qnsp::{Call, Caller, Nothing, conflict, new_id};
use serde::Deserialize;
use serde_json::Value;
use service::{Error, Guard, Result};
use utoipa::IntoParams;

use crate::document_store::name_indices;

/// Make a group of synonyms.
#[utoipa::path(
    post, path = "/search/v1/synonyms", tag = "Search", request_body = NewGroup,
    responses((status = 201, body = GroupCreated), (status = 400), (status = 401), (status = 403), (status = 409)),
)]
pub(crate) async fn create_group(call: Call<NewGroup>) -> Result<Response> {
    let (id, name) = (new_id()?, call.body.name.as_str());
    let group = Group { kind: call.body.kind, terms: call.body.terms() };
    check_terms(&call.body, &group.terms)?;
    let indices = call.body.index_names.as_ref().map_or(&[][..], |list| &list.0);
    let indices = Value::from_iter(indices.iter().map(IndexName::as_str)).to_string();
    call.about_named(id.as_str(), name);
    let mut work = call.work();
    let is_free = "NOT EXISTS (SELECT 1 FROM qnsp_synonym_groups WHERE tenant_id = ?1 AND name = ?2)";
    work.require(
        Guard::new(is_free, conflict("Another group of synonyms has this name")).bind(call.tenant()).bind(name),
    );
    let insert = Statement::new(
        "INSERT INTO qnsp_synonym_groups (tenant_id, id, name, type, terms, index_names, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(name).bind(<&str>::from(group.kind));
    work.push(insert.bind(Value::from(group.terms.clone()).to_string()).bind(indices.as_str()).bind(call.now));
    let terms = Statement::new(
        "INSERT INTO qnsp_synonym_terms (tenant_id, term, group_id) SELECT ?1, value, ?2 FROM json_each(?3)",
    );
    work.push(terms.bind(call.tenant()).bind(id.as_str()).bind(Value::from(group.expanded()).to_string()));
    work.push(name_indices(call.tenant(), &indices));
    let created = GroupCreated { group_id: id, name: name.to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// No two terms of a group are equal as terms are compared.
fn check_terms(new: &NewGroup, terms: &[String]) -> Result<()> {
    let field = if new.terms.is_some() { "terms" } else { "synonyms" };
    let terms: Vec<_> = terms.iter().map(|term| compared(term)).collect();
    let mut faults = Faults::default();
    for (index, term) in terms.iter().enumerate() {
        let is_new = !terms.iter().take(index).any(|other| other == term);
        faults.check(is_new, format!("{field}[{index}]"), "must differ from those before");
    }
    Ok(faults.result()?)
}

/// Show what a term expands to.
#[utoipa::path(
    post, path = "/search/v1/synonyms/expand", tag = "Search", request_body = Expand,
    responses((status = 200, body = Expanded), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn expand_term(call: Call<Expand>) -> Result<Response> {
    let expanded = expanded(&call, &call.body.term, call.body.index_name.as_ref()).await?;
    call.answer(StatusCode::OK, &expanded).await
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskTerm {
    #[param(value_type = String)]
    term: Text<1, 128>,
    #[param(value_type = Option<String>)]
    index_name: Option<IndexName>,
}

/// Show what a term expands to; the same by GET.
#[utoipa::path(
    get, path = "/search/v1/synonyms/expand", tag = "Search", params(AskTerm),
    responses((status = 200, body = Expanded), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn look_up_term(call: Call<Nothing, AskTerm>) -> Result<Json<Expanded>> {
    expanded(&call, &call.query.term, call.query.index_name.as_ref()).await.map(Json)
}

async fn expanded(caller: &Caller, term: &Text<1, 128>, index: Option<&IndexName>) -> Result<Expanded> {
    let mut work = caller.work();
    let words = Value::from(vec![compared(term.as_str())]).to_string();
    let groups = work.push(select(caller.tenant(), &words, index.map(IndexName::as_str)));
    let outcomes = work.run().await?;
    let groups = outcomes.rows(groups).iter().map(KnownGroup::of).collect::<Result<Vec<_>>>()?;
    let expansions = expand(groups.iter().map(|known| &known.group), term.as_str());
    Ok(Expanded {
        original: term.as_str().to_owned(),
        expansions: expansions.clone(),
        original_term: term.as_str().to_owned(),
        expanded_terms: expansions,
        matched_groups: groups.into_iter().map(|known| known.id).collect(),
    })
}

/// A stored group.
pub(crate) struct KnownGroup {
    pub id: String,
    pub group: Group,
}

impl KnownGroup {
    pub(crate) fn of(row: &Row) -> Result<Self> {
        let unreadable = |_| Error::internal("a group of synonyms that is not JSON");
        let kind = if row.get::<String>("type")? == <&str>::from(GroupType::OneWay) {
            GroupType::OneWay
        } else {
            GroupType::Equivalent
        };
        let terms = serde_json::from_str(&row.get::<String>("terms")?).map_err(unreadable)?;
        Ok(Self { id: row.get("id")?, group: Group { kind, terms } })
    }
}

/// Selects the groups that expand one of these terms (a JSON list of terms as they are compared), in their order: those of
/// all indexes, and those of this one.
pub(crate) fn select(tenant: &str, terms: &str, index: Option<&str>) -> Statement {
    let select = Statement::new(
        "SELECT id, type, terms FROM qnsp_synonym_groups g WHERE tenant_id = ?1 AND id IN (SELECT group_id \
         FROM qnsp_synonym_terms WHERE tenant_id = ?1 AND term IN (SELECT value FROM json_each(?2))) \
         AND (index_names = '[]' OR ?3 IN (SELECT value FROM json_each(g.index_names))) ORDER BY created_at, id",
    );
    select.bind(tenant).bind(terms).bind(index.map(str::to_owned))
}
