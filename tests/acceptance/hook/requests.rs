//! Requests that are not about a trail, are malformed, or are hostile.

use std::time::Duration;

use serde_json::{Value, json};

use super::{HookDesk, STRICT, cloud_control, request, sealed, state, with};
use crate::acceptance::harness::{ACCOUNT, REGION};

/// A request with another value at a JSON pointer.
fn changed(pointer: &str, value: Value) -> Value {
    let mut request = request(&sealed());
    *request.pointer_mut(pointer).unwrap() = value;
    request
}

fn lacking(folder: &str, name: &str) -> Value {
    let mut request = request(&sealed());
    let members = request.pointer_mut(folder).unwrap().as_object_mut().unwrap();
    members.remove(name).unwrap();
    request
}

#[tokio::test]
async fn the_token_is_sent_back_if_there_is_one() {
    let desk = HookDesk::open(state(), &[]).await;
    let token = "b3f8c1d2-0000-4000-8000-000000000001";
    let reply = desk.send(&request(&sealed())).await;
    assert_eq!(reply.answer["clientRequestToken"], token);
    let reply = desk.send(&lacking("", "clientRequestToken")).await;
    reply.success();
    assert_eq!(reply.answer.get("clientRequestToken"), None);
    let mut other_spelling = lacking("", "clientRequestToken");
    other_spelling["clientRequesttoken"] = json!(token);
    assert_eq!(desk.send(&other_spelling).await.answer["clientRequestToken"], token);
    // A request that cannot be used has one, too.
    let reply = desk.send(&changed("/awsAccountId", json!("1"))).await;
    reply.internal();
    assert_eq!(reply.answer["clientRequestToken"], token);
}

#[tokio::test]
async fn other_targets_and_deletions_succeed_with_the_reason() {
    let desk = HookDesk::open(state(), &[]).await;
    for (request, reason) in [
        (changed("/requestData/targetName", json!("STACK")), "`STACK` is not evaluated"),
        (changed("/requestData/targetName", json!("CHANGE_SET")), "`CHANGE_SET` is not evaluated"),
        (
            changed("/requestData", json!({ "targetName": "AWS::S3::Bucket" })),
            "`AWS::S3::Bucket` is not evaluated, only AWS::CloudTrail::Trail",
        ),
        (
            changed("/actionInvocationPoint", json!("DELETE_PRE_PROVISION")),
            "the deletion of a trail is not evaluated",
        ),
    ] {
        let reply = desk.send(&request).await;
        assert!(reply.success().starts_with(reason), "{:#}", reply.answer);
        assert_eq!(reply.calls.len(), 0);
    }
}

/// An invocation point that AWS adds later is evaluated like a change.
#[tokio::test]
async fn an_unknown_invocation_point_is_evaluated() {
    let desk = HookDesk::open(state(), &[]).await;
    let reply = desk.send(&changed("/actionInvocationPoint", json!("IMPORT_PRE_PROVISION"))).await;
    assert!(reply.success().contains("sealed with"));
}

#[tokio::test]
async fn a_malformed_request_is_an_internal_failure_that_names_every_fault() {
    let desk = HookDesk::open(state(), &[]).await;
    let other = format!("arn:aws:cloudformation:{REGION}:444455556666:stack/audit/1a2b3c4d");
    let model = "/requestData/targetModel";
    for (request, fault) in [
        (json!([]), "`request` is a list"),
        (json!({}), "`awsAccountId` is missing"),
        (json!({}), "`actionInvocationPoint` is missing"),
        (json!({}), "`requestData` is missing"),
        (lacking("", "awsAccountId"), "`awsAccountId` is missing"),
        (changed("/awsAccountId", json!(111_122_223_333_u64)), "`awsAccountId` is a number"),
        (changed("/stackId", json!("audit")), "`stackId` is `audit`; expected the ARN of a stack"),
        (changed("/stackId", json!({})), "`stackId` is an object"),
        (changed("/stackId", json!(other)), "`stackId` names another account"),
        (
            changed("/stackId", json!(format!("arn:aws:cloudformation:nowhere:{ACCOUNT}:stack/a"))),
            "`stackId` is `arn:aws:cloudformation:nowhere",
        ),
        (changed("/clientRequestToken", json!(7)), "`clientRequestToken` is a number"),
        (changed("/actionInvocationPoint", json!("")), "`actionInvocationPoint` is missing"),
        (changed("/requestData", json!("")), "`requestData` is text"),
        (lacking("/requestData", "targetName"), "`requestData.targetName` is missing"),
        (lacking("/requestData", "targetModel"), "`requestData.targetModel` is missing"),
        (
            lacking(model, "resourceProperties"),
            "`requestData.targetModel.resourceProperties` is missing",
        ),
        (
            changed("/requestData/targetModel/resourceProperties", json!([])),
            "`requestData.targetModel.resourceProperties` is a list",
        ),
    ] {
        let reply = desk.send(&request).await;
        let message = reply.internal();
        assert!(message.starts_with("the request cannot be used: "), "{message}");
        assert!(message.contains(fault), "{fault}: {message}");
        assert_eq!(reply.calls.len(), 0);
    }
    for bytes in [&b""[..], b"{", b"\xff", b"null", b"7"] {
        let reply = desk.send_within(bytes, Duration::from_secs(9)).await;
        assert!(reply.internal().contains("`request` is "), "{:#}", reply.answer);
    }
}

/// Whatever a request says, the answer is one line of ASCII within the limit of its target.
#[tokio::test]
async fn hostile_texts_are_cut_and_cleaned() {
    let desk = HookDesk::open(state(), &STRICT).await;
    let long = "\u{1f512}\u{202e}\n\u{0}<script>".repeat(100_000);
    let huge = json!(long);
    let (unusable, refused) = (Some("InternalFailure"), Some("NonCompliant"));
    for (pointer, code) in [
        ("/awsAccountId", unusable),
        ("/stackId", unusable),
        ("/actionInvocationPoint", None),
        ("/requestData/targetName", None),
        ("/requestData/targetType", None),
        ("/requestData/targetLogicalId", None),
        ("/requestData/targetModel/resourceProperties/KMSKeyId", refused),
        ("/requestData/targetModel/resourceProperties/S3BucketName", refused),
        ("/requestData/targetModel/resourceProperties/TrailName", refused),
        ("/requestData/targetModel/resourceProperties/IsLogging", None),
        ("/requestData/targetModel/resourceProperties/IsMultiRegionTrail", None),
    ] {
        let reply = desk.send(&changed(pointer, huge.clone())).await;
        let message = reply.message();
        assert!(message.len() <= 4096, "{pointer}");
        assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{pointer}: {message}");
        let answered = reply.answer.get("errorCode").and_then(Value::as_str);
        assert_eq!(answered, code, "{pointer}: {message}");
        assert!(reply.answer.to_string().len() < 20_000, "{pointer}");
        assert!(reply.log.lines().count() == 1 && reply.log.len() < 20_000, "{pointer}");
    }
}

/// A policy statement that does not fit is left out before a cause is cut.
#[tokio::test]
async fn the_message_of_the_cloud_control_api_is_shorter() {
    let mut state = state();
    state.keys[0].rotation.enabled = false;
    state.keys[0].state = "Disabled".to_owned();
    let desk = HookDesk::open(state, &STRICT).await;
    let named = with(sealed(), "TrailName", json!("x".repeat(128)));
    let properties = with(named, "S3BucketName", json!("no-such-bucket"));
    let named = |mut request: Value| {
        request["requestData"]["targetLogicalId"] = json!("T".repeat(80));
        request
    };
    let of_stack = desk.send(&named(request(&properties))).await;
    let of_api = desk.send(&named(cloud_control(&properties))).await;
    assert!(of_stack.refused().len() > 1024, "{}", of_stack.message());
    assert!(of_stack.message().contains(r#"{"Effect":"Allow""#), "{}", of_stack.message());
    assert!(of_api.refused().len() <= 1024, "{}", of_api.message());
    assert!(!of_api.message().contains(r#"{"Effect":"Allow""#), "{}", of_api.message());
    assert!(of_api.message().contains("the key is not rotated"), "{}", of_api.message());
    assert_eq!(of_stack.states(), of_api.states());
}

/// The Region is that of the stack, and that of the function without one.
#[tokio::test]
async fn the_trail_is_in_the_region_of_the_stack() {
    let desk = HookDesk::open(state(), &[]).await;
    let elsewhere = format!("arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/audit/1a2b3c4d");
    let reply = desk.send(&changed("/stackId", json!(elsewhere))).await;
    let log: Value = serde_json::from_str(&reply.log).unwrap();
    assert_eq!(log["trail"], format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/new"));
    let reply = desk.send(&cloud_control(&sealed())).await;
    let log: Value = serde_json::from_str(&reply.log).unwrap();
    assert_eq!(log["trail"], format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/new"));
    assert_eq!(log["checks"]["key-usable"], "pass");
    assert_eq!(log["calls"]["kms:DescribeKey"], 1);
}

/// Time ends: AWS answers too late, or never.
#[tokio::test]
async fn a_request_is_answered_before_its_deadline() {
    let desk = HookDesk::open(state(), &[]).await;
    desk.lab.set_latency(Duration::from_secs(3600));
    let begun = std::time::Instant::now();
    let bytes = request(&sealed()).to_string();
    let reply = desk.send_within(bytes.as_bytes(), Duration::from_millis(500)).await;
    assert_eq!(
        reply.internal(),
        "trail `Trail` was not evaluated: time ran out while reading the evidence"
    );
    assert!(begun.elapsed() < Duration::from_secs(3));
}
