//! Finds configuration items and trails in JSON text of any size, in constant memory.
//!
//! [`Scanner`] takes text in chunks. It passes on each part as soon as it is complete: the elements
//! of a top-level `configurationItems`, `baseConfigurationItems` or `trailList`, and each document
//! without these elements (rule events, single items). It validates little; the receiver parses the
//! parts.
//!
//! INVARIANT (bounded): the scanner keeps at most [`DOCUMENT_BYTES_MAX`] and one chunk between two
//! chunks, and counts levels of nesting instead of keeping a stack.

mod item;

use memchr::memmem::Finder;
use thiserror::Error;

use item::{Skipped, Skipper};

/// The longest item or document that is read: far longer than those of AWS Config.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 8 << 20;

/// Bytes of a member name that are kept: more than the names of the lists have.
const NAME_BYTES_MAX: usize = 64;

/// A part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document<'a> {
    /// An element of `configurationItems`.
    Item(&'a [u8]),
    /// An element of `trailList`, from CloudTrail's `DescribeTrails`.
    Described(&'a [u8]),
    /// A document without lists.
    Other(&'a [u8]),
    /// A document without the elements of its lists; `1` replaces the elements of a list.
    Remainder(&'a [u8]),
}

/// Why a text cannot be used. Positions are byte offsets in the text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// It is empty or white space.
    #[error("is empty")]
    Empty,
    /// A document is not a JSON object.
    #[error("is not a sequence of JSON objects (byte {0})")]
    NotJson(u64),
    /// This list of items or trails contains something other than objects and commas.
    #[error("is corrupt: `{0}` contains something other than an object (byte {1})")]
    NotAnObject(&'static str, u64),
    /// It is nested deeper than any document of AWS.
    #[error("is nested deeper than {max} levels (byte {0})", max = item::DEPTH_MAX)]
    TooDeep(u64),
    /// An item, document or value is longer than any of AWS.
    #[error("contains an item, document or value of more than {max} MiB (byte {0})", max = DOCUMENT_BYTES_MAX >> 20)]
    TooLong(u64),
    /// It ends within an object or list.
    #[error("is incomplete: it ends within a document (byte {0})")]
    Truncated(u64),
}

/// A list whose elements are passed on one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct List {
    name: &'static str,
    has_trails: bool,
}

/// The second and third are those of `BatchGetResourceConfig` and `BatchGetAggregateResourceConfig`.
const LISTS: [List; 4] = [
    List { name: "configurationItems", has_trails: false },
    List { name: "baseConfigurationItems", has_trails: false },
    List { name: "BaseConfigurationItems", has_trails: false },
    List { name: "trailList", has_trails: true },
];

/// The names of the lists whose elements are passed on one by one.
pub(crate) fn list_names() -> impl Iterator<Item = &'static str> {
    LISTS.into_iter().map(|list| list.name)
}

impl List {
    fn of_name(name: &[u8]) -> Option<Self> {
        LISTS.into_iter().find(|list| list.name.as_bytes() == name)
    }

    fn document(self, text: &[u8]) -> Document<'_> {
        if self.has_trails { Document::Described(text) } else { Document::Item(text) }
    }
}

/// The position of the scanner in the structure of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Outside of every document.
    #[default]
    Between,
    /// In a document, outside of its lists.
    Document,
    /// In a list, before, between or after its elements.
    List(List),
    Element(List),
}

/// Splits text that comes in chunks.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    state: State,
    /// Bytes of the text before the current chunk.
    before: u64,
    /// Whether one list contains all documents.
    in_outer_list: bool,
    /// The number of documents, and of lists that contain all, that have begun.
    documents: u64,
    document: DocumentState,
    /// Whether an element has just ended, so that a comma must precede the next.
    after_element: bool,
    skipper: Skipper,
    prefilter: Prefilter,
    /// The part of an element in earlier chunks.
    carried: Vec<u8>,
    /// The document so far, without the elements of its lists.
    remainder: Vec<u8>,
    /// Whether the current list has an element.
    has_elements: bool,
}

/// The position in a document, outside of its lists.
#[derive(Debug, Default)]
struct DocumentState {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The latest string at the top level of the document.
    name: Vec<u8>,
    /// Whether that was a name and its value follows.
    at_value: bool,
    /// Whether it has a list, so that it is passed on in parts.
    has_list: bool,
    /// Bytes of the document without its lists.
    bytes: usize,
}

impl Scanner {
    /// Scans the next chunk.
    ///
    /// # Errors
    ///
    /// The text cannot be used; its earlier parts must not be used either.
    pub(crate) fn push(
        &mut self,
        chunk: &[u8],
        take: &mut dyn FnMut(Document<'_>),
    ) -> Result<(), ScanError> {
        let mut at = 0;
        while at < chunk.len() {
            at = match self.state {
                State::Between => self.between(chunk, at)?,
                State::Document => self.document(chunk, at, take)?,
                State::List(list) => self.list(list, chunk, at)?,
                State::Element(list) => self.element(list, chunk, at, take)?,
            };
        }
        self.before += chunk.len() as u64;
        Ok(())
    }

    /// Ends the text.
    ///
    /// # Errors
    ///
    /// It ends within a document, or contains none.
    pub(crate) fn finish(&self) -> Result<(), ScanError> {
        if self.state != State::Between || self.in_outer_list {
            return Err(ScanError::Truncated(self.before));
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
                    self.document = DocumentState::default();
                    self.carried.clear();
                    self.remainder.clear();
                    self.state = State::Document;
                    return Ok(offset);
                }
                b'[' if !self.in_outer_list => {
                    self.documents += 1;
                    self.in_outer_list = true;
                }
                b']' if self.in_outer_list => self.in_outer_list = false,
                b',' if self.in_outer_list => {}
                _ if is_byte_order_mark(self.position(offset), byte) => {}
                _ => return Err(ScanError::NotJson(self.position(offset))),
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
        if self.document.bytes > DOCUMENT_BYTES_MAX {
            return Err(ScanError::TooLong(self.position(at)));
        }
        let end = at + length;
        self.remainder.extend_from_slice(chunk.get(at..end).unwrap_or_default());
        match event {
            None => {}
            Some(DocumentEvent::TooDeep) => return Err(ScanError::TooDeep(self.position(end))),
            Some(DocumentEvent::List(list)) => {
                self.carried.clear();
                self.after_element = false;
                self.has_elements = false;
                self.state = State::List(list);
            }
            Some(DocumentEvent::End) => {
                self.state = State::Between;
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
                    self.skipper = Skipper::default();
                    self.state = State::Element(list);
                    return Ok(offset);
                }
                b']' => {
                    self.document.at_value = false;
                    let end: &[u8] = if self.has_elements { b"1]" } else { b"]" };
                    self.remainder.extend_from_slice(end);
                    self.state = State::Document;
                    return Ok(offset + 1);
                }
                _ => return Err(ScanError::NotAnObject(list.name, self.position(offset))),
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
        let (length, has_ended) = match self.skipper.skip(rest) {
            Skipped::All => (rest.len(), false),
            Skipped::End(length) => (length, true),
            Skipped::TooDeep(length) => return Err(ScanError::TooDeep(self.position(at + length))),
        };
        let end = at + length;
        if self.carried.len() + length > DOCUMENT_BYTES_MAX {
            return Err(ScanError::TooLong(self.position(at)));
        }
        let text = chunk.get(at..end).unwrap_or_default();
        if !has_ended {
            self.carried.extend_from_slice(text);
            return Ok(end);
        }
        self.after_element = true;
        self.state = State::List(list);
        // The first item names the account of all: AWS Config delivers the items of each account
        // separately.
        let is_first = !std::mem::replace(&mut self.has_elements, true);
        let element = if self.carried.is_empty() {
            text
        } else {
            self.carried.extend_from_slice(text);
            &self.carried
        };
        let has_escapes = self.skipper.has_unicode_escapes();
        if is_first || list.has_trails || self.prefilter.may_be_wanted(element, has_escapes) {
            take(list.document(element));
        }
        self.carried.clear();
        Ok(end)
    }
}

/// Whether this is a byte of the byte order mark with which some programs begin UTF-8.
fn is_byte_order_mark(position: u64, byte: u8) -> bool {
    const MARK: [(u64, u8); 3] = [(0, 0xEF), (1, 0xBB), (2, 0xBF)];
    MARK.contains(&(position, byte))
}

/// Why reading a document pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DocumentEvent {
    List(List),
    End,
    TooDeep,
}

impl DocumentState {
    /// Reads up to the next event, and returns the number of bytes read.
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

    /// The list of the latest name, which may contain escapes.
    fn list_named(&self) -> Option<List> {
        if !self.name.contains(&b'\\') {
            return List::of_name(&self.name);
        }
        let quoted = [b"\"", self.name.as_slice(), b"\""].concat();
        let name: String = serde_json::from_slice(&quoted).ok()?;
        List::of_name(name.as_bytes())
    }
}

/// The member name of a type, in the item itself or in a related one.
const TYPE_NAME: &str = "\"resourceType\"";

/// The types of the items that are read.
pub(crate) const WANTED_TYPES: [&str; 4] =
    [trailseal_rule::TRAIL_TYPE, trailseal_rule::KEY_TYPE, "AWS::KMS::Alias", "AWS::S3::Bucket"];

/// The start of an escape that can encode a letter of a type.
const ESCAPE: &str = "\\u00";

/// Rejects most items without parsing them: those that name none of the wanted types.
///
/// It never rejects an item of a wanted type. An item may contain the name of a type for other
/// reasons, or spell it with escapes (`\u0041` is a legal `A`); such items pass and are parsed.
#[derive(Debug)]
struct Prefilter {
    name: Finder<'static>,
    escape: Finder<'static>,
}

impl Default for Prefilter {
    fn default() -> Self {
        Self { name: Finder::new(TYPE_NAME), escape: Finder::new(ESCAPE) }
    }
}

impl Prefilter {
    /// Whether the item may be wanted; `has_escapes` if it contains any `\u`.
    fn may_be_wanted(&self, item: &[u8], has_escapes: bool) -> bool {
        let (mut first, mut last) = (None, None);
        for at in self.name.find_iter(item) {
            // The quote may be one in a string.
            let is_escaped = at.checked_sub(1).and_then(|at| item.get(at)) == Some(&b'\\');
            match TypeValue::after_name(item.get(at + TYPE_NAME.len()..).unwrap_or_default()) {
                TypeValue::Wanted => return true,
                TypeValue::Other if !is_escaped => {
                    first = first.or(Some(at));
                    last = Some(at);
                }
                TypeValue::Other | TypeValue::NoText => {}
            }
        }
        // An item without a type of its own passes, so that it is reported.
        let has_own_type = first.zip(last).is_some_and(|(first, last)| is_own(item, first, last));
        !has_own_type || (has_escapes && self.escape.find(item).is_some())
    }
}

/// Whether the item itself has the member at `first` or at `last`, rather than a value in it.
///
/// AWS Config puts the type of an item before its relationships or near the end, so that only a few
/// bytes are skipped.
fn is_own(item: &[u8], first: usize, last: usize) -> bool {
    let is_first_own = || {
        let mut skipper = Skipper::default();
        skipper.skip(item.get(..first).unwrap_or_default());
        skipper.depth() == 1
    };
    let is_last_own = || {
        let rest = item.get(last..).unwrap_or_default();
        Skipper::inside().skip(rest) == Skipped::End(rest.len())
    };
    if first < item.len() - last {
        is_first_own() || (first != last && is_last_own())
    } else {
        is_last_own() || (first != last && is_first_own())
    }
}

/// What follows the name of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TypeValue {
    Wanted,
    Other,
    /// A value that is not text, or none, because the name itself is a value.
    NoText,
}

impl TypeValue {
    fn after_name(rest: &[u8]) -> Self {
        let value = rest.trim_ascii_start().strip_prefix(b":").unwrap_or_default();
        let Some(text) = value.trim_ascii_start().strip_prefix(b"\"") else { return Self::NoText };
        let is_it = |wanted: &str| {
            text.strip_prefix(wanted.as_bytes()).is_some_and(|end| end.starts_with(b"\""))
        };
        if WANTED_TYPES.into_iter().any(is_it) { Self::Wanted } else { Self::Other }
    }
}

#[cfg(test)]
mod tests;
