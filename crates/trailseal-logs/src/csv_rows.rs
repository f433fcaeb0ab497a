//! Rows of CSV in bounded memory.

use std::io::BufRead;

use csv_core::{ReadRecordResult, Reader};

/// The longest row that is read. An object's access control list, which is the longest value, has at
/// most 100 grants.
const ROW_BYTES_MAX: usize = 256 << 10;

/// Reads one row after another.
pub(crate) struct Rows<R> {
    input: R,
    parser: Reader,
    row: Row,
}

/// The values of a row.
pub(crate) struct Row {
    /// One value after another, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    values: usize,
}

impl<R: BufRead> Rows<R> {
    /// Rows of at most this many values.
    pub(crate) fn new(input: R, values_max: usize) -> Self {
        let row = Row { text: vec![0; ROW_BYTES_MAX], ends: vec![0; values_max + 1], values: 0 };
        Self { input, parser: Reader::new(), row }
    }

    /// The next row; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&Row>, String> {
        let Row { text, ends, values } = &mut self.row;
        let mut bytes = 0;
        *values = 0;
        loop {
            let input = self.input.fill_buf().map_err(|error| error.to_string())?;
            let text = text.get_mut(bytes..).unwrap_or_default();
            let ends = ends.get_mut(*values..).unwrap_or_default();
            let (result, read, written, ended) = self.parser.read_record(input, text, ends);
            self.input.consume(read);
            bytes += written;
            *values += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    return Err(format!("it is longer than {} KiB", ROW_BYTES_MAX >> 10));
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err("it has more values than there are columns".to_owned());
                }
                ReadRecordResult::Record => return Ok(Some(&self.row)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    pub(crate) fn into_input(self) -> R {
        self.input
    }
}

impl Row {
    /// How many values it has.
    pub(crate) fn len(&self) -> usize {
        self.values
    }

    /// A value; empty if there is none.
    pub(crate) fn value(&self, place: usize) -> &[u8] {
        if place >= self.values {
            return &[];
        }
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(place).copied().unwrap_or_default();
        self.text.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}
