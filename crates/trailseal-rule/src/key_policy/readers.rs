//! May somebody whom we know decrypt the logs of this trail?
//!
//! The key policy alone is asked. Where it hands the decision to IAM, by naming the account, the
//! answer is *unknown*: it is that of IAM policies which nobody showed. KMS grants are not seen.

use super::context::{Context, ContextValue};
use super::document::PolicyDocument;
use super::question::{TrailAndKey, known_principal_after_logs};
use super::request::{CallerSet, Reply, Request};

/// Whether the key policy lets the principal, an ARN of a role, a user or an account's root,
/// decrypt the trail's log files as it reads them from S3.
#[must_use]
pub fn may_decrypt(
    policy: &PolicyDocument,
    question: &TrailAndKey<'_>,
    principal_arn: &str,
) -> Reply {
    let context: Context = known_principal_after_logs(question, principal_arn);
    let via_s3 = question.key_region().map_or(ContextValue::Unknown, |region| {
        ContextValue::known(&format!("s3.{region}.amazonaws.com"))
    });
    policy.allows(&Request {
        caller: CallerSet::Principal(principal_arn.to_owned()),
        action: "kms:Decrypt".to_owned(),
        key_arn: question.key_arn.map(str::to_owned),
        context: context.with("kms:ViaService", via_s3),
    })
}
