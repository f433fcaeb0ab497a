//! What can keep a trail from being sealed, by who must act.

use std::io;

use thiserror::Error;
use trailseal_aws::AwsError;
use trailseal_plan::{JournalError, Refusals, StepId};
use trailseal_rule::Denial;

/// Why there is nothing to carry out, or why it was not begun. Nothing was changed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The planner refuses, for all of these reasons.
    #[error("{0}")]
    Refused(#[from] Refusals),
    /// AWS did not answer, or denied what nothing can be said without.
    #[error("{}", describe(.0))]
    Aws(#[from] AwsError),
    /// There is no such trail, as far as the caller sees.
    #[error("account {account} has no trail `{named}` in {region}")]
    NoSuchTrail {
        /// The trail as it was named.
        named: String,
        /// The account that was looked in.
        account: String,
        /// The Region that was looked in.
        region: String,
    },
    /// The text names no trail.
    #[error("`{0}` is neither a trail's name nor its ARN")]
    NotATrail(String),
    /// It was begun, and stopped.
    #[error("{0}")]
    Stopped(#[from] Stop),
    /// The journal cannot be read or written; nothing was changed.
    #[error("the journal `{file}` cannot be used: {cause}")]
    Journal {
        /// The file.
        file: String,
        /// Why not.
        cause: io::Error,
    },
    /// Another run holds the journal.
    #[error("the journal `{0}` is in use by another run; wait for it to end")]
    JournalInUse(String),
    /// What the file holds is no journal.
    #[error("`{file}` is no journal: {cause}")]
    NotAJournal {
        /// The file.
        file: String,
        /// What is wrong with it.
        cause: JournalError,
    },
    /// The journal is of another trail than the one that was named.
    #[error("the journal `{file}` is of trail {journal}, not of {trail}: name another file")]
    OtherTrail {
        /// The file.
        file: String,
        /// The journal's trail.
        journal: String,
        /// The trail that was named.
        trail: String,
    },
    /// The operating system gives no random bits for a journal's id.
    #[error("the operating system gives no random bits ({0}); nothing was changed")]
    NoRandomBits(String),
    /// The journal is of another account than the credentials are.
    #[error("the journal is of account {journal}, the credentials are of {caller}")]
    OtherAccount {
        /// Whose trail the journal is about.
        journal: String,
        /// Who asks.
        caller: String,
    },
}

/// Why a plan that was begun was not gone on with: the journal says where things stand.
#[derive(Debug, Error)]
pub enum Stop {
    /// What was found is not what the plan counts on.
    #[error("{}{why}", at(*step))]
    Doubt {
        /// The step, where it was at one.
        step: Option<StepId>,
        /// What was found, and what was expected.
        why: String,
    },
    /// AWS denied a step.
    #[error("step `{step}` was denied: {action}: {}", denied(cause, action, *denial))]
    Denied {
        /// The step.
        step: StepId,
        /// The IAM action that is missing.
        action: String,
        /// AWS's words.
        cause: String,
        /// The policy that denied it, where AWS names one: then no IAM permission helps.
        denial: Option<Denial>,
    },
    /// The journal could not be written, so nothing further was changed.
    #[error("{}the journal cannot be written: {cause}", at(*step))]
    Journal {
        /// The step, where it was at one.
        step: Option<StepId>,
        /// Why not.
        cause: io::Error,
    },
}

/// The error and what lets the call pass.
fn describe(error: &AwsError) -> String {
    match error {
        AwsError::Denied { operation, denial: Some(denial), .. } => {
            format!("{error}; {}", denial.advice(operation))
        }
        AwsError::Denied { denial: None, .. } => format!("{error}; allow it to the caller"),
        AwsError::Role { .. } => format!(
            "{error}; see that the role exists, trusts the caller and asks for the external ID \
             that the caller has"
        ),
        AwsError::ServiceFailure { .. }
        | AwsError::EndlessList { .. }
        | AwsError::Refused { .. }
        | AwsError::TokenRefused(_)
        | AwsError::RuleGone(_)
        | AwsError::NotAccepted { .. }
        | AwsError::NotInHistory { .. }
        | AwsError::Deadline(_) => error.to_string(),
    }
}

fn denied(cause: &str, action: &str, denial: Option<Denial>) -> String {
    denial.map_or_else(
        || cause.to_owned(),
        |denial| format!("{cause}: {denial}; {}", denial.advice(action)),
    )
}

fn at(step: Option<StepId>) -> String {
    step.map(|step| format!("step `{step}`: ")).unwrap_or_default()
}

impl Stop {
    /// The step, where it was at one.
    #[must_use]
    pub fn step(&self) -> Option<StepId> {
        match self {
            Self::Doubt { step, .. } | Self::Journal { step, .. } => *step,
            Self::Denied { step, .. } => Some(*step),
        }
    }
}
