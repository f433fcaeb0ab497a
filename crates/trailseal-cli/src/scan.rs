//! Finds configuration items and trails in JSON text of any size, in constant memory.
//!
//! Text is pushed in chunks. What is of use is handed on as soon as it is whole: the elements of
//! a top-level `configurationItems`, `baseConfigurationItems` or `trailList`, and each document
//! without these elements (rule events, single items). Nothing is judged and little is validated here; whoever takes a piece parses it.
//!
//! INVARIANT (bounded): what is kept between two chunks is never longer than [`PIECE_BYTES_MAX`]
//! and one chunk, and nesting is counted, not stacked.

mod item;
mod prefilter;

use thiserror::Error;

use item::Skipper;
use prefilter::Prefilter;

/// The longest item or document that is looked at: far above what AWS Config delivers.
pub(crate) const PIECE_BYTES_MAX: usize = 8 << 20;

/// Bytes of the longest member name that means anything here.
const NAME_BYTES_MAX: usize = 64;

/// Something of use in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document<'a> {
    /// An element of `configurationItems`.
    Item(&'a [u8]),
    /// An element of `trailList`, as CloudTrail's `DescribeTrails` answers.
    Described(&'a [u8]),
    /// A document that has no list.
    Other(&'a [u8]),
    /// What a document holds beside its lists; a list that had elements holds `1`.
    Remainder(&'a [u8]),
}

/// Why a text cannot be used; every position counts bytes of the text from 0.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// It holds nothing but blanks.
    #[error("is empty")]
    Empty,
    /// Something else than a JSON object stands where a document begins.
    #[error("is not JSON that holds objects (byte {at})")]
    NotJson {
        /// Where.
        at: u64,
    },
    /// A list of items or trails holds something else than objects between commas.
    #[error("is corrupt: `{list}` holds something that is no object (byte {at})")]
    NotAnObject {
        /// The list.
        list: &'static str,
        /// Where.
        at: u64,
    },
    /// Nesting beyond all that AWS writes.
    #[error("is nested deeper than {max} levels (byte {at})", max = item::DEPTH_MAX)]
    TooDeep {
        /// Where.
        at: u64,
    },
    /// One item, document or value is beyond all that AWS writes.
    #[error("holds one item, document or value of more than {} MiB (byte {at})", PIECE_BYTES_MAX >> 20)]
    TooLong {
        /// Where.
        at: u64,
    },
    /// It ends within an object or list.
    #[error("is cut short: it ends within a document (byte {at})")]
    Truncated {
        /// Where.
        at: u64,
    },
}

/// The lists whose elements are handed on one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Items,
    /// Of `BatchGetResourceConfig`.
    BaseItems,
    /// Of `BatchGetAggregateResourceConfig`.
    AggregateItems,
    Trails,
}

impl List {
    fn of_name(name: &[u8]) -> Option<Self> {
        match name {
            b"configurationItems" => Some(Self::Items),
            b"baseConfigurationItems" => Some(Self::BaseItems),
            b"BaseConfigurationItems" => Some(Self::AggregateItems),
            b"trailList" => Some(Self::Trails),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Items => "configurationItems",
            Self::BaseItems => "baseConfigurationItems",
            Self::AggregateItems => "BaseConfigurationItems",
            Self::Trails => "trailList",
        }
    }

    fn piece(self, text: &[u8]) -> Document<'_> {
        match self {
            Self::Items | Self::BaseItems | Self::AggregateItems => Document::Item(text),
            Self::Trails => Document::Described(text),
        }
    }
}

/// Where in the text the scanner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Outside of every document.
    Between,
    /// In a document, outside of its lists.
    Document,
    /// In a list, before, between or behind its elements.
    List(List),
    /// In an element of a list.
    Element(List),
}

/// Takes text in chunks and hands on what is of use.
#[derive(Debug)]
pub(crate) struct Scanner {
    place: Place,
    /// Bytes of the text before the current chunk.
    before: u64,
    /// Whether the documents stand in one list around all.
    in_outer_list: bool,
    /// Documents begun, and the list around them.
    documents: u64,
    document: DocumentState,
    /// Whether an element has just ended, so that a comma must come before the next.
    after_element: bool,
    skipper: Skipper,
    prefilter: Prefilter,
    /// The element that began in an earlier chunk.
    carried: Vec<u8>,
    /// The document without the elements of its lists.
    remainder: Vec<u8>,
    /// Whether the current list has handed on an element, or passed it over.
    has_elements: bool,
}

/// Where in a document, outside of its lists, the scanner stands.
#[derive(Debug, Default)]
struct DocumentState {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The latest string directly in the document.
    name: Vec<u8>,
    /// Whether that was a name, so that its value comes now.
    at_value: bool,
    /// Whether it has a list, so that it is handed on in pieces.
    has_list: bool,
    /// Bytes of the document without its lists.
    bytes: usize,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            place: Place::Between,
            before: 0,
            in_outer_list: false,
            documents: 0,
            document: DocumentState::default(),
            after_element: false,
            skipper: Skipper::default(),
            prefilter: Prefilter::new(),
            carried: Vec::new(),
            remainder: Vec::new(),
            has_elements: false,
        }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    ///
    /// The text cannot be used; what was handed on before must not be used either.
    pub(crate) fn push(
        &mut self,
        chunk: &[u8],
        take: &mut dyn FnMut(Document<'_>),
    ) -> Result<(), ScanError> {
        let mut at = 0;
        while at < chunk.len() {
            at = match self.place {
                Place::Between => self.between(chunk, at)?,
                Place::Document => self.document(chunk, at, take)?,
                Place::List(list) => self.list(list, chunk, at)?,
                Place::Element(list) => self.element(list, chunk, at, take)?,
            };
        }
        self.before += chunk.len() as u64;
        Ok(())
    }

    /// Ends the text.
    ///
    /// # Errors
    ///
    /// It ends within a document, or holds none.
    pub(crate) fn finish(&self) -> Result<(), ScanError> {
        if self.place != Place::Between || self.in_outer_list {
            return Err(ScanError::Truncated { at: self.before });
        }
        if self.documents == 0 {
            return Err(ScanError::Empty);
        }
        Ok(())
    }

    fn position(&self, at: usize) -> u64 {
        self.before + at as u64
    }

    fn between(&mut self, chunk: &[u8], at: usize) -> Result<usize, ScanError> {
        for (offset, &byte) in chunk.iter().enumerate().skip(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'{' => {
                    self.documents += 1;
                    self.document.begin();
                    self.carried.clear();
                    self.remainder.clear();
                    self.place = Place::Document;
                    return Ok(offset);
                }
                b'[' if !self.in_outer_list => {
                    self.documents += 1;
                    self.in_outer_list = true;
                }
                b']' if self.in_outer_list => self.in_outer_list = false,
                b',' if self.in_outer_list => {}
                _ if is_byte_order_mark(self.position(offset), byte) => {}
                _ => return Err(ScanError::NotJson { at: self.position(offset) }),
            }
        }
        Ok(chunk.len())
    }

    fn document(
        &mut self,
        chunk: &[u8],
        at: usize,
        take: &mut dyn FnMut(Document<'_>),
    ) -> Result<usize, ScanError> {
        let rest = chunk.get(at..).unwrap_or_default();
        let (length, event) = self.document.advance(rest);
        if self.document.bytes > PIECE_BYTES_MAX {
            return Err(ScanError::TooLong { at: self.position(at) });
        }
        let end = at + length;
        self.remainder.extend_from_slice(chunk.get(at..end).unwrap_or_default());
        match event {
            None => {}
            Some(DocumentEvent::TooDeep) => {
                return Err(ScanError::TooDeep { at: self.position(end) });
            }
            Some(DocumentEvent::List(list)) => {
                self.carried.clear();
                self.after_element = false;
                self.has_elements = false;
                self.place = Place::List(list);
            }
            Some(DocumentEvent::End) => {
                self.place = Place::Between;
                take(if self.document.has_list {
                    Document::Remainder(&self.remainder)
                } else {
                    Document::Other(&self.remainder)
                });
                self.remainder.clear();
            }
        }
        Ok(end)
    }

    fn list(&mut self, list: List, chunk: &[u8], at: usize) -> Result<usize, ScanError> {
        for (offset, &byte) in chunk.iter().enumerate().skip(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b',' if self.after_element => self.after_element = false,
                b'{' if !self.after_element => {
                    self.skipper.begin();
                    self.place = Place::Element(list);
                    return Ok(offset);
                }
                b']' => {
                    self.document.end_list();
                    let end: &[u8] = if self.has_elements { b"1]" } else { b"]" };
                    self.remainder.extend_from_slice(end);
                    self.place = Place::Document;
                    return Ok(offset + 1);
                }
                _ => {
                    let at = self.position(offset);
                    return Err(ScanError::NotAnObject { list: list.name(), at });
                }
            }
        }
        Ok(chunk.len())
    }

    fn element(
        &mut self,
        list: List,
        chunk: &[u8],
        at: usize,
        take: &mut dyn FnMut(Document<'_>),
    ) -> Result<usize, ScanError> {
        let rest = chunk.get(at..).unwrap_or_default();
        let found = self.skipper.skip(rest);
        let length = match found {
            item::Skipped::All => rest.len(),
            item::Skipped::End(length) | item::Skipped::TooDeep(length) => length,
        };
        let end = at + length;
        if found == item::Skipped::TooDeep(length) {
            return Err(ScanError::TooDeep { at: self.position(end) });
        }
        if self.carried.len() + length > PIECE_BYTES_MAX {
            return Err(ScanError::TooLong { at: self.position(at) });
        }
        let text = chunk.get(at..end).unwrap_or_default();
        if found == item::Skipped::All {
            self.carried.extend_from_slice(text);
            return Ok(end);
        }
        self.after_element = true;
        self.place = Place::List(list);
        // The first tells the account of all: AWS Config delivers each account's items by themselves.
        let is_first = !std::mem::replace(&mut self.has_elements, true);
        let is_wanted = |item: &[u8]| {
            let has_escapes = self.skipper.has_unicode_escapes();
            is_first || list == List::Trails || self.prefilter.may_be_wanted(item, has_escapes)
        };
        if self.carried.is_empty() {
            if is_wanted(text) {
                take(list.piece(text));
            }
        } else {
            self.carried.extend_from_slice(text);
            if is_wanted(&self.carried) {
                take(list.piece(&self.carried));
            }
            self.carried.clear();
        }
        Ok(end)
    }
}

/// Whether this is a byte of the mark with which some programs begin UTF-8.
fn is_byte_order_mark(position: u64, byte: u8) -> bool {
    const MARK: [(u64, u8); 3] = [(0, 0xEF), (1, 0xBB), (2, 0xBF)];
    MARK.contains(&(position, byte))
}

/// What ends a stretch of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DocumentEvent {
    List(List),
    End,
    TooDeep,
}

impl DocumentState {
    fn begin(&mut self) {
        *self = Self::default();
    }

    fn end_list(&mut self) {
        self.at_value = false;
    }

    /// Reads on to the next event, and says how many bytes that took.
    fn advance(&mut self, text: &[u8]) -> (usize, Option<DocumentEvent>) {
        for (offset, &byte) in text.iter().enumerate() {
            if self.in_string {
                self.within_string(byte);
                continue;
            }
            if let Some(event) = self.outside_strings(byte) {
                self.bytes += offset + 1;
                return (offset + 1, Some(event));
            }
        }
        self.bytes += text.len();
        (text.len(), None)
    }

    fn within_string(&mut self, byte: u8) {
        if byte == b'"' && !self.escaped {
            self.in_string = false;
            return;
        }
        self.escaped = byte == b'\\' && !self.escaped;
        if self.depth == 1 && self.name.len() <= NAME_BYTES_MAX {
            self.name.push(byte);
        }
    }

    fn outside_strings(&mut self, byte: u8) -> Option<DocumentEvent> {
        let is_direct = self.depth == 1;
        match byte {
            b'"' => {
                self.in_string = true;
                self.escaped = false;
                if is_direct {
                    self.name.clear();
                }
            }
            b':' if is_direct => self.at_value = true,
            b',' if is_direct => self.at_value = false,
            b'[' if is_direct && self.at_value => {
                if let Some(list) = self.list_named() {
                    self.has_list = true;
                    return Some(DocumentEvent::List(list));
                }
                self.depth += 1;
            }
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth > item::DEPTH_MAX {
                    return Some(DocumentEvent::TooDeep);
                }
            }
            b'}' | b']' => {
                self.depth -= 1;
                return (self.depth == 0).then_some(DocumentEvent::End);
            }
            _ => {}
        }
        None
    }

    /// The list that the latest name means; a name may hold escapes.
    fn list_named(&self) -> Option<List> {
        if !self.name.contains(&b'\\') {
            return List::of_name(&self.name);
        }
        let quoted = [b"\"", self.name.as_slice(), b"\""].concat();
        let name: String = serde_json::from_slice(&quoted).ok()?;
        List::of_name(name.as_bytes())
    }
}

#[cfg(test)]
mod tests;
