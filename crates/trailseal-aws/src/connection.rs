//! How AWS is reached: one HTTP client for everything, and how patient it is.

use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::calls::CallLog;
use crate::gate::Gate;

/// How long to wait for AWS, and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to one attempt.
    pub attempt: Duration,
    /// Attempts at one operation, the first included.
    pub attempts_max: u32,
    /// The bound of the first pause between two attempts; each further bound doubles.
    pub backoff_first: Duration,
    /// The longest pause between two attempts.
    pub backoff_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(10),
            attempts_max: 5,
            backoff_first: Duration::from_millis(200),
            backoff_max: Duration::from_secs(5),
        }
    }
}

/// The way to AWS, shared by every client, account and Region.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) http_client: SharedHttpClient,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) patience: Patience,
    pub(crate) calls: CallLog,
}

impl Connection {
    /// Connects by TLS with the roots of the system (`SSL_CERT_FILE` is honoured), or in the
    /// clear where the endpoint's URL says so.
    ///
    /// With `endpoint_url` every service is asked there (as the AWS SDKs do with
    /// `AWS_ENDPOINT_URL`), S3 with the bucket in the path.
    #[must_use]
    pub fn new(endpoint_url: Option<String>, patience: Patience) -> Self {
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        Self { http_client, endpoint_url, patience, calls: CallLog::default() }
    }

    /// The same way to AWS with a gate before it, which so many requests pass at a time, and with
    /// a log of calls of its own. Gates stand one behind the other: an account's within that of all.
    #[must_use]
    pub fn gated(&self, requests_max: usize) -> Self {
        let gate = Gate::before(self.http_client.clone(), requests_max);
        let http_client = SharedHttpClient::new(gate);
        Self { http_client, calls: CallLog::default(), ..self.clone() }
    }

    /// The HTTP client, for what else asks AWS or a provider of credentials.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        self.http_client.clone()
    }

    /// The calls that are made over this connection.
    #[must_use]
    pub fn calls(&self) -> &CallLog {
        &self.calls
    }

    /// The behaviour of the SDK that this code was written for.
    #[must_use]
    pub fn behavior_version() -> BehaviorVersion {
        BehaviorVersion::v2026_01_12()
    }

    pub(crate) fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.patience.connect)
            .operation_attempt_timeout(self.patience.attempt)
            .build()
    }

    pub(crate) fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.patience.attempts_max)
            .with_initial_backoff(self.patience.backoff_first)
            .with_max_backoff(self.patience.backoff_max)
    }

    pub(crate) fn sleep() -> SharedAsyncSleep {
        SharedAsyncSleep::new(TokioSleep::new())
    }
}
