//! The document of `exemptionsFrom`: what it exempts, and that nothing else is ever exempt.

use std::time::Duration;

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::faults::desk::{Desk, Sent};
use super::harness::{ACCOUNT, REGION};
use accounts::{
    EXEMPTIONS, account_with_trails, add_exemptions, change, deleted, denial, schedule, trail_item,
    with,
};

/// A trail without a key, so that only an exemption keeps it from being NON_COMPLIANT, and a sealed
/// one.
fn state(content: &[u8]) -> State {
    let mut state = account_with_trails(&[(0, 0), (1, 1)]);
    state.trails[0].kms_key_id = None;
    add_exemptions(&mut state, content);
    state
}

fn entry(trail: &str, until: &str) -> Value {
    let reason = "moves to the new trail \u{2192} TICKET-1";
    json!({ "trail": trail, "until": until, "reason": reason, "approver": "Jane Doe" })
}

fn of_first(until: &str) -> Vec<u8> {
    json!([entry(&arn(), until)]).to_string().into_bytes()
}

fn arn() -> String {
    state(b"").trails[0].arn.clone()
}

async fn scheduled(state: State) -> Sent {
    Desk::open(state).await.send(&event()).await
}

fn event() -> trailseal_lab::RuleEvent {
    with(schedule(ACCOUNT, REGION), &[("exemptionsFrom", EXEMPTIONS)])
}

/// The trails are evaluated normally, the failure names the document, and the log has it for the
/// alarms, which count errors of invocations.
fn assert_not_read(sent: &Sent, parts: &[&str]) {
    sent.assert_failure("ExemptionsNotRead", &[EXEMPTIONS, "2 evaluations were delivered"]);
    sent.assert_failure("ExemptionsNotRead", parts);
    assert_eq!(sent.verdicts()["t0"], "NON_COMPLIANT");
    assert_eq!(sent.verdicts()["t1"], "COMPLIANT");
    let note = format!("(exemptions of {EXEMPTIONS} not read)");
    assert!(sent.annotation("t0").contains(&note), "{}", sent.annotation("t0"));
    for part in
        ["\"level\":\"ERROR\",\"message\":\"exemptions not read\"", "\"InvocationErrors\":1"]
    {
        assert!(sent.log.contains(part), "{part}: {}", sent.log);
    }
}

#[tokio::test]
async fn a_trail_of_the_document_is_exempt_and_says_why() {
    let sent = scheduled(state(&of_first("2026-11-23"))).await;
    assert_eq!(sent.accepted(), 2);
    assert_eq!(sent.verdicts()["t0"], "NOT_APPLICABLE");
    assert_eq!(sent.verdicts()["t1"], "COMPLIANT");
    let expected = format!(
        "the trail is exempt until 2026-11-23 ({EXEMPTIONS}): moves to the new trail ? TICKET-1"
    );
    assert_eq!(sent.annotation("t0"), expected);
    assert_eq!(sent.count(Operation::GetObject), 1);
    // Neither the key nor the bucket of an exempt trail is read.
    assert_eq!((sent.count(Operation::DescribeKey), sent.count(Operation::HeadBucket)), (1, 1));
}

#[tokio::test]
async fn an_ended_or_other_exemption_exempts_nothing() {
    let other = arn().replace(ACCOUNT, "999999999999");
    for (content, note) in [
        (json!([entry(&arn(), "2026-11-22")]), "(its exemption ended on 2026-11-22)"),
        (json!([entry(&other, "2026-12-31")]), ""),
        (json!([entry("arn:aws:cloudtrail:eu-*:*:trail/*", "2026-12-31")]), ""),
        (json!([]), ""),
    ] {
        let sent = scheduled(state(content.to_string().as_bytes())).await;
        assert_eq!(sent.accepted(), 2, "{content}");
        assert_eq!(sent.verdicts()["t0"], "NON_COMPLIANT", "{content}");
        assert!(sent.annotation("t0").contains(note), "{}", sent.annotation("t0"));
    }
}

#[tokio::test]
async fn a_wildcard_exempts_what_it_matches() {
    let all = json!([entry("arn:aws:cloudtrail:*:111122223333:trail/*", "2026-12-31")]);
    let sent = scheduled(state(all.to_string().as_bytes())).await;
    let verdicts: Vec<&str> = sent.verdicts().into_values().collect();
    assert_eq!(verdicts, ["NOT_APPLICABLE", "NOT_APPLICABLE"]);
}

#[tokio::test]
async fn a_parameter_is_named_before_the_document_and_any_of_them_exempts() {
    for (of_parameter, of_document, named) in [
        ("2026-11-30", "2027-12-31", "until 2026-11-30 (exemptTrails)"),
        ("2026-11-22", "2027-12-31", "until 2027-12-31 (s3://exemptions/trails.json)"),
        ("2026-11-30", "2026-11-22", "until 2026-11-30 (exemptTrails)"),
    ] {
        let exempt = format!("{}@{of_parameter}", arn());
        let event = with(event(), &[("exemptTrails", &exempt)]);
        let sent = Desk::open(state(&of_first(of_document))).await.send(&event).await;
        assert_eq!(sent.verdicts()["t0"], "NOT_APPLICABLE", "{named}");
        assert!(sent.annotation("t0").contains(named), "{}", sent.annotation("t0"));
    }
}

#[tokio::test]
async fn a_document_with_a_fault_exempts_nothing() {
    let mut no_end = entry(&arn(), "2026-12-31");
    no_end.as_object_mut().unwrap().remove("until");
    let faulty = json!([entry(&arn(), "2026-12-31"), no_end, 1]).to_string();
    let twice = format!(r#"[{{"trail":"{}","trail":"x"}}]"#, arn());
    let mut large = of_first("2026-12-31");
    large.resize((1 << 20) + 1, b' ');
    for (content, parts) in [
        (faulty.as_bytes(), &["entry 1.until: expected a date", "entry 2 is a number"] as &[&str]),
        (twice.as_bytes(), &["a name twice"]),
        (b"[", &["is not JSON (line 1, column 1)"]),
        (b"", &["is not JSON"]),
        (&large, &["has more than 1048576 bytes"]),
        (b"{\"secret\":\"hunter2\"}", &["is an object; expected a list"]),
    ] {
        let sent = scheduled(state(content)).await;
        assert_not_read(&sent, parts);
        assert!(!sent.log.contains("hunter2"), "{}", sent.log);
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_read_exempts_nothing() {
    let good = || state(&of_first("2026-12-31"));
    let sent = scheduled(State { denials: vec![denial("s3:GetObject")], ..good() }).await;
    assert_not_read(&sent, &["s3:GetObject in us-east-1 was denied", "service control policy"]);
    let sent = scheduled(State { objects: Vec::new(), ..good() }).await;
    assert_not_read(&sent, &["s3:GetObject in us-east-1"]);
    let mut state = good();
    state.buckets.retain(|bucket| bucket.name != "exemptions");
    assert_not_read(&scheduled(state).await, &["S3 answered 404 NoSuchBucket"]);
}

#[tokio::test]
async fn a_slow_document_leaves_the_time_to_evaluate() {
    let desk = Desk::open(state(&of_first("2026-12-31"))).await;
    let slow = FaultKind::Slow(Duration::from_secs(60));
    desk.lab.inject(Fault::of(Operation::GetObject, Position::Every, slow));
    let sent = desk.send_with_time(&event(), Duration::from_secs(5)).await;
    assert_not_read(&sent, &["ran out while reading the exemptions"]);
    desk.lab.clear_faults();
    assert_eq!(desk.send(&event()).await.verdicts()["t0"], "NOT_APPLICABLE");
}

#[tokio::test]
async fn a_document_of_another_region_is_read_there() {
    let mut state = state(&of_first("2026-12-31"));
    state.accounts[0].regions.push("eu-central-1".to_owned());
    for bucket in state.buckets.iter_mut().filter(|bucket| bucket.name == "exemptions") {
        bucket.region = "eu-central-1".to_owned();
    }
    let sent = scheduled(state).await;
    assert_eq!(sent.accepted(), 2);
    assert_eq!(sent.verdicts()["t0"], "NOT_APPLICABLE");
    assert_eq!(sent.count(Operation::GetObject), 2);
}

#[tokio::test]
async fn the_document_is_read_once_and_only_for_trails() {
    let state = state(&of_first("2026-12-31"));
    let item = trail_item(&state.trails[0], ACCOUNT, REGION);
    let desk = Desk::open(state).await;
    let asked = [("exemptionsFrom", EXEMPTIONS)];
    let sent = desk.send(&with(change(&deleted(item.clone())), &asked)).await;
    assert_eq!((sent.accepted(), sent.count(Operation::GetObject)), (1, 0));
    let sent = desk.send(&with(change(&item), &asked)).await;
    assert_eq!((sent.accepted(), sent.count(Operation::GetObject)), (1, 1));
    assert_eq!(sent.verdicts().into_values().collect::<Vec<_>>(), ["NOT_APPLICABLE"]);
    let sent = desk.send(&change(&item)).await;
    assert_eq!((sent.accepted(), sent.count(Operation::GetObject)), (1, 0));
}
