//! The objects of a bucket, page by page.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::{Request, with};
use super::{objects, owner};
use crate::asked::s3::percent_encoded;
use crate::files::{Ask, File};
use crate::moments;
use crate::refusal::Refusal;

/// The most objects and common prefixes of a page.
const PAGE_SIZE: usize = 1000;

impl Request<'_> {
    /// The text as the response has it: encoded if the caller asks for it.
    fn encoded(&self, text: &str) -> Value {
        match self.maybe_text("EncodingType") {
            Some(_) => Value::from(percent_encoded(text).replace("%20", "+")),
            None => Value::from(text),
        }
    }

    fn max_keys(&self) -> Option<u64> {
        self.body.get("MaxKeys").and_then(Value::as_u64)
    }

    /// A key, prefix or delimiter of the request, as the response repeats it.
    fn repeated(&self, name: &str) -> Value {
        self.maybe_text(name).map_or(Value::Null, |text| self.encoded(text))
    }

    fn limit(&self) -> usize {
        let asked = self.max_keys().and_then(|keys| usize::try_from(keys).ok());
        asked.unwrap_or(PAGE_SIZE).min(PAGE_SIZE)
    }

    /// The members of a list of either kind.
    fn list_of<const N: usize>(&self, prefixes: &[String], members: [(&str, Value); N]) -> Value {
        let prefixes = prefixes.iter().map(|prefix| json!({ "Prefix": self.encoded(prefix) }));
        let list = json!({
            "Name": self.text("Bucket"),
            "Prefix": self.encoded(self.text("Prefix")),
            "Delimiter": self.repeated("Delimiter"),
            "EncodingType": self.maybe_text("EncodingType"),
            "MaxKeys": self.max_keys().unwrap_or(1000),
            "CommonPrefixes": prefixes.collect::<Vec<_>>(),
        });
        members.into_iter().fold(list, |list, (name, value)| with(&list, name, value))
    }
}

pub(in super::super) fn list_objects_v2(request: &Request<'_>) -> Result<Value, Refusal> {
    let after = match request.maybe_text("ContinuationToken") {
        Some(token) => Some(from_token(token)?),
        None => request.maybe_text("StartAfter").map(|key| key.as_bytes().to_vec()),
    };
    let ask = Ask {
        prefix: request.text("Prefix"),
        delimiter: request.text("Delimiter"),
        after,
        limit: request.limit(),
    };
    let page = objects(request)?.list(&ask);
    let has_owner = request.flag("FetchOwner") == Some(true);
    let contents = page.files.iter().map(|file| describe(request, file, has_owner));
    let members = [
        ("Contents", contents.collect()),
        ("KeyCount", page.len().into()),
        ("IsTruncated", page.next.is_some().into()),
        ("StartAfter", request.repeated("StartAfter")),
        ("ContinuationToken", request.maybe_text("ContinuationToken").into()),
        ("NextContinuationToken", page.next.as_deref().map(to_token).into()),
    ];
    Ok(request.list_of(&page.common_prefixes, members))
}

/// An object as both lists show it.
fn describe(request: &Request<'_>, file: &File<'_>, has_owner: bool) -> Value {
    let is_restore_asked = !request.list("OptionalObjectAttributes").is_empty();
    let restore = file.restore.filter(|_| is_restore_asked);
    let restore = restore.map(|restore| json!({ "IsRestoreInProgress": restore.contains("true") }));
    let is_file = !file.is_delete_marker;
    json!({
        "Key": request.encoded(&file.key),
        "LastModified": moments::to_iso(file.last_modified),
        "ETag": is_file.then(|| file.etag()),
        "Size": is_file.then_some(file.size),
        "StorageClass": is_file.then_some(file.storage_class),
        "Owner": has_owner.then(|| owner(file.owner)),
        "RestoreStatus": restore,
    })
}

pub(in super::super) fn list_object_versions(request: &Request<'_>) -> Result<Value, Refusal> {
    let (key, version) = (request.maybe_text("KeyMarker"), request.maybe_text("VersionIdMarker"));
    if version.is_some_and(|version| !version.is_empty()) && key.is_none_or(str::is_empty) {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(Refusal::new("InvalidArgument", message));
    }
    let ask = Ask {
        prefix: request.text("Prefix"),
        delimiter: request.text("Delimiter"),
        after: key.map(|key| key.as_bytes().to_vec()),
        limit: request.limit(),
    };
    let page = objects(request)?.list_versions(&ask, version);
    let of = |is_delete_marker: bool| {
        let versions = page.versions.iter();
        let chosen = versions.filter(move |(file, _)| file.is_delete_marker == is_delete_marker);
        let version = |(file, is_latest): &(File<'_>, bool)| {
            let version = describe(request, file, true);
            let version = with(&version, "VersionId", json!(file.version_id()));
            with(&version, "IsLatest", json!(is_latest))
        };
        chosen.map(version).collect::<Value>()
    };
    let (next_key, next_version) = page.next.clone().unzip();
    let members = [
        ("Version", of(false)),
        ("DeleteMarker", of(true)),
        ("IsTruncated", page.next.is_some().into()),
        ("KeyMarker", request.encoded(key.unwrap_or_default())),
        ("VersionIdMarker", version.unwrap_or_default().into()),
        ("NextKeyMarker", next_key.map(|key| request.encoded(&key)).into()),
        ("NextVersionIdMarker", next_version.flatten().into()),
    ];
    Ok(request.list_of(&page.common_prefixes, members))
}

/// A token from which only the lab can continue.
fn to_token(after: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(after)
}

fn from_token(token: &str) -> Result<Vec<u8>, Refusal> {
    let message = "The continuation token provided is incorrect";
    let after = BASE64_URL_SAFE_NO_PAD.decode(token);
    after.map_err(|_| Refusal::new("InvalidArgument", message))
}
