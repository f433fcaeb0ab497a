//! Finds the end of a JSON object, 64 bytes at a time.
//!
//! One bit mask of each block has its quotes, another its brackets. The quotes show which bytes are
//! in strings; only the brackets outside strings are examined one by one. The masks are those of
//! Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019; the processor's vectors
//! compare sixteen bytes at a time.

use wide::u8x16;

/// Levels of nesting in one item or document: AWS uses about ten, `serde_json` reads 127.
pub(crate) const DEPTH_MAX: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The object continues after this text.
    All,
    /// It ends after this number of bytes.
    End(usize),
    /// It is nested deeper than [`DEPTH_MAX`] at this byte.
    TooDeep(usize),
}

/// The position in an object.
#[derive(Debug, Default)]
pub(crate) struct Skipper {
    depth: usize,
    /// All bits set within a string, none outside.
    in_string: u64,
    /// 1 if the text so far ends with a backslash that escapes the next byte.
    escaped: u64,
    has_unicode_escapes: bool,
}

const BLOCK_BYTES: usize = 64;

impl Skipper {
    /// In the object, behind its opening bracket.
    pub(crate) fn inside() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// How many objects and lists are open.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether there was a `\u` since the object began.
    pub(crate) fn has_unicode_escapes(&self) -> bool {
        self.has_unicode_escapes
    }

    /// Skips to the end of the object.
    pub(crate) fn skip(&mut self, text: &[u8]) -> Skipped {
        let (blocks, tail) = text.as_chunks::<BLOCK_BYTES>();
        let mut at = 0;
        for block in blocks {
            match self.skip_block(block, BLOCK_BYTES) {
                Skipped::All => at += BLOCK_BYTES,
                Skipped::End(offset) => return Skipped::End(at + offset),
                Skipped::TooDeep(offset) => return Skipped::TooDeep(at + offset),
            }
        }
        // Spaces change nothing, inside or outside a string.
        let mut block = [b' '; BLOCK_BYTES];
        for (place, byte) in block.iter_mut().zip(tail) {
            *place = *byte;
        }
        match self.skip_block(&block, tail.len()) {
            Skipped::All => Skipped::All,
            Skipped::End(offset) => Skipped::End(at + offset),
            Skipped::TooDeep(offset) => Skipped::TooDeep(at + offset),
        }
    }

    /// Skips a block; its first `length` bytes are text.
    #[inline(always)]
    fn skip_block(&mut self, block: &[u8; BLOCK_BYTES], length: usize) -> Skipped {
        let vectors = vectors(block);
        let escaped = self.escaped_bytes(&vectors, length);
        if escaped != 0 {
            let letters = mask(&vectors, |bytes| bytes.simd_eq(u8x16::splat(b'u')));
            self.has_unicode_escapes |= escaped & letters != 0;
        }
        let quotes = mask(&vectors, |bytes| bytes.simd_eq(u8x16::splat(b'"'))) & !escaped;
        let in_string = each_toggles_the_rest(quotes) ^ self.in_string;
        // The state after the block is that of its last byte.
        self.in_string = if in_string >> 63 == 1 { u64::MAX } else { 0 };
        let mut brackets = mask(&vectors, are_brackets) & !in_string;
        while brackets != 0 {
            let offset = brackets.trailing_zeros() as usize;
            if block.get(offset).is_some_and(|byte| is_opening(*byte)) {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Skipped::TooDeep(offset + 1);
                }
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Skipped::End(offset + 1);
                }
            }
            brackets &= brackets - 1;
        }
        Skipped::All
    }

    /// The bytes that a backslash escapes.
    ///
    /// In a run of backslashes, the first and then every second one escapes the next byte. Adding
    /// the first bit of each run that begins at an odd position carries through that run, which
    /// separates these runs from those that begin at an even position.
    #[inline(always)]
    fn escaped_bytes(&mut self, block: &Vectors, length: usize) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = mask(block, |bytes| bytes.simd_eq(u8x16::splat(b'\\'))) & !self.escaped;
        let behind_one = backslashes << 1 | self.escaped;
        let odd_starts = backslashes & !EVEN & !behind_one;
        let (runs, escapes_next_block) = odd_starts.overflowing_add(backslashes);
        let escaped = (EVEN ^ (runs << 1)) & behind_one;
        // Spaces follow text that ends within the block; the first of them may be escaped.
        self.escaped = match 1_u64.checked_shl(length as u32) {
            Some(next) => u64::from(escaped & next != 0),
            None => u64::from(escapes_next_block),
        };
        escaped
    }
}

/// Square and curly brackets differ in one bit.
#[inline(always)]
fn are_brackets(bytes: u8x16) -> u8x16 {
    let curly = bytes | u8x16::splat(0b10_0000);
    curly.simd_eq(u8x16::splat(b'{')) | curly.simd_eq(u8x16::splat(b'}'))
}

/// Of the four brackets, only the opening ones have this bit.
fn is_opening(bracket: u8) -> bool {
    bracket & 0b10 != 0
}

/// A block, as the processor compares it.
type Vectors = [u8x16; BLOCK_BYTES / 16];

#[inline(always)]
fn vectors(block: &[u8; BLOCK_BYTES]) -> Vectors {
    let mut vectors = [u8x16::ZERO; BLOCK_BYTES / 16];
    let (parts, _none) = block.as_chunks::<16>();
    for (vector, part) in vectors.iter_mut().zip(parts) {
        *vector = u8x16::new(*part);
    }
    vectors
}

/// Bit `n` is set if `kind` returns all ones for byte `n`.
#[inline(always)]
fn mask(block: &Vectors, kind: impl Fn(u8x16) -> u8x16) -> u64 {
    let masks = block.iter().map(|bytes| u64::from(kind(*bytes).to_bitmask()));
    masks.rev().fold(0, |mask, next| mask << 16 | next)
}

/// Each set bit toggles all bits from its own position on.
fn each_toggles_the_rest(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, distance| bits ^ (bits << distance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_a_bit_for_each_byte_of_the_kind() {
        for place in 0..BLOCK_BYTES {
            let mut block = [b'x'; BLOCK_BYTES];
            block[place] = b'"';
            let quotes = mask(&vectors(&block), |bytes| bytes.simd_eq(u8x16::splat(b'"')));
            assert_eq!(quotes, 1 << place);
        }
    }

    #[test]
    fn only_the_four_brackets_are_brackets() {
        let is_bracket = |byte: u8| are_brackets(u8x16::splat(byte)) != u8x16::ZERO;
        let brackets: Vec<u8> = (0..=255).filter(|byte| is_bracket(*byte)).collect();
        assert_eq!(brackets, b"[]{}");
        let opening: Vec<u8> = brackets.into_iter().filter(|byte| is_opening(*byte)).collect();
        assert_eq!(opening, b"[{");
    }

    #[test]
    fn escapes_are_found_at_every_position() {
        for blanks in 0..140 {
            for backslashes in 0..6 {
                let (blanks, slashes) = (" ".repeat(blanks), "\\".repeat(backslashes));
                let is_odd = backslashes % 2 == 1;
                let quoted = format!("{{{blanks}\"{slashes}\"}}\"}}");
                let end = quoted.len() - if is_odd { 0 } else { 2 };
                let letter = format!("{{\"{blanks}{slashes}u0041\"}}");
                for cut in 0..letter.len() {
                    let (first, rest) = letter.as_bytes().split_at(cut);
                    let mut skipper = Skipper::default();
                    let _whole = (skipper.skip(first), skipper.skip(rest));
                    assert_eq!(skipper.has_unicode_escapes(), is_odd, "{letter}, cut at {cut}");
                }
                for cut in 0..quoted.len() {
                    let (first, rest) = quoted.as_bytes().split_at(cut);
                    let mut skipper = Skipper::default();
                    let whole = match skipper.skip(first) {
                        Skipped::All => skipper.skip(rest),
                        ended @ (Skipped::End(_) | Skipped::TooDeep(_)) => ended,
                    };
                    let expected = if cut < end { end - cut } else { end };
                    assert_eq!(whole, Skipped::End(expected), "{quoted}, cut at {cut}");
                }
            }
        }
    }
}
