//! Resources that the user exempts from a rule, forever or until a day.

use crate::pattern::ArnPattern;
use crate::timestamp::Timestamp;

/// An exemption: an ARN pattern and, optionally, the last day on which it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    resources: ArnPattern,
    last_day: Option<String>,
}

/// Whether a resource is exempt on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempt<'a> {
    /// No exemption names it.
    No,
    /// It is exempt: until this day (inclusive), or forever.
    Until(Option<&'a str>),
    /// It was exempt until this day (inclusive).
    Expired(&'a str),
}

impl Exemption {
    /// Reads an ARN pattern with an optional `@YYYY-MM-DD`; service and kind are those of
    /// [`ArnPattern::parse`].
    pub fn parse(text: &str, service: &str, kind: &str) -> Option<Self> {
        let dated = text.split_once('@');
        let (resources, last_day) = dated.map_or((text, None), |(arn, day)| (arn, Some(day)));
        // Days stay text: `YYYY-MM-DD` sorts as the days do.
        let is_day =
            |day: &str| day.len() == 10 && Timestamp::parse(&format!("{day}T00:00:00Z")).is_ok();
        last_day.is_none_or(is_day).then_some(())?;
        let resources = ArnPattern::parse(resources, service, kind)?;
        Some(Self { resources, last_day: last_day.map(str::to_owned) })
    }

    /// The ARN pattern as the user wrote it.
    pub fn pattern(&self) -> &str {
        self.resources.as_str()
    }

    /// The last day on which it is in force, `YYYY-MM-DD`.
    pub fn last_day(&self) -> Option<&str> {
        self.last_day.as_deref()
    }

    /// Whether its pattern matches the ARN of a resource.
    pub fn matches(&self, arn: &str) -> bool {
        self.resources.matches(arn)
    }

    /// Whether its last day (UTC) is over.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.last_day().is_some_and(|day| day < now.date().as_str())
    }
}

/// Whether the resource is exempt on the day (UTC) of `now`.
///
/// An exemption that is in force counts before an expired one, and the one that lasts longest is
/// named.
pub fn exempt<'a>(exemptions: &'a [Exemption], arn: &str, now: Timestamp) -> Exempt<'a> {
    let today = now.date();
    let matching = exemptions.iter().filter(|exemption| exemption.resources.matches(arn));
    let last_days: Vec<Option<&str>> =
        matching.map(|exemption| exemption.last_day.as_deref()).collect();
    if last_days.contains(&None) {
        return Exempt::Until(None);
    }
    match last_days.into_iter().flatten().max() {
        None => Exempt::No,
        Some(day) if today.as_str() <= day => Exempt::Until(Some(day)),
        Some(day) => Exempt::Expired(day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sns:us-east-1:111122223333:topic/lab";

    #[test]
    fn the_last_day_is_included() {
        let all = "arn:aws:sns:*:*:topic/*";
        let dated = "arn:aws:sns:us-east-1:111122223333:topic/lab@2026-11-23";
        let later = "arn:aws:sns:us-east-1:111122223333:topic/l*@2026-12-01";
        let other = "arn:aws:sns:us-east-1:111122223333:topic/other";
        let cases: [(&[&str], &str, Exempt<'_>); 11] = [
            (&[], "2026-11-23", Exempt::No),
            (&[other], "2026-11-23", Exempt::No),
            (&[all], "2026-11-23", Exempt::Until(None)),
            (&[dated], "2026-11-23", Exempt::Until(Some("2026-11-23"))),
            (&[dated], "2026-11-24", Exempt::Expired("2026-11-23")),
            (&[dated, later], "2026-11-24", Exempt::Until(Some("2026-12-01"))),
            (&[later, dated], "2026-11-01", Exempt::Until(Some("2026-12-01"))),
            (&[dated, later], "2026-11-01", Exempt::Until(Some("2026-12-01"))),
            (&[dated, later], "2027-01-01", Exempt::Expired("2026-12-01")),
            (&[later, dated], "2027-01-01", Exempt::Expired("2026-12-01")),
            (&[dated, all], "2027-01-01", Exempt::Until(None)),
        ];
        for (texts, today, expected) in cases {
            let exemptions: Vec<Exemption> =
                texts.iter().map(|text| Exemption::parse(text, "sns", "topic").unwrap()).collect();
            let now = Timestamp::parse(&format!("{today}T23:59:59Z")).unwrap();
            assert_eq!(exempt(&exemptions, ARN, now), expected, "{texts:?} on {today}");
        }
    }

    #[test]
    fn a_last_day_must_exist_in_the_calendar() {
        for day in ["2026-02-30", "2026-2-3", "tomorrow", "", "2026-11-23T00:00:00Z"] {
            assert_eq!(Exemption::parse(&format!("{ARN}@{day}"), "sns", "topic"), None, "{day}");
        }
    }
}
