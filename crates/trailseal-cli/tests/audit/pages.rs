//! Lists that do not end are an error, never a partial list.

use trailseal_lab::{Aggregator, Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, Run, member};

const CAUSE: &str = "cannot be read to its end: the service repeats the token of a page";

async fn desk(operation: Operation) -> Desk {
    let mut state = State::organization(3, &["us-east-1"], "Audit");
    state.aggregators.push(Aggregator {
        account: member(0),
        region: "us-east-1".to_owned(),
        name: "all".to_owned(),
        accounts: Vec::new(),
        resource_types: Vec::new(),
    });
    let desk = Desk::with(state).await;
    desk.lab.inject(Fault::of(operation, Position::Every, FaultKind::RepeatedToken));
    desk
}

/// The second page repeats a known token.
#[track_caller]
fn is_asked_twice(desk: &Desk, operation: Operation) {
    assert_eq!(desk.lab.call_counts().get(operation.iam()), Some(&2));
}

fn judge(desk: &Desk, arguments: &[&str]) -> Run {
    desk.run(&member(0), arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_an_organization() {
    let desk = desk(Operation::ListAccounts).await;
    let run = desk.audit_organization(&[]);
    let error = run.error();
    assert!(error.starts_with("organizations:ListAccounts in us-east-1"), "{error}");
    assert!(error.contains(CAUSE), "{error}");
    is_asked_twice(&desk, Operation::ListAccounts);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_regions_of_an_account() {
    let desk = desk(Operation::ListRegions).await;
    let run = judge(&desk, &["-o", "json"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let report = run.report();
    let problem = report["accounts"][0]["problem"].as_str().unwrap();
    assert!(problem.starts_with("account:ListRegions in us-east-1"), "{problem}");
    assert!(problem.contains(CAUSE), "{problem}");
    assert_eq!(report["trails"].as_array().unwrap().len(), 0);
    is_asked_twice(&desk, Operation::ListRegions);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_an_aggregator() {
    let desk = desk(Operation::SelectAggregateResourceConfig).await;
    let run = judge(&desk, &["--aggregator", "all"]);
    let error = run.error();
    assert!(error.starts_with("config:SelectAggregateResourceConfig in us-east-1"), "{error}");
    assert!(error.contains(CAUSE), "{error}");
    is_asked_twice(&desk, Operation::SelectAggregateResourceConfig);
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
