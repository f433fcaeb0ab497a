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
//!
//! The same holds for each further Region of a multi-Region trail that was asked: a failure in any
//! Region counts most, then an unknown.

use std::collections::BTreeMap;

use config_rule::Region;

use crate::checks::{Check, CheckId, CheckInput, Outcome, into_outcome, key_of};
use crate::facts::{Delivery, Reading};

pub(super) const CHECK: Check = Check {
    id: CheckId::DeliveryUnbroken,
    sentence: "the latest delivery did not fail because of the key",
    why: "events that cannot be delivered are lost to the audit trail",
    evidence: "CloudTrail GetTrailStatus",
    fails_when: "`LatestDeliveryError` or `LatestDigestDeliveryError` is one of S3's `KMS.*` codes",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    let home = into_outcome(judge_delivery(input));
    if matches!(home, Outcome::Fail(_)) {
        return home;
    }
    let elsewhere = match &input.facts.delivery_elsewhere {
        Reading::Known(regions) => judge_regions(regions),
        Reading::Absent => Outcome::Pass,
        Reading::Refused(refusal) => Outcome::unknown(
            format!("could not verify in which Regions the trail delivers: {refusal}"),
            refusal.advice(),
        ),
    };
    match (&home, &elsewhere) {
        (_, Outcome::Fail(_)) | (Outcome::Pass, _) => elsewhere,
        (Outcome::Fail(_) | Outcome::Unknown(_), _) => home,
    }
}

/// What the Regions besides the home Region say: the first one that fails, or that is unknown.
fn judge_regions(regions: &BTreeMap<Region, Reading<Delivery>>) -> Outcome {
    let mut unknown = None;
    for (region, delivery) in regions {
        match judge_region(region, delivery) {
            Outcome::Pass => {}
            Outcome::Fail(finding) => return Outcome::Fail(finding),
            Outcome::Unknown(reason) => {
                unknown.get_or_insert(Outcome::Unknown(reason));
            }
        }
    }
    unknown.unwrap_or(Outcome::Pass)
}

fn judge_region(region: &Region, delivery: &Reading<Delivery>) -> Outcome {
    match delivery {
        Reading::Known(delivery) => judge_errors(delivery, &format!("delivery from {region}")),
        Reading::Absent => Outcome::unknown(
            format!("could not verify the delivery from {region}: the trail is not known there"),
            "audit again in some minutes: CloudTrail may not have copied the trail to the Region",
        ),
        Reading::Refused(refusal) => Outcome::unknown(
            format!("could not verify the delivery from {region}: {refusal}"),
            refusal.advice(),
        ),
    }
}

fn judge_delivery(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    key_of(input)?;
    let delivery = match &input.facts.delivery {
        Reading::Known(delivery) => delivery,
        Reading::Absent => {
            return Ok(Outcome::fail(
                "the trail does not exist any more",
                "make the trail again, or delete what is left of it",
            )
            .because("a trail that does not exist delivers no log files"));
        }
        Reading::Refused(refusal) => {
            return Ok(Outcome::unknown(
                format!("could not verify the delivery of the trail: {refusal}"),
                refusal.advice(),
            ));
        }
    };
    Ok(judge_errors(delivery, "delivery"))
}

fn judge_errors(delivery: &Delivery, what: &str) -> Outcome {
    if let Some(code) = delivery.key_error() {
        return Outcome::fail(
            format!("the latest {what} failed because of the key: {code}"),
            "let the key policy admit CloudTrail and see that the key is enabled",
        );
    }
    if delivery.errors().any(|code| code == "AccessDenied") {
        return Outcome::unknown(
            format!(
                "could not verify that the key let the latest {what} pass: S3 said AccessDenied"
            ),
            "see that the policies of key and bucket admit CloudTrail",
        );
    }
    Outcome::Pass
}
