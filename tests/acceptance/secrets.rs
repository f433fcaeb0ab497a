//! Canaries: secret text is planted in every input, and all output of the function is searched for
//! it.

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Lab, Operation, Position};

use super::case::{read, root};
use super::faults::desk::Desk;
use super::harness::{ACCOUNT, REGION, RULE, TIME, bootstrap, context, lab, read_state};
use accounts::{change, trail, trail_arn, trail_item};

/// Planted in the event and in AWS's responses; the search also covers the lab's own secrets.
const CANARIES: [&str; 8] = [
    "canary-token",
    "canary-tag",
    "canary-unrelated",
    "canary-policy",
    "canary-description",
    "canary-diff",
    "canary-secret-of-the-role",
    "canary-parameter-beside",
];

/// What goes wrong in one run.
struct Run {
    name: &'static str,
    fault: Option<Fault>,
    parameters: Value,
    token: Option<&'static str>,
    key: &'static str,
}

const OWN_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const KEY_ELSEWHERE: &str =
    "arn:aws:kms:us-east-1:777788889999:key/33333333-0000-4000-8000-333333333333";

fn run(name: &'static str) -> Run {
    Run { name, fault: None, parameters: json!({ "profile": "strict" }), token: None, key: OWN_KEY }
}

fn every(operation: Operation, kind: FaultKind) -> Option<Fault> {
    Some(Fault::of(operation, Position::Every, kind))
}

/// Successes, findings, refusals, service failures and malformed responses.
fn runs() -> Vec<Run> {
    let broken = [
        ("DescribeKey throttled", Operation::DescribeKey, FaultKind::Throttling),
        ("DescribeKey denied", Operation::DescribeKey, FaultKind::AccessDenied),
        ("DescribeKey not JSON", Operation::DescribeKey, FaultKind::NotJson),
        ("GetKeyPolicy cut", Operation::GetKeyPolicy, FaultKind::TruncatedBody),
        ("GetKeyPolicy of wrong types", Operation::GetKeyPolicy, FaultKind::WrongTypes),
        ("GetKeyPolicy denied", Operation::GetKeyPolicy, FaultKind::AccessDenied),
        ("HeadBucket broken", Operation::HeadBucket, FaultKind::InternalError),
        ("PutEvaluations refused", Operation::PutEvaluations, FaultKind::AccessDenied),
        ("PutEvaluations reset", Operation::PutEvaluations, FaultKind::ConnectionReset),
        ("PutEvaluations expired", Operation::PutEvaluations, FaultKind::ExpiredCredentials),
    ];
    let mut runs: Vec<Run> = broken
        .into_iter()
        .map(|(name, operation, kind)| Run { fault: every(operation, kind), ..run(name) })
        .collect();
    let with_role = |name| {
        let parameters = json!({ "profile": "strict", "keyAccountRoleName": "reader",
                                 "allowedKeyAccounts": "777788889999" });
        Run { key: KEY_ELSEWHERE, parameters, ..run(name) }
    };
    runs.push(with_role("a role in the account of the key"));
    let denied = every(Operation::AssumeRole, FaultKind::AccessDenied);
    runs.push(Run { fault: denied, ..with_role("a role that refuses") });
    let wrong = every(Operation::AssumeRole, FaultKind::WrongTypes);
    runs.push(Run { fault: wrong, ..with_role("a role of wrong types") });
    runs.push(run("a finding"));
    runs.push(Run { parameters: json!({ "profile": "effective" }), ..run("sealed") });
    runs.push(Run { token: Some("canary-token"), ..run("a token that Config refuses") });
    runs.push(Run { parameters: json!({ "profile": "x" }), ..run("a bad parameter") });
    runs
}

fn state() -> Value {
    let mut state: Value = serde_json::from_str(&read(&root().join("base.json"))).unwrap();
    state["keys"][0]["description"] = json!("canary-description");
    state["keys"][0]["policy"] = json!({ "Version": "2012-10-17", "Id": "canary-policy", "Statement": [{
        "Sid": "Anyone",
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111122223333:role/canary-policy" },
        "Action": "kms:*",
        "Resource": "*",
        "Condition": { "StringEquals": { "kms:EncryptionContext:a": "canary-policy" } },
    }] });
    let mut key = state["keys"][0].clone();
    key["arn"] = json!(KEY_ELSEWHERE);
    key["readableFrom"] = json!([ACCOUNT]);
    state["keys"].as_array_mut().unwrap().push(key);
    let role = "arn:aws:iam::777788889999:role/reader";
    state["roles"] = json!([{ "arn": role, "trustedAccounts": [ACCOUNT] }]);
    state
}

fn event(run: &Run, token: &str) -> Vec<u8> {
    let arn = trail_arn(ACCOUNT, REGION, "sealed");
    let mut item = trail_item(&trail(&arn, "trail-logs", Some(run.key)), ACCOUNT, REGION);
    item["tags"] = json!({ "owner": "canary-tag" });
    item["relationships"] = json!([{ "resourceId": "canary-unrelated" }]);
    item["supplementaryConfiguration"] = json!({ "Tags": ["canary-unrelated"] });
    item["configuration"]["s3KeyPrefix"] = json!("canary-unrelated");
    item["configuration"]["snsTopicName"] = json!("canary-unrelated");
    let mut event = change(&item);
    event.parameters = run.parameters.as_object().unwrap().clone();
    event.invoking_event["configurationItemDiff"] = json!({ "changed": "canary-diff" });
    let mut event = event.to_json(run.token.unwrap_or(token));
    event["executionRoleArn"] = json!("arn:aws:iam::111122223333:role/canary-secret-of-the-role");
    event["anotherMember"] = json!("canary-parameter-beside");
    event.to_string().into_bytes()
}

/// Searches a text for every canary, for credentials and for the token.
fn search(run: &Run, token: &str, text: &str) {
    // Every credential that the lab issues contains one of these.
    let own = ["NeverSeen", "ASIALAB", token];
    for canary in CANARIES.iter().copied().chain(own) {
        assert!(!canary.is_empty() && !text.contains(canary), "{}: {canary} in {text}", run.name);
    }
}

/// The search covers the real credentials.
fn know_credentials(lab: &Lab) {
    let credentials = lab.credentials(ACCOUNT);
    for secret in [&credentials.secret_access_key, &credentials.session_token] {
        assert!(secret.contains("NeverSeen"));
    }
    assert!(credentials.access_key_id.contains("ASIALAB"));
}

fn begin(lab: &Lab, run: &Run) -> (String, Vec<u8>) {
    lab.clear_faults();
    lab.set_state(read_state(&state()));
    if let Some(fault) = &run.fault {
        lab.inject(fault.clone());
    }
    let token = lab.issue_token(ACCOUNT, REGION, RULE);
    let event = event(run, &token);
    (token, event)
}

/// Every canary is present in the event or in AWS's responses.
#[test]
fn every_canary_is_present_in_the_inputs() {
    let planted = state().to_string()
        + &runs().iter().map(|run| String::from_utf8(event(run, "t")).unwrap()).collect::<String>();
    for canary in CANARIES {
        assert!(planted.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn the_function_reveals_no_secret() {
    let mut failures = 0;
    for run in runs() {
        let desk = Desk::open(read_state(&state())).await;
        know_credentials(&desk.lab);
        let (token, event) = begin(&desk.lab, &run);
        let answer = desk.function.answer(&event, &context()).await;
        failures += u32::from(answer.is_err());
        let text = answer.err().map(|error| format!("{error} {error:?}")).unwrap_or_default();
        let put = desk.lab.take_put_evaluations();
        let assumes = run.key == KEY_ELSEWHERE;
        assert_eq!(desk.lab.call_counts().contains_key("sts:AssumeRole"), assumes, "{}", run.name);
        let log = desk.log.take();
        assert!(!log.is_empty(), "{}", run.name);
        search(&run, &token, &format!("{log}{text}{put:?}"));
    }
    assert!(failures >= 6, "{failures} runs failed");
}

#[tokio::test]
async fn the_real_function_reveals_no_secret() {
    let lab = lab(&state()).await;
    let mut function = bootstrap(&lab).await;
    for run in runs() {
        let (token, event) = begin(&lab, &run);
        let outcome = function.invoke(&event, TIME).await.unwrap().outcome;
        let text = format!("{outcome:?}");
        let put = lab.take_put_evaluations();
        let lines = function.take_lines().unwrap().join("\n");
        assert!(!lines.is_empty(), "{}", run.name);
        search(&run, &token, &format!("{lines}{text}{put:?}"));
    }
    assert_eq!(function.starts(), 1);
}
