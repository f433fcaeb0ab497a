//! Accounts and Regions that deny access, services that are throttled or slow, and endless lists,
//! which are an error and never a partial list.

use std::time::{Duration, Instant};

use serde_json::json;
use trailseal_lab::{Aggregator, Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, MANAGEMENT, ORGANIZATION, Run, denial, member, says};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];

fn organization(accounts: u32) -> State {
    State::organization(accounts, &REGIONS, "Audit")
}

/// The other accounts are evaluated, and no trail of the failed account is COMPLIANT.
#[tokio::test(flavor = "multi_thread")]
async fn one_account_that_fails_does_not_stop_the_others() {
    let denied = |operation: &str| {
        let mut state = organization(3);
        state.denials.push(denial(&member(1), operation));
        state
    };
    let mut no_role = organization(3);
    no_role.roles.remove(0);
    let role = format!("role `arn:aws:iam::{}:role/Audit` cannot be assumed", member(1));
    let throttled = Fault::of(Operation::DescribeTrails, Position::Every, FaultKind::Throttling)
        .about(format!("@{}/", member(1)));
    for (state, fault, words) in [
        (no_role, None, &[&*role, "AccessDenied", "trusts the caller"][..]),
        (
            denied("cloudtrail:DescribeTrails"),
            None,
            &["was denied", "allow it to `Audit`", "(the same in eu-west-1, us-east-1)"],
        ),
        (denied("account:ListRegions"), None, &["account:ListRegions", "--region"]),
        (organization(3), Some(throttled), &["failed, even when retried", "ThrottlingException"]),
    ] {
        let desk = Desk::with(state).await;
        fault.into_iter().for_each(|fault| desk.lab.inject(fault));
        let run = desk.audit_organization(&["-o", "json"]).exits(2);
        let report = run.report();
        assert_eq!(report["complete"], false);
        assert_eq!(run.summary(["accountsWithProblems"]), [1]);
        let problem = report["accounts"][1]["problem"].as_str().unwrap();
        says(problem, words);
        let source = format!("aws/{}", member(1));
        assert_eq!(report["problems"], json!([{ "source": source, "message": problem }]));
        let verdicts = run.verdicts();
        let of = |number: u64| {
            verdicts.iter().filter(move |(place, _)| place.starts_with(&member(number)))
        };
        assert_eq!(of(1).count(), 0);
        assert_eq!(of(2).filter(|(_, verdict)| *verdict == "COMPLIANT").count(), 1);
        let table = desk.audit_organization(&[]).exits(2);
        says(&table.out, &[&format!("NOT JUDGED: {}", member(1)), "PARTIAL"]);
        assert_eq!(table.err.lines().filter(|line| line.starts_with("error: ")).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_one_region_does_not_stop_the_others() {
    let desk = Desk::with(organization(2)).await;
    let about = format!("@{}/eu-west-1", member(1));
    let fault = Fault::of(Operation::DescribeTrails, Position::Every, FaultKind::InternalError);
    desk.lab.inject(fault.about(about));
    let run = desk.audit_organization(&["-o", "json"]).exits(2);
    let report = run.report();
    let account = &report["accounts"][1];
    assert_eq!(account["problem"], serde_json::Value::Null);
    assert_eq!(account["regions"][1]["region"], "eu-west-1");
    assert!(account["regions"][1]["problem"].is_string());
    assert!(account["regions"][0]["problem"].is_null());
    let source = format!("aws/{}/eu-west-1", member(1));
    assert_eq!(report["problems"][0]["source"], source);
    assert_eq!(run.verdicts()[&format!("{}/us-east-1/main", member(1))], "COMPLIANT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_to_read_a_key_leaves_its_trail_without_a_verdict() {
    let desk = Desk::with(organization(2)).await;
    let key = format!("arn:aws:kms:us-east-1:{}:key/main", member(1));
    let fault = Fault::of(Operation::DescribeKey, Position::Every, FaultKind::InternalError);
    desk.lab.inject(fault.about(key));
    let run = desk.audit_organization(&["-o", "json"]).exits(2);
    assert_eq!(run.verdicts().get(&format!("{}/us-east-1/main", member(1))), None);
    let report = run.report();
    let source = format!("aws/{}/us-east-1/cloudtrail/main", member(1));
    assert_eq!(report["problems"][0]["source"], source);
    let message = report["problems"][0]["message"].as_str().unwrap();
    says(message, &["kms:DescribeKey in us-east-1 failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_describe_key_is_unverified() {
    let mut state = organization(2);
    state.denials.push(denial(&member(1), "kms:DescribeKey"));
    let desk = Desk::with(state).await;
    // A denial is a definite result, so the report is complete.
    let run = desk.audit_organization(&["-o", "json"]).exits(1);
    assert_eq!(run.summary(["unverified"]), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_not_enabled_is_reported_with_a_fix() {
    let desk = Desk::with(organization(2)).await;
    let report = desk
        .audit_organization(&["--region", "us-east-1,af-south-1", "-o", "json"])
        .exits(2)
        .report();
    assert_eq!(report["problems"].as_array().unwrap().len(), 2);
    let message = report["problems"][0]["message"].as_str().unwrap();
    says(message, &["af-south-1", "not enabled in this account", "leave it out of --region"]);
    assert_eq!(report["summary"]["compliant"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn occasional_faults_do_not_change_the_verdicts() {
    let quiet = Desk::with(organization(12)).await.audit_organization(&["-o", "json"]).exits(1);
    let desk = Desk::with(organization(12)).await;
    for kind in [FaultKind::Throttling, FaultKind::InternalError, FaultKind::ConnectionReset] {
        desk.lab.inject(Fault::anywhere(Position::OneIn(20), kind));
    }
    let mut command =
        desk.command(&member(0), &[ORGANIZATION.as_slice(), &["-o", "json"]].concat());
    let noisy = Run::of(command.env("AWS_MAX_ATTEMPTS", "8")).exits(1);
    assert_eq!(noisy.verdicts(), quiet.verdicts());
    assert!(desk.lab.take_calls().iter().filter(|call| call.fault.is_some()).count() > 5);
}

/// The lab responds slowly, so a run below this duration would exceed the limit.
#[tokio::test(flavor = "multi_thread")]
async fn limits_concurrent_requests() {
    let latency = Duration::from_millis(40);
    let desk = Desk::with(organization(8)).await;
    desk.lab.set_latency(latency);
    let mut quickest = Vec::new();
    for concurrency in ["4", "64"] {
        let begun = Instant::now();
        desk.audit_organization(&["--concurrency", concurrency, "-o", "json"]).exits(0);
        quickest.push(begun.elapsed());
        let calls = u32::try_from(desk.lab.take_calls().len()).unwrap();
        let bound: u32 = concurrency.parse().unwrap();
        assert!(begun.elapsed() >= latency * calls / bound, "{:?} for {calls}", begun.elapsed());
    }
    assert!(quickest[1] < quickest[0], "{quickest:?}");
}

/// The second page returns the token that led to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_is_an_error() {
    for (operation, arguments) in [
        (Operation::ListAccounts, &ORGANIZATION[..]),
        (Operation::ListRegions, &[]),
        (Operation::SelectAggregateResourceConfig, &["--aggregator", "all"]),
    ] {
        let mut state = State::organization(3, &["us-east-1"], "Audit");
        let (account, region, name) = (member(0), "us-east-1".to_owned(), "all".to_owned());
        state.aggregators.push(Aggregator { account, region, name, ..Aggregator::default() });
        let desk = Desk::with(state).await;
        desk.lab.inject(Fault::of(operation, Position::Every, FaultKind::RepeatedToken));
        let error = if operation == Operation::ListRegions {
            let report = desk.run(&member(0), &["-o", "json"]).exits(2).report();
            assert_eq!(report["trails"], json!([]));
            report["accounts"][0]["problem"].as_str().unwrap().to_owned()
        } else {
            desk.run(&member(0), arguments).error().to_owned()
        };
        assert!(error.starts_with(&format!("{} in us-east-1", operation.iam())), "{error}");
        says(&error, &["cannot be read to its end: the service repeats the token of a page"]);
        assert_eq!(desk.lab.call_counts().get(operation.iam()), Some(&2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_page_does_not_end_the_list() {
    let quiet = Desk::of_organization(3, &["us-east-1"]).await;
    let expected = quiet.audit_organization(&["-o", "json"]).verdicts();
    for operation in [Operation::ListAccounts, Operation::ListRegions] {
        let desk = Desk::of_organization(3, &["us-east-1"]).await;
        desk.lab.inject(Fault::of(operation, Position::First, FaultKind::RepeatedToken));
        let run = desk.audit_organization(&["-o", "json"]);
        assert_eq!(run.verdicts(), expected, "{operation:?}: {}", run.err);
    }
}

/// A fix names what the user of the command can do, not a role that only AWS Config has.
#[tokio::test(flavor = "multi_thread")]
async fn audit_never_says_the_rules_role() {
    let mut state = organization(2);
    for operation in ["kms:DescribeKey", "kms:GetKeyPolicy", "cloudtrail:GetTrailStatus"] {
        state.denials.push(denial(&member(1), operation));
    }
    let desk = Desk::with(state).await;
    for format in ["table", "json", "csv", "html", "junit", "sarif", "asff", "ocsf"] {
        let full: &[&str] = if format == "table" { &["--full"] } else { &[] };
        let words = [&["-p", "profile=strict", "-o", format], full].concat();
        let run = desk.audit_organization(&words).exits(1);
        assert!(
            !run.out.contains("rule's role") && !run.out.contains("rule's account"),
            "{format}"
        );
        let fix = "allow kms:DescribeKey to the calling principal, in IAM and in the key policy";
        assert!(run.out.contains(fix), "{format}: {}", run.out);
    }
    let other = Desk::open().await;
    let run = other.run(MANAGEMENT, &["-p", "profile=strict", "--full"]);
    assert!(!run.out.contains("rule's"), "{}", run.out);
}
