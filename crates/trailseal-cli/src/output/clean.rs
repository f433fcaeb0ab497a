//! Text from the input as it may be shown to people.

/// Stands where text was cut.
const CUT: &str = "...";

/// Control characters become `?`, so that nobody's trail can write over what is on the screen, and
/// so do those that turn the direction of reading or break a line in some programs only.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |character: char| if is_harmful(character) { '?' } else { character };
    text.chars().map(harmless).collect()
}

fn is_harmful(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    // No characters at all: XML refuses the last two of them.
    let is_none = matches!(character, '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}');
    character.is_control() || turns || breaks || is_none
}

/// Clean text of so many bytes at most, which are at least as many characters as any service
/// counts; never empty, and never cut within a character.
pub(crate) fn bounded(text: &str, bytes_max: usize) -> String {
    let text = clean(text);
    if text.trim().is_empty() {
        return "-".to_owned();
    }
    if text.len() <= bytes_max {
        return text;
    }
    let end = text.floor_char_boundary(bytes_max.saturating_sub(CUT.len()));
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mislead_a_reader_is_shown() {
        assert_eq!(clean("a\u{1b}[31m\t\r\n\u{7f}\u{9b}z"), "a?[31m?????z");
        assert_eq!(clean("\u{202e}moc\u{2066}\u{200f}\u{2028}\u{ffff}"), "?moc????");
        assert_eq!(clean("naïve 名前 🔑"), "naïve 名前 🔑");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(bounded("0123456789", 10), "0123456789");
        assert_eq!(bounded("0123456789a", 10), "0123456...");
        for bytes_max in 3..40 {
            let cut = bounded("ключ 🔑 名前 ключ 🔑 名前", bytes_max);
            assert!(cut.len() <= bytes_max && cut.ends_with("..."), "{bytes_max}: {cut}");
        }
        assert_eq!((bounded("", 9), bounded(" \u{3000}", 9)), ("-".to_owned(), "-".to_owned()));
    }
}
