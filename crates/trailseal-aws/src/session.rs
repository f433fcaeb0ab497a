//! One account's credentials, and the clients made with them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_types::SdkConfig;
use trailseal_rule::{AccountId, Region};

use crate::bucket::{HeadBucket, head_bucket};
use crate::calls::CallLog;
use crate::connection::Connection;
use crate::endpoints::Service;

/// Credentials of one account, and its clients, one per service and Region.
///
/// Every session has a retry quota of its own, so that one throttled account does not use up the
/// retries of the others.
#[derive(Clone, Debug)]
pub struct Session {
    account: AccountId,
    region: Region,
    pub(crate) connection: Connection,
    credentials: SharedCredentialsProvider,
    clients: Arc<Clients>,
    pub(crate) retry_partition: RetryPartition,
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
        // A panic elsewhere cannot leave the map half changed.
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.clone()).or_insert_with(make).clone()
    }
}

impl Session {
    /// A session of `account`, whose home is `region`.
    #[must_use]
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
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The Region in which the rule lives.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The same account, at home in another Region.
    #[must_use]
    pub fn in_region(&self, region: Region) -> Self {
        Self { region, ..self.clone() }
    }

    pub(crate) fn cloudtrail(&self, region: &Region) -> aws_sdk_cloudtrail::Client {
        self.clients.cloudtrail.get_or_make(region, || {
            let config = aws_sdk_cloudtrail::config::Builder::from(
                &self.sdk_config(Service::CloudTrail, region),
            );
            let config = config
                .retry_partition(self.retry_partition.clone())
                .interceptor(self.connection.calls.clone());
            aws_sdk_cloudtrail::Client::from_conf(config.build())
        })
    }

    pub(crate) fn config(&self) -> aws_sdk_config::Client {
        self.clients.config.get_or_make(&self.region, || {
            let config = aws_sdk_config::config::Builder::from(
                &self.sdk_config(Service::Config, &self.region),
            );
            let config = config
                .retry_partition(self.retry_partition.clone())
                .interceptor(self.connection.calls.clone());
            aws_sdk_config::Client::from_conf(config.build())
        })
    }

    pub(crate) fn head_bucket(&self) -> HeadBucket {
        self.clients.head_bucket.get_or_make(&self.region, || head_bucket(self))
    }

    pub(crate) fn kms(&self, region: &Region) -> aws_sdk_kms::Client {
        self.clients.kms.get_or_make(region, || {
            let config = aws_sdk_kms::config::Builder::from(&self.sdk_config(Service::Kms, region));
            let config = config
                .retry_partition(self.retry_partition.clone())
                .interceptor(self.connection.calls.clone());
            aws_sdk_kms::Client::from_conf(config.build())
        })
    }

    pub(crate) fn sts(&self) -> aws_sdk_sts::Client {
        self.clients.sts.get_or_make(&self.region, || {
            let config =
                aws_sdk_sts::config::Builder::from(&self.sdk_config(Service::Sts, &self.region));
            let config = config
                .retry_partition(self.retry_partition.clone())
                .interceptor(self.connection.calls.clone());
            aws_sdk_sts::Client::from_conf(config.build())
        })
    }

    /// The same credentials with clients of their own, so many requests at a time, and a log of
    /// calls of its own.
    #[must_use]
    pub fn gated(&self, requests_max: usize) -> Self {
        let connection = self.connection.gated(requests_max);
        Self { connection, clients: Arc::default(), ..self.clone() }
    }

    /// The calls that are made over the session's connection.
    #[must_use]
    pub fn calls(&self) -> &CallLog {
        &self.connection.calls
    }

    /// The retry quota that the session does not share with other accounts.
    #[must_use]
    pub fn retry_partition(&self) -> &RetryPartition {
        &self.retry_partition
    }

    /// What a client of a service is made from, with the endpoint of that service; its calls are to
    /// be logged with [`Session::calls`] and its retries counted with [`Session::retry_partition`].
    #[must_use]
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
