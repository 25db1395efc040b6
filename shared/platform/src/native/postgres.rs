//! Streams of the operating system, encrypted by rustls. Authorities are those of Mozilla, or, as with OpenSSL, the ones of the
//! file that `SSL_CERT_FILE` names.

use std::{
    env, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream as PostgresTlsStream};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

pub(crate) use crate::postgres::wire::{Session, open};
use crate::{Task, postgres::Server};

pub(crate) type Plain = TcpStream;

pub(crate) struct Encrypted(TlsStream<TcpStream>);

/// Begins the encryption of a stream to a server of this name.
pub(crate) struct StartTls(String);

pub(crate) fn task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Task<'static, T> {
    Box::pin(work)
}

pub(crate) async fn connect(server: &Server) -> Option<(Plain, StartTls)> {
    let host = server.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, server.port)).await.ok()?;
    Some((stream, StartTls(host.to_owned())))
}

impl TlsConnect<TcpStream> for StartTls {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Task<'static, io::Result<Encrypted>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move {
            let name = ServerName::try_from(self.0).map_err(io::Error::other)?;
            let roots = authorities()?;
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
            let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
            let config = config.with_root_certificates(roots).with_no_client_auth();
            TlsConnector::from(Arc::new(config)).connect(name, stream).await.map(Encrypted)
        })
    }
}

fn authorities() -> io::Result<RootCertStore> {
    let Some(file) = env::var_os("SSL_CERT_FILE") else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(io::Error::other)? {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    Ok(roots)
}

impl PostgresTlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, to)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
