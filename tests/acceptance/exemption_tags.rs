//! The tag of a trail that `exemptionTag` names: what it exempts, and that nothing else is exempt.

use std::time::Duration;

use serde_json::json;
use trailseal_lab::{Fault, FaultKind, Membership, Operation, Position, RuleEvent, State};

use super::faults::desk::{Desk, Sent};
use super::harness::{ACCOUNT, REGION};
use accounts::{
    EXEMPTION_TAG, EXEMPTIONS, MEMBER, account, account_with_trails, add_exemptions, bucket,
    change, denial, rule, schedule, trail, trail_arn, trail_item, with,
};

/// A trail without a key with this tag, and a sealed one with the same tag.
fn state(value: &str) -> State {
    let mut state = account_with_trails(&[(0, 0), (1, 1)]);
    state.trails[0].kms_key_id = None;
    for trail in &mut state.trails {
        trail.tags = [(EXEMPTION_TAG.to_owned(), value.to_owned())].into();
    }
    state
}

fn event() -> RuleEvent {
    with(schedule(ACCOUNT, REGION), &[("exemptionTag", EXEMPTION_TAG)])
}

async fn scheduled(state: State) -> Sent {
    Desk::open(state).await.send(&event()).await
}

/// The trails are evaluated normally, and the failure and the log name the tag and the trail.
fn assert_not_read(sent: &Sent, parts: &[&str]) {
    let arn = trail_arn(ACCOUNT, REGION, "t0");
    let what = format!("no exemption of tag {EXEMPTION_TAG} of {arn} applies");
    sent.assert_failure("ExemptionsNotRead", &[&what, "2 evaluations were delivered"]);
    sent.assert_failure("ExemptionsNotRead", parts);
    assert_eq!(sent.verdicts()["t0"], "NON_COMPLIANT");
    assert_eq!(sent.verdicts()["t1"], "COMPLIANT");
    let note = format!("(its tag {EXEMPTION_TAG} was not read)");
    assert!(sent.annotation("t0").contains(&note), "{}", sent.annotation("t0"));
    for part in
        ["\"level\":\"ERROR\",\"message\":\"exemptions not read\"", "\"InvocationErrors\":1"]
    {
        assert!(sent.log.contains(part), "{part}: {}", sent.log);
    }
}

#[tokio::test]
async fn a_tag_exempts_a_failing_trail_and_is_read_for_no_other() {
    let sent = scheduled(state("2026-12-31")).await;
    assert_eq!(sent.accepted(), 2);
    assert_eq!(sent.verdicts()["t0"], "NOT_APPLICABLE");
    assert_eq!(sent.verdicts()["t1"], "COMPLIANT");
    let why = format!(
        "the trail is exempt until 2026-12-31 (tag {EXEMPTION_TAG}): a tag names no reason and no \
         approver"
    );
    assert_eq!(sent.annotation("t0"), why);
    assert_eq!(sent.count(Operation::ListTags), 1);
    let read = sent.calls.iter().find(|call| call.operation == "cloudtrail:ListTags").unwrap();
    let asked = json!({ "ResourceIdList": [trail_arn(ACCOUNT, REGION, "t0")] });
    assert_eq!(read.request, asked);
}

#[tokio::test]
async fn without_the_parameter_no_tag_is_read() {
    let sent = Desk::open(state("2026-12-31")).await.send(&schedule(ACCOUNT, REGION)).await;
    assert_eq!((sent.accepted(), sent.count(Operation::ListTags)), (2, 0));
    assert_eq!(sent.verdicts()["t0"], "NON_COMPLIANT");
}

#[tokio::test]
async fn a_tag_that_is_over_too_far_or_no_day_exempts_nothing_and_is_named() {
    for (value, note) in [
        ("2026-11-22", "(its exemption by tag ended on 2026-11-22)"),
        ("2027-02-22", "is 2027-02-22, more than 90 days ahead)"),
        ("forever", "is not a date, YYYY-MM-DD)"),
    ] {
        let sent = scheduled(state(value)).await;
        assert_eq!(sent.accepted(), 2, "{value}");
        assert_eq!(sent.verdicts()["t0"], "NON_COMPLIANT", "{value}");
        assert!(sent.annotation("t0").contains(note), "{}", sent.annotation("t0"));
        assert!(!sent.log.contains("forever"), "{}", sent.log);
    }
}

#[tokio::test]
async fn only_the_tag_with_this_key_counts() {
    for other in ["Trailseal:exempt-until", "trailseal:exempt-until-x", "trailseal", "x"] {
        let mut state = state("");
        state.trails[0].tags = [(other.to_owned(), "2026-12-31".to_owned())].into();
        let sent = scheduled(state).await;
        assert_eq!(sent.accepted(), 2, "{other}");
        assert_eq!(sent.verdicts()["t0"], "NON_COMPLIANT", "{other}");
        assert!(!sent.annotation("t0").contains("tag"), "{}", sent.annotation("t0"));
    }
}

#[tokio::test]
async fn the_item_of_an_event_is_never_the_evidence_of_a_tag() {
    // The item still has the tag, or has it already.
    for (in_aws, verdict) in [("2026-12-31", "NOT_APPLICABLE"), ("2026-11-22", "NON_COMPLIANT")] {
        for in_item in ["2026-12-31", "2026-11-22"] {
            let state = state(in_aws);
            let mut item = trail_item(&state.trails[0], ACCOUNT, REGION);
            item["tags"] = json!({ EXEMPTION_TAG: in_item });
            let event = with(change(&item), &[("exemptionTag", EXEMPTION_TAG)]);
            let sent = Desk::open(state).await.send(&event).await;
            assert_eq!(sent.count(Operation::ListTags), 1);
            assert_eq!(sent.verdicts()["t0"], verdict, "{in_item}");
        }
    }
}

#[tokio::test]
async fn tags_that_cannot_be_read_exempt_nothing() {
    let denied = State { denials: vec![denial("cloudtrail:ListTags")], ..state("2026-12-31") };
    let sent = scheduled(denied).await;
    assert_not_read(&sent, &["cloudtrail:ListTags in us-east-1 was denied"]);
    let desk = Desk::open(state("2026-12-31")).await;
    desk.lab.inject(Fault::of(
        Operation::ListTags,
        Position::Every,
        FaultKind::Slow(Duration::from_secs(60)),
    ));
    let sent = desk.send_with_time(&event(), Duration::from_secs(5)).await;
    assert_not_read(&sent, &["ran out while reading the exemptions"]);
    desk.lab.clear_faults();
    assert_eq!(desk.send(&event()).await.verdicts()["t0"], "NOT_APPLICABLE");
}

#[tokio::test]
async fn a_document_and_a_tag_that_cannot_be_read_are_both_named() {
    let mut state = state("2026-12-31");
    add_exemptions(&mut state, b"[");
    state.denials.push(denial("cloudtrail:ListTags"));
    let event = with(event(), &[("exemptionsFrom", EXEMPTIONS)]);
    let sent = Desk::open(state).await.send(&event).await;
    assert_not_read(&sent, &[EXEMPTIONS, "is not JSON", "cloudtrail:ListTags"]);
    assert_eq!(sent.log.matches("\"message\":\"exemptions not read\"").count(), 2, "{}", sent.log);
}

#[tokio::test]
async fn another_exemption_is_named_first_and_no_tag_is_read() {
    let exempt = format!("{}@2026-11-30", trail_arn(ACCOUNT, REGION, "t0"));
    let event = with(event(), &[("exemptTrails", &exempt)]);
    let sent = Desk::open(state("2026-12-31")).await.send(&event).await;
    assert_eq!(sent.annotation("t0"), "the trail is exempt until 2026-11-30 (exemptTrails)");
    assert_eq!(sent.count(Operation::ListTags), 0);
}

#[tokio::test]
async fn a_copy_is_read_in_its_home_region_and_not_from_another_account() {
    let home = "eu-central-1";
    let copies = [("replicas", "EVALUATE"), ("exemptionTag", EXEMPTION_TAG)];
    let mut state = State {
        accounts: vec![
            account(ACCOUNT, Membership::Management, &[REGION, home]),
            account(MEMBER, Membership::Member, &[REGION, home]),
        ],
        buckets: vec![bucket("logs", ACCOUNT, REGION)],
        config_rules: vec![rule(ACCOUNT, REGION, Vec::new()), rule(MEMBER, REGION, Vec::new())],
        ..State::default()
    };
    let mut copied = trail(&trail_arn(ACCOUNT, home, "all"), "logs", None);
    copied.is_multi_region_trail = true;
    copied.is_organization_trail = true;
    copied.tags = [(EXEMPTION_TAG.to_owned(), "2026-12-31".to_owned())].into();
    state.trails.push(copied);
    let desk = Desk::open(state.clone()).await;
    let sent = desk.send(&with(schedule(ACCOUNT, REGION), &copies)).await;
    assert_eq!(sent.accepted(), 1);
    let verdicts: Vec<&str> = sent.verdicts().into_values().collect();
    assert_eq!(verdicts, ["NOT_APPLICABLE"]);
    let read = sent.calls.iter().find(|call| call.operation == "cloudtrail:ListTags").unwrap();
    assert_eq!(read.region.as_deref(), Some(home));
    let member = Desk::open_as(state, MEMBER, REGION, None).await;
    let sent = member.send(&with(schedule(MEMBER, REGION), &copies)).await;
    assert_eq!((sent.accepted(), sent.count(Operation::ListTags)), (1, 0));
    let verdicts: Vec<&str> = sent.verdicts().into_values().collect();
    assert_eq!(verdicts, ["NON_COMPLIANT"]);
}
