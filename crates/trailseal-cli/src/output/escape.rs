//! Characters that nobody sees, written so that everybody does.

use std::io::{self, Write};

use super::clean::{clean, clean_json, is_harmful, is_invisible};

/// Text for people: characters without width are shown as `\u{200b}`, the rest as [`clean`] does.
pub(crate) fn shown(text: &str) -> String {
    if !text.contains(is_invisible) {
        return clean(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    clean(&out)
}

/// JSON on its way out: what [`shown`] would change is written as `\u` escapes, which mean the same.
pub(crate) struct JsonWriter<'a> {
    out: &'a mut dyn Write,
}

impl<'a> JsonWriter<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }
}

impl Write for JsonWriter<'_> {
    /// The serializer writes whole characters, and those that are changed only within strings.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(is_harmful) => {
                self.out.write_all(clean_json(text).as_bytes())?;
            }
            _ => self.out.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIDDEN: &str = "a\u{200b}b\u{e0041}c\u{feff}d\u{202e}e\u{9b}f\u{7f}";

    #[test]
    fn what_nobody_sees_is_shown() {
        assert_eq!(shown(HIDDEN), "a\\u{200b}b\\u{e0041}c\\u{feff}d?e?f?");
        assert_eq!(shown("naïve 名前 🔑"), "naïve 名前 🔑");
    }

    #[test]
    fn json_means_the_same() {
        let mut out = Vec::new();
        serde_json::to_writer(JsonWriter::new(&mut out), HIDDEN).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), HIDDEN);
    }
}
