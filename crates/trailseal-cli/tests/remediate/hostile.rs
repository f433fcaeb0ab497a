//! A journal, an alias or a tag that somebody else wrote: nothing is changed on its word.

use std::path::Path;

use serde_json::{Value, json};
use trailseal_lab::{Hang, Lab, State};

use super::support::{
    BROKEN, Ended, KEY, NEIGHBOUR, TRAIL, changes, folder, kill, run, state, until_it_hangs,
};

const PLANTED: &str = include_str!("hostile/planted-journal.jsonl");
const ALIAS_OF_A_PLANTED_KEY: &str = include_str!("hostile/alias-of-a-planted-key.state.json");
const JOURNAL: &str = "journal.jsonl";
const SEAL: &[&str] =
    &["audit", "--key", KEY, "--apply", "--yes", "--wait", "0", "--journal", JOURNAL];
const BACK: &[&str] = &["--back-out", JOURNAL, "--apply", "--yes", "--wait", "0"];

/// Two trails, of which one has a key, and a key with a back listener that an alias names.
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

/// With a plan that is not begun, and with all of its records.
#[tokio::test(flavor = "multi_thread")]
async fn a_planted_journal_is_refused_and_nothing_is_changed() {
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
            assert!(ended.out.contains("this program makes no such plan"), "{}", ended.out);
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
async fn an_unfinished_journal_is_gone_on_with_only_if_that_was_asked_for() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("unfinished");
    let words = ["audit", "--key", KEY, "--apply", "--yes", "--wait", "0"];
    lab.hang_at_change(2, Hang::BeforeTheChange);
    kill(until_it_hangs(&lab, &folder, &words));
    lab.clear_hang();
    drop(lab.take_calls());
    let before = lab.state();
    let ended = run(&lab, &folder, &words).expect(2);
    nothing_changed(&lab, &before, &ended);
    for option in ["--resume", "--journal"] {
        assert!(ended.out.contains(option), "{option}: {}", ended.out);
    }
    // The journal says neither which key nor which trail.
    let journal = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let journal = journal.to_str().unwrap();
    for words in [
        &["--apply", "--yes", "--journal", journal][..],
        &["audit", "--apply", "--yes", "--journal", journal],
        &["--key", KEY, "--apply", "--yes", "--journal", journal],
        &["neighbour", "--key", KEY, "--apply", "--yes", "--journal", journal],
        &["audit", "--key", BROKEN, "--enable-key", "--apply", "--yes", "--journal", journal],
        &["audit", "--create-key", "--apply", "--yes", "--resume"],
    ] {
        nothing_changed(&lab, &before, &run(&lab, &folder, words));
    }
    run(&lab, &folder, &[&words[..], &["--resume"]].concat()).expect(0);
    assert_eq!(changes(&lab), ["cloudtrail:UpdateTrail"]);
}

/// A lab with a run that was killed before its second change, and its journal as JSON lines.
async fn interrupted(folder: &Path, words: &[&str]) -> (Lab, Vec<Value>) {
    let lab = Lab::start(state(None)).await.unwrap();
    lab.hang_at_change(2, Hang::BeforeTheChange);
    kill(until_it_hangs(&lab, folder, words));
    lab.clear_hang();
    drop(lab.take_calls());
    let text = std::fs::read_to_string(folder.join(JOURNAL)).unwrap();
    (lab, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn write(folder: &Path, records: &[Value]) {
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(folder.join(JOURNAL), text).unwrap();
}

/// Every place in a document that holds no further members.
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

/// Other values that a field may be given: of the same form where it has one.
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

/// What is shown or remembered and decides nothing: the plan that is carried out has its own.
const DECIDES_NOTHING: [&str; 6] = ["warnings", "permissions", "readers", "cost", "undo", "added"];

#[tokio::test(flavor = "multi_thread")]
async fn each_field_of_the_plan_that_is_altered_is_refused() {
    let folder = folder("altered");
    let (lab, records) = interrupted(&folder, SEAL).await;
    let before = lab.state();
    let mut places = Vec::new();
    leaves(&records[0]["plan"], "/plan".to_owned(), &mut places);
    places.retain(|place| !DECIDES_NOTHING.iter().any(|name| place.contains(name)));
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
async fn steps_that_are_added_left_out_or_put_elsewhere_are_refused() {
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

/// A plan without the step that was made already is the one that is made now.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_the_rest_alone_is_the_plan_of_now() {
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

/// What a journal says was made is read back, and what it says was there before must be so.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_not_true_are_refused() {
    let folder = folder("records");
    let (lab, records) = interrupted(&folder, SEAL).await;
    let before = lab.state();
    let time = records[0]["time"].clone();
    let update = |record: &str| json!({ "record": record, "step": "update-trail", "time": time });
    let mut finished = records.clone();
    finished.extend([update("done"), update("verified")]);
    let mut open = records.clone();
    open[1]["former"]["keyPolicy"] = json!(r#"{"Statement":[]}"#);
    let mut other_kind = records.clone();
    other_kind[1]["former"] = json!({ "keyState": "Enabled" });
    let mut other_key = records.clone();
    other_key[4]["former"] = json!({ "trailKey": BROKEN });
    for altered in [finished, open, other_kind, other_key] {
        write(&folder, &altered);
        nothing_changed(&lab, &before, &run(&lab, &folder, SEAL));
    }
    // The policy is not as the journal says that it was put.
    lab.edit(|state| state.keys[0].policy = Some(super::support::policy(&[NEIGHBOUR]).to_string()));
    let before = lab.state();
    write(&folder, &records);
    nothing_changed(&lab, &before, &run(&lab, &folder, SEAL));
}

/// A key with a back listener that carries the journal's id.
#[tokio::test(flavor = "multi_thread")]
async fn a_planted_key_is_not_taken_for_the_created_one() {
    let words = ["audit", "--create-key", "--alias", "alias/x", "--apply", "--yes", "--wait", "0"];
    let words = [&words[..], &["--journal", JOURNAL]].concat();
    let folder = folder("planted-key");
    let (lab, records) = interrupted(&folder, &words).await;
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
        let ended = run(&lab, &folder, &words);
        assert_eq!(lab.state().trails, before.trails, "{ended:?}");
        nothing_changed(&lab, &before, &ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_of_a_planted_key_is_taken() {
    let words = ["--create-key", "--alias", "alias/trail-logs", "--apply", "--yes", "--wait", "0"];
    for (name, trails, resume) in [
        ("both", &[][..], &[][..]),
        ("one", &["unencrypted"], &[]),
        ("resumed", &[], &["--resume"]),
    ] {
        let lab = Lab::start(planted_state(true)).await.unwrap();
        let before = lab.state();
        let folder = folder(&format!("planted-alias-{name}"));
        let ended = run(&lab, &folder, &[trails, &words, resume].concat()).expect(1);
        assert!(ended.out.contains("alias-taken: "), "{}", ended.out);
        nothing_changed(&lab, &before, &ended);
    }
}

/// A back-out never gives a trail the key, or a key the policy, that a journal names.
#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_puts_nothing_that_a_journal_holds() {
    const THEIRS: &str =
        "arn:aws:kms:us-east-1:999988887777:key/99999999-0000-4000-8000-999999999999";
    const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}]}"#;
    let folder = folder("back-out");
    let lab = Lab::start(state(None)).await.unwrap();
    run(&lab, &folder, SEAL).expect(0);
    drop(lab.take_calls());
    lab.edit(|state| {
        // Both would encrypt for the trail: somebody else's key, and one that anybody opens.
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

    for former in [THEIRS, BROKEN] {
        let replaced = replace_former_key(&records, former);
        for more in [&[][..], &["--force"]] {
            write(&folder, &replaced);
            let ended = run(&lab, &folder, &[BACK, more].concat());
            nothing_changed(&lab, &before, &ended);
            let why = ["former-key-not-allowed", "former-key-cannot-encrypt"];
            assert!(why.iter().any(|why| ended.out.contains(why)), "{}", ended.out);
        }
    }
    // Another policy as the former one, with or without records that agree.
    let mut opened = records.clone();
    opened[0]["plan"]["policyChange"]["before"] = json!(OPEN);
    write(&folder, &opened);
    nothing_changed(&lab, &before, &run(&lab, &folder, BACK));
    for requires in opened[0]["plan"]["steps"][0]["requires"].as_array_mut().unwrap() {
        if let Some(policy) = requires.pointer_mut("/policyIs/policy") {
            *policy = json!(OPEN);
        }
    }
    opened[1]["former"]["keyPolicy"] = json!(OPEN);
    write(&folder, &opened);
    let ended = run(&lab, &folder, BACK);
    nothing_changed(&lab, &before, &ended);
    assert!(ended.out.contains("changed-meanwhile"), "{}", ended.out);
    // A statement that was there before, said to be added.
    let mut added = records.clone();
    let policy: Value = serde_json::from_str(before.keys[0].policy.as_deref().unwrap()).unwrap();
    added[0]["plan"]["policyChange"]["added"] = json!([policy["Statement"][0].to_string()]);
    for more in [&[][..], &["--force"]] {
        write(&folder, &added);
        let ended = run(&lab, &folder, &[BACK, more].concat());
        nothing_changed(&lab, &before, &ended);
        assert!(ended.out.contains("journal-mismatch"), "{}", ended.out);
    }
    // Another trail than the one that the user names.
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
    for record in &mut records {
        if record["record"] == "before" && record["step"] == "update-trail" {
            record["former"] = json!({ "trailKey": key });
        }
    }
    records
}

/// Nothing in a journal, a tag or a name acts on a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_harmless() {
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
