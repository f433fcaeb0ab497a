//! Text from the input as it may be shown on a terminal.

/// Control characters become `?`, so that nobody's trail can write over what is on the screen.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |character: char| if character.is_control() { '?' } else { character };
    text.chars().map(harmless).collect()
}
