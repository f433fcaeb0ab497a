//! The days whose files are read.

use std::fmt;

use config_rule::impl_from_text;
use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month as MonthName, OffsetDateTime};
use trailseal_rule::{DELIVERY_SKEW_MILLIS, Timestamp};

use crate::key::DAYS_APART_MAX;
use crate::month::Month;

/// A day in UTC, as the folders of CloudTrail name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

impl_from_text!(Day, "a day such as `2026-01-31`");

impl Day {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then(|| Self::of(year, month, day)).flatten()
    }

    /// The day of three folders, `2026`, `01` and `31`. Other spellings, such as `1` for `01`, do
    /// not name a day: their keys are not in the order of days.
    pub(super) fn of(year: &str, month: &str, day: &str) -> Option<Self> {
        let is_number = |(text, digits): (&str, usize)| {
            text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if ![(year, 4), (month, 2), (day, 2)].into_iter().all(is_number) {
            return None;
        }
        let year = year.parse().ok().filter(|year| (1..=9999).contains(year))?;
        let month = MonthName::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year, month, day.parse().ok()?).ok().map(Self)
    }

    /// The day of an instant.
    pub fn containing(instant: Timestamp) -> Option<Self> {
        let instant = OffsetDateTime::from_unix_timestamp(instant.epoch_millis().div_euclid(1000));
        instant.ok().map(|instant| Self(instant.date())).filter(|day| day.0.year() > 0)
    }

    /// The folder of the day in the folder of a Region, with a slash at its end.
    pub(super) fn folder(self, region_folder: &str) -> String {
        let Self(date) = self;
        let month = u8::from(date.month());
        format!("{region_folder}{:04}/{month:02}/{:02}/", date.year(), date.day())
    }

    pub(super) fn month(self) -> Option<Month> {
        Month::of(self.0.year(), u8::from(self.0.month()))
    }

    /// The days from this one to a later one.
    pub(super) fn days_to(self, later: Self) -> i64 {
        (later.0 - self.0).whole_days()
    }

    pub(super) fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(Duration::days(days)))
    }

    pub(super) fn first_of(month: Month) -> Option<Self> {
        Self::read(&format!("{month}-01"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(date) = self;
        write!(out, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

/// The days whose files are read, and the end of the list.
///
/// The time in the name of a file counts. Its folder can be that of the day before or after.
///
/// Files that are delivered after that end are left for the next run, so that it makes no difference
/// how long the list takes. Files whose names have a time in the future are read: they may be newer
/// than every other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first day; the first that has files, if it is absent.
    pub since: Option<Day>,
    /// The last day; the last that has files, if it is absent.
    pub until: Option<Day>,
    /// The end of the list, a whole minute: the start of the run, or the minute after a later delivery
    /// that was read before.
    pub before: Timestamp,
}

const MINUTE_MILLIS: i64 = 60_000;

impl Range {
    /// The days from `since` to `until`, for a list with this end. It is cut to its minute, since the
    /// times in the names of log files are whole minutes.
    pub fn new(since: Option<Day>, until: Option<Day>, end: Timestamp) -> Self {
        let minute = end.epoch_millis().div_euclid(MINUTE_MILLIS).saturating_mul(MINUTE_MILLIS);
        Self { since, until, before: Timestamp::from_epoch_millis(minute) }
    }

    /// The days of the folders that can contain its files.
    pub(super) fn of_folders(&self) -> Self {
        Self {
            since: self.since.map(|since| since.plus(-DAYS_APART_MAX)),
            until: self.until.map(|until| until.plus(DAYS_APART_MAX)),
            before: self.before,
        }
    }

    pub(super) fn contains_day(&self, day: Day) -> bool {
        self.since.is_none_or(|since| since <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Whether a file is left for the next run: the time in its name is at or after the end, and at
    /// most 15 minutes after the end or after S3 received it.
    pub(super) fn is_for_next_run(&self, named: Timestamp, received_millis: Option<i64>) -> bool {
        let end = self.before.epoch_millis();
        let named = named.epoch_millis();
        let is_near = named <= end.saturating_add(DELIVERY_SKEW_MILLIS);
        let is_delivery =
            received_millis.is_some_and(|time| named <= time.saturating_add(DELIVERY_SKEW_MILLIS));
        named >= end && (is_near || is_delivery)
    }

    /// Whether some of its days are in a year, named by its folder.
    pub(super) fn contains_year(&self, year: &str) -> bool {
        let (first, last) = (Day::of(year, "01", "01"), Day::of(year, "12", "31"));
        let (Some(first), Some(last)) = (first, last) else { return false };
        self.since.is_none_or(|since| since <= last)
            && self.until.is_none_or(|until| first <= until)
    }

    /// Whether some of its days are in a month.
    pub(super) fn contains_month(&self, month: Month) -> bool {
        self.since.and_then(Day::month).is_none_or(|since| since <= month)
            && self.until.and_then(Day::month).is_none_or(|until| month <= until)
    }

    /// Its days from the first of one month on and before the first of another.
    pub(super) fn between(&self, first: Option<Month>, end: Option<Month>) -> Self {
        let last = end.and_then(Day::first_of).map(|end| end.plus(-1));
        Self {
            since: self.since.max(first.and_then(Day::first_of)),
            until: match (self.until, last) {
                (Some(until), Some(last)) => Some(until.min(last)),
                (until, last) => until.or(last),
            },
            before: self.before,
        }
    }

    /// Where the list of a Region's folder starts.
    pub(super) fn start(&self, region_folder: &str) -> String {
        self.since.map_or_else(|| region_folder.to_owned(), |since| since.folder(region_folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_day_is_read_in_one_form_only() {
        assert_eq!(day("2024-02-29").to_string(), "2024-02-29");
        for wrong in
            ["", "2024-2-29", "2023-02-29", "2024-02-29-", "2024-02-30", "0000-01-01", "+024-01-01"]
        {
            assert!(Day::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn folders_name_a_day_in_one_form_only() {
        assert_eq!(Day::of("2024", "02", "09"), Some(day("2024-02-09")));
        for [year, month, day] in [
            ["2024", "2", "09"],
            ["2024", "02", "9"],
            ["2024", "002", "09"],
            ["24", "02", "09"],
            ["02024", "02", "09"],
            ["2024", "02", "+9"],
            ["2024", "02", ""],
        ] {
            assert_eq!(Day::of(year, month, day), None, "{year}/{month}/{day}");
        }
    }

    #[test]
    fn a_range_between_two_months_ends_with_both() {
        let [month, next] = ["2024-02", "2024-03"].map(|month| Some(Month::parse(month).unwrap()));
        let now = Timestamp::parse("2026-01-01T00:00:59.999Z").unwrap();
        let range = Range::new(Some(day("2024-02-10")), Some(day("2024-03-01")), now);
        let part = range.between(month, next);
        assert_eq!(part.since, Some(day("2024-02-10")));
        assert_eq!(part.until, Some(day("2024-02-29")));
        assert_eq!(range.between(None, None), range);
        let open = Range::new(None, None, now).between(month, next);
        assert_eq!((open.since, open.until), (Some(day("2024-02-01")), Some(day("2024-02-29"))));
        assert_eq!(open.before.to_string(), "2026-01-01T00:00:00.000Z");
        assert_eq!(open.start("a/"), "a/2024/02/01/");
    }
}
