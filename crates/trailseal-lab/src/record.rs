//! What the lab remembers of what it was asked and told.

use serde::Serialize;
use serde_json::Value;

/// One request that reached the lab.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The operation in IAM's spelling, such as `kms:DescribeKey`; also of those not served.
    pub operation: String,
    /// The account of the caller; `None` for a request without a signature that the lab knows.
    pub account: Option<String>,
    /// The Region that the request was signed for.
    pub region: Option<String>,
    /// What the request asked for: its members, without the result token.
    pub request: Value,
    /// The HTTP status of the answer; `None` where the connection was reset instead.
    pub status: Option<u16>,
    /// The error code of the answer.
    pub error: Option<String>,
    /// The name of the fault that met the request.
    pub fault: Option<String>,
}

/// An evaluation that PutEvaluations was sent, whether or not it was stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutEvaluation {
    /// The account of the rule.
    pub account: String,
    /// The Region of the rule.
    pub region: String,
    /// The rule's name.
    pub rule: String,
    /// The type of the resource.
    pub resource_type: String,
    /// The id of the resource.
    pub resource_id: String,
    /// The verdict.
    pub compliance_type: String,
    /// The annotation.
    pub annotation: Option<String>,
    /// The ordering timestamp, in milliseconds since 1970.
    pub ordering_timestamp: i64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Stored as the resource's result.
    Stored,
    /// Accepted, but a newer result stands.
    Outdated,
    /// Sent back in `FailedEvaluations`.
    SentBack,
    /// Accepted in test mode, which stores nothing.
    TestMode,
}

/// What happens to an evaluation whose ordering timestamp is older than that of the result that stands.
///
/// AWS does not document it, so both are on offer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ordering {
    /// The newer ordering timestamp stays.
    #[default]
    NewestWins,
    /// What is written last stays.
    LastWriteWins,
}
