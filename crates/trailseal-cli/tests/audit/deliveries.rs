//! `delivery-unbroken` of a multi-Region trail: each enabled Region has a status of its own.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, ORGANIZATION, Run, denial, member};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
const STATUS: &str = "cloudtrail:GetTrailStatus";
const CHECKED: [&str; 4] = ["-o", "json", "-p", "checkDelivery=true"];

/// One account, whose trail `main` delivers from three Regions.
fn state() -> State {
    let mut state = State::organization(1, &REGIONS, "Audit");
    state.trails.retain(|trail| trail.arn.ends_with("trail/main"));
    state
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
        let mut state = state();
        let code = "KMS.DisabledException".to_owned();
        state.trails[0].delivery_error_by_region.insert(region.to_owned(), code);
        let desk = Desk::with(state).await;
        let run = judge(&desk, &["-p", "unverified=COMPLIANT"]);
        assert_eq!(run.code, 1, "{}", run.err);
        let from = if region == "us-east-1" { String::new() } else { format!(" from {region}") };
        let what = format!(
            "the latest delivery{from} failed because of the key: \
                            KMS.DisabledException"
        );
        assert_eq!(delivery(&run), ("NON_COMPLIANT".into(), "fail".into(), what));
        let asked = asked(&desk);
        assert_eq!(asked.len(), 3, "{asked:?}");
        assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_delivers_from_every_region_passes() {
    let desk = Desk::with(state()).await;
    let run = judge(&desk, &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(delivery(&run), ("COMPLIANT".into(), "pass".into(), String::new()));
    let evidence = &run.report()["trails"][0]["evidence"];
    assert_eq!(evidence["delivery"]["reading"], "known");
    let elsewhere: Vec<&String> =
        evidence["deliveryElsewhere"].as_object().unwrap().keys().collect();
    assert_eq!(elsewhere, ["ap-south-1", "eu-west-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_refuses_is_unverified() {
    let desk = Desk::with(state()).await;
    let about = format!("@{}/eu-west-1", member(0));
    let fault = Fault::of(Operation::GetTrailStatus, Position::Every, FaultKind::AccessDenied);
    desk.lab.inject(fault.about(about));
    let run = judge(&desk, &[]);
    assert_eq!(run.code, 1, "{}", run.err);
    let what = "could not verify the delivery from eu-west-1: cloudtrail:GetTrailStatus was denied";
    assert_eq!(delivery(&run), ("NON_COMPLIANT".into(), "unknown".into(), what.into()));
    // The denial does not hide a failure in another Region.
    let mut broken = state();
    let code = "KMS.DisabledException".to_owned();
    broken.trails[0].delivery_error_by_region.insert("us-east-1".to_owned(), code);
    let desk = Desk::with(broken).await;
    let fault = Fault::of(Operation::GetTrailStatus, Position::Every, FaultKind::AccessDenied);
    desk.lab.inject(fault.about(format!("@{}/ap-south-1", member(0))));
    let run = judge(&desk, &["-p", "unverified=COMPLIANT"]);
    assert_eq!(run.code, 1, "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_does_not_answer_leaves_the_trail_without_a_verdict() {
    let desk = Desk::with(state()).await;
    let fault = Fault::of(Operation::GetTrailStatus, Position::Every, FaultKind::InternalError);
    desk.lab.inject(fault.about(format!("@{}/eu-west-1", member(0))));
    let run = judge(&desk, &["-p", "unverified=COMPLIANT"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("cloudtrail:GetTrailStatus in eu-west-1 failed"), "{}", run.err);
    assert_eq!(run.report()["summary"]["compliant"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_read_in_all_enabled_regions() {
    let desk = Desk::with(state()).await;
    let run = judge(&desk, &["--regions", "us-east-1"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(asked(&desk).into_iter().collect::<BTreeSet<_>>(), all());
    // If the list of Regions is denied, it is unknown whether each delivers.
    let mut hidden = state();
    hidden.denials.push(denial(&member(0), "account:ListRegions"));
    let desk = Desk::with(hidden).await;
    let run = judge(&desk, &["--regions", "us-east-1"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let what =
        "could not verify in which Regions the trail delivers: account:ListRegions was denied";
    assert_eq!(delivery(&run), ("NON_COMPLIANT".into(), "unknown".into(), what.into()));
    // Without the check, the list is not needed.
    let run = desk.run(&member(0), &["--regions", "us-east-1", "-o", "json"]);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_region_trail_is_read_in_one_region() {
    let mut single = state();
    single.trails[0].is_multi_region_trail = false;
    let desk = Desk::with(single).await;
    let run = judge(&desk, &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(asked(&desk), ["us-east-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_do_not_read_a_region_twice() {
    let desk = Desk::with(state()).await;
    let run = judge(&desk, &["-p", "replicas=EVALUATE"]);
    assert_eq!(run.report()["summary"]["compliant"], 3, "{}", run.err);
    assert_eq!(asked(&desk).len(), 3);
}

/// The lab answers slowly, so the run cannot be faster than the bound allows.
#[tokio::test(flavor = "multi_thread")]
async fn the_bound_on_requests_holds() {
    let latency = Duration::from_millis(40);
    let desk = Desk::of_organization(6, &REGIONS).await;
    desk.lab.set_latency(latency);
    let begun = Instant::now();
    let run = judge(&desk, &[ORGANIZATION.as_slice(), &["--concurrency", "4"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let calls = desk.lab.take_calls();
    // Six trails and that of the organization, in three Regions.
    assert_eq!(calls.iter().filter(|call| call.operation == STATUS).count(), 7 * 3);
    let calls = u32::try_from(calls.len()).unwrap();
    assert!(begun.elapsed() >= latency * calls / 4, "{:?} for {calls}", begun.elapsed());
}
