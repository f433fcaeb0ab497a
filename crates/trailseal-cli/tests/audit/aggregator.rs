//! Audits of an organization with a configuration aggregator.

use std::collections::BTreeMap;

use trailseal_lab::{Aggregator, State};

use super::desk::{Desk, MANAGEMENT, Run, member, says};

fn organization(accounts: u32, resource_types: &[&str]) -> State {
    let mut state = State::organization(accounts, &["us-east-1", "eu-west-1"], "Audit");
    state.aggregators.push(Aggregator {
        account: member(0),
        region: "eu-west-1".to_owned(),
        name: "all".to_owned(),
        resource_types: resource_types.iter().map(|one| (*one).to_owned()).collect(),
        ..Aggregator::default()
    });
    state
}

const ALL: [&str; 6] = ["--aggregator", "all", "--aggregator-region", "eu-west-1", "-o", "json"];

fn judge(desk: &Desk, more: &[&str]) -> Run {
    desk.run(&member(0), &[ALL.as_slice(), more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn audits_an_organization_with_a_few_queries() {
    let desk = Desk::with(organization(150, &[])).await;
    let run = judge(&desk, &[]).exits(1);
    let report = run.report();
    // Every tenth trail has no key.
    let names = ["trails", "nonCompliant", "compliant", "unverified", "accounts"];
    assert_eq!(run.summary(names), [151, 15, 136, 0, 150]);
    let first = &report["trails"][0];
    let source = format!("aws/{}/us-east-1/cloudtrail/main", member(9));
    assert_eq!(first["source"], source.as_str());
    assert_eq!(first["captured"], "2026-11-23T06:00:00.000Z");
    let counts = desk.lab.call_counts();
    let queries = counts["config:SelectAggregateResourceConfig"];
    // Pages of 100 trails, keys and buckets; two lists of bucket names; accounts and Regions.
    assert!(queries <= 9, "{counts:?}");
    assert_eq!(counts.len(), 2, "{counts:?}");
    says(&run.err, &["note: an aggregator shows what AWS Config records"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_and_live_reads_give_the_same_verdicts() {
    let desk = Desk::with(organization(12, &[])).await;
    let live = desk.audit_organization(&["-o", "json"]);
    let aggregated = judge(&desk, &[]).verdicts();
    let live: BTreeMap<_, _> =
        live.verdicts().into_iter().filter(|(_, verdict)| verdict != "NOT_APPLICABLE").collect();
    assert_eq!(aggregated, live);
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_is_not_recorded_is_unverified() {
    let desk = Desk::with(organization(3, &["AWS::CloudTrail::Trail"])).await;
    let run = judge(&desk, &[]).exits(1);
    assert_eq!(run.summary(["unverified", "compliant"]), [4, 0]);
    // AWS Config records neither key policies nor deliveries.
    let desk = Desk::with(organization(3, &[])).await;
    let strict = judge(&desk, &["-p", "profile=strict"]).report();
    for id in ["key-policy-admits-cloudtrail", "delivery-unbroken"] {
        let mut checks = strict["trails"][0]["checks"].as_array().unwrap().iter();
        assert_eq!(checks.find(|check| check["id"] == id).unwrap()["outcome"], "unknown", "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_an_aggregator_that_does_not_exist() {
    let desk = Desk::open().await;
    let words =
        ["`all`", "in us-east-1", "describe-configuration-aggregators", "--aggregator-region"];
    says(desk.run(MANAGEMENT, &["--aggregator", "all"]).error(), &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_no_trails_with_an_aggregator() {
    let desk = Desk::with(organization(3, &[])).await;
    let run = judge(&desk, &["-p", "noTrails=NON_COMPLIANT"]);
    assert!(
        run.not_started().contains("`noTrails=NON_COMPLIANT` cannot be judged with --aggregator")
    );
    assert_eq!(desk.lab.take_calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_without_resources_is_a_problem() {
    // No resource is of this type.
    let desk = Desk::with(organization(2, &["AWS::EC2::EIP"])).await;
    let run = judge(&desk, &[]).exits(2);
    assert_eq!((&run.report()["complete"], run.summary(["trails"])), (&false.into(), [0]));
    says(&run.err, &["error: aws/aggregator/all: it has no resource of any account"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_a_recorded_trail_are_problems() {
    // Keys and buckets are recorded, trails are not.
    let desk = Desk::with(organization(3, &["AWS::KMS::Key", "AWS::S3::Bucket"])).await;
    let run = judge(&desk, &[]).exits(2);
    let report = run.report();
    assert_eq!(report["complete"], false);
    assert_eq!(run.summary(["trails", "accounts", "accountsWithProblems"]), [0, 3, 3]);
    for account in report["accounts"].as_array().unwrap() {
        let problem = &account["regions"][0]["problem"];
        assert_eq!(*problem, "no trail seen there: AWS Config may not record trails");
    }
    let [one, two, three] = [0, 1, 2].map(member);
    let line = format!(
        "error: aws/aggregator/all: no trail is seen in 3 of its 3 accounts and Regions ({one} \
         us-east-1, {two} us-east-1, {three} us-east-1), so these cannot be judged: AWS Config may \
         not record trails there, and does not show copies of trails; check that their recorders \
         record AWS::CloudTrail::Trail, or audit these accounts with --accounts\n"
    );
    says(&run.err, &[&line]);
    assert!(!run.err.contains("no trail was found"), "{}", run.err);
    let table = desk.run(&member(0), &ALL[..4]).exits(2);
    let line = format!("NOT JUDGED: {two} in us-east-1: no trail seen there: AWS Config may not");
    says(&table.out, &[&line, "PARTIAL"]);
    assert!(!table.out.contains("NO TRAIL SEEN"), "{}", table.out);
    let counts = desk.lab.call_counts();
    assert_eq!(counts["config:SelectAggregateResourceConfig"], 2 * 2, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_without_a_trail_does_not_stop_the_others() {
    let mut state = organization(12, &[]);
    // The log archive account has a bucket, but no trail of its own.
    let (archive, region) = (member(3), "eu-west-1".to_owned());
    let (name, account) = ("archive".to_owned(), archive.clone());
    state.buckets.push(trailseal_lab::Bucket {
        name,
        account,
        region,
        ..trailseal_lab::Bucket::default()
    });
    let desk = Desk::with(state).await;
    let run = judge(&desk, &[]).exits(2);
    // The other trails are evaluated.
    assert_eq!(run.summary(["trails", "nonCompliant", "accountsWithProblems"]), [13, 1, 1]);
    let line = "no trail is seen in 1 of its 13 accounts and Regions";
    says(&run.err, &[&format!("{line} ({archive} eu-west-1)")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_the_first_of_many_accounts_without_a_trail() {
    let desk = Desk::with(organization(14, &["AWS::KMS::Key"])).await;
    let run = judge(&desk, &[]).exits(2);
    let line = format!("{} us-east-1 and 4 more; `-o json` lists them), so these", member(9));
    says(&run.err, &[&line]);
    assert!(!run.err.contains(&member(10)), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_accounts_outside_the_aggregator() {
    let mut state = organization(3, &[]);
    state.aggregators[0].accounts = vec![member(0), member(1)];
    state.trails[2].kms_key_id = None;
    let desk = Desk::with(state).await;
    // The aggregator does not know the third account; a note mentions this.
    let run = judge(&desk, &[]).exits(0);
    assert_eq!(run.summary(["accounts"]), [2]);
    let note = "accounts and Regions that the aggregator does not collect are not in this report";
    says(&run.err, &[&format!("note: {note}")]);
}
