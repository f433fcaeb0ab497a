//! What the changelog says of a version.

use crate::failure::Failure;

const SECONDS_OF_A_DAY: u64 = 86_400;

/// A version's section of the changelog.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notes {
    /// The section's date at midnight, UTC, in seconds since 1970.
    pub(super) date_seconds: u64,
    /// What it says, without its heading.
    pub(super) text: String,
}

impl Notes {
    /// Finds the section in a changelog as Keep a Changelog wants it: `## [1.2.3] - 2026-11-28`,
    /// with or without the brackets.
    pub(super) fn of(changelog: &str, version: &str) -> Result<Self, Failure> {
        let fault = |what: &str| Failure::task(format!("`CHANGELOG.md` {what}"));
        let mut lines = changelog
            .lines()
            .skip_while(|line| heading(line).is_none_or(|found| found.0 != version));
        let (_, date) = lines.next().and_then(heading).ok_or_else(|| {
            fault(&format!(
                "has no section for {version}: give what is under `Unreleased` a heading as \
                 `## {version} - 2026-11-28`, with the day of the release"
            ))
        })?;
        let date_seconds = seconds(date).ok_or_else(|| {
            fault(&format!("gives {version} no date, as in `## {version} - 2026-11-28`"))
        })?;
        let body: Vec<&str> = lines
            .take_while(|line| !line.starts_with("## ") && !is_link_definition(line))
            .collect();
        let text = body.join("\n").trim().to_owned();
        if text.is_empty() {
            return Err(fault(&format!("says nothing of {version}")));
        }
        Ok(Self { date_seconds, text: format!("{text}\n") })
    }
}

/// The version of a section's heading, and what is behind it.
fn heading(line: &str) -> Option<(&str, &str)> {
    let words = line.strip_prefix("## ")?.trim();
    let (version, rest) = words.split_once(' ').unwrap_or((words, ""));
    let bare = version.strip_prefix('[').and_then(|version| version.strip_suffix(']'));
    Some((bare.unwrap_or(version), rest.trim_start_matches(['-', ' '])))
}

/// Links to comparisons stand at the end of such a changelog.
fn is_link_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

/// The midnight with which a day of the form `2026-11-28` begins; none before 1970.
fn seconds(date: &str) -> Option<u64> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_plain = [(year, 4), (month, 2), (day, 2)].iter().all(|(part, length)| {
        part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !is_plain || parts.next().is_some() {
        return None;
    }
    let (year, month, day): (u64, u64, u64) =
        (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let days_of = |month: u64| match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1970 || !(1..=12).contains(&month) || day < 1 || day > days_of(month) {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: u64 = (1..month).map(days_of).sum();
    Some((years + months + day - 1) * SECONDS_OF_A_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "\
# Changelog

## Unreleased

- later

## [1.2.0] - 2026-11-28

### Added

- One thing.

## 1.1.0 - 2024-02-29
- Another.

## 1.0.0

- no date

## 0.9.0 - 2024-02-29

[1.2.0]: https://example.com/compare
";

    fn refusal(version: &str) -> String {
        Notes::of(CHANGELOG, version).unwrap_err().message().unwrap().to_owned()
    }

    #[test]
    fn a_section_ends_with_the_next_one() {
        let notes = Notes::of(CHANGELOG, "1.2.0").unwrap();
        assert_eq!(notes.text, "### Added\n\n- One thing.\n");
        assert_eq!(notes.date_seconds, 1_795_824_000);
        let notes = Notes::of(CHANGELOG, "1.1.0").unwrap();
        assert_eq!(notes.text, "- Another.\n");
        assert_eq!(notes.date_seconds, 1_709_164_800);
    }

    #[test]
    fn a_version_that_is_not_written_about_is_refused() {
        let none = refusal("1.2");
        assert!(none.starts_with("`CHANGELOG.md` has no section for 1.2: give "), "{none}");
        assert_eq!(
            refusal("1.0.0"),
            "`CHANGELOG.md` gives 1.0.0 no date, as in `## 1.0.0 - 2026-11-28`"
        );
        assert_eq!(refusal("0.9.0"), "`CHANGELOG.md` says nothing of 0.9.0");
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(seconds("1970-01-01"), Some(0));
        assert_eq!(seconds("2000-03-01"), Some(951_868_800));
        for wrong in ["2026-02-29", "2026-13-01", "2026-11-31", "2026-11-00", "1969-12-31"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        for wrong in ["", "2026-11", "2026-11-28-1", "2026-1-28", "+026-11-28", "soon"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
