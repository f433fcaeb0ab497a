//! The latest delivery did not fail because of the key.
//!
//! CloudTrail keeps the error code with which S3 refused the latest delivery. Codes that begin with
//! `KMS.` come from the key (S3 API Reference, "Error responses"). No other API shows that a broken
//! key stops logging.
//!
//! a) No error, or one that cannot come from the key: pass.
//! b) A `KMS.*` code for log files or digest files: fail.
//! c) `AccessDenied`: unknown. S3 returns it if the bucket does not admit the writer, and if the key
//!    does not (S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors").
//! d) CloudTrail refuses the status: unknown.
//!
//! The same applies to every other Region that was read for a multi-Region trail: a failure in any
//! Region counts first, then an unknown. The function reads none, so a pass is about the home Region.

use std::collections::BTreeMap;

use config_rule::Region;

use crate::checks::input::{refused, trail_missing};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity, Switch};
use crate::facts::{Delivery, Reading};
use crate::parameters::Profile;

/// The latest delivery failed because of the key.
pub const FAILED: FindingCode = FindingCode::new("delivery-failed");
/// The latest delivery was denied, by the key or by the bucket.
pub const DENIED: FindingCode = FindingCode::new("delivery-denied");
/// CloudTrail does not know the trail in a Region in which it delivers.
pub const TRAIL_UNKNOWN_IN_REGION: FindingCode = FindingCode::new("trail-unknown-in-region");

const FIX: &str = "let the key policy admit CloudTrail and make sure that the key is enabled";

pub(super) const CHECK: Check = Check {
    id: CheckId::DeliveryUnbroken,
    name: "delivery-unbroken",
    title: "the latest delivery did not fail because of the key",
    rationale: "events that cannot be delivered are lost to the audit trail",
    evidence: "CloudTrail GetTrailStatus in the trail's home Region; `trailseal audit` asks every \
               enabled Region",
    fails_when: "`LatestDeliveryError` or `LatestDigestDeliveryError` is one of S3's `KMS.*` codes",
    fix: FIX,
    severity: Severity::High,
    profile: Some(Profile::Strict),
    switches: &[Switch {
        text: "checkDelivery=true",
        is_on: |parameters| parameters.check_delivery,
    }],
    reads: &[Evidence::Delivery],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    input.key()?;
    let home = match &input.facts.delivery {
        Reading::Known(delivery) => judge_errors(delivery, "delivery"),
        Reading::Absent => trail_missing(),
        Reading::Refused(refusal) => refused("the delivery of the trail", refusal),
    };
    let elsewhere = match &input.facts.delivery_elsewhere {
        Some(Reading::Known(regions)) => judge_regions(regions),
        None | Some(Reading::Absent) => Outcome::Pass,
        Some(Reading::Refused(refusal)) => refused("in which Regions the trail delivers", refusal),
    };
    Ok(match (&home, &elsewhere) {
        (Outcome::Pass, _) | (Outcome::Unknown(_), Outcome::Fail(_)) => elsewhere,
        (Outcome::Fail(_) | Outcome::Unknown(_), _) => home,
    })
}

/// The Regions beside the home Region: the first failure, or else the first unknown outcome.
fn judge_regions(regions: &BTreeMap<Region, Reading<Delivery>>) -> Outcome {
    let mut unknown = None;
    for (region, delivery) in regions {
        match judge_region(region, delivery) {
            Outcome::Pass => {}
            failed @ Outcome::Fail(_) => return failed,
            outcome @ Outcome::Unknown(_) => {
                unknown.get_or_insert(outcome);
            }
        }
    }
    unknown.unwrap_or(Outcome::Pass)
}

fn judge_region(region: &Region, delivery: &Reading<Delivery>) -> Outcome {
    match delivery {
        Reading::Known(delivery) => judge_errors(delivery, &format!("delivery from {region}")),
        Reading::Absent => Outcome::unknown(
            TRAIL_UNKNOWN_IN_REGION,
            format!("could not verify the delivery from {region}: the trail is not known there"),
            "audit again in some minutes: CloudTrail may not have copied the trail to the Region",
        ),
        Reading::Refused(refusal) => refused(&format!("the delivery from {region}"), refusal),
    }
}

fn judge_errors(delivery: &Delivery, which: &str) -> Outcome {
    if let Some(code) = delivery.key_error() {
        let cause = format!("the latest {which} failed because of the key: {code}");
        return Outcome::fail(FAILED, cause, FIX);
    }
    if delivery.errors().any(|code| code == "AccessDenied") {
        return Outcome::unknown(
            DENIED,
            format!(
                "could not verify that the key allowed the latest {which}: S3 returned AccessDenied"
            ),
            "make sure that the policies of key and bucket admit CloudTrail",
        );
    }
    Outcome::Pass
}
