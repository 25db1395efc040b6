//! Activity between tenants.

use crate::service::{FREE, FULL, HOUR, OPERATORS, Service, UNKNOWN, Value, json, key};

const PATH: &str = "/auth/federation/audit/cross-tenant";

async fn record(service: &Service, tenant: &str, metadata: Value) {
    let body =
        json!({ "eventType": "login", "provider": "p", "userId": "u", "outcome": "success", "metadata": metadata });
    let reply = service.post(&key(tenant, "developer"), "/auth/federation/audit/events", &body).await;
    assert_eq!(reply.status.as_u16(), 201);
}

fn pairs(body: &Value) -> Vec<(&str, &str, i64)> {
    let of = |pair: &'_ Value| pair["eventCount"].as_i64().unwrap();
    let text = |pair: &'_ Value, name: &str| pair[name].as_str().map(str::len).unwrap();
    let list = body["activity"].as_array().unwrap();
    assert!(list.iter().all(|pair| text(pair, "lastActivityAt") == 24));
    let pair = |pair| (name(pair, "sourceTenantId"), name(pair, "targetTenantId"), of(pair));
    list.iter().map(pair).collect()
}

fn name<'a>(pair: &'a Value, member: &str) -> &'a str {
    pair[member].as_str().unwrap()
}

#[tokio::test]
async fn pairs_are_counted_of_own_events_and_of_all_for_operators() {
    let service = Service::new("across").await;
    record(&service, FULL, json!({ "targetTenantId": UNKNOWN.to_uppercase() })).await;
    record(&service, FULL, json!({ "targetTenantId": UNKNOWN })).await;
    record(&service, FULL, json!({ "sourceTenantId": FREE })).await;
    record(&service, FULL, json!({ "targetTenantId": FULL })).await;
    record(&service, FULL, json!({})).await;
    record(&service, FREE, json!({ "sourceTenantId": FULL })).await;
    let own = service.get(PATH).await;
    assert_eq!(pairs(&own), [(FULL, UNKNOWN, 2), (FREE, FULL, 1)]);
    assert_eq!(pairs(&service.get(&format!("{PATH}?tenantIds={FULL}&limit=1&offset=1")).await), [(FREE, FULL, 1)]);
    let operator = key(OPERATORS, "platform_admin");
    let all = service.call("GET", PATH, &operator, &[], "").await;
    assert_eq!(
        pairs(&all.body),
        [(FULL, UNKNOWN, 2), (FULL, FREE, 1), (FREE, FULL, 1)].map(|pair| pair).to_vec().sorted()
    );
    let some = format!("{PATH}?tenantIds={FREE},{OPERATORS}&tenantIds={OPERATORS}&period=1h");
    assert_eq!(pairs(&service.call("GET", &some, &operator, &[], "").await.body).len(), 2);
    let selected = service.call("GET", &format!("{PATH}?tenantId={FREE}"), &operator, &[], "").await;
    assert_eq!(selected.status.as_u16(), 403, "the tier of the tenant that is named has no such service");
    let selected = service.call("GET", &format!("{PATH}?tenantId={FULL}"), &operator, &[], "").await;
    assert_eq!(pairs(&selected.body), [(FULL, UNKNOWN, 2), (FREE, FULL, 1)]);
    service.run(format!("UPDATE qnsp_federation_events SET recorded_at = recorded_at - {}", 2 * HOUR)).await;
    assert_eq!(pairs(&service.get(&format!("{PATH}?period=1h")).await), []);
    assert_eq!(pairs(&service.get(&format!("{PATH}?hours=3")).await).len(), 2);
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Vec<(&str, &str, i64)> {
    /// Most events first, then by name.
    fn sorted(mut self) -> Self {
        self.sort_by_key(|(source, target, count)| (-count, source.to_string(), target.to_string()));
        self
    }
}

#[tokio::test]
async fn tenants_and_periods_are_checked() {
    let service = Service::new("across-bad").await;
    for query in [
        "tenantIds=x",
        "tenantIds=",
        "period=2h",
        "period=",
        "hours=0",
        "hours=721",
        "hours=x",
        "hours=1&hours=2",
        "limit=x",
    ] {
        let (status, places) = service.refused("GET", &format!("{PATH}?{query}"), &Value::Null).await;
        assert_eq!((status, places), (400, vec![query.split_once('=').unwrap().0.to_owned()]), "{query}");
    }
    assert_eq!(service.refused("GET", &format!("{PATH}?tenantIds={FULL},{FREE}"), &Value::Null).await.0, 403);
    assert_eq!(service.call("GET", PATH, &key(FULL, "developer"), &[], "").await.status.as_u16(), 403);
}
