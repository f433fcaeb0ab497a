//! Parameters of rule events: no trail of their account is judged with others.

use super::*;

const STRICT: &str = "{\"profile\":\"strict\",\"skipChecks\":\"delivery-unbroken\"}";

pub(super) const DIFFERENT: &str = "account 111122223333 has rule events with different parameters, so none \
    of its trails is evaluated: give the events of one rule only, or set the parameters with \
    --parameter";

/// In `strict` it fails, since everyone can decrypt with the key.
fn open_key() -> Value {
    let statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let supplement = json!({ "KeyRotationStatus": true, "Policy": policy.to_string() });
    with(key_item("Enabled"), "supplementaryConfiguration", supplement)
}

fn newer(item: Value) -> Value {
    with(item, "configurationItemCaptureTime", json!("2026-11-23T10:00:05.000Z"))
}

fn scheduled() -> Value {
    json!({ "messageType": "ScheduledNotification", "notificationCreationTime": INSTANT })
}

#[test]
fn parameters_of_an_event_apply_to_all_trails_of_its_account() {
    let trail = trail_item(Some(KEY));
    let failed = "NON_COMPLIANT key-policy-guards-decryption key-policy-binds-cloudtrail";
    let of_trail = change(&trail);
    for (message, trail) in [
        (of_trail.clone(), newer(trail.clone())),
        (oversized(&trail), trail.clone()),
        (scheduled(), trail.clone()),
        (change(&open_key()), trail.clone()),
        (oversized(&open_key()), trail.clone()),
        (of_trail, with(newer(trail), "resourceId", json!("other"))),
    ] {
        let folder = Folder::new("of-account");
        folder.write_json("event.json", &[event(&message, STRICT)]);
        folder.write_json("items.json", &[trail, open_key(), bucket_item()]);
        for files in [["event.json", "items.json"], ["items.json", "event.json"]] {
            let checked = folder.check(&files);
            assert_eq!(checked.exit, Exit::Findings, "{message}: {}", checked.err);
            let verdicts = checked.verdicts();
            assert!(verdicts.iter().all(|verdict| verdict == failed), "{message}: {verdicts:?}");
        }
        // The command line replaces them.
        let files = ["event.json", "items.json", "-p", "profile=effective"];
        assert_eq!(folder.check(&files).exit, Exit::Clean, "{message}");
    }
}

#[test]
fn events_of_one_account_with_different_parameters_evaluate_none_of_its_trails() {
    let trail = trail_item(Some(KEY));
    let folder = Folder::new("different");
    folder.write_json("items.json", &[open_key(), bucket_item()]);
    folder.write_json("strict.json", &[event(&change(&trail), STRICT)]);
    let elsewhere = with(newer(trail.clone()), "awsAccountId", json!("444455556666"));
    for message in [change(&newer(trail)), scheduled(), change(&open_key())] {
        folder.write_json("other.json", &[event(&message, "{\"profile\":\"cis\"}")]);
        let files = ["strict.json", "other.json", "items.json"];
        let checked = folder.check(&files);
        checked.is(Exit::Failure, &[]);
        let messages = ["strict.json", "other.json"];
        assert_eq!(
            checked.messages(),
            messages.map(|name| format!("error: {name}: {DIFFERENT}")),
            "{message}"
        );
    }
    // Rules of two accounts are two rules.
    let mut other = event(&change(&elsewhere), "{\"profile\":\"cis\"}");
    other["accountId"] = json!("444455556666");
    folder.write_json("other.json", &[other]);
    let checked = folder.check(&["strict.json", "other.json", "items.json"]);
    assert_eq!(checked.exit, Exit::Findings, "{}", checked.err);
    let report = checked.report();
    let profiles = report["trails"].as_array().unwrap().iter().map(|trail| &trail["profile"]);
    assert_eq!(profiles.collect::<Vec<_>>(), ["strict", "cis"]);
}

const UNREAD: &str = "account 111122223333 has a rule event that cannot be read, so the parameters \
    of its rule are not known and none of its trails is evaluated: correct the event, or set the \
    parameters with --parameter";

const UNREAD_OF_ANY: &str = "contains a rule event that cannot be read and names no account, so the \
    parameters of no rule are known and no trail is evaluated: correct the event, or set the \
    parameters with --parameter";

/// The trail in another account.
fn elsewhere() -> Value {
    with(trail_item(Some(KEY)), "awsAccountId", json!("444455556666"))
}

/// The event with this text in place of its `invokingEvent`.
fn invoked_by(message: &str) -> Value {
    with(event(&scheduled(), STRICT), "invokingEvent", json!(message))
}

/// Events that the function refuses, each with the name of a member that is wrong.
fn unreadable_events() -> Vec<(&'static str, Value)> {
    let mut without_arn = trail_item(Some(KEY));
    without_arn["configuration"].as_object_mut().unwrap().remove("trailARN").unwrap();
    let mut without_type = open_key();
    without_type.as_object_mut().unwrap().remove("resourceType").unwrap();
    let mut without_token = event(&change(&open_key()), STRICT);
    without_token.as_object_mut().unwrap().remove("resultToken").unwrap();
    let misspelled = "{\"profil\":\"strict\"}";
    let text = change(&trail_item(Some(KEY))).to_string();
    vec![
        ("`ruleParameters.profil`", event(&change(&open_key()), misspelled)),
        ("`ruleParameters.profil`", event(&oversized(&open_key()), misspelled)),
        ("`ruleParameters.profil`", event(&change(&newer(trail_item(Some(KEY)))), misspelled)),
        ("`ruleParameters`", event(&scheduled(), "{\"profile\":")),
        ("trailARN`", event(&change(&without_arn), STRICT)),
        ("resourceType`", event(&change(&without_type), STRICT)),
        ("`resultToken`", without_token),
        ("notificationCreationTime`", invoked_by("{\"messageType\":\"ScheduledNotification\"}")),
        ("`invokingEvent`", invoked_by(text.split_at(text.len() - 1).0)),
        ("`invokingEvent`", invoked_by("")),
    ]
}

/// The function refuses such an event, whose parameters are not known then.
#[test]
fn an_event_that_cannot_be_read_evaluates_no_trail_of_its_account() {
    let items = [trail_item(Some(KEY)), elsewhere(), open_key(), bucket_item()];
    for (member, event) in unreadable_events() {
        let folder = Folder::new("unread-event");
        folder.write_json("event.json", std::slice::from_ref(&event));
        folder.write_json("items.json", &items);
        for files in [["event.json", "items.json"], ["items.json", "event.json"]] {
            let checked = folder.check(&files);
            checked.is(Exit::Failure, &["COMPLIANT"]);
            assert_eq!(checked.report()["trails"][0]["account"], "444455556666", "{event}");
            assert!(checked.messages()[0].contains(member), "{member}: {}", checked.err);
            let words = format!("error: event.json: {UNREAD}");
            assert!(checked.messages().contains(&words.as_str()), "{event}: {}", checked.err);
        }
        // The command line replaces its parameters.
        let files = ["event.json", "items.json", "-p", "profile=effective"];
        assert_eq!(folder.check(&files).verdicts().len(), 2, "{event}");
        // Evidence supplies none.
        let verdicts = folder.check(&["items.json", "--facts", "event.json"]).verdicts();
        assert_eq!(verdicts.len(), 2, "{event}");
    }
}

#[test]
fn an_event_that_cannot_be_read_counts_beside_one_that_can() {
    let folder = Folder::new("unread-beside");
    let readable = event(&change(&trail_item(Some(KEY))), "{\"profile\":\"cis\"}");
    folder.write_json("items.json", &[open_key(), bucket_item()]);
    for (_, unread) in unreadable_events() {
        for events in [[&readable, &unread], [&unread, &readable]] {
            folder.write_json("events.json", &events.map(Value::clone));
            let checked = folder.check(&["events.json", "items.json"]);
            checked.is(Exit::Failure, &[]);
            let words = format!("error: events.json: {UNREAD}");
            assert!(checked.messages().contains(&words.as_str()), "{}", checked.err);
        }
    }
}

/// It can be an event of each account of the input.
#[test]
fn an_event_that_cannot_be_read_and_names_no_account_evaluates_no_trail() {
    let folder = Folder::new("unread-of-any");
    let mut unread = invoked_by("{\"configurationItem\":");
    unread.as_object_mut().unwrap().remove("accountId").unwrap();
    let mut readable = event(&change(&elsewhere()), "{\"noTrails\":\"NON_COMPLIANT\"}");
    readable["accountId"] = json!("444455556666");
    folder.write_json("event.json", &[unread]);
    folder.write_json("items.json", &[trail_item(Some(KEY)), readable, open_key(), bucket_item()]);
    let checked = folder.check(&["items.json", "event.json"]);
    checked.is(Exit::Failure, &[]);
    let words = format!("error: event.json: {UNREAD_OF_ANY}");
    assert!(checked.messages().contains(&words.as_str()), "{}", checked.err);
    let checked = folder.check(&["items.json", "event.json", "-p", "profile=effective"]);
    checked.is(Exit::Failure, &["COMPLIANT"; 2]);
    let checked = folder.check(&["items.json", "--facts", "event.json"]);
    checked.is(Exit::Failure, &["COMPLIANT"; 2]);
    // Alone, it has one problem.
    let checked = folder.check(&["event.json"]);
    checked.is(Exit::Failure, &[]);
    let errors = checked.messages().iter().filter(|line| line.starts_with("error:")).count();
    assert_eq!(errors, 1, "{}", checked.err);
}

/// Whether the account has a trail that the rule sees is not known either.
#[test]
fn an_event_that_cannot_be_read_reports_no_account_without_trails() {
    let folder = Folder::new("unread-no-trails");
    let readable = event(&scheduled(), "{\"noTrails\":\"NON_COMPLIANT\"}");
    folder.write_json("items.json", &[bucket_item(), readable]);
    folder.check(&["items.json"]).is(Exit::Findings, &["NON_COMPLIANT"]);
    let unread = invoked_by("");
    let mut of_any = unread.clone();
    of_any.as_object_mut().unwrap().remove("accountId").unwrap();
    for event in [unread, of_any] {
        folder.write_json("event.json", &[event]);
        folder.check(&["items.json", "event.json"]).is(Exit::Failure, &[]);
    }
}
