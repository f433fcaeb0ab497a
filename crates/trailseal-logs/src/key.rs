//! The names of the files that CloudTrail delivers.
//!
//! A key is `[PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/KIND/REGION/YYYY/MM/DD/FILE`, and a file is
//! `ACCOUNT_KIND_REGION_TIME_UNIQUE.json.gz`, or for a digest
//! `ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_TIME[_backfill].json.gz` (CloudTrail User
//! Guide, "Finding your CloudTrail log files", "CloudTrail log file examples" and "CloudTrail digest
//! file structure"). Only management and Insights events have documented file names; those of other
//! kinds are expected to have the same form.
//!
//! A key is read as a whole or set aside: what the folders say must agree with the name of the file.
//! CloudTrail writes nothing else below the folder of a Region, so any other object there is set
//! aside too, at any depth.

use time::{Date, Month as MonthName, PrimitiveDateTime, Time};
use trailseal_rule::Timestamp;

use crate::month::Month;

/// The folder of AWS services in a bucket.
pub(crate) const ROOT: &str = "AWSLogs";

/// What a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// A file of CloudTrail.
    File(FileKey<'a>),
    /// Not in the folder of a Region, or the object that the S3 console creates for a folder.
    Other,
    /// In the folder of a Region, but not a name that CloudTrail gives its files.
    Unrecognized,
}

/// The key of a file, in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKey<'a> {
    /// The whole key.
    pub key: &'a str,
    /// The trail's `s3KeyPrefix`; empty if there is none. It can contain `AWSLogs` itself, but is not
    /// in the folder of a Region.
    pub prefix: &'a str,
    /// The ID of the organization, `o-…`, in folders of organization trails.
    pub organization: Option<&'a str>,
    /// The twelve digits of the account whose activity was logged.
    pub account: &'a str,
    /// What the file contains.
    pub kind: Kind<'a>,
    /// The Region whose activity was logged.
    pub region: &'a str,
    /// The month of its folder: that of publication, in UTC.
    pub month: Month,
    /// The time in its name, in UTC: for log files the time of delivery, to the minute; for digests
    /// the end of the period.
    pub time: Timestamp,
    /// The name of the trail in the name of a digest. Log files name no trail.
    pub trail: Option<&'a str>,
}

/// What a file contains, as its folder says: `CloudTrail`, or `CloudTrail-` with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind<'a>(&'a str);

impl<'a> Kind<'a> {
    /// Reads the name of a folder.
    pub fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("CloudTrail")?;
        let is_word = |word: &str| {
            !word.is_empty() && word.len() <= 32 && word.bytes().all(|b| b.is_ascii_alphabetic())
        };
        (rest.is_empty() || rest.strip_prefix('-').is_some_and(is_word)).then_some(Self(text))
    }

    /// The name of the folder.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether the file proves the integrity of log files and is not a log file itself.
    pub fn is_digest(self) -> bool {
        self.0 == "CloudTrail-Digest"
    }
}

/// Days by which the time in a name may differ from the folder's. CloudTrail documents the folder
/// as the day of publication and the name as the time of delivery; around midnight they may differ.
pub(crate) const DAYS_APART_MAX: i64 = 1;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// The folder below which CloudTrail delivers for a prefix (`s3KeyPrefix`), with a slash at its end.
pub fn root(prefix: &str) -> String {
    match prefix {
        "" => format!("{ROOT}/"),
        prefix => format!("{prefix}/{ROOT}/"),
    }
}

/// Reads a key.
pub fn parse(key: &str) -> Parsed<'_> {
    let Some((folder, name)) = key.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
        return Parsed::Other;
    };
    match DayFolder::parse(folder).and_then(|folder| folder.file(key, name)) {
        Some(file) => Parsed::File(file),
        None if is_in_region_folder(key) => Parsed::Unrecognized,
        None => Parsed::Other,
    }
}

/// Whether an object is in the folder of an account, kind and Region, directly or deeper.
fn is_in_region_folder(key: &str) -> bool {
    const INNER: &str = "AWSLogs/";
    key.match_indices(INNER).any(|(start, _)| {
        let (before, rest) = key.split_at(start);
        let is_root = before.is_empty() || (before.len() > 1 && before.ends_with('/'));
        is_root && rest.strip_prefix(INNER).is_some_and(begins_with_region_folder)
    })
}

fn begins_with_region_folder(text: &str) -> bool {
    let mut names = text.split('/').peekable();
    let _organization = names.next_if(|name| is_organization(name));
    names.next().is_some_and(is_account)
        && names.next().is_some_and(|kind| Kind::parse(kind).is_some())
        && names.next().is_some_and(has_form_of_region)
        && names.next().is_some()
}

/// The folder of a day.
struct DayFolder<'a> {
    prefix: &'a str,
    organization: Option<&'a str>,
    account: &'a str,
    kind: Kind<'a>,
    region: &'a str,
    date: Date,
}

impl<'a> DayFolder<'a> {
    /// Reads `[PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/KIND/REGION/YYYY/MM/DD`, from its end: a prefix
    /// can contain anything but the folder of a Region.
    fn parse(text: &'a str) -> Option<Self> {
        let (rest, day) = text.rsplit_once('/')?;
        let (rest, month) = rest.rsplit_once('/')?;
        let (rest, year) = rest.rsplit_once('/')?;
        let (rest, region) = rest.rsplit_once('/')?;
        let (rest, kind) = rest.rsplit_once('/')?;
        let (rest, account) = rest.rsplit_once('/')?;
        let kind = Kind::parse(kind)?;
        if !is_account(account) || !is_region(region) {
            return None;
        }
        let date = date(year, month, day)?;
        let (root, organization) = match rest.rsplit_once('/') {
            Some((root, last)) if is_organization(last) => (root, Some(last)),
            _ => (rest, None),
        };
        let prefix = match root.strip_suffix(ROOT)? {
            "" => "",
            before if is_in_region_folder(before) => return None,
            before => before.strip_suffix('/').filter(|prefix| !prefix.is_empty())?,
        };
        Some(Self { prefix, organization, account, kind, region, date })
    }

    fn file(&self, key: &'a str, name: &'a str) -> Option<FileKey<'a>> {
        let stem = name.strip_suffix(".json.gz")?;
        let rest = stem.strip_prefix(self.account)?.strip_prefix('_')?;
        let rest = rest.strip_prefix(self.kind.as_str())?.strip_prefix('_')?;
        let rest = rest.strip_prefix(self.region)?.strip_prefix('_')?;
        let (time, trail) = if self.kind.is_digest() {
            let (time, trail) = digest_name(rest)?;
            (time, Some(trail))
        } else {
            (log_name(rest)?, None)
        };
        let folder = PrimitiveDateTime::new(self.date, Time::MIDNIGHT).assume_utc();
        let millis = time.epoch_millis().checked_sub(folder.unix_timestamp().checked_mul(1000)?)?;
        let is_near =
            (-DAYS_APART_MAX..=DAYS_APART_MAX).contains(&millis.div_euclid(MILLIS_PER_DAY));
        let month = Month::of(self.date.year(), u8::from(self.date.month()))?;
        is_near.then_some(FileKey {
            key,
            prefix: self.prefix,
            organization: self.organization,
            account: self.account,
            kind: self.kind,
            region: self.region,
            month,
            time,
            trail,
        })
    }
}

/// Reads `YYYYMMDDTHHmmZ_UNIQUE`. An example of 2014 has no `Z_`.
fn log_name(text: &str) -> Option<Timestamp> {
    let (time, rest) = text.split_at_checked(13)?;
    let rest = rest.strip_prefix('Z').unwrap_or(rest);
    let unique = rest.strip_prefix('_').unwrap_or(rest);
    let is_unique =
        (1..=64).contains(&unique.len()) && unique.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_unique { instant(time, "") } else { None }
}

/// Reads `TRAIL_HOMEREGION_YYYYMMDDTHHMMSSZ[_backfill]`. A trail's name can contain underscores, and
/// a Region cannot.
fn digest_name(text: &str) -> Option<(Timestamp, &str)> {
    let text = text.strip_suffix("_backfill").unwrap_or(text);
    let (rest, time) = text.strip_suffix('Z')?.rsplit_once('_')?;
    let (trail, home) = rest.rsplit_once('_')?;
    let (minutes, seconds) = time.split_at_checked(13)?;
    let is_name = (3..=128).contains(&trail.len())
        && trail.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !is_name || !is_region(home) || seconds.len() != 2 {
        return None;
    }
    Some((instant(minutes, seconds)?, trail))
}

/// The instant of `YYYYMMDDTHHmm` and `SS`; empty seconds are zero.
pub(crate) fn instant(minutes: &str, seconds: &str) -> Option<Timestamp> {
    let (day, time) = minutes.split_once('T')?;
    let (year, rest) = day.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let (hour, minute) = time.split_at_checked(2)?;
    let second = if seconds.is_empty() { 0 } else { number(seconds, 2)? };
    let time = Time::from_hms(
        u8::try_from(number(hour, 2)?).ok()?,
        u8::try_from(number(minute, 2)?).ok()?,
        u8::try_from(second).ok()?,
    );
    let instant = PrimitiveDateTime::new(date(year, month, day)?, time.ok()?).assume_utc();
    Some(Timestamp::from_epoch_millis(instant.unix_timestamp().checked_mul(1000)?))
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let month = MonthName::try_from(u8::try_from(number(month, 2)?).ok()?).ok()?;
    let year = i32::try_from(number(year, 4)?).ok().filter(|year| *year > 0)?;
    Date::from_calendar_date(year, month, u8::try_from(number(day, 2)?).ok()?).ok()
}

/// The number that exactly `digits` ASCII digits make.
fn number(text: &str, digits: usize) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    text.len() <= 32 && has_form_of_region(text)
}

/// Lower-case words joined by hyphens, and a number: `eu-central-1`, `us-gov-west-1`.
fn has_form_of_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    words.contains('-')
        && words.split('-').all(is_word)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// `o-` and 10 to 32 lower-case letters and digits (AWS Organizations API Reference,
/// `Organization`).
pub fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str) -> FileKey<'_> {
        let Parsed::File(file) = parse(key) else { panic!("{key}") };
        file
    }

    #[test]
    fn a_log_file_is_read_in_parts() {
        let key = "o-exampleorg1/AWSLogs/o-exampleorg1/111122223333/CloudTrail/eu-central-1/2026/01/31/\
                   111122223333_CloudTrail_eu-central-1_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz";
        let file = file(key);
        assert_eq!(file.prefix, "o-exampleorg1");
        assert_eq!(file.organization, Some("o-exampleorg1"));
        assert_eq!((file.account, file.region), ("111122223333", "eu-central-1"));
        assert_eq!(file.kind.as_str(), "CloudTrail");
        assert_eq!(file.month.to_string(), "2026-01");
        assert_eq!(file.time.to_string(), "2026-01-31T23:55:00.000Z");
        assert_eq!(file.trail, None);
    }

    #[test]
    fn documented_forms_are_read() {
        for key in [
            "AWSLogs/111122223333/CloudTrail/us-east-1/2014/06/20/\
             111122223333_CloudTrail_us-east-1_20140620T1255ZHdkvFTXOA3Vnhbc.json.gz",
            "AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2020/02/20/\
             111122223333_CloudTrail-Insight_us-east-1_20200220T0035Z_dmEKbLgKxuCmXTZ9.json.gz",
            "a/AWSLogs/b/AWSLogs/111122223333/CloudTrail/us-gov-west-1/2025/12/31/\
             111122223333_CloudTrail_us-gov-west-1_20260101T0000Z_Ab3dEf6hIj9kLm2n.json.gz",
        ] {
            assert!(matches!(parse(key), Parsed::File(_)), "{key}");
        }
        let key = "AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2025/06/01/111122223333_\
                   CloudTrail-Digest_us-west-2_my_trail.v-1_us-east-1_20250601T001530Z_backfill.json.gz";
        assert_eq!(file(key).trail, Some("my_trail.v-1"));
        assert_eq!(file(key).time.to_string(), "2025-06-01T00:15:30.000Z");
    }

    #[test]
    fn other_objects_and_folders_are_no_files_of_cloudtrail() {
        for key in [
            "",
            "AWSLogs/",
            "AWSLogs/111122223333/CloudTrail/",
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/",
            "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/31/x.log.gz",
            "AWSLogs/111122223333/Config/us-east-1/2026/1/31/ConfigSnapshot/x.json.gz",
            "xAWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/x.json.gz",
            "AWSLogs/111122223333/CloudTrail/us-east-1/x/",
            "AWSLogs/111122223333/CloudTrail/us-east-1",
            "AWSLogs/111122223333/CloudTrail/x.json.gz",
            "AWSLogs/111122223333/x/CloudTrail/us-east-1/x.json.gz",
            "/AWSLogs/111122223333/CloudTrail/us-east-1/x.json.gz",
            "AWSLogs/11112222333/CloudTrail/us-east-1/2026/01/31/x.json.gz",
            "AWSLogs/11112222333x/CloudTrail/us-east-1/2026/01/31/x.json.gz",
            "AWSLogs/111122223333/CloudTrail/us-east/2026/01/31/x.json.gz",
        ] {
            assert_eq!(parse(key), Parsed::Other, "{key}");
        }
    }

    #[test]
    fn a_name_that_contradicts_its_folder_is_set_aside() {
        let folder = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/";
        for name in [
            "x.json.gz",
            "111122223333_CloudTrail_us-east-1_20260131T2355Z_Ab3dEf6hIj9kLm2n.json",
            "111122223334_CloudTrail_us-east-1_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz",
            "111122223333_CloudTrail_us-east-2_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz",
            "111122223333_CloudTrail-Digest_us-east-1_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz",
            "111122223333_CloudTrail_us-east-1_20260202T0000Z_Ab3dEf6hIj9kLm2n.json.gz",
            "111122223333_CloudTrail_us-east-1_20260129T2359Z_Ab3dEf6hIj9kLm2n.json.gz",
            "111122223333_CloudTrail_us-east-1_20260131T2455Z_Ab3dEf6hIj9kLm2n.json.gz",
            "111122223333_CloudTrail_us-east-1_20260131T2355Z_\n.json.gz",
            "111122223333_CloudTrail_us-east-1_20260131T2355Z_.json.gz",
        ] {
            let key = format!("{folder}{name}");
            assert_eq!(parse(&key), Parsed::Unrecognized, "{key}");
        }
    }

    #[test]
    fn any_other_object_in_the_folder_of_a_region_is_set_aside() {
        let name = "111122223333_CloudTrail_us-east-1_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz";
        for root in
            ["AWSLogs/", "a/AWSLogs/o-exampleorg1/", "AWSLogs/x/AWSLogs/", "xAWSLogs/AWSLogs/"]
        {
            let folder = format!("{root}111122223333/CloudTrail/us-east-1/");
            for inner in [
                "2026/01/31//",
                "2026/01/31/sub/",
                "2026/01/31/sub/2026/01/",
                "2026/02/30/",
                "0000/01/31/",
                "2026/001/31/",
                "2026/+1/31/",
                "2026/",
                "",
                "x/AWSLogs/",
                "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/",
                "2026/01/31/AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/",
                "x/AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-east-1/2026/01/31/",
            ] {
                let key = format!("{folder}{inner}{name}");
                assert_eq!(parse(&key), Parsed::Unrecognized, "{key}");
            }
        }
    }

    #[test]
    fn a_digest_is_named_after_a_trail_its_home_region_and_a_second() {
        let is_read = |name: &str| {
            let key = format!(
                "AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2025/06/01/111122223333_\
                 CloudTrail-Digest_us-west-2_{name}.json.gz"
            );
            matches!(parse(&key), Parsed::File(_))
        };
        assert!(is_read("abc_us-east-1_20250601T001530Z"));
        let longest = "a".repeat(128);
        assert!(is_read(&format!("{longest}_us-east-1_20250601T001530Z")));
        for name in [
            "ab_us-east-1_20250601T001530Z",
            &format!("a{longest}_us-east-1_20250601T001530Z"),
            "a c_us-east-1_20250601T001530Z",
            "abc_useast1_20250601T001530Z",
            "abc_us-east-1_20250601T0015Z",
            "abc_us-east-1_20250601T00153Z",
            "abc_us-east-1_20250601T0015300Z",
            "abc_us-east-1_20250601T001530",
        ] {
            assert!(!is_read(name), "{name}");
        }
    }

    #[test]
    fn regions_kinds_and_organizations_have_their_form() {
        for region in ["eu-central-1", "us-gov-west-1", "ap-southeast-12"] {
            assert!(is_region(region), "{region}");
        }
        let long = format!("us-{}-1", "a".repeat(28));
        for region in
            ["", "useast1", "us-1", "us-East-1", "us--1", "us-east-", "us-east-a", "us-e1-1", &long]
        {
            assert!(!is_region(region), "{region}");
        }
        let longest = format!("CloudTrail-{}", "a".repeat(32));
        for kind in ["CloudTrail", "CloudTrail-Digest", &longest] {
            assert_eq!(Kind::parse(kind).map(Kind::as_str), Some(kind));
        }
        for kind in ["cloudtrail", "CloudTrail-", "CloudTrail-1", &format!("{longest}a")] {
            assert_eq!(Kind::parse(kind), None, "{kind}");
        }
        for (id, is_one) in [
            ("o-exampleorg1", true),
            ("o-123456789", false),
            ("o-1234567890", true),
            ("o-EXAMPLEORG1", false),
            ("x-exampleorg1", false),
        ] {
            assert_eq!(is_organization(id), is_one, "{id}");
        }
        assert!(is_organization(&format!("o-{}", "a".repeat(32))));
        assert!(!is_organization(&format!("o-{}", "a".repeat(33))));
    }
}
