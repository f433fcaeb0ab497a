//! A question put to a policy: a set of requests.

use super::context::Context;
use super::document::StatementRef;

/// Who makes the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerSet {
    /// An AWS service under its service principal, such as `cloudtrail.amazonaws.com`.
    Service(String),
    /// An AWS service that the policy does not name.
    AnyService,
    /// Any user or role of an account that the policy does not name.
    ///
    /// There are no anonymous callers: KMS takes signed requests only ("IAM User Guide, IAM policy elements:
    /// Variables and tags" counts anonymous callers for SQS, SNS and S3 alone).
    Stranger,
    /// A role, a user or an account's root, by its ARN; a root stands for all of its account.
    Principal(String),
}

/// A set of requests for one operation on the key that carries the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub caller: CallerSet,
    /// The operation, such as `kms:Decrypt`.
    pub action: String,
    /// The key's ARN, where it is known.
    pub key_arn: Option<String>,
    /// What the requests carry.
    pub context: Context,
}

/// Whether requests are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// All of them are.
    Yes,
    /// None of them is.
    No,
    /// Some are, or it cannot be told which.
    Unknown,
}

/// An answer with the statements that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// What decided: the Allow statements of a `Yes`, the Deny statements of a `No` (nothing, where
    /// no statement allows), the statements in doubt of an `Unknown`.
    pub deciding: Vec<StatementRef>,
}

impl Reply {
    pub(super) fn new(answer: Answer, deciding: Vec<StatementRef>) -> Self {
        Self { answer, deciding }
    }
}
