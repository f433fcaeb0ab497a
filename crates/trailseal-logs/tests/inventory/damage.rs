//! Manifests and data files that are damaged, incomplete or crafted.

use std::fs;

use trailseal_logs::inventory::{Format, InventoryError};

use super::synthetic::{BUCKET, COLUMNS, Object};
use super::{FORMATS, key, manifest, read, report};

/// The error for a manifest with this change; the checksum is that of the changed one.
fn error(format: &str, from: &str, to: &str) -> String {
    let report = report(format, &[vec![Object::new(&key(0), "SSE-S3")]]);
    let path = report.path().join("manifest.json");
    let json = fs::read_to_string(&path).unwrap();
    assert!(json.contains(from), "{from}: {json}");
    let json = json.replacen(from, to, 1);
    let md5 = u128::from_be_bytes(<md5::Md5 as md5::Digest>::digest(&json).into());
    fs::write(report.path().join("manifest.checksum"), format!("{md5:032x}\n")).unwrap();
    fs::write(&path, json).unwrap();
    manifest(report.path()).map(drop).unwrap_err().to_string()
}

#[test]
fn a_manifest_is_read_with_its_checksum() {
    for (format, expected) in FORMATS.into_iter().zip([Format::Csv, Format::Parquet]) {
        let report = report(format, &[vec![Object::new(&key(0), "SSE-S3")]]);
        let manifest = manifest(report.path()).unwrap();
        assert_eq!((manifest.format, manifest.files.len()), (expected, 1));
        assert_eq!(manifest.source_bucket, BUCKET);
        assert_eq!(manifest.destination_bucket, "arn:aws:s3:::reports");
        assert_eq!(manifest.destination(), "reports");
    }
}

#[test]
fn a_manifest_with_another_checksum_or_without_one_is_rejected() {
    let report = report("CSV", &[vec![Object::new(&key(0), "SSE-S3")]]);
    let path = report.path().join("manifest.json");
    let mut json = fs::read(&path).unwrap();
    json.push(b'\n');
    let written = fs::read_to_string(report.path().join("manifest.checksum")).unwrap();
    let md5 = u128::from_be_bytes(<md5::Md5 as md5::Digest>::digest(&json).into());
    fs::write(&path, json).unwrap();
    let error = manifest(report.path()).unwrap_err().to_string();
    let expected = format!(
        "the MD5 of `manifest.json` is {md5:032x}, but `manifest.checksum` is `{}`",
        written.trim()
    );
    assert!(error.starts_with(&expected), "{error}");
    fs::remove_file(report.path().join("manifest.checksum")).unwrap();
    let error = manifest(report.path()).unwrap_err();
    let InventoryError::Unread { name, .. } = error else { panic!("{error}") };
    assert_eq!(name, "manifest.checksum");
}

#[test]
fn orc_is_rejected_with_advice() {
    let error = error("CSV", "\"CSV\"", "\"ORC\"");
    assert!(error.contains("set the inventory's output format to Parquet or CSV"), "{error}");
}

#[test]
fn all_faults_of_a_manifest_are_named() {
    let error = error("CSV", "\"sourceBucket\": \"trail-logs\", ", "\"fileFormat\": \"XML\", ");
    assert!(error.contains("duplicate field `fileFormat`"), "{error}");
    for (format, from, to, expected) in [
        ("CSV", BUCKET, "", "`sourceBucket` is ``, expected text"),
        ("CSV", "2016-11-30", "2030-01-01", "`version` is `2030-01-01`, expected `2016-11-30`"),
        ("CSV", "\"17958", "\"x17958", "`creationTimestamp` is `x1795827600000`"),
        ("Parquet", "\"Parquet\"", "\"XML\"", "`fileFormat` is `XML`, expected `CSV` or `Parquet`"),
        ("CSV", COLUMNS, "Key, Key", "`fileSchema` is `Key, Key`, expected distinct names"),
        ("CSV", COLUMNS, "Bucket", "`fileSchema` is `Bucket`, expected a column `Key`"),
        ("CSV", "\"size\"", "\"bytes\"", "`files[0].size` is missing, expected a number of bytes"),
        ("CSV", "\"MD5checksum\": \"", "\"MD5checksum\": \"z", "expected 32 hexadecimal digits"),
        ("CSV", "\"files\"", "\"none\"", "`files` is missing, expected a list of data files"),
    ] {
        let error = super::damage::error(format, from, to);
        assert!(error.contains(expected), "{from}: {error}");
        assert!(!error.contains(" more"), "{error}");
    }
    for md5 in ["0".repeat(31), "0".repeat(33), format!("+{}", "0".repeat(31))] {
        let other = format!("\"MD5checksum\": \"{md5}\", \"was\": \"");
        let error = super::damage::error("CSV", "\"MD5checksum\": \"", &other);
        assert!(error.contains("expected 32 hexadecimal digits"), "{md5}: {error}");
    }
}

#[test]
fn ten_faults_of_a_manifest_are_named_and_the_others_counted() {
    for (files, named, more) in [("{}, {}, {}", 9, ""), ("{}, {}, {}, {}", 10, "; and 2 more")] {
        let error = error("CSV", "\"files\": [", &format!("\"files\": [{files}, "));
        assert_eq!(error.matches("is missing").count(), named, "{error}");
        assert_eq!(error.contains(" more"), !more.is_empty(), "{error}");
        assert!(error.ends_with(more), "{error}");
    }
}

#[test]
fn a_damaged_data_file_is_listed_and_not_counted() {
    for format in FORMATS {
        let files = [0, 1].map(|minute| vec![Object::new(&key(minute), "SSE-KMS")]);
        let whole = report(format, &files);
        let name = if format == "CSV" { "0.csv.gz" } else { "0.parquet" };
        let path = whole.path().join("data").join(name);
        let content = fs::read(&path).unwrap();
        let middle = content.len() / 2;
        let mut flipped = content.clone();
        flipped[middle] ^= 1;
        let cut = content[..middle].to_vec();
        let longer = [content.as_slice(), b"x"].concat();
        for (damaged, expected) in [
            (flipped, "its MD5 is "),
            (cut, "it has "),
            (longer, "it has more than the "),
            (Vec::new(), "it has 0 bytes, but the manifest says "),
        ] {
            fs::write(&path, damaged).unwrap();
            let outcome = read(whole.path());
            assert!(!outcome.is_complete());
            assert_eq!((outcome.rows, outcome.unread.len()), (1, 1));
            let unread = &outcome.unread[0];
            assert_eq!(unread.key, format!("inventory/{BUCKET}/all/data/{name}"));
            assert!(unread.reason.starts_with(expected), "{format}: {}", unread.reason);
        }
        fs::remove_file(&path).unwrap();
        let reason = &read(whole.path()).unread[0].reason;
        assert!(reason.starts_with("not found: copy it beside `manifest.json`"), "{reason}");
    }
}

#[test]
fn a_key_that_leaves_the_folder_is_not_opened() {
    for key in ["../data/0.csv.gz", "/etc/hostname", "a/../../x", "."] {
        let report = report("CSV", &[vec![Object::new(&super::key(0), "SSE-S3")]]);
        let path = report.path().join("manifest.json");
        let json = fs::read_to_string(&path).unwrap();
        let json = json.replace("inventory/trail-logs/all/data/0.csv.gz", key);
        let md5 = u128::from_be_bytes(<md5::Md5 as md5::Digest>::digest(&json).into());
        fs::write(report.path().join("manifest.checksum"), format!("{md5:032x}")).unwrap();
        fs::write(&path, json).unwrap();
        let outcome = read(report.path());
        assert_eq!(outcome.unread[0].reason, "its key is not a path below a folder", "{key}");
    }
}
