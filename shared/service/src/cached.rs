//! A public document that is read often: instance, then key-value, then database. A copy is never older than
//! `CACHE_SECONDS`, because its deadline travels with it; the answer says how old it is in the header `Age`.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use platform::Statement;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{App, Result};

/// One cached document of an instance.
pub struct Cached<T> {
    name: &'static str,
    copy: Mutex<Option<Copy<T>>>,
    /// Counts our own writes: what was read before the last one is not kept.
    writes: AtomicU64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Copy<T> {
    read_at: i64,
    value: T,
}

impl<T: Clone + Serialize + DeserializeOwned> Cached<T> {
    pub const fn new(name: &'static str) -> Self {
        Self { name, copy: Mutex::new(None), writes: AtomicU64::new(0) }
    }

    /// The document and its age in seconds.
    pub async fn get(
        &self,
        app: &App,
        statement: Statement,
        read: impl FnOnce(Vec<platform::Row>) -> Result<T>,
    ) -> Result<(T, i64)> {
        let now = platform::clock::now_ms();
        let lifetime = app.config().cache_seconds * 1000;
        let fresh = |copy: &Copy<T>| (0..lifetime).contains(&(now - copy.read_at));
        let age = |copy: &Copy<T>| (now - copy.read_at) / 1000;

        let local = self.copy.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(fresh);
        if let Some(copy) = local {
            return Ok((copy.value.clone(), age(&copy)));
        }
        if lifetime > 0
            && let Some(bytes) = app.kv().get(self.name).await
            && let Ok(copy) = serde_json::from_slice::<Copy<T>>(&bytes)
            && fresh(&copy)
        {
            self.keep(copy.clone());
            return Ok((copy.value.clone(), age(&copy)));
        }
        let writes = self.writes.load(Ordering::Relaxed);
        let copy = Copy { read_at: now, value: read(app.sql().query(statement).await?)? };
        if lifetime > 0 && writes == self.writes.load(Ordering::Relaxed) {
            if let Ok(bytes) = serde_json::to_vec(&copy) {
                app.kv().put(self.name, bytes).await;
            }
            self.keep(copy.clone());
        }
        Ok((copy.value, 0))
    }

    /// After a write of one's own: the next read goes to the database.
    pub async fn forget(&self, app: &App) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = None;
        app.kv().delete(self.name).await;
    }

    fn keep(&self, copy: Copy<T>) {
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
    }
}
