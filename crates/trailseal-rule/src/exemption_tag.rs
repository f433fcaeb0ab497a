//! The exemption by a tag of the trail itself: `exemptionTag` names the tag, and its value is the
//! last day.
//!
//! Whoever may tag a trail can set it, so it is in force for 90 days at most, it never replaces a
//! result that is COMPLIANT, and it never prolongs an exemption that has ended.

use config_rule::{Exemption, Origin, Timestamp};

use crate::exemptions::TRAIL;
use crate::facts::{Facts, Reading};
use crate::parameters::{EvaluationContext, TagKey};
use crate::trail::Trail;

/// The last day of an exemption by tag is at most this many days ahead.
const DAYS_AHEAD_MAX: i64 = 90;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The exemption that a tag that was read states, in force or ended.
pub fn exemption_by_tag(
    context: &EvaluationContext<'_>,
    trail: &Trail,
    facts: &Facts,
) -> Option<Exemption> {
    match by_tag(context, trail, facts) {
        ByTag::Exempt(exemption) | ByTag::Ended(exemption) => Some(exemption),
        ByTag::Nothing | ByTag::NotRead(_) | ByTag::NoDay(_) | ByTag::TooFar(..) => None,
    }
}

/// What the tag means for a trail that would fail.
pub(crate) enum ByTag {
    /// `exemptionTag` is not set, a named exemption of the trail counts instead, or the trail does
    /// not have the tag.
    Nothing,
    /// The tag was not read.
    NotRead(TagKey),
    /// Its value is not a day.
    NoDay(TagKey),
    /// Its value is a day that is too far ahead.
    TooFar(TagKey, String),
    /// It exempts the trail.
    Exempt(Exemption),
    /// Its day is over.
    Ended(Exemption),
}

pub(crate) fn by_tag(context: &EvaluationContext<'_>, trail: &Trail, facts: &Facts) -> ByTag {
    let Some(key) = context.exemption_tag(&trail.arn).cloned() else { return ByTag::Nothing };
    let day = match &facts.exemption_tag {
        Reading::Known(value) => value,
        Reading::Absent => return ByTag::Nothing,
        Reading::Refused(_) => return ByTag::NotRead(key),
    };
    let origin = Origin::Tag { key: key.as_str().to_owned() };
    let Some(exemption) = Exemption::new(trail.arn.as_str(), Some(day), TRAIL, origin) else {
        return ByTag::NoDay(key);
    };
    if exemption.has_ended(context.now) {
        return ByTag::Ended(exemption);
    }
    if *day > last_possible_day(context.now) {
        return ByTag::TooFar(key, day.clone());
    }
    ByTag::Exempt(exemption)
}

/// Days are compared as text, as those of every exemption.
fn last_possible_day(now: Timestamp) -> String {
    let ahead = DAYS_AHEAD_MAX * DAY_MILLIS;
    Timestamp::from_epoch_millis(now.epoch_millis().saturating_add(ahead)).date()
}

impl ByTag {
    /// Why the trail is evaluated although `exemptionTag` is set. The value of a tag is not
    /// repeated unless it is a day: anybody who may tag the trail writes it.
    pub(crate) fn note(self) -> Option<String> {
        match self {
            Self::Nothing | Self::Exempt(_) => None,
            Self::NotRead(key) => Some(format!("its tag {} was not read", key.as_str())),
            Self::NoDay(key) => Some(format!("its tag {} is not a date, YYYY-MM-DD", key.as_str())),
            Self::TooFar(key, day) => {
                let max = DAYS_AHEAD_MAX;
                Some(format!("its tag {} is {day}, more than {max} days ahead", key.as_str()))
            }
            Self::Ended(exemption) => {
                let day = exemption.last_day().unwrap_or_default();
                Some(format!("its exemption by tag ended on {day}"))
            }
        }
    }
}
