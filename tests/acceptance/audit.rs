//! `trailseal audit` on the states of the corpus: verdicts and annotations are identical to those
//! of the function's scheduled run.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use trailseal_lab::{Lab, PutEvaluation, RuleEvent};
use trailseal_lambda::InvocationContext;
use trailseal_rule::Timestamp;

use super::case::{Case, all};
use super::faults::desk::Desk;
use super::harness::{command_path, context, read_state};
use accounts::schedule;

/// A trail's verdict and annotation, by its name.
pub(super) type Verdicts = BTreeMap<String, (String, String)>;

/// The submitted evaluations, by trail name.
pub(super) fn verdicts(put: Vec<PutEvaluation>) -> Verdicts {
    let named = put.into_iter().map(|one| {
        let name = one.resource_id.rsplit('/').next().unwrap().to_owned();
        (name, (one.compliance_type, one.annotation.unwrap()))
    });
    named.collect()
}

/// What the function reports for a schedule, at the present time: the command always uses the
/// present.
async fn by_the_function(case: &Case, desk: &Desk) -> Verdicts {
    let (account, region) = case.place();
    let event = RuleEvent { parameters: case.parameters.clone(), ..schedule(account, region) };
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp::from_epoch_millis(i64::try_from(since_1970.as_millis()).unwrap());
    let sent = desk.send_within(&event, &InvocationContext { now, ..context() }).await;
    sent.accepted();
    verdicts(sent.put)
}

/// What the command reports for an account and Region.
pub(super) fn verdicts_by_audit(
    name: &str,
    lab: &Lab,
    (account, region): (&str, &str),
    parameters: &Map<String, Value>,
) -> Verdicts {
    let credentials = lab.credentials(account);
    let mut command = Command::new(command_path());
    command
        .args(["audit", "--region", region, "-o", "json", "--quiet"])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", lab.url())
        .env("AWS_REGION", region)
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", credentials.session_token);
    for (parameter, value) in parameters {
        command.arg("--parameter").arg(format!("{parameter}={}", value.as_str().unwrap()));
    }
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["problems"].as_array().unwrap().len(), 0, "{}: {error}", name);
    // Trails of other Regions are visible here as copies.
    let only_copies = report["summary"]["notEvaluated"].as_u64().unwrap();
    assert_eq!(report["complete"], only_copies == 0, "{}", name);
    assert_eq!(output.status.code() == Some(2), only_copies > 0, "{}: {error}", name);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let trails = report["trails"].as_array().unwrap().iter();
    // A copy can have the same name as a trail of this Region.
    let here = format!(":{region}:{account}:");
    trails
        .filter(|trail| trail["arn"].as_str().is_some_and(|arn| arn.contains(&here)))
        .map(|trail| {
            (text(&trail["resourceId"]), (text(&trail["compliance"]), text(&trail["annotation"])))
        })
        .collect()
}

/// Whether the lab's state covers the case. Rejected parameters, items without a usable trail, and
/// parameters about another account's role concern events only.
fn is_for_the_command(case: &Case) -> bool {
    let is_text = case.parameters.values().all(Value::is_string);
    let of_events = ["executionRoleName", "replicas"];
    let is_of_events = of_events.iter().any(|name| case.parameters.contains_key(*name));
    case.expected.error.is_none() && is_text && !is_of_events
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_and_function_agree_on_the_corpus() {
    let mut trails = 0;
    let mut verdicts = BTreeMap::new();
    for case in all().iter().filter(|case| is_for_the_command(case)) {
        let Some(state) = case.live_state() else { continue };
        let (account, region) = case.place();
        let desk = Desk::open_as(read_state(&state), account, region, None).await;
        let by_the_function = by_the_function(case, &desk).await;
        let by_the_command =
            verdicts_by_audit(&case.name, &desk.lab, case.place(), &case.parameters);
        for (name, expected) in &by_the_function {
            assert_eq!(by_the_command.get(name), Some(expected), "{}: {name}", case.name);
            *verdicts.entry(expected.0.clone()).or_insert(0) += 1;
            trails += 1;
        }
    }
    // The loop ran on real cases.
    assert!(trails > 80, "{trails}");
    assert!(verdicts.len() == 3 || verdicts.len() == 2, "{verdicts:?}");
    assert!(verdicts["COMPLIANT"] > 10 && verdicts["NON_COMPLIANT"] > 10, "{verdicts:?}");
}
