//! A bucket with an S3 Bucket Key, for which CloudTrail also needs `kms:Decrypt`.

use serde_json::{Value, json};
use trailseal_lab::{Lab, State};

use super::support::{KEY, TRAIL, changes, folder, key_of, recorded, run, state};

const SEAL: &[&str] =
    &["audit", "--key", KEY, "-p", "checkKeyPolicy=true", "--apply", "--yes", "--wait", "0"];
const WARNING: &str = "bucket-key-unknown: ";

/// The account, a bucket with an S3 Bucket Key, and its configuration item.
fn with_bucket_key(bucket_key: Value) -> State {
    let is_true = bucket_key == json!(true);
    let rules = json!({ "rules": [{
        "applyServerSideEncryptionByDefault": { "sseAlgorithm": "aws:kms" },
        "bucketKeyEnabled": bucket_key,
    }] });
    let mut state = recorded(json!({
        "BucketPolicy": { "policyText": null },
        "ServerSideEncryptionConfiguration": rules,
    }));
    state.buckets[0].bucket_key = is_true;
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
        let lab = Lab::start(with_bucket_key(json!(bucket_key))).await.unwrap();
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
        ("odd", with_bucket_key(json!("yes"))),
        ("null", with_bucket_key(json!(null))),
    ] {
        let lab = Lab::start(state).await.unwrap();
        let plan = ["audit", "--key", KEY];
        let ended = run(&lab, &folder(&format!("bucket-key-{name}")), &plan).expect(0);
        for args in [WARNING, "aws s3api get-bucket-encryption", "\"Action\":\"kms:Decrypt\""] {
            assert!(ended.out.contains(args), "{args}: {}", ended.out);
        }
    }
}
