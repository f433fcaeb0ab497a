//! Makes text from the input safe to show, in each output format.
//!
//! A harmful character moves the cursor, changes the direction of the text, breaks the line in some
//! programs only, or is invisible, so that two different texts look the same.

/// Ends a text that was cut.
const CUT: &str = "...";

/// One line of text for a terminal: each harmful character becomes `?`.
pub fn clean(text: &str) -> String {
    text.replace(is_harmful, "?")
}

/// Several lines of text for a terminal.
pub fn clean_lines(text: &str) -> String {
    text.replace(|character| character != '\n' && is_harmful(character), "?")
}

/// The same JSON document with each harmful character as a `\u` escape.
pub fn clean_json(json: &str) -> String {
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

/// Text for people to read: invisible characters become `\u{200b}`, other harmful ones `?`.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            invisible if is_invisible(invisible) => out.extend(invisible.escape_unicode()),
            harmful if is_harmful(harmful) => out.push('?'),
            harmless => out.push(harmless),
        }
    }
    out
}

/// Like [`shown`], cut between characters to at most `bytes_max` bytes; `-` if nothing is visible.
pub fn bounded(text: &str, bytes_max: usize) -> String {
    let text = shown(text);
    if text.trim().is_empty() {
        return "-".to_owned();
    }
    if text.len() <= bytes_max {
        return text;
    }
    let end = text.floor_char_boundary(bytes_max.saturating_sub(CUT.len()));
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

/// Whether a character moves the cursor, changes the direction of the text, breaks the line in some
/// programs only, or is invisible.
pub fn is_harmful(character: char) -> bool {
    let changes_direction = matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    let breaks_line = matches!(character, '\u{2028}' | '\u{2029}');
    // Unicode noncharacters; XML forbids the last two.
    let is_noncharacter = matches!(character, '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}');
    character.is_control()
        || changes_direction
        || breaks_line
        || is_noncharacter
        || is_invisible(character)
}

/// Format characters, variation selectors, Hangul fillers and tags (Unicode,
/// `Default_Ignorable_Code_Point`).
fn is_invisible(character: char) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_replaces_harmful_characters() {
        let hidden = "a\u{200b}b\u{e0041}c\u{feff}d\u{202e}e\u{9b}f\u{7f}";
        for (replace, text, expected) in [
            (clean as fn(&str) -> String, "a\u{1b}[31m\t\r\n\u{7f}\u{9b}z", "a?[31m?????z"),
            (clean, "\u{202e}moc\u{2066}\u{200f}\u{2028}\u{ffff}", "?moc????"),
            (clean, "naïve 名前 🔑", "naïve 名前 🔑"),
            (clean, "a\u{200b}b\u{2060}c\u{feff}d\u{e0041}e\u{ad}f", "a?b?c?d?e?f"),
            (clean_lines, "a\u{1b}[2J\nb\u{200b}\n", "a?[2J\nb?\n"),
            (shown, hidden, "a\\u{200b}b\\u{e0041}c\\u{feff}d?e?f?"),
            (shown, "naïve 名前 🔑", "naïve 名前 🔑"),
        ] {
            assert_eq!(replace(text), expected);
        }
    }

    #[test]
    fn cleaned_json_is_the_same_document() {
        let text = "a\u{1b}\n\u{202e}\u{200b}\u{e0041}\u{9b}é\u{feff}";
        let json = clean_json(&serde_json::json!({ "name": text }).to_string());
        assert!(!json.chars().any(is_harmful), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["name"], text);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(bounded("0123456789", 10), "0123456789");
        assert_eq!(bounded("0123456789a", 10), "0123456...");
        for bytes_max in 3..40 {
            let cut = bounded("ключ 🔑 名前 ключ 🔑 名前", bytes_max);
            assert!(cut.len() <= bytes_max && cut.ends_with("..."), "{bytes_max}: {cut}");
        }
        assert_eq!((bounded("", 9), bounded(" \u{3000}", 9)), ("-".to_owned(), "-".to_owned()));
    }
}
