//! Policies that change between the query of the terms and the batch of the request.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use platform::{Host, Outcome, Row, Sql, SqlError, Statement, Task};
use testing::{Deployment, FULL};

use crate::{REQUESTS, post, request};

/// A database in which a policy appears after each of the next queries of terms.
struct Meddling {
    inner: Arc<dyn Sql>,
    times: Arc<AtomicUsize>,
    policy: &'static str,
}

impl Sql for Meddling {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        let is_of_terms = statement.text.contains("qnsp_jit_policies");
        let left = self.times.load(Ordering::SeqCst);
        Box::pin(async move {
            let rows = self.inner.query(statement).await?;
            if is_of_terms && left > 0 {
                self.times.store(left - 1, Ordering::SeqCst);
                let insert = format!(
                    "INSERT INTO qnsp_jit_policies (tenant_id, id, created_at, name, description, resource_types, \
                     approver_roles, has_conditions, max_minutes, require_approval) \
                     VALUES ('{FULL}', '{left}', 0, '{left}', '', '[\"db\"]', '[\"dba\"]', 0, {})",
                    self.policy
                );
                self.inner.batch(vec![Statement::new(insert)]).await?;
            }
            Ok(rows)
        })
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.inner.read_batch(statements)
    }
}

/// A deployment with a policy that needs no approval, and others (`max_minutes, require_approval`) that will appear.
async fn service(name: &str, policy: &'static str) -> (Deployment, Arc<AtomicUsize>) {
    let times = Arc::new(AtomicUsize::new(0));
    let meddling = times.clone();
    let serve = async move |mut host: Host| {
        host.sql = Arc::new(Meddling { inner: host.sql, times: meddling, policy });
        access_jit::app(host).await
    };
    let service = Deployment::of(&format!("access-jit-{name}"), &[], serve).await;
    let insert = format!(
        "INSERT INTO qnsp_jit_policies (tenant_id, id, created_at, name, description, resource_types, max_minutes, \
         require_approval, approver_roles, has_conditions) VALUES ('{FULL}', 'a', 0, 'a', '', '[\"db\"]', 60, 0, '[]', 0)"
    );
    service.execute(Statement::new(insert)).await;
    (service, times)
}

#[tokio::test]
async fn a_policy_that_appears_while_a_request_is_made_holds_for_it() {
    let (service, times) = service("strict", "45, 1").await;
    let before = post(&service, "developer", REQUESTS, &request("before")).await;
    assert_eq!((before.status.as_u16(), &before.body["status"]), (201, &"approved".into()));
    times.store(2, Ordering::SeqCst);
    let asked = post(&service, "developer", REQUESTS, &request("while")).await;
    assert_eq!((asked.status.as_u16(), &asked.body["status"]), (201, &"pending".into()));
    assert_eq!(asked.body["approvers"][0], "dba");
    assert_eq!(service.number("SELECT min(max_minutes) FROM qnsp_jit_requests WHERE status = 'pending'").await, 45);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_jit_grants").await, 1);
}

#[tokio::test]
async fn a_shorter_maximum_that_appears_refuses_the_request() {
    let (service, times) = service("short", "29, 0").await;
    times.store(1, Ordering::SeqCst);
    let refused = post(&service, "developer", REQUESTS, &request("a")).await;
    assert_eq!((refused.status.as_u16(), service.number("SELECT count(*) FROM qnsp_jit_requests").await), (422, 0));
    let metered = "SELECT count(*) FROM qnsp_meters";
    assert_eq!(service.number(metered).await, 0);
    assert_eq!(service.number("SELECT sum(calls) FROM qnsp_minutes").await, 1, "the call is counted once");
}

#[tokio::test]
async fn policies_that_change_all_the_time_are_given_up() {
    let (service, times) = service("always", "60, 1").await;
    times.store(100, Ordering::SeqCst);
    let refused = post(&service, "developer", REQUESTS, &request("a")).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, Some("1")));
    assert_eq!(service.number("SELECT count(*) FROM qnsp_jit_requests").await, 0);
    times.store(0, Ordering::SeqCst);
    assert_eq!(post(&service, "developer", REQUESTS, &request("a")).await.status.as_u16(), 201);
}

#[tokio::test]
async fn two_requests_for_the_same_at_once_are_one() {
    let (service, _) = service("same", "60, 1").await;
    service.execute(Statement::new("UPDATE qnsp_jit_policies SET require_approval = 1")).await;
    let body = request("a");
    let both = tokio::join!(post(&service, "developer", REQUESTS, &body), post(&service, "developer", REQUESTS, &body));
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}
