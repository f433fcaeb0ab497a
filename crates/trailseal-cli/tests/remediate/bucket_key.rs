//! A bucket with an S3 Bucket Key, for which CloudTrail also needs `kms:Decrypt`.

use serde_json::{Value, json};
use trailseal_lab::{History, Lab, State};

use super::support::{ACCOUNT, KEY, REGION, TRAIL, changes, folder, key_of, run, state};

const SEAL: &[&str] =
    &["audit", "--key", KEY, "-p", "checkKeyPolicy=true", "--apply", "--yes", "--wait", "0"];
const WARNING: &str = "bucket-key-unknown: ";

/// The account, a bucket with an S3 Bucket Key, and its configuration item.
fn recorded(bucket_key: Value) -> State {
    let mut state = state(None);
    state.buckets[0].bucket_key = bucket_key == json!(true);
    let rules = json!({ "rules": [{
        "applyServerSideEncryptionByDefault": { "sseAlgorithm": "aws:kms" },
        "bucketKeyEnabled": bucket_key,
    }] });
    state.history.push(History {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        empty_pages: 0,
        items: vec![json!({
            "awsAccountId": ACCOUNT,
            "ARN": "arn:aws:s3:::example-logs",
            "awsRegion": REGION,
            "configurationItemCaptureTime": "2026-11-23T09:01:00.107Z",
            "configurationItemStatus": "OK",
            "configurationItemVersion": "1.3",
            "resourceType": "AWS::S3::Bucket",
            "resourceId": "example-logs",
            "configuration": { "name": "example-logs" },
            "supplementaryConfiguration": {
                "BucketPolicy": { "policyText": null },
                "ServerSideEncryptionConfiguration": rules,
            },
            "tags": {},
        })],
    });
    state
}

fn decrypts(lab: &Lab) -> bool {
    let policy: Value =
        serde_json::from_str(lab.state().keys[0].policy.as_deref().unwrap()).unwrap();
    policy["Statement"].as_array().unwrap().iter().any(|statement| {
        statement["Action"] == "kms:Decrypt"
            && statement["Principal"] == json!({ "Service": "cloudtrail.amazonaws.com" })
            && statement["Condition"] == json!({ "StringEquals": { "aws:SourceArn": TRAIL } })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn adds_the_grant_for_a_bucket_key() {
    for bucket_key in [true, false] {
        let lab = Lab::start(recorded(json!(bucket_key))).await.unwrap();
        let ended = run(&lab, &folder(&format!("bucket-key-{bucket_key}")), SEAL).expect(0);
        assert!(ended.out.contains("verdict   COMPLIANT"), "{}", ended.out);
        assert!(!ended.out.contains(WARNING), "{}", ended.out);
        assert_eq!(changes(&lab), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
        assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
        assert_eq!(decrypts(&lab), bucket_key, "{}", ended.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_if_the_bucket_key_setting_is_unknown() {
    for (name, state) in [
        ("unrecorded", state(None)),
        ("odd", recorded(json!("yes"))),
        ("null", recorded(json!(null))),
    ] {
        let lab = Lab::start(state).await.unwrap();
        let plan = ["audit", "--key", KEY];
        let ended = run(&lab, &folder(&format!("bucket-key-{name}")), &plan).expect(0);
        for args in [WARNING, "aws s3api get-bucket-encryption", "\"Action\":\"kms:Decrypt\""] {
            assert!(ended.out.contains(args), "{args}: {}", ended.out);
        }
    }
}
