//! `spin:postgres`: statements without rows, on servers that the manifest allows. Sessions are not encrypted here, so a
//! server that must encrypt cannot be reached.

use crate::bindings::spin::postgres::postgres::{
    Connection as Handle, DbError, Error, Host, HostConnection, HostConnectionWithStore, ParameterValue, QueryError,
};
use crate::guest::Guest;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config, NoTls, config};
use wasmtime::component::{Accessor, HasSelf, Resource};

/// An open session. It ends with its last handle.
#[derive(Clone)]
pub struct Session(Arc<Client>);

/// The server of an address, of which there must be one.
fn server(config: &Config) -> Option<(String, u16)> {
    match (config.get_hosts(), config.get_ports()) {
        ([config::Host::Tcp(host)], [port]) => Some((host.clone(), *port)),
        _ => None,
    }
}

async fn connect(config: Config, (host, port): (String, u16)) -> Result<Session, Error> {
    let failed = |reason: String| Error::ConnectionFailed(reason);
    let stream = TcpStream::connect((host, port)).await.map_err(|error| failed(error.to_string()))?;
    // As in Spin, what the server has said is in the text.
    let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(|error| failed(format!("{error:?}")))?;
    tokio::spawn(connection);
    Ok(Session(Arc::new(client)))
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
        let session = connect(config, (host, port)).await?;
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
        let Session(client) = session.map_err(|_| Error::Other("no such connection".to_owned()))?;
        client.execute(&statement, &[]).await.map_err(refused)
    }

    async fn drop(accessor: &Accessor<T, Self>, handle: Resource<Handle>) -> wasmtime::Result<()> {
        accessor.with(|mut access| access.get().table.delete(handle))?;
        Ok(())
    }
}
