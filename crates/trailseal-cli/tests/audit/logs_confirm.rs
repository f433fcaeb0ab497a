//! `trailseal logs --inventory … --confirm N`: files of an inventory, and what S3 says about them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, MANAGEMENT, MEMBER, Run, denial, says};
use super::logs::{KEY, OTHER, report};

const MANIFEST: &str = "s3://reports/r/manifest.json";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// A file: its key, what the inventory says, and what S3 says: the key of KMS, a type, or nothing.
type File = (String, &'static str, Option<Value>);

/// The key of a log file of a day before today.
fn key(prefix: &str, region: &str, days_ago: u32) -> String {
    let ago = format!("{days_ago} days ago");
    let day = Command::new("date").args(["-u", "-d", &ago, "+%Y/%m/%d"]).output().unwrap();
    let day = String::from_utf8(day.stdout).unwrap().trim().to_owned();
    let compact = day.replace('/', "");
    format!(
        "{prefix}AWSLogs/{MANAGEMENT}/CloudTrail/{region}/{day}/{MANAGEMENT}_CloudTrail_{region}_\
         {compact}T0005Z_Ab3dEf6hIj9kLm2n.json.gz"
    )
}

fn kms(key: &str) -> Option<Value> {
    Some(json!({ "type": "SSE-KMS", "kmsKeyId": key }))
}

fn plain(kind: &str) -> Option<Value> {
    Some(json!({ "type": kind }))
}

/// Two Regions, each with SSE-S3 until 30 days ago and then with the key.
fn files() -> Vec<File> {
    let of = |region: &str| {
        let old = [60, 50, 40].map(|days| (key("", region, days), "SSE-S3", plain("SSE-S3")));
        let new = [30, 20, 1].map(|days| (key("", region, days), "SSE-KMS", kms(KEY)));
        [old, new].concat()
    };
    REGIONS.into_iter().flat_map(of).collect()
}

fn md5(content: &[u8]) -> String {
    let mut sum = Command::new("md5sum");
    let mut sum = sum.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    sum.stdin.take().unwrap().write_all(content).unwrap();
    let text = String::from_utf8(sum.wait_with_output().unwrap().stdout).unwrap();
    text.split_whitespace().next().unwrap().to_owned()
}

/// As S3 encodes keys in CSV.
fn encoded(key: &str) -> String {
    let mut out = String::new();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                out.push(byte.into());
            }
            other => write!(out, "%{other:02X}").unwrap(),
        }
    }
    out
}

/// The objects of a report: manifest, checksum and data file.
fn inventory(files: &[File], columns: &str) -> [(&'static str, Vec<u8>); 3] {
    let mut data = GzEncoder::new(Vec::new(), Compression::fast());
    for (key, listed, _) in files {
        writeln!(data, "\"trail-logs\",\"{}\",\"{listed}\"", encoded(key)).unwrap();
    }
    let data = data.finish().unwrap();
    let manifest = json!({
        "sourceBucket": "trail-logs", "destinationBucket": "arn:aws:s3:::reports",
        "version": "2016-11-30", "creationTimestamp": "1795309200000", "fileFormat": "CSV",
        "fileSchema": columns,
        "files": [{ "key": "data/1.csv.gz", "size": data.len(), "MD5checksum": md5(&data) }]
    });
    let manifest = manifest.to_string().into_bytes();
    let checksum = md5(&manifest).into_bytes();
    [("r/manifest.json", manifest), ("r/manifest.checksum", checksum), ("data/1.csv.gz", data)]
}

const COLUMNS: &str = "Bucket, Key, EncryptionStatus";

fn state(files: &[File], columns: &str) -> Value {
    let modified = "2026-11-01T03:00:00Z";
    let report = inventory(files, columns).map(|(key, content)| {
        json!({
            "bucket": "reports", "key": key, "content": STANDARD.encode(content),
            "lastModified": modified
        })
    });
    let mut objects = report.to_vec();
    for (key, _, found) in files {
        if let Some(found) = found {
            let mut object = json!({
                "bucket": "trail-logs", "key": key, "size": 100, "lastModified": modified
            });
            match found.get("deleteMarker") {
                Some(_) => object["deleteMarker"] = json!(true),
                None => object["encryption"] = found.clone(),
            }
            objects.push(object);
        }
    }
    json!({
        "trailsealLab": 1,
        "accounts": [
            { "id": MANAGEMENT, "regions": REGIONS }, { "id": MEMBER, "regions": REGIONS }
        ],
        "trails": [{ "arn": TRAIL, "s3BucketName": "trail-logs", "kmsKeyId": KEY }],
        "keys": [{ "arn": KEY }],
        "buckets": [
            { "name": "trail-logs", "account": MANAGEMENT, "region": "us-east-1", "versioned": true },
            { "name": "reports", "account": MANAGEMENT, "region": "eu-west-1" }
        ],
        "objects": objects
    })
}

async fn desk_of(state: &Value) -> Desk {
    Desk::with(State::parse("state", &state.to_string()).unwrap()).await
}

async fn desk(files: &[File]) -> Desk {
    desk_of(&state(files, COLUMNS)).await
}

fn confirm(desk: &Desk, number: &str, arguments: &[&str]) -> Run {
    let arguments = [&["--inventory", MANIFEST, "--confirm", number], arguments].concat();
    let mut command = desk.command_of("logs", MANAGEMENT, &arguments);
    command.env("AWS_MAX_ATTEMPTS", "2");
    Run::of(&mut command)
}

fn confirmation(report: &Value) -> Value {
    report["buckets"][0]["confirmation"].clone()
}

fn trail(report: &Value) -> (&str, &str) {
    let check = &report["trails"][0]["check"];
    (check["outcome"].as_str().unwrap(), check["what"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_confirmed_with_its_keys() {
    let desk = desk(&files()).await;
    let run = confirm(&desk, "4", &["-o", "json"]).exits(0);
    let report = report(&run);
    // The newest and the oldest of each Region.
    let expected = json!({
        "asked": 4, "sample": 4, "confirmed": 4,
        "encryption": [
            { "encryption": "SSE-S3", "key": null, "files": 2 },
            { "encryption": "SSE-KMS", "key": KEY, "files": 2 }
        ],
        "contradictions": [], "unread": []
    });
    assert_eq!(confirmation(&report), expected);
    assert_eq!(desk.lab.call_counts()["s3:HeadObject"], 4);
    says(
        &run.err,
        &[
            "requests: confirm 4 files of bucket trail-logs: 4 HEAD, and one of the bucket; about $0.0000",
        ],
    );
    let first = &report["buckets"][0]["folders"][0]["files"];
    let confirmed = first.as_array().unwrap().iter().map(|files| files["confirmed"].to_string());
    assert!(confirmed.collect::<String>().contains(KEY), "{first}");
    // A number above that of the files is all of them.
    let all = confirm(&desk, "1000", &["-o", "json"]).exits(0);
    let all = confirmation(&super::logs::report(&all));
    assert_eq!((&all["sample"], &all["confirmed"]), (&json!(12), &json!(12)));
    assert_eq!(desk.lab.call_counts()["s3:HeadObject"], 16);
    let sentence = "S3 confirmed 4 of the 4 files of a sample: 2 SSE-S3; 2 SSE-KMS ";
    for format in ["table", "html"] {
        says(&confirm(&desk, "4", &["-o", format]).exits(0).out, &[sentence, KEY]);
    }
    let csv = confirm(&desk, "4", &["-o", "csv"]).exits(0).out;
    says(&csv, &["confirmed,confirmed encryption", &format!(",1,SSE-KMS {KEY} (1)")]);
    // Without the option, nothing of it is there.
    let arguments = ["--inventory", MANIFEST, "-o", "json"];
    let run = Run::of(&mut desk.command_of("logs", MANAGEMENT, &arguments)).exits(0);
    assert!(!run.out.contains("onfirm\""), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_never_proves_a_trail() {
    let all_with_key = files().into_iter().filter(|(_, listed, _)| *listed == "SSE-KMS");
    let desk = desk(&all_with_key.collect::<Vec<_>>()).await;
    // The live sample proves it.
    let live = ["main", "-o", "json"];
    let live = Run::of(&mut desk.command_of("logs", MANAGEMENT, &live)).exits(0);
    assert_eq!(trail(&report(&live)).0, "pass");
    for number in ["1", "100"] {
        let run = confirm(&desk, number, &["main", "-o", "json"]).exits(1);
        let report = report(&run);
        assert_eq!(trail(&report).0, "unknown");
        assert_eq!(report["trails"][0]["compliance"], "NON_COMPLIANT");
        let notes = report["trails"][0]["notes"].to_string();
        says(&notes, &["with the trail's key, 0 without it; they do not prove the trail"]);
    }
    for format in ["table", "html", "ocsf"] {
        let run = confirm(&desk, "100", &["main", "-o", format]).exits(1);
        says(&run.out, &["6 log files of a sample of the inventory"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newest_file_with_another_key_fails_the_trail() {
    let mut files = files();
    files[5].2 = kms(OTHER);
    let desk = desk(&files).await;
    let report = report(&confirm(&desk, "100", &["main", "-o", "json"]).exits(1));
    let (outcome, what) = trail(&report);
    assert_eq!(outcome, "fail", "{what}");
    says(what, &[&files[5].0, OTHER]);
    assert_eq!(report["complete"], true);
    // Without the key of that file, it is not known.
    let only_oldest = ["--inventory", MANIFEST, "main", "-o", "json"];
    let run = Run::of(&mut desk.command_of("logs", MANAGEMENT, &only_oldest)).exits(1);
    assert_eq!(trail(&super::logs::report(&run)).0, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_stands_if_s3_confirms_it_and_not_if_the_file_is_gone() {
    let plain = files().into_iter().map(|(key, ..)| (key, "SSE-S3", plain("SSE-S3")));
    let mut files: Vec<File> = plain.collect();
    let sealed = desk(&files).await;
    for arguments in [&["--confirm", "100"][..], &[]] {
        let arguments = [&["--inventory", MANIFEST, "main", "-o", "json"], arguments].concat();
        let run = Run::of(&mut sealed.command_of("logs", MANAGEMENT, &arguments)).exits(1);
        assert_eq!(trail(&report(&run)).0, "fail");
    }
    for newest in [5, 11] {
        files[newest].2 = None;
    }
    let run = confirm(&desk(&files).await, "100", &["main", "-o", "json"]).exits(2);
    assert_eq!(trail(&report(&run)).0, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_is_a_problem_and_proves_nothing() {
    let marker = Some(json!({ "deleteMarker": true }));
    for (found, of_s3, words) in [
        (plain("SSE-S3"), json!("SSE-S3"), "SSE-KMS in the inventory, SSE-S3 now"),
        (plain("NOT-SSE"), json!("NOT-SSE"), "SSE-KMS in the inventory, NOT-SSE now"),
        (None, json!(null), "SSE-KMS in the inventory, gone now"),
        (marker, json!(null), "SSE-KMS in the inventory, gone now"),
    ] {
        let mut files = files();
        files[5].2 = found;
        let desk = desk(&files).await;
        let run = confirm(&desk, "100", &["main", "-o", "json"]).exits(2);
        let report = report(&run);
        let confirmation = confirmation(&report);
        assert_eq!(confirmation["confirmed"], 11);
        let expected =
            json!([{ "file": files[5].0, "listed": "SSE-KMS", "found": of_s3, "key": null }]);
        assert_eq!(confirmation["contradictions"], expected);
        assert_eq!(report["complete"], false);
        says(&report["problems"].to_string(), &["S3 contradicts the inventory on 1 file", words]);
        assert_eq!(trail(&report).0, "unknown", "{words}");
        for format in ["table", "html", "sarif"] {
            let run = confirm(&desk, "100", &["main", "-o", format]).exits(2);
            says(&run.out, &["S3 contradicts the inventory"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_s3_does_not_answer_for_is_not_confirmed() {
    let mut files = files();
    files[0].2 = plain("SSE-C");
    let desk = desk(&files).await;
    let report = report(&confirm(&desk, "100", &["-o", "json"]).exits(2));
    let expected = json!([{ "file": files[0].0, "unread": "rejected" }]);
    assert_eq!(confirmation(&report)["unread"], expected);
    says(
        &report["problems"].to_string(),
        &["1 file of the sample not confirmed: S3 answered HTTP 400"],
    );
    // The whole bucket.
    let mut state = State::parse("state", &state(&files, COLUMNS).to_string()).unwrap();
    state.buckets.retain(|bucket| bucket.name != "trail-logs");
    let desk = Desk::with(state).await;
    let report = super::logs::report(&confirm(&desk, "100", &["-o", "json"]).exits(2));
    assert_eq!(confirmation(&report)["confirmed"], 0);
    says(
        &report["problems"].to_string(),
        &["no file of the inventory was confirmed: the bucket does"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_with_escapes_are_asked_for_as_they_are_and_paths_are_not() {
    let odd = ["a b+c%2F\"é/", "x\ny/", "..a/"];
    let files: Vec<File> =
        odd.map(|prefix| (key(prefix, "us-east-1", 3), "SSE-KMS", kms(KEY))).to_vec();
    let desk = desk(&files).await;
    let read = report(&confirm(&desk, "100", &["-o", "json"]).exits(0));
    assert_eq!(confirmation(&read)["confirmed"], 3);
    // A forged key leads to another bucket, in which the file has the trail's key.
    let forged = key("../trail-logs/", "us-east-1", 3);
    let files = [(forged.clone(), "SSE-KMS", None), (key("", "us-east-1", 3), "SSE-KMS", kms(KEY))];
    let desk = desk_of(&state(&files, COLUMNS)).await;
    let read = report(&confirm(&desk, "100", &["-o", "json"]).exits(2));
    let confirmation = confirmation(&read);
    assert_eq!(confirmation["confirmed"], 1);
    assert_eq!(confirmation["unread"], json!([{ "file": forged, "unread": "odd-key" }]));
    assert_eq!(desk.lab.call_counts()["s3:HeadObject"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_column_is_reported_and_s3_still_names_the_encryption() {
    let files = files();
    let desk = desk_of(&state(&files, "Bucket, Key, ChecksumAlgorithm")).await;
    let report = report(&confirm(&desk, "100", &["main", "-o", "json"]).exits(2));
    let confirmation = confirmation(&report);
    assert_eq!(
        (&confirmation["confirmed"], &confirmation["contradictions"]),
        (&json!(12), &json!([]))
    );
    says(&report["problems"].to_string(), &["has no column `EncryptionStatus`"]);
    assert_eq!(trail(&report).0, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_option_takes_a_number_and_an_inventory() {
    let desk = desk(&files()).await;
    for number in ["0", "1001", "x"] {
        let run = confirm(&desk, number, &[]);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{number}: {}", run.err);
        says(&run.err, &["--confirm"]);
    }
    let run = Run::of(&mut desk.command_of("logs", MANAGEMENT, &["main", "--confirm", "3"]));
    assert_eq!(run.code, 3, "{}", run.err);
    says(&run.err, &["--inventory"]);
    assert_eq!(desk.lab.call_counts().get("s3:HeadObject"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_report_is_confirmed_with_a_role() {
    let role = format!("arn:aws:iam::{MEMBER}:role/ReadLogs");
    let files = files();
    let mut state = state(&files, COLUMNS);
    state["buckets"][0]["account"] = json!(MEMBER);
    state["roles"] = json!([{ "arn": role, "trustedAccounts": [MANAGEMENT] }]);
    let mut parsed = State::parse("state", &state.to_string()).unwrap();
    parsed.denials.push(denial(MANAGEMENT, "s3:GetObject"));
    parsed.denials.push(denial(MANAGEMENT, "s3:HeadObject"));
    let desk = Desk::with(parsed).await;
    for (key, content) in inventory(&files, COLUMNS) {
        let path = desk.home().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let manifest = desk.home().join("r/manifest.json");
    let arguments = ["--inventory", manifest.to_str().unwrap(), "--confirm", "4", "-o", "json"];
    let run = |more: &[&str]| {
        let arguments = [&arguments, more].concat();
        Run::of(&mut desk.command_of("logs", MANAGEMENT, &arguments))
    };
    let denied = report(&run(&[]).exits(2));
    assert_eq!(confirmation(&denied)["confirmed"], 0);
    let read = report(&run(&["--bucket-role", &role]).exits(0));
    assert_eq!(confirmation(&read)["confirmed"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_s3_confirms_nothing_or_makes_no_difference() {
    let clean =
        confirmation(&report(&confirm(&desk(&files()).await, "6", &["-o", "json"]).exits(0)));
    let mut partial = 0;
    for kind in FaultKind::all(Duration::from_millis(50)) {
        let desk = Arc::new(desk(&files()).await);
        desk.lab.inject(Fault::of(Operation::HeadObject, Position::Every, kind));
        let asking = Arc::clone(&desk);
        let run =
            tokio::task::spawn_blocking(move || confirm(&asking, "6", &["main", "-o", "json"]));
        let run = run.await.unwrap();
        let report = report(&run);
        assert_ne!(trail(&report).0, "pass", "{kind:?}");
        let found = confirmation(&report);
        if report["complete"] == true {
            assert_eq!((run.code, &found), (1, &clean), "{kind:?}");
            continue;
        }
        assert_eq!((run.code, &found["confirmed"]), (2, &json!(0)), "{kind:?}: {report}");
        says(&report["problems"].to_string(), &["s3://trail-logs/"]);
        partial += 1;
    }
    // All but slow answers, a wrong clock and a repeated token.
    assert!(partial >= 8, "{partial}");
}
