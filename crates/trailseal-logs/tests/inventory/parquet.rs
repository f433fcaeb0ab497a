//! Parquet files of other forms, and crafted ones.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use trailseal_logs::{Encryption, KeyName};

use super::synthetic::{BUCKET, Object};
use super::{counts, key, read, read_as, report, seal};

/// Why a report of this data file is not read.
fn fault(write: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data/0.parquet"));
    seal(folder.path(), "Parquet", "", &["0.parquet".to_owned()]);
    let outcome = read(folder.path());
    assert!(outcome.is_complete() || outcome.coverage.rows().next().is_none());
    outcome.unread.first().map(|file| file.reason.clone()).unwrap_or_default()
}

fn write(path: &Path, schema: &str, properties: WriterProperties, values: &[Vec<ByteArray>]) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for values in values {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn wrong_columns_are_all_named() {
    for (columns, expected) in [
        (
            "required int32 key; optional binary size;",
            "column `bucket` is missing; column `key` is INT32, expected one BYTE_ARRAY; column \
             `size` is BYTE_ARRAY, expected one INT64",
        ),
        (
            "required binary bucket; repeated binary key;",
            "column `key` is BYTE_ARRAY, expected one BYTE_ARRAY",
        ),
    ] {
        let schema = Arc::new(parse_message_type(&format!("message s {{ {columns} }}")).unwrap());
        let reason = fault(|path| {
            SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::default())
                .unwrap()
                .close()
                .unwrap();
        });
        assert_eq!(reason, expected);
    }
}

#[test]
fn plain_pages_of_both_versions_are_read() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for compression in [Compression::SNAPPY, Compression::UNCOMPRESSED] {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("data")).unwrap();
            let properties = WriterProperties::builder()
                .set_writer_version(version)
                .set_compression(compression)
                .set_encoding(parquet::basic::Encoding::PLAIN)
                .build();
            let schema = "message s { required binary encryption_status (STRING); required binary \
                          other; required binary bucket; required binary key; }";
            let texts = ["SSE-KMS", "x", BUCKET, &key(0)];
            let values = texts.map(|text| vec![ByteArray::from(text)]);
            write(&folder.path().join("data/0.parquet"), schema, properties, &values);
            seal(folder.path(), "Parquet", "", &["0.parquet".to_owned()]);
            let outcome = read(folder.path());
            assert!(outcome.is_complete(), "{version:?}: {:?}", outcome.unread);
            let expected = [(read_as(Encryption::SseKms(KeyName::Unnamed)), 1)];
            assert_eq!(counts(&outcome), expected);
            assert_eq!(outcome.missing.len(), 4);
        }
    }
}

#[test]
fn other_files_and_other_encodings_are_rejected() {
    assert!(fault(|path| fs::write(path, b"PAR1").unwrap()).contains("too short"));
    assert!(fault(|path| fs::write(path, b"x".repeat(100)).unwrap()).contains("Corrupt footer"));
    for (bytes, expected) in [
        (8 << 20, "too short"),
        ((8 << 20) + 1, "expected plain metadata of at most 8 MiB"),
        (u32::MAX, "expected plain metadata of at most 8 MiB"),
    ] {
        let large = [b"PAR1".as_slice(), &bytes.to_le_bytes(), b"PAR1"].concat();
        let reason = fault(|path| fs::write(path, large).unwrap());
        assert!(reason.contains(expected), "{bytes}: {reason}");
    }
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(parquet::basic::Encoding::DELTA_BYTE_ARRAY)
        .build();
    let schema = "message s { required binary bucket; required binary key; }";
    let values = [BUCKET, &key(0)].map(|text| vec![ByteArray::from(text)]);
    let reason = fault(|path| write(path, schema, properties, &values));
    assert!(reason.contains("a page is DELTA_BYTE_ARRAY, expected PLAIN"), "{reason}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    /// The checksum is that of the changed file, as if someone had crafted both.
    #[test]
    fn a_crafted_file_is_read_or_rejected(place in 0_usize..10_000, byte: u8, cut in 0_usize..40) {
        let objects = (0..60).map(|it| Object::new(&key(it), "SSE-S3")).collect();
        let report = report("Parquet", &[objects]);
        let path = report.path().join("data/0.parquet");
        let mut content = fs::read(&path).unwrap();
        let place = place % content.len();
        content[place] = byte;
        if cut < 10 {
            content.drain(place..content.len().min(place + cut));
        }
        fs::write(&path, content).unwrap();
        seal(report.path(), "Parquet", "", &["0.parquet".to_owned()]);
        let outcome = read(report.path());
        prop_assert!(outcome.is_complete() || outcome.coverage.rows().next().is_none());
    }
}
