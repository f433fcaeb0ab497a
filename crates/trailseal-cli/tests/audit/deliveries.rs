//! `delivery-unbroken` of a multi-Region trail: each enabled Region has its own status.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, ORGANIZATION, Run, denial, member, says};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
const STATUS: &str = "cloudtrail:GetTrailStatus";
const DISABLED: &str = "KMS.DisabledException";
const CHECKED: [&str; 4] = ["-o", "json", "-p", "checkDelivery=true"];

/// One account, whose trail `main` delivers from three Regions.
fn state() -> State {
    let mut state = State::organization(1, &REGIONS, "Audit");
    state.trails.retain(|trail| trail.arn.ends_with("trail/main"));
    state
}

/// The same account, in which the key fails in one Region.
fn broken_in(region: &str) -> State {
    let mut state = state();
    let errors = &mut state.trails[0].delivery_error_by_region;
    errors.insert(region.to_owned(), DISABLED.to_owned());
    state
}

fn fail_in(desk: &Desk, region: &str, kind: FaultKind) {
    let fault = Fault::of(Operation::GetTrailStatus, Position::Every, kind);
    desk.lab.inject(fault.about(format!("@{}/{region}", member(0))));
}

fn judge(desk: &Desk, more: &[&str]) -> Run {
    desk.run(&member(0), &[CHECKED.as_slice(), more].concat())
}

/// The verdict, and the outcome and message of the check.
fn delivery(run: &Run) -> (String, String, String) {
    let report = run.report();
    let trails = report["trails"].as_array().unwrap();
    let trail = trails.iter().find(|trail| trail["region"] == "us-east-1").unwrap();
    let mut checks = trail["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["id"] == "delivery-unbroken").unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&trail["compliance"]), text(&check["outcome"]), text(&check["what"]))
}

/// The Regions in which the status was read.
#[track_caller]
fn asked(desk: &Desk) -> Vec<String> {
    let calls = desk.lab.take_calls();
    let asked = calls.iter().filter(|call| call.operation == STATUS);
    asked
        .map(|call| {
            let arn = format!("arn:aws:cloudtrail:us-east-1:{}:trail/main", member(0));
            assert_eq!(call.request["Name"], arn.as_str());
            call.region.clone().unwrap()
        })
        .collect()
}

fn all() -> BTreeSet<String> {
    REGIONS.map(str::to_owned).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_fails_in_any_region_fails_the_trail() {
    for region in REGIONS {
        let desk = Desk::with(broken_in(region)).await;
        let run = judge(&desk, &["-p", "unverified=COMPLIANT"]).exits(1);
        let from = if region == "us-east-1" { String::new() } else { format!(" from {region}") };
        let what = format!("the latest delivery{from} failed because of the key: {DISABLED}");
        assert_eq!(delivery(&run), ("NON_COMPLIANT".into(), "fail".into(), what));
        let asked = asked(&desk);
        assert_eq!(asked.len(), 3, "{asked:?}");
        assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_delivers_from_every_region_passes() {
    let desk = Desk::with(state()).await;
    let run = judge(&desk, &[]).exits(0);
    assert_eq!(delivery(&run), ("COMPLIANT".into(), "pass".into(), String::new()));
    let evidence = &run.report()["trails"][0]["evidence"];
    assert_eq!(evidence["delivery"]["reading"], "known");
    let elsewhere: Vec<&String> =
        evidence["deliveryElsewhere"].as_object().unwrap().keys().collect();
    assert_eq!(elsewhere, ["ap-south-1", "eu-west-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_denies_access_is_unverified() {
    let desk = Desk::with(state()).await;
    fail_in(&desk, "eu-west-1", FaultKind::AccessDenied);
    let run = judge(&desk, &[]).exits(1);
    let what = "could not verify the delivery from eu-west-1: cloudtrail:GetTrailStatus was denied";
    assert_eq!(delivery(&run), ("NON_COMPLIANT".into(), "unknown".into(), what.into()));
    // The denial does not hide a failure in another Region.
    let desk = Desk::with(broken_in("us-east-1")).await;
    fail_in(&desk, "ap-south-1", FaultKind::AccessDenied);
    judge(&desk, &["-p", "unverified=COMPLIANT"]).exits(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_fails_leaves_the_trail_without_a_verdict() {
    let desk = Desk::with(state()).await;
    fail_in(&desk, "eu-west-1", FaultKind::InternalError);
    let run = judge(&desk, &["-p", "unverified=COMPLIANT"]).exits(2);
    says(&run.err, &["cloudtrail:GetTrailStatus in eu-west-1 failed"]);
    assert_eq!(run.summary(["compliant"]), [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_deliveries_in_all_enabled_regions() {
    let desk = Desk::with(state()).await;
    judge(&desk, &["--region", "us-east-1"]).exits(0);
    assert_eq!(asked(&desk).into_iter().collect::<BTreeSet<_>>(), all());
    // If the list of Regions is denied, the Regions with deliveries are unknown.
    let mut hidden = state();
    hidden.denials.push(denial(&member(0), "account:ListRegions"));
    let desk = Desk::with(hidden).await;
    let run = judge(&desk, &["--region", "us-east-1"]).exits(1);
    let what =
        "could not verify in which Regions the trail delivers: account:ListRegions was denied";
    assert_eq!(delivery(&run), ("NON_COMPLIANT".into(), "unknown".into(), what.into()));
    // Without the check, the list is not needed.
    desk.run(&member(0), &["--region", "us-east-1", "-o", "json"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_a_single_region_trail_in_one_region() {
    let mut single = state();
    single.trails[0].is_multi_region_trail = false;
    let desk = Desk::with(single).await;
    judge(&desk, &[]).exits(0);
    assert_eq!(asked(&desk), ["us-east-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_do_not_read_a_region_twice() {
    let desk = Desk::with(state()).await;
    let run = judge(&desk, &["-p", "replicas=EVALUATE"]);
    assert_eq!(run.summary(["compliant"]), [3], "{}", run.err);
    assert_eq!(asked(&desk).len(), 3);
}

/// The lab responds slowly, so the run cannot be faster than the limit allows.
#[tokio::test(flavor = "multi_thread")]
async fn limits_concurrent_requests_for_deliveries() {
    let latency = Duration::from_millis(40);
    let desk = Desk::of_organization(6, &REGIONS).await;
    desk.lab.set_latency(latency);
    let begun = Instant::now();
    judge(&desk, &[ORGANIZATION.as_slice(), &["--concurrency", "4"]].concat()).exits(0);
    let calls = desk.lab.take_calls();
    // Six trails and the organization trail, in three Regions.
    assert_eq!(calls.iter().filter(|call| call.operation == STATUS).count(), 7 * 3);
    let calls = u32::try_from(calls.len()).unwrap();
    assert!(begun.elapsed() >= latency * calls / 4, "{:?} for {calls}", begun.elapsed());
}
