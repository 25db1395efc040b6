//! HTTP/1.1 on loopback: a request in, the right component asked, its answer out.

use crate::application::Application;
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use wasmtime::error::Context as _;
use wasmtime::{Result, ensure};
use wasmtime_wasi_http::{Error, WasiBody};

/// The one well-known path of Spin that tests may lean on.
const HEALTH: &str = "/.well-known/spin/health";

const CLOCK_AHEAD: &str = "test-clock-ahead";

pub async fn serve(listener: TcpListener, application: Arc<Application>) -> Result<()> {
    loop {
        let (stream, client) = listener.accept().await?;
        let application = Arc::clone(&application);
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(&application, request, client));
            // A client that goes away is no concern of the host.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// An error closes the connection, as Spin does with a request that names no host.
async fn answer(
    application: &Application,
    mut request: Request<Incoming>,
    client: SocketAddr,
) -> Result<Response<WasiBody>> {
    if request.uri().path() == HEALTH {
        let body = Full::from("OK").map_err(|never| match never {});
        return Ok(Response::new(body.boxed_unsync()));
    }
    let Some(found) = application.routes.find(request.uri().path()) else {
        return empty(StatusCode::NOT_FOUND);
    };
    let ahead = if application.movable_clock { clock_ahead(&mut request) } else { Duration::ZERO };
    let handler = application.handlers.get(found.component).context("a route to no component")?.at(ahead);
    let uri = absolute(&request)?;
    let component = found.component.to_owned();
    found.add_headers(request.headers_mut(), &uri, client);
    *request.uri_mut() = uri;

    let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
    match handler.handle((), request).await {
        Ok(response) => Ok(response),
        Err(error) => {
            eprintln!("{component}: {error:?}");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// How far the clock is ahead for a request that says so.
fn clock_ahead(request: &mut Request<Incoming>) -> Duration {
    let value = request.headers_mut().remove(CLOCK_AHEAD);
    let milliseconds = value.as_ref().and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_millis(milliseconds.unwrap_or_default())
}

fn absolute(request: &Request<Incoming>) -> Result<Uri> {
    let mut parts = request.uri().clone().into_parts();
    let host = request.headers().get(header::HOST);
    let named: Option<Authority> = match host {
        Some(host) => Some(host.to_str()?.parse()?),
        None => None,
    };
    if let (Some(named), Some(written)) = (&named, &parts.authority) {
        ensure!(named == written, "the Host header contradicts the URI");
    }
    parts.authority = named.or(parts.authority);
    ensure!(parts.authority.is_some(), "the request names no host");
    parts.scheme = Some(Scheme::HTTP);
    Ok(Uri::from_parts(parts)?)
}

fn empty(status: StatusCode) -> Result<Response<WasiBody>> {
    let body = Empty::<Bytes>::new().map_err(|never| match never {});
    Ok(Response::builder().status(status).body(body.boxed_unsync())?)
}
