//! The input formats of users, and regression tests.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Exit;
use crate::testing::{Checked, Folder};

/// `trailseal check` on files of `tests/inputs`, with a JSON report.
fn check(arguments: &[&str]) -> Checked {
    check_as("json", arguments)
}

fn check_as(format: &str, arguments: &[&str]) -> Checked {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let place = |word: &str| match word.split_once("=@") {
        Some((head, path)) => format!("{head}={}", root.join(path).display()),
        None if word.ends_with(".json") || word.starts_with("evidence/") => {
            root.join(word).display().to_string()
        }
        None => word.to_owned(),
    };
    let options = ["-q", "-o", format];
    Checked::run(
        options.into_iter().chain(arguments.iter().copied()).map(|word| place(word).into()),
    )
}

#[test]
fn a_deletion_in_an_oversized_notification_is_used() {
    for (folder, failed) in [
        ("evidence/deleted-key-oversized", "key-customer-managed"),
        ("evidence/deleted-bucket-oversized", "key-in-bucket-region"),
    ] {
        check(&[folder]).is(Exit::Findings, &[&format!("NON_COMPLIANT {failed}")]);
    }
}

#[test]
fn reads_an_event_next_to_a_list_of_items() {
    let checked = check(&["evidence/event-beside-item-list.json"]);
    checked.is(Exit::Findings, &["NON_COMPLIANT sse-kms-enabled"]);
}

#[test]
fn an_invalid_date_does_not_hide_the_key_state() {
    let file = "evidence/pending-deletion-with-odd-date.json";
    let checked = check(&[file, "-p", "unverified=COMPLIANT"]);
    checked.is(Exit::Findings, &["NON_COMPLIANT key-usable"]);
}

#[test]
fn a_trail_with_only_a_copy_in_the_input_makes_the_run_partial() {
    for file in ["only-the-shadow-copy", "only-the-member-copy", "home-region-not-in-input"] {
        let file = format!("coverage/{file}.json");
        let checked = check(&[&file]);
        let report = checked.report();
        assert_eq!((checked.exit, &report["complete"]), (Exit::Failure, &json!(false)), "{file}");
        assert_eq!(report["summary"]["notEvaluated"], 1, "{file}");
        let why = report["trails"][0]["notEvaluated"].as_str().unwrap();
        assert!(why.starts_with("nothing in the input is from its home Region"), "{why}");
        // A copy that is evaluated or exempt is not reported.
        let report = check(&[&file, "-p", "replicas=EVALUATE"]).report();
        assert_eq!(report["summary"]["notEvaluated"], 0, "{file}");
        let exempt = format!("exemptTrails={}", report["trails"][0]["arn"].as_str().unwrap());
        let checked = check(&[&file, "-p", &exempt]);
        let not_evaluated = &checked.report()["summary"]["notEvaluated"];
        assert_eq!((checked.exit, not_evaluated), (Exit::Clean, &json!(0)));
    }
    // A copy is not reported if the trail itself is evaluated.
    let both = ["coverage/only-the-shadow-copy.json", "forms/aws-cli-getagg.json"];
    assert_eq!(check(&both).report()["summary"]["notEvaluated"], 0);
}

#[test]
fn every_format_names_a_trail_that_was_not_evaluated() {
    for format in crate::output::formats() {
        let checked = check_as(&format.name(), &["coverage/only-the-shadow-copy.json"]);
        assert_eq!(checked.exit, Exit::Failure);
        let text = checked.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("nothing in the input is from its home"), "{format:?}: {text}");
    }
}

#[test]
fn an_account_without_a_trail_is_reported_once() {
    const REPORTED: &str = "noTrails=NON_COMPLIANT";
    let file = "coverage/no-trail.json";
    let checked = check(&[file, "-p", REPORTED]);
    checked.is(Exit::Findings, &["NON_COMPLIANT"]);
    assert_eq!(checked.report()["trails"][0]["resourceId"], "111122223333");
    assert_eq!(check(&[file]).exit, Exit::Clean);
    // An empty list names no account.
    let empty = "coverage/empty-trail-list.json";
    let checked = check(&[empty, "-p", REPORTED]);
    checked.is(Exit::Failure, &[]);
    assert!(checked.err.contains("does not say of which account"), "{}", checked.err);
    check(&[empty, file, "-p", REPORTED]).is(Exit::Findings, &["NON_COMPLIANT"]);
    assert_eq!(check(&[empty]).exit, Exit::Clean);
}

/// A rule event contains its own `noTrails`, which applies only to its account.
#[test]
fn no_trails_in_an_event_applies_to_its_account() {
    let schedule = "coverage/schedule-with-no-trails.json";
    let checked = check(&[schedule]);
    checked.is(Exit::Findings, &["NON_COMPLIANT"]);
    assert_eq!(checked.report()["trails"][0]["resourceId"], "111122223333");
    let checked = check(&[schedule, "forms/aws-cli-get-trail.json"]);
    let report = checked.report();
    let mut trails = report["trails"].as_array().unwrap().iter();
    assert!(trails.all(|trail| trail["resourceId"] != "111122223333"), "{}", checked.err);
}

#[test]
fn input_that_cannot_be_evaluated_is_a_problem() {
    for (file, verdicts, words) in [
        ("items-without-resource-type", &[][..], "contains 1 item without a `resourceType`"),
        ("empty-list", &[], "contains nothing that can be judged"),
        // AWS Config lists the resources that it did not return; the returned trail is evaluated.
        (
            "aws-cli-batchgetagg-unprocessed",
            &["NON_COMPLIANT unverified"],
            "lacks 1 of the requested resources",
        ),
        // A member that was not selected could decide the verdict.
        ("select-without-configuration", &[], "select `configuration` as a whole"),
    ] {
        let checked = check(&[&format!("forms/{file}.json")]);
        checked.is(Exit::Failure, verdicts);
        assert!(checked.err.contains(words), "{file}: {}", checked.err);
    }
}

#[test]
fn trails_are_read_in_all_supported_formats() {
    for file in [
        "aws-cli-get-trail.json",
        "aws-cli-describe-query.json",
        "aws-cli-batchget.json",
        "aws-cli-batchgetagg.json",
        "aws-cli-getagg.json",
        "aws-cli-select-agg.json",
        "sns-notification.json",
        "sns-in-lambda-event.json",
        "eventbridge-event.json",
        "utf16-from-powershell.json",
    ] {
        let file = format!("forms/{file}");
        check(&[&file, "-p", "unverified=COMPLIANT"]).is(Exit::Clean, &["COMPLIANT unverified"]);
    }
}

#[test]
fn keys_and_aliases_are_read_in_all_supported_formats() {
    for facts in ["forms/aws-cli-describe-key.json", "forms/aws-cli-select-key.json"] {
        let checked = check(&["forms/aws-cli-get-trail.json", "--facts", facts]);
        let key = &checked.report()["trails"][0]["evidence"]["key"];
        assert_eq!(key["value"]["state"], "Enabled", "{facts}: {}", checked.err);
    }
    check(&["forms/kms-alias-item.json"]).is(Exit::Clean, &["COMPLIANT"]);
}

/// An external key store needs a delivery as proof, and so does another kind of key store.
#[test]
fn a_key_without_a_known_origin_is_unverified() {
    let folder = Folder::new("check-origin");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let text = std::fs::read_to_string(root.join("forms/aws-cli-describe-key.json")).unwrap();
    let bucket = "arn:aws:s3:::audit-logs=@forms/aws-cli-get-bucket-location.json";
    let judge = |origin: Value| {
        let mut key: Value = serde_json::from_str(&text).unwrap();
        key["KeyMetadata"]["Origin"] = origin;
        let file = folder.write("key.json", key.to_string().as_bytes()).display().to_string();
        let trail = "forms/aws-cli-get-trail.json";
        let checked = check(&[trail, "--facts", &file, "--evidence", bucket]);
        let trail = checked.report()["trails"][0].clone();
        (trail["compliance"] == "COMPLIANT", trail["unverified"] == true)
    };
    for known in ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM"] {
        assert_eq!(judge(json!(known)), (true, false), "{known}");
    }
    for odd in [json!("EXTERNAL_KEY_STORE"), json!("ELSEWHERE"), json!(7), Value::Null] {
        assert_eq!(judge(odd.clone()), (false, true), "{odd}");
    }
}

/// The run fails with this message.
fn fails(arguments: &[&str], words: &str) -> Checked {
    let checked = check(arguments);
    assert_eq!(checked.exit, Exit::Failure);
    assert!(checked.err.contains(words), "{}", checked.err);
    checked
}

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";

#[test]
fn unnamed_responses_are_evidence_of_the_resource_that_the_user_names() {
    let trail = "forms/aws-cli-get-trail.json";
    let evidence = [
        format!("{KEY}=@forms/aws-cli-describe-key.json"),
        format!("{KEY}=@forms/aws-cli-get-key-policy.json"),
        format!("{KEY}=@forms/aws-cli-get-key-rotation-status.json"),
        "arn:aws:s3:::audit-logs=@forms/aws-cli-get-bucket-location.json".to_owned(),
    ];
    let mut words = vec![trail, "-p", "profile=strict"];
    for one in &evidence {
        words.extend(["--evidence", one]);
    }
    let checked = check(&words);
    let evidence = &checked.report()["trails"][0]["evidence"];
    for name in ["key", "bucketRegion", "rotation", "keyPolicy"] {
        assert_eq!(evidence[name]["reading"], "known", "{name}: {}", checked.err);
    }
    assert_eq!(evidence["rotation"]["value"]["periodDays"], 365);
    assert_eq!(evidence["bucketRegion"]["value"], "us-east-1");
    // Without a name, or with the name of another key, they are not used.
    for name in ["get-key-policy", "get-bucket-location"] {
        let file = format!("forms/aws-cli-{name}.json");
        let checked =
            fails(&[trail, "--facts", &file], "but not whose it is: give it with --evidence");
        let evidence = &checked.report()["trails"][0]["evidence"];
        assert_eq!(evidence["bucketRegion"]["reading"], "refused");
    }
    let other = KEY.replace("1111-0000", "2222-0000");
    for name in ["describe-key", "get-key-rotation-status"] {
        let evidence = format!("{other}=@forms/aws-cli-{name}.json");
        fails(&[trail, "--evidence", &evidence], "not about the one that --evidence names");
    }
    // A rule event has no answer about a key or bucket.
    fails(
        &[trail, "--evidence", "arn:aws:s3:::audit-logs=@coverage/schedule-with-no-trails.json"],
        "has nothing about the key",
    );
    let evidence = "alias/logs=@forms/aws-cli-describe-key.json";
    let checked = check(&[trail, "--evidence", evidence]);
    assert_eq!(checked.exit, Exit::NotStarted);
    assert!(checked.err.contains("is not ARN=FILE"), "{}", checked.err);
}

#[test]
fn the_report_has_the_profile_of_each_trail() {
    let file = "evidence/event-beside-item-list.json";
    let of_event = "evidence/event-with-profile.json";
    for (arguments, profile) in
        [(&[file][..], "effective"), (&[file, "-p", "profile=cis"], "cis"), (&[of_event], "strict")]
    {
        assert_eq!(check(arguments).report()["trails"][0]["profile"], profile);
    }
    assert_eq!(check(&[of_event]).report()["parameters"], json!({}));
    let text = check_as("table", &[of_event]).out;
    assert!(text.contains("Profile: strict (of its rule event)"), "{text}");
    let text = check_as("csv", &[of_event]).out;
    assert!(text.lines().nth(1).unwrap().contains(",strict,"), "{text}");
}

#[test]
fn hostile_names_are_escaped_in_all_formats() {
    let is_hidden = |character: char| {
        let is_control = character.is_control() && character != '\n' && character != '\r';
        let hides = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
        is_control || hides
    };
    for format in crate::output::formats() {
        let text = check_as(&format.name(), &["hostile-names.json"]).out;
        assert!(!text.is_empty());
        let hidden: Vec<char> = text.chars().filter(|one| is_hidden(*one)).collect();
        assert!(hidden.is_empty(), "{format:?} holds {hidden:?}");
    }
    let log = check_as("sarif", &["hostile-names.json"]).report();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains("](") || text.contains("\\]("), "{text}");
        assert!(!text.contains("https://"), "{text}");
    }
    let csv = check_as("csv", &["hostile-names.json"]).out;
    for line in csv.lines().skip(1) {
        for cell in line.split([';', ',', '\t', '|']) {
            let cell = cell.trim_start_matches([' ', '"', '?']);
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell} of {line}");
        }
    }
    assert!(csv.contains("'\\u{200b}=1+1"), "{csv}");
}

#[test]
fn a_report_says_what_it_is_and_what_to_do() {
    let checked = check(&["../cmd/render.in/report.json"]);
    assert_eq!(checked.exit, Exit::Failure);
    for part in ["report.json: is a report of trailseal", "`trailseal render`"] {
        assert!(checked.err.contains(part), "{}", checked.err);
    }
}
