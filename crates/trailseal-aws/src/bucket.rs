//! The Region of an S3 bucket, by an unsigned `HeadBucket`.
//!
//! S3 returns the Region of a bucket in `x-amz-bucket-region` to every caller, also if it denies
//! the call (S3 API Reference, `HeadBucket`), so this call needs no credentials and no permission.
//! It uses the SDK's orchestrator, so that it has the same retries and timeouts as other calls.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::config_bag::Layer;
use futures_util::FutureExt as _;
use thiserror::Error;
use trailseal_rule::{BucketName, Reading, Refusal, Region, error_chain};

use crate::connection::Connection;
use crate::endpoints::Service;
use crate::failure::{AwsError, Read, bounded_line};

const OPERATION: &str = "s3:HeadBucket";
pub(crate) const REGION_HEADER: &str = "x-amz-bucket-region";

/// S3 returned neither the bucket's Region nor "no such bucket".
#[derive(Debug, Error)]
#[error("S3 answered {status} and named no Region")]
pub(crate) struct HeadBucketError {
    status: u16,
}

/// The operation, for any bucket.
pub(crate) type HeadBucket = Operation<BucketName, Reading<Region>, HeadBucketError>;

/// Calls S3; `region` is the Region of the endpoint.
pub(crate) async fn bucket_region(
    call: HeadBucket,
    region: &Region,
    bucket: &BucketName,
) -> Read<Region> {
    let answer = call.invoke(bucket.clone()).boxed().await;
    answer.or_else(|error| unreadable(region, &error))
}

/// Builds the operation, which takes longer than to clone it.
pub(crate) fn head_bucket(
    connection: &Connection,
    region: &Region,
    retry_partition: &RetryPartition,
) -> HeadBucket {
    let mut quota = Layer::new("retry quota of the session");
    quota.store_put(retry_partition.clone());
    Operation::builder()
        .service_name("s3")
        .operation_name("HeadBucket")
        .behavior_version(Connection::behavior_version())
        .http_client(connection.http_client.clone())
        .endpoint_url(&connection.endpoints.url(Service::S3, region))
        .no_auth()
        .sleep_impl(Connection::sleep())
        .timeout_config(connection.timeouts())
        .standard_retry(&connection.retries())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .retry_classifier(TransientErrorClassifier::<HeadBucketError>::new())
        .runtime_plugin(StaticRuntimePlugin::new().with_config(quota.freeze()))
        .interceptor(connection.calls.of(None, region))
        .serializer(|bucket: BucketName| {
            let mut request = HttpRequest::empty();
            request.set_method("HEAD")?;
            request.set_uri(format!("/{bucket}"))?;
            Ok(request)
        })
        .deserializer(read_region)
        .build()
}

/// 404 means that the bucket does not exist. In every other answer the header names the bucket's
/// Region.
fn read_region(
    response: &HttpResponse,
) -> Result<Reading<Region>, OrchestratorError<HeadBucketError>> {
    let status = response.status().as_u16();
    let named = response.headers().get(REGION_HEADER).and_then(|name| Region::parse(name).ok());
    match (status, named) {
        (404, _) => Ok(Reading::Absent),
        (200..500, Some(region)) => Ok(Reading::Known(region)),
        _ => Err(OrchestratorError::operation(HeadBucketError { status })),
    }
}

fn unreadable(region: &Region, error: &SdkError<HeadBucketError, HttpResponse>) -> Read<Region> {
    match error.as_service_error() {
        // S3 rejects the call without a Region; a retry would not help.
        Some(HeadBucketError { status: status @ 400..500 }) if *status != 429 => {
            let what = format!("S3 answered {status} and named no Region");
            Ok(Reading::Refused(Refusal::Malformed(what)))
        }
        _ => Err(AwsError::bad_answer(OPERATION, region, bounded_line(&error_chain(error)))),
    }
}
