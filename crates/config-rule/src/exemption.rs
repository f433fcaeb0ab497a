//! Resources that the user exempts from a rule, forever or until a day.

use crate::pattern::ArnPattern;
use crate::timestamp::Timestamp;

/// An exemption: an ARN pattern, optionally the last day on which it is in force, and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    resources: ArnPattern,
    last_day: Option<String>,
    origin: Origin,
}

/// Who exempts. Of several origins that exempt a resource, the first in this order is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A parameter of the rule.
    Parameter,
    /// An entry of a document.
    Document {
        /// The name of the document.
        name: String,
        /// Why the resource is exempt.
        reason: String,
        /// Who approved it.
        approver: String,
    },
    /// A tag of the resource, which names neither a reason nor an approver.
    Tag {
        /// The key of the tag.
        key: String,
    },
}

/// Whether a resource is exempt on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempt<'a> {
    /// No exemption names it.
    No,
    /// It is exempt by this exemption, which is in force.
    By(&'a Exemption),
    /// It was exempt by this exemption, whose last day is over.
    Expired(&'a Exemption),
}

impl Exemption {
    /// An exemption of the resources that a pattern matches; service and kind are those of
    /// [`ArnPattern::parse`]. `None` if the pattern or the last day is malformed.
    pub fn new(
        pattern: &str,
        last_day: Option<&str>,
        [service, kind]: [&str; 2],
        origin: Origin,
    ) -> Option<Self> {
        let is_one = !pattern.contains(['@', ',']);
        (is_one && last_day.is_none_or(Self::is_day)).then_some(())?;
        let resources = ArnPattern::parse(pattern, service, kind)?;
        Some(Self { resources, last_day: last_day.map(str::to_owned), origin })
    }

    /// Reads an ARN pattern with an optional `@YYYY-MM-DD`, as a parameter has it.
    pub fn parse(text: &str, service: &str, kind: &str) -> Option<Self> {
        let dated = text.split_once('@');
        let (resources, last_day) = dated.map_or((text, None), |(arn, day)| (arn, Some(day)));
        Self::new(resources, last_day, [service, kind], Origin::Parameter)
    }

    /// Whether the text is a day of the calendar, `YYYY-MM-DD`.
    pub fn is_day(text: &str) -> bool {
        // Days stay text: `YYYY-MM-DD` sorts as the days do.
        text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_ok()
    }

    /// The ARN pattern as the user wrote it.
    pub fn pattern(&self) -> &str {
        self.resources.as_str()
    }

    /// The last day on which it is in force, `YYYY-MM-DD`.
    pub fn last_day(&self) -> Option<&str> {
        self.last_day.as_deref()
    }

    /// Who exempts.
    pub fn origin(&self) -> &Origin {
        &self.origin
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
/// An exemption that is in force counts before an expired one. Of several in force, the first
/// [`Origin`] is named, and of one origin the one that lasts longest.
pub fn exempt<'a>(exemptions: &'a [Exemption], arn: &str, now: Timestamp) -> Exempt<'a> {
    let matching = exemptions.iter().filter(|exemption| exemption.matches(arn));
    let (ended, in_force): (Vec<_>, Vec<_>) =
        matching.partition(|exemption| exemption.has_ended(now));
    // No last day is later than every day.
    let lasts = |one: &Exemption| (one.last_day.is_none(), one.last_day.clone());
    let named = in_force.into_iter().min_by(|one, other| {
        let by_origin = one.origin.rank().cmp(&other.origin.rank());
        by_origin.then_with(|| lasts(other).cmp(&lasts(one)))
    });
    let expired = || ended.into_iter().max_by(|one, other| one.last_day.cmp(&other.last_day));
    match named {
        Some(exemption) => Exempt::By(exemption),
        None => expired().map_or(Exempt::No, Exempt::Expired),
    }
}

impl Origin {
    fn rank(&self) -> u8 {
        match self {
            Self::Parameter => 0,
            Self::Document { .. } => 1,
            Self::Tag { .. } => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sns:us-east-1:111122223333:topic/lab";

    /// The pattern and last day of the exemption that decides, and whether it is in force.
    fn decided(exemptions: &[Exemption], today: &str) -> (Option<bool>, Option<String>) {
        let now = Timestamp::parse(&format!("{today}T23:59:59Z")).unwrap();
        match exempt(exemptions, ARN, now) {
            Exempt::No => (None, None),
            Exempt::By(one) => (Some(true), one.last_day().map(str::to_owned)),
            Exempt::Expired(one) => (Some(false), one.last_day().map(str::to_owned)),
        }
    }

    #[test]
    fn the_last_day_is_included() {
        let all = "arn:aws:sns:*:*:topic/*";
        let dated = "arn:aws:sns:us-east-1:111122223333:topic/lab@2026-11-23";
        let later = "arn:aws:sns:us-east-1:111122223333:topic/l*@2026-12-01";
        let other = "arn:aws:sns:us-east-1:111122223333:topic/other";
        type Expected = (Option<bool>, Option<&'static str>);
        let cases: [(&[&str], &str, Expected); 11] = [
            (&[], "2026-11-23", (None, None)),
            (&[other], "2026-11-23", (None, None)),
            (&[all], "2026-11-23", (Some(true), None)),
            (&[dated], "2026-11-23", (Some(true), Some("2026-11-23"))),
            (&[dated], "2026-11-24", (Some(false), Some("2026-11-23"))),
            (&[dated, later], "2026-11-24", (Some(true), Some("2026-12-01"))),
            (&[later, dated], "2026-11-01", (Some(true), Some("2026-12-01"))),
            (&[dated, later], "2026-11-01", (Some(true), Some("2026-12-01"))),
            (&[dated, later], "2027-01-01", (Some(false), Some("2026-12-01"))),
            (&[later, dated], "2027-01-01", (Some(false), Some("2026-12-01"))),
            (&[dated, all], "2027-01-01", (Some(true), None)),
        ];
        for (texts, today, (is_exempt, day)) in cases {
            let exemptions: Vec<Exemption> =
                texts.iter().map(|text| Exemption::parse(text, "sns", "topic").unwrap()).collect();
            let expected = (is_exempt, day.map(str::to_owned));
            assert_eq!(decided(&exemptions, today), expected, "{texts:?} on {today}");
        }
    }

    #[test]
    fn the_first_origin_in_force_is_named_and_any_origin_exempts() {
        let of_document = |day: &str| {
            let [name, reason, approver] = ["document", "r", "a"].map(str::to_owned);
            let origin = Origin::Document { name, reason, approver };
            Exemption::new(ARN, Some(day), ["sns", "topic"], origin).unwrap()
        };
        let of_parameter =
            |day: &str| Exemption::parse(&format!("{ARN}@{day}"), "sns", "topic").unwrap();
        let both = [of_document("2027-12-31"), of_parameter("2026-12-01")];
        for (today, is_exempt, day) in [
            ("2026-12-01", true, "2026-12-01"),
            ("2026-12-02", true, "2027-12-31"),
            ("2028-01-01", false, "2027-12-31"),
        ] {
            let expected = (Some(is_exempt), Some(day.to_owned()));
            assert_eq!(decided(&both, today), expected, "{today}");
        }
    }

    #[test]
    fn a_pattern_is_one_pattern_without_a_day() {
        for text in [format!("{ARN}@2026-11-23"), format!("{ARN},{ARN}"), String::new()] {
            let made = Exemption::new(&text, None, ["sns", "topic"], Origin::Parameter);
            assert_eq!(made, None, "{text}");
        }
    }

    #[test]
    fn a_last_day_must_exist_in_the_calendar() {
        for day in ["2026-02-30", "2026-2-3", "tomorrow", "", "2026-11-23T00:00:00Z"] {
            assert_eq!(Exemption::parse(&format!("{ARN}@{day}"), "sns", "topic"), None, "{day}");
        }
    }
}
