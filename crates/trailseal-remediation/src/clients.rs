//! Clients for what the evaluating function never asks, and for changes.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use trailseal_aws::{Service, Session};
use trailseal_rule::Region;

/// Forbids that a change is sent again unless AWS has refused it by an answer.
///
/// A change without an answer may have been made: sending it again could make a second key. Who
/// carries out a plan looks first.
#[derive(Debug)]
struct OnlyAfterARefusal;

impl ClassifyRetry for OnlyAfterARefusal {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let status = context.response().map(|response| response.status().as_u16());
        match status {
            Some(400..500) => RetryAction::NoActionIndicated,
            Some(_) | None => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "OnlyAfterARefusal"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// CloudTrail, for reading.
pub(crate) fn cloudtrail(session: &Session, region: &Region) -> aws_sdk_cloudtrail::Client {
    aws_sdk_cloudtrail::Client::from_conf(cloudtrail_config(session, region).build())
}

/// CloudTrail, for changes.
pub(crate) fn cloudtrail_for_changes(
    session: &Session,
    region: &Region,
) -> aws_sdk_cloudtrail::Client {
    let config = cloudtrail_config(session, region).retry_classifier(OnlyAfterARefusal);
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

/// KMS, for changes.
pub(crate) fn kms_for_changes(session: &Session, region: &Region) -> aws_sdk_kms::Client {
    let config = kms_config(session, region).retry_classifier(OnlyAfterARefusal);
    aws_sdk_kms::Client::from_conf(config.build())
}

fn kms_config(session: &Session, region: &Region) -> aws_sdk_kms::config::Builder {
    aws_sdk_kms::config::Builder::from(&session.sdk_config(Service::Kms, region))
        .retry_partition(session.retry_partition().clone())
        .interceptor(session.calls().clone())
}
