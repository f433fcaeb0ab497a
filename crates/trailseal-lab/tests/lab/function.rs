//! A function as a separate process.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use trailseal_lab::{Function, FunctionSettings, Lab, Outcome, RuleEvent};

use super::support::{ACCOUNT, REGION, lab, stub};

const TIME: Duration = Duration::from_secs(20);

async fn function(lab: &Lab) -> Function {
    Function::spawn(&stub(), lab, FunctionSettings::new(ACCOUNT, REGION)).await.unwrap()
}

#[tokio::test]
async fn each_outcome_is_reported_and_the_process_is_restarted() {
    let lab = lab().await;
    let mut function = function(&lab).await;
    let first = function.process_id();
    let told = |what: &str| json!({ "do": what }).to_string().into_bytes();
    let respond = function.invoke(&told("respond"), TIME).await.unwrap();
    assert_eq!(respond.outcome, Outcome::Response(json!({"do": "respond"})));
    let fail = function.invoke(&told("fail"), TIME).await.unwrap();
    let failed = Outcome::Failed {
        error_type: "Stub".to_owned(),
        message: "as told".to_owned(),
        stack_trace: Vec::new(),
    };
    assert_eq!(fail.outcome, failed);
    assert_eq!((function.process_id(), function.starts()), (first, 1));
    let exit = function.invoke(&told("exit"), TIME).await.unwrap();
    assert_eq!(exit.outcome, Outcome::Exited { status: "exit status: 3".to_owned() });
    let hang = function.invoke(&told("hang"), Duration::from_millis(50)).await.unwrap();
    assert_eq!((hang.outcome, function.starts()), (Outcome::TimedOut, 2));
    let again = function.invoke(&told("respond"), TIME).await.unwrap();
    assert!(matches!(again.outcome, Outcome::Response(_)));
    assert_eq!(function.starts(), 3);
    assert_eq!(function.take_lines().unwrap(), ["event received"; 5]);
    assert_eq!(function.take_lines().unwrap(), [""; 0]);
    let memory = function.memory().unwrap();
    assert!(memory.peak_kib >= memory.resident_kib && memory.resident_kib > 100);
    assert!(function.cold_start() > Duration::ZERO);
}

#[tokio::test]
async fn two_functions_run_at_once_in_one_account() {
    let lab = lab().await;
    let (mut one, mut two) = (function(&lab).await, function(&lab).await);
    let item = json!({
        "resourceType": "AWS::CloudTrail::Trail",
        "resourceId": "sealed",
        "configurationItemCaptureTime": "2026-11-23T10:00:00.125Z",
        "configuration": {},
    });
    let event = || {
        let token = lab.issue_token(ACCOUNT, REGION, "trailseal");
        let event = RuleEvent::of_item(ACCOUNT, REGION, "trailseal", &item).to_json(&token);
        event.to_string().into_bytes()
    };
    let (first, second) = (event(), event());
    let (first, second) = tokio::join!(one.invoke(&first, TIME), two.invoke(&second, TIME));
    assert_eq!(first.unwrap().outcome, Outcome::Response(json!(null)));
    assert_eq!(second.unwrap().outcome, Outcome::Response(json!(null)));
    let put = lab.take_put_evaluations();
    assert_eq!(put.len(), 2);
    assert!(put.iter().all(|evaluation| evaluation.compliance_type == "NON_COMPLIANT"));
    assert_eq!(lab.results(ACCOUNT, REGION, "trailseal").len(), 1);
}

#[tokio::test]
async fn a_program_that_is_not_a_function_is_reported_by_name() {
    let lab = lab().await;
    let spawn = async |program: &str| {
        let settings = FunctionSettings::new(ACCOUNT, REGION);
        Function::spawn(Path::new(program), &lab, settings).await.unwrap_err().to_string()
    };
    let missing = spawn("/no/such/bootstrap").await;
    assert!(missing.contains("cannot start `/no/such/bootstrap`"), "{missing}");
    let ended = spawn("/bin/false").await;
    assert!(ended.contains("`/bin/false` ended with exit status: 1"), "{ended}");
}
