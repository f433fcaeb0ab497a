//! Amazon S3: a bucket and its Region, its objects and its metadata tables.

mod list;
mod object;

use serde_json::{Value, json};

use super::Request;
use crate::caller::Caller;
use crate::files::{Objects, hex};
use crate::refusal::Refusal;
use crate::state::{Bucket, ObjectOwnership, State};

pub(super) use list::{list_object_versions, list_objects_v2};
pub(super) use object::{get_object, head_object};

pub(crate) use object::content;

/// The status of `HeadBucket` and the bucket's Region, which S3 also sends with a refusal; `caller`
/// is the identity that signed the request, if any.
pub(crate) fn head_bucket<'a>(
    state: &'a State,
    caller: Option<&Caller>,
    name: &str,
) -> (u16, Option<&'a str>) {
    let Some(bucket) = state.bucket(name) else {
        return (if is_bucket_name(name) { 404 } else { 400 }, None);
    };
    let status = match caller {
        Some(caller) if caller.account() != bucket.account => 403,
        Some(caller) if caller.region != bucket.region => 301,
        Some(_) => 200,
        None => 403,
    };
    (status, Some(&bucket.region))
}

/// 3 to 63 lower-case letters, digits, periods and dashes (S3 User Guide, bucket naming rules).
fn is_bucket_name(name: &str) -> bool {
    let right =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&name.len()) && name.bytes().all(right)
}

/// The objects of the bucket, if the caller can use it in this Region.
fn objects<'a>(request: &'a Request<'_>) -> Result<Objects<'a>, Refusal> {
    let name = request.text("Bucket");
    let Some(bucket) = request.state().bucket(name) else {
        let code = if is_bucket_name(name) { "NoSuchBucket" } else { "InvalidBucketName" };
        let status = if is_bucket_name(name) { 404 } else { 400 };
        return Err(Refusal::new(code, "The specified bucket does not exist").with_status(status));
    };
    if bucket.region != request.region() {
        let message = "The bucket you are attempting to access must be addressed using the \
                       specified endpoint. Please send all future requests to this endpoint.";
        let refusal = Refusal::new("PermanentRedirect", message).with_status(301);
        return Err(refusal.with_header("x-amz-bucket-region", bucket.region.as_str()));
    }
    let account = request.account();
    let is_expected = |owner: &str| owner == bucket.account;
    let is_allowed =
        account == bucket.account || bucket.readable_from.iter().any(|reader| reader == account);
    if !is_allowed || !request.maybe_text("ExpectedBucketOwner").is_none_or(is_expected) {
        return Err(access_denied(request));
    }
    Ok(Objects::of(request.state(), bucket))
}

/// What S3 answers if no policy of the bucket allows the request (IAM User Guide, "Troubleshoot
/// access denied error messages").
fn access_denied(request: &Request<'_>) -> Refusal {
    let (caller, action) = (&request.caller.identity.arn, request.operation.action());
    let resource = resource(request.body);
    let message = format!(
        "User: {caller} is not authorized to perform: {action} on resource: \"{resource}\" because \
         no resource-based policy allows the {action} action"
    );
    Refusal::new("AccessDenied", message).with_status(403)
}

/// The ARN of the bucket or object that a request is about.
pub(crate) fn resource(body: &Value) -> String {
    let named = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let slash = if named("Key").is_empty() { "" } else { "/" };
    format!("arn:aws:s3:::{}{slash}{}", named("Bucket"), named("Key"))
}

/// The canonical user ID of an account.
fn owner(account: &str) -> Value {
    json!({ "ID": hex(account, 4) })
}

/// The element of a grantee, with its attributes.
const GRANTEE: &str =
    "Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"";

/// The access control list of a bucket: no account but the bucket's has a grant.
pub(super) fn get_bucket_acl(request: &Request<'_>) -> Result<Value, Refusal> {
    let owner = owner(&objects(request)?.bucket.account);
    let grant = json!({ GRANTEE: owner, "Permission": "FULL_CONTROL" });
    Ok(json!({ "Owner": owner, "AccessControlList": { "Grant": [grant] } }))
}

/// The Object Ownership of a bucket.
pub(super) fn get_bucket_ownership_controls(request: &Request<'_>) -> Result<Value, Refusal> {
    let ownership = objects(request)?.bucket.object_ownership;
    if ownership == ObjectOwnership::None {
        let message = "The bucket ownership controls were not found";
        return Err(Refusal::new("OwnershipControlsNotFoundError", message).with_status(404));
    }
    let name: &str = ownership.into();
    Ok(json!({ "Rule": [{ "ObjectOwnership": name }] }))
}

/// The metadata configuration of a bucket.
pub(super) fn get_bucket_metadata_configuration(request: &Request<'_>) -> Result<Value, Refusal> {
    let bucket = objects(request)?.bucket;
    let Some(tables) = &bucket.metadata_tables else {
        let message = "The metadata configuration was not found";
        return Err(Refusal::new("MetadataConfigurationNotFound", message).with_status(404));
    };
    let Bucket { name, account, region, .. } = bucket;
    let partition = crate::arn::partition_of(region);
    let table_bucket = format!("arn:{partition}:s3tables:{region}:{account}:bucket/aws-s3");
    let table_arn =
        |table: &str| format!("{table_bucket}/table/{}", hex(&format!("{name}/{table}"), 2));
    let of_the_name = || format!("b_{}", name.replace('.', "_"));
    let enabled = tables.inventory.as_ref();
    Ok(json!({ "MetadataConfigurationResult": {
        "DestinationResult": {
            "TableBucketType": "aws",
            "TableBucketArn": table_bucket,
            "TableNamespace": tables.namespace.clone().unwrap_or_else(of_the_name),
        },
        "JournalTableConfigurationResult": {
            "TableStatus": tables.journal,
            "TableName": "journal",
            "TableArn": table_arn("journal"),
            "RecordExpiration": { "Expiration": "DISABLED" },
        },
        "InventoryTableConfigurationResult": {
            "ConfigurationState": if enabled.is_some() { "ENABLED" } else { "DISABLED" },
            "TableStatus": enabled,
            "TableName": enabled.map(|_| "inventory"),
            "TableArn": enabled.map(|_| table_arn("inventory")),
        },
    } }))
}
