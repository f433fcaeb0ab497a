//! Files that another account than that of the bucket owns: counted apart, and no proof.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use trailseal_lab::{Denial, State};

use super::desk::{Desk, MANAGEMENT, MEMBER, Run, denial, says};
use super::logs::{KEY, desk, kms, logs, report, result, state};

fn date(when: &str, format: &str) -> String {
    let date = Command::new("date").args(["-u", "-d", when, format]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}

/// The key of a log file of us-east-1 that is newer than the generated ones, or older.
fn key(is_newest: bool) -> String {
    let when = if is_newest { "-5 minutes" } else { "2026-03-01T09:00:00Z" };
    let (day, time) = (date(when, "+%Y/%m/%d"), date(when, "+%Y%m%dT%H%M"));
    format!(
        "AWSLogs/{MANAGEMENT}/CloudTrail/us-east-1/{day}/{MANAGEMENT}_CloudTrail_us-east-1_\
         {time}Z_zzForeign0000000.json.gz"
    )
}

fn object(key: &str, encryption: &Value) -> Value {
    json!({
        "bucket": "trail-logs",
        "key": key,
        "lastModified": "2026-03-01T09:01:00Z",
        "encryption": encryption,
        "owner": MEMBER,
        "bucketOwnerFullControl": true,
    })
}

/// Files of the bucket's account, and one of another account.
fn with_one(ownership: &str, is_newest: bool, encryption: &Value) -> Value {
    let mut state = state(&kms(KEY));
    state["logFiles"][0]["to"] = json!(date("-20 minutes", "+%Y-%m-%dT%H:%M:00Z"));
    state["buckets"][0]["objectOwnership"] = json!(ownership);
    state["objects"] = json!([object(&key(is_newest), encryption)]);
    state
}

/// The files of a bucket from before 2023: all of them belong to the account that wrote them.
fn of_cloudtrail(ownership: &str) -> Value {
    let mut state = with_one(ownership, true, &kms(KEY));
    state.as_object_mut().unwrap().remove("logFiles");
    let objects = [object(&key(false), &kms(KEY)), object(&key(true), &kms(KEY))];
    state["objects"] = json!(objects);
    state
}

fn check(report: &Value) -> (&str, String) {
    let check = &report["trails"][0]["check"];
    (check["outcome"].as_str().unwrap(), format!("{} {}", check["what"], check["fix"]))
}

/// The number of files by owner.
fn owners(report: &Value) -> Vec<(String, u64)> {
    let mut counts = std::collections::BTreeMap::new();
    for folder in report["buckets"][0]["folders"].as_array().unwrap() {
        for files in folder["files"].as_array().unwrap() {
            let owner = files["owner"].as_str().unwrap().to_owned();
            *counts.entry(owner).or_default() += files["files"].as_u64().unwrap();
        }
    }
    counts.into_iter().collect()
}

const WHY: [&str; 2] = ["another account than the bucket's owns it", "BucketOwnerEnforced"];

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_of_another_account_is_counted_apart_and_decides_nothing() {
    let desk = desk(&with_one("ObjectWriter", false, &kms(KEY))).await;
    for (options, of_bucket) in [(&[][..], 1), (&["--monthly"], 1), (&["--all"], 1000)] {
        let run = logs(&desk, &[&["main", "-o", "json"], options].concat());
        let report = report(&run.exits(0));
        let counts = owners(&report);
        assert!(counts[0].0 == "bucket" && counts[0].1 >= of_bucket, "{counts:?}");
        let folders = report["buckets"][0]["folders"].as_array().unwrap();
        let of = |region: &str| folders.iter().find(|folder| folder["region"] == region).unwrap();
        assert_eq!(of("eu-west-1").get("owners"), None);
        if options == ["--all"] {
            assert_eq!(counts[1..], [("other".to_owned(), 1)]);
            let owners = of("us-east-1")["owners"].as_array().unwrap();
            let other = owners.iter().find(|one| one["ofBucket"] == false).unwrap();
            let own = owners.iter().find(|one| one["ofBucket"] == true).unwrap();
            assert_eq!(other["files"], 1);
            assert_eq!(own["owner"], report["buckets"][0]["owner"]);
        }
        assert_eq!(check(&report).0, "pass");
        // It has the key an hour before the trail's first file with it.
        let first = report["trails"][0]["firstEncrypted"]["key"].as_str().unwrap();
        assert!(!first.contains("Foreign"), "{first}");
    }
    let text = logs(&desk, &["main", "--all"]).exits(0).out;
    says(&text, &[", other owner, 2026-03", "us-east-1/: not only the bucket's account owns"]);
    // Each older file must then be one of the trail.
    let run = logs(&desk, &["main", "--all", "--history", "fail", "-o", "json"]);
    let report = report(&run.exits(1));
    assert_eq!(check(&report).0, "fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newest_file_of_another_account_with_the_key_is_no_proof() {
    for (ownership, outcome, exit) in
        [("ObjectWriter", "unknown", 1), ("None", "unknown", 1), ("BucketOwnerEnforced", "pass", 0)]
    {
        let desk = desk(&with_one(ownership, true, &kms(KEY))).await;
        for options in [&[][..], &["--monthly"], &["--all"]] {
            let run = logs(&desk, &[&["main", "-o", "json"], options].concat()).exits(exit);
            let report = report(&run);
            let (found, text) = check(&report);
            assert_eq!((found, &report["complete"]), (outcome, &json!(true)), "{text}");
            if exit == 1 {
                says(&text, &["zzForeign", WHY[0], WHY[1]]);
                assert_eq!(owners(&report).len(), 2);
                assert_eq!(report["trails"][0]["compliance"], "NON_COMPLIANT");
            } else {
                assert!(!report.to_string().contains("\"owners\""), "{report}");
            }
        }
        let formats = ["table", "csv", "html", "sarif", "asff", "ocsf", "junit"];
        for format in formats.iter().filter(|_| exit == 1) {
            let run = logs(&desk, &["main", "-o", format]).exits(1);
            let words = match *format {
                "table" | "html" => "SSE-KMS key 1, other owner",
                "csv" => ",other\n",
                _ => "another account than the bucket",
            };
            says(&run.out.replace("\r\n", "\n"), &[words]);
        }
        let of_bucket = logs(&desk, &["s3://trail-logs", "-o", "json"]).exits(0);
        assert_eq!(owners(&report(&of_bucket)).len(), 1 + usize::try_from(exit).unwrap());
        let audit = ["--log-files", "-o", "json"];
        let run = Run::of(&mut desk.command_of("audit", MANAGEMENT, &audit));
        let has_reason = run.out.contains(WHY[0]);
        assert_eq!(has_reason, exit == 1, "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_whose_files_cloudtrail_owns_is_unverified_until_its_owner_is_enforced() {
    for ownership in ["ObjectWriter", "None"] {
        let desk = desk(&of_cloudtrail(ownership)).await;
        let report = report(&logs(&desk, &["main", "-o", "json"]).exits(1));
        let (outcome, text) = check(&report);
        assert_eq!(outcome, "unknown", "{text}");
        says(&text, &WHY);
        assert_eq!(owners(&report), [("other".to_owned(), 2)]);
        assert_eq!(report["trails"][0]["firstEncrypted"], Value::Null);
        let owners = &report["buckets"][0]["folders"][0]["owners"];
        assert_eq!((owners.as_array().unwrap().len(), &owners[0]["ofBucket"]), (1, &json!(false)));
        let page = logs(&desk, &["main", "-o", "html"]).exits(1).out;
        says(&page, &["0 encrypted with the key, 0 not, 1 not known"]);
    }
    let enforced = desk(&of_cloudtrail("BucketOwnerEnforced")).await;
    let report = report(&logs(&enforced, &["main", "-o", "json"]).exits(0));
    assert_eq!(check(&report).0, "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newest_file_of_another_account_without_the_key_fails() {
    let plain = json!({ "type": "SSE-S3" });
    let desk = desk(&with_one("ObjectWriter", true, &plain)).await;
    let report = report(&logs(&desk, &["main", "-o", "json"]).exits(1));
    let (outcome, text) = check(&report);
    assert_eq!(outcome, "fail", "{text}");
    says(&text, &["Foreign", "has SSE-S3"]);
}

async fn denied(state: &Value, denials: Vec<Denial>) -> Desk {
    let mut state = State::parse("state", &state.to_string()).unwrap();
    state.denials.extend(denials);
    Desk::with(state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_owner_of_the_bucket_no_file_is_a_proof() {
    let denials = || vec![denial(MANAGEMENT, "s3:GetBucketAcl")];
    let desk = denied(&state(&kms(KEY)), denials()).await;
    for target in ["main", "s3://trail-logs"] {
        let report = report(&logs(&desk, &[target, "-o", "json"]).exits(2));
        assert_eq!(report["complete"], false);
        let words = ["the files of other accounts are not known", "s3:GetBucketAcl"];
        says(&report["problems"].to_string(), &words);
        let counts = owners(&report);
        assert!(matches!(counts.as_slice(), [(owner, 4..)] if owner == "unknown"), "{counts:?}");
        if target == "main" {
            let (outcome, text) = check(&report);
            assert_eq!(outcome, "unknown", "{text}");
            says(&text, &["allow s3:GetBucketAcl on the bucket"]);
        }
    }
    let audit = ["--log-files", "-o", "json"];
    let run = Run::of(&mut desk.command_of("audit", MANAGEMENT, &audit)).exits(2);
    says(&run.out, &["the files of other accounts are not known", "s3:GetBucketAcl"]);
    // What has no key needs no owner.
    let plain = denied(&state(&json!({ "type": "SSE-S3" })), denials()).await;
    let report = report(&logs(&plain, &["main", "-o", "json"]).exits(2));
    assert_eq!(check(&report).0, "fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_of_athena_proves_a_trail_only_if_the_account_of_the_bucket_owns_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = result(folder.path(), Some("-10 seconds"));
    let arguments = ["main", "--athena-results", &path, "-o", "json"];
    let run = |desk: &Desk, exit| report(&logs(desk, &arguments).exits(exit));
    for (ownership, outcome, exit) in [
        ("BucketOwnerEnforced", "pass", 0),
        ("BucketOwnerPreferred", "unknown", 1),
        ("ObjectWriter", "unknown", 1),
        ("None", "unknown", 1),
    ] {
        let mut state = state(&kms(KEY));
        state["buckets"][0]["objectOwnership"] = json!(ownership);
        let report = run(&desk(&state).await, exit);
        assert_eq!(check(&report).0, outcome, "{ownership}");
        assert_eq!(owners(&report), [("not-listed".to_owned(), 1)]);
        if exit == 1 {
            says(&check(&report).1, &["the table names no owners", "BucketOwnerEnforced"]);
        }
    }
    let call = "s3:GetBucketOwnershipControls";
    let desk = denied(&state(&kms(KEY)), vec![denial(MANAGEMENT, call)]).await;
    let report = run(&desk, 2);
    assert_eq!((check(&report).0, &report["complete"]), ("unknown", &json!(false)));
    says(&report["problems"].to_string(), &[call]);
    // A bucket alone has no verdict, and nothing is asked.
    let calls = desk.lab.call_counts()[call];
    let arguments = ["s3://trail-logs", "--athena-results", &path, "-o", "json"];
    logs(&desk, &arguments).exits(0);
    assert_eq!(desk.lab.call_counts()[call], calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_elsewhere_whose_key_is_not_named_does_not_excuse_the_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = result(folder.path(), Some("-10 seconds"));
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [header, row, total] = lines.as_slice() else { panic!("{text}") };
    let total = total.replacen(",1,10,", ",2,20,", 1);
    let other = row.replace(KEY, "").replace(MANAGEMENT, MEMBER);
    fs::write(&path, format!("{header}\n{row}\n{other}\n{total}\n")).unwrap();
    let arguments = ["main", "--athena-results", &path, "-o", "json"];
    for (ownership, outcome, exit) in
        [("BucketOwnerEnforced", "pass", 0), ("ObjectWriter", "unknown", 1)]
    {
        let mut state = state(&kms(KEY));
        state["buckets"][0]["objectOwnership"] = json!(ownership);
        let desk = desk(&state).await;
        let report = report(&logs(&desk, &arguments).exits(exit));
        assert_eq!(check(&report).0, outcome, "{ownership}: {report}");
        assert_eq!(report["buckets"][0]["source"]["namesKeys"], false);
        assert_eq!(desk.lab.call_counts()["s3:GetBucketOwnershipControls"], 1);
        if exit == 1 {
            says(&check(&report).1, &["the table names no owners", "BucketOwnerEnforced"]);
        }
    }
}
