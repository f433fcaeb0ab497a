//! The Region of an S3 bucket, by an unsigned `HeadBucket`.
//!
//! S3 names the Region of a bucket in `x-amz-bucket-region` whoever asks, also in its refusals
//! (S3 API Reference, `HeadBucket`), so this call needs no credentials and no grant. It is made
//! with the SDK's own orchestrator, so that retries and time-outs are those of every other call.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::config_bag::{FrozenLayer, Layer};
use futures_util::FutureExt as _;
use thiserror::Error;
use trailseal_rule::{BucketName, Reading, Refusal, Region};

use crate::connection::Connection;
use crate::endpoints::Service;
use crate::failure::{AwsError, with_causes};
use crate::session::Session;

const OPERATION: &str = "s3:HeadBucket";
const REGION_HEADER: &str = "x-amz-bucket-region";

/// S3 answered neither with the bucket's Region nor with "no such bucket".
#[derive(Debug, Error)]
#[error("S3 answered {status} and named no Region")]
pub(crate) struct HeadBucketError {
    status: u16,
}

/// The call, as it is made for every bucket.
pub(crate) type HeadBucket = Operation<BucketName, Reading<Region>, HeadBucketError>;

/// Where S3 says that the bucket is.
///
/// # Errors
///
/// [`AwsError::ServiceFailure`] where S3 does not answer.
pub async fn bucket_region(
    session: &Session,
    bucket: &BucketName,
) -> Result<Reading<Region>, AwsError> {
    let call = session.head_bucket();
    let answer = call.invoke(bucket.clone()).boxed().await;
    answer.or_else(|error| unreadable(session.region(), &error))
}

/// Makes the call ready, which takes longer than to make it once more.
pub(crate) fn head_bucket(session: &Session) -> HeadBucket {
    let connection = &session.connection;
    Operation::builder()
        .service_name("s3")
        .operation_name("HeadBucket")
        .behavior_version(Connection::behavior_version())
        .http_client(connection.http_client.clone())
        .endpoint_url(&connection.endpoints.url(Service::S3, session.region()))
        .no_auth()
        .sleep_impl(Connection::sleep())
        .timeout_config(connection.timeouts())
        .standard_retry(&connection.retries())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .retry_classifier(TransientErrorClassifier::<HeadBucketError>::new())
        .runtime_plugin(StaticRuntimePlugin::new().with_config(quota_of(session)))
        .interceptor(connection.calls.clone())
        .serializer(|bucket: BucketName| {
            let mut request = HttpRequest::empty();
            request.set_method("HEAD")?;
            request.set_uri(format!("/{bucket}"))?;
            Ok(request)
        })
        .deserializer(read_region)
        .build()
}

/// The session's own retry quota, not one that all accounts share.
fn quota_of(session: &Session) -> FrozenLayer {
    let mut layer = Layer::new("retry quota of the session");
    layer.store_put(session.retry_partition.clone());
    layer.freeze()
}

/// 404 means that there is no such bucket; every other answer that names a Region names the
/// bucket's.
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

fn unreadable(
    region: &Region,
    error: &SdkError<HeadBucketError, HttpResponse>,
) -> Result<Reading<Region>, AwsError> {
    match error.as_service_error() {
        // A refusal that names no Region: nothing that asking again would change.
        Some(HeadBucketError { status: status @ 400..500 }) if *status != 429 => {
            let what = format!("S3 answered {status} and named no Region");
            Ok(Reading::Refused(Refusal::Malformed(what)))
        }
        _ => Err(AwsError::ServiceFailure {
            operation: OPERATION,
            region: region.to_string(),
            cause: with_causes(error),
        }),
    }
}
