//! The protocol of S3: members are in the path, the query and headers.

use std::net::Ipv4Addr;

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Map, Value};

use super::{Asked, decoded, header, percent_decoded};
use crate::operation::{Operation, Service};

/// Where a member of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Query(&'static str),
    Header(&'static str),
}

use Location::{Header, Query};

/// The members of the requests except the bucket and the key, which are in the path.
pub(crate) const LOCATIONS: [(&str, Location); 29] = [
    ("Delimiter", Query("delimiter")),
    ("EncodingType", Query("encoding-type")),
    ("MaxKeys", Query("max-keys")),
    ("Prefix", Query("prefix")),
    ("ContinuationToken", Query("continuation-token")),
    ("FetchOwner", Query("fetch-owner")),
    ("StartAfter", Query("start-after")),
    ("KeyMarker", Query("key-marker")),
    ("VersionIdMarker", Query("version-id-marker")),
    ("VersionId", Query("versionId")),
    ("PartNumber", Query("partNumber")),
    ("ResponseCacheControl", Query("response-cache-control")),
    ("ResponseContentDisposition", Query("response-content-disposition")),
    ("ResponseContentEncoding", Query("response-content-encoding")),
    ("ResponseContentLanguage", Query("response-content-language")),
    ("ResponseContentType", Query("response-content-type")),
    ("ResponseExpires", Query("response-expires")),
    ("RequestPayer", Header("x-amz-request-payer")),
    ("ExpectedBucketOwner", Header("x-amz-expected-bucket-owner")),
    ("OptionalObjectAttributes", Header("x-amz-optional-object-attributes")),
    ("ChecksumMode", Header("x-amz-checksum-mode")),
    ("IfMatch", Header("if-match")),
    ("IfModifiedSince", Header("if-modified-since")),
    ("IfNoneMatch", Header("if-none-match")),
    ("IfUnmodifiedSince", Header("if-unmodified-since")),
    ("Range", Header("range")),
    ("SSECustomerAlgorithm", Header("x-amz-server-side-encryption-customer-algorithm")),
    ("SSECustomerKey", Header("x-amz-server-side-encryption-customer-key")),
    ("SSECustomerKeyMD5", Header("x-amz-server-side-encryption-customer-key-md5")),
];

/// Reads a request with the method `GET` or `HEAD`.
pub(super) fn asked(head: &Parts) -> Asked {
    let path = head.uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let host = header(&head.headers, "host").unwrap_or_default();
    let (bucket, key) = match bucket_of_host(host) {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let (mut members, mut subresource) = (Map::new(), None);
    let query = head.uri.query().unwrap_or_default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match member_of_query(name) {
            Some(member) => {
                members.insert(member.to_owned(), typed(member, decoded(value)));
            }
            // The SDKs name the operation in `x-id`, which S3 ignores.
            None if name == "x-id" => {}
            None if value.is_empty() || name == "list-type" => {
                subresource = Some(pair.trim_end_matches('='));
            }
            None => {
                members.insert(decoded(name), Value::from(decoded(value)));
            }
        }
    }
    for (member, location) in LOCATIONS {
        if let Header(name) = location
            && let Some(value) = header(&head.headers, name)
        {
            members.insert(member.to_owned(), typed(member, value.to_owned()));
        }
    }
    members.insert("Bucket".to_owned(), Value::from(percent_decoded(bucket)));
    if !key.is_empty() {
        members.insert("Key".to_owned(), Value::from(percent_decoded(key)));
    }
    let operation = operation(&head.method, [bucket, key], subresource);
    Asked { service: Service::S3, operation, body: Ok(Value::Object(members)) }
}

/// The parameters that ask for an operation on a bucket.
const SUBRESOURCES: [(&str, Operation); 5] = [
    ("list-type=2", Operation::ListObjectsV2),
    ("versions", Operation::ListObjectVersions),
    ("metadataConfiguration", Operation::GetBucketMetadataConfiguration),
    ("acl", Operation::GetBucketAcl),
    ("ownershipControls", Operation::GetBucketOwnershipControls),
];

fn member_of_query(parameter: &str) -> Option<&'static str> {
    let is_it = |location: Location| matches!(location, Query(name) if name == parameter);
    LOCATIONS.into_iter().find(|(_, location)| is_it(*location)).map(|(member, _)| member)
}

fn operation(
    method: &Method,
    [bucket, key]: [&str; 2],
    subresource: Option<&str>,
) -> Result<Operation, String> {
    let is_head = method == Method::HEAD;
    match subresource {
        Some(name) => {
            let mut known = SUBRESOURCES.iter().filter(|_| !is_head && key.is_empty());
            let known = known.find(|(of, _)| *of == name && !bucket.is_empty());
            known.map(|(_, operation)| *operation).ok_or_else(|| format!("{method} ?{name}"))
        }
        None if bucket.is_empty() => Err("ListBuckets".to_owned()),
        None if is_head && key.is_empty() => Ok(Operation::HeadBucket),
        None if is_head => Ok(Operation::HeadObject),
        None if key.is_empty() => Err("ListObjects".to_owned()),
        None => Ok(Operation::GetObject),
    }
}

/// The bucket in a virtual-hosted-style host, such as `BUCKET.localhost:4566`.
fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    name.strip_suffix(".localhost")
}

/// Path and query contain only strings; converts the members that are something else.
fn typed(member: &str, value: String) -> Value {
    match (member, value.as_str()) {
        ("FetchOwner", "true") => Value::from(true),
        ("FetchOwner", "false") => Value::from(false),
        ("MaxKeys" | "PartNumber", number) => {
            number.parse::<i64>().map_or_else(|_| Value::from(number), Value::from)
        }
        ("OptionalObjectAttributes", list) => list.split(',').map(str::trim).collect(),
        _ => Value::from(value),
    }
}

/// A request with these members as the SDKs send it: the path with its query, and headers.
pub(crate) fn written(
    operation: Operation,
    members: &Value,
) -> (Method, String, Vec<(&'static str, String)>) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    let named = |name: &str| members.get(name).map(text).unwrap_or_default();
    let (bucket, key) = (percent_encoded(&named("Bucket")), percent_encoded(&named("Key")));
    let subresource = SUBRESOURCES.iter().find(|(_, of)| *of == operation);
    let subresource = subresource.map_or("", |(name, _)| name);
    let (mut uri, mut headers) = (format!("/{bucket}/{key}?{subresource}"), Vec::new());
    for (name, value) in members.as_object().into_iter().flatten() {
        match LOCATIONS.iter().find(|(member, _)| member == name).map(|(_, location)| *location) {
            Some(Header(header)) => headers.push((header, text(value))),
            Some(Query(query)) => {
                uri.push_str(&format!("&{query}={}", percent_encoded(&text(value))))
            }
            None if name == "Bucket" || name == "Key" => {}
            None => uri.push_str(&format!("&{name}={}", percent_encoded(&text(value)))),
        }
    }
    let is_head = matches!(operation, Operation::HeadBucket | Operation::HeadObject);
    (if is_head { Method::HEAD } else { Method::GET }, uri, headers)
}

/// Percent-encoding of S3: of everything except unreserved characters and slashes.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
