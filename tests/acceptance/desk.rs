//! A dozen cases of the corpus through `trailseal check`: the evidence that the function would read
//! is written to configuration items, and the command must report the same as the function.
//!
//! Configuration items do not contain the key of an alias, the rotation period, the latest
//! delivery, or whether a resource exists that could not be read. For these, the only accepted
//! difference is *unverified*.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};
use trailseal_cli::{Console, Exit, run};
use trailseal_rule::{
    Change, EvaluationContext, Invocation, KeyRef, Timestamp, Trail, Trigger, needs,
};

use super::case::{Case, CaseEvaluation, dozen};
use super::evidence::text;
use super::harness::NOW;
use super::reference::Evidence;
use super::state::evidence;

/// The trail of a case and the evidence that the function would read.
fn judged(case: &Case) -> Option<(Trail, Evidence)> {
    let Invocation { parameters, trigger, .. } = Invocation::parse(&case.event("token")).ok()?;
    let Trigger::Changed(Change::Trail(change)) = trigger else {
        return None;
    };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::parse(NOW).unwrap() };
    let needed = needs(&context, &change.trail);
    let found = evidence(&case.state(), &change.trail, &needed, &parameters);
    Some((change.trail, found))
}

/// The items of the key and the bucket as AWS Config would record them.
fn items((trail, found): &(Trail, Evidence)) -> Vec<Value> {
    let mut items = Vec::new();
    if let Some(bucket) = &trail.bucket {
        let item = |status: &str, region: &Value| {
            json!({
                "resourceType": "AWS::S3::Bucket", "resourceId": bucket.as_str(),
                "resourceName": bucket.as_str(), "awsRegion": region,
                "configurationItemStatus": status,
                "configurationItemCaptureTime": "2026-11-23T09:00:00.000Z",
            })
        };
        if let Some(region) = found.bucket_region.get("known") {
            items.push(item("OK", region));
        } else if found.bucket_region.get("absent").is_some() {
            items.push(item("ResourceDeleted", &json!(trail.region.as_str())));
        }
    }
    if let Some(key) = found.key.get("known") {
        items.push(key_item(text(key, "Arn"), "OK", Some(key), found));
    } else if found.key.get("absent").is_some()
        && let Some(KeyRef::Key(arn)) = &trail.key
    {
        items.push(key_item(arn.as_str(), "ResourceDeleted", None, found));
    }
    items
}

fn key_item(arn: &str, status: &str, key: Option<&Value>, found: &Evidence) -> Value {
    let parts: Vec<&str> = arn.split(':').collect();
    let id = parts[5].trim_start_matches("key/");
    let configuration = key.map(|key| {
        json!({
            "arn": arn, "keyId": id, "awsaccountId": parts[4], "keyManager": key["KeyManager"],
            "keyState": key["KeyState"], "keyUsage": key["KeyUsage"], "keySpec": key["KeySpec"],
            "origin": key["Origin"], "validTo": key["ValidTo"], "deletionDate": key["DeletionDate"],
        })
    });
    let mut supplement = serde_json::Map::new();
    if let Some(rotation) = found.rotation.get("known") {
        supplement.insert("KeyRotationStatus".to_owned(), rotation["KeyRotationEnabled"].clone());
    }
    if let Some(policy) = found.key_policy.get("known") {
        supplement.insert("Policy".to_owned(), policy["policy"].clone());
    }
    json!({
        "version": "1.3", "resourceType": "AWS::KMS::Key", "resourceId": id, "arn": arn,
        "accountId": parts[4], "awsRegion": parts[3], "configurationItemStatus": status,
        "configurationItemCaptureTime": "2026-11-23T09:00:00.000Z",
        "configuration": configuration, "supplementaryConfiguration": supplement,
    })
}

/// The command's report on a folder with the event and the items.
fn checked(case: &Case, items: &[Value]) -> (Exit, Value) {
    let folder = Folder::new(&case.name.replace('/', "-"));
    fs::write(folder.0.join("event.json"), case.event("token")).unwrap();
    let snapshot = json!({ "fileVersion": "1.0", "configurationItems": items });
    fs::write(folder.0.join("snapshot.json"), snapshot.to_string()).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        out_is_terminal: false,
        now: Timestamp::parse(NOW).unwrap(),
        clock: || Timestamp::parse(NOW).unwrap(),
    };
    let words = ["trailseal", "check", "-q", "-o", "json"].map(Into::into);
    let exit = run(words.into_iter().chain([folder.0.clone().into()]), &mut console);
    (exit, serde_json::from_slice(&out).unwrap())
}

/// A folder that is removed when the value is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("trailseal-desk-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _stays = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn check_and_function_agree_on_configuration_items() {
    let mut different = Vec::new();
    for case in dozen() {
        let (exit, report) = checked(&case, &judged(&case).as_ref().map_or_else(Vec::new, items));
        if let Some(error) = &case.expected.error {
            assert_eq!(report["problems"][0]["message"], error.as_str(), "{}", case.name);
            assert_eq!((exit, &report["trails"]), (Exit::Failure, &json!([])), "{}", case.name);
            continue;
        }
        assert_eq!(report["problems"], json!([]), "{}", case.name);
        let expected = &case.expected.evaluations[0];
        different.extend(compare(&case.name, expected, &report["trails"], exit));
    }
    insta::assert_snapshot!(different.join("\n"));
}

/// Describes how the command's result differs; panics unless the only difference is *unverified*.
fn compare(name: &str, expected: &CaseEvaluation, trails: &Value, exit: Exit) -> Option<String> {
    let [trail] = trails.as_array().unwrap().as_slice() else {
        panic!("{name}: expected one trail: {trails}");
    };
    assert_eq!(trail["resourceId"], expected.id.as_str(), "{name}");
    let (compliance, annotation) = (text(trail, "compliance"), text(trail, "annotation"));
    let findings = match compliance {
        // The command cannot see the result of a trail that the function leaves to another rule.
        _ if !trail["notEvaluated"].is_null() => Exit::Failure,
        "NON_COMPLIANT" => Exit::Findings,
        _ => Exit::Clean,
    };
    assert_eq!(exit, findings, "{name}");
    if compliance == expected.compliance && annotation == expected.annotation {
        return None;
    }
    assert_eq!(trail["unverified"], true, "{name}: {compliance}, {annotation}");
    let function = &expected.compliance;
    Some(format!("{name}: {function} there, {compliance} (unverified) here\n    {annotation}"))
}
