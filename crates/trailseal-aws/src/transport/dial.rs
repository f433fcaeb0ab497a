//! Opens connections, for a request or in advance.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use futures_util::future::join_all;
use hyper::Uri;
use hyper::http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tower_service::Service;

/// How long a connection that was opened early is used; later the server may have closed it.
const FRESH: Duration = Duration::from_secs(5);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Dialing = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

/// A connection was not opened in time.
#[derive(Debug, thiserror::Error)]
#[error("HTTP connect timeout occurred after {0:?}")]
pub(crate) struct ConnectTimedOut(Duration);

/// A connection that was opened early, for the first request to its origin.
#[derive(Debug)]
struct Early {
    started: SystemTime,
    opening: JoinHandle<Result<Stream, BoxError>>,
}

/// Opens connections. Clones share those that were opened early.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    connect: Duration,
    http: HttpConnector,
    /// Built for the first TLS connection, because it loads the root certificates of the system.
    https: Arc<OnceLock<Result<HttpsConnector<HttpConnector>, String>>>,
    early: Arc<Mutex<HashMap<String, Early>>>,
}

impl Dialer {
    pub(crate) fn new(connect: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        Self { connect, http, https: Arc::default(), early: Arc::default() }
    }

    /// Ignores errors: the request that needs the connection reports them.
    pub(crate) async fn open_early(&self, origins: Vec<String>, timeout: Duration) {
        let (opened, is_open) = origins
            .into_iter()
            .filter_map(|origin| origin.parse::<Uri>().ok())
            .map(|uri| {
                let origin = origin(&uri);
                let (done, is_done) = tokio::sync::oneshot::channel::<()>();
                let dialing = self.dial(uri);
                let opening = tokio::spawn(async move {
                    let stream = dialing.await;
                    drop(done);
                    stream
                });
                ((origin, Early { started: SystemTime::now(), opening }), is_done)
            })
            .unzip::<_, _, Vec<_>, Vec<_>>();
        self.early.lock().unwrap_or_else(PoisonError::into_inner).extend(opened);
        // After the timeout the connections are still opened in the background.
        let _ = tokio::time::timeout(timeout, join_all(is_open)).await;
    }

    fn take_early(&self, uri: &Uri) -> Option<Early> {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        if early.is_empty() {
            return None;
        }
        early.retain(|_, one| is_fresh(one.started));
        early.remove(&origin(uri))
    }

    fn dial(&self, uri: Uri) -> Dialing {
        let connect = self.connect;
        let connecting = self.connecting(uri);
        Box::pin(async move {
            let in_time = tokio::time::timeout(connect, connecting).await;
            in_time.map_err(|_| ConnectTimedOut(connect))?
        })
    }

    fn connecting(&self, uri: Uri) -> Dialing {
        if uri.scheme() == Some(&Scheme::HTTP) {
            let connecting = self.http.clone().call(uri);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) });
        }
        match self.https.get_or_init(|| https_connector(self.http.clone())) {
            Ok(https) => https.clone().call(uri),
            Err(error) => Box::pin(ready(Err(error.clone().into()))),
        }
    }
}

impl Service<Uri> for Dialer {
    type Response = Stream;
    type Error = BoxError;
    type Future = Dialing;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Dialing {
        let Some(early) = self.take_early(&uri) else { return self.dial(uri) };
        let dialer = self.clone();
        Box::pin(async move {
            match early.opening.await {
                Ok(Ok(stream)) => Ok(stream),
                _ => dialer.dial(uri).await,
            }
        })
    }
}

/// Uses the wall clock, which also advances while Lambda freezes the process.
fn is_fresh(started: SystemTime) -> bool {
    started.elapsed().is_ok_and(|age| age < FRESH)
}

fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    format!("{scheme}://{authority}")
}

/// Trusts the root certificates of the system, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
fn https_connector(tcp: HttpConnector) -> Result<HttpsConnector<HttpConnector>, String> {
    let builder = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(|error| format!("failed to load the system's root certificates: {error}"))?;
    Ok(builder.https_only().enable_http1().wrap_connector(tcp))
}
