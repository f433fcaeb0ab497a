//! Data files in CSV: gzip, no header, all values in quotes, columns in the order of `fileSchema`,
//! and keys URL-encoded (S3 User Guide, "Amazon S3 Inventory list").

use std::io::{BufRead, BufReader};

use csv_core::{ReadRecordResult, Reader};
use flate2::bufread::MultiGzDecoder;
use memchr::memchr2;

use super::files::{HashingReader, Opened};
use super::manifest::DataFile;
use super::rows::{Column, Counter, Record, RowFault};

/// The longest row that is read. An object's access control list, which is the longest value, has at
/// most 100 grants.
const ROW_BYTES_MAX: usize = 256 << 10;

/// The size of reads of inflated text.
const BUFFER_BYTES: usize = 64 << 10;

/// Where each column of [`Column::ALL`] is in a row.
type Places = [Option<usize>; Column::ALL.len()];

/// Counts the rows of a file and verifies its checksum.
///
/// `stop` is asked between rows; if it says so, the result is of no use.
pub(crate) fn count(
    input: Opened,
    file: &DataFile,
    columns: &[String],
    counter: &mut Counter<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<(), String> {
    let places = Column::ALL.map(|column| columns.iter().position(|name| name == column.name()));
    let gzip = MultiGzDecoder::new(HashingReader::new(input, file));
    let mut rows = Rows {
        input: BufReader::with_capacity(BUFFER_BYTES, gzip),
        parser: Reader::new(),
        text: vec![0; ROW_BYTES_MAX],
        ends: vec![0; columns.len() + 1],
        key: Vec::new(),
        places,
    };
    let counted = rows.count(columns.len(), counter, stop);
    // A damaged file is described best by its checksum.
    rows.input.into_inner().into_inner().finish(file).and(counted)
}

struct Rows {
    input: BufReader<MultiGzDecoder<HashingReader>>,
    parser: Reader,
    /// The values of a row, one after another, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// A decoded key.
    key: Vec<u8>,
    places: Places,
}

impl Rows {
    fn count(
        &mut self,
        columns: usize,
        counter: &mut Counter<'_>,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let mut row: u64 = 0;
        while let Some(values) = self.next().map_err(|fault| format!("row {}: {fault}", row + 1))? {
            row += 1;
            if row.is_multiple_of(4096) && stop() {
                return Ok(());
            }
            if values != columns {
                return Err(format!("row {row}: it has {values} values, expected {columns}"));
            }
            let record = record(&self.text, &self.ends, &self.places, &mut self.key);
            let counted = record.and_then(|record| counter.count(&record));
            counted.map_err(|fault| format!("row {row}: {fault}"))?;
        }
        Ok(())
    }

    /// Reads a row and returns the number of its values; `None` at the end.
    fn next(&mut self) -> Result<Option<usize>, String> {
        let (mut bytes, mut values) = (0, 0);
        loop {
            let input = self.input.fill_buf().map_err(|error| format!("gzip: {error}"))?;
            let text = self.text.get_mut(bytes..).unwrap_or_default();
            let ends = self.ends.get_mut(values..).unwrap_or_default();
            let (result, read, written, ended) = self.parser.read_record(input, text, ends);
            self.input.consume(read);
            bytes += written;
            values += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    return Err(format!("it is longer than {} KiB", ROW_BYTES_MAX >> 10));
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err("it has more values than `fileSchema` has columns".to_owned());
                }
                ReadRecordResult::Record => return Ok(Some(values)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

fn record<'a>(
    text: &'a [u8],
    ends: &[usize],
    places: &Places,
    key: &'a mut Vec<u8>,
) -> Result<Record<'a>, RowFault> {
    let value = |place: usize| {
        let start = place.checked_sub(1).and_then(|before| ends.get(before)).copied();
        let end = ends.get(place).copied().unwrap_or_default();
        text.get(start.unwrap_or_default()..end).unwrap_or_default()
    };
    let [bucket, encoded_key, is_latest, is_delete_marker, size, storage_class, encryption] =
        places.map(|place| place.map(value));
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
