//! How AWS is reached: one HTTP client for everything, and how patient it is.

use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use trailseal_rule::Region;

use crate::calls::CallLog;
use crate::endpoints::{Endpoints, Service};
use crate::gate::Gate;
use crate::transport::Transport;

/// The longest wait for connections that are opened early.
const EARLY_MAX: Duration = Duration::from_millis(300);

/// How long to wait for AWS, and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
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

impl Default for RetryPolicy {
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
    transport: Transport,
    pub(crate) http_client: SharedHttpClient,
    pub(crate) endpoints: Endpoints,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) calls: CallLog,
}

impl Connection {
    /// Connects by TLS, trusting Amazon's roots and those of the system (`SSL_CERT_FILE` is
    /// honoured), or in the clear where the endpoint's URL says so.
    ///
    /// With `endpoint_url` every service is asked there (as the AWS SDKs do with
    /// `AWS_ENDPOINT_URL`), S3 with the bucket in the path.
    #[must_use]
    pub fn new(endpoint_url: Option<String>, retry_policy: RetryPolicy) -> Self {
        Self::at(Endpoints::from(endpoint_url), retry_policy)
    }

    /// The same, where services have endpoints of their own.
    #[must_use]
    pub fn at(endpoints: Endpoints, retry_policy: RetryPolicy) -> Self {
        let transport = Transport::new(retry_policy.connect);
        let http_client = SharedHttpClient::new(transport.clone());
        Self { transport, http_client, endpoints, retry_policy, calls: CallLog::default() }
    }

    /// Opens connections to the services by which a change is judged, while there is nothing else
    /// to do. Nothing is sent over them, and what cannot be opened is left to the call that wants
    /// it: this fails by no means, and takes a third of a second at most.
    pub async fn open_early(&self, region: &Region) {
        let services = [Service::Kms, Service::S3, Service::Config];
        let mut origins: Vec<String> =
            services.into_iter().map(|service| self.endpoints.url(service, region)).collect();
        origins.dedup();
        self.transport.open_early(origins, EARLY_MAX).await;
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
            .connect_timeout(self.retry_policy.connect)
            .operation_attempt_timeout(self.retry_policy.attempt)
            .build()
    }

    pub(crate) fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.retry_policy.attempts_max)
            .with_initial_backoff(self.retry_policy.backoff_first)
            .with_max_backoff(self.retry_policy.backoff_max)
    }

    pub(crate) fn sleep() -> SharedAsyncSleep {
        SharedAsyncSleep::new(TokioSleep::new())
    }
}
