//! PutEvaluations: batches, what is sent back, what is refused for good, and the deadline.

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

/// The number of evaluations of each PutEvaluations.
fn batches(sent: &Sent) -> Vec<usize> {
    let calls = sent.calls.iter().filter(|call| call.operation == "config:PutEvaluations");
    calls.map(|call| call.request["Evaluations"].as_array().unwrap().len()).collect()
}

#[tokio::test]
async fn at_most_a_hundred_go_with_one_call() {
    for (count, expected) in
        [(1, &[1][..]), (100, &[100]), (101, &[100, 1]), (250, &[100, 100, 50])]
    {
        let desk = Desk::open(trails(count)).await;
        let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
        assert_eq!(sent.accepted(), count);
        assert_eq!(batches(&sent), expected);
        // The lab takes one token for one rule: all batches came with it.
        assert_eq!(desk.lab.results(ACCOUNT, REGION, RULE).len(), count);
    }
}

#[tokio::test]
async fn what_is_sent_back_is_sent_again_alone() {
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
async fn what_is_sent_back_for_ever_is_an_error_with_ids_after_all_else_was_delivered() {
    let desk = Desk::open(trails(150)).await;
    desk.lab.send_back("t7", u32::MAX);
    desk.lab.send_back("t8", u32::MAX);
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    sent.assert_failure("NotAccepted", &["AWS::CloudTrail::Trail `t7`", "`t8`"]);
    assert_eq!(batches(&sent), [100, 2, 2, 2, 2, 50]);
    assert_eq!(desk.lab.results(ACCOUNT, REGION, RULE).len(), 148);
    // A retry settles it.
    desk.lab.clear_faults();
    assert_eq!(desk.send(&schedule(ACCOUNT, REGION)).await.accepted(), 150);
}

#[tokio::test]
async fn what_is_sent_back_is_not_tried_again_when_there_is_no_time_for_the_pause() {
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
async fn a_token_that_config_does_not_take_is_final() {
    let desk = Desk::open(trails(150)).await;
    let event = schedule(ACCOUNT, REGION).to_json("NotATokenOfTheLab").to_string();
    let sent = desk.send_bytes(event.as_bytes(), &context()).await;
    sent.assert_failure("Final", &["rejected the result token", "InvalidResultToken"]);
    // No second batch and no second attempt, and the token is not told.
    assert_eq!(batches(&sent), [100]);
    assert!(!sent.failure().1.contains("NotATokenOfTheLab"));
    assert!(!sent.log.contains("NotATokenOfTheLab"));
}

#[tokio::test]
async fn a_rule_that_was_deleted_meanwhile_is_final() {
    let desk = Desk::open(trails(150)).await;
    desk.lab.delete_rule(ACCOUNT, REGION, RULE);
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    sent.assert_failure("Final", &["the rule does not exist any more", "NoSuchConfigRule"]);
    assert_eq!(batches(&sent), [100]);
}

#[tokio::test]
async fn a_batch_that_fails_does_not_lose_the_others() {
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

/// Reading ends while there is time to say so, and what was judged by then is delivered.
#[tokio::test]
async fn a_read_that_does_not_end_leaves_time_to_report() {
    let desk = Desk::open(account_with_trails(&[(0, 0), (1, 0)])).await;
    let fault = Fault::of(Operation::DescribeKey, Position::Every, FaultKind::Slow(FOR_EVER));
    desk.lab.inject(fault.about(key_arn(ACCOUNT, REGION, 1)));
    // The reserve is a second, the time-out of an attempt is longer than all the time there is.
    let begun = Instant::now();
    let sent = desk.send_with_time(&schedule(ACCOUNT, REGION), Duration::from_secs(3)).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "the deadline passed");
    let slow = trail_arn(ACCOUNT, REGION, "t1");
    sent.assert_failure("NotAllJudged", &["1 evaluations were delivered", &slow, "ran out"]);
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT")].into());
}

#[tokio::test]
async fn whatever_does_not_end_the_deadline_is_kept_and_told() {
    let own = schedule(ACCOUNT, REGION);
    let of_member = with(schedule(MEMBER, REGION), &[("executionRoleName", MEMBER_ROLE)]);
    for (operation, event, millis_max) in [
        (Operation::DescribeTrails, &own, 2500),
        (Operation::ListDiscoveredResources, &own, 2500),
        (Operation::DescribeKey, &own, 2500),
        (Operation::HeadBucket, &own, 2500),
        (Operation::PutEvaluations, &own, 2500),
        // Without its role the function fails before the deadline.
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
async fn a_clean_up_that_does_not_end_holds_up_no_evaluation() {
    let desk = Desk::open(trails(1)).await;
    let slow = FaultKind::Slow(FOR_EVER);
    let operation = Operation::GetComplianceDetailsByConfigRule;
    desk.lab.inject(Fault::of(operation, Position::Every, slow));
    let sent = desk.send_with_time(&schedule(ACCOUNT, REGION), Duration::from_secs(3)).await;
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT")].into());
    assert_eq!(sent.accepted(), 1);
    assert!(sent.log.contains("clean-up failed"));
}

/// The pauses between attempts are random, so that functions that fail together do not come back
/// together; what is asserted is that they end.
#[tokio::test]
async fn attempts_are_counted() {
    let desk = Desk::open(trails(1)).await;
    let kind = FaultKind::ServiceUnavailable;
    desk.lab.inject(Fault::of(Operation::PutEvaluations, Position::Every, kind));
    let item = trail_item(&trails(1).trails[0], ACCOUNT, REGION);
    let sent = desk.send(&change(&item)).await;
    sent.assert_failure("AwsBreakdown", &["config:PutEvaluations in us-east-1 failed"]);
    assert_eq!(sent.count(Operation::PutEvaluations), ATTEMPTS);
}
