//! Where documents are copied to, and how well that goes.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::storage::{
        ConfigurationHealth, CreateReplication, Level, Region, RegionHealth, ReplicationCreated, ReplicationHealth,
        ReplicationStatus,
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{classification, replication::Health};
use qnsp::{AskPage, Call, Caller, Nothing, conflict, impossible, new_id};
use service::{Error, Guard, Result};

use crate::store::{is_in_scope, json_list, scope_lists};

/// Create a configuration. Documents that are written from now on are to be copied.
#[utoipa::path(
    post, path = "/storage/v1/replication/configurations", tag = "Storage", request_body = CreateReplication,
    responses(
        (status = 201, body = ReplicationCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_replication(call: Call<CreateReplication>) -> Result<Response> {
    let (given, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), given.name.as_str());
    let (field, destinations) = given.destinations();
    let distinct: BTreeSet<_> = destinations.iter().collect();
    if distinct.len() < destinations.len() || distinct.contains(&given.source_region) {
        return Err(impossible(field, "must be different regions, without the source"));
    }
    let [buckets, prefixes] = scope_lists(given.scope.as_ref());
    let is_encrypted = given.encryption_at_rest.unwrap_or(true);
    let mut work = call.work();
    if !is_encrypted {
        work.require(nothing_restricted(&call, &buckets, &prefixes));
    }
    let insert = Statement::new(
        "INSERT INTO qnsp_replications (tenant_id, id, created_at, name, source_region, destination_regions, buckets, \
         prefixes, mode, encryption_at_rest, pending) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(call.now).bind(given.name.as_str());
    let insert = insert.bind(given.source_region.as_str()).bind(json_list(destinations.iter().map(Region::as_str)));
    let insert = insert.bind(buckets).bind(prefixes).bind(if given.is_sync() { "sync" } else { "async" });
    work.push(insert.bind(is_encrypted));
    work.on_duplicate("qnsp_replications.name", conflict("Another replication of the tenant has this name"));
    let name = given.name.as_str().to_owned();
    let created = ReplicationCreated { config_id: id, name, status: "active", created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

fn nothing_restricted(caller: &Caller, buckets: &str, prefixes: &str) -> Guard {
    let nothing = format!(
        "NOT EXISTS (SELECT 1 FROM qnsp_documents d WHERE d.tenant_id = ?1 AND d.level = ?4 AND {})",
        is_in_scope("?2", "?3")
    );
    let refusal = impossible("encryptionAtRest", "must be true where a document is restricted");
    let restricted = classification::number(Some(Level::Restricted));
    Guard::new(nothing, refusal).bind(caller.tenant()).bind(buckets).bind(prefixes).bind(restricted)
}

/// The configurations (`c`) with what [`Lag::of`] reads.
const LAGS: &str = "SELECT c.*, (SELECT min(written_at) FROM qnsp_replication_copies WHERE tenant_id = c.tenant_id \
     AND configuration_id = c.id AND acknowledged_at IS NULL) AS oldest FROM qnsp_replications c WHERE c.tenant_id = ?1";

struct Lag {
    pending: i64,
    seconds: i64,
    health: Health,
}

impl Lag {
    fn of(row: &Row, now: i64) -> Result<Self> {
        let pending = row.get("pending")?;
        let oldest = row.get::<Option<i64>>("oldest")?;
        let seconds = oldest.map_or(0, |at| (now - at).max(0) / 1000);
        let is_sync = row.get::<String>("mode")? == "sync";
        Ok(Self { pending, seconds, health: Health::of(is_sync, pending, seconds) })
    }
}

/// Show how far each configuration is behind, oldest first.
#[utoipa::path(
    get, path = "/storage/v1/replication/status", tag = "Storage", params(AskPage),
    responses((status = 200, body = ReplicationStatus), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_replication_status(call: Call<Nothing, AskPage>) -> Result<Json<ReplicationStatus>> {
    let mut work = call.work();
    let select = Statement::new(format!("{LAGS} ORDER BY c.created_at, c.id LIMIT ?2 OFFSET ?3"));
    let found = work.push(select.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    let configuration = |row: &Row| -> Result<ConfigurationHealth> {
        let lag = Lag::of(row, call.now)?;
        Ok(ConfigurationHealth {
            config_id: row.get("id")?,
            name: row.get("name")?,
            status: lag.health.of_configuration(),
            lag_seconds: lag.seconds,
            pending_objects: lag.pending,
        })
    };
    let configurations = outcomes.rows(found).iter().map(configuration).collect::<Result<_>>()?;
    Ok(Json(ReplicationStatus { configurations }))
}

/// Show how well each region does.
#[utoipa::path(
    get, path = "/storage/v1/replication/health", tag = "Storage",
    responses((status = 200, body = ReplicationHealth), (status = 401), (status = 403)),
)]
pub(crate) async fn show_replication_health(call: Call) -> Result<Json<ReplicationHealth>> {
    let mut work = call.work();
    let lags = work.push(Statement::new(LAGS).bind(call.tenant()));
    let latencies = Statement::new(
        "SELECT region, CAST(round(avg(latency)) AS INTEGER) AS latency, max(at) AS last \
         FROM qnsp_replication_acknowledgements WHERE tenant_id = ?1 GROUP BY region",
    );
    let latencies = work.push(latencies.bind(call.tenant()));
    let outcomes = work.run().await?;
    let mut regions: BTreeMap<String, Health> = BTreeMap::new();
    for row in outcomes.rows(lags) {
        let lag = Lag::of(row, call.now)?;
        let destinations: String = row.get("destination_regions")?;
        let mut named: Vec<String> =
            serde_json::from_str(&destinations).map_err(|_| Error::internal("a list of regions that is not JSON"))?;
        named.push(row.get("source_region")?);
        for region in named {
            let health = regions.entry(region).or_insert(Health::Healthy);
            *health = lag.health.max(*health);
        }
    }
    let mut seen: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in outcomes.rows(latencies) {
        seen.insert(row.get("region")?, (row.get("latency")?, row.get("last")?));
    }
    let overall = regions.values().max().copied().unwrap_or(Health::Healthy);
    let regions = regions.into_iter().map(|(region, health)| {
        let seen = seen.get(&region);
        RegionHealth {
            status: health.of_region(),
            latency_ms: seen.map_or(0, |(latency, _)| *latency),
            last_sync_at: seen.map(|(_, last)| IsoTime(*last)),
            region,
        }
    });
    Ok(Json(ReplicationHealth { overall_health: overall.of_region(), regions: regions.collect() }))
}
