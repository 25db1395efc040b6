//! Activity between tenants, from the events that name another tenant than that which recorded them.

use axum::{Json, http::StatusCode};
use model::{
    ids::Uuid,
    qnsp::auth::{Activity, TenantPair},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Limit, Nothing, Offset, Period};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer as _},
};
use serde_json::json;
use service::{Error, Result};
use utoipa::IntoParams;

const HOUR: i64 = 3_600_000;
const MOST_HOURS: i64 = 720;

#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListActivity {
    /// 24h unless it is said.
    #[param(value_type = Option<Period>, inline)]
    period: Option<Period>,
    /// 1 to 720, in the place of `period`.
    #[param(minimum = 1, maximum = 720)]
    hours: Option<i64>,
    /// Repeated, or separated by commas. A pair is listed when it names one of them.
    #[param(value_type = Option<Vec<String>>)]
    tenant_ids: Vec<Uuid>,
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Option<Offset>,
}

/// Read parameter by parameter, because one may be repeated.
impl<'de> Deserialize<'de> for ListActivity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut query = Self::default();
        for (name, value) in Vec::<(String, String)>::deserialize(from)? {
            let number = || value.parse::<i64>().map_err(|_| D::Error::custom("must be a whole number"));
            let is_again = match name.as_str() {
                "period" => query.period.replace(Period::deserialize(value.as_str().into_deserializer())?).is_some(),
                "hours" => query.hours.replace(hours::<D::Error>(number()?)?).is_some(),
                "limit" => query.limit.replace(Limit::deserialize(number()?.into_deserializer())?).is_some(),
                "offset" => query.offset.replace(Offset::deserialize(number()?.into_deserializer())?).is_some(),
                "tenantIds" => {
                    for id in value.split(',') {
                        query.tenant_ids.push(Uuid::try_from(id.to_owned()).map_err(D::Error::custom)?);
                    }
                    false
                }
                _ => false,
            };
            if is_again {
                return Err(D::Error::custom("is given twice"));
            }
        }
        Ok(query)
    }
}

fn hours<E: serde::de::Error>(hours: i64) -> Result<i64, E> {
    let is_within = (1..=MOST_HOURS).contains(&hours);
    if is_within { Ok(hours) } else { Err(E::custom(format!("must be a whole number from 1 to {MOST_HOURS}"))) }
}

/// List the activity between tenants, most events first. Operators who name no tenant see all of it.
#[utoipa::path(
    get, path = "/auth/federation/audit/cross-tenant", tag = "Auth", params(ListActivity),
    responses((status = 200, body = Activity), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_activity(call: Call<Nothing, ListActivity>) -> Result<Json<Activity>> {
    if !call.is_operator() && call.query.tenant_ids.iter().any(|tenant| tenant.as_str() != call.own_tenant()) {
        return Err(Error::new(StatusCode::FORBIDDEN, "tenantIds may only name the tenant of the token"));
    }
    let mut work = call.work();
    let found = work.push(select(&call));
    let outcomes = work.run().await?;
    Ok(Json(Activity { activity: outcomes.rows(found).iter().map(pair).collect::<Result<_>>()? }))
}

fn select(call: &Call<Nothing, ListActivity>) -> Statement {
    let query = &call.query;
    let length = query.hours.map_or(query.period.unwrap_or_default().length(), |hours| hours * HOUR);
    let tenants: Vec<_> = query.tenant_ids.iter().map(Uuid::as_str).collect();
    // Operators who name no tenant see the events of all.
    let (of_tenant, tenant) = if call.is_operator() && !call.has_selected() {
        ("", None)
    } else {
        ("AND tenant_id = ?5", Some(call.tenant()))
    };
    let select = format!(
        "SELECT source_tenant, target_tenant, count(*) AS events, max(recorded_at) AS last_at \
         FROM qnsp_federation_events WHERE source_tenant IS NOT NULL AND recorded_at > ?1 {of_tenant} \
         AND (?2 IS NULL OR source_tenant IN (SELECT value FROM json_each(?2)) \
           OR target_tenant IN (SELECT value FROM json_each(?2))) \
         GROUP BY source_tenant, target_tenant ORDER BY events DESC, source_tenant, target_tenant LIMIT ?3 OFFSET ?4"
    );
    let select = Statement::new(select)
        .bind(call.now - length)
        .bind((!tenants.is_empty()).then(|| json!(tenants).to_string()))
        .bind(query.limit.unwrap_or_default().0)
        .bind(query.offset.unwrap_or_default().0);
    match tenant {
        Some(tenant) => select.bind(tenant),
        None => select,
    }
}

fn pair(row: &Row) -> Result<TenantPair> {
    Ok(TenantPair {
        source_tenant_id: row.get("source_tenant")?,
        target_tenant_id: row.get("target_tenant")?,
        event_count: row.get("events")?,
        last_activity_at: IsoTime(row.get("last_at")?),
    })
}
