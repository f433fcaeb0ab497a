//! Errors, grouped by who must act.

use std::io;

use thiserror::Error;
use trailseal_aws::AwsError;
use trailseal_plan::{JournalError, Refusals, StepId};
use trailseal_rule::Denial;

/// Why a remediation failed. Unless it is [`Failure::Stopped`] or [`Failure::NotChecked`], nothing was
/// changed.
#[derive(Debug, Error)]
pub enum Failure {
    #[error("{0}")]
    Refused(#[from] Refusals),
    /// AWS did not respond, or denied a necessary read.
    #[error("{}", .0.with_advice("the caller"))]
    Aws(#[from] AwsError),
    #[error("account {account} has no trail `{named}` in {region}")]
    NoSuchTrail {
        /// The given name or ARN.
        named: String,
        /// The caller's account.
        account: String,
        region: String,
    },
    /// The document with exemptions has faults, so the trail may be exempt.
    #[error("the trail may be exempt, but {document} cannot be used: {faults}")]
    Exemptions {
        /// The document.
        document: String,
        /// All its faults.
        faults: String,
    },
    /// The text is not a trail name or ARN.
    #[error("`{0}` is not a trail name or ARN")]
    NotATrail(String),
    /// A plan began and stopped.
    #[error("{0}")]
    Stopped(#[from] Stop),
    /// The plan was applied, and what the trail is now is not known.
    #[error("all steps are done and read back, but the trail could not be checked: {0}")]
    NotChecked(Box<Failure>),
    /// The journal file cannot be read or written.
    #[error("cannot use journal `{file}`: {cause}")]
    Journal { file: String, cause: io::Error },
    /// Another run has locked the journal.
    #[error("another run uses journal `{0}`; wait for it to end")]
    JournalInUse(String),
    /// Another run has written to the file of a new journal.
    #[error(
        "another run wrote journal `{0}` after this run was planned. Nothing was changed. Repeat the \
         command, which then uses the current state"
    )]
    JournalHasBegun(String),
    #[error("`{file}` is not a journal: {cause}")]
    NotAJournal { file: String, cause: JournalError },
    /// The journal belongs to another trail.
    #[error("journal `{file}` belongs to trail {journal}, not to {trail}; name another file")]
    OtherTrail {
        file: String,
        /// The journal's trail.
        journal: String,
        trail: String,
    },
    /// The operating system has no random bits for a journal ID.
    #[error("the operating system returned no random bits ({0}); nothing was changed")]
    NoRandomBits(String),
    /// The journal belongs to another account than the credentials.
    #[error("the journal belongs to account {journal}, the credentials to {caller}")]
    OtherAccount {
        /// The journal's account.
        journal: String,
        /// The account of the credentials.
        caller: String,
    },
}

/// Why a run stopped. The journal has the progress.
#[derive(Debug, Error)]
pub enum Stop {
    /// The state is not as expected.
    #[error("{}{why}", at(*step))]
    Doubt {
        /// The current step, if any.
        step: Option<StepId>,
        /// What was expected, and what was found.
        why: String,
    },
    /// AWS denied the call of a step.
    #[error("step `{step}` was denied: {action}: {}", denied(cause, action, *denial))]
    Denied {
        step: StepId,
        /// The missing IAM action.
        action: String,
        /// The message of AWS.
        cause: String,
        /// The policy that denied it, where AWS names one: then no IAM permission helps.
        denial: Option<Denial>,
    },
    /// The journal could not be written, so nothing more was changed.
    #[error("{}cannot write the journal: {cause}", at(*step))]
    Journal {
        /// The current step, if any.
        step: Option<StepId>,
        cause: io::Error,
    },
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
    /// The current step, if any.
    pub fn step(&self) -> Option<StepId> {
        match self {
            Self::Doubt { step, .. } | Self::Journal { step, .. } => *step,
            Self::Denied { step, .. } => Some(*step),
        }
    }
}
