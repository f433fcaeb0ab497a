//! From files to the exit code and messages: a trail with missing evidence is never compliant.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use trailseal_rule::Timestamp;

use crate::{Console, Exit, run};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
const TRAIL: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main";
const INSTANT: &str = "2026-11-23T10:00:00.000Z";

/// A temporary folder, removed after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("trailseal-check-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes documents into a file, one after the other.
    fn write(&self, name: &str, documents: &[Value]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
        fs::write(path, lines.join("\n")).unwrap();
    }

    /// Runs `trailseal check`; the messages are without the path of the folder.
    fn check(&self, arguments: &[&str]) -> Checked {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let mut console = Console { out: &mut out, err: &mut err, out_is_terminal: false, now };
        let is_path = |word: &str| !word.starts_with('-') && !word.contains('=') && word != "json";
        let words = arguments.iter().map(|word| match is_path(word) {
            true => self.0.join(word).into_os_string(),
            false => word.into(),
        });
        let words = ["trailseal", "check", "-o", "json"].map(Into::into).into_iter().chain(words);
        let exit = run(words, &mut console);
        let report: Value = serde_json::from_slice(&out).unwrap();
        let of_folder = format!("{}/", self.0.display());
        let err = anstream::adapter::strip_bytes(&err).into_vec();
        let err = String::from_utf8(err).unwrap().replace(&of_folder, "");
        let messages = err.lines().map(str::to_owned).collect();
        let notes = report["trails"].as_array().unwrap().iter().map(|trail| trail["notes"].clone());
        let (notes, summary) = (notes.collect(), report["summary"].clone());
        Checked { exit, verdicts: verdicts(&report), messages, summary, notes }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _stays = fs::remove_dir_all(&self.0);
    }
}

struct Checked {
    exit: Exit,
    /// The verdict of each trail, and whether it is unverified.
    verdicts: Vec<(String, bool)>,
    /// The errors and notes.
    messages: Vec<String>,
    summary: Value,
    /// The notes of each trail.
    notes: Value,
}

fn verdicts(report: &Value) -> Vec<(String, bool)> {
    let trails = report["trails"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    trails
        .map(|trail| (text(&trail["compliance"]), trail["unverified"].as_bool().unwrap()))
        .collect()
}

fn compliant() -> Vec<(String, bool)> {
    vec![("COMPLIANT".to_owned(), false)]
}

fn non_compliant() -> Vec<(String, bool)> {
    vec![("NON_COMPLIANT".to_owned(), false)]
}

fn unverified() -> Vec<(String, bool)> {
    vec![("NON_COMPLIANT".to_owned(), true)]
}

fn described(key: Option<&str>) -> Value {
    json!({ "trailList": [{
        "Name": "main", "TrailARN": TRAIL, "HomeRegion": "eu-central-1",
        "S3BucketName": "trail-logs", "KmsKeyId": key,
    }] })
}

fn item(kind: &str, id: &str, configuration: &Value) -> Value {
    json!({
        "resourceType": kind, "resourceId": id, "awsAccountId": "111122223333",
        "awsRegion": "eu-central-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": INSTANT, "configuration": configuration,
    })
}

fn trail_item(key: Option<&str>) -> Value {
    let configuration = json!({
        "trailARN": TRAIL, "homeRegion": "eu-central-1", "s3BucketName": "trail-logs",
        "kmsKeyId": key,
    });
    item("AWS::CloudTrail::Trail", "main", &configuration)
}

fn key_item(state: &str) -> Value {
    let configuration = json!({
        "arn": KEY, "keyState": state, "keyManager": "CUSTOMER", "keyUsage": "ENCRYPT_DECRYPT",
        "keySpec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS",
    });
    item("AWS::KMS::Key", "1234abcd", &configuration)
}

fn bucket_item() -> Value {
    item("AWS::S3::Bucket", "trail-logs", &json!({}))
}

/// The item with one member replaced.
fn with(mut item: Value, member: &str, value: Value) -> Value {
    item[member] = value;
    item
}

fn event(item: &Value, parameters: &str) -> Value {
    let message =
        json!({ "messageType": "ConfigurationItemChangeNotification", "configurationItem": item });
    json!({
        "invokingEvent": message.to_string(), "ruleParameters": parameters, "resultToken": "token",
        "eventLeftScope": false, "accountId": "111122223333",
    })
}

const CONFLICT: &str = "is described in two ways and no time shows which is newer, so neither is \
    used: give only the newer one";

#[test]
fn a_conflict_of_two_lists_is_a_problem_of_both_files() {
    let folder = Folder::new("two-lists");
    folder.write("facts.json", &[key_item("Enabled"), bucket_item()]);
    folder.write("lists/2026-11-now.json", &[described(None)]);
    folder.write("lists/backup-2024.json", &[described(Some(KEY))]);
    let checked = folder.check(&["lists", "--facts", "facts.json"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Failure, Vec::new()));
    let words = format!("trail `{TRAIL}` {CONFLICT}");
    let messages = ["2026-11-now.json", "backup-2024.json"];
    assert_eq!(checked.messages, messages.map(|name| format!("error: lists/{name}: {words}")));
    // Lists that agree are used.
    folder.write("lists/2026-11-now.json", &[described(Some(KEY))]);
    let checked = folder.check(&["lists", "--facts", "facts.json"]);
    assert_eq!(
        (checked.exit, checked.verdicts, checked.messages),
        (Exit::Clean, compliant(), vec![])
    );
}

/// A list has no time, so both are judged, and the worse one decides the exit code.
#[test]
fn a_list_and_an_item_of_one_trail_are_both_judged() {
    for keys in [[None, Some(KEY)], [Some(KEY), None]] {
        let folder = Folder::new("list-and-item");
        let [of_list, of_item] = keys;
        folder.write("facts.json", &[key_item("Enabled"), bucket_item()]);
        folder.write("trails.json", &[described(of_list), trail_item(of_item)]);
        let checked = folder.check(&["trails.json", "--facts", "facts.json"]);
        let both = [non_compliant(), compliant()].concat();
        assert_eq!((checked.exit, checked.verdicts), (Exit::Findings, both));
    }
}

#[test]
fn the_state_id_decides_between_two_items_of_one_instant() {
    let state = |state: &str, id: &str| with(key_item(state), "configurationStateId", json!(id));
    // The ID is a number in events, and text in the API's answers.
    let enabled = with(key_item("Enabled"), "configurationStateId", json!(9));
    for (disabled, exit, verdicts) in [
        (state("Disabled", "10"), Exit::Findings, non_compliant()),
        (state("Disabled", "8"), Exit::Clean, compliant()),
        (state("Disabled", "9"), Exit::Failure, unverified()),
        // An item without a state ID may be the newer one.
        (key_item("Disabled"), Exit::Failure, unverified()),
        (key_item("Enabled"), Exit::Clean, compliant()),
    ] {
        for keys in [[&disabled, &enabled], [&enabled, &disabled]] {
            let folder = Folder::new("state-ids");
            let items: Vec<&Value> = keys.into_iter().collect();
            folder.write("keys.json", &[json!({ "configurationItems": items })]);
            folder.write("trail.json", &[trail_item(Some(KEY)), bucket_item()]);
            let checked = folder.check(&["keys.json", "trail.json"]);
            assert_eq!((checked.exit, &checked.verdicts), (exit, &verdicts), "{keys:?}");
            if exit == Exit::Failure {
                let words = format!("error: keys.json: key `1234abcd` {CONFLICT}");
                assert_eq!(checked.messages[0], words);
            }
        }
    }
}

#[test]
fn an_item_without_a_time_is_not_older_than_one_with_a_time() {
    let mut undated = with(bucket_item(), "configurationItemStatus", json!("ResourceDeleted"));
    undated.as_object_mut().unwrap().remove("configurationItemCaptureTime");
    let dated = with(undated.clone(), "configurationItemCaptureTime", json!(INSTANT));
    let folder = Folder::new("undated");
    folder.write("trail.json", &[trail_item(Some(KEY)), key_item("Enabled")]);
    folder.write("a.json", &[undated]);
    folder.write("b.json", &[bucket_item()]);
    let checked = folder.check(&["trail.json", "b.json", "a.json"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Failure, unverified()));
    let words = format!("bucket `trail-logs` {CONFLICT}");
    let messages = ["b.json", "a.json"].map(|name| format!("error: {name}: {words}"));
    assert_eq!(checked.messages.get(..2), Some(&messages[..]));
    folder.write("b.json", &[dated]);
    let checked = folder.check(&["trail.json", "b.json", "a.json"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Findings, non_compliant()));
}

/// A snapshot writes a policy as an object, the API as text.
#[test]
fn two_spellings_of_one_item_do_not_conflict() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    let supplement = |policy: Value| json!({ "Policy": policy, "KeyRotationStatus": true });
    let member = "supplementaryConfiguration";
    let in_words = json!("{ \"Statement\": [], \"Version\": \"2012-10-17\" }");
    let other = json!({ "Version": "2012-10-17", "Statement": [{}] });
    for (second, exit) in [(in_words, Exit::Clean), (other, Exit::Failure)] {
        let folder = Folder::new("spellings");
        let first = with(key_item("Enabled"), member, supplement(policy.clone()));
        let second = with(key_item("Enabled"), member, supplement(second));
        folder.write("all.json", &[trail_item(Some(KEY)), bucket_item(), first, second]);
        assert_eq!(folder.check(&["all.json"]).exit, exit);
    }
}

#[test]
fn different_parameters_for_one_change_are_a_problem_unless_overridden() {
    let item = with(trail_item(Some(KEY)), "configurationStateId", json!(7));
    let folder = Folder::new("two-rules");
    folder.write("facts.json", &[key_item("Enabled"), bucket_item()]);
    folder.write("cis.json", &[event(&item, "{\"profile\":\"cis\"}")]);
    folder.write("strict.json", &[event(&item, "{\"profile\":\"strict\"}")]);
    folder.write("item.json", &[item]);
    for events in [["cis.json", "strict.json"], ["strict.json", "cis.json"]] {
        let [one, other] = events;
        let checked = folder.check(&[one, other, "item.json", "--facts", "facts.json"]);
        assert_eq!((checked.exit, checked.verdicts), (Exit::Failure, Vec::new()));
        let words = "trail `main` has rule events with different parameters, so neither is used: \
            give only one of them, or set the parameters with --parameter";
        assert_eq!(checked.messages, events.map(|name| format!("error: {name}: {words}")));
    }
    // The event's parameters apply, in whichever file the same item is.
    for files in [["strict.json", "item.json"], ["item.json", "strict.json"]] {
        let [one, other] = files;
        let checked = folder.check(&[one, other, "--facts", "facts.json"]);
        assert_eq!((checked.exit, checked.verdicts), (Exit::Findings, unverified()));
    }
    let files = ["cis.json", "strict.json", "--facts", "facts.json", "-p", "profile=effective"];
    let checked = folder.check(&files);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Clean, compliant()));
}

fn oversized(item: &Value) -> Value {
    let mut summary = item.clone();
    summary.as_object_mut().unwrap().remove("configuration");
    let message = json!({
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": summary,
    });
    json!({
        "invokingEvent": message.to_string(), "ruleParameters": "{\"profile\":\"none\"}",
        "resultToken": "token", "eventLeftScope": false, "accountId": "111122223333",
    })
}

/// The key's state may have changed in the missing item.
#[test]
fn an_oversized_item_of_a_key_must_be_in_the_input() {
    let later = "2026-11-23T11:00:00.000Z";
    let newer = with(key_item("Enabled"), "configurationItemCaptureTime", json!(later));
    let elsewhere = |item: &Value| {
        let arn = KEY.replace("eu-central-1", "eu-west-1");
        let mut item = with(item.clone(), "awsRegion", json!("eu-west-1"));
        item["configuration"]["arn"] = json!(arn);
        item
    };
    for (more, exit) in [
        (None, Exit::Failure),
        (Some(elsewhere(&newer)), Exit::Failure),
        (Some(newer.clone()), Exit::Clean),
    ] {
        let folder = Folder::new("oversized");
        folder.write("trail.json", &[trail_item(Some(KEY))]);
        let facts = [key_item("Enabled"), bucket_item(), oversized(&newer)];
        folder.write("facts.json", &facts.into_iter().chain(more).collect::<Vec<_>>());
        let checked = folder.check(&["trail.json", "--facts", "facts.json"]);
        assert_eq!((checked.exit, checked.verdicts), (exit, compliant()));
        let words = "error: facts.json: the item of `1234abcd` was too large for the event: also \
            give its item of 2026-11-23T11:00:00.000Z, as `aws configservice \
            get-resource-config-history` prints it";
        let messages = if exit == Exit::Failure { vec![words.to_owned()] } else { vec![] };
        assert_eq!(checked.messages, messages);
    }
}

#[test]
fn an_unreadable_rule_event_in_facts_is_a_problem() {
    let folder = Folder::new("broken-event");
    folder.write("all.json", &[trail_item(Some(KEY)), key_item("Enabled"), bucket_item()]);
    let mut broken = event(&key_item("Disabled"), "");
    broken["invokingEvent"] = json!("{\"configurationItem\":");
    folder.write("facts.json", &[broken]);
    let checked = folder.check(&["all.json", "--facts", "facts.json"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Failure, compliant()));
    assert!(checked.messages[0].starts_with("error: facts.json: "), "{:?}", checked.messages);
    assert!(checked.messages[0].contains("`invokingEvent`"), "{:?}", checked.messages);
    let mut trail = trail_item(None);
    trail["awsAccountId"] = json!("1");
    folder.write("facts.json", &[event(&trail, "{\"profile\":\"none\"}")]);
    let checked = folder.check(&["all.json", "--facts", "facts.json"]);
    assert_eq!(
        (checked.exit, checked.verdicts, checked.messages),
        (Exit::Clean, compliant(), vec![])
    );
}

#[test]
fn the_report_has_the_dates_of_its_evidence() {
    let old = |item: Value, day: &str| {
        with(item, "configurationItemCaptureTime", json!(format!("{day}T10:00:00.000Z")))
    };
    let (key, bucket) = (old(key_item("Enabled"), "2019-03-01"), old(bucket_item(), "2019-04-02"));
    let note = "judged by the key's item of 2019-03-01 and the bucket's of 2019-04-02";
    for (trail, evidence, exit, notes) in [
        (trail_item(Some(KEY)), vec![key.clone(), bucket.clone()], Exit::Clean, vec![note]),
        (
            trail_item(Some(KEY)),
            vec![key.clone()],
            Exit::Findings,
            vec!["judged by the key's item of 2019-03-01"],
        ),
        (
            trail_item(Some(KEY)),
            vec![bucket.clone()],
            Exit::Findings,
            vec!["judged by the bucket's item of 2019-04-02"],
        ),
        // Evidence that was not needed is not mentioned.
        (trail_item(None), vec![key, bucket], Exit::Findings, vec![]),
        (trail_item(Some(KEY)), vec![], Exit::Findings, vec![]),
    ] {
        let folder = Folder::new("age");
        folder.write("all.json", &[vec![trail], evidence].concat());
        let checked = folder.check(&["all.json"]);
        assert_eq!((checked.exit, checked.notes), (exit, json!([notes])));
    }
}

const UNREAD: &str = "contains no .json or .json.gz file to read";

#[test]
fn a_folder_without_a_file_to_read_is_a_problem() {
    let folder = Folder::new("unread");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    folder.write("good/all.json", &all);
    folder.write("notes/a.txt", &[]);
    folder.write("notes/b.txt", &[]);
    folder.write("others/x_ConfigHistory_AWS::EC2::Instance_1.json.gz", &[]);
    fs::create_dir(folder.0.join("empty")).unwrap();
    for (paths, messages) in [
        (
            &["good", "notes"][..],
            vec![format!("error: notes: {UNREAD}; skipped `notes/a.txt` and 1 more")],
        ),
        (&["good", "--facts", "empty"], vec![format!("error: empty: {UNREAD}")]),
        (&["empty"], vec![format!("error: empty: {UNREAD}")]),
        // History files of other types are skipped without a problem, unless there is nothing else.
        (&["good", "others"], vec![]),
        (
            &["others"],
            vec![format!(
                "error: others: {UNREAD}; skipped \
             `others/x_ConfigHistory_AWS::EC2::Instance_1.json.gz`"
            )],
        ),
    ] {
        let checked = folder.check(paths);
        let exit = if messages.is_empty() { Exit::Clean } else { Exit::Failure };
        assert_eq!((checked.exit, checked.messages), (exit, messages), "{paths:?}");
    }
    folder.write("good/UPPER.JSON", &[json!({ "configurationItems": [] })]);
    let checked = folder.check(&["good"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Clean, compliant()));
    assert_eq!(checked.summary["files"], json!(2));
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_skipped_and_links_to_nothing_are_problems() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("links");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    folder.write("in/all.json", &all);
    symlink(&folder.0, folder.0.join("in/round")).unwrap();
    let checked = folder.check(&["in", "-v"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Clean, compliant()));
    assert_eq!(checked.summary["filesSkipped"], json!(1));
    let words =
        "note: in/round: skipped: a link, or a history of another resource type, or not JSON";
    assert!(checked.messages.iter().any(|line| line == words), "{:?}", checked.messages);
    symlink("nowhere", folder.0.join("in/gone.json")).unwrap();
    let checked = folder.check(&["in"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Failure, compliant()));
    assert!(
        checked.messages[0].starts_with("error: in/gone.json: cannot be "),
        "{:?}",
        checked.messages
    );
}

#[test]
fn documents_of_other_kinds_are_reported() {
    let folder = Folder::new("other-kinds");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    let other = json!({ "Buckets": [] });
    folder.write("in/mixed.json", &[&all[..], &[other.clone(), other]].concat());
    let note = "note: files with JSON of other kinds, ignored: 1".to_owned();
    let checked = folder.check(&["in/mixed.json"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Failure, compliant()));
    let words = "also contains 2 documents of another kind, ignored";
    assert_eq!(checked.messages, [format!("error: in/mixed.json: {words}"), note.clone()]);
    let checked = folder.check(&["in"]);
    assert_eq!((checked.exit, checked.verdicts), (Exit::Clean, compliant()));
    assert_eq!(checked.messages, [note]);
}
