//! The state of one instance: its host, its configuration, and a part for each thing that only some functions need.

use std::{
    any::Any,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use platform::{Host, Kv, Row, Sql, Statement, Task, Vars};

use crate::{Config, Result};

/// The APIs that share the signed-request scheme; each has its own service key and path prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    Caas,
    Licenses,
}

impl Api {
    /// The API that a path belongs to.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/licenses/") { Self::Licenses } else { Self::Caas }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Caas => "caas",
            Self::Licenses => "licenses",
        }
    }
}

/// One instance of a function. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    host: Host,
    config: Config,
    parts: Parts,
}

impl App {
    pub async fn new(host: Host) -> Self {
        let config = Config::load(host.vars.as_ref()).await;
        Self(Arc::new(Inner { host, config, parts: Parts::default() }))
    }

    pub fn vars(&self) -> &dyn Vars {
        self.0.host.vars.as_ref()
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Runs one reading statement by itself: for what must be known before a batch can be put together.
    pub async fn query(&self, statement: Statement) -> Result<Vec<Row>> {
        Ok(self.sql().query(statement).await?)
    }

    pub(crate) fn sql(&self) -> &dyn Sql {
        self.0.host.sql.as_ref()
    }

    pub fn kv(&self) -> Option<&dyn Kv> {
        self.0.host.kv.as_deref()
    }

    /// The part of a type: made when it is first asked for, and the instance's only one.
    pub(crate) fn part<T: Default + Send + Sync + 'static>(&self) -> &T {
        self.0.parts.get()
    }

    /// A part that one request at a time works with, such as a cache.
    pub fn lock<T: Default + Send + 'static>(&self) -> MutexGuard<'_, T> {
        self.part::<Mutex<T>>().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a value that the function has loaded, such as the settings of its API. The first of a type stays.
    pub fn set<T: Send + Sync + 'static>(&self, value: T) {
        let _ = self.part::<OnceLock<T>>().set(value);
    }

    /// The value of a type that was kept.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.part::<OnceLock<T>>().get()
    }

    /// Defers what need not be done before the answer. It is lost with an instance that ends.
    pub fn spawn_after_response(&self, task: Task<'static, ()>) {
        self.lock::<Deferred>().0.push(task);
    }

    /// What was deferred, by this request or another one.
    pub(crate) fn take_deferred(&self) -> Vec<Task<'static, ()>> {
        std::mem::take(&mut self.lock::<Deferred>().0)
    }
}

/// What is to be done after an answer.
#[derive(Default)]
struct Deferred(Vec<Task<'static, ()>>);

/// One value of each type that was asked for. They are few, and none is ever taken out, so a list does.
#[derive(Default)]
struct Parts(OnceLock<Box<Part>>);

struct Part {
    value: Box<dyn Any + Send + Sync>,
    others: Parts,
}

impl Parts {
    fn get<T: Default + Send + Sync + 'static>(&self) -> &T {
        let mut parts = self;
        loop {
            let made = || Box::new(Part { value: Box::new(T::default()), others: Self::default() });
            let part = parts.0.get_or_init(made);
            match part.value.downcast_ref() {
                Some(value) => return value,
                None => parts = &part.others,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};

    use super::*;

    #[test]
    fn there_is_one_part_of_each_type() {
        let parts = Parts::default();
        parts.get::<AtomicU8>().store(8, Ordering::Relaxed);
        parts.get::<AtomicU16>().store(16, Ordering::Relaxed);
        assert_eq!(parts.get::<AtomicU8>().load(Ordering::Relaxed), 8);
        assert_eq!(parts.get::<AtomicU16>().load(Ordering::Relaxed), 16);
    }
}
