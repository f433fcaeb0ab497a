//! Refusals that only a person can lift: they are named, and leave no old COMPLIANT unnoticed.

use serde_json::{Value, json};
use trailseal_lab::{Denial, Operation, State};

use super::faults::accounts::{account_with_trails, rule, schedule, trail_arn, with};
use super::faults::desk::{Desk, Sent};
use super::harness::{ACCOUNT, REGION, TIME, bootstrap_of, lab, read_state};

fn denial(operation: &str) -> Denial {
    Denial { account: ACCOUNT.to_owned(), operation: operation.to_owned(), ..Denial::default() }
}

async fn scheduled(denials: Vec<Denial>, parameters: &[(&str, &str)]) -> Sent {
    let state = State { denials, ..account_with_trails(&[(0, 0)]) };
    Desk::open(state).await.send(&with(schedule(ACCOUNT, REGION), parameters)).await
}

#[tokio::test]
async fn a_service_control_policy_is_named_without_the_text_of_aws() {
    let sent = scheduled(vec![denial("kms:DescribeKey")], &[]).await;
    let said = sent.annotation("t0");
    let policy = "with an explicit deny in a service control policy";
    assert!(said.contains(&format!("kms:DescribeKey was denied {policy}")), "{said}");
    let fix = "exempt the role from the Deny of kms:DescribeKey in the service control policy";
    assert!(said.ends_with(fix), "{said}");
    assert!(sent.log.contains(fix), "{}", sent.log);
    let sent = scheduled(vec![denial("cloudtrail:DescribeTrails")], &[]).await;
    sent.assert_failure("PermissionMissing", &["cloudtrail:DescribeTrails in us-east-1", policy]);
    assert!(sent.log.contains(policy), "{}", sent.log);
    assert!(!sent.log.contains("is not authorized"), "{}", sent.log);
    assert_eq!(sent.put, []);
}

/// Without the list of trails nothing can be evaluated: the invocation fails, which raises the
/// alarm, and no result changes. Asking again would not help, so it is asked once.
#[tokio::test]
async fn cloudtrail_that_refuses_for_good_to_list_trails_fails_the_invocation() {
    for code in [
        "NoManagementAccountSLRExistsException",
        "OperationNotPermittedException",
        "UnsupportedOperationException",
    ] {
        let refusal =
            Denial { error: Some(code.to_owned()), ..denial("cloudtrail:DescribeTrails") };
        let sent = scheduled(vec![refusal], &[]).await;
        sent.assert_failure("PermissionMissing", &["cloudtrail:DescribeTrails", "refused", code]);
        assert_eq!(sent.put, [], "{code}");
        assert_eq!(sent.count(Operation::DescribeTrails), 1, "{code}");
        assert!(sent.log.contains("\"InvocationErrors\":1"), "{}", sent.log);
    }
}

/// A status that CloudTrail refuses for good is unverified, also where the trail was COMPLIANT.
#[tokio::test]
async fn cloudtrail_that_refuses_for_good_to_tell_the_status_is_reported() {
    for code in [
        "OperationNotPermittedException",
        "UnsupportedOperationException",
        "InvalidTrailNameException",
        "CloudTrailARNInvalidException",
    ] {
        let refusal =
            Denial { error: Some(code.to_owned()), ..denial("cloudtrail:GetTrailStatus") };
        let sent = scheduled(vec![refusal], &[("checkDelivery", "true")]).await;
        assert_eq!(sent.verdicts().get("t0"), Some(&"NON_COMPLIANT"), "{code}");
        let said = sent.annotation("t0");
        let words = format!(
            "could not verify the delivery of the trail: cloudtrail:GetTrailStatus answered {code}"
        );
        assert!(said.starts_with(&words), "{said}");
        assert_eq!(sent.count(Operation::GetTrailStatus), 1, "{code}");
    }
}

/// KMS says `Enabled` of a key whose external key does not answer: the real function does not
/// believe it.
#[tokio::test]
async fn the_real_function_reports_an_external_key_that_does_not_answer() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
    let arn = trail_arn(ACCOUNT, REGION, "xks");
    let state = json!({
        "trailsealLab": 1,
        "accounts": [{ "id": ACCOUNT, "regions": [REGION] }],
        "trails": [{ "arn": arn, "s3BucketName": "example-logs", "kmsKeyId": key,
                     "latestDeliveryError": "KMS.KMSInvalidStateException" }],
        "keys": [{ "arn": key, "origin": "EXTERNAL_KEY_STORE" }],
        "buckets": [{ "name": "example-logs", "account": ACCOUNT, "region": REGION }],
    });
    let lab = lab(&state).await;
    let mut with_rule = read_state(&state);
    with_rule.config_rules.push(rule(ACCOUNT, REGION, Vec::new()));
    lab.set_state(with_rule);
    let mut function = bootstrap_of(&lab, ACCOUNT, REGION).await;
    let event = schedule(ACCOUNT, REGION);
    let token = lab.issue_token(&event.account, &event.region, &event.rule);
    let event: Value = event.to_json(&token);
    function.invoke(event.to_string().as_bytes(), TIME).await.unwrap();
    let put = lab.take_put_evaluations();
    assert_eq!(put.len(), 1, "{put:?}");
    assert_eq!(put[0].compliance_type, "NON_COMPLIANT");
    let said = put[0].annotation.as_deref().unwrap();
    let words = "the key is in an external key store, and the latest delivery failed: \
                 KMS.KMSInvalidStateException. Fix: ";
    assert!(said.starts_with(words), "{said}");
}
