//! A decision costs one query and one batch, however many policies there are, and reads only those that may apply.

use std::sync::{Arc, Mutex, atomic::Ordering};

use platform::{Outcome, Row, Sql, SqlError, Statement, Task};
use serde_json::json;
use testing::{Deployment, FULL};

use crate::{POLICIES, ok, policy, question};

type Texts = Arc<Mutex<Vec<Statement>>>;

/// A database that takes down what it is asked, and how many rows it gave.
struct Recording {
    inner: Arc<dyn Sql>,
    asked: Texts,
    rows: Arc<Mutex<usize>>,
}

impl Sql for Recording {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.asked.lock().unwrap().push(statement.clone());
        Box::pin(async move {
            let rows = self.inner.query(statement).await?;
            *self.rows.lock().unwrap() += rows.len();
            Ok(rows)
        })
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.asked.lock().unwrap().extend(statements.iter().cloned());
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
    }
}

/// What a statement may go through: its parameters, and rows that it has found itself.
const SCANNED: [&str; 5] =
    ["SCAN CONSTANT ROW", "SCAN json_each", "SCAN k VIRTUAL TABLE", "SCAN w VIRTUAL TABLE", "SCAN (subquery-"];

#[tokio::test]
async fn a_decision_is_two_round_trips_and_reads_only_policies_that_may_apply() {
    let (asked, rows) = (Texts::default(), Arc::new(Mutex::new(0)));
    let service = Deployment::of("access-policies-reads", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), asked: asked.clone(), rows: rows.clone() });
        access_policies::app(host)
    })
    .await;
    ok(&service, "POST", POLICIES, &policy("mine", "allow", "user:me")).await;
    // Ten thousand policies about others, as the service stores them.
    let fill = [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
         INSERT INTO qnsp_access_policies (tenant_id, id, created_at, updated_at, name, description, category, \
         enforcement_level, version, statement, statement_hash, content_hash) SELECT ?1, 'filler-' || i, 0, 0, \
         'filler-' || i, '', '', 'enforced', 1, json_object('effect', 'deny', 'principals', json_array('user:' || i), \
         'resources', json_array('*'), 'actions', json_array('*'), 'conditions', json('{}')), '', '' FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
         INSERT INTO qnsp_access_keys (tenant_id, key, policy_id) SELECT ?1, 'puser:' || i, 'filler-' || i FROM n",
    ];
    for text in fill {
        service.execute(Statement::new(text).bind(FULL)).await;
    }
    let batch = json!({ "requests": [question("me"), question("17")] });
    for (path, body, found) in [
        ("/access/v1/simulate", question("me"), 1),
        ("/access/v1/evaluate", question("me"), 1),
        ("/access/v1/simulate/batch", batch, 2),
    ] {
        service.sql.asked.store(0, Ordering::SeqCst);
        asked.lock().unwrap().clear();
        *rows.lock().unwrap() = 0;
        let answer = ok(&service, "POST", path, &body).await;
        assert_eq!(service.sql.asked.load(Ordering::SeqCst), 2, "{path}");
        assert_eq!(*rows.lock().unwrap(), found + 1, "{path}: the policies that may apply, and how many there are");
        if path != "/access/v1/simulate/batch" {
            assert_eq!((&answer["decision"], &answer["totalPoliciesEvaluated"]), (&json!("allow"), &json!(10_001)));
        }
        let statements = std::mem::take(&mut *asked.lock().unwrap());
        for statement in statements {
            let explain =
                Statement { text: format!("EXPLAIN QUERY PLAN {}", statement.text).into(), ..statement.clone() };
            for row in service.sql.query(explain).await.unwrap() {
                let step: String = row.get("detail").unwrap();
                let is_fine = !step.starts_with("SCAN ") || SCANNED.iter().any(|known| step.starts_with(known));
                assert!(is_fine, "{path}: {step} in {}", statement.text);
            }
        }
    }
}
