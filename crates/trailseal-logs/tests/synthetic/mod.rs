//! Writes reports as S3 Inventory does, for tests and the benchmark.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use parquet::basic::Compression as ParquetCompression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) const BUCKET: &str = "trail-logs";

/// 2026-11-28T01:00:00Z.
pub(crate) const CREATED: &str = "1795827600000";

const MODIFIED: i64 = 1_795_827_600_000;

/// The columns of a report of all versions, as `fileSchema` of a CSV report names them.
pub(crate) const COLUMNS: &str = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, \
     LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus, \
     EncryptionStatus, BucketKeyStatus";

const SCHEMA: &str = "message s3.inventory {
    required binary bucket (STRING);
    required binary key (STRING);
    optional binary version_id (STRING);
    optional boolean is_latest;
    optional boolean is_delete_marker;
    optional int64 size;
    optional int64 last_modified_date (TIMESTAMP(MILLIS,true));
    optional binary e_tag (STRING);
    optional binary storage_class (STRING);
    optional boolean is_multipart_uploaded;
    optional binary replication_status (STRING);
    optional binary encryption_status (STRING);
    optional binary bucket_key_status (STRING);
}";

/// An object of the report. Empty texts are null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) is_latest: bool,
    pub(crate) is_delete_marker: bool,
    pub(crate) size: u64,
    pub(crate) storage_class: &'static str,
    pub(crate) encryption: &'static str,
}

impl Object {
    pub(crate) fn new(key: &str, encryption: &'static str) -> Self {
        Self {
            key: key.to_owned(),
            is_latest: true,
            is_delete_marker: false,
            size: 100,
            storage_class: "STANDARD",
            encryption,
        }
    }

    fn e_tag(&self) -> String {
        format!("{:x}", u128::from_be_bytes(Md5::digest(&self.key).into()))
    }
}

/// A key in CSV: everything but letters, digits, slashes and `-_.*` is encoded, and a space is `+`.
pub(crate) fn encoded(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'*' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => {
                let _infallible = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// A row of CSV with the columns of [`COLUMNS`].
pub(crate) fn row(object: &Object) -> String {
    let Object { key, is_latest, is_delete_marker, storage_class, encryption, .. } = object;
    let size = if *is_delete_marker { String::new() } else { object.size.to_string() };
    let (key, e_tag) = (encoded(key), object.e_tag());
    format!(
        "\"{BUCKET}\",\"{key}\",\"\",\"{is_latest}\",\"{is_delete_marker}\",\"{size}\",\
         \"2026-11-28T01:00:00.000Z\",\"{e_tag}\",\"{storage_class}\",\"false\",\"\",\
         \"{encryption}\",\"DISABLED\"\n"
    )
}

/// Writes a data file in CSV, compressed in members of a million bytes.
pub(crate) fn csv(path: &Path, objects: impl Iterator<Item = Object>) -> Result<()> {
    const MEMBER_BYTES: usize = 1_000_000;
    let mut file = BufWriter::new(File::create(path)?);
    let mut text = Vec::new();
    let mut member = |text: &mut Vec<u8>| -> Result<()> {
        let mut encoder = GzEncoder::new(&mut file, Compression::new(6));
        encoder.write_all(text)?;
        encoder.finish()?;
        text.clear();
        Ok(())
    };
    for object in objects {
        text.extend(row(&object).into_bytes());
        if text.len() >= MEMBER_BYTES {
            member(&mut text)?;
        }
    }
    member(&mut text)?;
    file.flush()?;
    Ok(())
}

/// Writes a data file in Parquet with row groups of up to a million rows.
pub(crate) fn parquet(path: &Path, objects: impl Iterator<Item = Object>) -> Result<()> {
    const GROUP_ROWS: usize = 1_000_000;
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties =
        WriterProperties::builder().set_compression(ParquetCompression::SNAPPY).build();
    let file = File::create(path)?;
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
    let mut objects = objects.peekable();
    while objects.peek().is_some() {
        let rows: Vec<Object> = objects.by_ref().take(GROUP_ROWS).collect();
        let mut group = writer.next_row_group()?;
        texts(&mut group, &rows, |_| BUCKET.to_owned(), true)?;
        texts(&mut group, &rows, |row| row.key.clone(), true)?;
        texts(&mut group, &rows, |_| String::new(), false)?;
        column::<BoolType>(&mut group, &rows, |row| Some(row.is_latest))?;
        column::<BoolType>(&mut group, &rows, |row| Some(row.is_delete_marker))?;
        let size = |row: &Object| if row.is_delete_marker { None } else { Some(row.size) };
        column::<Int64Type>(&mut group, &rows, |row| size(row).and_then(|it| it.try_into().ok()))?;
        column::<Int64Type>(&mut group, &rows, |_| Some(MODIFIED))?;
        texts(&mut group, &rows, Object::e_tag, false)?;
        texts(&mut group, &rows, |row| row.storage_class.to_owned(), false)?;
        column::<BoolType>(&mut group, &rows, |_| Some(false))?;
        texts(&mut group, &rows, |_| String::new(), false)?;
        texts(&mut group, &rows, |row| row.encryption.to_owned(), false)?;
        texts(&mut group, &rows, |_| "DISABLED".to_owned(), false)?;
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

fn texts(
    group: &mut SerializedRowGroupWriter<'_, File>,
    rows: &[Object],
    text: impl Fn(&Object) -> String,
    is_required: bool,
) -> Result<()> {
    column::<ByteArrayType>(group, rows, |row| {
        let text = text(row);
        (is_required || !text.is_empty()).then(|| ByteArray::from(text.into_bytes()))
    })
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    rows: &[Object],
    value: impl Fn(&Object) -> Option<T::T>,
) -> Result<()> {
    let mut column = group.next_column()?.ok_or("the schema has fewer columns")?;
    for rows in rows.chunks(10_000) {
        let values: Vec<Option<T::T>> = rows.iter().map(&value).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<T::T> = values.into_iter().flatten().collect();
        column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    }
    column.close()?;
    Ok(())
}

/// Writes `manifest.json` and `manifest.checksum` of data files in `folder/data`.
pub(crate) fn manifest(folder: &Path, format: &str, schema: &str, names: &[String]) -> Result<()> {
    let mut files = Vec::new();
    for name in names {
        let content = fs::read(folder.join("data").join(name))?;
        let md5 = u128::from_be_bytes(Md5::digest(&content).into());
        files.push(format!(
            r#"{{"key": "inventory/{BUCKET}/all/data/{name}", "size": {}, "MD5checksum": "{md5:032x}"}}"#,
            content.len()
        ));
    }
    let json = format!(
        r#"{{"sourceBucket": "{BUCKET}", "destinationBucket": "arn:aws:s3:::reports", "version": "2016-11-30", "creationTimestamp": "{CREATED}", "fileFormat": "{format}", "fileSchema": "{schema}", "files": [{}]}}"#,
        files.join(", ")
    );
    let checksum = u128::from_be_bytes(Md5::digest(&json).into());
    fs::write(folder.join("manifest.json"), json)?;
    fs::write(folder.join("manifest.checksum"), format!("{checksum:032x}\n"))?;
    Ok(())
}
