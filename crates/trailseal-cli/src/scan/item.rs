//! Finds the end of a JSON object, 64 bytes at a time.
//!
//! Of each block, one mask of bits says where its quotes are, another where its brackets are; what
//! is within strings follows from the quotes alone, and only brackets outside of strings are looked
//! at one by one. The loops are written so that the compiler can use the processor's vectors. The
//! masks are those of Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019.

/// Levels of nesting within one item or document: AWS writes some ten, `serde_json` reads 127.
pub(crate) const DEPTH_MAX: usize = 512;

/// How far skipping came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The object goes on behind this text.
    All,
    /// It ends after so many bytes.
    End(usize),
    /// It is nested deeper than [`DEPTH_MAX`] at this byte.
    TooDeep(usize),
}

/// Where within an object the text stands.
#[derive(Debug, Default)]
pub(crate) struct Skipper {
    depth: usize,
    /// All bits set within a string, none outside.
    in_string: u64,
    /// 1 where the text so far ends with a backslash that escapes the next byte.
    escaped: u64,
    has_escapes: bool,
}

const BLOCK_BYTES: usize = 64;

impl Skipper {
    /// Begins an object, whose brace comes next.
    pub(crate) fn begin(&mut self) {
        *self = Self::default();
    }

    /// Whether there was a backslash since the object began.
    pub(crate) fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    /// Goes on to the end of the object.
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
        // Blanks change nothing, in a string or outside.
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

    /// Goes on through a block, of which so many bytes are text.
    #[inline(always)]
    fn skip_block(&mut self, block: &[u8; BLOCK_BYTES], length: usize) -> Skipped {
        let quotes = mask(block, |byte| byte == b'"') & !self.escaped_bytes(block, length);
        let in_string = each_toggles_the_rest(quotes) ^ self.in_string;
        // The state behind the block is that of its last byte.
        self.in_string = if in_string >> 63 == 1 { u64::MAX } else { 0 };
        let mut brackets = mask(block, is_bracket) & !in_string;
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

    /// The bytes that lose their meaning to a backslash before them.
    ///
    /// In a run of backslashes, every second one counts from the first. Adding the first of each
    /// run that begins at an odd place carries through that run, which tells such runs from those
    /// that begin at an even place without looking at any bit by itself.
    #[inline(always)]
    fn escaped_bytes(&mut self, block: &[u8; BLOCK_BYTES], length: usize) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = mask(block, |byte| byte == b'\\') & !self.escaped;
        self.has_escapes |= backslashes != 0;
        let behind_one = backslashes << 1 | self.escaped;
        let odd_starts = backslashes & !EVEN & !behind_one;
        let (runs, escapes_next_block) = odd_starts.overflowing_add(backslashes);
        let escaped = (EVEN ^ (runs << 1)) & behind_one;
        // Behind a text that ends within the block stand blanks, of which the first may be escaped.
        self.escaped = match 1_u64.checked_shl(length as u32) {
            Some(next) => u64::from(escaped & next != 0),
            None => u64::from(escapes_next_block),
        };
        escaped
    }
}

fn is_bracket(byte: u8) -> bool {
    // Square and curly ones differ in one bit. No short cut: the compiler makes vectors of it.
    let curly = byte | 0b10_0000;
    (curly == b'{') | (curly == b'}')
}

/// Of the four brackets, only the opening ones have this bit.
fn is_opening(bracket: u8) -> bool {
    bracket & 0b10 != 0
}

/// Bit `n` says whether byte `n` is of the kind.
#[inline(always)]
fn mask(block: &[u8; BLOCK_BYTES], is_of_kind: impl Fn(u8) -> bool) -> u64 {
    // Moves the lowest bit of each byte, the first byte's first, into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let ones = block.map(|byte| u8::from(is_of_kind(byte)));
    let (words, _none) = ones.as_chunks::<8>();
    let mut mask = 0;
    for (index, word) in words.iter().enumerate() {
        let bits = u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56;
        mask |= bits << (8 * index);
    }
    mask
}

/// Each bit that is set turns over all bits from its own on.
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
            assert_eq!(mask(&block, |byte| byte == b'"'), 1 << place);
        }
    }

    #[test]
    fn only_the_four_brackets_are_brackets() {
        let brackets: Vec<u8> = (0..=255).filter(|byte| is_bracket(*byte)).collect();
        assert_eq!(brackets, b"[]{}");
        let opening: Vec<u8> = brackets.into_iter().filter(|byte| is_opening(*byte)).collect();
        assert_eq!(opening, b"[{");
    }

    /// Backslashes at every place of a block and over its edge.
    #[test]
    fn an_escape_counts_wherever_it_stands() {
        for blanks in 0..140 {
            for backslashes in 0..6 {
                let (blanks, slashes) = (" ".repeat(blanks), "\\".repeat(backslashes));
                let text = format!("{{{blanks}\"{slashes}\"}}\"}}");
                let closing = if backslashes % 2 == 0 { 2 } else { 4 };
                let end = 1 + blanks.len() + 1 + slashes.len() + closing;
                for cut in 0..text.len() {
                    let (first, rest) = text.as_bytes().split_at(cut);
                    let mut skipper = Skipper::default();
                    let whole = match skipper.skip(first) {
                        Skipped::All => skipper.skip(rest),
                        ended @ (Skipped::End(_) | Skipped::TooDeep(_)) => ended,
                    };
                    let expected = if cut < end { end - cut } else { end };
                    assert_eq!(whole, Skipped::End(expected), "{text}, cut at {cut}");
                }
            }
        }
    }
}
