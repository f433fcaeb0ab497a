//! Whether the bucket policy lets CloudTrail deliver with the requested key.

use resource_policy::{Decision, Reason, StatementRef};
use trailseal_rule::Reading;
use trailseal_rule::key_policy::bucket::delivery;

use crate::planning::PlanInput;
use crate::planning::key::RequestedKey;
use crate::refusal::{Reasons, RefusalCode};

/// Adds a reason if the bucket policy denies deliveries with the key.
pub(super) fn pass(input: &PlanInput<'_>, key: &RequestedKey<'_>, reasons: &mut Reasons) {
    if let Some(Decision { reason: Reason::Denied, denying, .. }) = decision(input, key) {
        reasons.push(
            RefusalCode::BucketPolicyDenies,
            format!("{} of the bucket policy denies deliveries with the key", listed(&denying)),
            "change the bucket policy first, and wait until AWS Config has recorded it",
        );
    }
}

/// The statements of the bucket policy that may deny deliveries with the key.
pub(super) fn in_doubt(input: &PlanInput<'_>, key: &RequestedKey<'_>) -> Option<String> {
    let denying = decision(input, key)?.denying;
    (!denying.is_empty()).then(|| listed(&denying))
}

/// `None` if the trail already has the key, or if the policy is not known or not readable, for which
/// the plan has warnings.
fn decision(input: &PlanInput<'_>, key: &RequestedKey<'_>) -> Option<Decision> {
    let bucket = input.current_state.trail.bucket.as_ref()?;
    match (&input.current_state.bucket_policy, key) {
        (_, RequestedKey::Existing(key)) if key.is_present => None,
        (Reading::Known(policy), _) => delivery(policy, &input.question(key.arn()), bucket).ok(),
        (Reading::Absent | Reading::Refused(_), _) => None,
    }
}

fn listed(statements: &[StatementRef]) -> String {
    let each: Vec<String> = statements.iter().map(ToString::to_string).collect();
    each.join(", ")
}
