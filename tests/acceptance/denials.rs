//! Refusals that only a person can resolve: each one is reported or fails the invocation.

use trailseal_lab::{Denial, Operation, State};

use super::faults::desk::{Desk, Sent};
use super::harness::{ACCOUNT, REGION};
use accounts::{account_with_trails, denial, schedule, with};

async fn scheduled(denials: Vec<Denial>, parameters: &[(&str, &str)]) -> Sent {
    let state = State { denials, ..account_with_trails(&[(0, 0)]) };
    Desk::open(state).await.send(&with(schedule(ACCOUNT, REGION), parameters)).await
}

#[tokio::test]
async fn names_the_service_control_policy_without_quoting_aws() {
    let sent = scheduled(vec![denial("kms:DescribeKey")], &[]).await;
    let annotation = sent.annotation("t0");
    let policy = "with an explicit deny in a service control policy";
    assert!(annotation.contains(&format!("kms:DescribeKey was denied {policy}")), "{annotation}");
    let fix = "exempt the calling principal from the Deny of kms:DescribeKey in the service control policy";
    assert!(annotation.ends_with(fix), "{annotation}");
    assert!(sent.log.contains(fix), "{}", sent.log);
    let sent = scheduled(vec![denial("cloudtrail:DescribeTrails")], &[]).await;
    sent.assert_failure("PermissionMissing", &["cloudtrail:DescribeTrails in us-east-1", policy]);
    assert!(sent.log.contains(policy), "{}", sent.log);
    assert!(!sent.log.contains("is not authorized"), "{}", sent.log);
    assert_eq!(sent.put, []);
}

/// Without the list of trails nothing can be evaluated: the invocation fails, which raises the
/// alarm, and no result changes. The call is not retried, since the refusal is permanent.
#[tokio::test]
async fn a_permanent_refusal_to_list_trails_fails_the_invocation() {
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

/// A permanent refusal by GetTrailStatus makes even a formerly COMPLIANT trail unverified.
#[tokio::test]
async fn a_permanent_refusal_of_the_trail_status_is_reported() {
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
        let annotation = sent.annotation("t0");
        let words = format!(
            "could not verify the delivery of the trail: cloudtrail:GetTrailStatus answered {code}"
        );
        assert!(annotation.starts_with(&words), "{annotation}");
        assert_eq!(sent.count(Operation::GetTrailStatus), 1, "{code}");
    }
}
