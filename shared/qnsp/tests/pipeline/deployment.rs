//! The operations of these tests over a database of their own.

use std::ops::Deref;

pub use testing::{FREE, FULL, OPERATORS, Reply, SECRET, SUSPENDED, UNKNOWN, key};

use crate::operations;

pub const THING: &str = "00000000-0000-4000-8000-0000000000aa";

pub struct Deployment(testing::Deployment);

impl Deref for Deployment {
    type Target = testing::Deployment;

    fn deref(&self) -> &testing::Deployment {
        &self.0
    }
}

impl Deployment {
    pub async fn new(name: &str) -> Self {
        Self::with(name, &[]).await
    }

    pub async fn with(name: &str, variables: &[(&str, &str)]) -> Self {
        let serve = |host| chancery_qnsp::serve(host, operations::routes());
        Self(testing::Deployment::of(name, variables, serve).await)
    }

    pub async fn create(&self, token: &str, name: &str) -> Reply {
        let body = format!(r#"{{"name":"{name}","weight":1}}"#);
        self.call("POST", &format!("/auth/v1/things/{THING}"), token, &[], &body).await
    }
}
