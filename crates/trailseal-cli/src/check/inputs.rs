//! The input formats of users, and regression tests.

use std::path::PathBuf;

use serde_json::Value;
use trailseal_rule::Timestamp;

use crate::{Console, Exit, run};

/// The report of `trailseal check` on files of `tests/inputs`.
fn check(arguments: &[&str]) -> (Exit, Value, String) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let is_input = |word: &str| {
        ["evidence/", "coverage/", "forms/"].iter().any(|folder| word.starts_with(folder))
    };
    let place = |word: &&str| match word.split_once("=@") {
        Some((head, path)) => format!("{head}={}", root.join(path).display()),
        None if is_input(word) => root.join(word).display().to_string(),
        None => (*word).to_owned(),
    };
    let (exit, out, err) = run_check("json", arguments.iter().map(place).collect());
    (exit, serde_json::from_str(&out).unwrap_or_default(), err)
}

/// The exit code, standard output and standard error.
fn run_check(format: &str, arguments: Vec<String>) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let now = Timestamp::parse("2026-11-26T12:00:00Z").unwrap();
    let mut console = Console { out: &mut out, err: &mut err, out_is_terminal: false, now };
    let command = ["trailseal", "check", "-q", "-o", format].map(str::to_owned);
    let exit = run(command.into_iter().chain(arguments).map(Into::into), &mut console);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn written(file: &str, format: &str) -> (Exit, String) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let (exit, out, _) = run_check(format, vec![root.join(file).display().to_string()]);
    (exit, out)
}

/// The verdict and the failed checks of each trail.
fn verdicts(report: &Value) -> Vec<String> {
    let trails = report["trails"].as_array().unwrap().iter();
    let failed = |trail: &Value| {
        let checks = trail["checks"].as_array().unwrap().iter();
        let failed = checks.filter(|check| check["outcome"] == "fail");
        failed.map(|check| check["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    trails
        .map(|trail| {
            let unverified = if trail["unverified"] == true { " unverified" } else { "" };
            let text =
                format!("{}{unverified} {}", trail["compliance"].as_str().unwrap(), failed(trail));
            text.trim_end().to_owned()
        })
        .collect()
}

#[test]
fn a_deletion_in_an_oversized_notification_is_used() {
    for (folder, failed) in [
        ("evidence/deleted-key-oversized", "key-customer-managed"),
        ("evidence/deleted-bucket-oversized", "key-in-bucket-region"),
    ] {
        let (exit, report, err) = check(&[folder]);
        assert_eq!(verdicts(&report), [format!("NON_COMPLIANT {failed}")], "{err}");
        assert_eq!(exit, Exit::Findings);
    }
}

#[test]
fn an_event_beside_a_list_of_items_is_read() {
    let (exit, report, _) = check(&["evidence/event-beside-item-list.json"]);
    assert_eq!(
        (exit, verdicts(&report)),
        (Exit::Findings, vec!["NON_COMPLIANT sse-kms-enabled".to_owned()])
    );
}

#[test]
fn an_invalid_date_does_not_hide_the_key_state() {
    let file = "evidence/pending-deletion-with-odd-date.json";
    let (exit, report, err) = check(&[file, "-p", "unverified=COMPLIANT"]);
    assert_eq!(verdicts(&report), ["NON_COMPLIANT key-usable"], "{err}");
    assert_eq!(exit, Exit::Findings);
}

#[test]
fn a_trail_with_only_a_copy_in_the_input_makes_the_run_partial() {
    for file in ["only-the-shadow-copy", "only-the-member-copy", "home-region-not-in-input"] {
        let file = format!("coverage/{file}.json");
        let (exit, report, _) = check(&[&file]);
        assert_eq!((exit, &report["complete"]), (Exit::Failure, &Value::Bool(false)), "{file}");
        assert_eq!(report["summary"]["notEvaluated"], 1, "{file}");
        let why = report["trails"][0]["notEvaluated"].as_str().unwrap();
        assert!(why.starts_with("nothing in the input is from its home Region"), "{why}");
        // A copy that is evaluated, or exempt, is not reported.
        let (_, report, _) = check(&[&file, "-p", "replicas=EVALUATE"]);
        assert_eq!(report["summary"]["notEvaluated"], 0, "{file}");
        let exempt = format!("exemptTrails={}", report["trails"][0]["arn"].as_str().unwrap());
        let (exit, report, _) = check(&[&file, "-p", &exempt]);
        assert_eq!((exit, &report["summary"]["notEvaluated"]), (Exit::Clean, &Value::from(0)));
    }
    // A copy needs no report if the trail itself is evaluated.
    let both = ["coverage/only-the-shadow-copy.json", "forms/aws-cli-getagg.json"];
    let (_, report, _) = check(&both);
    assert_eq!(report["summary"]["notEvaluated"], 0);
}

#[test]
fn every_format_names_a_trail_that_was_not_evaluated() {
    for format in crate::output::formats() {
        let (exit, text) = written("coverage/only-the-shadow-copy.json", &format.name());
        assert_eq!(exit, Exit::Failure);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("nothing in the input is from its home"), "{format:?}: {text}");
    }
}

#[test]
fn an_account_without_a_trail_is_reported_once() {
    let (exit, report, err) = check(&["coverage/no-trail.json", "-p", "noTrails=NON_COMPLIANT"]);
    assert_eq!(
        (exit, verdicts(&report)),
        (Exit::Findings, vec!["NON_COMPLIANT".to_owned()]),
        "{err}"
    );
    assert_eq!(report["trails"][0]["resourceId"], "111122223333");
    assert_eq!(check(&["coverage/no-trail.json"]).0, Exit::Clean);
    // An empty list names no account.
    let empty = "coverage/empty-trail-list.json";
    let (exit, report, err) = check(&[empty, "-p", "noTrails=NON_COMPLIANT"]);
    assert_eq!((exit, verdicts(&report)), (Exit::Failure, Vec::new()));
    assert!(err.contains("does not say of which account"), "{err}");
    let (exit, report, _) =
        check(&[empty, "coverage/no-trail.json", "-p", "noTrails=NON_COMPLIANT"]);
    assert_eq!((exit, verdicts(&report).len()), (Exit::Findings, 1));
    assert_eq!(check(&[empty]).0, Exit::Clean);
}

/// A rule's event carries its own `noTrails`, which counts for its account alone.
#[test]
fn an_account_without_a_trail_is_reported_by_the_parameters_of_its_event() {
    let schedule = "coverage/schedule-with-no-trails.json";
    let (exit, report, err) = check(&[schedule]);
    assert_eq!(
        (exit, verdicts(&report)),
        (Exit::Findings, vec!["NON_COMPLIANT".to_owned()]),
        "{err}"
    );
    assert_eq!(report["trails"][0]["resourceId"], "111122223333");
    let (_, report, err) = check(&[schedule, "forms/aws-cli-get-trail.json"]);
    let ids: Vec<&Value> =
        report["trails"].as_array().unwrap().iter().map(|trail| &trail["resourceId"]).collect();
    assert!(!ids.contains(&&Value::from("111122223333")), "{ids:?} {err}");
}

#[test]
fn files_without_known_content_are_problems() {
    for (file, words) in [
        ("forms/items-without-resource-type.json", "contains 1 item without a `resourceType`"),
        ("forms/empty-list.json", "contains nothing that can be judged"),
    ] {
        let (exit, _, err) = check(&[file]);
        assert_eq!(exit, Exit::Failure, "{file}");
        assert!(err.contains(words), "{file}: {err}");
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
        let (exit, report, err) = check(&[&file, "-p", "unverified=COMPLIANT"]);
        assert_eq!(verdicts(&report), ["COMPLIANT unverified"], "{file}: {err}");
        assert_eq!(exit, Exit::Clean, "{file}: {err}");
    }
}

/// AWS Config lists what it did not answer: the trail that it did answer is evaluated.
#[test]
fn resources_that_config_did_not_answer_are_a_problem() {
    let (exit, report, err) = check(&["forms/aws-cli-batchgetagg-unprocessed.json"]);
    assert_eq!((exit, verdicts(&report).len()), (Exit::Failure, 1));
    assert!(err.contains("lacks 1 of the requested resources"), "{err}");
}

/// A member that was not selected could decide.
#[test]
fn a_row_without_its_configuration_is_a_problem() {
    let (exit, report, err) = check(&["forms/select-without-configuration.json"]);
    assert_eq!((exit, verdicts(&report)), (Exit::Failure, Vec::new()));
    assert!(err.contains("select `configuration` as a whole"), "{err}");
}

#[test]
fn keys_and_aliases_are_read_in_all_supported_formats() {
    for facts in ["forms/aws-cli-describe-key.json", "forms/aws-cli-select-key.json"] {
        let (_, report, err) = check(&["forms/aws-cli-get-trail.json", "--facts", facts]);
        let key = &report["trails"][0]["evidence"]["key"];
        assert_eq!(key["value"]["state"], "Enabled", "{facts}: {err}");
    }
    let (exit, report, err) = check(&["forms/kms-alias-item.json"]);
    assert_eq!((exit, verdicts(&report)), (Exit::Clean, vec!["COMPLIANT".to_owned()]), "{err}");
}

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";

#[test]
fn answers_without_a_name_are_evidence_of_the_resource_that_the_user_names() {
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
    let (_, report, err) = check(&words);
    let evidence = &report["trails"][0]["evidence"];
    for name in ["key", "bucketRegion", "rotation", "keyPolicy"] {
        assert_eq!(evidence[name]["reading"], "known", "{name}: {err}");
    }
    assert_eq!(evidence["rotation"]["value"]["periodDays"], 365);
    assert_eq!(evidence["bucketRegion"]["value"], "us-east-1");
    // Without a name, or with that of another key, they are not used.
    for name in ["get-key-policy", "get-bucket-location"] {
        let file = format!("forms/aws-cli-{name}.json");
        let (exit, report, err) = check(&[trail, "--facts", &file]);
        assert_eq!(exit, Exit::Failure);
        assert!(err.contains("but not whose it is: give it with --evidence"), "{err}");
        assert_eq!(report["trails"][0]["evidence"]["bucketRegion"]["reading"], "refused");
    }
    let other = KEY.replace("1111-0000", "2222-0000");
    for name in ["describe-key", "get-key-rotation-status"] {
        let (exit, _, err) =
            check(&[trail, "--evidence", &format!("{other}=@forms/aws-cli-{name}.json")]);
        assert_eq!(exit, Exit::Failure);
        assert!(err.contains("not about the one that --evidence names"), "{err}");
    }
    let (exit, _, err) =
        check(&[trail, "--evidence", "alias/logs=@forms/aws-cli-describe-key.json"]);
    assert_eq!(exit, Exit::Failure);
    assert!(err.contains("is not ARN=FILE"), "{err}");
}

#[test]
fn the_report_has_the_profile_of_each_trail() {
    let file = "evidence/event-beside-item-list.json";
    let (_, report, _) = check(&[file]);
    assert_eq!(report["trails"][0]["profile"], "effective");
    let (_, report, _) = check(&[file, "-p", "profile=cis"]);
    assert_eq!(report["trails"][0]["profile"], "cis");
    let (_, report, _) = check(&["evidence/event-with-profile.json"]);
    assert_eq!(
        (&report["trails"][0]["profile"], &report["parameters"]),
        (&Value::from("strict"), &serde_json::json!({}))
    );
    let (_, text) = written("evidence/event-with-profile.json", "table");
    assert!(text.contains("Profile: strict (of its rule event)"), "{text}");
    let (_, text) = written("evidence/event-with-profile.json", "csv");
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
        let (_, text) = written("hostile-names.json", &format.name());
        assert!(!text.is_empty());
        let hidden: Vec<char> = text.chars().filter(|one| is_hidden(*one)).collect();
        assert!(hidden.is_empty(), "{format:?} holds {hidden:?}");
    }
    let (_, sarif) = written("hostile-names.json", "sarif");
    let log: Value = serde_json::from_str(&sarif).unwrap();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains("](") || text.contains("\\]("), "{text}");
        assert!(!text.contains("https://"), "{text}");
    }
    let (_, csv) = written("hostile-names.json", "csv");
    for line in csv.lines().skip(1) {
        for cell in line.split([';', ',', '\t', '|']) {
            let cell = cell.trim_start_matches([' ', '"', '?']);
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell} of {line}");
        }
    }
    assert!(csv.contains("'\\u{200b}=1+1"), "{csv}");
}
