//! A whole organization by what a configuration aggregator knows of it.

use std::collections::BTreeMap;

use trailseal_lab::{Aggregator, State};

use super::desk::{Desk, MANAGEMENT, Run, member};

fn organization(accounts: u32, resource_types: &[&str]) -> State {
    let mut state = State::organization(accounts, &["us-east-1", "eu-west-1"], "Audit");
    state.aggregators.push(Aggregator {
        account: member(0),
        region: "eu-west-1".to_owned(),
        name: "all".to_owned(),
        accounts: Vec::new(),
        resource_types: resource_types.iter().map(|one| (*one).to_owned()).collect(),
    });
    state
}

const ALL: [&str; 6] = ["--aggregator", "all", "--aggregator-region", "eu-west-1", "-o", "json"];

fn judge(desk: &Desk, more: &[&str]) -> Run {
    desk.run(&member(0), &[ALL.as_slice(), more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_queries_for_a_whole_organization() {
    let desk = Desk::with(organization(150, &[])).await;
    let run = judge(&desk, &[]);
    assert_eq!(run.code, 1, "{}", run.err);
    let report = run.report();
    // Every tenth trail has no key.
    let summary = &report["summary"];
    assert_eq!((&summary["trails"], &summary["nonCompliant"]), (&151.into(), &15.into()));
    assert_eq!((&summary["compliant"], &summary["unverified"]), (&136.into(), &0.into()));
    assert_eq!(summary["accounts"], 150);
    let first = &report["trails"][0];
    let source = format!("aws/{}/us-east-1/cloudtrail/main", member(9));
    assert_eq!(first["source"], source.as_str());
    assert_eq!(first["captured"], "2026-11-23T06:00:00.000Z");
    let counts = desk.lab.call_counts();
    let queries = counts["config:SelectAggregateResourceConfig"];
    // Trails and keys and buckets in pages of 100, the ids of buckets in two lists, and the places.
    assert!(queries <= 9, "{counts:?}");
    assert_eq!(counts.len(), 2, "{counts:?}");
    assert!(run.err.contains("note: an aggregator shows what AWS Config records"), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_judged_as_it_is_when_asked_live() {
    let desk = Desk::with(organization(12, &[])).await;
    let live =
        desk.run(&member(0), &["--accounts", "organization", "--role-name", "Audit", "-o", "json"]);
    let told = judge(&desk, &[]).verdicts();
    let live: BTreeMap<_, _> =
        live.verdicts().into_iter().filter(|(_, verdict)| verdict != "NOT_APPLICABLE").collect();
    assert_eq!(told, live);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_is_unverified() {
    let desk = Desk::with(organization(3, &["AWS::CloudTrail::Trail"])).await;
    let run = judge(&desk, &[]);
    assert_eq!(run.code, 1, "{}", run.err);
    let report = run.report();
    assert_eq!(report["summary"]["unverified"], 4);
    assert_eq!(report["summary"]["compliant"], 0);
    // Config's schema has no key policy, and no delivery.
    let desk = Desk::with(organization(3, &[])).await;
    let strict = judge(&desk, &["-p", "profile=strict"]).report();
    let checks = strict["trails"][0]["checks"].as_array().unwrap();
    let unknown: Vec<&str> = checks
        .iter()
        .filter(|check| check["outcome"] == "unknown")
        .map(|check| check["id"].as_str().unwrap())
        .collect();
    assert!(unknown.contains(&"key-policy-admits-cloudtrail"), "{unknown:?}");
    assert!(unknown.contains(&"delivery-unbroken"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_that_is_not_there() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &["--aggregator", "all"]);
    let error = run.error();
    for words in
        ["`all`", "in us-east-1", "describe-configuration-aggregators", "--aggregator-region"]
    {
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_from_an_aggregator_is_no_evidence() {
    let desk = Desk::with(organization(3, &[])).await;
    let run = judge(&desk, &["-p", "noTrails=NON_COMPLIANT"]);
    assert!(run.error().contains("`noTrails=NON_COMPLIANT` cannot be judged with --aggregator"));
    assert_eq!(desk.lab.take_calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_that_knows_nothing_says_nothing_good() {
    // No resource is of this type.
    let desk = Desk::with(organization(2, &["AWS::EC2::EIP"])).await;
    let run = judge(&desk, &[]);
    assert_eq!(run.code, 2, "{}", run.err);
    let report = run.report();
    assert_eq!((&report["complete"], &report["summary"]["trails"]), (&false.into(), &0.into()));
    let said = "error: aws/aggregator/all: it knows no resource of any account";
    assert!(run.err.contains(said), "{}", run.err);
}
