//! Text for people.

use std::fmt;

/// A number with thousands separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(pub(super) usize);

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.write_str(",")?;
            }
            write!(out, "{digit}")?;
        }
        Ok(())
    }
}

/// `1 trail`, `2,000 trails`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", Count(number))
}

/// The parts of a message, and whether each is in backticks.
pub(crate) fn ticked(message: &str) -> Vec<(bool, &str)> {
    if !message.matches('`').count().is_multiple_of(2) {
        return vec![(false, message)];
    }
    let parts = message.split('`').enumerate();
    parts.map(|(index, part)| (!index.is_multiple_of(2), part)).collect()
}

/// Text cut to at most `chars_max` characters.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let start: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        let text = [0, 7, 999, 1000, 12_345, 1_234_567].map(|number| Count(number).to_string());
        assert_eq!(text, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "trail"), "1 trail");
        assert_eq!(counted(2000, "trail"), "2,000 trails");
    }

    #[test]
    fn text_in_paired_backticks_is_a_value() {
        assert_eq!(ticked("a `b` c"), [(false, "a "), (true, "b"), (false, " c")]);
        assert_eq!(ticked("a `b c"), [(false, "a `b c")]);
        assert_eq!(ticked(""), [(false, "")]);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shortened("größe", 5), "größe");
        assert_eq!(shortened("größer", 5), "größ…");
    }
}
