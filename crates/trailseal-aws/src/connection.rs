//! The connection to AWS: the shared HTTP client, the endpoints, timeouts and retries.

use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use trailseal_rule::Region;

use crate::calls::{Attempt, CallLog};
use crate::endpoints::{Endpoints, Service};
use crate::transport::Transport;

/// The maximum wait for connections that are opened early.
const EARLY_MAX: Duration = Duration::from_millis(300);

/// Timeouts and retries of AWS calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The timeout of opening a connection.
    pub connect: Duration,
    /// The timeout of one attempt.
    pub attempt: Duration,
    /// The maximum number of attempts, the first included.
    pub attempts_max: u32,
    /// The upper bound of the first pause between attempts. It doubles with each attempt.
    pub backoff_first: Duration,
    /// The maximum pause between attempts.
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

/// The connection to AWS that all clients, accounts and Regions share.
#[derive(Clone, Debug)]
pub struct Connection {
    transport: Transport,
    pub(crate) http_client: SharedHttpClient,
    pub(crate) endpoints: Endpoints,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) calls: CallLog,
}

impl Connection {
    /// Connects over TLS, or without it if the scheme of the endpoint is `http`. The root
    /// certificates of the system are trusted, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`. S3 is
    /// called with the bucket in the path.
    pub fn at(endpoints: Endpoints, retry_policy: RetryPolicy) -> Self {
        let transport = Transport::new(retry_policy.connect);
        let http_client = SharedHttpClient::new(transport.clone());
        Self { transport, http_client, endpoints, retry_policy, calls: CallLog::default() }
    }

    /// Opens connections to these services before they are used. Nothing is
    /// sent. A connection that cannot be opened is opened again by the first call that needs it,
    /// so this never fails; it takes 300 ms at most.
    pub async fn open_early(&self, services: &[Service], region: &Region) {
        let mut origins: Vec<String> =
            services.iter().map(|service| self.endpoints.url(*service, region)).collect();
        origins.dedup();
        self.transport.open_early(origins, EARLY_MAX).await;
    }

    /// The same connection with at most this many requests at a time and a separate log of calls.
    /// Limits add up: an account's limit applies within the limit of all accounts.
    pub fn gated(&self, requests_max: usize) -> Self {
        let transport = self.transport.gated(requests_max);
        let http_client = SharedHttpClient::new(transport.clone());
        Self { transport, http_client, calls: self.calls.separate(), ..self.clone() }
    }

    /// The same connection with an empty log of calls that passes each attempt to `listener`.
    #[must_use]
    pub fn heard_by(self, listener: Option<fn(&Attempt)>) -> Self {
        Self { calls: CallLog::heard_by(listener), ..self }
    }

    /// The HTTP client, for credential providers and other AWS clients.
    pub fn http_client(&self) -> SharedHttpClient {
        self.http_client.clone()
    }

    /// The calls made over this connection.
    pub fn calls(&self) -> &CallLog {
        &self.calls
    }

    /// The version of the SDK's defaults that this code was written for.
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
