//! Instants as AWS Config writes them, to the millisecond.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// An instant, to the millisecond.
///
/// AWS Config writes ISO 8601 (`2016-02-17T01:36:34.043Z`) in rule events, and seconds since 1970
/// with a fraction in the answers of its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    epoch_millis: i64,
}

crate::impl_from_text!(Timestamp, "a time such as `2016-02-17T01:36:34.043Z`");

impl Timestamp {
    /// ISO 8601 with date, time and offset, of the years 1 to 9999; what is finer than a millisecond
    /// is cut off.
    fn read(text: &str) -> Option<Self> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let millis = i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).ok()?;
        Some(Self::from_epoch_millis(millis))
    }

    /// The instant that many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_epoch_millis(epoch_millis: i64) -> Self {
        Self { epoch_millis }
    }

    /// The instant that many seconds after 1970-01-01T00:00:00Z, to the nearest millisecond.
    ///
    /// `None` if the value is not a number or is beyond the year 9999.
    pub fn from_epoch_seconds(seconds: f64) -> Option<Self> {
        const YEAR_10000_SECONDS: f64 = 253_402_300_800.0;
        // Within these bounds the cast to `i64` cannot overflow.
        (seconds.abs() < YEAR_10000_SECONDS)
            .then(|| Self::from_epoch_millis((seconds * 1_000.0).round() as i64))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn epoch_millis(self) -> i64 {
        self.epoch_millis
    }

    /// The day in UTC, `2026-11-23`.
    pub fn date(self) -> String {
        self.format(format_description!("[year]-[month]-[day]"))
    }

    /// The minute in UTC for people, `23 November 2026, 19:05 UTC`.
    pub fn minute(self) -> String {
        self.format(format_description!(
            "[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"
        ))
    }

    fn format(self, description: &[time::format_description::BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.epoch_millis) * 1_000_000)
            .ok()
            .and_then(|instant| instant.format(description).ok())
            .unwrap_or_else(|| format!("{} ms since 1970", self.epoch_millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_the_format_of_config() {
        for text in ["2016-02-17T01:36:34.043Z", "1999-12-31T23:59:59.000Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::parse("1970-01-01T00:00:01Z").unwrap().epoch_millis(), 1_000);
        assert_eq!(Timestamp::parse("1970-01-01T01:00:00+01:00").unwrap().epoch_millis(), 0);
        assert_eq!(Timestamp::parse("2026-11-23T19:00:00Z").unwrap().date(), "2026-11-23");
        let minute = Timestamp::parse("2026-11-04T19:05:09Z").unwrap().minute();
        assert_eq!(minute, "4 November 2026, 19:05 UTC");
    }

    #[test]
    fn epoch_seconds_keep_their_milliseconds() {
        let instant = Timestamp::parse("2016-07-13T21:50:00.373Z").unwrap();
        assert_eq!(Timestamp::from_epoch_seconds(1_468_446_600.373), Some(instant));
        let last = Timestamp::from_epoch_seconds(253_402_300_799.999).unwrap();
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        for wrong in [f64::NAN, f64::INFINITY, 1e300, -1e300, 253_402_300_800.0] {
            assert_eq!(Timestamp::from_epoch_seconds(wrong), None);
        }
    }

    #[test]
    fn rejects_other_texts() {
        for text in ["", "yesterday", "2016-02-17", "2016-02-30T00:00:00Z", "1480000000"] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_beyond_the_calendar_prints_its_milliseconds() {
        assert_eq!(
            Timestamp::from_epoch_millis(i64::MAX).to_string(),
            format!("{} ms since 1970", i64::MAX)
        );
    }

    #[test]
    fn an_instant_is_serialized_as_its_text() {
        let quoted = "\"2016-02-17T01:36:34.043Z\"";
        let instant: Timestamp = serde_json::from_str(quoted).unwrap();
        assert_eq!(instant.epoch_millis(), 1_455_672_994_043);
        assert_eq!(serde_json::to_string(&instant).unwrap(), quoted);
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
    }
}
