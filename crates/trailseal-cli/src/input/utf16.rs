//! UTF-16 as UTF-8, in constant memory: Windows `PowerShell` redirects output as UTF-16.

use std::io::{self, Cursor, Read};

const CHUNK_BYTES: usize = 16 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    LittleEndian,
    BigEndian,
}

impl ByteOrder {
    /// The order that the byte order mark or the first character, which is ASCII in JSON, shows.
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

/// Decodes UTF-16 to UTF-8 and keeps the byte order mark.
pub(super) struct Decoder<R> {
    input: R,
    order: ByteOrder,
    /// The bytes of an incomplete character.
    pending: Vec<u8>,
    /// The UTF-8 of the latest chunk.
    decoded: Cursor<Vec<u8>>,
    has_ended: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(input: R, order: ByteOrder) -> Self {
        Self { input, order, pending: Vec::new(), decoded: Cursor::default(), has_ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK_BYTES];
        let length = self.input.read(&mut chunk)?;
        self.has_ended = length == 0;
        self.pending.extend_from_slice(chunk.get(..length).unwrap_or_default());
        let (pairs, odd) = self.pending.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| self.order.unit(*pair)).collect();
        // The second half of a character may be in the next chunk.
        let half = units.pop_if(|last| (0xD800..0xDC00).contains(last));
        let kept = odd.len() + half.map_or(0, |_| 2);
        if self.has_ended && kept > 0 {
            let message = "the text ends within a character";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.pending.drain(..self.pending.len() - kept);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        let text = text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.decoded = Cursor::new(text.into_bytes());
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.decoded.read(buffer)?;
            if length > 0 || buffer.is_empty() || self.has_ended {
                return Ok(length);
            }
            self.refill()?;
        }
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
