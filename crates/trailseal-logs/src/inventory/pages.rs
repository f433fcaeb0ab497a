//! The pages of Parquet files, with bounds.
//!
//! The decoder allocates what a page's header says and expects headers to agree with each other, so
//! that a crafted file could use up the memory or end the process. What it gets is checked first.

use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnDescPtr;

use super::files::Content;
use super::format::PAGE_HEADER;
use super::thrift::{Thrift, is_well_typed};

/// The largest page that is read. Writers make pages of about 1 MiB.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// The longest header of a page that is read.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// The values of the largest dictionary that is read.
const DICTIONARY_VALUES_MAX: usize = 512 << 10;

const TEXT_TOO_LONG: &str = "its texts or levels are longer than the page";

fn fault(text: String) -> ParquetError {
    ParquetError::General(text)
}

/// The bytes of a column in a row group, which are read in order and in parts that are worth a read.
pub(crate) struct Chunks {
    content: Arc<dyn Content>,
    /// Where the column ends: nothing behind it is read ahead.
    end: u64,
    /// The last part, and where it starts.
    part: Mutex<(u64, Bytes)>,
}

impl Chunks {
    pub(crate) fn new(content: &Arc<dyn Content>, end: u64) -> Self {
        Self { content: Arc::clone(content), end, part: Mutex::default() }
    }

    fn read(&self, start: u64, bytes: usize) -> Result<Bytes> {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = start.checked_sub(part.0).and_then(|skipped| usize::try_from(skipped).ok());
        let wanted = skipped.and_then(|skipped| Some(skipped..skipped.checked_add(bytes)?));
        if let Some(wanted) = wanted.filter(|wanted| wanted.end <= part.1.len()) {
            return Ok(part.1.slice(wanted));
        }
        let rest = usize::try_from(self.end.saturating_sub(start)).unwrap_or(usize::MAX);
        let ahead = self.content.read_bytes().min(rest).max(bytes);
        let mut read = self.content.read_at(start, ahead)?;
        // A large page is not read again.
        let is_kept = bytes < self.content.read_bytes();
        *part = if is_kept { (start, read.clone()) } else { (0, Bytes::new()) };
        read.truncate(bytes);
        Ok(read)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.content.bytes()
    }
}

impl ChunkReader for Chunks {
    type T = Cursor<Bytes>;

    /// Reads the header of the page at this place.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let header = self.read(start, HEADER_BYTES_MAX)?;
        check_header(&header).map_err(|text| fault(format!("header of a page: {text}")))?;
        Ok(Cursor::new(header))
    }

    /// Reads a page.
    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length > PAGE_BYTES_MAX {
            return Err(fault(too_large(length)));
        }
        let page = self.read(start, length)?;
        if page.len() != length {
            return Err(fault(format!("a page has {} bytes, expected {length}", page.len())));
        }
        Ok(page)
    }
}

fn too_large(bytes: impl std::fmt::Display) -> String {
    format!("a page has {bytes} bytes, expected at most {} MiB", PAGE_BYTES_MAX >> 20)
}

/// Pages that the decoder can decode.
pub(crate) struct LimitedPageReader<P> {
    pages: P,
    column: ColumnDescPtr,
    has_dictionary: bool,
}

impl<P: PageReader> LimitedPageReader<P> {
    pub(crate) fn new(pages: P, column: ColumnDescPtr) -> Self {
        Self { pages, column, has_dictionary: false }
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        let bytes = page.buffer().len();
        let encoding = match page {
            Page::DictionaryPage { num_values, .. } => {
                let values = usize::try_from(*num_values)?;
                if values > DICTIONARY_VALUES_MAX || values > bytes {
                    return Err(fault(format!(
                        "a dictionary of {bytes} bytes has {values} values, expected at most \
                         {DICTIONARY_VALUES_MAX}"
                    )));
                }
                self.has_dictionary = true;
                return Ok(());
            }
            Page::DataPage { encoding, def_level_encoding, .. } => {
                // parquet-mr writes BIT_PACKED for a column without levels.
                let has_levels = self.column.max_def_level() > 0;
                if has_levels && *def_level_encoding != Encoding::RLE {
                    let text = format!("definition levels are {def_level_encoding}, expected RLE");
                    return Err(fault(text));
                }
                *encoding
            }
            Page::DataPageV2 { encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                if usize::try_from(levels)? > bytes {
                    return Err(fault(format!("a page of {bytes} bytes has {levels} of levels")));
                }
                *encoding
            }
        };
        let is_plain = matches!(encoding, Encoding::PLAIN | Encoding::RLE);
        // parquet-mr writes PLAIN_DICTIONARY in version 1 of the format.
        let has_index = matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        let is_known = is_plain || (has_index && self.has_dictionary);
        if is_known {
            return Ok(());
        }
        Err(fault(format!("a page is {encoding}, expected PLAIN, RLE, or a dictionary before it")))
    }

    /// Makes texts safe to decode: the decoder reads the length of the next text without looking
    /// whether the page has it.
    fn end_texts(&self, page: &mut Page) -> Result<()> {
        if self.column.physical_type() != Type::BYTE_ARRAY {
            return Ok(());
        }
        let (texts, levels) = match page {
            Page::DictionaryPage { buf, .. } => (buf, 0),
            Page::DataPage { buf, encoding: Encoding::PLAIN, .. } => {
                let levels = if self.column.max_def_level() > 0 { levels_of(buf)? } else { 0 };
                (buf, levels)
            }
            Page::DataPageV2 {
                buf,
                encoding: Encoding::PLAIN,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                (buf, usize::try_from(levels)?)
            }
            Page::DataPage { .. } | Page::DataPageV2 { .. } => return Ok(()),
        };
        *texts = with_end(texts, levels)?;
        Ok(())
    }
}

/// The bytes of the definition levels in a page of version 1, and of their length before them.
fn levels_of(page: &[u8]) -> Result<usize> {
    let (length, _) = page.split_first_chunk().ok_or_else(|| fault(TEXT_TOO_LONG.to_owned()))?;
    Ok(usize::try_from(u32::from_le_bytes(*length))?.saturating_add(length.len()))
}

/// Checks that texts fill the page, each preceded by its length, and appends a length that no page
/// can have.
fn with_end(page: &[u8], levels: usize) -> Result<Bytes> {
    let short = || fault(TEXT_TOO_LONG.to_owned());
    let mut rest = page.get(levels..).ok_or_else(short)?;
    while !rest.is_empty() {
        let (length, text) = rest.split_first_chunk().ok_or_else(short)?;
        rest = text.get(usize::try_from(u32::from_le_bytes(*length))?..).ok_or_else(short)?;
    }
    Ok([page, &u32::MAX.to_le_bytes()].concat().into())
}

impl<P: PageReader> Iterator for LimitedPageReader<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for LimitedPageReader<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let mut page = self.pages.get_next_page()?;
        if let Some(page) = &mut page {
            self.check(page)?;
            self.end_texts(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(fault("pages are read in order".to_owned()))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(fault("pages are read in order".to_owned()))
    }
}

/// Checks the sizes in a header, which is a struct in Thrift's compact protocol
/// (`PageHeader` of the Parquet format).
fn check_header(header: &[u8]) -> Result<(), String> {
    const MALFORMED: &str = "it is malformed or longer than 16 KiB";
    if !is_well_typed(header, PAGE_HEADER) {
        return Err(MALFORMED.to_owned());
    }
    let mut sizes = [None; 2];
    let mut levels: i64 = 0;
    Thrift::new(header)
        .fields(&mut |thrift, id, kind| match id {
            2 | 3 => {
                let size = thrift.integer()?;
                let place = sizes.get_mut(usize::try_from(id - 2).ok()?)?;
                place.replace(size).is_none().then_some(())
            }
            8 => thrift.fields(&mut |thrift, id, kind| match id {
                5 | 6 => {
                    levels = levels.checked_add(thrift.integer().filter(|size| *size >= 0)?)?;
                    Some(())
                }
                _ => thrift.skip(kind, 0),
            }),
            _ => thrift.skip(kind, 0),
        })
        .ok_or(MALFORMED)?;
    let [Some(inflated), Some(compressed)] = sizes else {
        return Err("it has no sizes".to_owned());
    };
    for size in [inflated, compressed] {
        let is_small = usize::try_from(size).is_ok_and(|size| size <= PAGE_BYTES_MAX);
        if !is_small {
            return Err(too_large(size));
        }
    }
    if levels > inflated {
        return Err(format!("it has {levels} bytes of levels in a page of {inflated} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_header;

    /// The header of a page of version 2: sizes of 100 and 90 bytes, and levels of 3 and 0.
    const HEADER: [u8; 17] = [
        0x15, 6, 0x15, 200, 1, 0x15, 180, 1, // type, inflated and compressed size
        0x5c, 0x15, 4, 0x45, 6, 0x15, 0, 0, // the header of version 2, as field 8
        0,
    ];

    /// What is wrong with the header and these fields behind its last one.
    fn fault_with(fields: &[u8]) -> String {
        let header = [&HEADER[..HEADER.len() - 1], fields, &[0]].concat();
        check_header(&header).unwrap_err()
    }

    #[test]
    fn a_header_is_checked_as_the_decoder_reads_it() {
        check_header(&HEADER).unwrap();
        for (fields, what) in [
            (&[0x05, 4, 200, 1][..], "the inflated size twice"),
            (&[0x08, 2, 1, 0], "the type of the page as text"),
            (&[0x06, 8, 0], "the checksum in 64 bits"),
            (&[0x05, 10, 0], "a number in place of the header of version 1"),
            (&[0x0c, 14, 0x18, 1, 0, 0], "the values of a dictionary as text"),
            (&[0x06, 4, 200, 1], "the inflated size again, in 64 bits"),
            (&[0x06, 6, 180, 1], "the compressed size again, in 64 bits"),
            (&[0x05, 16, 0], "a number in place of the header of version 2"),
            (&[0x0c, 16, 0x56, 6, 0], "the bytes of definition levels in 64 bits"),
            (&[0x0c, 16, 0x66, 6, 0], "the bytes of repetition levels in 64 bits"),
            (&[0x0c, 16, 0x55, 7, 0], "a negative number of bytes of levels"),
            (&[0x05, 0x84, 0x80, 0x08, 200, 1], "the ID 65,538, which is 2 in 16 bits"),
            (&[0x09, 40, 0x31, 1, 1, 1], "a list of Booleans, which the decoder reads as empty"),
        ] {
            assert_eq!(fault_with(fields), "it is malformed or longer than 16 KiB", "{what}");
        }
        // Other fields are skipped.
        let header = [&HEADER[..HEADER.len() - 1], &[0x06, 40, 200, 1, 0]].concat();
        check_header(&header).unwrap();
    }
}
