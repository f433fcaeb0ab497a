//! The verdict on a trail that does not exist yet.

use std::time::Duration;

use accounts::{KEY_ACCOUNT, key_arn, key_of_trails, trail_arn};
use serde_json::{Value, json};
use trailseal_lab::{Alias, Fault, FaultKind, Operation, Position};

use super::{
    HookDesk, PATIENCE, Reply, STRICT, cloud_control, key, request, sealed, state, with, without,
};
use crate::acceptance::faults::desk::RETRY_POLICY;
use crate::acceptance::harness::{ACCOUNT, REGION};

/// The calls of a request in the profile `strict`.
const ALL_CALLS: [&str; 4] =
    ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "s3:HeadBucket"];

#[tokio::test]
async fn a_sealed_trail_is_accepted() {
    let desk = HookDesk::open(state(), &STRICT).await;
    for (request, point) in [
        (request(&sealed()), "CREATE_PRE_PROVISION"),
        (request(&sealed()), "UPDATE_PRE_PROVISION"),
        (cloud_control(&sealed()), "CREATE_PRE_PROVISION"),
        (cloud_control(&sealed()), "UPDATE_PRE_PROVISION"),
    ] {
        let reply = desk.send(&with(request, "actionInvocationPoint", json!(point))).await;
        let expected = format!(
            "trail `Trail`: sealed with {} (profile strict: 9 checks passed, skipped: \
                 delivery-unbroken)",
            key()
        );
        assert_eq!(reply.success(), expected);
        let passed = reply.states().iter().filter(|(_, state)| *state == "PASSED").count();
        assert_eq!((reply.states().len(), passed), (10, 9), "{:#}", reply.answer);
        let delivery = reply.annotation("delivery-unbroken");
        assert_eq!(delivery["status"], "SKIPPED");
        assert!(delivery["statusMessage"].as_str().unwrap().contains("nothing was delivered"));
        assert_eq!(reply.operations(), ALL_CALLS);
        assert!(reply.calls.len() == 4, "{:?}", reply.calls);
    }
}

#[tokio::test]
async fn a_refusal_has_cause_and_fix_and_an_annotation_per_check() {
    let mut state = state();
    state.keys[0].state = "Disabled".to_owned();
    let desk = HookDesk::open(state, &[("skipChecks", "key-allowed")]).await;
    let reply = desk.send_trail(&sealed()).await;
    assert_eq!(
        reply.refused(),
        "trail `Trail` (skipped: key-allowed): the key is disabled. Fix: enable the key, or set \
         kmsKeyId to another one"
    );
    assert_eq!(
        reply.states(),
        [
            ("sse-kms-enabled", "PASSED"),
            ("key-customer-managed", "PASSED"),
            ("key-usable", "FAILED"),
            ("key-in-bucket-region", "PASSED"),
            ("key-allowed", "SKIPPED"),
        ]
    );
    assert_eq!(
        *reply.annotation("key-usable"),
        json!({
            "annotationName": "key-usable",
            "status": "FAILED",
            "statusMessage": "the key is disabled",
            "remediationMessage": "enable the key, or set kmsKeyId to another one",
            "severityLevel": "HIGH",
        })
    );
}

/// Each trail, the calls about it, and a part of the message of the refusal.
#[tokio::test]
async fn trails_that_are_not_sealed_are_refused() {
    let desk = HookDesk::open(state(), &STRICT).await;
    let key_and_bucket = ["kms:DescribeKey", "s3:HeadBucket"];
    for (properties, calls, cause) in [
        (without(sealed(), "KMSKeyId"), &[][..], "the trail has no KMS key"),
        (with(sealed(), "KMSKeyId", json!(" ")), &[], "the trail has no KMS key"),
        (with(sealed(), "KMSKeyId", Value::Null), &[], "the trail has no KMS key"),
        (json!({}), &[], "the trail has no KMS key"),
        (
            with(sealed(), "KMSKeyId", json!("alias/aws/cloudtrail")),
            &[],
            "the key is managed by AWS",
        ),
        (
            with(sealed(), "KMSKeyId", json!(key_arn(ACCOUNT, REGION, 9))),
            &key_and_bucket,
            "the key does not exist",
        ),
        (
            with(sealed(), "S3BucketName", json!("no-such-bucket")),
            &ALL_CALLS,
            "the trail's bucket no-such-bucket does not exist",
        ),
        (
            with(sealed(), "TrailName", json!("other")),
            &ALL_CALLS,
            "the key policy does not let CloudTrail encrypt this trail",
        ),
    ] {
        let reply = desk.send_trail(&properties).await;
        assert!(reply.refused().contains(cause), "{:#}", reply.answer);
        assert!(reply.message().contains(". Fix: "), "{:#}", reply.answer);
        let mut expected = calls.to_vec();
        if properties["S3BucketName"].is_null() {
            expected.retain(|call| *call != "s3:HeadBucket");
        }
        assert_eq!(reply.operations(), expected, "{properties}");
    }
    assert_eq!(desk.lab.created_aws_managed_keys(), Vec::<String>::new());
}

#[tokio::test]
async fn an_alias_is_looked_up_in_the_region_of_the_bucket() {
    let mut state = state();
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/logs");
    state.aliases.push(Alias { arn, target_key_arn: key() });
    let desk = HookDesk::open(state, &STRICT).await;
    let id = key().split_once("key/").unwrap().1.to_owned();
    for named in ["alias/logs", &id] {
        let reply = desk.send_trail(&with(sealed(), "KMSKeyId", json!(named))).await;
        assert!(reply.success().contains(named), "{:#}", reply.answer);
        assert_eq!(reply.operations(), ALL_CALLS);
    }
}

/// A value of another type is never read as text, and AWS is not asked about it.
#[tokio::test]
async fn values_of_wrong_types_are_unverified() {
    let desk = HookDesk::open(state(), &[]).await;
    for (name, value, cause) in [
        ("KMSKeyId", json!({ "Ref": "Key" }), "`KMSKeyId` is an object, not text"),
        ("KMSKeyId", json!({ "Fn::GetAtt": ["Key", "Arn"] }), "`KMSKeyId` is an object"),
        ("KMSKeyId", json!(17), "`KMSKeyId` is a number"),
        ("KMSKeyId", json!(true), "`KMSKeyId` is a boolean"),
        ("KMSKeyId", json!([key()]), "`KMSKeyId` is a list"),
        ("KMSKeyId", json!("${Key.Arn}"), "`KMSKeyId` is not a key ARN, key ID or alias"),
        ("KMSKeyId", json!("{{resolve:ssm:/k}}"), "`KMSKeyId` is not a key ARN, key ID or alias"),
        ("KMSKeyId", json!("<Key>"), "`KMSKeyId` is not a key ARN, key ID or alias"),
        ("IsOrganizationTrail", json!({ "Ref": "All" }), "`IsOrganizationTrail` is an object"),
        ("IsOrganizationTrail", json!("perhaps"), "a value is not a truth value"),
    ] {
        let reply = desk.send_trail(&with(sealed(), name, value.clone())).await;
        assert!(reply.refused().contains(cause), "{value}: {:#}", reply.answer);
        assert_eq!(reply.count(Operation::DescribeKey), 0, "{value}");
    }
    // In no profile, and with no parameter, is a reference a key.
    let accepting = [("profile", "cis"), ("skipChecks", "key-customer-managed")];
    let accepting =
        HookDesk::open(state(), &[&accepting[..], &[("unverified", "NOT_APPLICABLE")]].concat())
            .await;
    for value in [json!({ "Ref": "Key" }), json!("${Key.Arn}"), json!("{{resolve:ssm:/k}}")] {
        let reply = accepting.send_trail(&with(sealed(), "KMSKeyId", value)).await;
        reply.success();
        assert_eq!(reply.annotation("sse-kms-enabled")["status"], "SKIPPED", "{:#}", reply.answer);
    }
    for value in [json!({ "Ref": "Bucket" }), json!(1), json!("<logs>"), json!("a/../b")] {
        let reply = desk.send_trail(&with(sealed(), "S3BucketName", value.clone())).await;
        assert!(reply.refused().contains("could not verify the Region of"), "{:#}", reply.answer);
        assert_eq!(reply.count(Operation::HeadBucket), 0, "{value}");
    }
    let reply = desk.send_trail(&without(sealed(), "S3BucketName")).await;
    assert!(reply.refused().contains("does not name a valid bucket"), "{:#}", reply.answer);
}

/// CloudFormation writes truth values as text, too.
#[tokio::test]
async fn a_trail_that_does_not_log_is_noted() {
    let desk = HookDesk::open(state(), &[]).await;
    for value in [json!(false), json!("false")] {
        let reply = desk.send_trail(&with(sealed(), "IsLogging", value)).await;
        assert!(reply.success().contains("(the trail does not log)"), "{:#}", reply.answer);
    }
}

/// An organization trail belongs to the management account, also if another account deploys it.
#[tokio::test]
async fn an_organization_trail_belongs_to_the_management_account() {
    let of_organization = |value: Value| with(sealed(), "IsOrganizationTrail", value);
    for value in [json!(true), json!("true")] {
        let desk = HookDesk::open(state(), &STRICT).await;
        let reply = desk.send_trail(&of_organization(value.clone())).await;
        let cause = "could not verify that the key is allowed";
        assert!(reply.refused().contains("TRAILSEAL_MANAGEMENT_ACCOUNT"), "{:#}", reply.answer);
        assert_eq!(reply.annotation("key-allowed")["status"], "FAILED", "{cause}");
        // The management account deploys its own trail.
        let desk = HookDesk::open_in_organization(state(), ACCOUNT).await;
        let reply = desk.send_trail(&of_organization(value.clone())).await;
        let note = "(evaluated as an organization trail of 111122223333)";
        assert!(reply.success().contains(note), "{:#}", reply.answer);
        // A delegated administrator deploys it, with a key of its own.
        let desk = HookDesk::open_in_organization(state(), KEY_ACCOUNT).await;
        let reply = desk.send_trail(&of_organization(value)).await;
        assert!(reply.refused().contains("belongs to account 111122223333"), "{:#}", reply.answer);
        let policy = reply.annotation("key-policy-admits-cloudtrail");
        assert_eq!(policy["status"], "FAILED", "{:#}", reply.answer);
    }
}

/// AWS does not document in which Region CloudTrail looks up an alias.
#[tokio::test]
async fn an_alias_is_certain_only_if_trail_and_bucket_are_in_one_region() {
    let mut state = state();
    state.buckets = vec![accounts::bucket("logs", ACCOUNT, "eu-west-1")];
    for region in [REGION, "eu-west-1"] {
        let of_region = key_arn(ACCOUNT, region, 3);
        state.keys.push(key_of_trails(&of_region, &[&trail_arn(ACCOUNT, REGION, "new")]));
        let arn = format!("arn:aws:kms:{region}:{ACCOUNT}:alias/logs");
        state.aliases.push(Alias { arn, target_key_arn: of_region });
    }
    let desk = HookDesk::open(state, &[]).await;
    let reply = desk.send_trail(&with(sealed(), "KMSKeyId", json!("alias/logs"))).await;
    let cause = "in which Region CloudTrail looks up `alias/logs`";
    assert!(reply.refused().contains(cause), "{:#}", reply.answer);
    assert_eq!(reply.annotation("key-usable")["status"], "FAILED");
}

/// The evidence of an earlier reading decides if a later one fails.
#[tokio::test]
async fn a_refusal_is_not_lost_if_kms_fails_later() {
    let mut denied = state();
    denied.denials.push(accounts::denial("kms:DescribeKey"));
    let parameters = [("unverified", "NOT_APPLICABLE")];
    let patience = Duration::from_secs(10);
    let desk = HookDesk::open_with(denied, &parameters, RETRY_POLICY, patience).await;
    let fail = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let kind = FaultKind::from_name("internal-error", Duration::ZERO).unwrap();
        desk.lab.inject(Fault::of(Operation::DescribeKey, Position::Every, kind));
    };
    let properties = sealed();
    let (reply, ()) = tokio::join!(desk.send_trail(&properties), fail);
    assert!(reply.success().contains("kms:DescribeKey was denied"), "{:#}", reply.answer);
    assert!(reply.count(Operation::DescribeKey) > 2, "{:?}", reply.calls);
}

/// Without a name, the trail's ARN is not known: only a policy that admits every trail of the
/// account is proof.
#[tokio::test]
async fn the_name_of_a_trail_may_be_unknown() {
    let unnamed = without(sealed(), "TrailName");
    let desk = HookDesk::open(state(), &STRICT).await;
    for properties in [
        unnamed.clone(),
        with(sealed(), "TrailName", json!({ "Ref": "Name" })),
        with(sealed(), "TrailName", json!("<name>")),
    ] {
        let reply = desk.send_trail(&properties).await;
        let cause = "could not verify that the key policy admits CloudTrail";
        assert!(reply.refused().contains(cause), "{:#}", reply.answer);
    }
    let mut state = state();
    let all = trail_arn(ACCOUNT, REGION, "*");
    let policy = key_of_trails(&key(), &[&all]).policy.unwrap();
    state.keys[0].policy = Some(policy.replace("StringEquals", "ArnLike"));
    let desk = HookDesk::open(state, &STRICT).await;
    let reply = desk.send_trail(&unnamed).await;
    assert_eq!(reply.annotation("key-policy-admits-cloudtrail")["status"], "PASSED");
}

#[tokio::test]
async fn only_an_exemption_of_every_name_exempts_a_trail_without_one() {
    let of = |name: &str| format!("arn:aws:cloudtrail:*:{ACCOUNT}:trail/{name}");
    for (pattern, is_exempt) in [("*", true), ("*ame*", false), ("*e>", false)] {
        let desk = HookDesk::open(state(), &[("exemptTrails", &of(pattern))]).await;
        let properties = without(without(sealed(), "TrailName"), "KMSKeyId");
        let reply = desk.send_trail(&properties).await;
        if is_exempt {
            assert!(reply.success().contains("the trail is exempt"), "{pattern}");
            assert_eq!(reply.answer["annotations"], json!([]));
        } else {
            assert!(reply.refused().contains("no KMS key"), "{pattern}");
        }
    }
}

#[tokio::test]
async fn the_parameter_decides_about_evidence_that_aws_refuses() {
    let mut state = state();
    state.denials.push(accounts::denial("kms:DescribeKey"));
    for (value, code, check) in [
        ("NON_COMPLIANT", Some("NonCompliant"), "FAILED"),
        ("NOT_APPLICABLE", None, "SKIPPED"),
        ("COMPLIANT", None, "SKIPPED"),
    ] {
        let desk = HookDesk::open(state.clone(), &[("unverified", value)]).await;
        let reply = desk.send_trail(&sealed()).await;
        assert_eq!(reply.answer.get("errorCode").and_then(Value::as_str), code, "{value}");
        assert!(reply.message().contains("kms:DescribeKey"), "{:#}", reply.answer);
        assert_eq!(reply.annotation("key-usable")["status"], check);
        let premise = "reported as compliant because unverified=COMPLIANT";
        assert_eq!(reply.message().contains(premise), value == "COMPLIANT");
    }
}

#[tokio::test]
async fn a_key_of_another_account_is_refused_unless_the_account_is_allowed() {
    let mut state = state();
    let foreign = key_arn(KEY_ACCOUNT, REGION, 2);
    state.accounts.push(accounts::account(
        KEY_ACCOUNT,
        trailseal_lab::Membership::Outside,
        &[REGION],
    ));
    state.keys.push(key_of_trails(&foreign, &[&trail_arn(ACCOUNT, REGION, "new")]));
    let properties = with(sealed(), "KMSKeyId", json!(foreign));
    let desk = HookDesk::open(state.clone(), &[]).await;
    let reply = desk.send_trail(&properties).await;
    assert!(reply.refused().contains("belongs to account 777788889999"), "{:#}", reply.answer);
    let desk = HookDesk::open(state, &[("allowedKeyAccounts", KEY_ACCOUNT)]).await;
    desk.send_trail(&properties).await.success();
}

/// The key and its alias appear while the Hook waits.
#[tokio::test]
async fn a_key_that_appears_in_time_is_read_again() {
    for hide in [
        |state: &mut trailseal_lab::State| state.keys.clear(),
        |state: &mut trailseal_lab::State| state.buckets.clear(),
        |state: &mut trailseal_lab::State| state.keys[0].state = "Creating".to_owned(),
        // What KMS shows of a key that was made or changed seconds ago can be old.
        |state: &mut trailseal_lab::State| {
            state.keys[0].state = "Creating".to_owned();
            state.keys[0].rotation.enabled = false;
        },
        |state: &mut trailseal_lab::State| {
            state.keys[0].policy =
                key_of_trails(&key(), &[&trail_arn(ACCOUNT, REGION, "old")]).policy;
            state.buckets.clear();
        },
        |state: &mut trailseal_lab::State| {
            for operation in ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"] {
                state.denials.push(accounts::denial(operation));
            }
        },
    ] {
        let mut hidden = state();
        hide(&mut hidden);
        let patience = Duration::from_secs(10);
        let desk = HookDesk::open_with(hidden, &STRICT, RETRY_POLICY, patience).await;
        let appear = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            desk.lab.edit(|now| *now = state());
        };
        let properties = sealed();
        let (reply, ()) = tokio::join!(desk.send_trail(&properties), appear);
        assert!(reply.success().contains("sealed with"), "{:#}", reply.answer);
        assert!(reply.count(Operation::DescribeKey) == 2, "{:?}", reply.operations());
    }
}

#[tokio::test]
async fn a_key_that_does_not_appear_is_refused_when_the_patience_ends() {
    let mut hidden = state();
    hidden.keys.clear();
    let desk = HookDesk::open(hidden, &STRICT).await;
    let begun = std::time::Instant::now();
    let reply: Reply = desk.send_trail(&sealed()).await;
    assert!(reply.refused().contains("the key does not exist"), "{:#}", reply.answer);
    assert!(reply.count(Operation::DescribeKey) > 2);
    assert!(begun.elapsed() >= PATIENCE / 2);
}

/// Waiting for the bucket or the key policy cannot help where something else is wrong.
#[tokio::test]
async fn a_trail_that_is_refused_in_any_case_is_not_read_again() {
    let foreign = key_arn(KEY_ACCOUNT, REGION, 2);
    let mut without_bucket = state();
    without_bucket.buckets.clear();
    without_bucket.accounts.push(accounts::account(
        KEY_ACCOUNT,
        trailseal_lab::Membership::Outside,
        &[REGION],
    ));
    without_bucket.keys.push(key_of_trails(&foreign, &[&trail_arn(ACCOUNT, REGION, "new")]));
    let mut disabled = state();
    disabled.keys[0].state = "Disabled".to_owned();
    disabled.denials.push(accounts::denial("kms:GetKeyPolicy"));
    for (state, properties, cause) in [
        (without_bucket, with(sealed(), "KMSKeyId", json!(foreign)), "belongs to account"),
        (disabled, sealed(), "the key is disabled"),
    ] {
        let patience = Duration::from_secs(10);
        let desk = HookDesk::open_with(state, &STRICT, RETRY_POLICY, patience).await;
        let reply = desk.send_trail(&properties).await;
        assert!(reply.refused().contains(cause), "{:#}", reply.answer);
        assert_eq!(reply.count(Operation::DescribeKey), 1, "{:?}", reply.operations());
        assert_eq!(reply.count(Operation::HeadBucket), 1, "{:?}", reply.operations());
    }
}
