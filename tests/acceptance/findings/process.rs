//! The program `findings`, over the Runtime API.

use accounts::RULE;
use serde_json::json;
use trailseal_lab::{Fault, FaultKind, Function, Lab, Operation, Outcome, Position};

use super::two_trails;
use crate::acceptance::harness::{ACCOUNT, REGION, TIME, findings_path, impatient};

async fn program(lab: &Lab, rule: Option<&str>) -> Result<Function, String> {
    let mut settings = impatient(ACCOUNT, REGION);
    let named = rule.map(|rule| ("TRAILSEAL_RULE_NAME".to_owned(), rule.to_owned()));
    settings.environment.extend(named);
    Function::spawn(&findings_path(), lab, settings).await.map_err(|error| error.to_string())
}

/// What EventBridge sends.
fn event() -> Vec<u8> {
    let event = json!({ "detail-type": "Scheduled Event", "source": "aws.events", "detail": {} });
    event.to_string().into_bytes()
}

#[tokio::test]
async fn the_program_imports_findings() {
    let lab = Lab::start(two_trails(&[])).await.unwrap();
    let mut function = program(&lab, Some(RULE)).await.unwrap();
    let answer = function.invoke(&event(), TIME).await.unwrap().outcome;
    let Outcome::Response(answer) = answer else { panic!("{answer:?}") };
    assert_eq!(answer, json!({ "accepted": 2, "archived": 0, "newer": 0 }));
    assert_eq!(lab.state().findings.len(), 2);
    let lines = function.take_lines().unwrap();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let secrets = ["NeverSeen", "Enable IAM User Permissions"];
    for line in lines {
        let line = line.to_string();
        assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
    }
    // The next run starts after a failed one.
    let kind = FaultKind::from_name("access-denied", TIME).unwrap();
    lab.inject(Fault::of(Operation::BatchImportFindings, Position::Every, kind));
    let answer = function.invoke(&event(), TIME).await.unwrap().outcome;
    let Outcome::Failed { message, .. } = answer else { panic!("{answer:?}") };
    assert!(message.contains("securityhub:BatchImportFindings"), "{message}");
    lab.clear_faults();
    let answer = function.invoke(&event(), TIME).await.unwrap().outcome;
    assert!(matches!(answer, Outcome::Response(_)), "{answer:?}");
}

/// The deployment names the rule; a function without it must not run silently.
#[tokio::test]
async fn the_program_needs_the_name_of_the_rule() {
    let lab = Lab::start(two_trails(&[])).await.unwrap();
    for rule in [None, Some(" ")] {
        let failed = match program(&lab, rule).await {
            Err(_) => true,
            Ok(mut function) => match function.invoke(&event(), TIME).await {
                Err(_) => true,
                Ok(invocation) => !matches!(invocation.outcome, Outcome::Response(_)),
            },
        };
        assert!(failed, "{rule:?}");
        assert_eq!(lab.take_calls().len(), 0);
    }
}
