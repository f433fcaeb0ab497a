//! The program `hook`, over the Runtime API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Function, Lab, Operation, Outcome, Position, State};

use super::{cloud_control, request, sealed, state, with};
use crate::acceptance::harness::{ACCOUNT, REGION, TIME, hook_path, impatient};

async fn program(lab: &Lab, variables: &[(&str, &str)]) -> Function {
    let mut settings = impatient(ACCOUNT, REGION);
    let named = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    settings.environment.extend(named);
    let function = Function::spawn(&hook_path(), lab, settings).await;
    function.unwrap_or_else(|error| panic!("{error}"))
}

async fn ask(function: &mut Function, request: &Value, time: Duration) -> Value {
    let invocation = function.invoke(request.to_string().as_bytes(), time).await.unwrap();
    match invocation.outcome {
        Outcome::Response(answer) => answer,
        other @ (Outcome::Failed { .. } | Outcome::Exited { .. } | Outcome::TimedOut) => {
            panic!("{other:?}")
        }
    }
}

#[tokio::test]
async fn the_program_answers_requests() {
    let lab = Lab::start(state()).await.unwrap();
    let mut function = program(&lab, &[("TRAILSEAL_PARAMETERS", r#"{"profile":"strict"}"#)]).await;
    for request in [request(&sealed()), cloud_control(&sealed())] {
        let answer = ask(&mut function, &request, TIME).await;
        assert_eq!(answer["hookStatus"], "SUCCESS", "{answer:#}");
        assert!(answer["message"].as_str().unwrap().contains("profile strict"), "{answer:#}");
    }
    let answer = ask(&mut function, &request(&json!({})), TIME).await;
    assert_eq!(answer["errorCode"], "NonCompliant", "{answer:#}");
    let answer = ask(&mut function, &json!({}), TIME).await;
    assert_eq!(answer["errorCode"], "InternalFailure", "{answer:#}");
    let log = function.take_lines().unwrap();
    assert_eq!(log.len(), 4, "{log:#?}");
}

/// `docs/HOOK.md` shows a request to try in the lab, and the message.
#[tokio::test]
async fn the_documented_request_gets_the_documented_message() {
    let page = include_str!("../../../docs/HOOK.md");
    let block = page.split_once("```json\n").unwrap().1;
    let request = serde_json::from_str(block.split_once("```").unwrap().0).unwrap();
    let lab = Lab::start(State::default_state().unwrap()).await.unwrap();
    let answer = ask(&mut program(&lab, &[]).await, &request, TIME).await;
    assert_eq!(answer["hookStatus"], "FAILED", "{answer:#}");
    let message = answer["message"].as_str().unwrap();
    assert!(page.contains(&format!("{message}\n```")), "{message}");
}

/// A function that is not set up still answers, so that the Hook does not wait for its timeout.
#[tokio::test]
async fn every_request_fails_while_the_settings_are_invalid() {
    let lab = Lab::start(state()).await.unwrap();
    for (variable, value, faults) in [
        ("TRAILSEAL_PARAMETERS", "[]", &["`TRAILSEAL_PARAMETERS`: is not a JSON object"][..]),
        (
            "TRAILSEAL_PARAMETERS",
            r#"{"profile":"loose","no":"1"}"#,
            &["`ruleParameters.profile` is `loose`", "`ruleParameters.no` is not a parameter"],
        ),
        ("TRAILSEAL_METRICS", "yes", &["`TRAILSEAL_METRICS` is `yes`"]),
    ] {
        let mut function = program(&lab, &[(variable, value)]).await;
        let deletion =
            with(request(&sealed()), "actionInvocationPoint", json!("DELETE_PRE_PROVISION"));
        for request in [request(&sealed()), deletion, json!({})] {
            let answer = ask(&mut function, &request, TIME).await;
            assert_eq!(answer["errorCode"], "InternalFailure", "{answer:#}");
            let message = answer["message"].as_str().unwrap();
            assert!(message.starts_with("the function of the Hook is not set up: "), "{message}");
            for fault in faults {
                assert!(message.contains(fault), "{message}");
            }
        }
        assert_eq!(lab.take_calls().len(), 0);
        let log = function.take_lines().unwrap();
        assert_eq!(log.len(), 3, "{log:#?}");
        for line in &log {
            let line = line.to_string();
            assert!(line.contains("ERROR") && line.contains(faults[0]), "{line}");
        }
    }
}

/// Lambda would end the function after 3 seconds, and KMS never answers.
#[tokio::test]
async fn the_program_answers_before_lambda_ends_it() {
    let lab = Lab::start(state()).await.unwrap();
    let variables = [("TRAILSEAL_ATTEMPT_TIMEOUT_MILLISECONDS", "10000")];
    let mut function = program(&lab, &variables).await;
    let kind = FaultKind::from_name("slow", Duration::from_secs(3600)).unwrap();
    lab.inject(Fault::of(Operation::DescribeKey, Position::Every, kind));
    let begun = Instant::now();
    let answer = ask(&mut function, &request(&sealed()), Duration::from_secs(3)).await;
    assert_eq!(answer["errorCode"], "InternalFailure", "{answer:#}");
    assert!(begun.elapsed() < Duration::from_secs(3));
}
