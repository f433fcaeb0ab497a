//! Every case of the corpus through `trailseal check`: what the function would read is written down as
//! configuration items, and `trailseal check` must say of the files what the function says.
//!
//! What was refused to the function is in no file. Items cannot hold all that the function may
//! know: each [`Lack`] is named for each case that has it, and then only *unverified* may take the
//! place of the function's answer.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};
use trailseal_cli::{Console, Exit, run};
use trailseal_rule::{
    Change, EvaluationContext, Invocation, KeyRef, Parameters, Timestamp, Trail, Trigger, needs,
};

use super::case::{Case, Wanted, all};
use super::evidence::{Found, text};
use super::harness::NOW;
use super::state::evidence;

/// What no configuration item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// Which key an alias means.
    Alias,
    /// How often a key is rotated.
    RotationPeriod,
    /// How the latest delivery went.
    Delivery,
    /// That an object whose reading was refused is there at all.
    Refused,
}

/// What the trail of a case is judged by.
struct Judged {
    trail: Trail,
    found: Found,
    lacks: BTreeSet<Lack>,
}

fn judged(case: &Case) -> Option<Judged> {
    let Invocation { parameters, trigger, .. } = Invocation::parse(&case.event("token")).ok()?;
    let Trigger::Changed(Change::Trail(change)) = trigger else {
        return None;
    };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::parse(NOW).unwrap() };
    let wanted = needs(&context, &change.trail);
    let found = evidence(&case.state(), &change.trail, &wanted, &parameters);
    let needs_delivery = wanted.wants_delivery(&found.to_facts().key);
    let lacks = lacks(&change.trail, &found, &parameters, needs_delivery);
    Some(Judged { trail: change.trail, found, lacks })
}

fn lacks(
    trail: &Trail,
    found: &Found,
    parameters: &Parameters,
    needs_delivery: bool,
) -> BTreeSet<Lack> {
    let mut lacks = BTreeSet::new();
    let is_read = |piece: &Value| piece["refused"] != "not read";
    let is_alias = matches!(trail.key, Some(KeyRef::Alias(_) | KeyRef::AliasArn { .. }));
    if is_alias && is_read(&found.key) {
        lacks.insert(Lack::Alias);
    }
    let is_rotated = found.rotation["known"]["KeyRotationEnabled"] == true;
    if is_rotated && parameters.max_rotation_period_days.is_some() {
        lacks.insert(Lack::RotationPeriod);
    }
    if needs_delivery {
        lacks.insert(Lack::Delivery);
    }
    let pieces = [&found.key, &found.bucket_region, &found.rotation, &found.key_policy];
    if pieces.into_iter().any(|piece| is_read(piece) && piece.get("refused").is_some()) {
        lacks.insert(Lack::Refused);
    }
    lacks
}

/// The items of the key and the bucket as AWS Config would have recorded them, of what was read.
fn items(judged: &Judged) -> Vec<Value> {
    let Judged { trail, found, .. } = judged;
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
        && let Some(arn) = arn_of_missing(judged)
    {
        items.push(key_item(&arn, "ResourceDeleted", None, found));
    }
    items
}

/// The ARN of a key that is not there, where the trail's own words tell it.
fn arn_of_missing(judged: &Judged) -> Option<String> {
    match judged.trail.key.as_ref()? {
        KeyRef::Key(arn) => Some(arn.to_string()),
        KeyRef::Id(id) => {
            let region = judged.found.bucket_region["known"].as_str()?;
            Some(format!("arn:aws:kms:{region}:{}:key/{id}", judged.trail.account))
        }
        KeyRef::Alias(_) | KeyRef::AliasArn { .. } | KeyRef::Unrecognized(_) => None,
    }
}

fn key_item(arn: &str, status: &str, key: Option<&Value>, found: &Found) -> Value {
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

/// The report of the command on a folder with the event and the items.
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
    };
    let words = ["trailseal", "check", "-q", "-o", "json"].map(Into::into);
    let exit = run(words.into_iter().chain([folder.0.clone().into()]), &mut console);
    (exit, serde_json::from_slice(&out).unwrap())
}

/// A folder that goes away with its case.
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
fn the_command_says_of_files_what_the_function_says() {
    let (mut same, mut count) = (0, 0);
    let mut different = String::new();
    for case in all() {
        let judged = judged(&case);
        let items = judged.as_ref().map_or_else(Vec::new, items);
        let (exit, report) = checked(&case, &items);
        if let Some(error) = &case.expected.error {
            assert_eq!(report["problems"][0]["message"], error.as_str(), "{}", case.name);
            assert_eq!((exit, &report["trails"]), (Exit::Failure, &json!([])), "{}", case.name);
            same += 1;
            continue;
        }
        assert_eq!(report["problems"], json!([]), "{}", case.name);
        let lacks = judged.map(|judged| judged.lacks).unwrap_or_default();
        let wanted = &case.expected.evaluations[0];
        match compare(&case.name, wanted, &report["trails"], exit) {
            None => same += 1,
            Some(difference) => {
                assert!(!lacks.is_empty(), "{} lacks nothing: {difference}", case.name);
                count += 1;
                // Writing to a `String` cannot fail.
                let _ = writeln!(different, "{} {lacks:?}: {difference}", case.name);
            }
        }
    }
    assert_eq!(same + count, all().len(), "each case is compared");
    insta::assert_snapshot!(format!("{same} the same, {count} not\n\n{different}"));
}

/// How the command's answer differs; that it differs any other way than by being unverified fails.
fn compare(name: &str, wanted: &Wanted, trails: &Value, exit: Exit) -> Option<String> {
    let [trail] = trails.as_array().unwrap().as_slice() else {
        panic!("{name}: one trail was expected, not {trails}");
    };
    assert_eq!(trail["resourceId"], wanted.id.as_str(), "{name}");
    let compliance = trail["compliance"].as_str().unwrap();
    let findings = match compliance {
        // What the function leaves to another rule, the command did not see evaluated.
        _ if !trail["notEvaluated"].is_null() => Exit::Failure,
        "NON_COMPLIANT" => Exit::Findings,
        _ => Exit::Clean,
    };
    assert_eq!(exit, findings, "{name}");
    let annotation = trail["annotation"].as_str().unwrap();
    if compliance == wanted.compliance && annotation == wanted.annotation {
        return None;
    }
    let is_unverified = trail["unverified"] == true;
    let same_verdict = compliance == wanted.compliance;
    assert!(is_unverified || same_verdict, "{name}: {compliance}, {annotation}");
    let function = &wanted.compliance;
    let doubt = if is_unverified { " (unverified)" } else { "" };
    Some(format!("{function} there, {compliance}{doubt} here\n    {annotation}"))
}
