//! Accounts and Regions that deny access, and services that are throttled or slow.

use std::time::{Duration, Instant};

use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, ORGANIZATION, Run, denial, member};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];

fn organization(accounts: u32) -> State {
    State::organization(accounts, &REGIONS, "Audit")
}

/// One account fails; the others are judged, and none of its trails is compliant.
async fn one_account_fails(state: State, faults: Vec<Fault>, said: &[&str]) {
    let desk = Desk::with(state).await;
    for fault in faults {
        desk.lab.inject(fault);
    }
    let run = desk.audit_organization(&["-o", "json"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let report = run.report();
    assert_eq!(report["complete"], false);
    assert_eq!(report["summary"]["accountsWithProblems"], 1);
    let problem = report["accounts"][1]["problem"].as_str().unwrap();
    for words in said {
        assert!(problem.contains(words), "{problem}");
    }
    assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{}", report["problems"]);
    assert_eq!(report["problems"][0]["source"], format!("aws/{}", member(1)));
    assert_eq!(report["problems"][0]["message"], problem);
    let verdicts = run.verdicts();
    let of = |number: u64| verdicts.iter().filter(move |(place, _)| place.0 == member(number));
    assert_eq!(of(1).count(), 0);
    assert_eq!(of(2).filter(|(_, verdict)| *verdict == "COMPLIANT").count(), 1);
    let table = desk.audit_organization(&[]);
    assert_eq!(table.code, 2);
    assert!(table.out.contains(&format!("NOT JUDGED: {}", member(1))), "{}", table.out);
    assert!(table.out.contains("PARTIAL"), "{}", table.out);
    assert_eq!(table.err.lines().filter(|line| line.starts_with("error: ")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_does_not_exist() {
    let mut state = organization(3);
    state.roles.remove(0);
    let role = format!("role `arn:aws:iam::{}:role/Audit` cannot be assumed", member(1));
    one_account_fails(state, Vec::new(), &[&role, "AccessDenied", "trusts the caller"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn describe_trails_is_denied_in_every_region() {
    let mut state = organization(3);
    state.denials.push(denial(&member(1), "cloudtrail:DescribeTrails"));
    let said = ["was denied", "allow it to `Audit`", "(the same in eu-west-1, us-east-1)"];
    one_account_fails(state, Vec::new(), &said).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn list_regions_is_denied() {
    let mut state = organization(3);
    state.denials.push(denial(&member(1), "account:ListRegions"));
    one_account_fails(state, Vec::new(), &["account:ListRegions", "--regions"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_always_throttled() {
    let about = format!("@{}/", member(1));
    let fault =
        Fault::of(Operation::DescribeTrails, Position::Every, FaultKind::Throttling).about(about);
    let said = ["failed, even when retried", "ThrottlingException"];
    one_account_fails(organization(3), vec![fault], &said).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_one_region_does_not_stop_the_others() {
    let desk = Desk::with(organization(2)).await;
    let about = format!("@{}/eu-west-1", member(1));
    let fault = Fault::of(Operation::DescribeTrails, Position::Every, FaultKind::InternalError);
    desk.lab.inject(fault.about(about));
    let run = desk.audit_organization(&["-o", "json"]);
    assert_eq!(run.code, 2);
    let report = run.report();
    let account = &report["accounts"][1];
    assert_eq!(account["problem"], serde_json::Value::Null);
    assert_eq!(account["regions"][1]["region"], "eu-west-1");
    assert!(account["regions"][1]["problem"].is_string());
    assert!(account["regions"][0]["problem"].is_null());
    let source = format!("aws/{}/eu-west-1", member(1));
    assert_eq!(report["problems"][0]["source"], source);
    let home = (member(1), "us-east-1".to_owned(), "main".to_owned());
    assert_eq!(run.verdicts()[&home], "COMPLIANT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_to_read_a_key_leaves_its_trail_without_a_verdict() {
    let desk = Desk::with(organization(2)).await;
    let key = format!("arn:aws:kms:us-east-1:{}:key/main", member(1));
    let fault = Fault::of(Operation::DescribeKey, Position::Every, FaultKind::InternalError);
    desk.lab.inject(fault.about(key));
    let run = desk.audit_organization(&["-o", "json"]);
    assert_eq!(run.code, 2);
    let home = (member(1), "us-east-1".to_owned(), "main".to_owned());
    assert_eq!(run.verdicts().get(&home), None);
    let report = run.report();
    let source = format!("aws/{}/us-east-1/cloudtrail/main", member(1));
    assert_eq!(report["problems"][0]["source"], source);
    let message = report["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("kms:DescribeKey in us-east-1 failed"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_description_is_denied_is_unverified() {
    let mut state = organization(2);
    state.denials.push(denial(&member(1), "kms:DescribeKey"));
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&["-o", "json"]);
    // A denial is an answer, so the report is complete.
    assert_eq!(run.code, 1, "{}", run.err);
    assert_eq!(run.report()["summary"]["unverified"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_not_enabled_is_reported_with_a_fix() {
    let desk = Desk::with(organization(2)).await;
    let run = desk.audit_organization(&["--regions", "us-east-1,af-south-1", "-o", "json"]);
    assert_eq!(run.code, 2);
    let report = run.report();
    assert_eq!(report["problems"].as_array().unwrap().len(), 2);
    let message = report["problems"][0]["message"].as_str().unwrap();
    for words in ["af-south-1", "not enabled in this account", "leave it out of --regions"] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(report["summary"]["compliant"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn occasional_faults_do_not_change_the_verdicts() {
    let quiet = Desk::with(organization(12)).await.audit_organization(&["-o", "json"]);
    let desk = Desk::with(organization(12)).await;
    for kind in [FaultKind::Throttling, FaultKind::InternalError, FaultKind::ConnectionReset] {
        desk.lab.inject(Fault::anywhere(Position::OneIn(20), kind));
    }
    let mut command =
        desk.command(&member(0), &[ORGANIZATION.as_slice(), &["-o", "json"]].concat());
    let noisy = Run::of(command.env("AWS_MAX_ATTEMPTS", "8").output().unwrap());
    assert_eq!((noisy.code, quiet.code), (1, 1), "{}", noisy.err);
    assert_eq!(noisy.verdicts(), quiet.verdicts());
    assert!(desk.lab.take_calls().iter().filter(|call| call.fault.is_some()).count() > 5);
}

/// The lab answers slowly, so the run cannot be faster than the bound on concurrent requests allows.
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_bounded() {
    let latency = Duration::from_millis(40);
    let desk = Desk::with(organization(8)).await;
    desk.lab.set_latency(latency);
    let mut quickest = Vec::new();
    for concurrency in ["4", "64"] {
        let begun = Instant::now();
        let run = desk.audit_organization(&["--concurrency", concurrency, "-o", "json"]);
        assert_eq!(run.code, 0, "{}", run.err);
        quickest.push(begun.elapsed());
        let calls = u32::try_from(desk.lab.take_calls().len()).unwrap();
        let bound: u32 = concurrency.parse().unwrap();
        assert!(begun.elapsed() >= latency * calls / bound, "{:?} for {calls}", begun.elapsed());
    }
    assert!(quickest[1] < quickest[0], "{quickest:?}");
}
