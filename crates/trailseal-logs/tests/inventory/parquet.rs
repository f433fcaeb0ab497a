//! Parquet files of other forms, and crafted ones.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
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

/// A run of equal values takes a few bytes for any number of rows.
#[test]
fn a_file_with_more_rows_than_bytes_is_rejected() {
    let schema = "message s { required binary bucket; required binary key; }";
    let values = [BUCKET, &key(0)].map(|text| vec![ByteArray::from(text); 100_000]);
    let reason = fault(|path| write(path, schema, WriterProperties::default(), &values));
    assert!(reason.contains("it has 100000 rows in "), "{reason}");
    assert!(reason.contains("expected at most one for each byte"), "{reason}");
}

#[test]
fn row_groups_with_the_same_bytes_are_rejected() {
    let schema = "message s { required binary bucket; required binary key; }";
    let values = [BUCKET, &"x".repeat(10_000)].map(|text| vec![ByteArray::from(text)]);
    let reason = fault(|path| {
        write(path, schema, WriterProperties::default(), &values);
        let mut file = fs::read(path).unwrap();
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(file.clone()));
        let metadata = metadata.unwrap();
        let groups = vec![metadata.row_group(0).clone(); 5];
        let metadata = metadata.into_builder().set_row_groups(groups).build();
        ParquetMetaDataWriter::new(&mut file, &metadata).finish().unwrap();
        fs::write(path, file).unwrap();
    });
    assert!(reason.contains("its columns have ") && reason.contains("in a file of"), "{reason}");
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
                .set_encoding(Encoding::PLAIN)
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
        .set_encoding(Encoding::DELTA_BYTE_ARRAY)
        .build();
    let schema = "message s { required binary bucket; required binary key; }";
    let values = [BUCKET, &key(0)].map(|text| vec![ByteArray::from(text)]);
    let reason = fault(|path| write(path, schema, properties, &values));
    assert!(reason.contains("a page is DELTA_BYTE_ARRAY, expected PLAIN"), "{reason}");
}

#[test]
fn another_compression_is_named() {
    // In the metadata, the compression is the integer behind the path: 1 for Snappy, 2 for gzip.
    const SNAPPY: [u8; 2] = [0x15, 0x02];
    let report = report("Parquet", &[vec![Object::new(&key(0), "SSE-KMS")]]);
    let path = report.path().join("data/0.parquet");
    let written = fs::read(&path).unwrap();
    let places = written.windows(2).enumerate().filter(|(_, bytes)| *bytes == SNAPPY);
    let reasons = places.map(|(place, _)| {
        let mut content = written.clone();
        content[place + 1] = 0x04;
        fs::write(&path, content).unwrap();
        seal(report.path(), "Parquet", "", &["0.parquet".to_owned()]);
        read(report.path()).unread.first().map(|file| file.reason.clone()).unwrap_or_default()
    });
    let reasons: Vec<String> = reasons.collect();
    for column in ["bucket", "key", "encryption_status"] {
        let expected =
            format!("column `{column}`: it is compressed with GZIP, expected SNAPPY or none");
        assert!(reasons.iter().any(|reason| reason.contains(&expected)), "{reasons:?}");
    }
}

/// Writes a file with two rows in pages of one form.
fn two_rows(path: &Path, version: WriterVersion, has_dictionary: bool, sizes: [i64; 2]) {
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(has_dictionary)
        .set_encoding(Encoding::PLAIN)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let schema = "message s { optional binary bucket; required binary key; required int64 size; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let (keys, buckets) = ([key(0), key(1)], [BUCKET, BUCKET]);
    for (texts, levels) in
        [(buckets, Some([1, 1].as_slice())), (keys.each_ref().map(String::as_str), None)]
    {
        let mut column = group.next_column().unwrap().unwrap();
        let texts = texts.map(ByteArray::from);
        column.typed::<ByteArrayType>().write_batch(&texts, levels, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&sizes, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

/// Changes these bytes in a data page of version 1 that is not compressed, and reads the file.
fn fault_with(from: &[u8], to: &[u8]) -> String {
    fault(|path| {
        two_rows(path, WriterVersion::PARQUET_1_0, false, [0, 0]);
        let mut content = fs::read(path).unwrap();
        let place = content.windows(from.len()).rposition(|bytes| bytes == from).unwrap();
        content[place..place + to.len()].copy_from_slice(to);
        fs::write(path, content).unwrap();
    })
}

/// parquet-mr writes BIT_PACKED, the integer 4, for a column without levels; others write RLE, 3.
#[test]
fn the_encoding_of_levels_counts_only_if_there_are_levels() {
    let levels = [0x15, 0, 0x15, 6, 0x15, 6];
    assert_eq!(fault_with(&levels, &[0x15, 0, 0x15, 8, 0x15, 8]), "");
}

#[test]
fn a_length_that_covers_the_next_text_leaves_one_too_few() {
    let text = key(0);
    let length = u32::try_from(text.len()).unwrap();
    let from = [&length.to_le_bytes(), text.as_bytes()].concat();
    let reason = fault_with(&from, &(2 * length + 4).to_le_bytes());
    assert!(reason.starts_with("row group 0: column `key`: EOF"), "{reason}");
}

/// The numbers of rows and values in the metadata are one lower, one after the other.
#[test]
fn rows_beyond_those_of_the_metadata_are_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let path = folder.path().join("data/0.parquet");
    two_rows(&path, WriterVersion::PARQUET_1_0, false, [0, 0]);
    let written = fs::read(&path).unwrap();
    let places = written.windows(2).enumerate().filter(|(_, bytes)| *bytes == [0x16, 4]);
    let mut reasons = Vec::new();
    for (place, _) in places {
        let mut content = written.clone();
        content[place + 1] = 2;
        fs::write(&path, content).unwrap();
        seal(folder.path(), "Parquet", "", &["0.parquet".to_owned()]);
        let outcome = read(folder.path());
        assert!(!outcome.is_complete() || outcome.rows == 2, "{place}: {outcome:?}");
        reasons.extend(outcome.unread.into_iter().map(|file| file.reason));
    }
    let expected = "row group 0: it has more rows than the 1 of its metadata";
    assert!(reasons.iter().any(|reason| reason == expected), "{reasons:?}");
}

/// Changes the metadata of a file, and its length in the footer, and reads the file.
fn fault_with_metadata(change: impl FnOnce(&mut Vec<u8>)) -> String {
    fault(|path| {
        two_rows(path, WriterVersion::PARQUET_1_0, false, [0, 0]);
        let written = fs::read(path).unwrap();
        let (rest, _) = written.split_last_chunk::<4>().unwrap();
        let (rest, length) = rest.split_last_chunk().unwrap();
        let start = rest.len() - usize::try_from(u32::from_le_bytes(*length)).unwrap();
        let mut metadata = rest[start..].to_vec();
        change(&mut metadata);
        let length = u32::try_from(metadata.len()).unwrap().to_le_bytes();
        fs::write(path, [&rest[..start], &metadata, &length, b"PAR1"].concat()).unwrap();
    })
}

/// Replaces these bytes in the metadata.
fn fault_with_schema(from: &[u8], to: &[u8]) -> String {
    fault_with_metadata(|metadata| {
        let place = metadata.windows(from.len()).position(|bytes| bytes == from).unwrap();
        metadata.splice(place..place + from.len(), to.iter().copied());
    })
}

/// The version and the schema of a file, from its root to the end of its last column.
fn whole_schema(root: &[u8]) -> Vec<u8> {
    let mut schema = Vec::new();
    fault_with_metadata(|metadata| {
        let start = metadata.windows(root.len()).position(|bytes| bytes == root).unwrap();
        let end = metadata.windows(5).position(|bytes| bytes == b"size\0").unwrap() + 5;
        schema = metadata[start..end].to_vec();
    });
    schema
}

/// The decoder takes memory for as many columns as a group says and calls itself for each group, and
/// reads no byte for a Boolean in a list.
#[test]
fn metadata_that_would_use_up_memory_stack_or_time_is_rejected() {
    // The version, and a list of four structs: the root with its name and three columns, and these.
    const ROOT: [u8; 10] = [0x15, 2, 0x19, 0x4c, 0x48, 1, b's', 0x15, 6, 0];
    let with_columns = |number: &[u8]| [&ROOT[..8], number, &[0]].concat();
    let expected = "its schema is not one group of at most 1000 columns";
    assert_eq!(fault_with_schema(&ROOT, &ROOT), "");
    for (number, what) in [
        (&[0xfe, 0xff, 0xff, 0xff, 0x0f][..], "2,147,483,647 columns"),
        (&[4], "two columns"),
        (&[5], "a negative number of columns"),
    ] {
        assert_eq!(fault_with_schema(&ROOT, &with_columns(number)), expected, "{what}");
    }
    // A group named `g` with one column, 100,000 times.
    let groups = [0x35, 0, 0x18, 1, b'g', 0x15, 2, 0].repeat(100_000);
    let start = [&[0x15, 2, 0x19, 0xfc, 0xa1, 0x8d, 0x06], &ROOT[4..8], &[2, 0]].concat();
    let reason = fault_with_schema(&whole_schema(&ROOT), &[start, groups].concat());
    assert_eq!(reason, expected, "groups in groups");
    // Columns named `c` of Booleans: one too many.
    let columns = [0x15, 0, 0x25, 0, 0x18, 1, b'c', 0].repeat(1001);
    let start = [&[0x15, 2, 0x19, 0xfc, 0xea, 0x07], &ROOT[4..8], &[0xd2, 0x0f, 0]].concat();
    let reason = fault_with_schema(&whole_schema(&ROOT), &[start, columns].concat());
    assert_eq!(reason, expected, "1,001 columns");
    let reason = fault_with_metadata(|metadata| {
        assert_eq!(metadata.pop(), Some(0));
        // Three Booleans as an additional field.
        metadata.extend([0x09, 40, 0x31, 1, 1, 1, 0]);
    });
    assert_eq!(reason, "its metadata is malformed", "a list of Booleans");
}

/// The decoder repeats names of the file in its errors.
#[test]
fn a_reason_is_one_line_of_bounded_length() {
    for name in ["a\nb".to_owned(), "n".repeat(100_000)] {
        let length = u32::try_from(name.len()).unwrap();
        let varint = |mut rest: u32| {
            let mut bytes = Vec::new();
            while rest > 0x7f {
                bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
                rest >>= 7;
            }
            bytes.push(u8::try_from(rest).unwrap());
            bytes
        };
        // The last column, a 64-bit integer, gets this name and the converted type MAP.
        let size = [0x18, 4, b's', b'i', b'z', b'e'];
        let named = [&[0x18][..], &varint(length), name.as_bytes(), &[0x25, 2]].concat();
        let reason = fault_with_schema(&size, &named);
        assert!(reason.contains("MAP cannot be applied to primitive field"), "{reason}");
        assert!(!reason.contains('\n') && reason.len() < 1100, "{reason}");
    }
}

/// The decoder reads the fields that it knows by their IDs alone. As text, the version hides a schema
/// with 2,147,483,647 columns from a reader that goes by the types.
#[test]
fn metadata_with_a_field_of_another_type_is_rejected() {
    let hidden: [u8; 17] = [
        0x18, 0x10, 0x19, 0x2c, 0x48, 1, b's', 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0x48, 1, b'c',
    ];
    let reason = fault_with_metadata(|metadata| *metadata = [&hidden[..], &[0, 0, 0]].concat());
    assert_eq!(reason, "its metadata is malformed");
    // The version in 64 bits, and a column's kind of its values as text.
    for (from, to) in [
        (&[0x15, 2, 0x19, 0x4c][..], &[0x16, 2, 0x19, 0x4c][..]),
        (&[0x15, 0x0c, 0x25], &[0x18, 0, 0x25]),
    ] {
        assert_eq!(fault_with_schema(from, to), "its metadata is malformed");
    }
}

#[test]
fn a_size_is_not_negative() {
    let reason = |sizes| fault(|path| two_rows(path, WriterVersion::PARQUET_2_0, true, sizes));
    assert_eq!(reason([0, i64::MAX]), "");
    let expected = "row group 0: row 2: `Size` is `-1`, expected a number of bytes";
    assert_eq!(reason([0, -1]), expected);
}

/// The decoder of texts reads their lengths without looking whether the page has them.
#[test]
fn a_page_shorter_than_its_header_or_lengths_say_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let path = folder.path().join("data/0.parquet");
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for has_dictionary in [true, false] {
            two_rows(&path, version, has_dictionary, [100, 100]);
            let written = fs::read(&path).unwrap();
            seal(folder.path(), "Parquet", "", &["0.parquet".to_owned()]);
            assert!(read(folder.path()).is_complete(), "{version:?} {has_dictionary}");
            let mut reasons = Vec::new();
            for place in 0..written.len() {
                // In a header, a number that is higher by one or negative; in a page, another length.
                let changes: [fn(u8) -> u8; 3] =
                    [|byte| byte.wrapping_add(2), |byte| byte.wrapping_add(1), |byte| byte ^ 0x80];
                for change in changes {
                    let mut content = written.clone();
                    content[place] = change(content[place]);
                    fs::write(&path, content).unwrap();
                    seal(folder.path(), "Parquet", "", &["0.parquet".to_owned()]);
                    let outcome = read(folder.path());
                    reasons.extend(outcome.unread.into_iter().map(|file| file.reason));
                }
            }
            let expected = "its texts or levels are longer than the page";
            let found = reasons.iter().filter(|reason| reason.ends_with(expected)).count();
            assert!(found > 0, "{version:?} {has_dictionary}: {reasons:?}");
        }
    }
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
