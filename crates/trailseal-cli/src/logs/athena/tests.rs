//! The query, and its result.

use trailseal_rule::Timestamp;

use super::super::query_age::outdated;
use crate::Exit;
use crate::testing::{Checked, Folder};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const HEADER: &str = "class,bucket,as_of,prefix,organization,account,kind,region,month,is_latest,\
                      is_delete_marker,encryption,kms_key_arn,storage_class,files,bytes,oldest,newest";

fn run(words: &[&str]) -> Checked {
    Checked::of("logs", words.iter().map(Into::into))
}

#[test]
fn the_query_is_printed_with_the_commands_that_run_it() {
    let printed = run(&["s3://trail-logs", "--athena-sql", "metadata"]);
    assert_eq!((printed.exit, printed.err.as_str()), (Exit::Clean, ""));
    for part in
        ["-- ID=$(aws athena start-query-execution", "\"b_trail-logs\".\"inventory\"", "SELECT"]
    {
        assert!(printed.out.contains(part), "{part}: {}", printed.out);
    }
    for (words, expected) in [
        (&["main", "--athena-sql", "metadata"][..], "takes one bucket"),
        (&["s3://trail-logs/a", "--athena-sql", "metadata"], "without a prefix"),
        (&["s3://trail-logs", "--athena-sql", "orc=a.b"], "is not a table"),
    ] {
        let refused = run(words);
        assert_eq!((refused.exit, refused.out.as_str()), (Exit::NotStarted, ""));
        assert!(refused.err.contains(expected), "{}", refused.err);
    }
}

#[test]
fn a_result_is_counted_and_a_cut_one_is_refused() {
    let folder = Folder::new("logs-athena");
    let file = |day: &str| {
        let compact = day.replace('/', "");
        format!(
            "AWSLogs/111122223333/CloudTrail/us-east-1/{day}/111122223333_CloudTrail_us-east-1_\
             {compact}T0005Z_Ab3dEf6hIj9kLm2n.json.gz"
        )
    };
    let row = |month: &str, encryption: &str, key: &str, files: u64, first: &str, last: &str| {
        format!(
            "file,trail-logs,2025-03-01-01-00,,,111122223333,CloudTrail,us-east-1,{month},true,false,{encryption},{key},STANDARD,\
             {files},{},{},{}\n",
            files * 10,
            file(first),
            file(last)
        )
    };
    let rows = row("2025-01", "SSE-S3", "", 2, "2025/01/01", "2025/01/31")
        + &row("2025-02", "SSE-KMS", KEY, 3, "2025/02/01", "2025/02/28");
    let total = ",,,,,,,,,,,,,,5,50,,\n";
    let result = folder.write("whole.csv", format!("{HEADER}\n{rows}{total}").as_bytes());
    let counted = run(&["s3://trail-logs", "--athena-results", result.to_str().unwrap()]);
    assert_eq!(counted.exit, Exit::Clean, "{}", counted.err);
    for part in [
        "a query in Athena of 2025-03-01T01:00:00.000Z",
        "SSE-KMS key 1, 2025-02",
        KEY,
        "5 files read: 3 SSE-KMS; 2 SSE-S3",
    ] {
        assert!(counted.out.contains(part), "{part}: {}", counted.out);
    }
    let of_another = run(&["s3://other-logs", "--athena-results", result.to_str().unwrap()]);
    assert_eq!((of_another.exit, of_another.out.as_str()), (Exit::NotStarted, ""));
    assert!(of_another.err.contains("about bucket `trail-logs`"), "{}", of_another.err);
    let cut = folder.write("cut.csv", format!("{HEADER}\n{rows}").as_bytes());
    let refused = run(&["s3://trail-logs", "--athena-results", cut.to_str().unwrap()]);
    assert_eq!((refused.exit, refused.out.as_str()), (Exit::NotStarted, ""));
    assert!(refused.err.contains("fetch the whole result again"), "{}", refused.err);
}

#[test]
fn files_that_the_result_does_not_report_are_partial_and_deleted_ones_are_not() {
    let folder = Folder::new("logs-athena-unread");
    let file = "AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/01/111122223333_CloudTrail_us-east-1_\
                20250101T0005Z_Ab3dEf6hIj9kLm2n.json.gz";
    for (marker, exit) in [("false", Exit::Failure), ("true", Exit::Clean)] {
        let text = format!(
            "{HEADER}\n\
             file,trail-logs,,,,111122223333,CloudTrail,us-east-1,2025-01,true,{marker},,,STANDARD,1,10,\
             {file},{file}\n,,,,,,,,,,,,,,1,10,,\n"
        );
        let result = folder.write("result.csv", text.as_bytes());
        let read = run(&["s3://trail-logs", "--athena-results", result.to_str().unwrap()]);
        assert_eq!(read.exit, exit, "{}", read.err);
        let is_listed = read.err.contains("the encryption of 1 file was not read: the source does");
        assert_eq!(is_listed, marker == "false", "{}", read.err);
    }
}

#[test]
fn a_result_without_a_folder_of_cloudtrail_is_partial() {
    let folder = Folder::new("logs-athena-empty");
    let other = "other,trail-logs,,,,,,,,,,,,,4,0,,\n";
    for rows in [",,,,,,,,,,,,,,0,0,,\n".to_owned(), format!("{other},,,,,,,,,,,,,,4,0,,\n")] {
        let result = folder.write("result.csv", format!("{HEADER}\n{rows}").as_bytes());
        let read = run(&["s3://trail-logs", "--athena-results", result.to_str().unwrap()]);
        assert_eq!(read.exit, Exit::Failure, "{}", read.err);
        assert!(read.err.contains("s3://trail-logs/: no folder of CloudTrail was"), "{}", read.err);
        assert!(read.out.contains("0 files read. PARTIAL"), "{}", read.out);
    }
}

#[test]
fn a_result_is_outdated_after_six_hours_without_a_time_and_before_its_time() {
    let time = |text: &str| Timestamp::parse(text).unwrap();
    let now = time("2026-11-26T12:00:00Z");
    for fresh in ["2026-11-26T12:00:00Z", "2026-11-26T06:00:00Z"] {
        assert_eq!(outdated(Some(time(fresh)), now), None, "{fresh}");
    }
    for (queried_at, reason) in [
        (None, "does not say when the query ran"),
        (Some("2026-11-26T05:59:59Z"), "more than 6 hours ago"),
        (Some("2026-11-26T12:00:01Z"), "later than now"),
    ] {
        let why = outdated(queried_at.map(time), now).unwrap();
        assert!(why.contains(reason), "{why}");
    }
}
