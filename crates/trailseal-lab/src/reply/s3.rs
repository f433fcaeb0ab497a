//! The responses of S3: headers, XML, and errors.

use serde_json::Value;

use super::{Ending, Reply};
use crate::operation::Operation;
use crate::refusal::Refusal;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The members of `HeadObject` and `GetObject` that are headers.
const HEADERS: [(&str, &str); 14] = [
    ("AcceptRanges", "accept-ranges"),
    ("LastModified", "last-modified"),
    ("ContentLength", "content-length"),
    ("ContentRange", "content-range"),
    ("ETag", "etag"),
    ("ContentType", "content-type"),
    ("VersionId", "x-amz-version-id"),
    ("ServerSideEncryption", "x-amz-server-side-encryption"),
    ("SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"),
    ("BucketKeyEnabled", "x-amz-server-side-encryption-bucket-key-enabled"),
    ("SSECustomerAlgorithm", "x-amz-server-side-encryption-customer-algorithm"),
    ("SSECustomerKeyMD5", "x-amz-server-side-encryption-customer-key-md5"),
    ("StorageClass", "x-amz-storage-class"),
    ("Restore", "x-amz-restore"),
];

/// The root element of a result, for operations whose result is a document.
fn root(operation: Operation) -> Option<&'static str> {
    let roots = [
        (Operation::ListObjectsV2, "ListBucketResult"),
        (Operation::ListObjectVersions, "ListVersionsResult"),
        (Operation::GetBucketMetadataConfiguration, "GetBucketMetadataConfigurationResult"),
        (Operation::GetBucketAcl, "AccessControlPolicy"),
        (Operation::GetBucketOwnershipControls, "OwnershipControls"),
    ];
    roots.into_iter().find(|(of, _)| *of == operation).map(|(_, root)| root)
}

fn reply(status: u16, request: u64, body: Vec<u8>) -> Reply {
    let headers = vec![("x-amz-request-id", format!("LAB{request:013}"))];
    Reply { status, headers, body, error: None, ending: Ending::Whole }
}

/// The result of an operation; `content` is that of an object.
pub(crate) fn result(
    operation: Operation,
    result: &Value,
    content: Vec<u8>,
    request: u64,
) -> Reply {
    let Some(root) = root(operation) else {
        let is_part = result.get("ContentRange").is_some_and(Value::is_string);
        let mut reply = reply(if is_part { 206 } else { 200 }, request, content);
        let text = |member: &str| result.get(member).and_then(Value::as_str).map(str::to_owned);
        let headers = HEADERS.iter().filter_map(|(member, name)| Some((*name, text(member)?)));
        reply.headers.extend(headers);
        return reply;
    };
    let mut document = format!("{DECLARATION}<{root} xmlns=\"{NAMESPACE}\">");
    write_members(&mut document, result);
    document.push_str(&format!("</{root}>"));
    xml(reply(200, request, document.into_bytes()))
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

fn xml(mut reply: Reply) -> Reply {
    reply.headers.push(("content-type", "application/xml".to_owned()));
    reply
}

/// Writes each member as an element, and each element of a list like a member. Attributes can follow
/// a name.
fn write_members(document: &mut String, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for element in elements {
            document.push_str(&format!("<{name}>"));
            match element {
                Value::Object(_) => write_members(document, element),
                Value::String(text) => write_text(document, text),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                    document.push_str(&element.to_string());
                }
            }
            let end = name.split(' ').next().unwrap_or_default();
            document.push_str(&format!("</{end}>"));
        }
    }
}

/// Writes control characters as references, as S3 does, although XML 1.0 forbids most of them.
fn write_text(document: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => document.push_str("&amp;"),
            '<' => document.push_str("&lt;"),
            '>' => document.push_str("&gt;"),
            '"' => document.push_str("&quot;"),
            control if control.is_control() => {
                document.push_str(&format!("&#x{:x};", u32::from(control)));
            }
            other => document.push(other),
        }
    }
}

/// An error; a response to `HEAD` has only its status and headers.
pub(crate) fn refusal(refusal: &Refusal, is_head: bool, request: u64) -> Reply {
    let (code, status) = in_s3(refusal);
    let body = format!(
        "{DECLARATION}<Error><Code>{code}</Code><Message>{}</Message>\
         <RequestId>LAB{request:013}</RequestId><HostId>lab</HostId></Error>",
        super::escaped(&refusal.message),
    );
    let mut reply = if is_head {
        reply(status, request, Vec::new())
    } else {
        xml(reply(status, request, body.into_bytes()))
    };
    reply.headers.extend(refusal.headers.iter().cloned());
    Reply { error: Some(code), ..reply }
}

/// S3 has its own codes for errors that all services share (S3 API Reference, "Error responses").
fn in_s3(refusal: &Refusal) -> (&'static str, u16) {
    match refusal.code {
        "MissingAuthenticationTokenException" | "AccessDeniedException" => ("AccessDenied", 403),
        "UnrecognizedClientException" => ("InvalidAccessKeyId", 403),
        "ExpiredTokenException" => ("ExpiredToken", 400),
        "InvalidSignatureException" if refusal.message.starts_with("Signature expired") => {
            ("RequestTimeTooSkewed", 403)
        }
        "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
        "ThrottlingException" => ("SlowDown", 503),
        "InternalFailure" => ("InternalError", 500),
        "ValidationException" => ("InvalidArgument", 400),
        "SerializationException" => ("InvalidURI", 400),
        "UnknownOperationException" => ("NotImplemented", 501),
        other => (other, refusal.status),
    }
}

/// What a proxy sends has none of S3's headers; otherwise, each has a value that it cannot have.
pub(super) fn garble_head(headers: &mut Vec<(&'static str, String)>, by_a_proxy: bool) {
    let is_garbled = |name: &str| name != "content-type" && name != "content-length";
    if by_a_proxy {
        headers.retain(|(name, _)| !is_garbled(name));
    }
    for (_, value) in headers.iter_mut().filter(|(name, _)| is_garbled(name)) {
        "{}".clone_into(value);
    }
}

/// A list of keys with wrong types.
pub(super) fn wrong_document(operation: Operation) -> String {
    let root = root(operation).unwrap_or("Error");
    format!(
        "{DECLARATION}<{root} xmlns=\"{NAMESPACE}\"><IsTruncated>perhaps</IsTruncated>\
         <MaxKeys>many</MaxKeys><Contents><Key><Name>a</Name></Key><Size>large</Size>\
         <LastModified>soon</LastModified></Contents></{root}>"
    )
}
