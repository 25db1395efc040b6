//! `spin:postgres`: statements without rows, on servers that the manifest allows. Sessions are not encrypted here, so a
//! server that must encrypt cannot be reached. As in Spin, a session is kept for the next handle with the same address.

use crate::bindings::spin::postgres::postgres::{
    Connection as Handle, DbError, Error, Host, HostConnection, HostConnectionWithStore, ParameterValue, QueryError,
};
use crate::guest::Guest;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config, NoTls, config};
use wasmtime::component::{Accessor, HasSelf, Resource};

/// What Spin's pool carries out before it gives a session out again. It does not end a transaction.
const CLEAN: &str = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); \
     DISCARD TEMP; DISCARD SEQUENCES;";

/// Sessions without a handle, by their addresses.
static IDLE: Mutex<BTreeMap<String, Vec<Client>>> = Mutex::new(BTreeMap::new());

fn idle() -> MutexGuard<'static, BTreeMap<String, Vec<Client>>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open session. It is idle after its last handle.
#[derive(Clone)]
pub struct Session(Arc<Used>);

struct Used {
    address: String,
    client: Option<Client>,
}

impl Drop for Used {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            idle().entry(std::mem::take(&mut self.address)).or_default().push(client);
        }
    }
}

impl Session {
    fn new(address: String, client: Client) -> Self {
        Self(Arc::new(Used { address, client: Some(client) }))
    }

    /// One that is idle and still lives.
    async fn again(address: &str) -> Option<Self> {
        loop {
            let client = idle().get_mut(address)?.pop()?;
            if client.batch_execute(CLEAN).await.is_ok() {
                return Some(Self::new(address.to_owned(), client));
            }
        }
    }
}

/// The server of an address, of which there must be one.
fn server(config: &Config) -> Option<(String, u16)> {
    match (config.get_hosts(), config.get_ports()) {
        ([config::Host::Tcp(host)], [port]) => Some((host.clone(), *port)),
        _ => None,
    }
}

async fn connect(config: Config, (host, port): (String, u16)) -> Result<Client, Error> {
    let failed = |reason: String| Error::ConnectionFailed(reason);
    let stream = TcpStream::connect((host, port)).await.map_err(|error| failed(error.to_string()))?;
    let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(|error| failed(chain(&error)))?;
    tokio::spawn(connection);
    Ok(client)
}

/// The text of Spin's pool: what the server has said is the last cause, and its SQLSTATE is nowhere.
fn chain(error: &tokio_postgres::Error) -> String {
    let said = error.source().map(|cause| format!("\n    1: {cause}")).unwrap_or_default();
    format!("Error occurred while creating a new object: {error}\n\nCaused by:\n    0: {error}{said}")
}

fn refused(error: tokio_postgres::Error) -> Error {
    let Some(said) = error.as_db_error() else { return Error::Other(error.to_string()) };
    Error::QueryFailed(QueryError::DbError(DbError {
        as_text: said.to_string(),
        severity: said.severity().to_owned(),
        code: said.code().code().to_owned(),
        message: said.message().to_owned(),
        detail: said.detail().map(str::to_owned),
        extras: Vec::new(),
    }))
}

impl Host for Guest {}

impl HostConnection for Guest {}

impl<T> HostConnectionWithStore<T> for HasSelf<Guest> {
    async fn open_async(accessor: &Accessor<T, Self>, address: String) -> Result<Resource<Handle>, Error> {
        let no_address = || Error::BadParameter("an address has one host and its port".to_owned());
        let config: Config = address.parse().map_err(|_| no_address())?;
        let (host, port) = server(&config).ok_or_else(no_address)?;
        let is_allowed = accessor.with(|mut access| access.get().grants.outbound.lists("postgres", &host, port));
        if !is_allowed {
            return Err(Error::ConnectionFailed(format!("address postgres://{host}:{port} is not permitted")));
        }
        let session = match Session::again(&address).await {
            Some(session) => session,
            None => Session::new(address, connect(config, (host, port)).await?),
        };
        let handle = accessor.with(|mut access| access.get().table.push(session));
        handle.map_err(|_| Error::Other("too many connections are open".to_owned()))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<u64, Error> {
        if !parameters.is_empty() {
            return Err(Error::BadParameter("this host takes no parameters".to_owned()));
        }
        let session = accessor.with(|mut access| access.get().table.get(&handle).cloned());
        let no_session = || Error::Other("no such connection".to_owned());
        let Session(used) = session.map_err(|_| no_session())?;
        used.client.as_ref().ok_or_else(no_session)?.execute(&statement, &[]).await.map_err(refused)
    }

    async fn drop(accessor: &Accessor<T, Self>, handle: Resource<Handle>) -> wasmtime::Result<()> {
        accessor.with(|mut access| access.get().table.delete(handle))?;
        Ok(())
    }
}
