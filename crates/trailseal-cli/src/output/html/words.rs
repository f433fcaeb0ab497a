//! Numbers and times as people write them.

use std::fmt;

/// A number with its thousands apart.
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
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", Count(number))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `2026-11-24T19:05:00.000Z` as `24 November 2026, 19:05 UTC`; anything else as it stands.
pub(super) fn moment(instant: &str) -> String {
    told(instant).unwrap_or_else(|| instant.to_owned())
}

fn told(instant: &str) -> Option<String> {
    let (date, time) = instant.strip_suffix('Z')?.split_once('T')?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day: u8 = day.parse().ok()?;
    Some(format!("{day} {month} {year}, {} UTC", time.get(..5)?))
}

/// The parts of a message, and whether each is a value that stands in backticks.
pub(super) fn ticked(message: &str) -> Vec<(bool, &str)> {
    if !message.matches('`').count().is_multiple_of(2) {
        return vec![(false, message)];
    }
    let parts = message.split('`').enumerate();
    parts.map(|(index, part)| (!index.is_multiple_of(2), part)).collect()
}

/// The first characters of a text that has too many.
pub(super) fn shortened(text: &str, chars_max: usize) -> String {
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
    fn thousands_stand_apart() {
        let told = [0, 7, 999, 1000, 12_345, 1_234_567].map(|number| Count(number).to_string());
        assert_eq!(told, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "trail"), "1 trail");
        assert_eq!(counted(2000, "trail"), "2,000 trails");
    }

    #[test]
    fn a_moment_is_told_or_left_as_it_is() {
        assert_eq!(moment("2026-11-04T19:05:00.000Z"), "4 November 2026, 19:05 UTC");
        for odd in ["", "yesterday", "2026-13-01T00:00:00.000Z", "2026-11-04TäZ", "T:Z"] {
            assert_eq!(moment(odd), odd);
        }
    }

    #[test]
    fn values_stand_apart_where_their_backticks_are_pairs() {
        assert_eq!(ticked("a `b` c"), [(false, "a "), (true, "b"), (false, " c")]);
        assert_eq!(ticked("a `b c"), [(false, "a `b c")]);
        assert_eq!(ticked(""), [(false, "")]);
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(shortened("größe", 5), "größe");
        assert_eq!(shortened("größer", 5), "größ…");
    }
}
