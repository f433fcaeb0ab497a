//! UTF-16 as UTF-8, in constant memory: Windows `PowerShell` redirects output as UTF-16.

use std::io::{self, Read};

/// Bytes that are decoded at once.
const CHUNK_BYTES: usize = 16 << 10;

/// The order of the bytes of a code unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    LittleEndian,
    BigEndian,
}

impl ByteOrder {
    /// The order that a byte order mark tells, or that the first character of JSON does, which is
    /// ASCII.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        match text {
            [0xFF, 0xFE, ..] => Some(Self::LittleEndian),
            [0xFE, 0xFF, ..] => Some(Self::BigEndian),
            [1..=0x7F, 0, ..] => Some(Self::LittleEndian),
            [0, 1..=0x7F, ..] => Some(Self::BigEndian),
            _ => None,
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Self::LittleEndian => u16::from_le_bytes(pair),
            Self::BigEndian => u16::from_be_bytes(pair),
        }
    }
}

/// Reads UTF-16, byte order mark included, as UTF-8, in which that mark is left.
pub(super) struct Decoder<R> {
    input: R,
    order: ByteOrder,
    /// Bytes that belong to a character that is not whole yet.
    pending: Vec<u8>,
    /// UTF-8 that was not handed on yet, and how much of it was.
    decoded: Vec<u8>,
    handed_on: usize,
    has_ended: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(input: R, order: ByteOrder) -> Self {
        let (pending, decoded) = (Vec::new(), Vec::new());
        Self { input, order, pending, decoded, handed_on: 0, has_ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK_BYTES];
        let length = self.input.read(&mut chunk)?;
        self.has_ended = length == 0;
        self.pending.extend_from_slice(chunk.get(..length).unwrap_or_default());
        let (pairs, odd) = self.pending.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| self.order.unit(*pair)).collect();
        let mut rest = odd.to_vec();
        // The second half of a character may come with the next bytes.
        if let Some(last) = units.pop_if(|last| (0xD800..0xDC00).contains(last)) {
            let bytes = match self.order {
                ByteOrder::LittleEndian => last.to_le_bytes(),
                ByteOrder::BigEndian => last.to_be_bytes(),
            };
            rest.splice(0..0, bytes);
        }
        if self.has_ended && !rest.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a character"));
        }
        self.pending = rest;
        let text: Result<String, _> = char::decode_utf16(units).collect();
        let text = text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.decoded = text.into_bytes();
        self.handed_on = 0;
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.handed_on == self.decoded.len() && !self.has_ended {
            self.refill()?;
        }
        let rest = self.decoded.get(self.handed_on..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.handed_on += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> io::Result<String> {
        let order = ByteOrder::of(bytes).unwrap();
        let mut text = String::new();
        Decoder::new(bytes, order).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn both_orders_are_read_with_and_without_a_mark() {
        for text in ["\u{feff}{\"a\":\"é 鍵 🔑\"}", "{\"a\":\"🔑\"}"] {
            let text = text.to_owned() + &" 🔑".repeat(20_000);
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(decoded(&little).unwrap(), text);
            assert_eq!(decoded(&big).unwrap(), text);
        }
        assert_eq!(ByteOrder::of(b"{\"a\":1}"), None);
        assert_eq!(ByteOrder::of(b"{"), None);
    }

    #[test]
    fn a_broken_character_is_an_error() {
        assert!(decoded(&[0xFF, 0xFE, b'{', 0, b'}']).is_err());
        assert!(decoded(&[0xFF, 0xFE, 0x00, 0xD8]).is_err());
        assert!(decoded(&[0xFF, 0xFE, 0x00, 0xDC, b'{', 0]).is_err());
    }
}
