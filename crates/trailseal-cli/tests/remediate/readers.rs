//! The readers of the bucket, according to its configuration item.

use serde_json::{Value, json};
use trailseal_lab::{Denial, Fault, FaultKind, History, Lab, Operation, Position, State};

use super::support::{ACCOUNT, Ended, KEY, REGION, folder, run, state};

const SIEM: &str = "arn:aws:iam::444455556666:role/siem";
const AUDITOR: &str = "arn:aws:iam::111122223333:role/auditor";

/// The account, with the configuration item of the bucket.
fn recorded(bucket_policy: Value) -> State {
    let mut state = state(None);
    state.history.push(History {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        empty_pages: 0,
        items: vec![item(bucket_policy)],
    });
    state
}

fn item(bucket_policy: Value) -> Value {
    json!({
        "awsAccountId": ACCOUNT,
        "ARN": "arn:aws:s3:::example-logs",
        "awsRegion": REGION,
        "configurationItemCaptureTime": "2026-11-23T09:01:00.107Z",
        "configurationItemStatus": "OK",
        "configurationItemVersion": "1.3",
        "resourceType": "AWS::S3::Bucket",
        "resourceId": "example-logs",
        "configuration": { "name": "example-logs" },
        "supplementaryConfiguration": { "BucketPolicy": bucket_policy },
        "tags": {},
    })
}

fn reads(principal: Value) -> Value {
    json!({
        "Sid": "Read", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::example-logs/*",
    })
}

fn policy(statements: Value) -> Value {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    json!({ "policyText": policy.to_string() })
}

async fn planned(name: &str, state: State) -> (Ended, Lab) {
    let lab = Lab::start(state).await.unwrap();
    let ended = run(&lab, &folder(name), &["audit", "--key", KEY]).expect(0);
    assert_eq!(lab.take_delivery_moments(), []);
    (ended, lab)
}

fn item_reads(lab: &Lab) -> usize {
    let calls = lab.take_calls();
    calls.iter().filter(|call| call.operation == "config:BatchGetResourceConfig").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_readers_and_whether_they_can_decrypt() {
    let statements = json!([reads(json!({ "AWS": [SIEM, AUDITOR] })), reads(json!("*"))]);
    let (ended, lab) = planned("readers", recorded(policy(statements))).await;
    for args in [
        &format!("no             {SIEM}"),
        &format!("if IAM allows  {AUDITOR}"),
        &format!("readers-lose-access: the key policy does not let {SIEM} decrypt"),
        &format!("readers-need-iam: {AUDITOR} can decrypt new log files only if"),
        "readers-unknown: the bucket policy allows other readers: ",
        "statement `Read` lets everybody read",
        "readers-by-iam-unseen: ",
        "2026-11-23T09:01:00.107Z: principals of account 111122223333 that read",
    ] {
        assert!(ended.out.contains(args), "{args}: {}", ended.out);
    }
    assert_eq!(item_reads(&lab), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_of_readers_by_iam_without_a_bucket_policy() {
    let (ended, _) = planned("no-policy", recorded(json!({ "policyText": null }))).await;
    assert!(!ended.out.contains("readers-unknown"), "{}", ended.out);
    assert!(ended.out.contains("readers-by-iam-unseen: "), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn unexpected_items_leave_the_readers_unknown() {
    let with = |member: &str, value: Value| {
        let mut state = recorded(json!({ "policyText": null }));
        state.history[0].items[0][member] = value;
        state
    };
    for (number, (state, why)) in [
        (state(None), "AWS Config has recorded no bucket example-logs of account 111122223333"),
        (recorded(json!({})), "BucketPolicy is not a JSON object with `policyText` alone"),
        (recorded(json!({ "policyText": {} })), "`policyText` is neither a text nor null"),
        (recorded(json!({ "policyText": "{}" })), "the bucket policy is invalid"),
        (with("supplementaryConfiguration", json!({})), "it has no BucketPolicy"),
        (with("configurationItemStatus", json!("ResourceNotRecorded")), "its status is"),
        (with("awsRegion", json!("eu-west-1")), "it is of another resource"),
        (with("awsAccountId", json!("444455556666")), "it is of another resource"),
    ]
    .into_iter()
    .enumerate()
    {
        let (ended, _) = planned(&format!("not-understood-{number}"), state).await;
        let unknown = "readers-unknown: it is not known who reads the log files (";
        assert!(ended.out.contains(unknown), "{why}: {}", ended.out);
        assert!(ended.out.contains(why), "{why}: {}", ended.out);
        assert!(!ended.out.contains("readers-by-iam-unseen"), "{why}: {}", ended.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_or_failed_read_does_not_prevent_a_plan() {
    let operation = "config:BatchGetResourceConfig".to_owned();
    let mut state = recorded(policy(json!([reads(json!({ "AWS": SIEM }))])));
    state.denials.push(Denial {
        account: ACCOUNT.to_owned(),
        operation,
        about: None,
        policy: Some("none".to_owned()),
        error: None,
    });
    let (ended, _) = planned("readers-denied", state).await;
    let unknown = "(config:BatchGetResourceConfig was denied): every reader now needs";
    assert!(ended.out.contains(unknown), "{}", ended.out);

    let lab = Lab::start(recorded(policy(json!([])))).await.unwrap();
    let batch = Operation::BatchGetResourceConfig;
    lab.inject(Fault::of(batch, Position::Every, FaultKind::NotFound));
    let ended = run(&lab, &folder("no-recorder"), &["audit", "--key", KEY]).expect(0);
    assert!(ended.out.contains("NoAvailableConfigurationRecorderException"), "{}", ended.out);
}
