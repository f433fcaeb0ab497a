//! Opening connections: when a request wants one, or before.

use std::collections::HashMap;
use std::fmt;
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

use crate::transport::roots::client_config;

/// A connection that was opened early serves for so long: then the other side may have gone.
const FRESH: Duration = Duration::from_secs(5);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Dialling = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

/// A connection was not there in time.
#[derive(Debug)]
pub(crate) struct ConnectTimedOut(Duration);

impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HTTP connect timeout occurred after {:?}", self.0)
    }
}

impl std::error::Error for ConnectTimedOut {}

/// A connection that is being opened, or is open, for whoever comes first.
#[derive(Debug)]
struct Early {
    begun: SystemTime,
    opening: JoinHandle<Result<Stream, BoxError>>,
}

/// Opens connections. Clones share what was opened early.
#[derive(Clone)]
pub(crate) struct Dialer {
    connect: Duration,
    http: HttpConnector,
    /// Made when it is wanted: what speaks in the clear need not know whom to trust.
    https: Arc<OnceLock<Result<HttpsConnector<HttpConnector>, rustls::Error>>>,
    early: Arc<Mutex<HashMap<String, Early>>>,
}

impl Dialer {
    pub(crate) fn new(connect: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        Self { connect, http, https: Arc::default(), early: Arc::default() }
    }

    /// What cannot be opened is left to the request that wants it, and so are its complaints.
    pub(crate) async fn open_early(&self, origins: Vec<String>, retry_policy: Duration) {
        let (opened, is_open) = origins
            .into_iter()
            .filter_map(|origin| origin.parse::<Uri>().ok())
            .map(|uri| {
                let origin = origin(&uri);
                let (tell, told) = tokio::sync::oneshot::channel::<()>();
                let dialling = self.dial(uri);
                let opening = tokio::spawn(async move {
                    let stream = dialling.await;
                    drop(tell);
                    stream
                });
                ((origin, Early { begun: SystemTime::now(), opening }), told)
            })
            .unzip::<_, _, Vec<_>, Vec<_>>();
        self.early.lock().unwrap_or_else(PoisonError::into_inner).extend(opened);
        let _those_that_take_longer_go_on =
            tokio::time::timeout(retry_policy, join_all(is_open)).await;
    }

    fn take_early(&self, uri: &Uri) -> Option<Early> {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        if early.is_empty() {
            return None;
        }
        early.retain(|_, one| is_fresh(one.begun));
        early.remove(&origin(uri))
    }

    fn dial(&self, uri: Uri) -> Dialling {
        let connect = self.connect;
        let connecting = self.connecting(uri);
        Box::pin(async move {
            let in_time = tokio::time::timeout(connect, connecting).await;
            in_time.map_err(|_| ConnectTimedOut(connect))?
        })
    }

    fn connecting(&self, uri: Uri) -> Dialling {
        if uri.scheme() == Some(&Scheme::HTTP) {
            let connecting = self.http.clone().call(uri);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) });
        }
        match self.https.get_or_init(|| secret(self.http.clone())) {
            Ok(https) => https.clone().call(uri),
            Err(error) => Box::pin(ready(Err(error.clone().into()))),
        }
    }
}

impl Service<Uri> for Dialer {
    type Response = Stream;
    type Error = BoxError;
    type Future = Dialling;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Dialling {
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

/// By the clock on the wall, which also tells how long a frozen function was frozen.
fn is_fresh(begun: SystemTime) -> bool {
    begun.elapsed().is_ok_and(|age| age < FRESH)
}

fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    format!("{scheme}://{authority}")
}

fn secret(tcp: HttpConnector) -> Result<HttpsConnector<HttpConnector>, rustls::Error> {
    let builder = HttpsConnectorBuilder::new().with_tls_config(client_config()?);
    Ok(builder.https_only().enable_http1().wrap_connector(tcp))
}
