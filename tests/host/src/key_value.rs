//! `spin:key-value` over one SQLite table that all components share. Values are bytes, nothing
//! expires, and no operation is atomic with another: as much as Spin's own store promises.

use crate::bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore};
use crate::database::Database;
use crate::guest::Guest;
use rusqlite::{Connection, OptionalExtension as _};
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS key_value (
    store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (store, key)
)";

/// Opens the file behind every store of the application.
pub async fn open(path: Arc<Path>) -> rusqlite::Result<Database> {
    let database = Database::open(path).await?;
    database.run(|c| c.execute_batch(SCHEMA)).await?;
    Ok(database)
}

/// A store that a component holds open.
#[derive(Clone)]
pub struct OpenStore {
    label: Arc<str>,
    database: Database,
}

impl OpenStore {
    async fn run<R: Send + 'static>(
        self,
        work: impl FnOnce(&Connection, &str) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, Error> {
        let Self { label, database } = self;
        let done = database.run(move |connection| work(connection, &label));
        done.await.map_err(|error| Error::Other(error.to_string()))
    }

    async fn keys(self) -> Result<Vec<String>, Error> {
        self.run(|c, store| {
            c.prepare_cached("SELECT key FROM key_value WHERE store = ?1")?
                .query_map([store], |row| row.get(0))?
                .collect()
        })
        .await
    }
}

fn opened<T>(accessor: &Accessor<T, HasSelf<Guest>>, store: &Resource<OpenStore>) -> Result<OpenStore, Error> {
    accessor.with(|mut access| {
        let found = access.get().table.get(store).cloned();
        found.map_err(|error| Error::Other(error.to_string()))
    })
}

impl Host for Guest {}

impl HostStore for Guest {}

impl<T> HostStoreWithStore<T> for HasSelf<Guest> {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Result<Resource<OpenStore>, Error> {
        accessor.with(|mut access| {
            let guest = access.get();
            if !guest.grants.key_value_stores.contains(&label) {
                return Err(Error::AccessDenied);
            }
            let store = OpenStore { label: label.into(), database: guest.grants.key_value.clone() };
            guest.table.push(store).map_err(|_| Error::StoreTableFull)
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        opened(accessor, &store)?
            .run(move |c, store| {
                c.prepare_cached("SELECT value FROM key_value WHERE store = ?1 AND key = ?2")?
                    .query_row([store, &key], |row| row.get(0))
                    .optional()
            })
            .await
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        opened(accessor, &store)?
            .run(move |c, store| {
                c.prepare_cached(
                    "INSERT INTO key_value (store, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT (store, key) DO UPDATE SET value = excluded.value",
                )?
                .execute((store, &key, &value))
                .map(drop)
            })
            .await
    }

    async fn delete(accessor: &Accessor<T, Self>, store: Resource<OpenStore>, key: String) -> Result<(), Error> {
        opened(accessor, &store)?
            .run(move |c, store| {
                c.prepare_cached("DELETE FROM key_value WHERE store = ?1 AND key = ?2")?
                    .execute([store, &key])
                    .map(drop)
            })
            .await
    }

    async fn exists(accessor: &Accessor<T, Self>, store: Resource<OpenStore>, key: String) -> Result<bool, Error> {
        opened(accessor, &store)?
            .run(move |c, store| {
                c.prepare_cached("SELECT 1 FROM key_value WHERE store = ?1 AND key = ?2")?.exists([store, &key])
            })
            .await
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let listed = match opened(accessor, &store) {
            Ok(store) => store.keys().await,
            Err(error) => Err(error),
        };
        let (keys, outcome) = match listed {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let outcome = FutureReader::new(&mut access, async { wasmtime::error::Ok(outcome) })?;
            Ok((keys, outcome))
        })
    }

    async fn drop(accessor: &Accessor<T, Self>, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        accessor.with(|mut access| access.get().table.delete(store))?;
        Ok(())
    }
}
