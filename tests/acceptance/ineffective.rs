//! A key policy whose only statement for CloudTrail has no effect, on a schedule, through the real
//! function.

use super::faults::accounts::{schedule, with};
use super::harness::{ACCOUNT, REGION, RULE, TIME, bootstrap_of, error_of, lab};

const STATE: &str = include_str!("lab-states/policy-statement-without-resource.json");

#[tokio::test]
async fn a_statement_without_resource_admits_nothing() {
    let lab = lab(&serde_json::from_str(STATE).unwrap()).await;
    let mut function = bootstrap_of(&lab, ACCOUNT, REGION).await;
    let event = with(schedule(ACCOUNT, REGION), &[("profile", "strict")]);
    let token = lab.issue_token(ACCOUNT, REGION, RULE);
    let event = event.to_json(&token).to_string();
    let outcome = function.invoke(event.as_bytes(), TIME).await.unwrap().outcome;
    assert_eq!(error_of(outcome), None);
    let put = lab.take_put_evaluations();
    let main = put.iter().find(|one| one.resource_id.ends_with("main")).unwrap();
    assert_eq!(main.compliance_type, "NON_COMPLIANT");
    let annotation = main.annotation.as_deref().unwrap_or_default();
    let expected = "the key policy does not let CloudTrail encrypt this trail: ";
    assert!(annotation.contains(expected), "{annotation}");
    assert!(annotation.contains("without Resource has no effect"), "{annotation}");
}
