//! Data files in CSV: gzip, no header, all values in quotes, columns in the order of `fileSchema`,
//! and keys URL-encoded (S3 User Guide, "Amazon S3 Inventory list").

use std::io::{BufRead, BufReader};

use flate2::bufread::MultiGzDecoder;
use memchr::memchr2;

use super::files::{Content, HashingReader};
use super::manifest::DataFile;
use super::rows::{Column, Counter, Record, RowFault};
use crate::csv_rows::{Row, Rows};

/// The size of reads of inflated text.
const BUFFER_BYTES: usize = 64 << 10;

/// Where each column of [`Column::ALL`] is in a row.
type Places = [Option<usize>; Column::ALL.len()];

/// Counts the rows of a file and verifies its checksum.
///
/// `stop` is checked between rows. If it returns `true`, not all rows were counted, and the caller
/// discards the result.
pub(crate) fn count(
    input: Box<dyn Content>,
    file: &DataFile,
    columns: &[String],
    counter: &mut Counter<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<(), String> {
    let places = Column::ALL.map(|column| columns.iter().position(|name| name == column.name()));
    let gzip = MultiGzDecoder::new(HashingReader::new(input, file, stop));
    let input = BufReader::with_capacity(BUFFER_BYTES, gzip);
    let mut rows = Rows::new(input, columns.len());
    let counted = count_rows(&mut rows, columns.len(), &places, counter, stop);
    // A damaged file is described best by its checksum.
    rows.into_input().into_inner().into_inner().finish(file).and(counted)
}

fn count_rows(
    rows: &mut Rows<impl BufRead>,
    columns: usize,
    places: &Places,
    counter: &mut Counter<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<(), String> {
    let mut key = Vec::new();
    let mut number: u64 = 0;
    while let Some(row) = rows.next().map_err(|fault| format!("row {}: {fault}", number + 1))? {
        number += 1;
        if number.is_multiple_of(4096) && stop() {
            return Ok(());
        }
        let values = row.len();
        if values != columns {
            return Err(format!("row {number}: it has {values} values, expected {columns}"));
        }
        let counted = record(row, places, &mut key).and_then(|record| counter.count(&record));
        counted.map_err(|fault| format!("row {number}: {fault}"))?;
    }
    Ok(())
}

fn record<'a>(row: &'a Row, places: &Places, key: &'a mut Vec<u8>) -> Result<Record<'a>, RowFault> {
    let [bucket, encoded_key, is_latest, is_delete_marker, size, storage_class, encryption] =
        places.map(|place| place.map(|place| row.value(place)));
    let flag = |column, value: Option<&[u8]>| match value {
        None => Ok(None),
        Some(b"true") => Ok(Some(true)),
        Some(b"false") => Ok(Some(false)),
        Some(other) => Err(RowFault::value(column, other, "`true` or `false`")),
    };
    let size = match size {
        None | Some(b"") => None,
        Some(digits) => Some(
            number(digits)
                .ok_or_else(|| RowFault::value(Column::Size, digits, "a number of bytes"))?,
        ),
    };
    let encoded_key = encoded_key.unwrap_or_default();
    let key = decoded(encoded_key, key)
        .ok_or_else(|| RowFault::value(Column::Key, encoded_key, "a URL-encoded key"))?;
    Ok(Record {
        bucket: bucket.unwrap_or_default(),
        key,
        is_latest: flag(Column::IsLatest, is_latest)?,
        is_delete_marker: flag(Column::IsDeleteMarker, is_delete_marker)?,
        size,
        storage_class: storage_class.unwrap_or_default(),
        encryption: encryption.unwrap_or_default(),
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    let text = str::from_utf8(digits).ok()?;
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// Decodes a key: `%` and two hexadecimal digits are a byte, and `+` is a space. A plus sign in a key
/// is `%2B`.
fn decoded<'a>(text: &'a [u8], out: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if memchr2(b'%', b'+', text).is_none() {
        return Some(text);
    }
    out.clear();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
                let digits = str::from_utf8(digits).ok().filter(|_| is_hex)?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
                rest = after;
            }
            other => out.push(*other),
        }
    }
    Some(out)
}
