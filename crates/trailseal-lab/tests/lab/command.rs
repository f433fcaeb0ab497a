//! The command.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

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

#[test]
fn all_invalid_files_are_reported_before_anything_runs() {
    let broken = file("broken.json", "{\n \"a\": }");
    let other = file("other.json", "{}");
    let keys = r#"[{"arn": "x"}, {"stat": "Enabled"}]"#;
    let state = file("state.json", &format!(r#"{{"trailsealLab": 1, "keys": {keys}}}"#));
    let [broken, other, state] = [&broken, &other, &state].map(|path| path.to_str().unwrap());
    let output = lab(&["--bootstrap", "/none", "--state", state, broken, other, "/no/file"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let errors = text(&output.stderr);
    for expected in [
        "state.json: `keys[0].arn`: expected an ARN such as",
        "state.json: `keys[1].stat`: unknown field `stat`",
        "broken.json: expected value at line 2 column 7",
        "other.json: the object has neither `invokingEvent`",
        "/no/file: cannot be read",
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
        (&[], "--bootstrap <PATH>"),
    ] {
        let output = lab(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains(expected) && errors.contains("--help"), "{errors}");
    }
    let help = lab(&["--help"], "");
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("--bootstrap <PATH>"));
}
