//! Endless lists are an error, never a partial list.

use serde_json::json;
use trailseal_lab::{Aggregator, Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, ORGANIZATION, member, says};

/// The second page returns the token that led to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_is_an_error() {
    for (operation, arguments) in [
        (Operation::ListAccounts, &ORGANIZATION[..]),
        (Operation::ListRegions, &[]),
        (Operation::SelectAggregateResourceConfig, &["--aggregator", "all"]),
    ] {
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
