//! The HTTP client of all calls: HTTP/1.1, with or without TLS, and one connection pool.
//!
//! The SDK's own client builds its TLS configuration, with all root certificates, again for each
//! service and cannot open a connection before the first request. Otherwise this client is the
//! same: hyper, hyper-util's pool, rustls.

mod dial;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;

use crate::transport::dial::{ConnectTimedOut, Dialer};

/// The one HTTP client. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    dialer: Dialer,
    connector: SharedHttpConnector,
}

impl Transport {
    /// A client with this timeout for opening connections.
    pub(crate) fn new(connect: Duration) -> Self {
        let dialer = Dialer::new(connect);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(dialer.clone());
        Self { dialer, connector: SharedHttpConnector::new(Connector(Arc::new(client))) }
    }

    /// The same client with at most this many requests at a time; the others wait in order. A retry
    /// waits like a new request, so that a pause before it does not count.
    pub(crate) fn gated(&self, requests_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(requests_max.max(1)));
        let connector = GatedConnector { inner: self.connector.clone(), places };
        Self { dialer: self.dialer.clone(), connector: SharedHttpConnector::new(connector) }
    }

    /// Opens a connection to each origin in advance and waits at most this long for them.
    pub(crate) async fn open_early(&self, origins: Vec<String>, timeout: Duration) {
        self.dialer.open_early(origins, timeout).await;
    }
}

impl HttpClient for Transport {
    /// All clients share one connector; the settings are those of the connection.
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector.clone()
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

#[derive(Debug)]
struct Connector(Arc<Client<Dialer, SdkBody>>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(captured) = request.extensions().get::<CaptureSmithyConnection>() {
            captured.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let response = answer.await.map_err(failure)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

#[derive(Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    places: Arc<Semaphore>,
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, places) = (self.inner.clone(), Arc::clone(&self.places));
        HttpConnectorFuture::new(async move {
            // The semaphore is never closed.
            let place = places.acquire().await;
            let _place = place.map_err(|closed| ConnectorError::other(closed.into(), None))?;
            inner.call(request).await
        })
    }
}

/// Lets the SDK drop a connection after a failed call.
fn metadata(captured: &CaptureConnection) -> Option<ConnectionMetadata> {
    captured.connection_metadata().as_ref()?;
    let captured = captured.clone();
    let retire = move || {
        if let Some(connection) = captured.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(retire).build())
}

/// Classifies an error for the SDK, which decides whether to retry.
fn failure(error: ClientError) -> ConnectorError {
    let is_connect = error.is_connect();
    let error = BoxError::from(error);
    if find::<ConnectTimedOut>(&*error).is_some() {
        return ConnectorError::timeout(error);
    }
    let has_io = find::<std::io::Error>(&*error).is_some();
    let Some(cause) = find::<hyper::Error>(&*error) else {
        let is_io = is_connect || has_io;
        return if is_io { ConnectorError::io(error) } else { ConnectorError::other(error, None) };
    };
    if cause.is_timeout() {
        ConnectorError::timeout(error)
    } else if cause.is_user() {
        ConnectorError::user(error)
    } else if cause.is_closed() || cause.is_canceled() || has_io {
        ConnectorError::io(error)
    } else if cause.is_incomplete_message() {
        ConnectorError::other(error, Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error, None)
    }
}

fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
