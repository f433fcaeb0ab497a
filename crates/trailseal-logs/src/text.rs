//! Texts for messages.

/// A value of an untrusted file in a message, in one line.
pub(crate) fn shortened(text: &str) -> String {
    const BYTES_MAX: usize = 120;
    let end = text.floor_char_boundary(BYTES_MAX);
    let start = text.get(..end).unwrap_or_default();
    let line = start.replace(char::is_control, " ");
    if end == text.len() { line } else { line + "..." }
}
