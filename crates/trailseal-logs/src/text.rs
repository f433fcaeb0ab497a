//! Texts for messages.

use trailseal_rule::one_line;

/// A value of an untrusted file in a message, in one line.
pub(crate) fn shortened(text: &str) -> String {
    line(text, 120)
}

/// Why a file was not read, in one line: the decoders repeat texts of the file.
pub(crate) fn reason(text: &str) -> String {
    line(text, 1000)
}

fn line(text: &str, bytes_max: usize) -> String {
    let end = text.floor_char_boundary(bytes_max);
    let start = text.get(..end).unwrap_or_default();
    let line = one_line(start);
    if end == text.len() { line } else { line + "..." }
}
