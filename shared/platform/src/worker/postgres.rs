//! Sockets of Workers, which the runtime itself encrypts.

use send_wrapper::SendWrapper;
use worker::{SecureTransport, Socket, postgres_tls::PassthroughTls};

pub(crate) use crate::postgres::wire::{Session, open};
use crate::{
    Task,
    postgres::{Server, Tls},
};

pub(crate) type Plain = Socket;
pub(crate) type Encrypted = Socket;

pub(crate) fn task<T: 'static>(work: impl Future<Output = T> + 'static) -> Task<'static, T> {
    Box::pin(SendWrapper::new(work))
}

pub(crate) async fn connect(server: &Server) -> Option<(Plain, PassthroughTls)> {
    let transport = if server.tls == Tls::Disable { SecureTransport::Off } else { SecureTransport::StartTls };
    let socket = Socket::builder().secure_transport(transport).connect(server.host.as_str(), server.port).ok()?;
    socket.opened().await.ok()?;
    Some((socket, PassthroughTls))
}
