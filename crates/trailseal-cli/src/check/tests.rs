//! From files to the exit code and messages: a trail with missing evidence is never COMPLIANT.

use std::fs;

use serde_json::{Value, json};

use crate::Exit;
use crate::testing::{
    Checked, Folder, INSTANT, KEY, TRAIL, change, event, item, oversized, trail_item, with,
};

mod pages;
mod records;
mod rows;
mod rule_parameters;

impl Folder {
    /// Runs `trailseal check`; removes the folder's path from the messages.
    fn check(&self, arguments: &[&str]) -> Checked {
        let is_path = |word: &str| !word.starts_with('-') && !word.contains('=') && word != "json";
        let words = [["-o", "json"].as_slice(), arguments].concat();
        let words = words.into_iter().map(|word| match is_path(word) {
            true => self.0.join(word).into_os_string(),
            false => word.into(),
        });
        let checked = Checked::run(words);
        let err = checked.err.replace(&format!("{}/", self.0.display()), "");
        Checked { err, ..checked }
    }
}

impl Checked {
    /// The errors and notes.
    fn messages(&self) -> Vec<&str> {
        self.err.lines().collect()
    }
}

fn described(key: Option<&str>) -> Value {
    json!({ "trailList": [{
        "Name": "main", "TrailARN": TRAIL, "HomeRegion": "eu-central-1",
        "S3BucketName": "trail-logs", "KmsKeyId": key,
    }] })
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

const UNVERIFIED: &str = "NON_COMPLIANT unverified";

const CONFLICT: &str = "is described in two ways and no time shows which is newer, so neither is \
    used: give only the newer one";

#[test]
fn a_conflict_of_two_lists_is_a_problem_of_both_files() {
    let folder = Folder::new("two-lists");
    folder.write_json("facts.json", &[key_item("Enabled"), bucket_item()]);
    folder.write_json("lists/2026-11-now.json", &[described(None)]);
    folder.write_json("lists/backup-2024.json", &[described(Some(KEY))]);
    let checked = folder.check(&["lists", "--facts", "facts.json"]);
    checked.is(Exit::Failure, &[]);
    let words = format!("trail `{TRAIL}` {CONFLICT}");
    let messages = ["2026-11-now.json", "backup-2024.json"];
    assert_eq!(checked.messages(), messages.map(|name| format!("error: lists/{name}: {words}")));
    // Lists that agree are used.
    folder.write_json("lists/2026-11-now.json", &[described(Some(KEY))]);
    let checked = folder.check(&["lists", "--facts", "facts.json"]);
    checked.is(Exit::Clean, &["COMPLIANT"]);
    assert_eq!(checked.err, "");
}

/// A list has no time, so both trails are evaluated, and the worse verdict decides the exit code.
#[test]
fn evaluates_both_a_list_and_an_item_of_a_trail() {
    for keys in [[None, Some(KEY)], [Some(KEY), None]] {
        let folder = Folder::new("list-and-item");
        let [of_list, of_item] = keys;
        folder.write_json("facts.json", &[key_item("Enabled"), bucket_item()]);
        folder.write_json("trails.json", &[described(of_list), trail_item(of_item)]);
        let checked = folder.check(&["trails.json", "--facts", "facts.json"]);
        checked.is(Exit::Findings, &["NON_COMPLIANT sse-kms-enabled", "COMPLIANT"]);
    }
}

#[test]
fn two_results_of_one_trail_without_times_have_one_order() {
    let mut current = trail_item(None);
    let members = current.as_object_mut().unwrap();
    for member in ["configurationItemCaptureTime", "configurationItemStatus"] {
        members.remove(member).unwrap();
    }
    current["configuration"]["s3BucketName"] = json!("other-logs");
    let folder = Folder::new("one-order");
    folder.write_json("trails.json", &[described(None), json!({ "ConfigurationItem": current })]);
    let checked = folder.check(&["trails.json"]);
    checked.is(Exit::Findings, &["NON_COMPLIANT sse-kms-enabled"; 2]);
    for _ in 0..32 {
        assert_eq!(folder.check(&["trails.json"]).report()["trails"], checked.report()["trails"]);
    }
}

#[test]
fn the_state_id_orders_items_of_the_same_time() {
    let state = |state: &str, id: &str| with(key_item(state), "configurationStateId", json!(id));
    // The ID is a number in events, and text in API responses.
    let enabled = with(key_item("Enabled"), "configurationStateId", json!(9));
    for (disabled, exit, verdict) in [
        (state("Disabled", "10"), Exit::Findings, "NON_COMPLIANT key-usable"),
        (state("Disabled", "8"), Exit::Clean, "COMPLIANT"),
        (state("Disabled", "9"), Exit::Failure, UNVERIFIED),
        // An item without a state ID may be the newer one.
        (key_item("Disabled"), Exit::Failure, UNVERIFIED),
        (key_item("Enabled"), Exit::Clean, "COMPLIANT"),
    ] {
        for keys in [[&disabled, &enabled], [&enabled, &disabled]] {
            let folder = Folder::new("state-ids");
            let items: Vec<&Value> = keys.into_iter().collect();
            folder.write_json("keys.json", &[json!({ "configurationItems": items })]);
            folder.write_json("trail.json", &[trail_item(Some(KEY)), bucket_item()]);
            let checked = folder.check(&["keys.json", "trail.json"]);
            checked.is(exit, &[verdict]);
            if exit == Exit::Failure {
                let words = format!("error: keys.json: key `1234abcd` {CONFLICT}");
                assert_eq!(checked.messages()[0], words);
            }
        }
    }
}

#[test]
fn an_item_without_a_time_is_not_older() {
    let mut undated = with(bucket_item(), "configurationItemStatus", json!("ResourceDeleted"));
    undated.as_object_mut().unwrap().remove("configurationItemCaptureTime");
    let dated = with(undated.clone(), "configurationItemCaptureTime", json!(INSTANT));
    let folder = Folder::new("undated");
    folder.write_json("trail.json", &[trail_item(Some(KEY)), key_item("Enabled")]);
    folder.write_json("a.json", &[undated]);
    folder.write_json("b.json", &[bucket_item()]);
    let checked = folder.check(&["trail.json", "b.json", "a.json"]);
    checked.is(Exit::Failure, &[UNVERIFIED]);
    let words = format!("bucket `trail-logs` {CONFLICT}");
    let messages = ["b.json", "a.json"].map(|name| format!("error: {name}: {words}"));
    assert_eq!(checked.messages()[..2], messages);
    folder.write_json("b.json", &[dated]);
    let checked = folder.check(&["trail.json", "b.json", "a.json"]);
    checked.is(Exit::Findings, &["NON_COMPLIANT key-in-bucket-region"]);
}

/// A snapshot contains a policy as an object, an API response as text.
#[test]
fn two_encodings_of_one_item_do_not_conflict() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    let supplement = |policy: Value| json!({ "Policy": policy, "KeyRotationStatus": true });
    let member = "supplementaryConfiguration";
    let in_words = json!("{ \"Statement\": [], \"Version\": \"2012-10-17\" }");
    let other = json!({ "Version": "2012-10-17", "Statement": [{}] });
    for (second, exit) in [(in_words, Exit::Clean), (other, Exit::Failure)] {
        let folder = Folder::new("spellings");
        let first = with(key_item("Enabled"), member, supplement(policy.clone()));
        let second = with(key_item("Enabled"), member, supplement(second));
        folder.write_json("all.json", &[trail_item(Some(KEY)), bucket_item(), first, second]);
        assert_eq!(folder.check(&["all.json"]).exit, exit);
    }
}

#[test]
fn rejects_different_parameters_for_one_change_unless_overridden() {
    let item = with(trail_item(Some(KEY)), "configurationStateId", json!(7));
    let folder = Folder::new("two-rules");
    folder.write_json("facts.json", &[key_item("Enabled"), bucket_item()]);
    folder.write_json("cis.json", &[event(&change(&item), "{\"profile\":\"cis\"}")]);
    folder.write_json("strict.json", &[event(&change(&item), "{\"profile\":\"strict\"}")]);
    folder.write_json("item.json", &[item]);
    for events in [["cis.json", "strict.json"], ["strict.json", "cis.json"]] {
        let [one, other] = events;
        let checked = folder.check(&[one, other, "item.json", "--facts", "facts.json"]);
        checked.is(Exit::Failure, &[]);
        let words = rule_parameters::DIFFERENT;
        assert_eq!(checked.messages(), events.map(|name| format!("error: {name}: {words}")));
    }
    // The event's parameters apply, whichever file contains the item.
    for files in [["strict.json", "item.json"], ["item.json", "strict.json"]] {
        let [one, other] = files;
        let checked = folder.check(&[one, other, "--facts", "facts.json"]);
        checked.is(Exit::Findings, &[UNVERIFIED]);
    }
    let files = ["cis.json", "strict.json", "--facts", "facts.json", "-p", "profile=effective"];
    let checked = folder.check(&files);
    checked.is(Exit::Clean, &["COMPLIANT"]);
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
        folder.write_json("trail.json", &[trail_item(Some(KEY))]);
        let facts = [
            key_item("Enabled"),
            bucket_item(),
            event(&oversized(&newer), "{\"profile\":\"none\"}"),
        ];
        folder.write_json("facts.json", &facts.into_iter().chain(more).collect::<Vec<_>>());
        let checked = folder.check(&["trail.json", "--facts", "facts.json"]);
        checked.is(exit, &["COMPLIANT"]);
        let words = "error: facts.json: the item of `1234abcd` was too large for the event: also \
            give its item of 2026-11-23T11:00:00.000Z, as `aws configservice \
            get-resource-config-history` prints it";
        let messages = if exit == Exit::Failure { &[words][..] } else { &[] };
        assert_eq!(checked.messages(), messages);
    }
}

#[test]
fn an_unreadable_rule_event_in_facts_is_a_problem() {
    let folder = Folder::new("broken-event");
    folder.write_json("all.json", &[trail_item(Some(KEY)), key_item("Enabled"), bucket_item()]);
    let mut broken = event(&change(&key_item("Disabled")), "");
    broken["invokingEvent"] = json!("{\"configurationItem\":");
    folder.write_json("facts.json", &[broken]);
    let checked = folder.check(&["all.json", "--facts", "facts.json"]);
    checked.is(Exit::Failure, &["COMPLIANT"]);
    assert!(checked.err.starts_with("error: facts.json: "), "{}", checked.err);
    assert!(checked.messages()[0].contains("`invokingEvent`"), "{}", checked.err);
    let mut trail = trail_item(None);
    trail["awsAccountId"] = json!("1");
    folder.write_json("facts.json", &[event(&change(&trail), "{\"profile\":\"none\"}")]);
    let checked = folder.check(&["all.json", "--facts", "facts.json"]);
    checked.is(Exit::Clean, &["COMPLIANT"]);
    assert_eq!(checked.err, "");
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
        folder.write_json("all.json", &[vec![trail], evidence].concat());
        let checked = folder.check(&["all.json"]);
        assert_eq!((checked.exit, &checked.report()["trails"][0]["notes"]), (exit, &json!(notes)));
    }
}

const UNREAD: &str =
    "contains no file to read, which ends with .json, .ndjson, .jsonl, or .gz after these";

#[test]
fn a_folder_without_a_file_to_read_is_a_problem() {
    let folder = Folder::new("unread");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    folder.write_json("good/all.json", &all);
    folder.write_json("notes/a.txt", &[]);
    folder.write_json("notes/b.txt", &[]);
    folder.write_json("others/x_ConfigHistory_AWS::EC2::Instance_1.json.gz", &[]);
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
        assert_eq!(checked.exit, exit, "{paths:?}");
        assert_eq!(checked.messages(), messages, "{paths:?}");
    }
    folder.write_json("good/UPPER.JSON", &[json!({ "configurationItems": [] })]);
    let checked = folder.check(&["good"]);
    checked.is(Exit::Clean, &["COMPLIANT"]);
    assert_eq!(checked.report()["summary"]["files"], 2);
}

#[cfg(unix)]
#[test]
fn skips_links_to_folders_and_reports_broken_links() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("links");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    folder.write_json("in/all.json", &all);
    symlink(&folder.0, folder.0.join("in/round")).unwrap();
    let checked = folder.check(&["in", "-v"]);
    checked.is(Exit::Clean, &["COMPLIANT"]);
    assert_eq!(checked.report()["summary"]["filesSkipped"], 1);
    let words = "note: in/round: skipped: a link to a folder";
    assert!(checked.messages().contains(&words), "{}", checked.err);
    // A link to a folder within the folder hides nothing; one to a folder outside does.
    folder.write_json("in/sub/all.json", &all);
    symlink("sub", folder.0.join("in/latest")).unwrap();
    folder.check(&["in"]).is(Exit::Clean, &["COMPLIANT"]);
    folder.write_json("out/all.json", &all);
    symlink("../out", folder.0.join("in/more")).unwrap();
    let checked = folder.check(&["in"]);
    checked.is(Exit::Failure, &["COMPLIANT"]);
    assert_eq!(checked.report()["complete"], false);
    let words = "error: in/more: is a link to a folder, which is not followed: name that folder as \
                 well";
    assert_eq!(checked.messages(), [words]);
    // Facts are evidence that is left out as well.
    folder.check(&["in/all.json", "--facts", "in"]).is(Exit::Failure, &["COMPLIANT"]);
    folder.check(&["in", "in/more"]).is(Exit::Clean, &["COMPLIANT"]);
    std::fs::remove_file(folder.0.join("in/more")).unwrap();
    symlink("nowhere", folder.0.join("in/gone.json")).unwrap();
    let checked = folder.check(&["in"]);
    checked.is(Exit::Failure, &["COMPLIANT"]);
    assert!(checked.err.starts_with("error: in/gone.json: cannot be "), "{}", checked.err);
}

#[test]
fn documents_of_other_kinds_are_reported() {
    let folder = Folder::new("other-kinds");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    let other = json!({ "Buckets": [] });
    folder.write_json("in/mixed.json", &[&all[..], &[other.clone(), other]].concat());
    let note = "note: files with JSON of other kinds, ignored: 1";
    let checked = folder.check(&["in/mixed.json"]);
    checked.is(Exit::Failure, &["COMPLIANT"]);
    let error = "error: in/mixed.json: also contains 2 documents of another kind, ignored";
    assert_eq!(checked.messages(), [error, note]);
    let checked = folder.check(&["in"]);
    checked.is(Exit::Clean, &["COMPLIANT"]);
    assert_eq!(checked.messages(), [note]);
    folder.write_json("one.json", &[&all[..], &[json!({ "Buckets": [] })]].concat());
    let error = "error: one.json: also contains 1 document of another kind, ignored";
    assert_eq!(folder.check(&["one.json"]).messages(), [error, note]);
}

#[test]
fn fail_on_and_exit_zero_choose_the_exit_code() {
    let folder = Folder::new("fail-on");
    folder.write_json("facts.json", &[key_item("Enabled"), bucket_item()]);
    folder.write_json("sealed.json", &[trail_item(Some(KEY))]);
    folder.write_json("broken.json", &[trail_item(None)]);
    folder.write("not-json.json", b"{");
    let sealed = ["sealed.json", "--facts", "facts.json"];
    let unverified = ["sealed.json", "-p", "unverified=COMPLIANT"];
    let broken = ["broken.json"];
    let partial = ["broken.json", "not-json.json"];
    for (files, options, exit) in [
        (&sealed[..], &[][..], Exit::Clean),
        (&broken, &[], Exit::Findings),
        (&broken, &["--fail-on=partial"], Exit::Clean),
        (&broken, &["--exit-zero"], Exit::Clean),
        (&unverified, &[], Exit::Clean),
        (&unverified, &["--fail-on=non-compliant,unverified"], Exit::Findings),
        (&unverified, &["--fail-on=unverified", "--fail-on=partial"], Exit::Findings),
        (&partial, &[], Exit::Failure),
        (&partial, &["--fail-on=non-compliant"], Exit::Findings),
        (&partial, &["--fail-on=unverified"], Exit::Clean),
        (&partial, &["--exit-zero"], Exit::Clean),
        (&broken, &["--fail-on=findings"], Exit::NotStarted),
        (&broken, &["--fail-on=partial", "--exit-zero"], Exit::NotStarted),
        (&broken, &["-p", "profile=all", "--exit-zero"], Exit::NotStarted),
        (&broken, &["-o", "csv=/dev/full", "--exit-zero"], Exit::Failure),
    ] {
        let words = [files, options].concat();
        let checked = folder.check(&words);
        assert_eq!(checked.exit, exit, "{words:?}: {}", checked.err);
    }
}
