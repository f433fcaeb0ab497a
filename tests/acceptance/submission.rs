//! PutEvaluations: batches, failed evaluations, permanent refusals, and the deadline.

use std::time::{Duration, Instant};

use trailseal_aws::RetryPolicy;
use trailseal_lab::{Fate, Fault, FaultKind, Operation, Position, State};

use super::faults::desk::{ATTEMPTS, Desk, RETRY_POLICY, Sent};
use super::harness::{ACCOUNT, REGION, RULE, context};
use accounts::{
    MEMBER, MEMBER_ROLE, account_with_trails, change, key_arn, schedule, trail_arn, trail_item,
    with,
};

const FOR_EVER: Duration = Duration::from_secs(3600);

fn trails(count: usize) -> State {
    account_with_trails(&vec![(0, 0); count])
}

/// The number of evaluations in each PutEvaluations call.
fn batches(sent: &Sent) -> Vec<usize> {
    let calls = sent.calls.iter().filter(|call| call.operation == "config:PutEvaluations");
    calls.map(|call| call.request["Evaluations"].as_array().unwrap().len()).collect()
}

#[tokio::test]
async fn a_call_submits_at_most_a_hundred_evaluations() {
    for (count, expected) in
        [(1, &[1][..]), (100, &[100]), (101, &[100, 1]), (250, &[100, 100, 50])]
    {
        let desk = Desk::open(trails(count)).await;
        let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
        assert_eq!(sent.accepted(), count);
        assert_eq!(batches(&sent), expected);
        // The lab accepts one token for each rule: all batches used it.
        assert_eq!(desk.lab.results(ACCOUNT, REGION, RULE).len(), count);
    }
}

#[tokio::test]
async fn resends_only_failed_evaluations() {
    let desk = Desk::open(trails(150)).await;
    desk.lab.send_back("t7", 2);
    desk.lab.send_back("t140", 1);
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    assert_eq!(sent.accepted(), 150);
    assert_eq!(batches(&sent), [100, 1, 1, 50, 1]);
    assert_eq!(desk.lab.results(ACCOUNT, REGION, RULE).len(), 150);
    assert!(sent.log.contains("\"FailedEvaluations\":3"));
}

#[tokio::test]
async fn reports_ids_that_always_fail_after_delivering_the_rest() {
    let desk = Desk::open(trails(150)).await;
    desk.lab.send_back("t7", u32::MAX);
    desk.lab.send_back("t8", u32::MAX);
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    sent.assert_failure("NotAccepted", &["AWS::CloudTrail::Trail `t7`", "`t8`"]);
    assert_eq!(batches(&sent), [100, 2, 2, 2, 2, 50]);
    assert_eq!(desk.lab.results(ACCOUNT, REGION, RULE).len(), 148);
    // A retry completes it.
    desk.lab.clear_faults();
    assert_eq!(desk.send(&schedule(ACCOUNT, REGION)).await.accepted(), 150);
}

#[tokio::test]
async fn does_not_resend_without_time_for_the_pause() {
    let policy = RetryPolicy { backoff_first: FOR_EVER, backoff_max: FOR_EVER, ..RETRY_POLICY };
    let desk = Desk::open_with(trails(150), policy).await;
    desk.lab.send_back("t7", 1);
    let begun = Instant::now();
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    sent.assert_failure("NotAccepted", &["`t7`"]);
    assert_eq!(batches(&sent), [100, 50]);
    assert!(begun.elapsed() < Duration::from_secs(30), "it waited");
}

#[tokio::test]
async fn a_rejected_token_is_final() {
    let desk = Desk::open(trails(150)).await;
    let event = schedule(ACCOUNT, REGION).to_json("NotATokenOfTheLab").to_string();
    let sent = desk.send_bytes(event.as_bytes(), &context()).await;
    sent.assert_failure("Final", &["rejected the result token", "InvalidResultToken"]);
    // The function makes only one call, and the message does not contain the token.
    assert_eq!(batches(&sent), [100]);
    assert!(!sent.failure().1.contains("NotATokenOfTheLab"));
    assert!(!sent.log.contains("NotATokenOfTheLab"));
}

#[tokio::test]
async fn a_deleted_rule_is_final() {
    let desk = Desk::open(trails(150)).await;
    desk.lab.delete_rule(ACCOUNT, REGION, RULE);
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    sent.assert_failure("Final", &["the rule does not exist any more", "NoSuchConfigRule"]);
    assert_eq!(batches(&sent), [100]);
}

#[tokio::test]
async fn a_failed_batch_does_not_lose_the_others() {
    for (broken, left) in [(1, 150), (2, 150), (3, 200)] {
        let desk = Desk::open(trails(250)).await;
        let position = Position::Nth(broken);
        desk.lab.inject(Fault::of(Operation::PutEvaluations, position, FaultKind::AccessDenied));
        let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
        sent.assert_failure("PermissionMissing", &["config:PutEvaluations"]);
        let stored = sent.put.iter().filter(|one| one.fate == Fate::Stored).count();
        assert_eq!(stored, left);
    }
}

/// Reading stops early enough to report, and the evaluations made by then are delivered.
#[tokio::test]
async fn a_read_that_never_ends_leaves_time_to_report() {
    let desk = Desk::open(account_with_trails(&[(0, 0), (1, 0)])).await;
    let fault = Fault::of(Operation::DescribeKey, Position::Every, FaultKind::Slow(FOR_EVER));
    desk.lab.inject(fault.about(key_arn(ACCOUNT, REGION, 1)));
    // One second is reserved for reporting; an attempt may take longer than the invocation.
    let begun = Instant::now();
    let sent = desk.send_with_time(&schedule(ACCOUNT, REGION), Duration::from_secs(3)).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "the deadline passed");
    let slow = trail_arn(ACCOUNT, REGION, "t1");
    sent.assert_failure("NotAllJudged", &["1 evaluations were delivered", &slow, "ran out"]);
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT")].into());
}

#[tokio::test]
async fn a_call_that_never_ends_does_not_exceed_the_deadline() {
    let own = schedule(ACCOUNT, REGION);
    let of_member = with(schedule(MEMBER, REGION), &[("executionRoleName", MEMBER_ROLE)]);
    for (operation, event, millis_max) in [
        (Operation::DescribeTrails, &own, 2500),
        (Operation::ListDiscoveredResources, &own, 2500),
        (Operation::DescribeKey, &own, 2500),
        (Operation::HeadBucket, &own, 2500),
        (Operation::PutEvaluations, &own, 2500),
        // If its role does not respond, the function fails before the deadline.
        (Operation::AssumeRole, &of_member, 1500),
    ] {
        let desk = Desk::open(trails(1)).await;
        desk.lab.inject(Fault::of(operation, Position::Every, FaultKind::Slow(FOR_EVER)));
        let begun = Instant::now();
        let sent = desk.send_with_time(event, Duration::from_millis(1500)).await;
        assert!(begun.elapsed() < Duration::from_millis(millis_max), "{operation:?}");
        sent.assert_failure("DeadlineExceeded", &["the time of this invocation ran out"]);
    }
}

#[tokio::test]
async fn a_clean_up_that_never_ends_delays_no_evaluation() {
    let desk = Desk::open(trails(1)).await;
    let slow = FaultKind::Slow(FOR_EVER);
    let operation = Operation::GetComplianceDetailsByConfigRule;
    desk.lab.inject(Fault::of(operation, Position::Every, slow));
    let sent = desk.send_with_time(&schedule(ACCOUNT, REGION), Duration::from_secs(3)).await;
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT")].into());
    assert_eq!(sent.accepted(), 1);
    assert!(sent.log.contains("clean-up failed"));
}

/// The pauses between attempts are random, so that functions that fail together do not retry
/// together; this test asserts that the attempts end.
#[tokio::test]
async fn the_number_of_attempts_is_limited() {
    let desk = Desk::open(trails(1)).await;
    let kind = FaultKind::ServiceUnavailable;
    desk.lab.inject(Fault::of(Operation::PutEvaluations, Position::Every, kind));
    let item = trail_item(&trails(1).trails[0], ACCOUNT, REGION);
    let sent = desk.send(&change(&item)).await;
    sent.assert_failure("AwsBreakdown", &["config:PutEvaluations in us-east-1 failed"]);
    assert_eq!(sent.count(Operation::PutEvaluations), ATTEMPTS);
}
