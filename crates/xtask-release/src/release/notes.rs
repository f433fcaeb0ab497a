//! A version's section of the changelog.

use anyhow::{Context, Result, ensure};
use time::Date;
use time::macros::format_description;

/// A version's section of the changelog.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notes {
    /// The section's date at midnight, UTC, in seconds since 1970.
    pub(super) date_seconds: u64,
    /// The section without its heading.
    pub(super) text: String,
}

impl Notes {
    /// Finds the section in a changelog in the format of Keep a Changelog: `## [1.2.3] -
    /// 2026-11-28`, with or without the brackets.
    pub(super) fn of(changelog: &str, version: &str) -> Result<Self> {
        let mut lines = changelog
            .lines()
            .skip_while(|line| heading(line).is_none_or(|found| found.0 != version));
        let (_, date) = lines.next().and_then(heading).with_context(|| {
            format!(
                "`CHANGELOG.md` has no section for {version}: give what is under `Unreleased` the \
                 heading `## {version} - 2026-11-28`, with the date of the release"
            )
        })?;
        let date_seconds = seconds(date).with_context(|| {
            format!("`CHANGELOG.md` has no date for {version}: write `## {version} - 2026-11-28`")
        })?;
        let body: Vec<&str> = lines
            .take_while(|line| !line.starts_with("## ") && !is_link_definition(line))
            .collect();
        let text = body.join("\n").trim().to_owned();
        ensure!(!text.is_empty(), "the section for {version} in `CHANGELOG.md` is empty");
        Ok(Self { date_seconds, text: format!("{text}\n") })
    }
}

/// The version of a section's heading, and the text after it.
fn heading(line: &str) -> Option<(&str, &str)> {
    let words = line.strip_prefix("## ")?.trim();
    let (version, rest) = words.split_once(' ').unwrap_or((words, ""));
    let bare = version.strip_prefix('[').and_then(|version| version.strip_suffix(']'));
    Some((bare.unwrap_or(version), rest.trim_start_matches(['-', ' '])))
}

/// Links to comparisons are at the end of such a changelog.
fn is_link_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

/// Midnight of a date such as `2026-11-28`; `None` before 1970.
fn seconds(date: &str) -> Option<u64> {
    let form = format_description!(version = 2, "[year]-[month]-[day]");
    let date = Date::parse(date, form).ok()?;
    u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok()
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

    fn error(version: &str) -> String {
        Notes::of(CHANGELOG, version).unwrap_err().to_string()
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
    fn a_version_without_a_complete_section_is_an_error() {
        let none = error("1.2");
        assert!(none.starts_with("`CHANGELOG.md` has no section for 1.2: give "), "{none}");
        assert_eq!(
            error("1.0.0"),
            "`CHANGELOG.md` has no date for 1.0.0: write `## 1.0.0 - 2026-11-28`"
        );
        assert_eq!(error("0.9.0"), "the section for 0.9.0 in `CHANGELOG.md` is empty");
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
