//! The rows of deprecation policies. Their algorithms are rows of their own, by which is found what is forbidden.

use model::{
    faults::Faults,
    qnsp::inventory::{DeprecationFields, DeprecationPolicy, SdkPolicy},
    time::IsoTime,
};
use platform::{Row, SqlValue, Statement};
use policy::qnsp::{Algorithm, duration};
use qnsp::{Caller, impossible, missing};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service::{Error, Guard, Result};

use crate::lists::{json_list, list};

/// What a body says of a policy, in the words of this API.
pub(crate) struct Terms<'a> {
    pub name: Option<&'a str>,
    pub algorithms: Option<Vec<Algorithm>>,
    pub deprecation_date: Option<i64>,
    pub enforcement_date: Option<i64>,
    pub target: Option<Algorithm>,
    pub schedule: Option<Vec<&'a str>>,
    pub extra: Map<String, Value>,
}

impl<'a> Terms<'a> {
    pub(crate) fn of(fields: &'a DeprecationFields) -> Result<Self> {
        let schedule: Option<Vec<_>> =
            fields.notification_schedule.as_ref().map(|list| list.0.iter().map(|text| text.as_str()).collect());
        let mut faults = Faults::default();
        for (index, text) in schedule.iter().flatten().enumerate() {
            let is_duration = duration::parse(text).is_some();
            faults.check(is_duration, format!("notificationSchedule[{index}]"), "must be an ISO 8601 duration");
        }
        faults.result()?;
        let listed = fields.algorithms.as_ref().map(|list| list.0.as_slice());
        let listed = listed.or(fields.algorithm.as_ref().map(std::slice::from_ref));
        let algorithms = listed.map(|names| {
            let mut all: Vec<Algorithm> = Vec::new();
            for algorithm in names.iter().map(|name| Algorithm::of(name.as_str())) {
                if !all.contains(&algorithm) {
                    all.push(algorithm);
                }
            }
            all
        });
        let target = fields.migration_target.as_ref().or(fields.replacement_algorithm.as_ref());
        let texts = fields.compliance_frameworks.as_ref().map(|list| list.0.iter().map(|text| text.as_str()).collect());
        let extra = [
            ("status", fields.status.as_ref().map(|text| json!(text.as_str()))),
            ("severity", fields.severity.as_ref().map(|text| json!(text.as_str()))),
            ("rationale", fields.rationale.as_ref().map(|text| json!(text.as_str()))),
            ("complianceFrameworks", texts.map(|texts: Vec<&str>| json!(texts))),
            ("notifyAffectedTenants", fields.notify_affected_tenants.map(Value::from)),
        ];
        let extra = extra.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Self {
            name: fields.name.as_ref().map(|name| name.as_str()),
            algorithms,
            deprecation_date: fields.deprecation_date.map(|time| time.0),
            enforcement_date: fields.enforcement_date.or(fields.sunset_date).map(|time| time.0),
            target: target.map(|name| Algorithm::of(name.as_str())),
            schedule,
            extra: extra.collect(),
        })
    }
}

pub(crate) fn dates_are_reversed() -> Error {
    impossible("enforcementDate", "must not be before deprecationDate")
}

pub(crate) fn target_is_given_up() -> Error {
    impossible("migrationTarget", "must not be one of the algorithms")
}

pub(crate) fn target_is_deprecated() -> Error {
    impossible("migrationTarget", "must be neither deprecated nor forbidden")
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_deprecation_policies WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such policy")).bind(caller.tenant()).bind(id)
}

/// A policy with all its terms. One with this id is replaced, and the times of both are in the outcome.
pub(crate) fn put(caller: &Caller, id: &str, name: &str, terms: &Terms, dates: (i64, i64)) -> Statement {
    let put = Statement::new(
        "INSERT INTO qnsp_deprecation_policies (tenant_id, id, created_at, updated_at, name, deprecation_date, \
         enforcement_date, migration_target, notification_schedule, extra) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET updated_at = excluded.updated_at, name = excluded.name, \
         deprecation_date = excluded.deprecation_date, enforcement_date = excluded.enforcement_date, \
         migration_target = excluded.migration_target, notification_schedule = excluded.notification_schedule, \
         extra = excluded.extra RETURNING created_at",
    );
    put.bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(name)
        .bind(dates.0)
        .bind(dates.1)
        .bind(terms.target.as_ref().map(|target| target.as_str().to_owned()))
        .bind(json_list(terms.schedule.iter().flatten().copied()))
        .bind(Value::Object(terms.extra.clone()).to_string())
}

/// Gives a policy these algorithms instead of those that it has.
pub(crate) fn put_algorithms(caller: &Caller, id: &str, algorithms: &[Algorithm]) -> [Statement; 2] {
    let insert = Statement::new(
        "INSERT INTO qnsp_deprecated_algorithms (tenant_id, algorithm, policy_id, position) \
         SELECT ?1, value, ?2, key FROM json_each(?3)",
    );
    let names = json_list(algorithms.iter().map(Algorithm::as_str));
    [delete_algorithms(caller, id), insert.bind(caller.tenant()).bind(id).bind(names)]
}

pub(crate) fn delete_algorithms(caller: &Caller, id: &str) -> Statement {
    let delete = "DELETE FROM qnsp_deprecated_algorithms WHERE tenant_id = ?1 AND policy_id = ?2";
    Statement::new(delete).bind(caller.tenant()).bind(id)
}

/// Changes what is given.
pub(crate) fn change(caller: &Caller, id: &str, terms: &Terms) -> Statement {
    let change = Statement::new(
        "UPDATE qnsp_deprecation_policies SET updated_at = ?3, name = coalesce(?4, name), \
         deprecation_date = coalesce(?5, deprecation_date), enforcement_date = coalesce(?6, enforcement_date), \
         migration_target = coalesce(?7, migration_target), notification_schedule = coalesce(?8, notification_schedule), \
         extra = json_patch(extra, ?9) WHERE tenant_id = ?1 AND id = ?2",
    );
    change
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(terms.name.map(str::to_owned))
        .bind(terms.deprecation_date)
        .bind(terms.enforcement_date)
        .bind(terms.target.as_ref().map(|target| target.as_str().to_owned()))
        .bind(terms.schedule.as_ref().map(|schedule| json_list(schedule.iter().copied())))
        .bind(Value::Object(terms.extra.clone()).to_string())
}

/// Policies of the tenant (`?1`) with their algorithms.
const SELECT: &str = "SELECT id, created_at, updated_at, name, deprecation_date, enforcement_date, migration_target, \
     notification_schedule, extra, (SELECT json_group_array(algorithm) FROM (SELECT algorithm FROM qnsp_deprecated_algorithms a \
     WHERE a.tenant_id = p.tenant_id AND a.policy_id = p.id ORDER BY position)) AS algorithms \
     FROM qnsp_deprecation_policies p WHERE tenant_id = ?1";

pub(crate) fn one(caller: &Caller, id: &str) -> Statement {
    Statement::new(format!("{SELECT} AND id = ?2")).bind(caller.tenant()).bind(id)
}

pub(crate) fn page(caller: &Caller, limit: i64, offset: i64) -> Statement {
    let page = format!("{SELECT} ORDER BY created_at, id LIMIT ?2 OFFSET ?3");
    Statement { params: vec![caller.tenant().into(), limit.into(), offset.into()], ..Statement::new(page) }
}

pub(crate) fn total(caller: &Caller) -> Statement {
    let total = "SELECT count(*) AS total FROM qnsp_deprecation_policies WHERE tenant_id = ?1";
    Statement { params: vec![SqlValue::from(caller.tenant())], ..Statement::new(total) }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Extra {
    status: Option<String>,
    severity: Option<String>,
    rationale: Option<String>,
    compliance_frameworks: Vec<String>,
    notify_affected_tenants: bool,
}

pub(crate) fn policy(row: &Row) -> Result<DeprecationPolicy> {
    let extra: Extra = serde_json::from_str(&row.get::<String>("extra")?)
        .map_err(|_| Error::internal("members of a policy that cannot be read"))?;
    let (id, algorithms): (String, _) = (row.get("id")?, list(row, "algorithms")?);
    let enforcement_date = IsoTime(row.get("enforcement_date")?);
    let target: Option<String> = row.get("migration_target")?;
    Ok(DeprecationPolicy {
        policy_id: id.clone(),
        name: row.get("name")?,
        enforcement_date,
        migration_target: target.clone(),
        notification_schedule: list(row, "notification_schedule")?,
        sdk: SdkPolicy {
            id,
            algorithm: algorithms.first().cloned().unwrap_or_default(),
            status: extra.status,
            severity: extra.severity,
            deprecation_date: IsoTime(row.get("deprecation_date")?),
            sunset_date: enforcement_date,
            replacement_algorithm: target,
            rationale: extra.rationale,
            compliance_frameworks: extra.compliance_frameworks,
            notify_affected_tenants: extra.notify_affected_tenants,
            created_at: IsoTime(row.get("created_at")?),
            updated_at: IsoTime(row.get("updated_at")?),
        },
        algorithms,
    })
}
