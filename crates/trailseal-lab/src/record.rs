//! The requests and evaluations that the lab records.

use serde::Serialize;
use serde_json::Value;

/// One request that reached the lab.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The operation in IAM's spelling, such as `kms:DescribeKey`, whether served or not.
    pub operation: String,
    /// The account of the caller; `None` if the lab does not recognize the signature.
    pub account: Option<String>,
    /// The Region that the request was signed for.
    pub region: Option<String>,
    /// The members of the request, without the result token.
    pub request: Value,
    /// The HTTP status of the answer; `None` where the connection was reset instead.
    pub status: Option<u16>,
    /// The error code of the answer.
    pub error: Option<String>,
    /// The name of the fault that affected the request.
    pub fault: Option<String>,
}

/// An evaluation sent to PutEvaluations, whether or not it was stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutEvaluation {
    pub account: String,
    pub region: String,
    /// The rule's name.
    pub rule: String,
    pub resource_type: String,
    pub resource_id: String,
    pub compliance_type: String,
    pub annotation: Option<String>,
    /// The ordering timestamp, in milliseconds since 1970.
    pub ordering_timestamp: i64,
    pub fate: Fate,
}

/// The outcome of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Stored as the resource's result.
    Stored,
    /// Accepted, but the newer result is kept.
    Outdated,
    /// Returned in `FailedEvaluations`.
    SentBack,
    /// Accepted in test mode, which stores nothing.
    TestMode,
}

/// What happens to an evaluation with an older ordering timestamp than the stored result.
///
/// AWS does not document it, so the lab supports both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ordering {
    /// The result with the newer ordering timestamp is kept.
    #[default]
    NewestWins,
    /// The last one written is kept.
    LastWriteWins,
}
