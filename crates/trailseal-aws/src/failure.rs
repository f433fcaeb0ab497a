//! What can go wrong with AWS, by who must act.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use thiserror::Error;
use trailseal_rule::Denial;

/// Why an invocation could not be answered. None of these is a finding.
///
/// It can be cloned, since one reading may be wanted by several trails; so the cause is text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AwsError {
    /// AWS broke down or was too busy; a later attempt may succeed.
    #[error("{operation} in {region} failed: {cause}")]
    ServiceFailure {
        /// The operation in IAM's spelling, such as `kms:DescribeKey`.
        operation: &'static str,
        /// Where.
        region: String,
        /// The whole chain of causes.
        cause: String,
    },
    /// A list has no end, so that it cannot be known as a whole.
    #[error("{operation} in {region} cannot be read to its end: {cause}")]
    EndlessList {
        /// The operation in IAM's spelling, such as `kms:ListKeys`.
        operation: &'static str,
        /// Where.
        region: String,
        /// What is wrong with its pages.
        cause: String,
    },
    /// AWS denied a call without which nothing can be said; a person must allow it.
    #[error("{operation} in {region} was {}", denied(operation, cause, *denial))]
    Denied {
        /// The IAM action that is missing.
        operation: &'static str,
        /// Where.
        region: String,
        /// AWS's own code of the error.
        cause: String,
        /// The policy that denied it, where AWS names one.
        denial: Option<Denial>,
    },
    /// AWS refused a call for a reason that only a person can remove; asking again never helps.
    #[error("{operation} in {region} was refused: {code}; {advice}")]
    Refused {
        /// The operation in IAM's spelling.
        operation: &'static str,
        /// Where.
        region: String,
        /// AWS's own code of the error.
        code: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A role could not be assumed; a person must mend the role or its trust.
    #[error("role `{role}` of account {account} cannot be assumed: {cause}; {advice}")]
    Role {
        /// The role's ARN.
        role: String,
        /// The account that was to be entered.
        account: String,
        /// AWS's words.
        cause: String,
        /// The likely reason.
        advice: &'static str,
    },
    /// No role was named for an account that is not the function's own.
    #[error(
        "the rule belongs to account {account}, the function to {own}; set `executionRoleName` to \
         a role of {account} that the function may assume"
    )]
    NoRole {
        /// The rule's account.
        account: String,
        /// The function's account.
        own: String,
    },
    /// AWS Config will never take this result token; the event cannot be answered any more.
    #[error("AWS Config refused the result token for good: {0}")]
    TokenRefused(String),
    /// The rule was deleted meanwhile; nobody can be told the result any more.
    #[error("the rule does not exist any more, so its evaluations cannot be put: {0}")]
    RuleGone(String),
    /// AWS Config took the call but not these evaluations.
    #[error("AWS Config did not accept the evaluations of {}", ids.join(", "))]
    NotAccepted {
        /// Type and id of each.
        ids: Vec<String>,
    },
    /// The announced item is not in Config's history yet.
    #[error("AWS Config's history has no item of `{resource_id}` captured at {captured}")]
    NotInHistory {
        /// The resource.
        resource_id: String,
        /// When the announced item was captured.
        captured: String,
    },
    /// Time is up.
    #[error("the time of this invocation ran out while {0}")]
    Deadline(&'static str),
}

impl AwsError {
    /// AWS's own code of the error, such as `ExpiredTokenException`, where AWS answered one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let (Self::ServiceFailure { cause, .. }
        | Self::Denied { cause, .. }
        | Self::Role { cause, .. }) = self
        else {
            return None;
        };
        let (code, _) = cause.split_once(':')?;
        code.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(code)
    }
}

/// "denied", by what, and what to do.
fn denied(operation: &str, code: &str, denial: Option<Denial>) -> String {
    match denial {
        Some(denial) => format!("{denial} ({code}); {}", denial.advice(operation)),
        None => format!("denied: {code}; allow it to the rule's role"),
    }
}

/// Errors of CloudTrail that never go away by themselves (CloudTrail API Reference, "Errors" of
/// `DescribeTrails` and `GetTrailStatus`). None of them is about capacity or time: each says that
/// the caller, the name or the organization is not set up for the call. So they are refusals.
const FOR_GOOD: [(&str, &str); 6] = [
    (
        "NoManagementAccountSLRExistsException",
        "create the service-linked role of CloudTrail in the organization's management account",
    ),
    ("OperationNotPermittedException", "see in CloudTrail why the operation is not permitted here"),
    ("UnsupportedOperationException", "see in CloudTrail why the operation is not supported here"),
    (
        "CloudTrailAccessNotEnabledException",
        "enable trusted access of CloudTrail in the organization",
    ),
    ("InvalidTrailNameException", "look at the trail's name in CloudTrail"),
    ("CloudTrailARNInvalidException", "look at the trail's ARN in CloudTrail"),
];

/// What AWS's answer to a failed call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A plain no, and the policy that says it, where AWS names one.
    Denied(Option<Denial>),
    /// There is no such thing.
    NotFound,
    /// The question does not fit the resource, and never will.
    Invalid(&'static str),
    /// CloudTrail does not carry the call out here, and will not until a person changes something.
    ForGood { code: &'static str, advice: &'static str },
    /// AWS does not know the credentials there.
    Unrecognized,
    /// None of these: a breakdown, or a fault of ours.
    No,
}

/// Whether the error is AWS's refusal of the call, by its code.
///
/// Expired and unsigned credentials are no refusals: they say nothing of the resource.
pub(crate) fn refusal<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Refused {
    let service = error.as_service_error();
    let code = service.and_then(ProvideErrorMetadata::code);
    if let Some((code, advice)) = FOR_GOOD.into_iter().find(|(known, _)| Some(*known) == code) {
        return Refused::ForGood { code, advice };
    }
    match code {
        Some("AccessDeniedException" | "AccessDenied") => {
            let message = service.and_then(ProvideErrorMetadata::message);
            Refused::Denied(message.and_then(Denial::from_message))
        }
        Some("NotFoundException" | "TrailNotFoundException") => Refused::NotFound,
        Some("InvalidArnException") => Refused::Invalid("InvalidArnException"),
        Some("UnrecognizedClientException") => Refused::Unrecognized,
        Some("KMSInvalidStateException") => Refused::Invalid("KMSInvalidStateException"),
        _ => Refused::No,
    }
}

/// The error of an operation that nothing can be said without: what was denied apart from what
/// broke down. `operation` is in IAM's spelling.
pub fn failed<E, R>(operation: &'static str, region: &str, error: &SdkError<E, R>) -> AwsError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    let (region, cause) = (region.to_owned(), chain(error));
    match refusal(error) {
        Refused::Denied(denial) => {
            let cause = cause.split(':').next().unwrap_or_default().to_owned();
            AwsError::Denied { operation, region, cause, denial }
        }
        Refused::ForGood { code, advice } => AwsError::Refused { operation, region, code, advice },
        Refused::NotFound | Refused::Invalid(_) | Refused::Unrecognized | Refused::No => {
            AwsError::ServiceFailure { operation, region, cause }
        }
    }
}

/// The whole chain of causes in one line; AWS's own code and words where it answered.
pub(crate) fn chain<E, R>(error: &SdkError<E, R>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    if let Some(service) = error.as_service_error()
        && let Some(code) = service.code()
    {
        return one_line(&format!("{code}: {}", service.message().unwrap_or("(no message)")));
    }
    with_causes(error)
}

/// The error and all its causes, joined by `: `, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    one_line(&text)
}

fn one_line(text: &str) -> String {
    const CHARS_MAX: usize = 500;
    let clean = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().map(clean).take(CHARS_MAX).collect()
}
