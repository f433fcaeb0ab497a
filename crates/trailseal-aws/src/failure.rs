//! Failed AWS calls, by who must act.

use std::error::Error;
use std::fmt::Debug;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use thiserror::Error;
use trailseal_rule::{Denial, Reading, Refusal, Region, error_chain, one_line};

/// Why an AWS call has no usable answer.
///
/// The messages describe the call; [`AwsError::with_advice`] adds what to do. The causes are text
/// because the error is cloned for each trail that needs the same reading.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AwsError {
    /// AWS failed or was too busy; a later attempt may succeed.
    #[error("{operation} in {region} failed: {cause}")]
    ServiceFailure {
        /// The operation in IAM's spelling, such as `kms:DescribeKey`.
        operation: &'static str,
        /// The Region of the call.
        region: String,
        /// AWS's error code, if AWS answered.
        code: Option<String>,
        /// AWS's error code and message, or the chain of causes.
        cause: String,
    },
    /// The pages of a list do not end, so the list is never complete.
    #[error("{operation} in {region} cannot be read to its end: {cause}")]
    EndlessList {
        /// The operation in IAM's spelling, such as `kms:ListKeys`.
        operation: &'static str,
        /// The Region of the call.
        region: String,
        /// What is wrong with the pages.
        cause: String,
    },
    /// AWS denied the call; a person must allow it.
    #[error("{operation} in {region} was {}", denied(code, *denial))]
    Denied {
        /// The missing IAM action.
        operation: &'static str,
        /// The Region of the call.
        region: String,
        /// AWS's error code.
        code: String,
        /// The policy that denied the call, if AWS names one.
        denial: Option<Denial>,
    },
    /// The service rejects the call until a person changes a setting; a retry never helps.
    #[error("{operation} in {region} was refused: {code}; {advice}")]
    Refused {
        /// The operation in IAM's spelling.
        operation: &'static str,
        /// The Region of the call.
        region: String,
        /// AWS's error code.
        code: &'static str,
        /// The setting to change.
        advice: &'static str,
    },
    /// STS denied `sts:AssumeRole`; a person must correct the role or its trust policy.
    #[error("role `{role}` cannot be assumed: {cause}")]
    Role {
        /// The ARN of the role.
        role: String,
        /// STS's error code and message.
        cause: String,
    },
    /// AWS Config rejects the result token; the event can never be answered.
    #[error("AWS Config rejected the result token: {0}")]
    TokenRefused(String),
    /// The rule was deleted; AWS Config no longer takes results for it.
    #[error("the rule does not exist any more, so its evaluations cannot be put: {0}")]
    RuleGone(String),
    /// AWS Config accepted the call but not these evaluations.
    #[error("AWS Config did not accept the evaluations of {}", ids.join(", "))]
    NotAccepted {
        /// The type and ID of each.
        ids: Vec<String>,
    },
    /// The announced item is not in AWS Config's history yet.
    #[error("AWS Config's history has no item of `{resource_id}` captured at {captured}")]
    NotInHistory {
        /// The resource.
        resource_id: String,
        /// The capture time of the announced item.
        captured: String,
    },
    /// The caller's deadline passed.
    #[error("time ran out while {0}")]
    Deadline(&'static str),
}

/// The result of one read: the value, a refusal, or a failure of AWS.
pub type Read<T> = Result<Reading<T>, AwsError>;

impl AwsError {
    /// A failure without an error code, such as an incomplete or malformed answer.
    pub fn bad_answer(operation: &'static str, region: &Region, cause: impl ToString) -> Self {
        let (region, cause) = (region.to_string(), cause.to_string());
        Self::ServiceFailure { operation, region, code: None, cause }
    }

    /// AWS's error code of a failed or denied call, such as `ExpiredTokenException`.
    pub fn code(&self) -> Option<&str> {
        let (Self::ServiceFailure { code: Some(code), .. } | Self::Denied { code, .. }) = self
        else {
            return None;
        };
        Some(code)
    }

    /// The error, and what makes the call succeed. `caller` names the principal that lacks the
    /// permission, such as "the caller".
    pub fn with_advice(&self, caller: &str) -> String {
        match self {
            Self::Denied { operation, denial: Some(denial), .. } => {
                format!("{self}; {}", denial.advice(operation))
            }
            Self::Denied { denial: None, .. } => format!("{self}; allow it to {caller}"),
            Self::Role { .. } => format!(
                "{self}; check that the role exists, that it trusts {caller}, and that the external ID is \
                 the one that it requires"
            ),
            Self::ServiceFailure { .. }
            | Self::EndlessList { .. }
            | Self::Refused { .. }
            | Self::TokenRefused(_)
            | Self::RuleGone(_)
            | Self::NotAccepted { .. }
            | Self::NotInHistory { .. }
            | Self::Deadline(_) => self.to_string(),
        }
    }

    /// A denied call as evidence that could not be read.
    ///
    /// # Errors
    ///
    /// Every other error, unchanged.
    pub fn into_refusal(self) -> Result<Refusal, Self> {
        let Self::Denied { operation: action, denial, .. } = self else { return Err(self) };
        Ok(match denial {
            None => Refusal::AccessDenied { action },
            Some(denial) => Refusal::DeniedByPolicy { action, denial },
        })
    }
}

fn denied(code: &str, denial: Option<Denial>) -> String {
    match denial {
        Some(denial) => format!("{denial} ({code})"),
        None => format!("denied: {code}"),
    }
}

/// Errors that never go away by themselves (CloudTrail API Reference, "Errors" of `DescribeTrails` and
/// `GetTrailStatus`; Security Hub API Reference, "Errors" of `BatchImportFindings`): the caller, the
/// name, the organization or the account is not set up for the call. None of them is about capacity or
/// time.
const PERMANENT: [(&str, &str); 7] = [
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
    ("InvalidAccessException", "turn Security Hub CSPM on in this account and Region"),
];

/// The error of a call that the caller cannot do without. `operation` is in IAM's spelling.
pub fn failed<E, R>(operation: &'static str, region: &Region, error: &SdkError<E, R>) -> AwsError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: Debug,
{
    let region = region.to_string();
    let service = error.as_service_error();
    let code = service.and_then(ProvideErrorMetadata::code);
    if let Some((code, advice)) = PERMANENT.into_iter().find(|(known, _)| Some(*known) == code) {
        return AwsError::Refused { operation, region, code, advice };
    }
    let code = code.map(bounded_line);
    if let Some(code @ ("AccessDeniedException" | "AccessDenied")) = code.as_deref() {
        let message = service.and_then(ProvideErrorMetadata::message);
        let denial = message.and_then(Denial::from_message);
        return AwsError::Denied { operation, region, code: code.to_owned(), denial };
    }
    AwsError::ServiceFailure { operation, region, code, cause: cause(error) }
}

/// What a failed read says of the evidence: an absent resource and a refusal are facts.
///
/// `home` is the Region in which the caller's credentials work: if another Region does not
/// recognize them, that Region is not enabled in the account.
///
/// # Errors
///
/// Every other failure, which says nothing of the resource. Expired and unsigned credentials are
/// among them.
pub(crate) fn refused<T, E, R>(
    operation: &'static str,
    region: &Region,
    home: &Region,
    error: &SdkError<E, R>,
) -> Read<T>
where
    E: Error + ProvideErrorMetadata + 'static,
    R: Debug,
{
    let failed = failed(operation, region, error);
    if let AwsError::Refused { code, .. } = &failed {
        return Ok(Reading::Refused(Refusal::Malformed(format!("{operation} answered {code}"))));
    }
    let refusal = match failed.code() {
        Some("NotFoundException" | "TrailNotFoundException") => return Ok(Reading::Absent),
        Some(code @ ("InvalidArnException" | "KMSInvalidStateException")) => {
            Refusal::Malformed(format!("{operation} answered {code}"))
        }
        Some("UnrecognizedClientException") if region != home => {
            Refusal::RegionNotEnabled(region.clone())
        }
        _ => failed.into_refusal()?,
    };
    Ok(Reading::Refused(refusal))
}

/// AWS's error code and message, or the chain of causes if AWS did not answer.
pub(crate) fn cause<E, R>(error: &SdkError<E, R>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
    R: Debug,
{
    match error.as_service_error().map(|service| (service.code(), service.message())) {
        Some((Some(code), message)) => {
            bounded_line(&format!("{code}: {}", message.unwrap_or("(no message)")))
        }
        _ => bounded_line(&error_chain(error)),
    }
}

/// At most 500 characters, none of them a control character.
pub(crate) fn bounded_line(text: &str) -> String {
    one_line(text).chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use trailseal_rule::PolicyType;

    use super::*;

    #[test]
    fn a_refused_call_says_who_must_allow_it() {
        let denied = |denial| AwsError::Denied {
            operation: "kms:DescribeKey",
            region: "us-east-1".to_owned(),
            code: "AccessDeniedException".to_owned(),
            denial,
        };
        let role = AwsError::Role { role: "the ARN".to_owned(), cause: "AccessDenied".to_owned() };
        let boundary = Denial { policy: PolicyType::PermissionsBoundary, is_explicit: false };
        for (error, advice) in [
            (denied(None), "; allow it to the caller"),
            (
                role,
                "; check that the role exists, that it trusts the caller, and that the external ID",
            ),
            (AwsError::Deadline("reading"), ""),
        ] {
            let text = error.with_advice("the caller");
            assert!(text.starts_with(&format!("{error}{advice}")), "{text}");
            assert_eq!(text == error.to_string(), advice.is_empty(), "{text}");
        }
        let by_policy = denied(Some(boundary));
        let advice = boundary.advice("kms:DescribeKey");
        assert_eq!(by_policy.with_advice("the caller"), format!("{by_policy}; {advice}"));
    }
}
