//! What leaves for the page: no character that hides text, or that turns it round.

use std::fmt;
use std::io::{self, Write};

/// Writes text, with `�` in the place of every control and direction character.
pub(super) struct SanitizingWriter<'a> {
    out: &'a mut dyn Write,
    failed: io::Result<()>,
}

impl<'a> SanitizingWriter<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, failed: Ok(()) }
    }

    /// What kept the text from being written, if anything did.
    pub(super) fn finish(self) -> io::Result<()> {
        self.failed
    }
}

impl fmt::Write for SanitizingWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let written = if text.contains(is_harmful) {
            self.out.write_all(text.replace(is_harmful, "\u{fffd}").as_bytes())
        } else {
            self.out.write_all(text.as_bytes())
        };
        written.map_err(|error| {
            self.failed = Err(error);
            fmt::Error
        })
    }
}

fn is_harmful(character: char) -> bool {
    match character {
        '\n' => false,
        // Marks, embeddings, overrides and isolates of direction; blanks without width; tags.
        '\u{061c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn what_hides_or_turns_text_is_shown() {
        let mut out = Vec::new();
        let mut sanitizing_writer = SanitizingWriter::new(&mut out);
        sanitizing_writer.write_str("a\0b\u{202e}c\u{200b}d\te\u{1b}[0m\r\nf é 鍵").unwrap();
        sanitizing_writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a�b�c�d�e�[0m�\nf é 鍵");
    }

    #[test]
    fn a_full_disk_is_told() {
        let mut out: &mut [u8] = &mut [0; 3];
        let mut sanitizing_writer = SanitizingWriter::new(&mut out);
        assert!(sanitizing_writer.write_str("four").is_err());
        assert_eq!(sanitizing_writer.finish().unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
