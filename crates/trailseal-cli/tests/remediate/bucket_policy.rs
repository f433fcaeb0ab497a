//! A bucket policy that denies deliveries with a key.

use serde_json::{Value, json};
use trailseal_lab::{Lab, State};

use super::support::{KEY, TRAIL, changes, folder, key_of, recorded, run};

const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/99999999-0000-4000-8000-999999999999";

/// An account whose bucket admits CloudTrail and denies deliveries with this condition.
fn with_deny(operator: &str, key: &str, value: &str) -> State {
    with_deny_of("*", operator, key, value)
}

/// The same, for objects of this name.
fn with_deny_of(objects: &str, operator: &str, key: &str, value: &str) -> State {
    let statement = |sid: &str, effect: &str, principal: Value, condition: Value| {
        let objects = if effect == "Deny" { objects } else { "*" };
        json!({
            "Sid": sid,
            "Effect": effect,
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::example-logs/{objects}"),
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
        let why = "bucket-policy-denies: deliveries with the key are denied by statement \
            `DenyWrongKMSKey` of the bucket policy that AWS Config recorded at 20";
        assert!(ended.err.contains(why), "{}", ended.err);
        assert_eq!(changes(&lab), [""; 0]);
        assert_eq!(key_of(&lab.state(), TRAIL), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_by_the_place_of_the_log_files_and_for_a_new_key() {
    for (number, (prefix, objects, is_refused)) in [
        (None, "AWSLogs/111122223333/*", true),
        (Some("team"), "team/AWSLogs/*", true),
        (Some("team"), "AWSLogs/*", false),
    ]
    .into_iter()
    .enumerate()
    {
        for key in [&["--key", KEY][..], &["--create-key"]] {
            let mut state = with_deny_of(objects, "StringNotEquals", KEY_ID, OTHER);
            for trail in &mut state.trails {
                trail.s3_key_prefix = prefix.map(str::to_owned);
            }
            let lab = Lab::start(state).await.unwrap();
            let folder = folder(&format!("bucket-policy-place-{number}{}", key[0]));
            let ended = run(&lab, &folder, &[&["audit"], key].concat());
            let ended = ended.expect(i32::from(is_refused));
            assert_eq!(ended.err.contains("bucket-policy-denies: "), is_refused, "{}", ended.err);
            assert!(!ended.out.contains("bucket-policy-in-doubt: "), "{}", ended.out);
            let calls = lab.take_calls();
            let lists = calls.iter().filter(|call| call.operation == "cloudtrail:DescribeTrails");
            assert_eq!(lists.count(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_if_the_bucket_policy_may_deny_deliveries() {
    for (name, objects, (operator, key, value), warns) in [
        ("same-key", "*", ("StringNotEquals", KEY_ID, KEY), false),
        ("one-region", "AWSLogs/*/us-east-1/*", ("StringNotEquals", KEY_ID, OTHER), true),
        ("owner", "*", ("StringNotEquals", "aws:ResourceAccount", "111122223333"), false),
        ("tls", "*", ("NumericLessThan", "s3:TlsVersion", "1.2"), false),
        ("transport", "*", ("BoolIfExists", "aws:SecureTransport", "false"), false),
        ("organization", "*", ("StringNotEquals", "aws:SourceOrgID", "o-1"), false),
    ] {
        let lab = Lab::start(with_deny_of(objects, operator, key, value)).await.unwrap();
        let ended = run(&lab, &folder(&format!("bucket-policy-{name}")), APPLY).expect(0);
        let warning = "bucket-policy-in-doubt: deliveries with the key may be denied by statement \
            `DenyWrongKMSKey` of the bucket policy that AWS Config recorded at 20";
        assert_eq!(ended.out.contains(warning), warns, "{}", ended.out);
        assert_eq!(ended.out.contains("bucket-policy-in-doubt"), warns, "{}", ended.out);
        assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
    }
}
