//! `trailseal logs`: files of a bucket, the verdict on their trail, and what cannot be read.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Operation, Position, State};

use super::desk::{Desk, MANAGEMENT, Run, denial, says};

pub(super) const KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
pub(super) const OTHER: &str =
    "arn:aws:kms:us-east-1:111122223333:key/22222222-0000-4000-8000-222222222222";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";

/// A trail with a key, and its files of two Regions: with SSE-S3 until March 2026, then with the
/// encryption `then`.
pub(super) fn state(then: &Value) -> Value {
    let mut sealed = then.clone();
    sealed["since"] = json!("2026-03-01T10:00:00Z");
    json!({
        "trailsealLab": 1,
        "accounts": [
            { "id": MANAGEMENT, "organization": "management", "regions": ["us-east-1", "eu-west-1"] },
            { "id": "444455556666", "organization": "member", "regions": ["us-east-1"] }
        ],
        "trails": [{ "arn": TRAIL, "s3BucketName": "trail-logs", "kmsKeyId": KEY }],
        "keys": [{ "arn": KEY }],
        "buckets": [{ "name": "trail-logs", "account": MANAGEMENT, "region": "us-east-1" }],
        "logFiles": [{
            "bucket": "trail-logs",
            "accounts": [MANAGEMENT],
            "regions": ["us-east-1", "eu-west-1"],
            "from": "2026-01-10T00:00:00Z",
            "to": today(),
            "filesPerDay": 4,
            "encryption": [{ "type": "SSE-S3" }, sealed]
        }]
    })
}

/// This minute, so that the last file is of today.
fn today() -> String {
    date("+%Y-%m-%dT%H:%M:00Z")
}

fn date(format: &str) -> String {
    date_of("now", format)
}

pub(super) fn date_of(when: &str, format: &str) -> String {
    let date = Command::new("date").args(["-u", "-d", when, format]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}

pub(super) fn kms(key: &str) -> Value {
    json!({ "type": "SSE-KMS", "kmsKeyId": key })
}

pub(super) async fn desk(state: &Value) -> Desk {
    Desk::with(State::parse("state", &state.to_string()).unwrap()).await
}

pub(super) fn logs(desk: &Desk, arguments: &[&str]) -> Run {
    Run::of(&mut desk.command_of("logs", MANAGEMENT, arguments))
}

/// The report of `-o json`, validated against its schema.
pub(super) fn report(run: &Run) -> Value {
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/logs-1.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
    report
}

pub(super) fn files(report: &Value) -> u64 {
    let folders = report["buckets"][0]["folders"].as_array().unwrap();
    let files = folders.iter().flat_map(|folder| folder["files"].as_array().unwrap());
    files.map(|files| files["files"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_whose_newest_files_have_its_key_passes() {
    let desk = desk(&state(&kms(KEY))).await;
    let run = logs(&desk, &["main", "-o", "json"]).exits(0);
    let report = report(&run);
    assert_eq!(report["complete"], true);
    assert_eq!(report["trails"][0]["check"]["outcome"], "pass");
    // Four files a day: 00:00, 06:00, 12:00 and 18:00.
    assert_eq!(report["trails"][0]["firstEncrypted"]["time"], "2026-03-01T12:00:00.000Z");
    assert_eq!(report["buckets"][0]["source"]["mode"], "sample");
    says(&run.err, &["caller: ", "requests: bucket trail-logs: about ", " HEAD", "about $0."]);
    // Each HEAD is a file of the report.
    let heads = desk.lab.call_counts()["s3:HeadObject"];
    assert_eq!(files(&report), heads as u64);
    // `-vv` means the same as in the other commands that call AWS.
    for verbose in ["-v", "-vv"] {
        let run = logs(&desk, &["main", verbose]).exits(0);
        says(&run.err, &["request: s3:HeadObject 111122223333 us-east-1 200 "]);
    }
    let changing = desk.lab.call_counts().into_keys().filter(|name| {
        let reads =
            ["List", "Head", "Describe", "GetCallerIdentity", "GetTrailStatus", "GetBucketAcl"];
        !reads.iter().any(|read| name.contains(read))
    });
    assert_eq!(changing.collect::<Vec<_>>(), [""; 0], "only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_fails_if_a_region_delivers_without_its_key() {
    let mut with_gap = state(&kms(KEY));
    let mut plain = with_gap["logFiles"][0].clone();
    plain["regions"] = json!(["eu-west-1"]);
    plain["encryption"] = json!([{ "type": "SSE-S3" }]);
    with_gap["logFiles"][0]["regions"] = json!(["us-east-1"]);
    with_gap["logFiles"].as_array_mut().unwrap().push(plain);
    for state in [with_gap, state(&kms(OTHER)), state(&json!({ "type": "SSE-S3" }))] {
        let desk = desk(&state).await;
        let run = logs(&desk, &["main", "-o", "json"]).exits(1);
        let report = report(&run);
        let trail = &report["trails"][0];
        assert_eq!(
            (&trail["check"]["outcome"], &trail["unverified"]),
            (&json!("fail"), &json!(false))
        );
        says(trail["check"]["what"].as_str().unwrap(), &["AWSLogs/111122223333/CloudTrail/"]);
        let table = logs(&desk, &[TRAIL]).exits(1);
        says(&table.out, &["NON_COMPLIANT main", "log-files-sealed", "HISTORY: "]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_read_only_with_all() {
    let mut state = state(&kms(KEY));
    state["logFiles"][0]["to"] = json!("2026-04-01T00:00:00Z");
    let desk = desk(&state).await;
    let count = |arguments: &[&str]| {
        let arguments = [&["s3://trail-logs", "-o", "json"], arguments].concat();
        files(&report(&logs(&desk, &arguments).exits(0)))
    };
    let days = 22 + 28 + 31;
    assert_eq!(count(&["--all"]), 2 * 4 * days);
    assert_eq!(count(&["--all", "--region", "eu-west-1"]), 4 * days);
    assert_eq!(count(&["--all", "--since", "2026-03-01", "--until", "2026-03-02"]), 2 * 4 * 2);
    let absent = ["s3://trail-logs", "--all", "--account", "444455556666", "-o", "json"];
    assert_eq!(files(&report(&logs(&desk, &absent).exits(2))), 0);
    assert!((2 * 2 * 3..60).contains(&count(&["--monthly"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_deleted_files_are_counted_only_if_they_are_asked_for() {
    let mut state = state(&kms(KEY));
    let file = |id: &str| {
        format!(
            "AWSLogs/{MANAGEMENT}/CloudTrail/us-east-1/2026/01/10/{MANAGEMENT}_CloudTrail_us-east-1_\
             20260110T0005Z_{id}.json.gz"
        )
    };
    let object = |id: &str, version: &str, deleted: bool| {
        json!({
            "bucket": "trail-logs", "key": file(id), "lastModified": "2026-01-10T00:06:00Z",
            "encryption": kms(KEY), "versionId": version, "deleteMarker": deleted
        })
    };
    state["objects"] = json!([
        object("Replaced00000000", "1", false),
        object("Replaced00000000", "2", false),
        object("Deleted000000000", "1", false),
        object("Deleted000000000", "2", true),
    ]);
    state["buckets"][0]["versioned"] = json!(true);
    let desk = desk(&state).await;
    let counts = |report: &Value| {
        let folders = report["buckets"][0]["folders"].as_array().unwrap().clone();
        let files = folders.iter().flat_map(|folder| folder["files"].as_array().unwrap().clone());
        let of = |word: &str| {
            let is_counted = |files: &&Value| files["unread"] == word;
            let counted: Vec<Value> = files.clone().collect();
            let counted = counted.iter().filter(is_counted);
            counted.map(|files| files["files"].as_u64().unwrap()).sum::<u64>()
        };
        [of("not-asked"), of("delete-marker")]
    };
    let without = report(&logs(&desk, &["main", "-o", "json"]).exits(0));
    assert_eq!(counts(&without), [0, 0]);
    let with = report(&logs(&desk, &["main", "--versions", "-o", "json"]).exits(0));
    assert_eq!(counts(&with), [2, 1]);
    assert_eq!(with["complete"], true);
    assert_eq!(with["trails"][0]["check"]["outcome"], "pass");
    assert_eq!(
        [&without, &with].map(|report| report["buckets"][0]["source"]["versions"].clone()),
        [json!(false), json!(true)]
    );
    // What the list of versions would say, no verdict needs.
    desk.lab.edit(|state| state.denials.push(denial(MANAGEMENT, "s3:ListObjectVersions")));
    let denied = logs(&desk, &["main", "--versions", "-o", "json"]).exits(2);
    says(&denied.err, &["s3:ListBucketVersions"]);
    let denied = report(&denied);
    assert_eq!((counts(&denied), &denied["complete"]), ([0, 0], &json!(false)));
    assert_eq!(denied["trails"][0]["check"]["outcome"], "pass");
    desk.lab.edit(|state| state.denials.clear());
    let table = logs(&desk, &["main", "--versions"]).exits(0);
    says(&table.out, &["not read: only counted, noncurrent versions", "the file was deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_partial_and_never_passes() {
    let throttled = |operation| Fault::of(operation, Position::Every, FaultKind::Throttling);
    for (denied, fault, words) in [
        (Some("s3:ListObjectsV2"), None, &["s3:ListBucket", "denied"][..]),
        (Some("s3:HeadObject"), None, &["S3 denied it"]),
        (None, Some(throttled(Operation::HeadObject)), &["was not read"]),
        (None, Some(throttled(Operation::ListObjectsV2)), &["s3:ListBucket"]),
        (Some("cloudtrail:DescribeTrails"), None, &[]),
    ] {
        let mut parsed = State::parse("state", &state(&kms(KEY)).to_string()).unwrap();
        let is_of_trails = denied == Some("cloudtrail:DescribeTrails");
        parsed.denials.extend(denied.map(|denied| denial(MANAGEMENT, denied)));
        let desk = Desk::with(parsed).await;
        fault.into_iter().for_each(|fault| desk.lab.inject(fault));
        if is_of_trails {
            let run = logs(&desk, &["main", "-o", "json"]).exits(2);
            says(&run.err, &["trail `main`: cloudtrail:DescribeTrails", "denied"]);
            assert_eq!(run.out, "");
            continue;
        }
        let run = logs(&desk, &["main", "-o", "json"]).exits(2);
        let report = report(&run);
        assert_eq!(report["complete"], false, "{denied:?}");
        assert_eq!(report["trails"][0]["check"]["outcome"], "unknown", "{denied:?}");
        assert_eq!(report["trails"][0]["compliance"], "NON_COMPLIANT");
        says(&report["problems"].to_string(), words);
        says(&logs(&desk, &["main"]).exits(2).out, &["PARTIAL"]);
    }
}

/// An object with an odd name after the newest file of a folder may be a newer file.
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_object_decides_only_in_a_folder_of_the_trail() {
    for (folder, decides) in [
        ("111122223333/CloudTrail-Digest", false),
        ("444455556666/CloudTrail", false),
        ("111122223333/CloudTrail", true),
    ] {
        let mut state = state(&kms(KEY));
        state["logFiles"][0]["from"] = json!("2026-03-01T10:00:00Z");
        state["objects"] = json!([{
            "bucket": "trail-logs",
            "key": format!("AWSLogs/{folder}/us-east-1/{}/x", date("+%Y/%m/%d")),
            "lastModified": "2026-03-01T10:00:00Z",
            "encryption": kms(KEY),
        }]);
        let desk = desk(&state).await;
        for options in [&[][..], &["--all", "--history", "fail"]] {
            let arguments = [&["main", "-o", "json"], options].concat();
            let run = logs(&desk, &arguments).exits(2);
            says(&run.err, &[folder, "it may be a newer log file"]);
            let report = report(&run);
            let outcome = if decides { "unknown" } else { "pass" };
            let check = &report["trails"][0]["check"];
            assert_eq!(check["outcome"], outcome, "{folder}: {check}");
            assert_eq!(report["complete"], false, "{folder}");
        }
    }
}

/// The time in each name is more than 15 minutes in the future, also just before midnight.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_file_without_the_key_decides_in_the_folder_of_any_day() {
    let tomorrow = date_of("tomorrow", "+%Y/%m/%d");
    for (folder, name) in [
        (date_of("today", "+%Y/%m/%d"), date_of("20 minutes", "+%Y%m%dT%H%M")),
        (tomorrow.clone(), date_of("tomorrow", "+%Y%m%dT0030")),
        (tomorrow, "x".to_owned()),
        (date_of("2 years", "+%Y/%m/%d"), date_of("2 years", "+%Y%m%dT%H%M")),
    ] {
        let mut state = state(&kms(KEY));
        state["logFiles"][0]["from"] = json!("2026-03-01T10:00:00Z");
        state["objects"] = json!([{
            "bucket": "trail-logs",
            "key": format!(
                "AWSLogs/{MANAGEMENT}/CloudTrail/us-east-1/{folder}/\
                 {MANAGEMENT}_CloudTrail_us-east-1_{name}Z_Ab3dEf6hIj9kLm2n.json.gz"
            ),
            "lastModified": "2026-03-01T10:00:00Z",
            "encryption": { "type": "SSE-S3" },
        }]);
        let desk = desk(&state).await;
        for options in [&[][..], &["--monthly"], &["--all", "--history", "fail"]] {
            let arguments = [&["main", "-o", "json"], options].concat();
            let run = Run::of(&mut desk.command_of("logs", MANAGEMENT, &arguments));
            assert_ne!(run.code, 0, "{folder} {name} {options:?}: {run:?}");
            let check = &report(&run)["trails"][0]["check"];
            assert_eq!(check["outcome"], "unknown", "{folder} {name} {options:?}: {check}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_with_data_events_of_its_bucket_is_warned_about() {
    let mut state = state(&kms(KEY));
    state["trails"][0]["eventSelectors"] = json!([{
        "ReadWriteType": "All",
        "IncludeManagementEvents": true,
        "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3"] }],
        "ExcludeManagementEventSources": []
    }]);
    let desk = desk(&state).await;
    let warning = "warning: trail main logs data events of its own bucket trail-logs";
    says(&logs(&desk, &["main"]).exits(0).err, &[warning]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_two_trails_are_not_attributed() {
    let mut state = state(&kms(KEY));
    let other = json!({
        "arn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/other",
        "s3BucketName": "trail-logs",
        "isMultiRegionTrail": false
    });
    state["trails"].as_array_mut().unwrap().push(other);
    let desk = desk(&state).await;
    let report = report(&logs(&desk, &["main", "-o", "json"]).exits(0));
    let shared = &report["trails"][0]["shared"];
    assert_eq!(shared.as_array().unwrap().len(), 1, "the Region of the other trail: {shared}");
    says(&shared.to_string(), &["eu-west-1", "trail/other"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_or_a_bucket_that_does_not_exist_is_named() {
    let mut state = state(&kms(KEY));
    state["buckets"] = json!([]);
    state["logFiles"] = json!([]);
    let desk = desk(&state).await;
    let run = logs(&desk, &["absent", "missing"]).exits(2);
    says(&run.err, &["trail `absent` was not found in account 111122223333", "trail `missing`"]);
    let report = report(&logs(&desk, &["main", "-o", "json"]).exits(2));
    assert_eq!(report["trails"][0]["compliance"], "NON_COMPLIANT");
    says(&report["problems"].to_string(), &["the bucket does not exist"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_reports_what_was_read() {
    let desk = desk(&state(&kms(KEY))).await;
    desk.lab.set_latency(Duration::from_millis(100));
    let arguments = ["main", "--all", "--concurrency", "1", "-o", "json"];
    let mut command = desk.command_of("logs", MANAGEMENT, &arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while desk.lab.call_counts().get("s3:HeadObject").copied().unwrap_or_default() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", desk.lab.call_counts());
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = Run::from_output(child.wait_with_output().unwrap()).exits(2);
    let report = report(&run);
    assert_eq!((&report["complete"], &report["run"]["interrupted"]), (&json!(false), &json!(true)));
    assert!(files(&report) >= 4, "{report}");
    assert_eq!(report["trails"][0]["check"]["outcome"], "unknown");
    says(&report["problems"].to_string(), &["interrupted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_without_a_folder_of_cloudtrail_is_partial() {
    let mut state = state(&kms(KEY));
    let empty = json!({ "name": "empty-logs", "account": MANAGEMENT, "region": "us-east-1" });
    state["buckets"].as_array_mut().unwrap().push(empty);
    let desk = desk(&state).await;
    for place in [
        "s3://trail-logs/typo",
        "s3://trail-logs/AWSLogs/111122223333/CloudTrail/us-west-2",
        "s3://empty-logs",
    ] {
        for options in [&[][..], &["--monthly"], &["--all"]] {
            let arguments = [&[place, "-o", "json"], options].concat();
            let run = logs(&desk, &arguments).exits(2);
            says(&run.err, &["no folder of CloudTrail was found"]);
            let report = report(&run);
            assert_eq!((files(&report), &report["complete"]), (0, &json!(false)), "{place}");
        }
    }
    let typo = ["s3://trail-logs/typo", "--since", "2026-03-01"];
    says(&logs(&desk, &typo).exits(2).err, &["s3://trail-logs/typo: no folder of CloudTrail"]);
    // No file was read, which proves nothing.
    for options in [&[][..], &["--monthly"], &["--all"]] {
        let days = ["s3://trail-logs", "--since", "2025-12-01", "--until", "2025-12-31"];
        let run = logs(&desk, &[&days[..], options, &["-o", "json"]].concat()).exits(2);
        says(&run.err, &["s3://trail-logs/: no files in the range: check --since, --until"]);
        let report = report(&run);
        assert_eq!((files(&report), &report["complete"]), (0, &json!(false)), "{options:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_names_the_outputs_and_is_named_in_the_report() {
    let desk = desk(&state(&kms(KEY))).await;
    let page = desk.home().join("logs.html");
    let text = format!(
        "output = [\"json\", \"html={}\"]\n[parameters]\nprofile = \"strict\"\n",
        page.display()
    );
    desk.write("audit.toml", &text);
    let file = desk.home().join("audit.toml");
    let file = file.to_str().unwrap();
    let report = report(&logs(&desk, &["main", "--config", file]).exits(0));
    let config = &report["run"]["config"];
    assert_eq!(config["file"], file);
    let sum = Command::new("sha256sum").arg(file).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    assert!(sum.starts_with(config["sha256"].as_str().unwrap()), "{config}: {sum}");
    says(&fs::read_to_string(&page).unwrap(), &["<html", "COMPLIANT"]);
    fs::remove_file(&page).unwrap();
    // The command line has priority, and the file is checked as a whole.
    says(
        &logs(&desk, &["main", "--config", file, "-o", "table"]).exits(0).out,
        &["COMPLIANT main"],
    );
    assert!(!page.exists());
    let reads = desk.lab.call_counts().len();
    for (text, words) in [
        ("[parameters]\nprofle = \"strict\"", "profle"),
        ("outputs = []", "did you mean `output`"),
        ("output = [\"csv=audit.toml\"]", "is an input"),
    ] {
        desk.write("audit.toml", text);
        let mut command = desk.command_of("logs", MANAGEMENT, &["main", "--config", "audit.toml"]);
        let run = Run::of(command.current_dir(desk.home()));
        assert_eq!(run.code, 3, "{}", run.err);
        says(&run.err, &[words]);
    }
    assert_eq!(desk.lab.call_counts().len(), reads);
}

/// A result of Athena with one file of today, by a query at a time such as `-7 hours`.
pub(super) fn result(folder: &Path, query: Option<&str>) -> String {
    result_with("now", folder, query)
}

/// The same with a file of another time.
pub(super) fn result_with(newest: &str, folder: &Path, query: Option<&str>) -> String {
    let (day, minute) = (date_of(newest, "+%Y/%m/%d"), date_of(newest, "+%Y%m%dT%H%M"));
    let file = format!(
        "AWSLogs/{MANAGEMENT}/CloudTrail/us-east-1/{day}/{MANAGEMENT}_CloudTrail_us-east-1_\
         {minute}Z_Ab3dEf6hIj9kLm2n.json.gz"
    );
    let (column, value) = query.map_or_else(Default::default, |when| {
        (",queried_at", format!(",{}", date_of(when, "+%Y-%m-%dT%H:%M:%SZ")))
    });
    let month = date_of(newest, "+%Y-%m");
    let text = format!(
        "class,bucket,as_of,prefix,organization,account,kind,region,month,is_latest,\
         is_delete_marker,encryption,kms_key_arn,storage_class,files,bytes,oldest,newest{column}\n\
         file,trail-logs,,,,{MANAGEMENT},CloudTrail,us-east-1,{month},true,false,SSE-KMS,{KEY},\
         STANDARD,1,10,{file},{file}{value}\n,,,,,,,,,,,,,,1,10,,{value}\n"
    );
    let path = folder.join("coverage.csv");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_result_of_athena_is_counted_and_proves_no_trail() {
    let desk = desk(&state(&kms(KEY))).await;
    let folder = tempfile::tempdir().unwrap();
    for (query, exit, reason) in [
        (Some("-10 seconds"), 0, None),
        (Some("-5 hours"), 0, None),
        (Some("-7 hours"), 1, Some("more than 6 hours ago: run it again")),
        (Some("+1 hour"), 1, Some("later than now")),
        (None, 1, Some("does not say when the query ran")),
    ] {
        let path = result(folder.path(), query);
        let run = logs(&desk, &["main", "--athena-results", &path, "-o", "json"]).exits(exit);
        let report = report(&run);
        let source = &report["buckets"][0]["source"];
        assert_eq!((files(&report), source["queriedAt"].is_string()), (1, query.is_some()));
        let check = &report["trails"][0]["check"];
        let outcome = if exit == 0 { "pass" } else { "unknown" };
        assert_eq!(check["outcome"], outcome, "{query:?}: {check}");
        reason.into_iter().for_each(|reason| says(&check.to_string(), &[reason]));
    }
}
