//! The command.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use aws_sdk_kms::Client;
use trailseal_lab::Credentials;

use super::support::{code, sdk_at, stub};

fn lab(arguments: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_trailseal-lab"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

const ITEM: &str = r#"{"resourceType": "AWS::CloudTrail::Trail", "resourceId": "mine",
    "awsAccountId": "210987654321", "awsRegion": "eu-central-1",
    "configurationItemCaptureTime": "2026-11-23T10:00:00.125Z", "configuration": {}}"#;

#[test]
fn the_default_scenario_is_printed_and_a_wrong_function_fails_it() {
    let stub = stub();
    let output = lab(&["--bootstrap", stub.to_str().unwrap()], "");
    let page = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{page}");
    assert!(page.contains("13. the sealed trail again, while KMS fails"), "{page}");
    assert!(page.contains("EXPECTED    NOT_APPLICABLE"), "{page}");
    assert!(page.contains("13: 11 COMPLIANT, 2 NON_COMPLIANT, 0 failed"), "{page}");
    // Only the path of the program can be longer than a line.
    let mut lines = page.lines().filter(|line| !line.contains("program"));
    assert!(lines.all(|line| line.chars().count() <= 100), "{page}");
    assert!(!page.contains('\u{1b}'), "no colour without a terminal");
}

/// The scenario ends while KMS fails.
#[tokio::test]
async fn the_served_account_answers_after_the_scenario() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_trailseal-lab"))
        .args(["--bootstrap", stub().to_str().unwrap(), "--serve"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut exported = |name: &str| {
        let prefix = format!("export {name}=");
        lines.find_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).unwrap()
    };
    let (url, region) = (exported("AWS_ENDPOINT_URL"), exported("AWS_REGION"));
    let credentials = Credentials {
        access_key_id: exported("AWS_ACCESS_KEY_ID"),
        secret_access_key: exported("AWS_SECRET_ACCESS_KEY"),
        session_token: exported("AWS_SESSION_TOKEN"),
    };
    let kms = Client::new(&sdk_at(&url, &credentials, &region));
    let described = kms.describe_key().key_id("alias/trail-logs").send().await;
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(code(described), "no error");
}

#[test]
fn events_from_files_are_evaluated_and_printed_as_json() {
    let stub = stub();
    let arguments = ["--bootstrap", stub.to_str().unwrap(), "--json", "--parameter", "a=b", "-"];
    let output = lab(&arguments, ITEM);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let evaluation = &document["events"][0]["evaluations"][0];
    assert_eq!(evaluation["resourceId"], "mine");
    assert_eq!(evaluation["account"], "210987654321");
    assert_eq!(evaluation["region"], "eu-central-1");
    assert_eq!(document["summary"]["calls"]["config:PutEvaluations"], 1);
    let warned = text(&output.stderr);
    assert!(warned.contains("account `210987654321` has nothing in `eu-central-1`"), "{warned}");
}

/// What became of the event `ITEM` with a fault.
fn event_with(fault: &str) -> Value {
    let stub = stub();
    let arguments = ["--bootstrap", stub.to_str().unwrap(), "--json", "--fault", fault, "-"];
    let output = lab(&arguments, ITEM);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["events"][0].clone()
}

/// The stub sends its evaluation once and does not look at the answer's `FailedEvaluations`.
#[test]
fn json_says_what_the_function_reports_and_what_aws_config_holds() {
    let fine = event_with("kms:DescribeKey:throttling");
    assert_eq!(fine["reportsSuccess"], true);
    assert_eq!(fine["held"][0]["resourceId"], "mine");
    assert_eq!(fine["held"][0]["complianceType"], "NON_COMPLIANT");
    let lost = event_with("config:PutEvaluations:failed-evaluations:first");
    assert_eq!((&lost["reportsSuccess"], &lost["held"]), (&Value::from(true), &json!([])));
    assert_eq!(lost["evaluations"][0]["fate"], "sent-back");
    let carried_out = event_with("config:PutEvaluations:truncated-body:every");
    assert_eq!(carried_out["held"][0]["resourceId"], "mine");
    assert_eq!(carried_out["calls"][0]["fault"], "truncated-body");
}

/// A program that ends without requesting an event shows its arguments.
#[test]
fn the_program_gets_its_arguments() {
    let arguments = ["--bootstrap", "/bin/sh", "--bootstrap-arg", "-c", "--bootstrap-arg"];
    let output =
        lab(&[&arguments[..], &["echo $0-$1; exit 3", "--bootstrap-arg=a"][..]].concat(), "");
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(errors.contains("ended with exit status: 3") && errors.contains("a-"), "{errors}");
}

#[test]
fn all_invalid_files_are_reported_before_anything_runs() {
    let broken = file("broken.json", "{\n \"a\": }");
    let other = file("other.json", "{}");
    let keys = r#"[{"arn": "x"}, {"stat": "Enabled"}]"#;
    let state = file("state.json", &format!(r#"{{"trailsealLab": 1, "keys": {keys}}}"#));
    let [broken, other, state] = [&broken, &other, &state].map(|path| path.to_str().unwrap());
    let mut arguments = vec!["--bootstrap", "/none", "--state", state, broken, other, "/no/file"];
    arguments.extend(["--fault", "kms:DescribKey:throttling", "--fault", "kms:DescribeKey:gone"]);
    let output = lab(&arguments, "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let errors = text(&output.stderr);
    for expected in [
        "state.json: `keys[0].arn`: expected an ARN such as",
        "state.json: `keys[1].stat`: unknown field `stat`",
        "broken.json: expected value at line 2 column 7",
        "other.json: the object has neither `invokingEvent`",
        "/no/file: cannot be read",
        "--fault `kms:DescribKey:throttling`: no operation `kms:DescribKey`; did you mean `kms:",
        "--fault `kms:DescribeKey:gone`: no fault `gone`; it is one of throttling, ",
    ] {
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
}

#[test]
fn usage_errors_name_the_flag() {
    for (arguments, expected) in [
        (&["--serve", "--frob"][..], "'--frob'"),
        (&["--serve", "--state"], "'--state <FILE>'"),
        (&["--serve", "--parameter", "x"], "NAME=VALUE"),
        (&["--serve", "e.json"], "--bootstrap <PATH>"),
        (&["--fault", "kms:DescribeKey:slow"], "--bootstrap <PATH>"),
        (&["--serve", "--fault", "kms:DescribeKey:slow"], "'--serve' cannot be used with '--fault"),
        (&[], "--bootstrap <PATH>"),
    ] {
        let output = lab(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains(expected) && errors.contains("--help"), "{errors}");
    }
    let help = lab(&["--help"], "");
    assert_eq!(help.status.code(), Some(0));
    let words =
        ["--bootstrap <PATH>", "--bootstrap-arg <ARG>", "Kinds: throttling, ", "failed-eval"];
    for expected in words {
        assert!(text(&help.stdout).contains(expected), "{expected}");
    }
}
