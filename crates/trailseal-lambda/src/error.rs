//! Why an invocation failed, as Lambda and the operator see it.

use thiserror::Error;
use trailseal_aws::AwsError;
use trailseal_rule::{AccountId, EventError};

/// The name of the role that AWS Config uses for itself.
const CONFIG_SERVICE_ROLE: &str = "AWSServiceRoleForConfig";

/// Why an invocation failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FunctionError {
    /// The rule cannot handle the event. Nothing was evaluated.
    #[error(transparent)]
    Event(#[from] EventError),
    /// An AWS call failed.
    #[error("{}", describe(.0))]
    Aws(AwsError),
    /// The rule belongs to another account, and no role to assume there is configured.
    #[error(
        "the rule belongs to account {account}, the function to {own}; set `executionRoleName` to \
         a role of {account} that the function may assume"
    )]
    NoRole {
        /// The rule's account.
        account: AccountId,
        /// The function's account.
        own: AccountId,
    },
    /// Exemptions do not apply. The evaluations, without them, were delivered.
    #[error("{}; {delivered} evaluations were delivered without it", joined(causes))]
    Exemptions {
        /// Why not: the document, and the tag of each trail.
        causes: Vec<ExemptionsError>,
        /// How many evaluations AWS Config accepted.
        delivered: usize,
    },
    /// Some trails could not be judged. The evaluations of the others were delivered.
    #[error(
        "{delivered} evaluations were delivered{}, but {} could not be judged: {}",
        not_delivered(undelivered.as_ref()),
        unjudged.len(),
        list(unjudged)
    )]
    Partly {
        /// How many evaluations AWS Config accepted.
        delivered: usize,
        /// Why some were not delivered, if so.
        undelivered: Option<AwsError>,
        /// The ARN of each trail that could not be judged, and why.
        unjudged: Vec<(String, AwsError)>,
    },
}

/// Why no exemption of the document, or by the tag of a trail, applies. The trails are evaluated
/// without it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("no exemption of {source_name} applies: {cause}")]
pub struct ExemptionsError {
    pub(crate) source_name: String,
    pub(crate) cause: String,
}

impl FunctionError {
    /// The kind of the failure, as Lambda shows it: who must act.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "EventError",
            Self::NoRole { .. } => "PermissionMissing",
            Self::Exemptions { .. } => "ExemptionsNotRead",
            Self::Partly { .. } => "NotAllJudged",
            Self::Aws(error) => match error {
                AwsError::ServiceFailure { .. }
                | AwsError::EndlessList { .. }
                | AwsError::NotInHistory { .. } => "AwsBreakdown",
                AwsError::Denied { .. } | AwsError::Refused { .. } | AwsError::Role { .. } => {
                    "PermissionMissing"
                }
                AwsError::TokenRefused(_) | AwsError::RuleGone(_) => "Final",
                AwsError::NotAccepted { .. } => "NotAccepted",
                AwsError::Deadline(_) => "DeadlineExceeded",
            },
        }
    }
}

impl From<AwsError> for FunctionError {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

/// The error and what the operator of the function can do about it.
pub fn describe(error: &AwsError) -> String {
    if let AwsError::Deadline(what) = error {
        return format!("the time of this invocation ran out while {what}");
    }
    if let AwsError::Role { role, .. } = error
        && role.ends_with(CONFIG_SERVICE_ROLE)
    {
        return format!(
            "{error}; it is the service-linked role of AWS Config, which only Config can assume: \
             name a role of your own"
        );
    }
    error.with_advice("the calling principal")
}

fn joined(causes: &[ExemptionsError]) -> String {
    let each: Vec<String> = causes.iter().map(ToString::to_string).collect();
    each.join("; ")
}

fn not_delivered(undelivered: Option<&AwsError>) -> String {
    let and_why = |error| format!(" and others were not ({})", describe(error));
    undelivered.map(and_why).unwrap_or_default()
}

fn list(trails: &[(String, AwsError)]) -> String {
    let each: Vec<String> =
        trails.iter().map(|(arn, error)| format!("{arn}: {}", describe(error))).collect();
    each.join("; ")
}
