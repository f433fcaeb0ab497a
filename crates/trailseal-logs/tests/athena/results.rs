//! Results that are cut, changed or not of the statement.

use trailseal_logs::{StorageClass, athena};
use trailseal_rule::Timestamp;

use super::{bucket, key};

const HEADER: &str = "class,bucket,as_of,prefix,organization,account,kind,region,month,is_latest,\
    is_delete_marker,encryption,kms_key_arn,storage_class,files,bytes,oldest,newest";

/// A result with a group of two files, one of names that are set aside, one of others and the total.
fn result() -> String {
    format!(
        "{HEADER}\n\
         \"file\",\"trail.logs\",\"2026-01-02-01-00\",,,\"111122223333\",\"CloudTrail\",\"eu-central-1\",\"2026-01\",\"true\",\"false\",\
         \"SSE-S3\",,\"STANDARD\",\"2\",\"20\",\"{}\",\"{}\"\n\
         \"unrecognized\",\"trail.logs\",\"2026-01-02-01-00\",,,,,,,,,,,,\"3\",\"0\",\"x\",\"y\"\n\
         \"other\",\"trail.logs\",\"2026-01-02-01-00\",,,,,,,,,,,,\"4\",\"0\",,\n\
         ,,,,,,,,,,,,,,\"9\",\"20\",,\n",
        key(0),
        key(1)
    )
}

#[test]
fn a_whole_result_is_read() {
    let outcome = athena::read(result().as_bytes(), &bucket()).unwrap();
    assert_eq!(outcome.objects, 9);
    assert_eq!(outcome.as_of, Timestamp::parse("2026-01-02T01:00:00.000Z").ok());
    assert_eq!((outcome.coverage.unrecognized, outcome.coverage.others), (3, 4));
    assert_eq!(outcome.coverage.unrecognized_examples, ["x"]);
    let files: Vec<u64> = outcome.coverage.rows().map(|(.., totals)| totals.files).collect();
    assert_eq!(files, [2]);
}

#[test]
fn the_storage_class_of_a_row_is_that_of_its_files() {
    for (word, expected) in
        [("GLACIER", StorageClass::Glacier), ("NEW", StorageClass::Unrecognized)]
    {
        let text = result().replacen("\"STANDARD\"", &format!("\"{word}\""), 1);
        let coverage = athena::read(text.as_bytes(), &bucket()).unwrap().coverage;
        let found: Vec<_> = coverage.rows().map(|(_, _, class, _)| class.storage).collect();
        assert_eq!(found, [expected]);
    }
}

/// The result with the time of the query in each row.
fn timed(time: &str) -> String {
    let mut lines = result().lines().map(str::to_owned).collect::<Vec<_>>();
    lines[0] += ",queried_at";
    for line in &mut lines[1..] {
        *line += &format!(",\"{time}\"");
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_time_of_the_query_is_the_same_in_each_row_or_missing() {
    let read = |text: &str| athena::read(text.as_bytes(), &bucket());
    let whole = read(&timed("2026-01-02T09:30:00Z")).unwrap();
    assert_eq!(whole.queried_at, Timestamp::parse("2026-01-02T09:30:00Z").ok());
    let without = read(&result()).unwrap();
    assert_eq!(without.queried_at, None);
    assert_eq!((whole.coverage, whole.objects), (without.coverage, without.objects));
    let (time, later) = ("2026-01-02T09:30:00Z", "2026-01-02T09:30:01Z");
    let total = format!("\"9\",\"20\",,,\"{time}\"");
    for (from, to, expected) in [
        (
            format!("\"{time}\""),
            String::new(),
            "row 2: `queried_at` is ``, expected a time such as",
        ),
        (time.to_owned(), "2026-01-02 09".to_owned(), "row 2: `queried_at` is `2026-01-02 09`"),
        (format!(",\"{time}\""), String::new(), "row 2: it has 18 values, expected 19"),
        (
            total.clone(),
            total.replace(time, later),
            "row 5: `queried_at` is another time than that of the rows before",
        ),
    ] {
        let changed = timed(time).replacen(&from, &to, 1);
        assert_ne!(changed, timed(time), "{from}");
        let error = read(&changed).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{from}: {error}");
    }
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let (header, rows) = ("files,class", "\"2\",\"file\"");
    let moved = result()
        .lines()
        .map(|line| {
            let mut values: Vec<&str> = line.split(',').collect();
            values.reverse();
            values.join(",") + "\n"
        })
        .collect::<String>();
    assert!(!moved.contains(header) && !moved.contains(rows));
    assert_eq!(
        athena::read(moved.as_bytes(), &bucket()),
        athena::read(result().as_bytes(), &bucket())
    );
}

#[test]
fn a_cut_result_is_found_out_at_every_row() {
    let whole = result();
    let lines: Vec<&str> = whole.lines().collect();
    for kept in 0..lines.len() {
        let error =
            athena::read(lines[..kept].join("\n").as_bytes(), &bucket()).unwrap_err().to_string();
        let expected = match kept {
            0 => "the first row does not name the columns of the statement: the file is empty",
            1 => "the rows count 0 objects, but the total is missing",
            2 => "the rows count 2 objects, but the total is missing",
            3 => "the rows count 5 objects, but the total is missing",
            _ => "the rows count 9 objects, but the total is missing",
        };
        assert!(error.starts_with(expected), "{kept}: {error}");
    }
}

#[test]
fn a_changed_result_is_rejected() {
    for (from, to, expected) in [
        ("\"2\",\"20\"", "\"3\",\"20\"", "the rows count 10 objects, but the total is 9"),
        (
            "\"2\",\"20\"",
            "\"1\",\"20\"",
            "row 2: `files` is 1, which `oldest` and `newest` contradict",
        ),
        ("\"2\",\"20\"", "\"-2\",\"20\"", "row 2: `files` is `-2`, expected a number"),
        (
            "\"2026-01\"",
            "\"2026-02\"",
            "row 2: `month` is `2026-02`, but `oldest` is a file of `2026-01`",
        ),
        (
            "01-00\",,,\"1",
            "01-00\",\"a\",,\"1",
            "row 2: `prefix` is `a`, but `oldest` is a file of ``",
        ),
        ("\"true\"", "\"yes\"", "row 2: `is_latest` is `yes`, expected `true` or `false`"),
        (
            "\"SSE-S3\",",
            "\"SSE-KMS\",\"alias/x\"",
            "row 2: `kms_key_arn` is `alias/x`, expected the ARN",
        ),
        (",\"STANDARD\"", "", "row 2: it has 17 values, expected 18"),
        ("T0000Z", "T0000X", "row 2: `oldest` is `AWSLogs/"),
        ("T0000Z", "T0059Z", "row 2: `files` is 2, which `oldest` and `newest` contradict"),
        ("\"other\"", "\"more\"", "row 4: `class` is `more`, expected `file`"),
        ("trail.logs", "other", "row 2: it is about bucket `other`, expected `trail.logs`"),
        ("trail.logs", "", "row 2: it is about bucket ``, expected `trail.logs`"),
        (
            "\"unrecognized\",\"trail.logs\"",
            "\"unrecognized\",\"trail-logs\"",
            "row 3: it is about bucket `trail-logs`, expected `trail.logs`",
        ),
        ("-01-00", "", "row 2: `as_of` is `2026-01-02`, expected a time such as"),
        ("-01-00", "-1-000", "row 2: `as_of` is `2026-01-02-1-000`, expected a time such as"),
        ("02-01-00", "03-01-00", "row 3: `as_of` is another time than that of the rows before"),
        ("\"other\"", "", "row 5: it is a second total"),
        (
            "class,",
            "kind,",
            "the first row does not name the columns of the statement: `class` is missing; `kind` is there twice",
        ),
    ] {
        let changed = result().replacen(from, to, 1);
        assert_ne!(changed, result(), "{from}");
        let error = athena::read(changed.as_bytes(), &bucket()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{from}: {error}");
    }
}
