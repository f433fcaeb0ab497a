//! Reads a small object from S3 by a signed `GetObject`; the function needs no client of S3.

use aws_runtime::auth::SigningOptions;
use aws_smithy_runtime::client::retries::classifiers::TransientErrorClassifier;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::FutureExt as _;
use thiserror::Error;
use trailseal_rule::{Denial, Region, S3Object, error_chain};

use crate::bucket::REGION_HEADER;
use crate::endpoints::Service;
use crate::failure::{AwsError, bounded_line};
use crate::session::Session;
use crate::signed::signed;

const OPERATION: &str = "s3:GetObject";

/// S3 did not return the object.
#[derive(Debug, Error)]
#[error("S3 answered {status}")]
struct GetObjectError {
    status: u16,
    /// Where the bucket is, if S3 names its Region.
    region: Option<Region>,
    /// S3's error code.
    code: Option<String>,
    denial: Option<Denial>,
}

/// The whole object, of at most this many bytes, read with the credentials of the session.
///
/// # Errors
///
/// [`AwsError::Denied`] if S3 denies it, which it also does where the object does not exist and the
/// caller may not list the bucket; [`AwsError::ServiceFailure`] for everything else.
pub async fn read_object(
    session: &Session,
    object: &S3Object,
    bytes_max: u64,
) -> Result<Vec<u8>, AwsError> {
    let region = session.region();
    let answer = get(session, region, object, bytes_max).await;
    // S3 names the bucket's Region, in which the request must be signed.
    let elsewhere = answer.as_ref().err().and_then(SdkError::as_service_error);
    let elsewhere = elsewhere.and_then(|error| error.region.clone().filter(|of| of != region));
    match elsewhere {
        None => answer.map_err(|error| unreadable(region, &error)),
        Some(region) => {
            let answer = get(session, &region, object, bytes_max).await;
            answer.map_err(|error| unreadable(&region, &error))
        }
    }
}

type Answer = Result<Vec<u8>, SdkError<GetObjectError, HttpResponse>>;

async fn get(session: &Session, region: &Region, object: &S3Object, bytes_max: u64) -> Answer {
    signed(session, Service::S3, region, "GetObject", signing_options())
        .retry_classifier(TransientErrorClassifier::<GetObjectError>::new())
        .interceptor(AtMost(bytes_max))
        .serializer(|object: S3Object| {
            let mut request = HttpRequest::empty();
            request.set_method("GET")?;
            // The names need no encoding.
            request.set_uri(format!("/{}/{}", object.bucket, object.key))?;
            Ok(request)
        })
        .deserializer(read)
        .build()
        .invoke(object.clone())
        .boxed()
        .await
}

/// Requests to S3 are signed as its own client does: the path as it is, and a hash of the payload.
fn signing_options() -> SigningOptions {
    let mut options = SigningOptions::default();
    options.double_uri_encode = false;
    options.content_sha256_header = true;
    options.normalize_uri_path = false;
    options
}

/// Refuses an object with more bytes, or of unknown size, before its content is read.
#[derive(Debug)]
struct AtMost(u64);

#[dyn_dispatch_hint]
impl Intercept for AtMost {
    fn name(&self) -> &'static str {
        "AtMost"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let length = response.headers().get("content-length").and_then(|text| text.parse().ok());
        let is_bounded = length.is_some_and(|length: u64| length <= self.0);
        if response.status().is_success() && !is_bounded {
            return Err(format!("the object has more than {} bytes", self.0).into());
        }
        Ok(())
    }
}

fn read(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<GetObjectError>> {
    let status = response.status().as_u16();
    let body = response.body().bytes().unwrap_or_default();
    if status == 200 {
        return Ok(body.to_vec());
    }
    let text = String::from_utf8_lossy(body);
    let named = response.headers().get(REGION_HEADER).and_then(|name| Region::parse(name).ok());
    Err(OrchestratorError::operation(GetObjectError {
        status,
        region: named,
        code: element(&text, "Code").map(bounded_line),
        denial: element(&text, "Message").and_then(Denial::from_message),
    }))
}

/// The text of the first element with this name in S3's description of an error.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

fn unreadable(region: &Region, error: &SdkError<GetObjectError, HttpResponse>) -> AwsError {
    let (operation, region) = (OPERATION, region.to_string());
    match error.as_service_error() {
        Some(GetObjectError { status: 403, code: Some(code), denial, .. })
            if code == "AccessDenied" =>
        {
            AwsError::Denied { operation, region, code: code.clone(), denial: *denial }
        }
        Some(GetObjectError { status, code, .. }) => {
            let cause = match code {
                Some(code) => format!("S3 answered {status} {code}"),
                None => format!("S3 answered {status}"),
            };
            AwsError::ServiceFailure { operation, region, code: code.clone(), cause }
        }
        None => {
            let cause = bounded_line(&error_chain(error));
            AwsError::ServiceFailure { operation, region, code: None, cause }
        }
    }
}
