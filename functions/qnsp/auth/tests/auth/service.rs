//! How the tests call the service.

use std::ops::Deref;

pub use serde_json::{Value, json};
pub use testing::{FULL, Reply, key};

pub const USER: &str = "00000000-0000-4000-8000-0000000000a1";
pub const OTHER_USER: &str = "00000000-0000-4000-8000-0000000000a2";

pub const HOUR: i64 = 3_600_000;

pub struct Service(testing::Deployment);

impl Deref for Service {
    type Target = testing::Deployment;

    fn deref(&self) -> &testing::Deployment {
        &self.0
    }
}

impl Service {
    pub async fn new(name: &str) -> Self {
        Self(testing::Deployment::of(&format!("auth-{name}"), &[], auth::app).await)
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        self.call("POST", path, token, &[], &body.to_string()).await
    }

    /// By an administrator of the tenant that has everything; the answer of a success.
    pub async fn created(&self, path: &str, body: &Value) -> Value {
        let reply = self.post(&key(FULL, "admin"), path, body).await;
        assert!(reply.status.is_success(), "{} {} {body}", reply.status, reply.body);
        reply.body
    }

    pub async fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, &key(FULL, "admin"), &[], "").await;
        assert_eq!(reply.status.as_u16(), 200, "{path} {}", reply.body);
        reply.body
    }

    pub async fn run(&self, sql: String) {
        self.execute(platform::Statement::new(sql)).await;
    }
}
