//! A value of a resource that does not exist yet.

use trailseal_rule::{Reading, Refusal};

/// A property of a planned resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned<T> {
    /// The deployment sets this value.
    Known(T),
    /// The deployment leaves the property out.
    Absent,
    /// Only the deployment knows it; why, such as "parameter `Key` has no value".
    Unknown(String),
}

impl<T> Planned<T> {
    /// Converts the value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Planned<U> {
        self.and_then(|value| Planned::Known(convert(value)))
    }

    /// Converts the value to another planned value.
    pub fn and_then<U>(self, convert: impl FnOnce(T) -> Planned<U>) -> Planned<U> {
        match self {
            Self::Known(value) => convert(value),
            Self::Absent => Planned::Absent,
            Self::Unknown(why) => Planned::Unknown(why),
        }
    }

    /// The value that AWS uses where the property is left out.
    pub fn or_default(self, default: T) -> Self {
        match self {
            Self::Absent => Self::Known(default),
            Self::Known(_) | Self::Unknown(_) => self,
        }
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// The reading of a property that always has a value.
    pub(crate) fn into_reading(self) -> Reading<T> {
        match self {
            Self::Known(value) => Reading::Known(value),
            Self::Absent => not_known("it is not stated"),
            Self::Unknown(why) => not_known(why),
        }
    }
}

pub(crate) fn not_known<T>(why: impl Into<String>) -> Reading<T> {
    Reading::Refused(Refusal::NotKnownBeforeDeployment(why.into()))
}
