//! Workers KV. Entries expire after the shortest time that KV knows; callers carry their own deadline inside.

use send_wrapper::SendWrapper;
use worker::kv::KvStore;

use crate::{Kv, Task};

const SHORTEST_EXPIRATION_SECONDS: u64 = 60;

pub(super) struct WorkerKv(SendWrapper<KvStore>);

impl WorkerKv {
    pub(super) fn new(store: KvStore) -> Self {
        Self(SendWrapper::new(store))
    }
}

impl Kv for WorkerKv {
    fn get(&self, key: &str) -> Task<'_, Option<Vec<u8>>> {
        let key = key.to_owned();
        Box::pin(SendWrapper::new(async move { self.0.get(&key).bytes().await.ok().flatten() }))
    }

    fn put(&self, key: &str, value: Vec<u8>) -> Task<'_, ()> {
        let key = key.to_owned();
        Box::pin(SendWrapper::new(async move {
            let written = match self.0.put_bytes(&key, &value) {
                Ok(put) => put.expiration_ttl(SHORTEST_EXPIRATION_SECONDS).execute().await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                super::log_error(&format!("kv put {key}: {error}"));
            }
        }))
    }
}
