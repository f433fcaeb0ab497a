//! AWS Config, called with the AWS SDK.

use std::collections::BTreeSet;

use aws_sdk_config::Client;
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::{ComplianceType, Evaluation, ResourceType};
use serde_json::json;
use trailseal_lab::{Fate, Fault, FaultKind, History, Lab, Operation, Ordering, Position, State};

use super::support::{ACCOUNT, MEMBER, REGION, code, lab, sdk};

const RULE: &str = "trailseal";
const TRAIL: &str = "AWS::CloudTrail::Trail";

fn client(lab: &Lab) -> Client {
    Client::new(&sdk(lab, ACCOUNT, REGION))
}

fn evaluation(id: &str, verdict: ComplianceType, milliseconds: i64) -> Evaluation {
    Evaluation::builder()
        .compliance_resource_type(TRAIL)
        .compliance_resource_id(id)
        .compliance_type(verdict)
        .annotation("because")
        .ordering_timestamp(DateTime::from_millis(milliseconds))
        .build()
        .unwrap()
}

/// The time in milliseconds. Responses contain seconds with a fraction, which binary numbers cannot
/// hold exactly: the SDK is off by up to a nanosecond, so this rounds.
fn milliseconds(moment: &DateTime) -> i64 {
    moment.secs() * 1000 + (i64::from(moment.subsec_nanos()) + 500_000) / 1_000_000
}

fn token(lab: &Lab) -> String {
    lab.issue_token(ACCOUNT, REGION, RULE)
}

/// Submits evaluations of the rule; returns those that failed.
async fn submit(lab: &Lab, evaluations: Vec<Evaluation>) -> Vec<Evaluation> {
    let request = client(lab).put_evaluations().set_evaluations(Some(evaluations));
    let answer = request.result_token(token(lab)).send().await.unwrap();
    answer.failed_evaluations.unwrap_or_default()
}

#[tokio::test]
async fn evaluations_are_stored_and_read_back() {
    let lab = lab().await;
    let config = client(&lab);
    let sealed = evaluation("a", ComplianceType::Compliant, 1_468_446_600_373);
    let broken = evaluation("b", ComplianceType::NonCompliant, 1_468_446_600_373);
    assert_eq!(submit(&lab, vec![sealed, broken]).await, []);
    let put = lab.take_put_evaluations();
    assert_eq!(put.len(), 2);
    assert_eq!((put[0].rule.as_str(), put[0].fate), (RULE, Fate::Stored));
    assert_eq!(put[0].ordering_timestamp, 1_468_446_600_373);
    assert!(lab.take_calls()[0].request.get("ResultToken").is_none());
    let request = config.get_compliance_details_by_config_rule().config_rule_name(RULE);
    let answer = request.compliance_types(ComplianceType::NonCompliant).send().await.unwrap();
    let [result] = answer.evaluation_results() else {
        panic!("one result, not {:?}", answer.evaluation_results());
    };
    let identifier = result.evaluation_result_identifier().unwrap();
    let qualifier = identifier.evaluation_result_qualifier().unwrap();
    assert_eq!(qualifier.resource_id(), Some("b"));
    assert_eq!(result.annotation(), Some("because"));
    assert_eq!(milliseconds(identifier.ordering_timestamp().unwrap()), 1_468_446_600_373);
}

#[tokio::test]
async fn older_evaluations_are_kept_or_discarded_as_configured() {
    let lab = lab().await;
    let put = async |evaluation: Evaluation| {
        submit(&lab, vec![evaluation]).await;
        lab.results(ACCOUNT, REGION, RULE)[0].compliance_type.clone()
    };
    assert_eq!(put(evaluation("a", ComplianceType::Compliant, 2000)).await, "COMPLIANT");
    assert_eq!(put(evaluation("a", ComplianceType::NonCompliant, 1000)).await, "COMPLIANT");
    assert_eq!(put(evaluation("a", ComplianceType::NonCompliant, 2000)).await, "NON_COMPLIANT");
    lab.set_ordering(Ordering::LastWriteWins);
    assert_eq!(put(evaluation("a", ComplianceType::Compliant, 1000)).await, "COMPLIANT");
    let fates: Vec<Fate> =
        lab.take_put_evaluations().iter().map(|evaluation| evaluation.fate).collect();
    assert_eq!(fates, [Fate::Stored, Fate::Outdated, Fate::Stored, Fate::Stored]);
}

#[tokio::test]
async fn evaluations_are_returned_as_failed_as_often_as_requested() {
    let lab = lab().await;
    lab.send_back("a", 2);
    for failed in [1, 1, 0] {
        let both = ["a", "b"].map(|id| evaluation(id, ComplianceType::Compliant, 1));
        assert_eq!(submit(&lab, both.into()).await.len(), failed);
    }
    assert_eq!(lab.results(ACCOUNT, REGION, RULE).len(), 2);
}

#[tokio::test]
async fn a_fault_returns_all_evaluations_of_a_submission_as_failed() {
    let lab = lab().await;
    let fault =
        |position| Fault::of(Operation::PutEvaluations, position, FaultKind::FailedEvaluations);
    lab.inject(fault(Position::First));
    let both = || ["a", "b"].map(|id| evaluation(id, ComplianceType::Compliant, 1)).to_vec();
    assert_eq!(submit(&lab, both()).await, both());
    assert_eq!(lab.results(ACCOUNT, REGION, RULE), []);
    assert!(lab.take_put_evaluations().iter().all(|put| put.fate == Fate::SentBack));
    assert_eq!(lab.take_calls()[0].fault.as_deref(), Some("failed-evaluations"));
    assert_eq!(submit(&lab, both()).await, []);
    assert_eq!(lab.results(ACCOUNT, REGION, RULE).len(), 2);
    lab.inject(fault(Position::Every));
    for _ in 0..3 {
        assert_eq!(submit(&lab, both()).await.len(), 2);
    }
}

#[tokio::test]
async fn evaluations_that_cannot_be_stored_are_refused() {
    let lab = lab().await;
    let config = client(&lab);
    let good = || evaluation("a", ComplianceType::Compliant, 1);
    let put = async |evaluations: Vec<Evaluation>, token: &str| {
        let request = config.put_evaluations().set_evaluations(Some(evaluations));
        code(request.result_token(token).send().await)
    };
    let valid = token(&lab);
    assert_eq!(put(vec![good(); 100], &valid).await, "no error");
    assert_eq!(put(vec![good(); 101], &valid).await, "ValidationException");
    type Change = fn(&mut Evaluation);
    let changes: [(Change, &str); 7] = [
        (|one| one.annotation = Some("x".repeat(256)), "no error"),
        (|one| one.annotation = Some("x".repeat(257)), "ValidationException"),
        (|one| one.annotation = Some(String::new()), "ValidationException"),
        (|one| one.compliance_resource_id = String::new(), "ValidationException"),
        (
            |one| one.compliance_type = ComplianceType::InsufficientData,
            "InvalidParameterValueException",
        ),
        (
            |one| one.compliance_resource_type = "AWS::Odd::Type".to_owned(),
            "InvalidParameterValueException",
        ),
        (|one| one.compliance_resource_type = "AWS::::Account".to_owned(), "no error"),
    ];
    for (change, expected) in changes {
        let mut evaluation = good();
        change(&mut evaluation);
        assert_eq!(put(vec![evaluation.clone()], &valid).await, expected, "{evaluation:?}");
    }
    assert_eq!(put(vec![good()], "forged").await, "InvalidResultTokenException");
    lab.delete_rule(ACCOUNT, REGION, RULE);
    assert_eq!(put(vec![good()], &valid).await, "NoSuchConfigRuleException");
}

#[tokio::test]
async fn a_token_is_valid_in_its_account_only_and_test_mode_stores_nothing() {
    let lab = lab().await;
    let member = Client::new(&sdk(&lab, MEMBER, REGION));
    let put = |client: &Client| {
        let evaluation = evaluation("a", ComplianceType::Compliant, 1);
        client.put_evaluations().evaluations(evaluation)
    };
    let foreign = put(&member).result_token(token(&lab)).send().await;
    assert!(foreign.unwrap_err().into_service_error().is_invalid_result_token_exception());
    let trial = put(&client(&lab)).result_token("TESTMODE").test_mode(true).send().await;
    assert_eq!(code(trial), "no error");
    assert_eq!(lab.take_put_evaluations()[0].fate, Fate::TestMode);
    assert_eq!(lab.results(ACCOUNT, REGION, RULE), []);
}

#[tokio::test]
async fn results_are_paginated_and_names_over_64_characters_are_refused() {
    let lab = lab().await;
    let config = client(&lab);
    let of = |number| evaluation(&format!("trail-{number:02}"), ComplianceType::Compliant, 1);
    submit(&lab, (0..25).map(of).collect()).await;
    let details =
        |name: &str| config.get_compliance_details_by_config_rule().config_rule_name(name);
    // A limit of 0 means the default page size.
    for (limit, expected) in [(0, vec![10, 10, 5]), (20, vec![20, 5])] {
        let (mut pages, mut ids) = (Vec::new(), BTreeSet::new());
        let mut sent = details(RULE).limit(limit).into_paginator().send();
        while let Some(page) = sent.next().await {
            let results = page.unwrap().evaluation_results.unwrap();
            pages.push(results.len());
            ids.extend(results.iter().map(|result| format!("{result:?}")));
        }
        assert_eq!((pages, ids.len()), (expected, 25));
    }
    let of_another_list = details(RULE).next_token("history-AWS::CloudTrail::Trail-sealed#3");
    assert_eq!(code(of_another_list.send().await), "InvalidNextTokenException");
    assert_eq!(code(details(&"x".repeat(65)).send().await), "ValidationException");
    assert_eq!(code(details(&"x".repeat(64)).send().await), "NoSuchConfigRuleException");
}

#[tokio::test]
async fn trails_are_discovered_by_name_or_arn_in_their_home_region() {
    let lab = lab().await;
    let list = async |region: &str| {
        let config = Client::new(&sdk(&lab, ACCOUNT, region));
        let request = config.list_discovered_resources().resource_type(ResourceType::Trail);
        let found = request.send().await.unwrap().resource_identifiers.unwrap();
        found.into_iter().filter_map(|found| found.resource_id).collect::<Vec<_>>()
    };
    let here = list(REGION).await;
    assert_eq!(here.len(), 9);
    assert!(here.contains(&"sealed".to_owned()));
    assert!(
        here.contains(&"arn:aws:cloudtrail:us-east-1:111122223333:trail/organization".to_owned())
    );
    assert_eq!(list("eu-west-1").await, ["ireland"]);
    let config = client(&lab);
    let request = config.list_discovered_resources().resource_type(ResourceType::Trail);
    assert_eq!(code(request.clone().limit(101).send().await), "InvalidLimitException");
    assert_eq!(code(request.next_token("x").send().await), "InvalidNextTokenException");
}

#[tokio::test]
async fn an_empty_token_requests_the_first_page_of_results_only() {
    let lab = lab().await;
    let config = client(&lab);
    let both = ["a", "b"].map(|id| evaluation(id, ComplianceType::Compliant, 1));
    assert_eq!(submit(&lab, both.into()).await, []);
    let details = |token: &str| {
        let request = config.get_compliance_details_by_config_rule().config_rule_name(RULE);
        request.limit(1).next_token(token).send()
    };
    let first = details("").await.unwrap();
    assert_eq!(first.evaluation_results().len(), 1);
    let second = details(first.next_token().unwrap()).await.unwrap();
    assert_ne!(second.evaluation_results(), first.evaluation_results());
    let fault = Fault::of(
        Operation::GetComplianceDetailsByConfigRule,
        Position::First,
        FaultKind::RepeatedToken,
    );
    lab.inject(fault);
    assert_eq!(details("").await.unwrap().next_token(), Some("first-page"));
    let discovered = config.list_discovered_resources().resource_type(ResourceType::Trail);
    assert_eq!(code(discovered.next_token("").send().await), "InvalidNextTokenException");
}

fn recorded(captured: &str) -> serde_json::Value {
    json!({
        "ARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed",
        "awsAccountId": ACCOUNT,
        "awsRegion": REGION,
        "resourceType": TRAIL,
        "resourceId": "sealed",
        "configurationItemVersion": "1.3",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": captured,
        "configurationStateId": 1,
        "configuration": {"name": "sealed"},
    })
}

async fn lab_with_history(empty_pages: u64) -> Lab {
    let mut state = State::default_state().unwrap();
    state.history = vec![History {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        empty_pages,
        items: vec![
            recorded("2026-11-20T10:00:00.001Z"),
            recorded("2026-11-22T10:00:00.002Z"),
            recorded("2026-11-21T10:00:00.003Z"),
        ],
    }];
    Lab::start(state).await.unwrap()
}

#[tokio::test]
async fn the_history_starts_with_the_newest_item_up_to_the_requested_time() {
    let lab = lab_with_history(0).await;
    let config = client(&lab);
    let ask = || {
        let request = config.get_resource_config_history().resource_type(ResourceType::Trail);
        request.resource_id("sealed")
    };
    let time = |milliseconds| DateTime::from_millis(milliseconds);
    let noon = 1_795_255_200_003; // 2026-11-21T10:00:00.003Z
    let exact = ask().later_time(time(noon)).limit(1).send().await.unwrap();
    let item = &exact.configuration_items()[0];
    assert_eq!(item.configuration_item_capture_time().map(milliseconds), Some(noon));
    assert_eq!(item.configuration(), Some("{\"name\":\"sealed\"}"));
    assert_eq!(item.account_id(), Some(ACCOUNT));
    assert_eq!(item.configuration_state_id(), Some("1"));
    assert!(exact.next_token().is_some());
    let before = ask().later_time(time(noon - 1)).send().await.unwrap();
    assert_eq!(before.configuration_items().len(), 1);
    let range = ask().later_time(time(1)).earlier_time(time(2)).send().await;
    assert!(range.unwrap_err().into_service_error().is_invalid_time_range_exception());
    assert_eq!(code(ask().limit(101).send().await), "InvalidLimitException");
    let other = ask().resource_id("other").send().await;
    assert!(other.unwrap_err().into_service_error().is_resource_not_discovered_exception());
}

#[tokio::test]
async fn the_history_can_start_with_empty_pages() {
    let lab = lab_with_history(2).await;
    let config = client(&lab);
    let request = config.get_resource_config_history().resource_type(ResourceType::Trail);
    let mut sent = request.resource_id("sealed").limit(2).into_paginator().send();
    let mut pages = Vec::new();
    while let Some(page) = sent.next().await {
        pages.push(page.unwrap().configuration_items().len());
    }
    assert_eq!(pages, [0, 0, 2, 1]);
}
