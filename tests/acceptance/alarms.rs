//! Exemptions that could not be read set off the alarms: Lambda counts an invocation that ends with
//! an error in its metric `Errors`, and every deployment has an alarm on that metric.

use std::fs;
use std::path::Path;

use trailseal_lab::{Fault, FaultKind, Lab, Operation, Outcome, Position, State};

use super::faults::desk::to_bytes;
use super::harness::{ACCOUNT, REGION, TIME, bootstrap_path};
use accounts::{
    EXEMPTION_TAG, EXEMPTIONS, account_with_trails, add_exemptions, impatient, schedule, with,
};

/// A trail without a key, which only an exemption keeps from being NON_COMPLIANT.
fn state() -> State {
    let mut state = account_with_trails(&[(0, 0)]);
    state.trails[0].kms_key_id = None;
    add_exemptions(&mut state, b"[]");
    state
}

/// How the real function ends an invocation in which this operation fails.
async fn ended(operation: Operation, parameter: (&str, &str)) -> Outcome {
    let lab = Lab::start(state()).await.unwrap();
    lab.inject(Fault::of(operation, Position::Every, FaultKind::AccessDenied));
    let settings = impatient(ACCOUNT, REGION, "1000");
    let spawned = trailseal_lab::Function::spawn(&bootstrap_path(), &lab, settings).await;
    let mut process = spawned.unwrap_or_else(|error| panic!("{error}"));
    let event = with(schedule(ACCOUNT, REGION), &[parameter]);
    let ended = process.invoke(&to_bytes(&lab, &event), TIME).await.unwrap().outcome;
    assert_eq!(lab.take_put_evaluations().len(), 1, "the trail is evaluated");
    ended
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// The resource of a template that has this line.
fn resource_with(template: &str, line: &str) -> String {
    let mut resources = vec![String::new()];
    for text in template.lines() {
        if text.starts_with("  ") && !text.starts_with("   ") {
            resources.push(String::new());
        }
        resources.last_mut().unwrap().push_str(&format!("{}\n", text.trim()));
    }
    let with_line = |one: &&String| one.lines().any(|text| text == line);
    let found: Vec<&String> = resources.iter().filter(with_line).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_ends_with_an_error_that_lambda_counts() {
    for (operation, parameter) in [
        (Operation::GetObject, ("exemptionsFrom", EXEMPTIONS)),
        (Operation::ListTags, ("exemptionTag", EXEMPTION_TAG)),
    ] {
        let Outcome::Failed { error_type, message, .. } = ended(operation, parameter).await else {
            panic!("{operation:?} does not fail the invocation");
        };
        assert_eq!(error_type, "ExemptionsNotRead", "{message}");
        assert!(message.contains(operation.iam()), "{message}");
    }
}

#[test]
fn every_deployment_has_an_alarm_on_the_errors_that_lambda_counts() {
    for name in ["account", "central-function", "monitoring"] {
        let template = read(&format!("cdk/templates/trailseal-{name}.yaml"));
        let alarm = resource_with(&template, "MetricName: Errors");
        for line in [
            "Type: AWS::CloudWatch::Alarm",
            "Namespace: AWS/Lambda",
            "- Name: FunctionName",
            "Statistic: Sum",
            "ComparisonOperator: GreaterThanThreshold",
            "Threshold: 0",
            "EvaluationPeriods: 1",
        ] {
            assert!(alarm.lines().any(|text| text == line), "{name}: {line}: {alarm}");
        }
    }
    let alarms = read("terraform/modules/account/alarms.tf");
    let (_, errors) = alarms.split_once("function_errors = {\n").unwrap();
    let (errors, _) = errors.split_once("\n    }\n").unwrap();
    for part in ["\"AWS/Lambda\"", "\"Errors\"", "FunctionName = ", "\"Sum\"", "periods     = 1"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    let (_, alarm) = alarms.split_once("\"aws_cloudwatch_metric_alarm\" \"service\"").unwrap();
    let (alarm, _) = alarm.split_once("\n}\n").unwrap();
    for part in ["local.service_alarms", "\"GreaterThanThreshold\"", "threshold           = 0"] {
        assert!(alarm.contains(part), "{part}: {alarm}");
    }
}
