//! Why an invocation failed, in words that reach Lambda and the operator.

use thiserror::Error;
use trailseal_aws::AwsError;
use trailseal_rule::EventError;

/// Why an invocation could not be answered, or not wholly.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FunctionError {
    /// The event is not one that this rule can answer. Nothing was evaluated.
    #[error("{0}")]
    Event(EventError),
    /// AWS could not be asked or told. Nothing more was evaluated.
    #[error("{0}")]
    Aws(AwsError),
    /// What could be judged was put; these trails could not be judged.
    #[error(
        "{delivered} evaluations were delivered{}, but {} could not be judged: {}",
        not_delivered(undelivered.as_ref()),
        unjudged.len(),
        list(unjudged)
    )]
    Partly {
        /// How many evaluations AWS Config accepted.
        delivered: usize,
        /// Why not all that were judged, if so.
        undelivered: Option<AwsError>,
        /// The ARN of each trail that could not be judged, and why.
        unjudged: Vec<(String, AwsError)>,
    },
}

impl FunctionError {
    /// The kind of the failure, as Lambda shows it: who must act.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "EventError",
            Self::Partly { .. } => "NotAllJudged",
            Self::Aws(error) => match error {
                AwsError::ServiceFailure { .. }
                | AwsError::EndlessList { .. }
                | AwsError::NotInHistory { .. } => "AwsBreakdown",
                AwsError::Denied { .. }
                | AwsError::Refused { .. }
                | AwsError::Role { .. }
                | AwsError::NoRole { .. } => "PermissionMissing",
                AwsError::TokenRefused(_) | AwsError::RuleGone(_) => "Final",
                AwsError::NotAccepted { .. } => "NotAccepted",
                AwsError::Deadline(_) => "DeadlineExceeded",
            },
        }
    }
}

impl From<EventError> for FunctionError {
    fn from(error: EventError) -> Self {
        Self::Event(error)
    }
}

impl From<AwsError> for FunctionError {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

fn not_delivered(undelivered: Option<&AwsError>) -> String {
    undelivered.map(|error| format!(" and others were not ({error})")).unwrap_or_default()
}

fn list(trails: &[(String, AwsError)]) -> String {
    let each: Vec<String> = trails.iter().map(|(arn, error)| format!("{arn}: {error}")).collect();
    each.join("; ")
}
