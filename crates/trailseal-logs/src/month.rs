//! A month.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// The month of a year from 1 to 9999.
    pub fn of(year: i32, month: u8) -> Option<Self> {
        let year = u16::try_from(year).ok().filter(|year| (1..=9999).contains(year))?;
        (1..=12).contains(&month).then_some(Self { year, month })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)
    }
}

config_rule::impl_from_text!(Month, "a month such as `2026-01`");

impl Month {
    fn read(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let month = Self::of(year.parse().ok()?, month.parse().ok()?)?;
        (month.to_string() == text).then_some(month)
    }
}
