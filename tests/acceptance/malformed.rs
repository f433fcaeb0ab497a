//! Invalid events: the error names each invalid field on one line, and nothing is submitted.

use serde_json::{Value, json};
use trailseal_rule::Invocation;

use super::case::{change, read, root};
use super::faults::desk::{Desk, Returned};
use super::harness::{ACCOUNT, REGION, RULE, TIME, bootstrap, context, error_of, lab, read_state};
use accounts::{key_arn, trail, trail_arn, trail_item};

/// What is wrong with an event, and the event; a snapshot contains each error.
type Malformed = (&'static str, Vec<u8>);

fn item() -> Value {
    let (arn, key) = (trail_arn(ACCOUNT, REGION, "sealed"), key_arn(ACCOUNT, REGION, 1));
    trail_item(&trail(&arn, "trail-logs", Some(&key)), ACCOUNT, REGION)
}

/// A valid event with these members changed; null removes one.
fn event(token: &str, changes: &Value) -> Vec<u8> {
    let mut event = accounts::change(&item()).to_json(token);
    change(&mut event, changes.as_object().unwrap());
    event.to_string().into_bytes()
}

/// A valid event with these members of the item changed; null removes one.
fn item_event(token: &str, changes: &Value) -> Vec<u8> {
    let mut item = item();
    change(&mut item, changes.as_object().unwrap());
    event(token, &json!({ "invokingEvent": invoking_event(&item) }))
}

fn invoking_event(item: &Value) -> String {
    accounts::change(item).invoking_event.to_string()
}

fn of_events(token: &str) -> Vec<Malformed> {
    let with = |name, changes: Value| (name, event(token, &changes));
    let invoking = |name, text: Value| with(name, json!({ "invokingEvent": text.to_string() }));
    let message = |name, kind: &str| invoking(name, json!({ "messageType": kind }));
    vec![
        ("not JSON", b"not JSON".to_vec()),
        ("nothing", Vec::new()),
        ("not UTF-8", b"{\"resultToken\":\"\xff\"}".to_vec()),
        ("nested too deeply", b"[".repeat(100_000)),
        ("a list", b"[]".to_vec()),
        ("a number", b"42".to_vec()),
        ("empty", b"{}".to_vec()),
        with("token missing", json!({ "resultToken": null })),
        with("token empty", json!({ "resultToken": "" })),
        with("token blank", json!({ "resultToken": "  " })),
        with("token a number", json!({ "resultToken": 7 })),
        with("account nonsense", json!({ "accountId": "me" })),
        with("left scope text", json!({ "eventLeftScope": "no" })),
        with("mode", json!({ "evaluationMode": "PROACTIVE" })),
        with("invoking event missing", json!({ "invokingEvent": null })),
        with("invoking event an object", json!({ "invokingEvent": {} })),
        with("invoking event no JSON", json!({ "invokingEvent": "{" })),
        invoking("invoking event a list", json!([])),
        invoking("no message type", json!({})),
        message("unknown message type", "ConfigurationSnapshotDeliveryCompleted"),
        message("no item", "ConfigurationItemChangeNotification"),
        message("no summary", "OversizedConfigurationItemChangeNotification"),
        invoking(
            "no time of a schedule",
            json!({ "messageType": "ScheduledNotification", "awsAccountId": ACCOUNT }),
        ),
        invoking(
            "nonsense time of a schedule",
            json!({ "messageType": "ScheduledNotification", "notificationCreationTime": "noon" }),
        ),
    ]
}

fn of_items(token: &str) -> Vec<Malformed> {
    let with = |name, changes: Value| (name, item_event(token, &changes));
    let configured = |name, changes: Value| {
        let mut configuration = item()["configuration"].clone();
        configuration.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        with(name, json!({ "configuration": configuration }))
    };
    vec![
        with("no resource id", json!({ "resourceId": null })),
        with("empty resource id", json!({ "resourceId": "" })),
        with("resource id too long", json!({ "resourceId": "x".repeat(769) })),
        with("another resource type", json!({ "resourceType": "AWS::S3::Bucket" })),
        with("no resource type", json!({ "resourceType": null })),
        with("nonsense time", json!({ "configurationItemCaptureTime": "yesterday" })),
        with("endless time", json!({ "configurationItemCaptureTime": 1.0e300 })),
        with("no time", json!({ "configurationItemCaptureTime": null })),
        with("unknown status", json!({ "configurationItemStatus": "Fine" })),
        with("account", json!({ "awsAccountId": "12" })),
        with("region", json!({ "awsRegion": "a.example/" })),
        with("no configuration", json!({ "configuration": null })),
        with("configuration a list", json!({ "configuration": [] })),
        with("configuration no JSON", json!({ "configuration": "{" })),
        configured("ARN", json!({ "trailARN": "sealed" })),
        configured("home Region", json!({ "homeRegion": "/" })),
        configured("key a number", json!({ "kmsKeyId": 7 })),
        configured("organization text", json!({ "isOrganizationTrail": "true" })),
    ]
}

fn of_parameters(token: &str) -> Vec<Malformed> {
    let with =
        |name, parameters: Value| (name, event(token, &json!({ "ruleParameters": parameters })));
    let profile = |name, value: &str| with(name, json!(json!({ "profile": value }).to_string()));
    vec![
        with("parameters a list", json!("[]")),
        with("parameters no JSON", json!("{")),
        with("parameters an object", json!({})),
        with("unknown parameter", json!(json!({ "profil": "cis" }).to_string())),
        profile("a value of several lines", "a\nb\r\u{1b}[2J"),
        profile("an endless value", &"x".repeat(1_000_000)),
    ]
}

/// Events with several faults or with large values.
fn of_several(token: &str) -> Vec<Malformed> {
    let mut item = item();
    item["resourceId"] = json!("");
    item["configurationItemCaptureTime"] = json!("yesterday");
    let several = json!({
        "resultToken": "",
        "ruleParameters": json!({ "profile": "x", "unverified": "y" }).to_string(),
        "invokingEvent": invoking_event(&item),
    });
    vec![
        ("several at once", event(token, &several)),
        ("6 MB", event(token, &json!({ "resultToken": null, "padding": padding() }))),
    ]
}

fn padding() -> String {
    "x".repeat(6 * 1024 * 1024)
}

fn all(token: &str) -> Vec<Malformed> {
    [of_events(token), of_items(token), of_parameters(token), of_several(token)].concat()
}

fn error_of_rule(event: &[u8]) -> String {
    Invocation::parse(event).unwrap_err().to_string()
}

#[test]
fn the_rule_reports_faults_on_one_short_line() {
    let mut sheet = Vec::new();
    for (name, event) in all("secret-token") {
        let error = error_of_rule(&event);
        assert!(error.lines().count() == 1 && error.len() < 2_000, "{name}: {error}");
        assert!(!error.chars().any(char::is_control), "{name}: {error:?}");
        assert!(!error.contains("secret-token"), "{name}: {error}");
        sheet.push(format!("{name}: {error}"));
    }
    insta::assert_snapshot!("the_words_of_every_error", sheet.join("\n"));
}

/// The event that all others are derived from is valid, so each case has only its own fault.
#[test]
fn the_base_event_is_valid() {
    Invocation::parse(&event("token", &json!({}))).unwrap();
    Invocation::parse(&item_event("token", &json!({ "tags": {} }))).unwrap();
    Invocation::parse(&event("token", &json!({ "padding": padding() }))).unwrap();
}

fn state() -> Value {
    serde_json::from_str(&read(&root().join("base.json"))).unwrap()
}

#[tokio::test]
async fn the_function_fails_and_submits_nothing() {
    let desk = Desk::open(read_state(&state())).await;
    for (name, event) in all(&desk.lab.issue_token(ACCOUNT, REGION, RULE)) {
        let sent = desk.send_bytes(&event, &context()).await;
        let expected = Returned::Failed("EventError".to_owned(), error_of_rule(&event));
        assert_eq!(sent.returned, expected, "{name}");
        let log = sent.log;
        assert!(log.contains("EventError") && log.lines().count() == 2, "{name}: {log}");
        assert_eq!(sent.calls, [], "{name}");
    }
}

#[tokio::test]
async fn the_real_function_fails_submits_nothing_and_keeps_running() {
    let lab = lab(&state()).await;
    let mut function = bootstrap(&lab).await;
    for (name, event) in all(&lab.issue_token(ACCOUNT, REGION, RULE)) {
        let outcome = function.invoke(&event, TIME).await.unwrap().outcome;
        let error = error_of(outcome).unwrap();
        if serde_json::from_slice::<Value>(&event).is_ok() {
            assert_eq!(error, error_of_rule(&event), "{name}");
        } else {
            // Lambda delivers only JSON; its runtime rejects anything else.
            assert!(error.contains("failed to deserialize"), "{error}");
        }
        assert_eq!(lab.take_calls(), [], "{name}");
    }
    assert_eq!(function.starts(), 1);
}
