//! What stands behind one instance of a component: its WASI world, its open handles, and the grants
//! of its section in the manifest.

use crate::bindings::spin::sqlite::sqlite::Error as SqliteError;
use crate::database::Database;
use crate::outbound::{Allowed, Outbound};
use crate::variables::Granted;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// What a component may use. All its instances share it.
pub struct Grants {
    pub variables: Granted,
    pub environment: Vec<(String, String)>,
    pub sqlite_databases: BTreeSet<String>,
    /// The one database file, behind the label `default`.
    pub database: Arc<Path>,
    pub key_value_stores: BTreeSet<String>,
    pub key_value: Database,
    pub outbound: Arc<Allowed>,
}

impl Grants {
    pub fn database(&self, label: &str) -> Result<Arc<Path>, SqliteError> {
        if self.sqlite_databases.contains(label) {
            Ok(Arc::clone(&self.database))
        } else {
            Err(SqliteError::AccessDenied)
        }
    }
}

pub struct Guest {
    pub table: ResourceTable,
    pub grants: Arc<Grants>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
}

impl Guest {
    /// Its clock is that of the machine, ahead by some time.
    pub fn new(grants: Arc<Grants>, ahead: Duration) -> Self {
        // Standard output belongs to the host's own line; what guests print goes to standard error.
        let wasi = WasiCtx::builder()
            .envs(&grants.environment)
            .stdout(wasmtime_wasi::cli::stderr())
            .stderr(wasmtime_wasi::cli::stderr())
            .wall_clock(Clock { ahead })
            .build();
        Self {
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            outbound: Outbound(Arc::clone(&grants.outbound)),
            grants,
        }
    }
}

struct Clock {
    ahead: Duration,
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.ahead
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}
