//! Journals, aliases and tags written by an attacker: nothing changes.

use std::path::Path;

use serde_json::{Value, json};
use trailseal_lab::{Hang, Lab, State};

use super::support::{
    BACK, BROKEN, Ended, JOURNAL, KEY, NEIGHBOUR, SEAL, TRAIL, changes, folder, kill, run, state,
    until_it_hangs,
};

const PLANTED: &str = include_str!("hostile/planted-journal.jsonl");
const ALIAS_OF_A_PLANTED_KEY: &str = include_str!("hostile/alias-of-a-planted-key.state.json");

/// Two trails, one of them with a key, and a key with a backdoor that has an alias.
fn planted_state(with_alias: bool) -> State {
    let mut document: Value = serde_json::from_str(ALIAS_OF_A_PLANTED_KEY).unwrap();
    if !with_alias {
        document.as_object_mut().unwrap().remove("aliases");
    }
    State::from_value("planted", &document).unwrap()
}

#[track_caller]
fn nothing_changed(lab: &Lab, before: &State, ended: &Ended) {
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert_eq!(changes(lab), [""; 0], "{ended:?}");
    assert_eq!(lab.state(), *before, "{ended:?}");
}

/// With only a plan, and with all of its records.
#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_planted_journal() {
    let first_line = format!("{}\n", PLANTED.lines().next().unwrap());
    let new = ["unencrypted", "--create-key", "--alias", "alias/new", "--apply", "--yes"];
    let named = "trailseal-111122223333-unencrypted-2026-11-28.jsonl";
    for (number, text) in [first_line.as_str(), PLANTED].into_iter().enumerate() {
        let lab = Lab::start(planted_state(false)).await.unwrap();
        let before = lab.state();
        let folder = folder(&format!("planted-{number}"));
        std::fs::write(folder.join(named), text).unwrap();
        for more in [&[][..], &["--resume"], &["--journal", named]] {
            let ended = run(&lab, &folder, &[&new[..], more].concat());
            nothing_changed(&lab, &before, &ended);
            assert!(ended.err.contains("this program does not make such a plan"), "{}", ended.err);
        }
        let apply = ["--apply", "--yes", "--journal", named];
        nothing_changed(&lab, &before, &run(&lab, &folder, &apply));
        for force in [&[][..], &["--force"]] {
            let back = [&["--back-out", named, "--apply", "--yes"][..], force].concat();
            nothing_changed(&lab, &before, &run(&lab, &folder, &back));
        }
        assert_eq!(std::fs::read_to_string(folder.join(named)).unwrap(), text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resumes_an_unfinished_journal_only_on_request() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("unfinished");
    let args = ["audit", "--key", KEY, "--apply", "--yes", "--wait", "0"];
    lab.hang_at_change(2, Hang::BeforeTheChange);
    kill(until_it_hangs(&lab, &folder, &args));
    lab.clear_hang();
    drop(lab.take_calls());
    let before = lab.state();
    let ended = run(&lab, &folder, &args).expect(2);
    nothing_changed(&lab, &before, &ended);
    for option in ["--resume", "--journal"] {
        assert!(ended.err.contains(option), "{option}: {}", ended.err);
    }
    // The trail and the key come only from the command line.
    let journal = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let journal = journal.to_str().unwrap();
    for args in [
        &["--apply", "--yes", "--journal", journal][..],
        &["audit", "--apply", "--yes", "--journal", journal],
        &["--key", KEY, "--apply", "--yes", "--journal", journal],
        &["neighbour", "--key", KEY, "--apply", "--yes", "--journal", journal],
        &["audit", "--key", BROKEN, "--enable-key", "--apply", "--yes", "--journal", journal],
        &["audit", "--create-key", "--apply", "--yes", "--resume"],
    ] {
        nothing_changed(&lab, &before, &run(&lab, &folder, args));
    }
    run(&lab, &folder, &[&args[..], &["--resume"]].concat()).expect(0);
    assert_eq!(changes(&lab), ["cloudtrail:UpdateTrail"]);
}

/// A lab with a run that was killed before its second change, and the records of its journal.
async fn interrupted(folder: &Path, args: &[&str]) -> (Lab, Vec<Value>) {
    let lab = Lab::start(state(None)).await.unwrap();
    lab.hang_at_change(2, Hang::BeforeTheChange);
    kill(until_it_hangs(&lab, folder, args));
    lab.clear_hang();
    drop(lab.take_calls());
    let text = std::fs::read_to_string(folder.join(JOURNAL)).unwrap();
    (lab, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn write(folder: &Path, records: &[Value]) {
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(folder.join(JOURNAL), text).unwrap();
}

/// The paths of all values that are not objects or arrays.
fn leaves(value: &Value, place: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                leaves(value, format!("{place}/{name}"), found);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (index, value) in list.iter().enumerate() {
                leaves(value, format!("{place}/{index}"), found);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => found.push(place),
    }
}

/// Other values for a field, some of the same form.
fn others(value: &Value) -> Vec<Value> {
    let mut others = vec![json!(null), json!("x"), json!([]), json!(7)];
    if let Some(text) = value.as_str() {
        for (from, to) in [
            (KEY, BROKEN),
            (TRAIL, NEIGHBOUR),
            ("us-east-1", "eu-west-1"),
            ("111122223333", "999988887777"),
            ("kms:GenerateDataKey*", "kms:*"),
            ("cloudtrail.amazonaws.com", "ec2.amazonaws.com"),
            ("put-key-policy", "disable-key"),
            ("example-logs", "other-logs"),
        ] {
            if text.contains(from) {
                others.push(Value::from(text.replace(from, to)));
            }
        }
    }
    others.retain(|other| other != value);
    others
}

/// Members that are only displayed: the run applies its own plan.
const ONLY_SHOWN: [&str; 6] = ["warnings", "permissions", "readers", "cost", "undo", "added"];

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_plan_with_any_changed_field() {
    let folder = folder("altered");
    let (lab, records) = interrupted(&folder, SEAL).await;
    let before = lab.state();
    let mut places = Vec::new();
    leaves(&records[0]["plan"], "/plan".to_owned(), &mut places);
    places.retain(|place| !ONLY_SHOWN.iter().any(|name| place.contains(name)));
    assert!(places.len() > 25, "{places:?}");
    for place in &places {
        for other in others(records[0].pointer(place).unwrap()) {
            let mut records = records.clone();
            *records[0].pointer_mut(place).unwrap() = other.clone();
            write(&folder, &records);
            let ended = run(&lab, &folder, SEAL);
            assert_ne!(ended.code, Some(0), "{place}: {other}: {ended:?}");
            nothing_changed(&lab, &before, &ended);
        }
    }
    write(&folder, &records);
    run(&lab, &folder, SEAL).expect(0);
    assert_eq!(changes(&lab), ["cloudtrail:UpdateTrail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_added_missing_or_moved_steps() {
    let folder = folder("steps");
    let (lab, records) = interrupted(&folder, SEAL).await;
    let before = lab.state();
    let steps = records[0]["plan"]["steps"].as_array().unwrap().clone();
    let key = json!({ "existing": KEY });
    let step = |id: &str, call: Value| {
        let mut step = steps[1].clone();
        step["id"] = json!(id);
        step["call"] = call;
        step
    };
    let disable = step("disable-key", json!({ "DisableKey": { "key": key } }));
    let rotate = step("enable-key-rotation", json!({ "EnableKeyRotation": { "key": key } }));
    let enable = step("enable-key", json!({ "EnableKey": { "key": key } }));
    let unknown = step("update-trail", json!({ "ScheduleKeyDeletion": { "key": key } }));
    let (put, update) = (steps[0].clone(), steps[1].clone());
    let emptied = |name: &str| {
        let mut step = update.clone();
        step[name] = json!([]);
        step
    };
    for altered in [
        vec![put.clone()],
        vec![update.clone(), put.clone()],
        vec![put.clone(), update.clone(), update.clone()],
        vec![put.clone(), update.clone(), disable],
        vec![put.clone(), rotate, update.clone()],
        vec![enable, put.clone(), update.clone()],
        vec![put.clone(), unknown],
        vec![put.clone(), emptied("requires")],
        vec![put.clone(), emptied("proves")],
        vec![],
    ] {
        let mut records = records.clone();
        records[0]["plan"]["steps"] = json!(altered);
        for records in [&records[..1], &records] {
            write(&folder, records);
            nothing_changed(&lab, &before, &run(&lab, &folder, SEAL));
        }
    }
}

/// A journal without the first step is equal to the present plan.
#[tokio::test(flavor = "multi_thread")]
async fn accepts_a_journal_that_equals_the_present_plan() {
    let folder = folder("rest");
    let (lab, mut records) = interrupted(&folder, SEAL).await;
    let before = lab.state();
    records[0]["plan"]["steps"].as_array_mut().unwrap().remove(0);
    write(&folder, &records);
    nothing_changed(&lab, &before, &run(&lab, &folder, SEAL));
    records[0]["plan"].as_object_mut().unwrap().remove("policyChange");
    write(&folder, &records[..1]);
    run(&lab, &folder, SEAL).expect(0);
    assert_eq!(changes(&lab), ["cloudtrail:UpdateTrail"]);
}

/// The effects that a journal claims are read back.
#[tokio::test(flavor = "multi_thread")]
async fn refuses_false_records() {
    let folder = folder("records");
    let (lab, records) = interrupted(&folder, SEAL).await;
    let before = lab.state();
    let time = records[0]["time"].clone();
    let update = |record: &str| json!({ "record": record, "step": "update-trail", "time": time });
    let mut finished = records.clone();
    finished.extend([update("done"), update("verified")]);
    write(&folder, &finished);
    nothing_changed(&lab, &before, &run(&lab, &folder, SEAL));
    // The key does not have the policy that the journal claims.
    lab.edit(|state| state.keys[0].policy = Some(super::support::policy(&[NEIGHBOUR]).to_string()));
    let before = lab.state();
    write(&folder, &records);
    nothing_changed(&lab, &before, &run(&lab, &folder, SEAL));
}

/// A key with a backdoor and the journal's tag.
#[tokio::test(flavor = "multi_thread")]
async fn does_not_use_a_planted_key() {
    let args = ["audit", "--create-key", "--alias", "alias/x", "--apply", "--yes", "--wait", "0"];
    let args = [&args[..], &["--journal", JOURNAL]].concat();
    let folder = folder("planted-key");
    let (lab, records) = interrupted(&folder, &args).await;
    let id = records[0]["journal"].as_str().unwrap().to_owned();
    lab.edit(|state| {
        state.keys.truncate(3);
        state.keys[0].tags.insert("trailseal:journal".to_owned(), id);
    });
    let before = lab.state();
    let mut named = records.clone();
    named[2]["createdKey"] = json!(KEY);
    for records in [&records[..2], &named[..], &named[..4]] {
        write(&folder, records);
        let ended = run(&lab, &folder, &args);
        assert_eq!(lab.state().trails, before.trails, "{ended:?}");
        nothing_changed(&lab, &before, &ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_the_alias_of_a_planted_key() {
    let args = ["--create-key", "--alias", "alias/trail-logs", "--apply", "--yes", "--wait", "0"];
    for (name, trails, resume) in [
        ("both", &[][..], &[][..]),
        ("one", &["unencrypted"], &[]),
        ("resumed", &[], &["--resume"]),
    ] {
        let lab = Lab::start(planted_state(true)).await.unwrap();
        let before = lab.state();
        let folder = folder(&format!("planted-alias-{name}"));
        // A run is resumed only beside a journal; this one of another trail is none.
        std::fs::write(folder.join("trailseal-111122223333-x-2026-11-28.jsonl"), "{}\n").unwrap();
        let ended = run(&lab, &folder, &[trails, &args, resume].concat()).expect(1);
        assert!(ended.err.contains("alias-taken: "), "{}", ended.err);
        nothing_changed(&lab, &before, &ended);
    }
}

/// A back-out never uses a key or a policy from a journal.
#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_takes_no_key_or_policy_from_a_journal() {
    const THEIRS: &str =
        "arn:aws:kms:us-east-1:999988887777:key/99999999-0000-4000-8000-999999999999";
    const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}]}"#;
    let folder = folder("back-out");
    let lab = Lab::start(state(None)).await.unwrap();
    run(&lab, &folder, SEAL).expect(0);
    drop(lab.take_calls());
    lab.edit(|state| {
        // Both can encrypt for the trail: another key, and one with which everybody can decrypt.
        let mut theirs = state.keys[0].clone();
        theirs.arn = THEIRS.to_owned();
        theirs.readable_from = vec![super::support::ACCOUNT.to_owned()];
        state.keys.push(theirs);
        state.keys[1].state = "Enabled".to_owned();
        state.keys[1].policy = Some(OPEN.to_owned());
    });
    let before = lab.state();
    let text = std::fs::read_to_string(folder.join(JOURNAL)).unwrap();
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let skips = "skipChecks=key-customer-managed,key-policy-guards-decryption";
    for former in [THEIRS, BROKEN] {
        let replaced = replace_former_key(&records, former);
        for more in [&[][..], &["--force"], &["--force", "-p", "profile=strict", "-p", skips]] {
            write(&folder, &replaced);
            let ended = run(&lab, &folder, &[BACK, more].concat());
            nothing_changed(&lab, &before, &ended);
            let why = ["former-key-not-allowed", "former-key-cannot-encrypt"];
            assert!(why.iter().any(|why| ended.err.contains(why)), "{}", ended.err);
            let is_open = former == BROKEN;
            assert!(!is_open || ended.err.contains("former-key-not-allowed"), "{}", ended.err);
        }
    }
    // Another former policy, with or without a matching requirement.
    let mut opened = records.clone();
    opened[0]["plan"]["policyChange"]["before"] = json!(OPEN);
    write(&folder, &opened);
    nothing_changed(&lab, &before, &run(&lab, &folder, BACK));
    for requires in opened[0]["plan"]["steps"][0]["requires"].as_array_mut().unwrap() {
        if let Some(policy) = requires.pointer_mut("/policyIs/policy") {
            *policy = json!(OPEN);
        }
    }
    write(&folder, &opened);
    let ended = run(&lab, &folder, BACK);
    nothing_changed(&lab, &before, &ended);
    assert!(ended.err.contains("changed-meanwhile"), "{}", ended.err);
    // A statement of the former policy, listed as added.
    let mut added = records.clone();
    let policy: Value = serde_json::from_str(before.keys[0].policy.as_deref().unwrap()).unwrap();
    added[0]["plan"]["policyChange"]["added"] = json!([policy["Statement"][0].to_string()]);
    for more in [&[][..], &["--force"]] {
        write(&folder, &added);
        let ended = run(&lab, &folder, &[BACK, more].concat());
        nothing_changed(&lab, &before, &ended);
        assert!(ended.err.contains("journal-mismatch"), "{}", ended.err);
    }
    // The journal of another trail than the named one.
    write(&folder, &records);
    nothing_changed(&lab, &before, &run(&lab, &folder, &[&["neighbour"], BACK].concat()));
    run(&lab, &folder, &[&["audit"], BACK].concat()).expect(0);
}

fn replace_former_key(records: &[Value], key: &str) -> Vec<Value> {
    let mut records = records.to_vec();
    records[0]["plan"]["formerKey"] = json!(key);
    for step in records[0]["plan"]["steps"].as_array_mut().unwrap() {
        for condition in step["requires"].as_array_mut().unwrap() {
            if let Some(has) = condition.get_mut("trailHasKey") {
                has["key"] = json!(key);
            }
        }
    }
    records
}

/// The output contains no control characters from journals, tags or names.
#[tokio::test(flavor = "multi_thread")]
async fn removes_control_characters_from_the_output() {
    const HOSTILE: &str = "\u{1b}[2J\u{202e}evil\u{200b}\u{e0041}\r\u{9b}";
    let harmful = |text: &str| {
        text.chars().any(|character| {
            (character.is_control() && character != '\n')
                || ['\u{202e}', '\u{200b}', '\u{e0041}'].contains(&character)
        })
    };
    let folder = folder("shown");
    let (lab, mut records) = interrupted(&folder, SEAL).await;
    lab.edit(|state| {
        let tags = &mut state.trails[0].tags;
        tags.insert("terraform".to_owned(), HOSTILE.to_owned());
    });
    records[0]["journal"] = json!(HOSTILE);
    records[2]["requestId"] = json!(HOSTILE);
    records.push(json!({ "record": "stopped", "why": HOSTILE, "time": records[0]["time"] }));
    for output in ["text", "json"] {
        write(&folder, &records);
        let shown = run(&lab, &folder, &["audit", "--key", KEY, "-o", output]).expect(0);
        let ended = run(&lab, &folder, &[SEAL, &["-o", output]].concat()).expect(0);
        for text in [&shown.out, &shown.err, &ended.out, &ended.err] {
            assert!(!harmful(text), "{text:?}");
        }
        assert!(shown.out.contains("evil") && ended.out.contains("evil"), "{shown:?} {ended:?}");
        lab.edit(|state| state.trails[0].kms_key_id = None);
    }
}
