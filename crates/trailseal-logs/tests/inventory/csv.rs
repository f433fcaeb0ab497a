//! Rows and keys in CSV.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use trailseal_logs::Encryption;

use super::synthetic::{BUCKET, COLUMNS, Object, row};
use super::{counts, key, read, read_as, report, seal};

/// Why a report of one data file with this text is not read; empty if it is.
fn fault(columns: &str, text: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data/0.csv.gz"), text);
    seal(folder.path(), "CSV", columns, &["0.csv.gz".to_owned()]);
    let outcome = read(folder.path());
    let reasons = outcome.unread.iter().map(|file| file.reason.clone());
    let reason = reasons.collect::<Vec<_>>().join("; ");
    assert_eq!(outcome.is_complete(), reason.is_empty());
    assert!(reason.is_empty() || outcome.coverage.rows().next().is_none());
    reason
}

fn write(path: &Path, text: &[u8]) {
    let mut encoder = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn a_row_with_a_fault_rejects_the_whole_file() {
    let good = row(&Object::new(&key(0), "SSE-KMS"));
    assert_eq!(fault(COLUMNS, good.as_bytes()), "");
    for (from, to, expected) in [
        (BUCKET, "other", "row 2: `Bucket` is `other`, expected the manifest's `sourceBucket`"),
        (BUCKET, "an\nother", "row 2: `Bucket` is `an other`, expected the manifest's"),
        ("\"true\"", "\"maybe\"", "row 2: `IsLatest` is `maybe`, expected `true` or `false`"),
        ("\"true\"", "\"\"", "row 2: `IsLatest` is ``, expected `true` or `false`"),
        ("\"100\"", "\"-1\"", "row 2: `Size` is `-1`, expected a number of bytes"),
        ("AWSLogs", "AWS%4", "row 2: `Key` is `AWS%4/"),
        ("AWSLogs", "AWS%FFLogs", "row 2: `Key` is `AWS\u{fffd}Logs/"),
        (",\"DISABLED\"", "", "row 2: it has 12 values, expected 13"),
        (",\"DISABLED\"", ",\"\",\"\"", "row 2: it has 14 values, expected 13"),
        (",\"DISABLED\"", ",\"\",\"\",\"\"", "row 2: it has more values than there are columns"),
    ] {
        let bad = good.replacen(from, to, 1);
        let reason = fault(COLUMNS, format!("{good}{bad}{good}").as_bytes());
        assert!(reason.starts_with(expected), "{from} {to}: {reason}");
    }
}

#[test]
fn an_endless_row_is_rejected_in_bounded_memory() {
    let mut text = b"\"trail-logs\",\"".to_vec();
    text.resize(50_000_000, b'a');
    assert_eq!(fault(COLUMNS, &text), "row 1: it is longer than 256 KiB");
    text.clear();
    text.resize(50_000_000, b'"');
    assert_eq!(fault(COLUMNS, &text), "row 1: it is longer than 256 KiB");
}

#[test]
fn columns_are_found_by_name() {
    let text = format!("\"SSE-C\",\"{}\",\"{BUCKET}\"\n", key(0));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data/0.csv.gz"), text.as_bytes());
    seal(folder.path(), "CSV", "EncryptionStatus, Key, Bucket", &["0.csv.gz".to_owned()]);
    let outcome = read(folder.path());
    assert_eq!(counts(&outcome), [(read_as(Encryption::SseC), 1)]);
    let missing = outcome.missing.iter().map(|column| column.name());
    let expected = ["IsLatest", "IsDeleteMarker", "Size", "StorageClass"];
    assert_eq!(missing.collect::<Vec<_>>(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    /// S3 encodes keys in CSV and not in Parquet.
    #[test]
    fn every_prefix_is_decoded_to_itself(prefix in "[^/]{1,40}(/[^/]{1,20})?") {
        let key = format!("{prefix}/{}", key(0));
        for format in super::FORMATS {
            let report = report(format, &[vec![Object::new(&key, "SSE-S3")]]);
            let outcome = read(report.path());
            prop_assert!(outcome.is_complete(), "{format}: {:?}", outcome.unread);
            let folders: Vec<_> = outcome.coverage.rows().map(|(folder, ..)| folder).collect();
            prop_assert_eq!(folders.len(), 1);
            prop_assert_eq!(&folders[0].prefix, &prefix);
        }
    }

    /// Whatever the text is, it is read or rejected.
    #[test]
    fn any_text_is_read_or_rejected(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _reason = fault(COLUMNS, &text);
        let _reason = fault("Key, Bucket", &text);
    }
}
