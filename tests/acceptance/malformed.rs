//! Events that cannot be used: the error names each faulty field in one line, and nothing is put.

use serde_json::{Value, json};
use trailseal_rule::Invocation;

use super::case::{change, read, root};
use super::harness::{ACCOUNT, REGION, RULE, TIME, bootstrap, context, error_of, function, lab};

/// An event that is wrong, and what its error must name.
struct Malformed {
    name: &'static str,
    event: Vec<u8>,
    names: &'static [&'static str],
}

fn item() -> Value {
    json!({
        "awsAccountId": ACCOUNT,
        "awsRegion": REGION,
        "ARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed",
        "resourceType": "AWS::CloudTrail::Trail",
        "resourceId": "sealed",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-23T10:15:30.125Z",
        "configuration": {
            "trailARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed",
            "homeRegion": "us-east-1",
            "s3BucketName": "trail-logs",
            "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111",
        },
    })
}

fn invoking(item: &Value) -> Value {
    json!({ "messageType": "ConfigurationItemChangeNotification", "configurationItem": item })
}

/// A good event with these members changed; null leaves one out.
fn event(token: &str, changes: &Value) -> Value {
    let mut event = json!({
        "version": "1.0",
        "invokingEvent": invoking(&item()).to_string(),
        "ruleParameters": "{}",
        "resultToken": token,
        "eventLeftScope": false,
        "configRuleArn": "arn:aws:config:us-east-1:111122223333:config-rule/config-rule-000000",
        "configRuleName": RULE,
        "accountId": ACCOUNT,
    });
    change(&mut event, changes.as_object().unwrap());
    event
}

/// A valid event except for these members of the item; null leaves one out.
fn item_event(token: &str, changes: &Value) -> Vec<u8> {
    let mut item = item();
    change(&mut item, changes.as_object().unwrap());
    bytes(&event(token, &json!({ "invokingEvent": invoking(&item).to_string() })))
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn of_events(token: &str) -> Vec<Malformed> {
    let case = |name, event, names| Malformed { name, event, names };
    let with = |name, changes: Value, names| case(name, bytes(&event(token, &changes)), names);
    let invoking_event =
        |name, text: Value, names| with(name, json!({ "invokingEvent": text.to_string() }), names);
    vec![
        case("not JSON", b"not JSON".to_vec(), &["`event`", "line 1"]),
        case("nothing", Vec::new(), &["`event`"]),
        case("not UTF-8", b"{\"resultToken\":\"\xff\"}".to_vec(), &["`event`"]),
        case("nested too deeply", b"[".repeat(100_000), &["`event`"]),
        case("a list", b"[]".to_vec(), &["`event`", "a list"]),
        case("a number", b"42".to_vec(), &["`event`", "a number"]),
        case("empty", b"{}".to_vec(), &["`invokingEvent`", "`resultToken`"]),
        with("token missing", json!({ "resultToken": null }), &["`resultToken`", "missing"]),
        with("token empty", json!({ "resultToken": "" }), &["`resultToken`", "missing"]),
        with("token blank", json!({ "resultToken": "  " }), &["`resultToken`", "missing"]),
        with("token a number", json!({ "resultToken": 7 }), &["`resultToken`", "a number"]),
        with("account nonsense", json!({ "accountId": "me" }), &["`accountId`", "`me`"]),
        with("left scope text", json!({ "eventLeftScope": "no" }), &["`eventLeftScope`", "text"]),
        with("mode", json!({ "evaluationMode": "PROACTIVE" }), &["`evaluationMode`", "PROACTIVE"]),
        with("invoking event missing", json!({ "invokingEvent": null }), &["`invokingEvent`"]),
        with("invoking event an object", json!({ "invokingEvent": {} }), &["`invokingEvent`"]),
        with(
            "invoking event no JSON",
            json!({ "invokingEvent": "{" }),
            &["`invokingEvent`", "JSON"],
        ),
        invoking_event("invoking event a list", json!([]), &["`invokingEvent`", "a list"]),
        invoking_event("no message type", json!({}), &["`invokingEvent.messageType`", "missing"]),
        invoking_event(
            "unknown message type",
            json!({ "messageType": "ConfigurationSnapshotDeliveryCompleted" }),
            &["`invokingEvent.messageType`", "ConfigurationSnapshotDeliveryCompleted"],
        ),
        invoking_event(
            "no item",
            json!({ "messageType": "ConfigurationItemChangeNotification" }),
            &["`invokingEvent.configurationItem`", "missing"],
        ),
        invoking_event(
            "no summary",
            json!({ "messageType": "OversizedConfigurationItemChangeNotification" }),
            &["`invokingEvent.configurationItemSummary`", "missing"],
        ),
        invoking_event(
            "no time of a schedule",
            json!({ "messageType": "ScheduledNotification", "awsAccountId": ACCOUNT }),
            &["`invokingEvent.notificationCreationTime`", "missing"],
        ),
        invoking_event(
            "nonsense time of a schedule",
            json!({ "messageType": "ScheduledNotification", "notificationCreationTime": "noon" }),
            &["`invokingEvent.notificationCreationTime`", "`noon`"],
        ),
    ]
}

fn of_items(token: &str) -> Vec<Malformed> {
    const ITEM: &str = "configurationItem.";
    let with =
        |name, changes: Value, names| Malformed { name, event: item_event(token, &changes), names };
    let configured = |name, changes: Value, names| {
        let mut configuration = item()["configuration"].clone();
        configuration.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        with(name, json!({ "configuration": configuration }), names)
    };
    vec![
        with("no resource id", json!({ "resourceId": null }), &[ITEM, "resourceId`"]),
        with("empty resource id", json!({ "resourceId": "" }), &[ITEM, "resourceId`"]),
        with(
            "resource id too long",
            json!({ "resourceId": "x".repeat(769) }),
            &[ITEM, "resourceId`", "768"],
        ),
        with(
            "another resource type",
            json!({ "resourceType": "AWS::S3::Bucket" }),
            &[ITEM, "resourceType`", "AWS::S3::Bucket"],
        ),
        with("no resource type", json!({ "resourceType": null }), &[ITEM, "resourceType`"]),
        with(
            "nonsense time",
            json!({ "configurationItemCaptureTime": "yesterday" }),
            &[ITEM, "configurationItemCaptureTime`", "`yesterday`"],
        ),
        with(
            "endless time",
            json!({ "configurationItemCaptureTime": 1.0e300 }),
            &[ITEM, "configurationItemCaptureTime`"],
        ),
        with(
            "no time",
            json!({ "configurationItemCaptureTime": null }),
            &[ITEM, "configurationItemCaptureTime`", "missing"],
        ),
        with(
            "unknown status",
            json!({ "configurationItemStatus": "Fine" }),
            &[ITEM, "configurationItemStatus`", "`Fine`"],
        ),
        with("account", json!({ "awsAccountId": "12" }), &[ITEM, "awsAccountId`", "`12`"]),
        with("region", json!({ "awsRegion": "a.example/" }), &[ITEM, "awsRegion`"]),
        with("no configuration", json!({ "configuration": null }), &[ITEM, "configuration`"]),
        with("configuration a list", json!({ "configuration": [] }), &[ITEM, "configuration`"]),
        with("configuration no JSON", json!({ "configuration": "{" }), &[ITEM, "configuration`"]),
        configured("ARN", json!({ "trailARN": "sealed" }), &[ITEM, "trailARN`", "`sealed`"]),
        configured("home Region", json!({ "homeRegion": "/" }), &[ITEM, "homeRegion`"]),
        configured("key a number", json!({ "kmsKeyId": 7 }), &[ITEM, "kmsKeyId`", "a number"]),
        configured(
            "organization text",
            json!({ "isOrganizationTrail": "true" }),
            &[ITEM, "isOrganizationTrail`"],
        ),
    ]
}

fn of_parameters(token: &str) -> Vec<Malformed> {
    let with = |name, parameters: Value, names| {
        let event = bytes(&event(token, &json!({ "ruleParameters": parameters })));
        Malformed { name, event, names }
    };
    let unknown = json!({ "profil": "cis" }).to_string();
    vec![
        with("parameters a list", json!("[]"), &["`ruleParameters`", "a list"]),
        with("parameters no JSON", json!("{"), &["`ruleParameters`", "not JSON"]),
        with("parameters an object", json!({}), &["`ruleParameters`", "an object"]),
        with("unknown parameter", json!(unknown), &["`ruleParameters.profil`", "profile"]),
        with(
            "a value of several lines",
            json!(json!({ "profile": "a\nb\r\u{1b}[2J" }).to_string()),
            &["`ruleParameters.profile`"],
        ),
        with(
            "an endless value",
            json!(json!({ "profile": "x".repeat(1_000_000) }).to_string()),
            &["`ruleParameters.profile`", "..."],
        ),
    ]
}

/// Several faults at once, and what is only large.
fn of_several(token: &str) -> Vec<Malformed> {
    let mut item = item();
    item["resourceId"] = json!("");
    item["configurationItemCaptureTime"] = json!("yesterday");
    let several = json!({
        "resultToken": "",
        "ruleParameters": json!({ "profile": "x", "unverified": "y" }).to_string(),
        "invokingEvent": invoking(&item).to_string(),
    });
    let several = bytes(&event(token, &several));
    let mut huge = event(token, &json!({ "resultToken": null }));
    huge["padding"] = json!("x".repeat(6 * 1024 * 1024));
    vec![
        Malformed {
            name: "several at once",
            event: several,
            names: &[
                "`resultToken`",
                "`ruleParameters.profile`",
                "`ruleParameters.unverified`",
                "`invokingEvent.configurationItem.resourceId`",
                "`invokingEvent.configurationItem.configurationItemCaptureTime`",
            ],
        },
        Malformed { name: "6 MB", event: bytes(&huge), names: &["`resultToken`"] },
    ]
}

fn all(token: &str) -> Vec<Malformed> {
    let kinds = [of_events(token), of_items(token), of_parameters(token), of_several(token)];
    kinds.into_iter().flatten().collect()
}

fn check(malformed: &Malformed, error: &str) {
    let name = malformed.name;
    assert!(error.lines().count() == 1 && error.len() < 2_000, "{name}: {error}");
    assert!(!error.chars().any(char::is_control), "{name}: {error:?}");
    assert!(!error.contains("secret-token"), "{name}: {error}");
    for part in malformed.names {
        assert!(error.contains(part), "{name}: {error} lacks {part}");
    }
}

#[test]
fn the_rule_names_each_faulty_field() {
    for malformed in all("secret-token") {
        let error = Invocation::parse(&malformed.event).unwrap_err();
        check(&malformed, &error.to_string());
    }
}

/// The good event of which all others are made is answered: no case is wrong in another way.
#[test]
fn the_event_that_is_spoilt_was_good() {
    Invocation::parse(&bytes(&event("token", &json!({})))).unwrap();
    Invocation::parse(&item_event("token", &json!({ "tags": {} }))).unwrap();
    let mut huge = event("token", &json!({}));
    huge["padding"] = json!("x".repeat(6 * 1024 * 1024));
    Invocation::parse(&bytes(&huge)).unwrap();
}

#[test]
fn the_words_of_every_error() {
    let words = |malformed: &Malformed| {
        let error = Invocation::parse(&malformed.event).unwrap_err();
        format!("{}: {error}", malformed.name)
    };
    let sheet: Vec<String> = all("token").iter().map(words).collect();
    insta::assert_snapshot!(sheet.join("\n"));
}

fn state() -> Value {
    serde_json::from_str(&read(&root().join("base.json"))).unwrap()
}

fn is_json(event: &[u8]) -> bool {
    serde_json::from_slice::<Value>(event).is_ok()
}

#[tokio::test]
async fn the_function_fails_and_puts_nothing() {
    let lab = lab(&state()).await;
    let (function, log) = function(&lab);
    for malformed in all(&lab.issue_token(ACCOUNT, REGION, RULE)) {
        let error = function.answer(&malformed.event, &context()).await.unwrap_err();
        assert_eq!(error.kind(), "EventError", "{}", malformed.name);
        check(&malformed, &error.to_string());
        let log = log.take();
        assert!(
            log.contains("EventError") && log.lines().count() == 2,
            "{}: {log}",
            malformed.name
        );
        assert_eq!(lab.take_calls(), [], "{}", malformed.name);
    }
}

#[tokio::test]
async fn the_real_function_fails_lives_on_and_puts_nothing() {
    let lab = lab(&state()).await;
    let mut function = bootstrap(&lab).await;
    for malformed in all(&lab.issue_token(ACCOUNT, REGION, RULE)) {
        let outcome = function.invoke(&malformed.event, TIME).await.unwrap().outcome;
        let error = error_of(outcome).unwrap();
        if is_json(&malformed.event) {
            check(&malformed, &error);
        } else {
            // Lambda hands over nothing but JSON; if it did, its runtime would refuse it.
            assert!(error.contains("failed to deserialize"), "{error}");
        }
        assert_eq!(lab.take_calls(), [], "{}", malformed.name);
    }
    assert_eq!(function.starts(), 1);
}
