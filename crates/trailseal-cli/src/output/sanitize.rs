//! Writers that make text from the input safe, in each output format.

use std::fmt;
use std::io::{self, Write};

use trailseal_findings::{clean_json, is_harmful};

/// Writes JSON from serde; harmful characters become equivalent `\u` escapes.
pub(crate) struct JsonWriter<'a>(pub(crate) &'a mut dyn Write);

impl Write for JsonWriter<'_> {
    /// The serializer writes whole characters, and harmful ones only within strings.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(is_harmful) => {
                self.0.write_all(clean_json(text).as_bytes())?
            }
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes HTML; harmful characters become `�`.
pub(crate) struct HtmlWriter<'a> {
    out: &'a mut dyn Write,
    result: io::Result<()>,
}

impl<'a> HtmlWriter<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, result: Ok(()) }
    }

    /// # Errors
    ///
    /// The error that [`fmt::Error`] stands for.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.result
    }
}

impl fmt::Write for HtmlWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let harmful = |character| character != '\n' && is_harmful(character);
        let written = if text.contains(harmful) {
            self.out.write_all(text.replace(harmful, "\u{fffd}").as_bytes())
        } else {
            self.out.write_all(text.as_bytes())
        };
        written.map_err(|error| {
            self.result = Err(error);
            fmt::Error
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn json_from_serde_is_the_same_document() {
        let text = "a\u{1b}\n\u{202e}\u{200b}\u{e0041}\u{9b}é\u{feff}";
        let mut out = Vec::new();
        serde_json::to_writer(JsonWriter(&mut out), text).unwrap();
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        assert!(!String::from_utf8(out).unwrap().chars().any(is_harmful));
    }

    #[test]
    fn html_marks_harmful_characters() {
        let mut out = Vec::new();
        let mut writer = HtmlWriter::new(&mut out);
        writer.write_str("a\0b\u{202e}c\u{200b}d\te\u{1b}[0m\r\nf é 鍵").unwrap();
        writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a�b�c�d�e�[0m�\nf é 鍵");

        let mut full: &mut [u8] = &mut [0; 3];
        let mut writer = HtmlWriter::new(&mut full);
        assert!(writer.write_str("four").is_err());
        assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
