//! The latest delivery did not fail because of the key.
//!
//! CloudTrail keeps the error code with which S3 refused the latest delivery; those that begin
//! with `KMS.` come from the key (S3 API Reference, "Error responses"). It is the only sign in any
//! API that a broken key stops logging.
//!
//! a) No error, or one that cannot come from the key: pass.
//! b) A `KMS.*` code for log files or digest files: fail.
//! c) `AccessDenied`: unknown. S3 says so where the bucket does not admit the writer, and where the
//!    key does not (S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors").
//! d) CloudTrail refuses to tell: unknown.

use crate::checks::{Case, Check, CheckId, Outcome, key_of, settle};
use crate::facts::Reading;

pub(super) const CHECK: Check = Check {
    id: CheckId::DeliveryUnbroken,
    sentence: "the latest delivery did not fail because of the key",
    why: "events that cannot be delivered are lost to the audit trail",
    evidence: "CloudTrail GetTrailStatus",
    fails_when: "`LatestDeliveryError` or `LatestDigestDeliveryError` is one of S3's `KMS.*` codes",
    judge,
};

fn judge(case: &Case<'_>) -> Outcome {
    settle(judge_delivery(case))
}

fn judge_delivery(case: &Case<'_>) -> Result<Outcome, Outcome> {
    key_of(case)?;
    let delivery = match &case.facts.delivery {
        Reading::Known(delivery) => delivery,
        Reading::Absent => {
            return Ok(Outcome::fail(
                "the trail does not exist any more",
                "make the trail again, or delete what is left of it",
            ));
        }
        Reading::Refused(refusal) => {
            return Ok(Outcome::unknown(
                format!("could not verify the delivery of the trail: {refusal}"),
                refusal.advice(),
            ));
        }
    };
    let errors = [&delivery.error, &delivery.digest_error];
    let said: Vec<&str> = errors.into_iter().flatten().map(String::as_str).collect();
    if let Some(code) = said.iter().find(|code| code.starts_with("KMS.")) {
        return Ok(Outcome::fail(
            format!("the latest delivery failed because of the key: {code}"),
            "let the key policy admit CloudTrail and see that the key is enabled",
        ));
    }
    if said.contains(&"AccessDenied") {
        return Ok(Outcome::unknown(
            "could not verify that the key let the latest delivery pass: S3 said AccessDenied",
            "see that the policies of key and bucket admit CloudTrail",
        ));
    }
    Ok(Outcome::Pass)
}
