//! Trails that are visible but not evaluated: the run is partial, and every format reports them.

use serde_json::Value;
use trailseal_lab::State;

use super::desk::{AS_MEMBER, Desk, MANAGEMENT, MEMBER, Run, denial, member, says};

const LOST: &str = "arn:aws:cloudtrail:af-south-1:111122223333:trail/lost";
const ORGANIZATION: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/org";

async fn desk(state: &str) -> Desk {
    Desk::with(State::from_value("state", &serde_json::from_str(state).unwrap()).unwrap()).await
}

/// The ARNs of the trails that the report lists as not evaluated, each once.
fn not_evaluated(run: &Run) -> Vec<String> {
    let report = run.report();
    let marked = report["trails"].as_array().unwrap().iter();
    let marked = marked.filter(|trail| !trail["notEvaluated"].is_null());
    let mut arns: Vec<String> =
        marked.map(|trail| trail["arn"].as_str().unwrap().to_owned()).collect();
    arns.sort();
    arns.dedup();
    assert_eq!(report["summary"]["notEvaluated"], arns.len());
    let is_named = |arn: &String| run.err.contains(&format!("trail {arn} was not evaluated: "));
    assert!(arns.iter().all(is_named), "{}", run.err);
    if !arns.is_empty() {
        assert_eq!((run.code, &report["complete"]), (2, &Value::Bool(false)), "{}", run.err);
    }
    arns
}

/// Every format names the trail and why it is not evaluated.
#[track_caller]
fn is_reported_in_every_format(desk: &Desk, account: &str, arn: &str, why: &str) {
    let name = arn.rsplit('/').next().unwrap();
    let listed = format!("NOT EVALUATED: {arn}: ");
    for (format, words) in [
        ("table", vec![&*listed, "PARTIAL", ", 1 not evaluated"]),
        ("json", vec!["\"notEvaluated\"", "\"complete\": false"]),
        ("csv", vec!["not evaluated"]),
        ("html", vec!["PARTIAL", name]),
        ("junit", vec!["type=\"problem\""]),
        ("sarif", vec!["\"executionSuccessful\": false"]),
        ("asff", vec!["trailseal/NotEvaluated", "\"WARNING\""]),
        ("ocsf", vec!["\"Warning\""]),
    ] {
        let run = desk.run(account, &["-o", format]).exits(2);
        says(&run.out, &[words, vec![arn, why]].concat());
    }
}

/// An audit with a JSON report exits with this code and does not evaluate these trails.
#[track_caller]
fn audits_without(desk: &Desk, account: &str, more: &[&str], code: i32, arns: &[&str]) -> Run {
    let run = desk.run(account, &[["-o", "json"].as_slice(), more].concat()).exits(code);
    assert_eq!(not_evaluated(&run), arns, "{more:?}");
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_trail_whose_home_region_is_not_enabled() {
    let desk = desk(include_str!("states/home-region-not-enabled.json")).await;
    audits_without(&desk, MANAGEMENT, &[], 2, &[LOST]);
    let why = "its home Region af-south-1 of account 111122223333 was not audited";
    is_reported_in_every_format(&desk, MANAGEMENT, LOST, why);
    // With replicas=EVALUATE, copies have a verdict.
    let run = audits_without(&desk, MANAGEMENT, &["-p", "replicas=EVALUATE"], 1, &[]);
    assert_eq!(run.summary(["nonCompliant"]), [1]);
    // An exempt trail needs no evaluation.
    audits_without(&desk, MANAGEMENT, &["-p", &format!("exemptTrails={LOST}")], 0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_an_organization_trail_seen_only_from_a_member() {
    let desk = desk(include_str!("states/member-with-organization-trail-only.json")).await;
    audits_without(&desk, MEMBER, &[], 2, &[ORGANIZATION]);
    let why = "account 111122223333 owns it and was not audited; add it to --accounts";
    is_reported_in_every_format(&desk, MEMBER, ORGANIZATION, why);
    audits_without(&desk, MEMBER, &["-p", "replicas=EVALUATE"], 1, &[]);
    // The owner evaluates the same trail.
    audits_without(&desk, MANAGEMENT, &[], 1, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_trails_whose_owner_is_not_audited() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &["--region", "eu-west-1", "-o", "json"]);
    // All trails of us-east-1 have a copy there.
    let found = not_evaluated(&run);
    assert_eq!(found.len(), 9, "{found:?}");
    assert!(found.iter().all(|arn| arn.contains(":us-east-1:")), "{found:?}");
    let home = "its home Region us-east-1 of account 111122223333 was not audited";
    says(&run.err, &[&format!("{home}: --region leaves")]);
    audits_without(&desk, MANAGEMENT, &["--region", "eu-west-1,us-east-1"], 1, &[]);
    let both = format!("{MEMBER},{MANAGEMENT}");
    let organization = "arn:aws:cloudtrail:us-east-1:111122223333:trail/organization";
    for (accounts, code, arns) in [(MEMBER, 2, &[organization][..]), (&both, 1, &[])] {
        let more = [["--accounts", accounts].as_slice(), &AS_MEMBER].concat();
        audits_without(&desk, MANAGEMENT, &more, code, arns);
    }
}

/// The copies of the members do not replace the trail of an owner that denies access.
#[tokio::test(flavor = "multi_thread")]
async fn reports_trails_of_an_owner_that_denies_access() {
    let mut state = State::organization(3, &["us-east-1", "eu-west-1"], "Audit");
    state.denials.push(denial(&member(0), "cloudtrail:DescribeTrails"));
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&["-o", "json"]);
    let arn = format!("arn:aws:cloudtrail:us-east-1:{}:trail/organization", member(0));
    assert_eq!(not_evaluated(&run), [arn]);
    says(&run.err, &["owns it and could not be audited"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluates_all_trails_of_an_organization() {
    let desk = Desk::of_organization(4, &["us-east-1", "eu-west-1"]).await;
    let run = desk.audit_organization(&["-o", "json"]).exits(0);
    assert_eq!(not_evaluated(&run).len(), 0);
    assert_eq!(run.report()["complete"], true);
}
