//! Texts for messages.

/// A value of an untrusted file in a message.
pub(crate) fn shortened(text: &str) -> String {
    const BYTES_MAX: usize = 120;
    let end = text.floor_char_boundary(BYTES_MAX);
    let start = text.get(..end).unwrap_or_default();
    if end == text.len() { start.to_owned() } else { format!("{start}...") }
}
