//! HTTP on loopback, plain or over TLS: one listener, and one task per connection.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::stream::{self, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::answer::{Answer, answer};
use crate::lab_state::Shared;
use crate::reply::{Ending, Reply};

/// A server that stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Why a connection ends without a response.
#[derive(Debug, Error)]
#[error("the connection is to be reset")]
pub(crate) struct Reset;

/// Where a server listens, and whether it uses TLS.
#[derive(Clone)]
pub(crate) struct Place {
    /// An address of this machine; the port is a free one.
    pub(crate) ip: Ipv4Addr,
    /// The TLS configuration, if connections use TLS.
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Place {
    /// 127.0.0.1, without TLS.
    pub(crate) fn plain() -> Self {
        Self { ip: Ipv4Addr::LOCALHOST, tls: None }
    }
}

/// Listens on a free port and answers every request with `handle`.
pub(crate) async fn serve<H, F>(place: Place, handle: H) -> io::Result<Server>
where
    H: Fn(Parts, Bytes) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Payload>, Reset>> + Send + 'static,
{
    let listener = TcpListener::bind((place.ip, 0)).await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(connection(stream, place.tls.clone(), handle.clone()));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Ok(Server { address, accepting: accepting.abort_handle() })
}

async fn connection<H, F>(stream: TcpStream, tls: Option<TlsAcceptor>, handle: H)
where
    H: Fn(Parts, Bytes) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Payload>, Reset>> + Send + 'static,
{
    // Small responses must be sent at once.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let cut_off = match tls {
        None => answer_all(stream, handle).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => answer_all(stream, handle).await.map(|stream| stream.into_inner().0),
            // The client rejected the certificate or disconnected.
            Err(_) => None,
        },
    };
    if let Some(stream) = cut_off {
        // With a linger time of zero, closing the connection resets it.
        let _lingering_is_harmless = stream.set_zero_linger();
    }
}

/// Answers requests until the connection ends; returns the connection if it must be reset.
async fn answer_all<S, H, F>(stream: S, handle: H) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Parts, Bytes) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Payload>, Reset>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let handle = handle.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
            handle(head, body).await
        }
    });
    let mut served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let outcome = (&mut served).await;
    outcome.is_err().then(|| served.into_parts().io.into_inner())
}

/// The handler of the AWS services.
pub(crate) async fn handle_services(
    shared: Shared,
    head: Parts,
    body: Bytes,
) -> Result<Response<Payload>, Reset> {
    let Answer { reply, delay } = answer(&mut shared.lock(), &head, &body);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if reply.ending == Ending::Never {
        std::future::pending::<()>().await;
    }
    // A response to HEAD has no body to truncate, so nothing is sent.
    let cut_head = reply.ending == Ending::Truncated && head.method == hyper::Method::HEAD;
    if reply.ending == Ending::Reset || cut_head {
        return Err(Reset);
    }
    Ok(response(reply))
}

fn response(reply: Reply) -> Response<Payload> {
    let (length, is_cut) = (reply.body.len(), reply.ending == Ending::Truncated);
    let mut response =
        Response::new(if is_cut { first_half(reply.body) } else { whole(reply.body) });
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status)
        .unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    if is_cut {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response
}

pub(crate) type Payload = UnsyncBoxBody<Bytes, Reset>;

pub(crate) fn whole(body: impl Into<Bytes>) -> Payload {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The first half of a body: it is sent while the client waits for the rest, which never comes.
fn first_half(body: Vec<u8>) -> Payload {
    let mut body = Bytes::from(body);
    body.truncate(body.len() / 2);
    let rest = async {
        tokio::task::yield_now().await;
        Err(Reset)
    };
    let frames = stream::iter([Ok(Frame::data(body))]).chain(stream::once(rest));
    StreamBody::new(frames).boxed_unsync()
}

/// A text body, for the Runtime API.
pub(crate) fn plain(status: hyper::StatusCode, text: &str) -> Response<Payload> {
    let mut response = Response::new(whole(text.to_owned()));
    *response.status_mut() = status;
    response
}
