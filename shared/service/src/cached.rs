//! What is read often: instance, then key-value, then database. A copy is never older than `CACHE_SECONDS`, because the
//! time at which it was read travels with it; the answer says how old it is in the header `Age`. An instance never
//! shows what it has overwritten itself. Copies outside the instance are sealed.

use std::sync::{Arc, Mutex, PoisonError};

use crypto::seal::DataKey;
use lru::LruCache;
use platform::{Row, Statement, random};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{App, Result};

/// What the copies of one kind may weigh in an instance.
const BUDGET: usize = 16 << 20;

/// What a copy weighs besides its value.
const OVERHEAD: usize = 256;

/// The copies of one kind, each under a key.
pub struct Cached<T> {
    name: &'static str,
    copies: Mutex<Copies<T>>,
}

#[derive(Serialize, Deserialize)]
struct Copy<T> {
    read_at: i64,
    value: T,
}

/// What stays in the instance, which is all there is for a type without a form as JSON.
impl<T> Cached<T> {
    pub fn new(name: &'static str) -> Self {
        Self { name, copies: Mutex::new(Copies::new(BUDGET)) }
    }

    /// A copy of this instance, and its age in seconds.
    pub fn recall_here(&self, app: &App, key: &str) -> Option<(Arc<T>, i64)> {
        let (read_at, value) = self.lock().get(key)?;
        Some((value, age(app, read_at)?))
    }

    /// Keeps a value of so many bytes in this instance that was read, from the database, not before `read_at`. Returns
    /// whether it is kept.
    pub fn keep_here(&self, app: &App, key: &str, read_at: i64, value: Arc<T>, bytes: usize) -> bool {
        app.config().cache_seconds != 0 && self.lock().insert(key, read_at, value, bytes)
    }

    /// After a write of one's own: the next read goes to the database, as no copy is from after it.
    pub fn forget(&self, key: &str) {
        self.lock().forget(key, platform::clock::now_ms());
    }

    /// After a write of one's own of which it is not said which copies it concerns.
    pub fn forget_all(&self) {
        self.lock().forget_all(platform::clock::now_ms());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Copies<T>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How old something is that was read then, in seconds, unless it is too old to be shown.
fn age(app: &App, read_at: i64) -> Option<i64> {
    let age = platform::clock::now_ms() - read_at;
    (0..app.config().cache_seconds * 1000).contains(&age).then_some(age / 1000)
}

/// What may leave the instance, sealed.
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Cached<T> {
    /// The one value of its kind and its age in seconds, from the database where there is no copy.
    pub async fn get(
        &self,
        app: &App,
        statement: Statement,
        read: impl FnOnce(Vec<Row>) -> Result<T>,
    ) -> Result<(Arc<T>, i64)> {
        if let Some(found) = self.recall(app, "").await {
            return Ok(found);
        }
        let read_at = platform::clock::now_ms();
        let value = Arc::new(read(app.sql().query(statement).await?)?);
        self.keep(app, "", read_at, value.clone(), 0);
        Ok((value, 0))
    }

    /// A copy and its age in seconds.
    pub async fn recall(&self, app: &App, key: &str) -> Option<(Arc<T>, i64)> {
        if app.config().cache_seconds == 0 {
            return None;
        }
        if let Some(found) = self.recall_here(app, key) {
            return Some(found);
        }
        let name = self.name_of(key);
        let sealed = app.kv()?.get(&name).await?;
        let opened = cache_key(app)?.open(&[name.as_bytes()], &sealed).ok()?;
        let copy: Copy<T> = serde_json::from_slice(&opened).ok()?;
        let (age, value) = (age(app, copy.read_at)?, Arc::new(copy.value));
        self.lock().insert(key, copy.read_at, value.clone(), opened.len()).then_some((value, age))
    }

    /// Keeps a value in this instance as `keep_here` does, and outside of it after the answer.
    pub fn keep(&self, app: &App, key: &str, read_at: i64, value: Arc<T>, bytes: usize) {
        if self.keep_here(app, key, read_at, value.clone(), bytes) && app.kv().is_some() {
            let (task_app, name) = (app.clone(), self.name_of(key));
            app.spawn_after_response(Box::pin(async move {
                if let Ok(copy) = serde_json::to_vec(&Copy { read_at, value: &*value })
                    && let Some(key) = cache_key(&task_app)
                    && let Ok(nonce) = random::bytes()
                    && let Some(kv) = task_app.kv()
                {
                    kv.put(&name, key.seal(nonce, &[name.as_bytes()], &copy)).await;
                }
            }));
        }
    }

    fn name_of(&self, key: &str) -> String {
        format!("{}/{key}", self.name)
    }
}

/// The key that seals copies which leave the instance. Each instance of a deployment comes to the same.
fn cache_key(app: &App) -> Option<DataKey> {
    let key = app.config().derived_key("key-value-copies").ok()?;
    Some(DataKey::new(*b"key-value copies", *key))
}

/// The copies of an instance, bounded by their weight; those that were used least recently are dropped.
struct Copies<T> {
    entries: LruCache<String, Entry<T>>,
    budget: usize,
    weight: usize,
    /// What was read no later than this is not kept: a write came after it of which there is no entry.
    floor: i64,
}

/// A copy and when it was read; or without a value, when it was overwritten.
struct Entry<T> {
    at: i64,
    value: Option<Arc<T>>,
    weight: usize,
}

impl<T> Copies<T> {
    fn new(budget: usize) -> Self {
        Self { entries: LruCache::unbounded(), budget, weight: 0, floor: i64::MIN }
    }

    fn get(&mut self, key: &str) -> Option<(i64, Arc<T>)> {
        let entry = self.entries.get(key)?;
        Some((entry.at, entry.value.clone()?))
    }

    /// Whether it is new enough to be kept: not older than what is known, and newer than a write.
    fn insert(&mut self, key: &str, read_at: i64, value: Arc<T>, bytes: usize) -> bool {
        let known = self.entries.peek(key);
        if read_at <= self.floor || known.is_some_and(|known| read_at < known.at + i64::from(known.value.is_none())) {
            return false;
        }
        self.put(key, read_at, Some(value), bytes);
        true
    }

    fn forget(&mut self, key: &str, now: i64) {
        self.put(key, now, None, 0);
    }

    fn forget_all(&mut self, now: i64) {
        self.entries.clear();
        self.weight = 0;
        self.floor = self.floor.max(now);
    }

    fn put(&mut self, key: &str, at: i64, value: Option<Arc<T>>, bytes: usize) {
        let weight = key.len() + bytes + OVERHEAD;
        self.weight += weight;
        if let Some(old) = self.entries.put(key.to_owned(), Entry { at, value, weight }) {
            self.weight -= old.weight;
        }
        while self.weight > self.budget
            && let Some((_, dropped)) = self.entries.pop_lru()
        {
            self.weight -= dropped.weight;
            if dropped.value.is_none() {
                self.floor = self.floor.max(dropped.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_write_is_not_kept() {
        let mut copies = Copies::new(1 << 20);
        assert!(copies.insert("a", 10, Arc::new("old"), 3));
        copies.forget("a", 20);
        assert!(copies.get("a").is_none());
        for late in [15, 20] {
            assert!(!copies.insert("a", late, Arc::new("old"), 3), "read at {late}");
        }
        assert!(copies.insert("a", 21, Arc::new("new"), 3));
        assert!(!copies.insert("a", 19, Arc::new("older"), 3), "a newer copy is there");
        assert_eq!(copies.get("a").map(|(at, value)| (at, *value)), Some((21, "new")));
        assert!(copies.insert("b", 1, Arc::new("other"), 5), "another key has not been written");
    }

    #[test]
    fn the_copies_that_were_not_used_are_dropped_when_all_weigh_too_much() {
        let mut copies = Copies::new(4 * (OVERHEAD + 1001));
        for (time, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
            copies.insert(key, i64::try_from(time).unwrap_or(0), Arc::new(()), 1000);
        }
        assert!(copies.get("b").is_some());
        copies.insert("a", 10, Arc::new(()), 1000);
        copies.insert("e", 11, Arc::new(()), 1000);
        let left: Vec<_> = ["a", "b", "c", "d", "e"].into_iter().filter(|key| copies.entries.contains(*key)).collect();
        assert_eq!(left, ["a", "b", "d", "e"]);
        copies.insert("f", 12, Arc::new(()), 9000);
        assert_eq!((copies.entries.len(), copies.weight), (0, 0), "larger than all there is");
    }

    #[test]
    fn a_write_that_had_to_be_forgotten_still_counts() {
        let mut copies = Copies::new(2 * OVERHEAD);
        copies.forget("a", 50);
        copies.insert("b", 60, Arc::new(()), 200);
        assert!(!copies.entries.contains("a"));
        assert!(!copies.insert("a", 50, Arc::new(()), 1));
        assert!(copies.insert("a", 51, Arc::new(()), 1));
    }

    #[test]
    fn after_a_write_of_anything_nothing_from_before_it_is_kept() {
        let mut copies = Copies::new(1 << 20);
        copies.insert("a", 10, Arc::new("old"), 3);
        copies.forget_all(50);
        assert!(copies.get("a").is_none());
        assert_eq!(copies.weight, 0);
        assert!(!copies.insert("a", 50, Arc::new("old"), 3));
        assert!(copies.insert("a", 51, Arc::new("new"), 3));
    }
}
