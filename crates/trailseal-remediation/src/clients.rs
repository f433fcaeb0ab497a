//! Clients for reads that the rule does not make, and for changes.

use aws_smithy_types::retry::RetryConfig;
use trailseal_aws::{Service, Session, client_config};
use trailseal_rule::Region;

pub(crate) fn cloudtrail(session: &Session, region: &Region) -> aws_sdk_cloudtrail::Client {
    aws_sdk_cloudtrail::Client::from_conf(
        client_config!(aws_sdk_cloudtrail, session, Service::CloudTrail, region).build(),
    )
}

/// CloudTrail, for changes. The SDK does not retry them: the requirements of a step are read before
/// each attempt.
pub(crate) fn cloudtrail_for_changes(
    session: &Session,
    region: &Region,
) -> aws_sdk_cloudtrail::Client {
    let config = client_config!(aws_sdk_cloudtrail, session, Service::CloudTrail, region)
        .retry_config(RetryConfig::disabled());
    aws_sdk_cloudtrail::Client::from_conf(config.build())
}

pub(crate) fn kms(session: &Session, region: &Region) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::from_conf(
        client_config!(aws_sdk_kms, session, Service::Kms, region).build(),
    )
}

/// KMS, for changes, without retries of the SDK.
pub(crate) fn kms_for_changes(session: &Session, region: &Region) -> aws_sdk_kms::Client {
    let config = client_config!(aws_sdk_kms, session, Service::Kms, region)
        .retry_config(RetryConfig::disabled());
    aws_sdk_kms::Client::from_conf(config.build())
}
