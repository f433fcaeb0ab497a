//! Trails that the user exempts, for good or until a day.

use crate::arn::TrailArn;
use crate::pattern::ArnPattern;
use crate::timestamp::Timestamp;

/// One entry of `exemptTrails`: trail ARNs, and the last day on which they are exempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    trails: ArnPattern,
    last_day: Option<String>,
}

/// What the exemptions say of a trail today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exempt<'a> {
    /// None names it.
    No,
    /// One does, for good or until this day inclusive.
    Until(Option<&'a str>),
    /// One did, until this day; none does now.
    Expired(&'a str),
}

impl Exemption {
    /// Takes a trail ARN with `*` as wildcard within its parts, and an optional `@YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (trails, last_day) = match text.split_once('@') {
            Some((trails, day)) => (trails, Some(day)),
            None => (text, None),
        };
        // A day is kept as text: four, two and two digits order as the days they name.
        let is_day =
            |day: &str| day.len() == 10 && Timestamp::parse(&format!("{day}T00:00:00Z")).is_ok();
        last_day.is_none_or(is_day).then_some(())?;
        let trails = ArnPattern::parse(trails, "cloudtrail", "trail")?;
        Some(Self { trails, last_day: last_day.map(str::to_owned) })
    }
}

/// An unexpired exemption counts before an expired one, and the one that lasts longest is named.
pub(crate) fn exempt<'a>(
    exemptions: &'a [Exemption],
    trail: &TrailArn,
    now: Timestamp,
) -> Exempt<'a> {
    let today = now.date();
    let mut answer = Exempt::No;
    for exemption in exemptions.iter().filter(|one| one.trails.matches(trail.as_str())) {
        let Some(day) = exemption.last_day.as_deref() else {
            return Exempt::Until(None);
        };
        answer = match answer {
            Exempt::Until(Some(latest)) if latest >= day => answer,
            _ if today.as_str() <= day => Exempt::Until(Some(day)),
            Exempt::Until(_) => answer,
            Exempt::Expired(latest) if latest >= day => answer,
            Exempt::No | Exempt::Expired(_) => Exempt::Expired(day),
        };
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exemptions: &[&str], today: &str, expected: &Exempt<'_>) {
        let exemptions: Vec<Exemption> =
            exemptions.iter().map(|text| Exemption::parse(text).unwrap()).collect();
        let trail = TrailArn::parse("arn:aws:cloudtrail:us-east-1:111122223333:trail/lab").unwrap();
        let now = Timestamp::parse(&format!("{today}T23:59:59Z")).unwrap();
        assert_eq!(&exempt(&exemptions, &trail, now), expected, "{exemptions:?} on {today}");
    }

    #[test]
    fn the_last_day_is_included() {
        let all = "arn:aws:cloudtrail:*:*:trail/*";
        let dated = "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab@2026-11-23";
        let later = "arn:aws:cloudtrail:us-east-1:111122223333:trail/l*@2026-12-01";
        let other = "arn:aws:cloudtrail:us-east-1:111122223333:trail/other";
        check(&[], "2026-11-23", &Exempt::No);
        check(&[other], "2026-11-23", &Exempt::No);
        check(&[all], "2026-11-23", &Exempt::Until(None));
        check(&[dated], "2026-11-23", &Exempt::Until(Some("2026-11-23")));
        check(&[dated], "2026-11-24", &Exempt::Expired("2026-11-23"));
        check(&[dated, later], "2026-11-24", &Exempt::Until(Some("2026-12-01")));
        check(&[later, dated], "2026-11-01", &Exempt::Until(Some("2026-12-01")));
        check(&[dated, later], "2026-11-01", &Exempt::Until(Some("2026-12-01")));
        check(&[dated, later], "2027-01-01", &Exempt::Expired("2026-12-01"));
        check(&[later, dated], "2027-01-01", &Exempt::Expired("2026-12-01"));
        check(&[dated, all], "2027-01-01", &Exempt::Until(None));
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab";
        for day in ["2026-02-30", "2026-2-3", "tomorrow", "", "2026-11-23T00:00:00Z"] {
            assert_eq!(Exemption::parse(&format!("{arn}@{day}")), None, "{day}");
        }
    }
}
