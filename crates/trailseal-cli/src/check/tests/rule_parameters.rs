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

/// The function refuses such an event.
#[test]
fn invalid_parameters_of_an_event_of_a_key_are_a_problem() {
    for message in [change(&open_key()), oversized(&open_key())] {
        let folder = Folder::new("invalid");
        folder.write_json("event.json", &[event(&message, "{\"profil\":\"strict\"}")]);
        folder.write_json("items.json", &[trail_item(Some(KEY)), open_key(), bucket_item()]);
        let checked = folder.check(&["event.json", "items.json"]);
        checked.is(Exit::Failure, &["COMPLIANT"]);
        assert!(checked.err.contains("`ruleParameters.profil`"), "{}", checked.err);
        folder.check(&["items.json", "--facts", "event.json"]).is(Exit::Clean, &["COMPLIANT"]);
    }
}
