//! A bucket policy that denies deliveries with a key.

use serde_json::{Value, json};
use trailseal_lab::{Lab, State};

use super::support::{KEY, TRAIL, changes, folder, key_of, recorded, run};

const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/99999999-0000-4000-8000-999999999999";

/// An account whose bucket admits CloudTrail and denies deliveries with this condition.
fn with_deny(operator: &str, key: &str, value: &str) -> State {
    let statement = |sid: &str, effect: &str, principal: Value, condition: Value| {
        json!({
            "Sid": sid,
            "Effect": effect,
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::example-logs/*",
            "Condition": condition,
        })
    };
    let cloudtrail = json!({ "Service": "cloudtrail.amazonaws.com" });
    let acl = json!({ "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } });
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        statement("AWSCloudTrailWrite", "Allow", cloudtrail, acl),
        statement("DenyWrongKMSKey", "Deny", json!("*"), json!({ operator: { key: value } })),
    ] });
    recorded(json!({ "BucketPolicy": { "policyText": policy.to_string() } }))
}

const KEY_ID: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const APPLY: &[&str] = &["audit", "--key", KEY, "--apply", "--yes", "--wait", "0"];

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_key_with_which_the_bucket_policy_denies_deliveries() {
    for operator in ["StringNotEquals", "StringNotEqualsIfExists"] {
        let lab = Lab::start(with_deny(operator, KEY_ID, OTHER)).await.unwrap();
        let ended = run(&lab, &folder(&format!("bucket-policy-{operator}")), APPLY).expect(1);
        let why = "bucket-policy-denies: statement `DenyWrongKMSKey` of the bucket policy denies";
        assert!(ended.err.contains(why), "{}", ended.err);
        assert_eq!(changes(&lab), [""; 0]);
        assert_eq!(key_of(&lab.state(), TRAIL), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_if_the_bucket_policy_may_deny_deliveries() {
    for (name, key, value, warns) in
        [("same-key", KEY_ID, KEY, false), ("owner", "aws:ResourceAccount", "111122223333", true)]
    {
        let lab = Lab::start(with_deny("StringNotEquals", key, value)).await.unwrap();
        let ended = run(&lab, &folder(&format!("bucket-policy-{name}")), APPLY).expect(0);
        assert_eq!(ended.out.contains("bucket-policy-in-doubt: "), warns, "{}", ended.out);
        assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
    }
}
