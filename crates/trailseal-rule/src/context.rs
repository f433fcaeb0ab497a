//! What a trail is evaluated under.

use config_rule::{Exempt, Timestamp, exempt};

use crate::arn::TrailArn;
use crate::parameters::Parameters;

/// What a trail is evaluated under.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationContext<'a> {
    /// The rule's parameters.
    pub parameters: &'a Parameters,
    /// The current time, for exemptions and imported key material: this crate has no clock.
    pub now: Timestamp,
}

impl<'a> EvaluationContext<'a> {
    /// Whether `exemptTrails` exempts the trail today, also if it is a copy.
    #[must_use]
    pub fn exempts(&self, trail: &TrailArn) -> bool {
        matches!(self.exemption(trail), Exempt::Until(_))
    }

    pub(crate) fn exemption(&self, trail: &TrailArn) -> Exempt<'a> {
        exempt(&self.parameters.exempt_trails, trail.as_str(), self.now)
    }
}
