//! Text from the input as it may be shown to people.

/// Stands where text was cut.
const CUT: &str = "...";

/// Control characters become `?`, so that nobody's trail can write over what is on the screen, and
/// so do those that turn the direction of reading or break a line in some programs only.
pub(crate) fn clean(text: &str) -> String {
    let sanitizing_writer = |character: char| if is_harmful(character) { '?' } else { character };
    text.chars().map(sanitizing_writer).collect()
}

/// The same for a text of several lines.
pub(crate) fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// JSON in which every harmful character is written as `\u` and its number: the same document.
pub(crate) fn clean_json(json: &str) -> String {
    let mut units = [0; 2];
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_harmful(character) {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

pub(super) fn is_harmful(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    // No characters at all: XML refuses the last two of them.
    let is_none = matches!(character, '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}');
    character.is_control() || turns || breaks || is_none || is_invisible(character)
}

/// Takes no room, so that two texts look alike and are not: format characters, variation selectors,
/// Hangul fillers and tags (Unicode, `Default_Ignorable_Code_Point`).
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200D}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206A}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Clean text of so many bytes at most, which are at least as many characters as any service
/// counts; never empty, and never cut within a character.
pub(crate) fn bounded(text: &str, bytes_max: usize) -> String {
    let text = super::shown(text);
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
    fn what_takes_no_room_is_shown() {
        assert_eq!(clean("a\u{200b}b\u{2060}c\u{feff}d\u{e0041}e\u{ad}f"), "a?b?c?d?e?f");
        assert_eq!(clean_lines("a\u{1b}[2J\nb\u{200b}\n"), "a?[2J\nb?\n");
    }

    #[test]
    fn json_stays_the_same_document() {
        let text = "a\u{1b}\n\u{202e}\u{200b}\u{e0041}\u{9b}é";
        let json = clean_json(&serde_json::json!({ "name": text }).to_string());
        assert!(!json.chars().any(is_harmful), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["name"], text);
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
