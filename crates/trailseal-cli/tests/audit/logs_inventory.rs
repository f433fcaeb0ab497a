//! `trailseal logs --inventory s3://…`: a report that is read in its bucket.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, MANAGEMENT, MEMBER, Run, denial, says};
use super::logs::report;

const FOLDER: &str = "trail-logs/all";
const MANIFEST: &str = "s3://reports/trail-logs/all/2026-11-22T01-00Z/manifest.json";
const DATA: &str = "data/0f1e2d3c-0000-4000-8000-000000000001.csv.gz";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";

/// The report of `tests/inputs/inventory` in the bucket `reports` of another Region.
fn state() -> Value {
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/inventory");
    let object = |file: &str| {
        json!({
            "bucket": "reports", "key": format!("{FOLDER}/{file}"), "file": inputs.join(file),
            "lastModified": "2026-11-22T03:00:00Z"
        })
    };
    let files = ["2026-11-22T01-00Z/manifest.json", "2026-11-22T01-00Z/manifest.checksum", DATA]
        .map(object);
    json!({
        "trailsealLab": 1,
        "accounts": [{ "id": MANAGEMENT, "regions": ["us-east-1", "eu-west-1"] }],
        "trails": [{
            "arn": TRAIL, "s3BucketName": "trail-logs",
            "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111"
        }],
        "buckets": [
            { "name": "trail-logs", "account": MANAGEMENT, "region": "us-east-1" },
            { "name": "reports", "account": MANAGEMENT, "region": "eu-west-1" },
            { "name": "copies", "account": MANAGEMENT, "region": "eu-west-1" }
        ],
        "objects": files
    })
}

async fn desk(state: &Value, denied: Option<&str>) -> Desk {
    let mut parsed = State::parse("state", &state.to_string()).unwrap();
    parsed.denials.extend(denied.map(|denied| denial(MANAGEMENT, denied)));
    Desk::with(parsed).await
}

fn logs(desk: &Desk, arguments: &[&str]) -> Run {
    let arguments = [&["--inventory", MANIFEST], arguments].concat();
    let mut command = desk.command_of("logs", MANAGEMENT, &arguments);
    command.env("AWS_MAX_ATTEMPTS", "2");
    Run::of(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_its_bucket_is_counted_as_a_copy_is() {
    let desk = desk(&state(), None).await;
    let run = logs(&desk, &[]).exits(0);
    says(&run.out, &["16 files read: 8 SSE-KMS, key not named; 8 SSE-S3"]);
    says(
        &run.err,
        &["requests: inventory of bucket trail-logs: about 1 GET for 1 data file of 1 MiB"],
    );
    assert_eq!(desk.lab.call_counts()["s3:GetObject"], 3);
    let copy = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/inputs/inventory/2026-11-22T01-00Z/manifest.json");
    let arguments = ["--inventory", copy.to_str().unwrap()];
    let of_copy = Run::of(&mut desk.command_of("logs", MANAGEMENT, &arguments)).exits(0);
    assert_eq!(run.out, of_copy.out);
    // An inventory names no key.
    let report = report(&logs(&desk, &["main", "-o", "json"]));
    assert_ne!(report["trails"][0]["check"]["outcome"], "pass");
    assert_eq!(report["buckets"][0]["source"]["kind"], "inventory");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_file_that_is_not_read_is_listed_and_nothing_of_it_is_counted() {
    let mut gone = state();
    gone["objects"].as_array_mut().unwrap().pop();
    let mut replaced = state();
    replaced["objects"][2].as_object_mut().unwrap().remove("file");
    replaced["objects"][2]["size"] = json!(314);
    let mut archived = state();
    archived["objects"][2]["storageClass"] = json!("GLACIER");
    let mut foreign = state();
    foreign["objects"][2]["owner"] = json!("999999999999");
    foreign["buckets"][1]["objectOwnership"] = json!("ObjectWriter");
    for (state, words) in [
        (gone, "NoSuchKey"),
        (replaced, "its MD5 is "),
        (archived, "InvalidObjectState"),
        (foreign, "s3:GetObject"),
    ] {
        let desk = desk(&state, None).await;
        let run = logs(&desk, &["main", "-o", "json"]).exits(2);
        let report = report(&run);
        assert_eq!(report["complete"], false);
        assert_eq!(report["buckets"][0]["folders"], json!([]));
        assert_ne!(report["trails"][0]["check"]["outcome"], "pass");
        says(&report["problems"].to_string(), &[DATA, words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_manifest_nothing_is_reported() {
    let mut gone = state();
    gone["objects"].as_array_mut().unwrap().remove(1);
    let denied = Some("s3:GetObject");
    for (state, denied, words) in [
        (gone, None, &["manifest.checksum", "NoSuchKey"][..]),
        (state(), denied, &["s3:GetObject in eu-west-1 was "]),
    ] {
        let desk = desk(&state, denied).await;
        let run = logs(&desk, &["-o", "json"]).exits(2);
        says(&run.err, &[&[MANIFEST], words].concat());
        assert_eq!(run.out, "");
    }
    // A report that says that it is in another bucket.
    let mut elsewhere = state();
    for object in elsewhere["objects"].as_array_mut().unwrap() {
        object["bucket"] = json!("copies");
    }
    let desk = desk(&elsewhere, None).await;
    let manifest = MANIFEST.replace("reports", "copies");
    let arguments = ["--inventory", manifest.as_str()];
    let run = Run::of(&mut desk.command_of("logs", MANAGEMENT, &arguments)).exits(3);
    says(&run.err, &["its report is in bucket reports"]);
    assert_eq!(desk.lab.call_counts()["s3:GetObject"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_is_not_that_of_its_checksum_is_refused() {
    let mut wrong = state();
    wrong["objects"][1].as_object_mut().unwrap().remove("file");
    wrong["objects"][1]["content"] = json!("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYK");
    let desk = desk(&wrong, None).await;
    let run = logs(&desk, &["-o", "json"]).exits(3);
    says(&run.err, &[MANIFEST, "but `manifest.checksum` is `0123456789abcdef"]);
    assert_eq!((run.out.as_str(), desk.lab.call_counts()["s3:GetObject"]), ("", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_reads_a_report_that_the_caller_may_not_read() {
    let role = format!("arn:aws:iam::{MEMBER}:role/ReadLogs");
    let mut state = state();
    let member = json!({ "id": MEMBER, "regions": ["us-east-1", "eu-west-1"] });
    state["accounts"].as_array_mut().unwrap().push(member);
    state["roles"] = json!([{ "arn": role, "trustedAccounts": [MANAGEMENT] }]);
    for bucket in state["buckets"].as_array_mut().unwrap() {
        if bucket["name"] == "reports" {
            bucket["account"] = json!(MEMBER);
        }
    }
    let desk = desk(&state, Some("s3:GetObject")).await;
    let denied = logs(&desk, &[]).exits(2);
    says(&denied.err, &["s3:GetObject in eu-west-1 was "]);
    let run = logs(&desk, &["--bucket-role", &role]).exits(0);
    says(&run.out, &["16 files read: 8 SSE-KMS, key not named; 8 SSE-S3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_s3_is_partial_or_makes_no_difference() {
    let clean = report(&logs(&desk(&state(), None).await, &["-o", "json"]).exits(0));
    let mut partial = 0;
    for kind in FaultKind::all(Duration::from_millis(50)) {
        let desk = desk(&state(), None).await;
        desk.lab.inject(Fault::of(Operation::GetObject, Position::Every, kind).about(DATA));
        let run = logs(&desk, &["-o", "json"]);
        let report = report(&run);
        match run.code {
            0 => assert_eq!(report["buckets"], clean["buckets"], "{kind:?}"),
            _ => {
                assert_eq!((run.code, &report["complete"]), (2, &json!(false)), "{kind:?}");
                assert_eq!(report["buckets"][0]["folders"], json!([]), "{kind:?}");
                says(&report["problems"].to_string(), &[DATA]);
                partial += 1;
            }
        }
    }
    // All but slow answers, a wrong clock and a repeated token.
    assert!(partial >= 9, "{partial}");
}
