//! One object: its headers and its content.

use std::ops::Range;

use serde_json::{Value, json};

use super::super::Request;
use super::{access_denied, objects};
use crate::files::{File, Objects};
use crate::moments;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::state::{EncryptionType, State};

pub(in super::super) fn head_object(request: &Request<'_>) -> Result<Value, Refusal> {
    let file = file(request)?;
    describe(request, &file)
}

/// The headers of an object; [`content`] returns the rest.
pub(in super::super) fn get_object(request: &Request<'_>) -> Result<Value, Refusal> {
    let file = file(request)?;
    let is_archived = ["GLACIER", "DEEP_ARCHIVE"].contains(&file.storage_class);
    let is_restored = file.restore.is_some_and(|restore| restore.contains("\"false\""));
    if is_archived && !is_restored {
        let message = "The operation is not valid for the object's storage class";
        return Err(Refusal::new("InvalidObjectState", message).with_status(403));
    }
    describe(request, &file)
}

/// The content of an object that [`get_object`] has described.
///
/// # Errors
///
/// The file on this machine that is the content cannot be read.
pub(crate) fn content(state: &State, body: &Value) -> Result<Vec<u8>, Refusal> {
    let named = |name: &str| body.get(name).and_then(Value::as_str);
    let bucket = state.bucket(named("Bucket").unwrap_or_default());
    let versions =
        bucket.map(|bucket| Objects::of(state, bucket).versions(named("Key").unwrap_or_default()));
    let file = chosen(versions.unwrap_or_default(), named("VersionId"));
    let content = file.map(|file| {
        let part = part(named("Range"), &file).ok().flatten();
        file.content(part.unwrap_or(0..file.size))
    });
    content
        .transpose()
        .map(Option::unwrap_or_default)
        .map_err(|error| Refusal::new("InternalError", error.to_string()).with_status(500))
}

/// The current version, or the one of this ID.
fn chosen<'a>(versions: Vec<File<'a>>, id: Option<&str>) -> Option<File<'a>> {
    let is_chosen = |file: &File<'_>| id.is_none_or(|id| id == file.version_id());
    versions.into_iter().find(is_chosen)
}

/// The object, if the caller can read it.
fn file<'a>(request: &'a Request<'_>) -> Result<File<'a>, Refusal> {
    let objects = objects(request)?;
    let id = request.maybe_text("VersionId");
    let Some(file) = chosen(objects.versions(request.text("Key")), id) else {
        return Err(missing(request));
    };
    if file.is_delete_marker {
        return Err(delete_marker(request, &file));
    }
    if !file.is_readable && request.account() != file.owner {
        return Err(access_denied(request));
    }
    let has_key = request.maybe_text("SSECustomerKey").is_some();
    let needs_key = file.encryption.kind == EncryptionType::SseC;
    if has_key != needs_key {
        let message = if needs_key {
            "The object was stored using a form of Server Side Encryption. The correct parameters \
             must be provided to retrieve the object."
        } else {
            "The encryption parameters are not applicable to this object."
        };
        return Err(Refusal::new("InvalidRequest", message));
    }
    Ok(file)
}

/// The answer for a key that does not exist: 404 to callers that may list the bucket, 403 to others.
fn missing(request: &Request<'_>) -> Refusal {
    let listing = Operation::ListObjectsV2.iam();
    if request.state().denies(request.account(), listing, request.text("Bucket")).is_some() {
        return access_denied(request);
    }
    let refusal = match request.maybe_text("VersionId") {
        Some(_) => Refusal::new("NoSuchVersion", "The specified version does not exist."),
        None => Refusal::new("NoSuchKey", "The specified key does not exist."),
    };
    refusal.with_status(404)
}

fn delete_marker(request: &Request<'_>, file: &File<'_>) -> Refusal {
    let refusal = match request.maybe_text("VersionId") {
        Some(_) => {
            let message = "The specified method is not allowed against this resource.";
            let modified = moments::to_http_date(file.last_modified);
            Refusal::new("MethodNotAllowed", message)
                .with_status(405)
                .with_header("last-modified", modified)
        }
        None => missing(request),
    };
    refusal
        .with_header("x-amz-delete-marker", "true")
        .with_header("x-amz-version-id", file.version_id())
}

/// The part that the header `Range` asks for; `None` is the whole object. S3 ignores a header that it
/// does not understand (RFC 9110, section 14.2), and takes a single part only.
fn part(header: Option<&str>, file: &File<'_>) -> Result<Option<Range<u64>>, Refusal> {
    let Some((first, last)) = header
        .and_then(|header| header.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let part = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(file.size),
        (Ok(first), Err(_)) if last.is_empty() => first..file.size,
        (Err(_), Ok(bytes)) if first.is_empty() => file.size.saturating_sub(bytes)..file.size,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Ok(None),
    };
    if part.is_empty() {
        let message = "The requested range is not satisfiable";
        return Err(Refusal::new("InvalidRange", message).with_status(416));
    }
    Ok(Some(part))
}

fn describe(request: &Request<'_>, file: &File<'_>) -> Result<Value, Refusal> {
    let is_other = |tag: &str| tag != "*" && tag != file.etag();
    if request.maybe_text("IfMatch").is_some_and(is_other) {
        let message = "At least one of the pre-conditions you specified did not hold";
        return Err(Refusal::new("PreconditionFailed", message).with_status(412));
    }
    let part = part(request.maybe_text("Range"), file)?;
    let size = part.as_ref().map_or(file.size, |part| part.end - part.start);
    let encryption = file.encryption;
    let is_head = request.operation == Operation::HeadObject;
    let is_customers = encryption.kind == EncryptionType::SseC;
    Ok(json!({
        "AcceptRanges": "bytes",
        "ContentRange": part.map(|it| format!("bytes {}-{}/{}", it.start, it.end - 1, file.size)),
        "LastModified": moments::to_http_date(file.last_modified),
        // The server writes the length of a body itself.
        "ContentLength": is_head.then(|| size.to_string()),
        "ETag": file.etag(),
        "ContentType": "application/json",
        "VersionId": file.version_id,
        "ServerSideEncryption": encryption.kind.header(),
        "SSEKMSKeyId": encryption.kms_key_id,
        "BucketKeyEnabled": encryption.bucket_key.then_some("true"),
        "SSECustomerAlgorithm": is_customers.then_some("AES256"),
        "SSECustomerKeyMD5": request.maybe_text("SSECustomerKeyMD5").filter(|_| is_customers),
        "StorageClass": Some(file.storage_class).filter(|class| *class != "STANDARD"),
        "Restore": file.restore,
    }))
}

impl EncryptionType {
    /// The value of `x-amz-server-side-encryption`.
    const fn header(self) -> Option<&'static str> {
        match self {
            Self::SseS3 => Some("AES256"),
            Self::SseKms => Some("aws:kms"),
            Self::DsseKms => Some("aws:kms:dsse"),
            Self::Fsx => Some("aws:fsx"),
            Self::Backup => Some("aws:backup"),
            Self::SseC | Self::NotSse => None,
        }
    }
}
