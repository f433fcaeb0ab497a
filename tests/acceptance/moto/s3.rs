//! Listing and HEAD: the lab and moto answer alike about the same objects.
//!
//! Known differences of moto 5.2.5, which the comparison leaves out:
//!
//! - an object for which no encryption was asked for has no encryption header, where S3 sends
//!   `AES256`;
//! - the key of an object with DSSE-KMS is not returned;
//! - `encoding-type=url` writes a space as `%20`, where S3 writes `+` (botocore decodes both);
//! - a list after a key within a common prefix leaves the prefix out; whether S3 does is not
//!   documented.

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, EncodingType, ServerSideEncryption, StorageClass,
    VersioningConfiguration,
};
use aws_smithy_types::retry::RetryConfig;
use serde_json::{Value, json};
use trailseal_lab::{Lab, State};

use super::server::Moto;
use crate::acceptance::harness::{ACCOUNT, REGION};

const BUCKET: &str = "delivered-logs";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
/// Keys of every kind that CloudTrail, or somebody else, could have written.
const OTHERS: [&str; 10] = [
    "AWSLogs/",
    "AWSLogs/111122223333/Config/us-east-1/2026/1/2/ConfigHistory/a.json.gz",
    "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/01/not a log",
    "a+b c/AWSLogs/111122223333/CloudTrail/x",
    "percent%2Fencoded/AWSLogs/x",
    "AWSLogs/ü/€",
    "AWSLogs/\u{202e}txt",
    "<&>\"'/x",
    "~",
    "!",
];

fn client(url: &str, credentials: Credentials) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .credentials_provider(credentials)
        .endpoint_url(url)
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .http_client(http);
    Client::from_conf(config.build())
}

/// A lab with log files of two days in two Regions and the other keys.
fn state() -> State {
    let object = |key: &&str| {
        json!({ "bucket": BUCKET, "key": key, "size": 3, "versionId": "1",
                "lastModified": "2026-01-01T00:00:00.000Z",
                "encryption": { "type": "DSSE-KMS", "kmsKeyId": KEY } })
    };
    let objects: Vec<Value> = OTHERS.iter().map(object).collect();
    let state = json!({
        "trailsealLab": 1,
        "accounts": [{ "id": ACCOUNT, "regions": [REGION] }],
        "buckets": [{ "name": BUCKET, "account": ACCOUNT, "region": REGION, "versioned": true }],
        "logFiles": [{
            "bucket": BUCKET,
            "accounts": [ACCOUNT, "444455556666"],
            "regions": [REGION, "eu-west-1"],
            "from": "2026-01-01T20:00:00.000Z",
            "to": "2026-01-02T04:00:00.000Z",
            "filesPerDay": 24,
            "size": 40,
            "encryption": [
                { "type": "SSE-S3" },
                { "since": "2026-01-02T02:00:00.000Z", "type": "SSE-KMS", "kmsKeyId": KEY,
                  "bucketKey": true },
            ],
        }],
        "objects": objects,
    });
    State::from_value("state", &state).unwrap()
}

/// One implementation of S3.
struct Server {
    client: Client,
}

impl Server {
    /// Every page of a list, each as its keys with their sizes, and its common prefixes.
    async fn list(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
        after: &str,
        size: i32,
    ) -> Vec<Value> {
        let list = self.client.list_objects_v2().bucket(BUCKET).prefix(prefix).max_keys(size);
        let list = list.set_delimiter(delimiter.map(str::to_owned)).start_after(after);
        let mut pages = list.encoding_type(EncodingType::Url).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            let spaced = |key: Option<&str>| key.map(|key| key.replace('+', "%20"));
            let files = page.contents().iter();
            let files = files.map(|file| json!([spaced(file.key()), file.size()]));
            let prefixes = page.common_prefixes().iter().map(|common| spaced(common.prefix()));
            found.push(json!({
                "files": files.collect::<Vec<_>>(),
                "prefixes": prefixes.collect::<Vec<_>>(),
                "count": page.key_count(),
                "truncated": page.is_truncated(),
            }));
        }
        found
    }

    /// What HEAD says about a key, or the status with which it is refused.
    async fn head(&self, key: &str) -> Value {
        match self.client.head_object().bucket(BUCKET).key(key).send().await {
            Ok(file) => json!({
                "size": file.content_length(),
                "encryption": file.server_side_encryption().map_or("AES256", |kind| kind.as_str()),
                "key": file.ssekms_key_id().filter(|_| file.server_side_encryption() == Some(&ServerSideEncryption::AwsKms)),
                "bucket key": file.bucket_key_enabled().unwrap_or(false),
                "class": file.storage_class().map(StorageClass::as_str),
                "etag": file.e_tag().is_some_and(|tag| tag.starts_with('"') && tag.ends_with('"')),
                "has version": file.version_id().is_some(),
                "has time": file.last_modified().is_some(),
            }),
            Err(SdkError::ServiceError(refused)) => {
                let response = refused.raw();
                let marker = response.headers().get("x-amz-delete-marker");
                json!({ "status": response.status().as_u16(), "delete marker": marker })
            }
            Err(error) => panic!("{key}: {error:?}"),
        }
    }

    /// The versions and delete markers below a prefix, without the IDs.
    async fn versions(&self, prefix: &str, size: i32) -> Value {
        let list = self.client.list_object_versions().bucket(BUCKET).prefix(prefix).max_keys(size);
        let list = list.send().await.unwrap();
        let versions = list.versions().iter().map(|one| json!([one.key(), one.is_latest()]));
        let markers = list.delete_markers().iter().map(|one| json!([one.key(), one.is_latest()]));
        json!({
            "versions": versions.collect::<Vec<_>>(),
            "markers": markers.collect::<Vec<_>>(),
            "truncated": list.is_truncated(),
        })
    }
}

/// Writes the lab's objects into moto as CloudTrail would.
async fn copy(lab: &Server, moto: &Server, keys: &[String]) {
    for key in keys {
        let file = lab.client.head_object().bucket(BUCKET).key(key).send().await.unwrap();
        let size = usize::try_from(file.content_length().unwrap()).unwrap();
        let encryption = file.server_side_encryption.unwrap();
        let by_kms = encryption != ServerSideEncryption::Aes256;
        let put = moto.client.put_object().bucket(BUCKET).key(key);
        let put = put.body(ByteStream::from(vec![0; size]));
        let put = put.set_bucket_key_enabled(file.bucket_key_enabled.filter(|_| by_kms));
        let put = put.server_side_encryption(encryption).set_ssekms_key_id(file.ssekms_key_id);
        put.send().await.unwrap();
    }
}

async fn keys_of(server: &Server) -> Vec<String> {
    let list = server.client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    list.contents().iter().map(|file| file.key().unwrap().to_owned()).collect()
}

/// The lab and moto with the same objects.
pub(super) struct Both {
    pub(super) lab: Lab,
    pub(super) moto: Moto,
    ours: Server,
    theirs: Server,
}

/// The credentials that the lab recognizes.
pub(super) fn credentials(lab: &Lab) -> Credentials {
    let given = lab.credentials(ACCOUNT);
    Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        None,
        "lab",
    )
}

pub(super) async fn both() -> Both {
    let (lab, moto) = (Lab::start(state()).await.unwrap(), Moto::start());
    let ours = Server { client: client(&lab.url(), credentials(&lab)) };
    let of_moto = Credentials::new("any", "any", None, None, "moto");
    let theirs = Server { client: client(&format!("http://{}", moto.address), of_moto) };
    theirs.client.create_bucket().bucket(BUCKET).send().await.unwrap();
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let versioning = theirs.client.put_bucket_versioning().bucket(BUCKET);
    versioning.versioning_configuration(versioned.build()).send().await.unwrap();
    let keys = keys_of(&ours).await;
    assert_eq!(keys.len(), 4 * 8 + OTHERS.len());
    copy(&ours, &theirs, &keys).await;
    assert_eq!(keys_of(&theirs).await, keys);
    Both { lab, moto, ours, theirs }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lab_and_moto_list_and_head_alike() {
    let Both { lab, ours, theirs: moto, moto: _server } = both().await;
    let keys = keys_of(&ours).await;
    let root = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/";
    let middle = keys[keys.len() / 2].as_str();
    for prefix in ["", "AWSLogs/", "AWSLogs/4", root, middle, "none", "a+b c/", "percent%2F"] {
        for (delimiter, after) in [
            (None, ""),
            (None, middle),
            (None, "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/"),
            (Some("/"), ""),
        ] {
            for size in [1, 5, 1000] {
                let expected = moto.list(prefix, delimiter, after, size).await;
                let found = ours.list(prefix, delimiter, after, size).await;
                assert_eq!(found, expected, "{prefix} {delimiter:?} {after} {size}");
            }
        }
    }
    for key in keys.iter().map(String::as_str).chain(["none", "AWSLogs/none"]) {
        assert_eq!(ours.head(key).await, moto.head(key).await, "{key}");
    }
    // The newest file is deleted in both.
    let newest = keys.iter().rfind(|key| key.starts_with(root) && key.ends_with(".gz")).unwrap();
    moto.client.delete_object().bucket(BUCKET).key(newest).send().await.unwrap();
    lab.edit(|state| {
        let marker = json!({ "trailsealLab": 1, "objects": [{
            "bucket": BUCKET, "key": newest, "versionId": "2", "deleteMarker": true,
            "lastModified": "2026-01-04T00:00:00.000Z" }] });
        state.objects.extend(State::from_value("marker", &marker).unwrap().objects);
    });
    assert_eq!(keys_of(&ours).await, keys_of(&moto).await);
    assert_eq!(ours.head(newest).await, json!({ "status": 404, "delete marker": "true" }));
    assert_eq!(ours.head(newest).await, moto.head(newest).await);
    for (prefix, size) in [(root, 1000), ("AWSLogs/", 1000), (newest, 1000), ("none", 1000)] {
        assert_eq!(
            ours.versions(prefix, size).await,
            moto.versions(prefix, size).await,
            "{prefix}"
        );
    }
}
