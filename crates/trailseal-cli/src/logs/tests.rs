//! The report of files that were counted by hand: the verdict, each format, and its schema.

use serde_json::{Value, json};
use trailseal_aws::{AwsError, TrailDelivery};
use trailseal_logs::live::{self, Cause, Gap, Mode};
use trailseal_logs::{
    Class, Coverage, Encryption, FileStatus, KeyName, Owner, StorageClass, Unread, Version,
};
use trailseal_rule::{
    AccountId, BucketName, ComplianceType, EvaluationContext, KeyArn, KeyRef, LogFileScope,
    Parameters, Refusal, Region, Timestamp, Trail, TrailArn,
};
use unicode_width::UnicodeWidthStr as _;

use super::report::{BucketLogs, Limits, LogsReport, Place, Source, SourceKind, TrailLogs};
use super::verdict::judge;
use super::*;
use crate::log_files::{Missing, Writers, log_files, missing_part};
use crate::output::{TableOptions, formats};
use crate::report::{CheckOutcome, CommandLine};
use crate::testing::{Checked, Folder};

mod advice;
mod inventory;
mod latest;
mod verdicts;

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER_KEY: &str =
    "arn:aws:kms:eu-central-1:444455556666:key/ffffffff-12ab-34cd-56ef-1234567890ab";
const NOW: &str = "2026-11-23T12:00:00.000Z";

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(super) fn delivery(name: &str) -> TrailDelivery {
    let arn = format!("arn:aws:cloudtrail:eu-central-1:111122223333:trail/{name}");
    let arn = TrailArn::parse(&arn).unwrap();
    TrailDelivery {
        trail: Trail {
            account: arn.owner().clone(),
            region: region("eu-central-1"),
            home_region: region("eu-central-1"),
            bucket: Some(BucketName::parse("trail-logs").unwrap()),
            key: KeyRef::parse(KEY),
            is_multi_region_trail: true,
            is_organization_trail: false,
            changed: None,
            arn,
        },
        prefix: String::new(),
        may_log_data_events: false,
    }
}

fn kms(key: &str) -> FileStatus {
    FileStatus::Read(Encryption::SseKms(KeyName::Arn(KeyArn::parse(key).unwrap())))
}

/// The key of a log file: `PREFIX ACCOUNT KIND REGION 2026-11-23T10:00`.
fn key(prefix: &str, account: &str, kind: &str, region: &str, time: &str) -> String {
    let (day, minute) = time.split_once('T').unwrap();
    let (folder, compact) = (day.replace('-', "/"), day.replace('-', ""));
    let minute = minute.replace(':', "");
    let name = match kind {
        "CloudTrail-Digest" => {
            format!("{account}_{kind}_{region}_main_eu-central-1_{compact}T{minute}00Z.json.gz")
        }
        _ => format!("{account}_{kind}_{region}_{compact}T{minute}Z_Ab3dEf6hIj9kLm2n.json.gz"),
    };
    format!("{prefix}AWSLogs/{account}/{kind}/{region}/{folder}/{name}")
}

fn class(status: FileStatus) -> Class {
    Class {
        status,
        storage: StorageClass::Standard,
        version: Version::Current,
        owner: Owner::Bucket,
    }
}

/// Files of the account in eu-central-1 and the given other Region.
fn files(files: &[(&str, &str, FileStatus)]) -> Coverage {
    let mut coverage = Coverage::default();
    for (region, time, status) in files {
        let key = key("", "111122223333", "CloudTrail", region, time);
        coverage.count(&key, &class(status.clone()), 1_000);
    }
    coverage
}

/// Encrypted since March 2025 in one Region; another Region has no delivery since.
fn history() -> Coverage {
    let mut coverage = files(&[
        ("eu-central-1", "2024-01-05T00:00", FileStatus::Read(Encryption::SseS3)),
        ("eu-central-1", "2025-03-04T10:00", FileStatus::Read(Encryption::SseS3)),
        ("eu-central-1", "2025-03-04T10:05", kms(KEY)),
        ("eu-central-1", "2026-11-23T11:55", kms(KEY)),
        ("us-east-1", "2024-02-05T00:00", FileStatus::Read(Encryption::SseS3)),
    ]);
    let digest = key("", "111122223333", "CloudTrail-Digest", "eu-central-1", "2025-01-01T01:00");
    coverage.count(&digest, &class(FileStatus::Read(Encryption::SseS3)), 1_000);
    let old = key("old/", "111122223333", "CloudTrail", "eu-central-1", "2023-01-01T01:00");
    coverage.count(&old, &class(FileStatus::Read(Encryption::NotEncrypted)), 1_000);
    let archived = key("", "111122223333", "CloudTrail", "eu-central-1", "2024-01-05T00:05");
    let glacier =
        Class { storage: StorageClass::Glacier, ..class(FileStatus::Read(Encryption::SseS3)) };
    coverage.count(&archived, &glacier, 1_000);
    coverage
}

fn all_writers(others: &[TrailDelivery]) -> Writers {
    let regions = [region("eu-central-1"), region("us-east-1")];
    Writers::known(&regions.each_ref().map(|region| (region, others)))
}

fn judged(
    delivery: &TrailDelivery,
    coverage: &Coverage,
    writers: &Writers,
    missing: Option<Missing>,
    scope: LogFileScope,
) -> TrailLogs {
    let parameters = Parameters { log_files: Some(scope), ..Parameters::default() };
    let now = Timestamp::parse(NOW).unwrap();
    let context = EvaluationContext { parameters: &parameters, now };
    let files = log_files(delivery, coverage, true, writers);
    judge(delivery, files, missing, coverage, &context)
}

fn judge_newest(coverage: &Coverage) -> TrailLogs {
    judged(&delivery("main"), coverage, &all_writers(&[]), None, LogFileScope::Newest)
}

fn report_of(coverage: &Coverage, trails: Vec<TrailLogs>, mode: Mode) -> LogsReport {
    let place = Place {
        bucket: BucketName::parse("trail-logs").unwrap(),
        region: Some(region("eu-central-1")),
        prefix: String::new(),
        source: Source {
            kind: SourceKind::Live,
            mode,
            as_of: Timestamp::parse(NOW).ok(),
            queried_at: None,
            names_keys: true,
            limits: Limits::default(),
            resumed: None,
            versions: false,
        },
        owner: None,
        complete: true,
    };
    let now = Timestamp::parse(NOW).unwrap();
    let mut run = Run::begun("logs", CommandLine::default(), now);
    run.caller = Some(crate::report::CallerReport {
        arn: "arn:aws:sts::111122223333:assumed-role/audit/me".to_owned(),
        account: AccountId::parse("111122223333").unwrap(),
    });
    LogsReport {
        version: LOGS_VERSION,
        tool: Tool { name: "trailseal".to_owned(), version: "0.1.0".to_owned() },
        generated_at: now,
        run,
        complete: true,
        buckets: vec![BucketLogs::of(place, coverage, &[delivery("main")])],
        trails,
        problems: Vec::new(),
    }
}

#[test]
fn a_folder_is_named_with_a_prefix_that_is_the_id_of_its_account() {
    let mut coverage = history();
    for prefix in ["111122223333/", "old/111122223333/111122223333/"] {
        let file = key(prefix, "111122223333", "CloudTrail", "eu-central-1", "2026-11-23T11:50");
        coverage.count(&file, &class(kms(KEY)), 1);
    }
    let report = report_of(&coverage, Vec::new(), Mode::All);
    let (table, page) =
        (written(&report, Format::Table, None), written(&report, Format::Html, None));
    for folder in ["AWSLogs/", "111122223333/AWSLogs/", "old/111122223333/111122223333/AWSLogs/"] {
        assert_eq!(table.lines().filter(|line| *line == folder).count(), 1, "{folder}: {table}");
        assert!(page.contains(&format!("<bdi>{folder}</bdi>")), "{folder}: {page}");
    }
}

/// A failure after the files of the bucket were read.
#[test]
fn a_bucket_of_a_partial_run_is_not_complete() {
    let mut report = history_report();
    for is_complete in [true, false] {
        let bucket = report.buckets.pop();
        let (trails, problems) = (Vec::new(), Vec::new());
        report.add(BucketRead { bucket, trails, problems, is_complete });
        assert_eq!((report.complete, report.buckets[0].complete), (is_complete, is_complete));
    }
}

/// A former prefix of the trail with a file of another account's key.
fn former_prefix() -> Coverage {
    let mut coverage = history();
    let old = key("old/", "111122223333", "CloudTrail", "eu-central-1", "2026-11-23T01:00");
    coverage.count(&old, &class(kms(OTHER_KEY)), 1_000);
    coverage
}

pub(super) fn former_prefix_report() -> LogsReport {
    let coverage = former_prefix();
    let trail = judge_newest(&coverage);
    report_of(&coverage, vec![trail], Mode::Sample)
}

/// The same without a trail on the command line.
pub(super) fn counted_report() -> LogsReport {
    let mut report = report_of(&former_prefix(), Vec::new(), Mode::Sample);
    let folders = report.buckets.iter_mut().flat_map(|bucket| &mut bucket.folders);
    folders.for_each(|folder| folder.trails.clear());
    report
}

pub(super) fn history_report() -> LogsReport {
    let coverage = history();
    let trail = judge_newest(&coverage);
    report_of(&coverage, vec![trail], Mode::Sample)
}

pub(super) fn written(report: &LogsReport, format: Format, columns: Option<usize>) -> String {
    let screen = Screen { columns, is_styled: false, table: TableOptions::default() };
    let mut out = Vec::new();
    report.write(format, screen, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_json_matches_its_schema() {
    let schema: Value = serde_json::from_str(LOGS_SCHEMA).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let faults = |value: &Value| -> Vec<String> {
        let errors = validator.iter_errors(value);
        errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
    };
    for report in [history_report(), hostile()] {
        let text = written(&report, Format::Json, None);
        let mut value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(faults(&value), [""; 0]);
        value["buckets"][0]["folders"][0]["files"][0]["encryption"] = json!("NONE");
        assert_eq!(faults(&value).len(), 1);
    }
}

/// Names with everything that a key can contain, and every status.
pub(super) fn hostile() -> LogsReport {
    let mut coverage = Coverage::default();
    let prefixes = ["a\u{1b}[31m\n\u{202e}/", "=cmd|' /C calc'!A0/", "<script>alert(1)</script>/"];
    for prefix in prefixes {
        for unread in [Unread::Denied, Unread::Missing, Unread::DeleteMarker, Unread::Rejected] {
            let file = key(prefix, "111122223333", "CloudTrail", "us-east-1", "2026-11-01T00:00");
            coverage.count(&file, &class(FileStatus::Unread(unread)), 1);
            coverage.count_owner(&file, "b\u{1b}]0;owned\u{7}\u{200b}\nNOTE: x");
            coverage.count_owner(&file, "c");
        }
        coverage.set_aside(&format!("{prefix}AWSLogs/111122223333/CloudTrail/x\u{200b}"));
    }
    let mut report = report_of(&coverage, vec![judge_newest(&coverage)], Mode::All);
    report.complete = false;
    let message = "the \u{1b}[2J\u{202e}bucket <b>\n was not read".to_owned();
    report.problems.push(Problem { source: "s3://trail-logs/\u{9b}".to_owned(), message });
    report
}

#[test]
fn no_format_passes_hostile_text_on() {
    let report = hostile();
    for format in formats() {
        let text = written(&report, format, Some(80));
        let is_harmful = |character: char| {
            character.is_control() && character != '\n' && character != '\r'
                || ['\u{202e}', '\u{200b}', '\u{9b}'].contains(&character)
        };
        assert!(!text.contains(is_harmful), "{format:?}: {text}");
        let forged = ["[31m", "NOTE: x", " was not read"];
        let begins = |line: &str| forged.iter().any(|forged| line.starts_with(forged));
        assert!(format != Format::Table || !text.lines().any(begins), "{text}");
        assert!(format != Format::Html || !text.contains("<script>alert"), "{text}");
        assert!(format != Format::Csv || !text.contains(",=cmd"), "{text}");
    }
}

#[test]
fn the_table_is_readable_at_40_80_and_200_columns() {
    for report in [history_report(), hostile()] {
        for columns in [40, 80, 200] {
            let text = written(&report, Format::Table, Some(columns));
            for line in text.lines().filter(|line| line.width() > columns) {
                // Only a key or an ARN, which is never broken, is longer than a line.
                assert!(!line.trim().contains(' '), "{columns}: {line}");
            }
        }
    }
    let report = history_report();
    insta::assert_snapshot!("80_columns", written(&report, Format::Table, Some(80)));
    insta::assert_snapshot!("40_columns", written(&report, Format::Table, Some(40)));
    let full = TableOptions { full: true, failed: false };
    let screen = Screen { columns: None, is_styled: false, table: full };
    let mut out = Vec::new();
    report.write(Format::Table, screen, &mut out).unwrap();
    insta::assert_snapshot!("full", String::from_utf8(out).unwrap());
}

#[test]
fn the_table_says_what_was_not_read() {
    let sampled = written(&history_report(), Format::Table, None);
    assert!(sampled.contains("the files between those that were counted were not read"));
    let all = written(&report_of(&history(), Vec::new(), Mode::All), Format::Table, None);
    assert!(!all.contains("were not read") && !all.contains("sample"), "{all}");
    let partial = written(&hostile(), Format::Table, None);
    for part in ["PARTIAL: not everything was read", "not read: S3 denied it", "NOT READ: "] {
        assert!(partial.contains(part), "{part}: {partial}");
    }
}

#[test]
fn the_csv_has_a_row_for_each_folder_month_and_encryption() {
    let text = written(&history_report(), Format::Csv, None);
    let mut rows = ::csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|cell| cell == name).unwrap();
    let rows: Vec<::csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let sealed = rows.iter().find(|row| &row[column("month")] == "2026-11").unwrap();
    assert_eq!(&sealed[column("encryption")], "SSE-KMS");
    assert_eq!(&sealed[column("key")], KEY);
    assert_eq!(&sealed[column("account")], "'111122223333");
    let files: u64 = rows.iter().map(|row| row[column("files")].parse::<u64>().unwrap()).sum();
    assert_eq!(files, 8);
}

#[test]
fn a_finding_has_another_id_than_that_of_an_audit() {
    let report = history_report();
    let finding = report.findings();
    let mut audited = finding.clone();
    audited.trails[0].checks[0].id = "sse-kms-enabled".to_owned();
    for (format, pointer) in [(Format::Asff, "/0/Id"), (Format::Ocsf, "/0/finding_info/uid")] {
        let id = |report: &crate::report::Report| {
            let mut out = Vec::new();
            let screen = Screen { columns: None, is_styled: false, table: TableOptions::default() };
            report.write(format, screen, &mut out).unwrap();
            let value: Value = serde_json::from_slice(&out).unwrap();
            value.pointer(pointer).unwrap().clone()
        };
        assert_ne!(id(&finding), id(&audited), "{format:?}");
    }
}
