//! S3 through the AWS SDK.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{EncodingType, ServerSideEncryption, StorageClass};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value, json};
use trailseal_lab::{Lab, ObjectOwnership, State};

use super::buckets::{ask, signed};
use super::support::{ACCOUNT, MEMBER, REGION, STRANGER, code, lab, sdk};

const BUCKET: &str = "example-trail-logs-us-east-1";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const COPIES: &str = "copies/AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/01/\
                      111122223333_CloudTrail_us-east-1_20250101T0005Z_";

fn s3(lab: &Lab, account: &str) -> Client {
    Client::new(&sdk(lab, account, REGION))
}

/// A lab with one bucket that has these files, five years of one file every five minutes.
async fn lab_of_millions() -> Lab {
    let state = json!({
        "trailsealLab": 1,
        "accounts": [{ "id": ACCOUNT, "regions": [REGION] }],
        "buckets": [{ "name": "millions", "account": ACCOUNT, "region": REGION }],
        "logFiles": [{
            "bucket": "millions",
            "accounts": [ACCOUNT, MEMBER],
            "regions": ["us-east-1", "eu-west-1", "ap-southeast-2"],
            "from": "2021-01-01T00:00:00.000Z",
            "to": "2026-01-01T00:00:00.000Z",
            "filesPerDay": 288,
            "encryption": [
                { "type": "SSE-S3" },
                { "since": "2024-06-05T10:20:00.000Z", "type": "SSE-KMS", "kmsKeyId": KEY },
            ],
        }],
    });
    Lab::start(State::from_value("millions", &state).unwrap()).await.unwrap()
}

async fn keys(client: &Client, prefix: &str, after: &str) -> Vec<String> {
    let list = client.list_objects_v2().bucket("millions").prefix(prefix).start_after(after);
    let list = list.send().await.unwrap();
    list.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
}

async fn folders(client: &Client, bucket: &str, prefix: &str) -> Vec<String> {
    let list = client.list_objects_v2().bucket(bucket).prefix(prefix).delimiter("/");
    let list = list.send().await.unwrap();
    let prefixes = list.common_prefixes().iter();
    prefixes
        .map(|common| common.prefix().unwrap().strip_prefix(prefix).unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn millions_of_files_are_found_by_their_folders() {
    let lab = lab_of_millions().await;
    let client = s3(&lab, ACCOUNT);
    let root = "AWSLogs/111122223333/CloudTrail/";
    assert_eq!(folders(&client, "millions", "").await, ["AWSLogs/"]);
    assert_eq!(folders(&client, "millions", "AWSLogs/").await, ["111122223333/", "444455556666/"]);
    let regions = ["ap-southeast-2/", "eu-west-1/", "us-east-1/"];
    assert_eq!(folders(&client, "millions", root).await, regions);
    let years = ["2021/", "2022/", "2023/", "2024/", "2025/"];
    assert_eq!(folders(&client, "millions", &format!("{root}us-east-1/")).await, years);
    let days = folders(&client, "millions", &format!("{root}us-east-1/2024/02/")).await;
    assert_eq!((days.len(), days.last().unwrap().as_str()), (29, "29/"));
    let day = format!("{root}us-east-1/2025/12/31/");
    let files = keys(&client, &day, "").await;
    assert_eq!(files.len(), 288);
    assert!(files.is_sorted());
    let names = format!("{day}111122223333_CloudTrail_us-east-1_20251231T");
    assert!(files[0].starts_with(&format!("{names}0000Z_")), "{}", files[0]);
    assert!(files[287].starts_with(&format!("{names}2355Z_")), "{}", files[287]);
    let late = keys(&client, &day, &format!("{names}23")).await;
    assert_eq!(late, files[276..]);
    assert_eq!(keys(&client, &day, &files[286]).await, files[287..]);
    assert!(keys(&client, &day, &files[287]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_any_size_have_all_keys_in_order() {
    let lab = lab_of_millions().await;
    let client = s3(&lab, ACCOUNT);
    let prefix = "AWSLogs/111122223333/CloudTrail/eu-west-1/2023/03/";
    let mut all = Vec::new();
    for size in [7, 1000, 5000] {
        let list = client.list_objects_v2().bucket("millions").prefix(prefix).max_keys(size);
        let mut pages = list.into_paginator().send();
        let (mut found, mut sizes) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            sizes.push(page.contents().len());
            found.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        }
        let longest = usize::try_from(size).unwrap().min(1000);
        let full = sizes.split_last().unwrap().1;
        assert!(full.iter().all(|length| *length == longest), "{sizes:?}");
        assert!(found.is_sorted() && found.len() == 31 * 288, "{}", found.len());
        if !all.is_empty() {
            assert_eq!(found, all);
        }
        all = found;
    }
    let pages = lab.call_counts()["s3:ListObjectsV2"];
    assert_eq!(pages, (31 * 288_usize).div_ceil(7) + 2 * 9);
}

async fn head(client: &Client, key: &str) -> HeadObjectOutput {
    client.head_object().bucket("millions").key(key).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_encryption_of_files_changes_at_its_time() {
    let lab = lab_of_millions().await;
    let client = s3(&lab, ACCOUNT);
    let day = "AWSLogs/444455556666/CloudTrail/ap-southeast-2/2024/06/05/";
    let mut changes = Vec::new();
    for key in keys(&client, day, "").await {
        let object = head(&client, &key).await;
        assert_eq!(
            object.content_length(),
            Some(head(&client, &key).await.content_length.unwrap())
        );
        let by = (object.server_side_encryption.unwrap(), object.ssekms_key_id);
        let time = key.split('_').nth(3).unwrap().to_owned();
        if changes.last().is_none_or(|(_, last)| *last != by) {
            changes.push((time, by));
        }
    }
    let expected = [
        ("20240605T0000Z".to_owned(), (ServerSideEncryption::Aes256, None)),
        ("20240605T1020Z".to_owned(), (ServerSideEncryption::AwsKms, Some(KEY.to_owned()))),
    ];
    assert_eq!(changes, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_head_agree() {
    let lab = lab_of_millions().await;
    let client = s3(&lab, ACCOUNT);
    let list = client.list_objects_v2().bucket("millions").max_keys(3).fetch_owner(true);
    for listed in list.send().await.unwrap().contents() {
        let object = head(&client, listed.key().unwrap()).await;
        assert_eq!(object.content_length(), listed.size());
        assert_eq!(object.last_modified(), listed.last_modified());
        assert_eq!(object.e_tag(), listed.e_tag());
        assert_eq!(listed.owner().unwrap().id().unwrap().len(), 64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_an_object_is_that_of_the_whole() {
    let lab = lab_of_millions().await;
    let client = s3(&lab, ACCOUNT);
    let day = "AWSLogs/111122223333/CloudTrail/us-east-1/2025/12/31/";
    let key = keys(&client, day, "").await.remove(0);
    let get = || client.get_object().bucket("millions").key(&key);
    let whole = get().send().await.unwrap();
    let tag = whole.e_tag().unwrap().to_owned();
    assert_eq!(whole.content_range(), None);
    let whole = whole.body.collect().await.unwrap().into_bytes();
    let size = whole.len();
    for (range, part) in [
        ("bytes=0-9", 0..10),
        ("bytes=5-", 5..size),
        ("bytes=-4", size - 4..size),
        ("bytes=3-99999999", 3..size),
    ] {
        let answer = get().range(range).if_match(&tag).send().await.unwrap();
        let named = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        assert_eq!(answer.content_range(), Some(named.as_str()), "{range}");
        assert_eq!(answer.body.collect().await.unwrap().into_bytes(), whole[part], "{range}");
    }
    let status = async |call: GetObjectFluentBuilder| match call.send().await {
        Err(SdkError::ServiceError(error)) => error.raw().status().as_u16(),
        other => panic!("{other:?}"),
    };
    assert_eq!(status(get().range("bytes=99999999-")).await, 416);
    assert_eq!(status(get().if_match("\"0\"")).await, 412);
}

/// What HEAD says about a copy: the kind, the key, whether a Bucket Key was used, the class.
async fn copy(client: &Client, name: &str) -> Result<[String; 4], u16> {
    let key = format!("{COPIES}{name}.json.gz");
    match client.head_object().bucket(BUCKET).key(key).send().await {
        Ok(object) => Ok([
            object.server_side_encryption.map_or("-".to_owned(), |kind| kind.as_str().to_owned()),
            object.ssekms_key_id.unwrap_or_else(|| "-".to_owned()),
            format!("{:?}", object.bucket_key_enabled),
            object.storage_class.map_or("-".to_owned(), |class| class.as_str().to_owned()),
        ]),
        Err(SdkError::ServiceError(error)) => Err(error.raw().status().as_u16()),
        Err(error) => panic!("{name}: {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_reports_each_kind_of_object() {
    let lab = lab().await;
    let client = s3(&lab, ACCOUNT);
    for (name, expected) in [
        ("CopyWithSseKms00", Ok(["aws:kms", KEY, "Some(true)", "-"])),
        ("CopyWithDsseKms0", Ok(["aws:kms:dsse", KEY, "None", "-"])),
        ("CopyWithSseC0000", Err(400)),
        ("CopyWithoutSse00", Ok(["-", "-", "None", "-"])),
        ("CopyInGlacier000", Ok(["AES256", "-", "None", "DEEP_ARCHIVE"])),
        ("CopyRestored0000", Ok(["AES256", "-", "None", "GLACIER"])),
        ("CopyOfAStranger0", Err(403)),
        ("CopyDeleted00000", Err(404)),
        ("CopyNeverMade000", Err(404)),
    ] {
        let found = copy(&client, name).await;
        let found = found.as_ref().map(|found| found.each_ref().map(String::as_str));
        assert_eq!(found, expected.as_ref().copied(), "{name}");
    }
    let restored = format!("{COPIES}CopyRestored0000.json.gz");
    let restored = client.head_object().bucket(BUCKET).key(restored).send().await.unwrap();
    assert!(restored.restore().unwrap().starts_with("ongoing-request=\"false\""));
    assert_eq!(restored.version_id(), Some("1"));
    assert_eq!(restored.storage_class(), Some(&StorageClass::Glacier));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_object_is_reported_as_a_delete_marker() {
    let lab = lab().await;
    let client = s3(&lab, ACCOUNT);
    let key = format!("{COPIES}CopyDeleted00000.json.gz");
    let head = || client.head_object().bucket(BUCKET).key(&key);
    for (version, status, header) in [
        (None, 404, "x-amz-delete-marker"),
        (Some("2"), 405, "last-modified"),
        (Some("3"), 404, "date"),
    ] {
        let error = head().set_version_id(version.map(str::to_owned)).send().await.unwrap_err();
        let response = error.raw_response().unwrap();
        assert_eq!(response.status().as_u16(), status, "{version:?}");
        assert!(response.headers().get(header).is_some(), "{version:?}: {response:?}");
    }
    assert_eq!(head().version_id("1").send().await.unwrap().version_id(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_read_a_bucket_can_list_and_read_it() {
    let lab = lab().await;
    lab.edit(|state| state.buckets[0].readable_from = vec![STRANGER.to_owned()]);
    let list = async |account: &str, region: &str, owner: Option<&str>| {
        let client = Client::new(&sdk(&lab, account, region));
        let list = client.list_objects_v2().bucket(BUCKET).max_keys(1);
        code(list.set_expected_bucket_owner(owner.map(str::to_owned)).send().await)
    };
    assert_eq!(list(ACCOUNT, REGION, None).await, "no error");
    assert_eq!(list(ACCOUNT, REGION, Some(ACCOUNT)).await, "no error");
    assert_eq!(list(ACCOUNT, REGION, Some(MEMBER)).await, "AccessDenied");
    assert_eq!(list(STRANGER, REGION, None).await, "no error");
    assert_eq!(list(MEMBER, REGION, None).await, "AccessDenied");
    assert_eq!(list(ACCOUNT, "eu-west-1", None).await, "PermanentRedirect");
    let client = s3(&lab, ACCOUNT);
    let missing = client.list_objects_v2().bucket("no-such-bucket").send().await;
    assert_eq!(code(missing), "NoSuchBucket");
    let wrong = client.list_objects_v2().bucket(BUCKET).continuation_token("?").send().await;
    assert_eq!(code(wrong), "InvalidArgument");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_violate_the_protocol_of_s3_are_refused() {
    let lab = lab().await;
    let get = |path: &str, signature: &str| {
        let answer = ask(&lab, &format!("GET {path} HTTP/1.1{signature}"), "");
        answer.split("<Code>").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned)
    };
    let by = |service: &str| format!("\r\n{}", signed(&lab, ACCOUNT, REGION, service));
    let list = format!("/{BUCKET}?list-type=2");
    for (path, signature, expected) in [
        (list.as_str(), String::new(), "AccessDenied"),
        (&list, by("kms"), "SignatureDoesNotMatch"),
        (&list, by("s3").replace("NeverSeen0", "NeverSeen1"), "InvalidAccessKeyId"),
        (&format!("{list}&max-keys=many"), by("s3"), "InvalidURI"),
        (&format!("{list}&max-keys=-1"), by("s3"), "InvalidArgument"),
        (&format!("{list}&max-kyes=1"), by("s3"), "InvalidURI"),
        (&format!("/{BUCKET}"), by("s3"), "NotImplemented"),
        (&format!("/{BUCKET}?policy"), by("s3"), "NotImplemented"),
        ("/", by("s3"), "NotImplemented"),
    ] {
        assert_eq!(get(path, &signature).as_deref(), Some(expected), "{path} {signature}");
    }
    assert_eq!(lab.call_counts().get("s3:GET ?policy"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_names_the_action_of_iam() {
    let lab = lab().await;
    let denial = |operation: &str| {
        let denial = json!({ "account": ACCOUNT, "operation": operation, "policy": "none" });
        serde_json::from_value(denial).unwrap()
    };
    lab.edit(|state| state.denials = vec![denial("s3:ListObjectsV2")]);
    let client = s3(&lab, ACCOUNT);
    let refused = client.list_objects_v2().bucket(BUCKET).send().await.unwrap_err();
    let words = refused.message().unwrap().to_owned();
    assert!(words.contains("is not authorized to perform: s3:ListBucket on resource"), "{words}");
    assert!(words.contains("arn:aws:s3:::example-trail-logs-us-east-1"), "{words}");
    // Who may not list is not told that a key does not exist.
    assert_eq!(copy(&client, "CopyNeverMade000").await, Err(403));
    assert!(copy(&client, "CopyWithSseKms00").await.is_ok());
    lab.edit(|state| state.denials = vec![denial("s3:HeadObject")]);
    assert_eq!(copy(&client, "CopyWithSseKms00").await, Err(403));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_any_characters_are_listed_and_read() {
    let lab = lab_of_millions().await;
    let odd = ["a b+c", "ü/€", "new\nline", "%2F&<>\"'", "?x=1#y", "//", "bidi\u{202e}gnp"];
    lab.edit(|state| {
        let object = |key: &str| {
            json!({ "bucket": "millions", "key": format!("odd/{key}"), "size": 5,
                    "lastModified": "2026-01-01T00:00:00.000Z" })
        };
        let objects: Vec<Value> = odd.iter().map(|key| object(key)).collect();
        let more = json!({ "trailsealLab": 1, "objects": objects });
        state.objects = State::from_value("odd", &more).unwrap().objects;
    });
    let client = s3(&lab, ACCOUNT);
    let list = || client.list_objects_v2().bucket("millions").prefix("odd/");
    let encoded = list().encoding_type(EncodingType::Url).send().await.unwrap();
    let mut expected: Vec<String> = odd.iter().map(|key| format!("odd/{key}")).collect();
    expected.sort();
    let found = encoded.contents().iter().map(|object| object.key().unwrap());
    let first: Vec<&str> = found.collect();
    assert_eq!(first[0], "odd/%252F%26%3C%3E%22%27");
    assert!(first.contains(&"odd/a+b%2Bc"), "{first:?}");
    let plain = list().send().await.unwrap();
    let found: Vec<&str> = plain.contents().iter().map(|object| object.key().unwrap()).collect();
    assert_eq!(found, expected);
    for key in expected {
        assert_eq!(head(&client, &key).await.content_length(), Some(5), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_the_host_name_is_found() {
    let lab = lab_of_millions().await;
    let signature = signed(&lab, ACCOUNT, REGION, "s3");
    let head =
        format!("GET /?list-type=2&max-keys=1 HTTP/1.1\r\nhost: millions.localhost\r\n{signature}");
    let answer = ask(&lab, &head, "");
    assert!(answer.contains("<Name>millions</Name>"), "{answer}");
    assert!(answer.contains("<KeyCount>1</KeyCount>"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_delete_markers_are_listed_apart() {
    let lab = lab().await;
    let client = s3(&lab, ACCOUNT);
    let deleted = format!("{COPIES}CopyDeleted00000.json.gz");
    let list = || client.list_object_versions().bucket(BUCKET);
    let found = list().prefix(&deleted).send().await.unwrap();
    let version = &found.versions()[0];
    assert_eq!((version.version_id(), version.is_latest()), (Some("1"), Some(false)));
    assert_eq!((found.versions().len(), found.delete_markers().len()), (1, 1));
    let marker = &found.delete_markers()[0];
    assert_eq!((marker.version_id(), marker.is_latest()), (Some("2"), Some(true)));
    assert_eq!((marker.key(), found.is_truncated()), (Some(deleted.as_str()), Some(false)));
    let first = list().prefix(&deleted).max_keys(1).send().await.unwrap();
    assert_eq!((first.versions().len(), first.delete_markers().len()), (0, 1));
    assert_eq!(first.next_key_marker(), Some(deleted.as_str()));
    assert_eq!(first.next_version_id_marker(), Some("2"));
    let second = list().prefix(&deleted).key_marker(&deleted).version_id_marker("2").send().await;
    assert_eq!(second.unwrap().versions(), found.versions());
    assert_eq!(code(list().version_id_marker("2").send().await), "InvalidArgument");
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_from_base64_from_a_file_or_made() {
    let lab = lab_of_millions().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("object");
    std::fs::write(&path, "of a file").unwrap();
    let object = |key: &str, name: &str, value: &str| {
        json!({ "bucket": "millions", "key": key, name: value,
                "lastModified": "2026-01-01T00:00:00.000Z" })
    };
    let objects = json!({ "trailsealLab": 1, "objects": [
        object("inventory/manifest.json", "content", "eyJhIjoxfQ=="),
        object("inventory/data.csv.gz", "file", path.to_str().unwrap()),
        object("inventory/missing.csv.gz", "file", "no/such/file"),
    ] });
    lab.edit(|state| state.objects = State::from_value("objects", &objects).unwrap().objects);
    let client = s3(&lab, ACCOUNT);
    let get = async |key: &str| {
        let object = client.get_object().bucket("millions").key(key).send().await?;
        let length = object.content_length();
        let bytes = object.body.collect().await.unwrap().into_bytes();
        assert_eq!(length, i64::try_from(bytes.len()).ok());
        Ok::<_, SdkError<_>>(bytes)
    };
    assert_eq!(get("inventory/manifest.json").await.unwrap(), "{\"a\":1}");
    assert_eq!(get("inventory/data.csv.gz").await.unwrap(), "of a file");
    assert_eq!(head(&client, "inventory/data.csv.gz").await.content_length(), Some(9));
    assert_eq!(code(get("inventory/missing.csv.gz").await), "InternalError");
    assert_eq!(code(get("inventory/none").await), "NoSuchKey");
    let key = keys(&client, "AWSLogs/", "").await.remove(0);
    let size = head(&client, &key).await.content_length().unwrap();
    let bytes = get(&key).await.unwrap();
    assert_eq!(i64::try_from(bytes.len()).unwrap(), size);
    assert!(bytes.starts_with(&[0x1f, 0x8b]), "gzip");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_object_must_be_restored_to_be_read() {
    let lab = lab().await;
    let client = s3(&lab, ACCOUNT);
    let get = async |name: &str| {
        let key = format!("{COPIES}{name}.json.gz");
        code(client.get_object().bucket(BUCKET).key(key).send().await)
    };
    assert_eq!(get("CopyInGlacier000").await, "InvalidObjectState");
    assert_eq!(get("CopyRestored0000").await, "no error");
    assert_eq!(get("CopyOfAStranger0").await, "AccessDenied");
    assert_eq!(get("CopyWithSseC0000").await, "InvalidRequest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metadata_configuration_names_the_tables() {
    let lab = lab().await;
    let client = s3(&lab, ACCOUNT);
    let configured =
        client.get_bucket_metadata_configuration().bucket(BUCKET).send().await.unwrap();
    let result = configured.get_bucket_metadata_configuration_result.unwrap();
    let result = result.metadata_configuration_result.unwrap();
    let destination = result.destination_result.unwrap();
    let namespace = destination.table_namespace.as_deref();
    assert_eq!(namespace, Some("b_example-trail-logs-us-east-1"));
    let bucket = destination.table_bucket_arn.as_deref();
    assert_eq!(bucket, Some("arn:aws:s3tables:us-east-1:111122223333:bucket/aws-s3"));
    let inventory = result.inventory_table_configuration_result.unwrap();
    assert_eq!(inventory.table_status.as_deref(), Some("ACTIVE"));
    assert_eq!(inventory.table_name.as_deref(), Some("inventory"));
    lab.edit(|state| state.buckets[0].metadata_tables = None);
    let missing = client.get_bucket_metadata_configuration().bucket(BUCKET).send().await;
    assert_eq!(code(missing), "MetadataConfigurationNotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_objects_is_that_of_the_bucket_if_its_ownership_is_enforced() {
    let lab = lab().await;
    let client = s3(&lab, ACCOUNT);
    let acl = client.get_bucket_acl().bucket(BUCKET).send().await.unwrap();
    let of_bucket = acl.owner.unwrap().id.unwrap();
    let grants = acl.grants.unwrap_or_default();
    let [grant] = grants.as_slice() else { panic!("{grants:?}") };
    assert_eq!(grant.grantee.as_ref().unwrap().id.as_ref(), Some(&of_bucket));
    let owners = async || {
        let list = client.list_objects_v2().bucket(BUCKET).prefix(COPIES).fetch_owner(true);
        let objects = list.send().await.unwrap().contents.unwrap();
        let owner = |object: aws_sdk_s3::types::Object| object.owner.unwrap().id.unwrap();
        objects.into_iter().map(owner).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(owners().await.len(), 2);
    assert!(owners().await.contains(&of_bucket));
    let ownership = async || {
        let controls = client.get_bucket_ownership_controls().bucket(BUCKET).send().await?;
        let rules = controls.ownership_controls.unwrap().rules;
        Ok::<_, SdkError<_>>(rules[0].object_ownership.as_str().to_owned())
    };
    assert_eq!(ownership().await.unwrap(), "ObjectWriter");
    lab.edit(|state| state.buckets[0].object_ownership = ObjectOwnership::BucketOwnerEnforced);
    assert_eq!(ownership().await.unwrap(), "BucketOwnerEnforced");
    assert_eq!(owners().await.into_iter().collect::<Vec<_>>(), [of_bucket]);
    lab.edit(|state| state.buckets[0].object_ownership = ObjectOwnership::None);
    assert_eq!(code(ownership().await), "OwnershipControlsNotFoundError");
}
