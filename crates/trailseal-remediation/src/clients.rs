//! Clients for what the evaluating function never asks, and for changes.

use aws_smithy_types::retry::RetryConfig;
use trailseal_aws::{Service, Session};
use trailseal_rule::Region;

/// CloudTrail, for reading.
pub(crate) fn cloudtrail(session: &Session, region: &Region) -> aws_sdk_cloudtrail::Client {
    aws_sdk_cloudtrail::Client::from_conf(cloudtrail_config(session, region).build())
}

/// CloudTrail, for changes: the SDK sends none again. Whoever carries out a plan looks first
/// whether what the change requires still holds.
pub(crate) fn cloudtrail_for_changes(
    session: &Session,
    region: &Region,
) -> aws_sdk_cloudtrail::Client {
    let config = cloudtrail_config(session, region).retry_config(RetryConfig::disabled());
    aws_sdk_cloudtrail::Client::from_conf(config.build())
}

fn cloudtrail_config(session: &Session, region: &Region) -> aws_sdk_cloudtrail::config::Builder {
    aws_sdk_cloudtrail::config::Builder::from(&session.sdk_config(Service::CloudTrail, region))
        .retry_partition(session.retry_partition().clone())
        .interceptor(session.calls().clone())
}

/// KMS, for reading.
pub(crate) fn kms(session: &Session, region: &Region) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::from_conf(kms_config(session, region).build())
}

/// KMS, for changes: as for CloudTrail.
pub(crate) fn kms_for_changes(session: &Session, region: &Region) -> aws_sdk_kms::Client {
    let config = kms_config(session, region).retry_config(RetryConfig::disabled());
    aws_sdk_kms::Client::from_conf(config.build())
}

fn kms_config(session: &Session, region: &Region) -> aws_sdk_kms::config::Builder {
    aws_sdk_kms::config::Builder::from(&session.sdk_config(Service::Kms, region))
        .retry_partition(session.retry_partition().clone())
        .interceptor(session.calls().clone())
}
