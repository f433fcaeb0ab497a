//! The readers of the bucket, according to its configuration item.

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Lab, Operation, Position, State};

use super::support::{Ended, KEY, denied, folder, recorded, run, state};

const SIEM: &str = "arn:aws:iam::444455556666:role/siem";
const AUDITOR: &str = "arn:aws:iam::111122223333:role/auditor";

/// The account, with the policy in the configuration item of the bucket.
fn with_policy(bucket_policy: Value) -> State {
    recorded(json!({ "BucketPolicy": bucket_policy }))
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
    let (ended, lab) = planned("readers", with_policy(policy(statements))).await;
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
    let (ended, _) = planned("no-policy", with_policy(json!({ "policyText": null }))).await;
    assert!(!ended.out.contains("readers-unknown"), "{}", ended.out);
    assert!(ended.out.contains("readers-by-iam-unseen: "), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn unexpected_items_leave_the_readers_unknown() {
    let with = |member: &str, value: Value| {
        let mut state = with_policy(json!({ "policyText": null }));
        state.history[0].items[0][member] = value;
        state
    };
    for (number, (state, why)) in [
        (state(None), "AWS Config has recorded no bucket example-logs of account 111122223333"),
        (with_policy(json!({})), "BucketPolicy is not a JSON object with `policyText` alone"),
        (with_policy(json!({ "policyText": {} })), "`policyText` is neither a text nor null"),
        (with_policy(json!({ "policyText": "{}" })), "the bucket policy is invalid"),
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
    let mut state = with_policy(policy(json!([reads(json!({ "AWS": SIEM }))])));
    state.denials.push(denied("config:BatchGetResourceConfig"));
    let (ended, _) = planned("readers-denied", state).await;
    let unknown = "(config:BatchGetResourceConfig was denied): every reader now needs";
    assert!(ended.out.contains(unknown), "{}", ended.out);

    let lab = Lab::start(with_policy(policy(json!([])))).await.unwrap();
    let batch = Operation::BatchGetResourceConfig;
    lab.inject(Fault::of(batch, Position::Every, FaultKind::NotFound));
    let ended = run(&lab, &folder("no-recorder"), &["audit", "--key", KEY]).expect(0);
    assert!(ended.out.contains("NoAvailableConfigurationRecorderException"), "{}", ended.out);
}
