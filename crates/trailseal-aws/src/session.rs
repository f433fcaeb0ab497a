//! The credentials of one account and the clients that use them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_types::SdkConfig;
use trailseal_rule::{AccountId, BucketName, Reading, Region};

use crate::bucket::{HeadBucket, bucket_region, head_bucket};
use crate::calls::CallLog;
use crate::connection::Connection;
use crate::endpoints::Service;
use crate::failure::AwsError;

/// The configuration of a client in a session and Region, as a builder of the SDK crate. Calls of
/// the client are logged in the session and use its retry quota.
#[macro_export]
macro_rules! client_config {
    ($sdk:ident, $session:expr, $service:expr, $region:expr) => {
        $sdk::config::Builder::from(&$session.sdk_config($service, $region))
            .retry_partition($session.retry_partition().clone())
            .interceptor($session.calls().of(Some($session.account()), $region))
    };
}

/// The credentials of one account and its clients, one per service and Region.
///
/// Every session has its own retry quota, so that one throttled account does not use up the
/// retries of the others.
#[derive(Clone, Debug)]
pub struct Session {
    account: AccountId,
    region: Region,
    pub(crate) connection: Connection,
    credentials: SharedCredentialsProvider,
    clients: Arc<Clients>,
    retry_partition: RetryPartition,
}

#[derive(Debug, Default)]
struct Clients {
    cloudtrail: ByRegion<aws_sdk_cloudtrail::Client>,
    config: ByRegion<aws_sdk_config::Client>,
    head_bucket: ByRegion<HeadBucket>,
    kms: ByRegion<aws_sdk_kms::Client>,
    sts: ByRegion<aws_sdk_sts::Client>,
}

#[derive(Debug)]
struct ByRegion<C>(Mutex<HashMap<Region, C>>);

impl<C> Default for ByRegion<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Clone> ByRegion<C> {
    fn get_or_make(&self, region: &Region, make: impl FnOnce() -> C) -> C {
        // A panic elsewhere cannot leave the map inconsistent.
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.clone()).or_insert_with(make).clone()
    }
}

impl Session {
    /// A session of `account` with the home Region `region`.
    pub fn new(
        connection: Connection,
        account: AccountId,
        region: Region,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        let retry_partition = RetryPartition::custom(format!("trailseal-{account}")).build();
        let clients = Arc::default();
        Self { account, region, connection, credentials, clients, retry_partition }
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The home Region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The same account with another home Region.
    pub fn in_region(&self, region: Region) -> Self {
        Self { region, ..self.clone() }
    }

    pub(crate) fn cloudtrail(&self, region: &Region) -> aws_sdk_cloudtrail::Client {
        self.clients.cloudtrail.get_or_make(region, || {
            let config = client_config!(aws_sdk_cloudtrail, self, Service::CloudTrail, region);
            aws_sdk_cloudtrail::Client::from_conf(config.build())
        })
    }

    pub(crate) fn config(&self) -> aws_sdk_config::Client {
        self.clients.config.get_or_make(&self.region, || {
            let config = client_config!(aws_sdk_config, self, Service::Config, &self.region);
            aws_sdk_config::Client::from_conf(config.build())
        })
    }

    pub(crate) fn kms(&self, region: &Region) -> aws_sdk_kms::Client {
        self.clients.kms.get_or_make(region, || {
            let config = client_config!(aws_sdk_kms, self, Service::Kms, region);
            aws_sdk_kms::Client::from_conf(config.build())
        })
    }

    pub(crate) fn sts(&self) -> aws_sdk_sts::Client {
        self.clients.sts.get_or_make(&self.region, || {
            let config = client_config!(aws_sdk_sts, self, Service::Sts, &self.region);
            aws_sdk_sts::Client::from_conf(config.build())
        })
    }

    /// Asks S3 for the Region of a bucket. This needs no credentials.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] if S3 fails.
    pub async fn bucket_region(&self, bucket: &BucketName) -> Result<Reading<Region>, AwsError> {
        let call = self.clients.head_bucket.get_or_make(&self.region, || {
            head_bucket(&self.connection, &self.region, &self.retry_partition)
        });
        bucket_region(call, &self.region, bucket).await
    }

    /// The same credentials with at most this many requests at a time and a separate log of calls.
    pub fn gated(&self, requests_max: usize) -> Self {
        let connection = self.connection.gated(requests_max);
        Self { connection, clients: Arc::default(), ..self.clone() }
    }

    pub(crate) fn credentials(&self) -> &SharedCredentialsProvider {
        &self.credentials
    }

    /// The calls made over the session's connection.
    pub fn calls(&self) -> &CallLog {
        &self.connection.calls
    }

    /// The session's own retry quota.
    pub fn retry_partition(&self) -> &RetryPartition {
        &self.retry_partition
    }

    /// The part of a client's configuration that all services share; see [`client_config!`].
    pub fn sdk_config(&self, service: Service, region: &Region) -> SdkConfig {
        sdk_config(&self.connection, &self.credentials, service, region)
    }
}

pub(crate) fn sdk_config(
    connection: &Connection,
    credentials: &SharedCredentialsProvider,
    service: Service,
    region: &Region,
) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(Connection::behavior_version())
        .region(aws_types::region::Region::new(region.as_str().to_owned()))
        .credentials_provider(credentials.clone())
        .http_client(connection.http_client.clone())
        .sleep_impl(Connection::sleep())
        .timeout_config(connection.timeouts())
        .retry_config(connection.retries());
    if let Some(url) = connection.endpoints.of(service) {
        config = config.endpoint_url(url);
    }
    config.build()
}
