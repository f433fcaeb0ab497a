//! Times in milliseconds since 1970, in each format that AWS uses.

use serde_json::Value;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// Reads an ISO-8601 time such as `2026-11-23T10:15:30.125Z`.
pub(crate) fn from_iso(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// Writes the time as AWS does in a rule's event: UTC, with milliseconds.
pub(crate) fn to_iso(milliseconds: i64) -> String {
    let form =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    moment(milliseconds).format(form).unwrap_or_default()
}

fn moment(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Writes the time as AWS's JSON protocol does: seconds since 1970, with a fraction.
pub(crate) fn to_epoch(milliseconds: i64) -> Value {
    // Exact for the next hundred thousand years.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 for any date that has four digits")]
    let seconds = milliseconds as f64 / 1000.0;
    serde_json::Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}

/// Reads a time of the JSON protocol.
pub(crate) fn from_epoch(value: &Value) -> Option<i64> {
    let milliseconds = (value.as_f64()? * 1000.0).round();
    if !milliseconds.is_finite() || milliseconds.abs() > 9.0e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and below 2^53")]
    let whole = milliseconds as i64;
    Some(whole)
}

/// The current time, for expiry.
pub(crate) fn now() -> i64 {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// Writes the time as HTTP's `Date` header does.
pub(crate) fn to_http_date(milliseconds: i64) -> String {
    moment(milliseconds).format(&Rfc2822).unwrap_or_default().replace("+0000", "GMT")
}

/// Writes the time as in a signature, such as `20261123T101530Z`.
pub(crate) fn to_signing_time(milliseconds: i64) -> String {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    moment(milliseconds).format(form).unwrap_or_default()
}

/// Writes the day as in the folders of log files, such as `2026/11/23`.
pub(crate) fn to_day_folder(milliseconds: i64) -> String {
    moment(milliseconds).format(format_description!("[year]/[month]/[day]")).unwrap_or_default()
}

/// Reads a time to the minute, such as `20261123T1015`.
pub(crate) fn from_minute(text: &str) -> Option<i64> {
    let form = format_description!("[year][month][day]T[hour][minute]");
    let moment = PrimitiveDateTime::parse(text, form).ok()?.assume_utc();
    moment.unix_timestamp().checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_keeps_the_millisecond() {
        let moment = from_iso("2016-07-13T21:50:00.373Z").unwrap();
        assert_eq!(to_iso(moment), "2016-07-13T21:50:00.373Z");
        assert_eq!(to_epoch(moment).to_string(), "1468446600.373");
        assert_eq!(from_epoch(&to_epoch(moment)), Some(moment));
        assert_eq!(to_http_date(moment), "Wed, 13 Jul 2016 21:50:00 GMT");
        assert_eq!(to_signing_time(moment), "20160713T215000Z");
        assert_eq!(to_day_folder(moment), "2016/07/13");
        assert_eq!(from_minute("20160713T2150"), from_iso("2016-07-13T21:50:00Z"));
    }

    #[test]
    fn invalid_times_are_rejected() {
        assert_eq!(from_iso("yesterday"), None);
        assert_eq!(from_epoch(&Value::from("1468446600")), None);
        assert_eq!(from_epoch(&Value::from(1.0e300)), None);
    }
}
