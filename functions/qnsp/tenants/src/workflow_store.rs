//! The rows of workflows, and what their steps do to the rows of tenants. Every effect may be repeated.

use model::qnsp::tenant::{NewWorkflow, Parameters, Step, StepKind, Template, WorkflowStatus};
use platform::{Row, Statement};
use policy::qnsp::{Role, Tier};
use qnsp::{Caller, NewKey, NewTenant, Work, conflict, missing, new_id};
use serde_json::{Value, json};
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

/// The period of the retention policy that a new tenant has.
const DEFAULT_RETENTION: (&str, i64) = ("P400D", 400 * qnsp::DAY);

/// A workflow as it is stored.
pub(crate) struct Stored {
    pub id: String,
    pub tenant: String,
    pub template: Template,
    pub parameters: Parameters,
    pub status: WorkflowStatus,
    pub steps: Vec<Step>,
    pub created_at: i64,
    pub updated_at: i64,
    version: i64,
    /// The user that was registered for the tenant before.
    admin: Option<String>,
}

impl Stored {
    pub(crate) fn of(row: &Row) -> Result<Self> {
        let broken = || Error::internal("a workflow is stored that cannot be read");
        Ok(Self {
            id: row.get("id")?,
            tenant: row.get("tenant_id")?,
            template: row.get::<String>("template_id")?.parse().map_err(|_| broken())?,
            parameters: serde_json::from_str(&row.get::<String>("parameters")?).map_err(|_| broken())?,
            status: row.get::<String>("status")?.parse().map_err(|_| broken())?,
            steps: serde_json::from_str(&row.get::<String>("steps")?).map_err(|_| broken())?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            version: row.get("version")?,
            admin: row.get("admin_user")?,
        })
    }
}

pub(crate) fn insert(
    caller: &Caller,
    id: &str,
    template: Template,
    workflow: &NewWorkflow,
    steps: &[Step],
) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO qnsp_workflows (id, tenant_id, template_id, parameters, status, steps, version, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, 'pending', ?5, 0, ?6, ?6)",
    );
    let insert = insert.bind(id).bind(caller.tenant()).bind(<&str>::from(template));
    Ok(insert.bind(parameters(workflow.parameters.as_ref()).to_string()).bind(text(steps)?).bind(caller.now))
}

fn parameters(given: Option<&Parameters>) -> Value {
    let Some(given) = given else { return json!({}) };
    json!({
        "tenantName": given.tenant_name.as_ref().map(|name| name.as_str()),
        "adminEmail": given.admin_email,
        "tier": given.tier,
        "addOns": given.add_ons,
        "rateLimitPerMinute": given.rate_limit_per_minute.map(|limit| limit.0),
        "manualSteps": given.manual_steps,
    })
}

fn text(steps: &[Step]) -> Result<String> {
    serde_json::to_string(steps).map_err(|_| Error::internal("steps that are not JSON"))
}

/// A workflow is shown to its tenant, and to an operator who names no other tenant.
pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = Statement::new(
        "SELECT w.id, w.tenant_id, template_id, parameters, status, steps, version, w.created_at, w.updated_at, \
         t.admin_user FROM qnsp_workflows w LEFT JOIN qnsp_tenants t ON t.id = w.tenant_id \
         WHERE w.id = ?1 AND (w.tenant_id = ?2 OR ?3)",
    );
    select.bind(id).bind(caller.tenant()).bind(sees_all(caller))
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_workflows WHERE id = ?1 AND (tenant_id = ?2 OR ?3))";
    Guard::new(exists, missing("No such workflow")).bind(id).bind(caller.tenant()).bind(sees_all(caller))
}

fn sees_all(caller: &Caller) -> bool {
    caller.is_operator() && !caller.has_selected()
}

pub(crate) fn is_unchanged(seen: &Stored) -> Guard {
    let unchanged = "EXISTS (SELECT 1 FROM qnsp_workflows WHERE id = ?1 AND version = ?2)";
    let refusal = conflict("The workflow was changed at the same time");
    Guard::new(unchanged, refusal).bind(seen.id.as_str()).bind(seen.version)
}

pub(crate) fn update(caller: &Caller, workflow: &Stored) -> Result<Statement> {
    let update = Statement::new(
        "UPDATE qnsp_workflows SET status = ?2, steps = ?3, updated_at = ?4, version = version + 1 WHERE id = ?1",
    );
    let update = update.bind(workflow.id.as_str()).bind(<&str>::from(workflow.status));
    Ok(update.bind(text(&workflow.steps)?).bind(caller.now))
}

/// Adds what the steps do. Gives the API key of a user who is registered by this.
pub(crate) async fn carry_out(
    caller: &Caller,
    work: &mut Work,
    workflow: &mut Stored,
    kinds: &[StepKind],
) -> Result<Option<Zeroizing<String>>> {
    let mut api_key = None;
    for kind in kinds {
        match kind {
            StepKind::CreateTenantRecord => {
                for statement in create_tenant(caller, work, workflow).await? {
                    work.push(statement);
                }
            }
            StepKind::SetQuotaTier => {
                work.push(set_tier(caller, workflow));
            }
            StepKind::CreateDefaultPolicies => {
                work.push(create_policy(caller, workflow)?);
            }
            StepKind::RegisterAdmin => api_key = register_admin(caller, work, workflow)?,
            StepKind::EnableAudit => {
                work.record_also(caller.other_event("tenant.audit.enable", Some(workflow.tenant.clone()))?);
            }
        }
    }
    Ok(api_key)
}

/// The row of a new tenant; of an existing one, what is given anew.
async fn create_tenant(caller: &Caller, work: &Work, workflow: &Stored) -> Result<[Statement; 2]> {
    let data_key = work.data_key(&workflow.tenant).await?;
    let parameters = &workflow.parameters;
    let name = parameters.tenant_name.as_ref().map(|name| name.as_str());
    let new = NewTenant {
        id: &workflow.tenant,
        name: name.unwrap_or(&workflow.tenant),
        admin_email: parameters.admin_email.as_deref(),
        tier: Tier::Free,
        add_ons: &[],
        rate_limit: None,
    };
    let update = Statement::new(
        "UPDATE qnsp_tenants SET name = coalesce(?2, name), admin_email = coalesce(?3, admin_email), updated_at = ?4 \
         WHERE id = ?1",
    );
    let update = update.bind(workflow.tenant.as_str()).bind(name.map(str::to_owned));
    Ok([new.insert_if_absent(&data_key, caller.now)?, update.bind(parameters.admin_email.clone()).bind(caller.now)])
}

/// What was not given stays as it is.
fn set_tier(caller: &Caller, workflow: &Stored) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_tenants SET tier = coalesce(?2, tier), add_ons = coalesce(?3, add_ons), \
         rate_limit = coalesce(?4, rate_limit), updated_at = ?5 WHERE id = ?1",
    );
    let parameters = &workflow.parameters;
    let add_ons = parameters.add_ons.as_ref().map(|add_ons| Value::from(add_ons.clone()).to_string());
    let update = update.bind(workflow.tenant.as_str()).bind(parameters.tier.clone()).bind(add_ons);
    update.bind(parameters.rate_limit_per_minute.map(|limit| limit.0)).bind(caller.now)
}

fn create_policy(caller: &Caller, workflow: &Stored) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO qnsp_retention_policies (tenant_id, id, name, retention_period, retention_ms, event_types, services, \
         is_archived, archive_destination, created_at, updated_at) \
         VALUES (?1, ?2, 'Default', ?3, ?4, '[]', '[]', 0, NULL, ?5, ?5) ON CONFLICT DO NOTHING",
    );
    let (period, milliseconds) = DEFAULT_RETENTION;
    Ok(insert.bind(workflow.tenant.as_str()).bind(new_id()?).bind(period).bind(milliseconds).bind(caller.now))
}

/// A user and an owner's key, once per tenant.
fn register_admin(caller: &Caller, work: &mut Work, workflow: &mut Stored) -> Result<Option<Zeroizing<String>>> {
    let unchanged = "(SELECT admin_user FROM qnsp_tenants WHERE id = ?1) IS ?2";
    let refusal = conflict("The tenant was changed at the same time");
    work.require(Guard::new(unchanged, refusal).bind(workflow.tenant.as_str()).bind(workflow.admin.clone()));
    let user = workflow.admin.clone().map_or_else(new_id, Ok)?;
    let mut api_key = None;
    if workflow.admin.is_none() {
        let update = Statement::new("UPDATE qnsp_tenants SET admin_user = ?2 WHERE id = ?1");
        work.push(update.bind(workflow.tenant.as_str()).bind(user.as_str()));
        let tenant = workflow.tenant.as_str();
        let key = NewKey {
            tenant,
            user: &user,
            roles: &[Role::Owner.as_str()],
            name: "onboarding",
            expires_at: None,
            is_personal: false,
        };
        let issued = key.issue(caller.now)?;
        work.push(issued.insert);
        api_key = Some(issued.text);
    }
    if let Some(step) = workflow.steps.iter_mut().find(|step| step.kind == StepKind::RegisterAdmin) {
        step.output = Some(json!({ "userId": user }));
    }
    Ok(api_key)
}
