//! Whether the bucket policy denies deliveries with the requested key.

use std::slice;

use resource_policy::StatementRef;
use trailseal_rule::bucket_policy::deliveries::{
    DeliveryLocation, EncryptionDenies, encryption_denies,
};
use trailseal_rule::{BucketName, Reading, Region};

use crate::current_state::RecordedPolicy;
use crate::planning::key::RequestedKey;
use crate::planning::{PlanInput, stand_ins};
use crate::refusal::{Reasons, RefusalCode};

/// The Deny statements of the bucket policy.
#[derive(Debug)]
pub(super) struct BucketDenies<'a> {
    denies: EncryptionDenies,
    policy: &'a RecordedPolicy,
}

/// The statements that deny deliveries with the key. `None` if the trail already has the key, or if
/// the policy is not known or not readable, for which the plan has warnings.
pub(super) fn denies<'a>(
    input: &PlanInput<'a>,
    key: &RequestedKey<'_>,
    bucket: &BucketName,
    region: &Region,
) -> Option<BucketDenies<'a>> {
    let [first, second] = &stand_ins(input, region);
    let state = input.current_state;
    let Reading::Known(policy) = &state.bucket_policy else { return None };
    let (key, others) = match key {
        RequestedKey::Existing(key) if key.is_present => return None,
        RequestedKey::Existing(key) => (&key.facts.arn, [].as_slice()),
        RequestedKey::New(_) => (first, slice::from_ref(second)),
    };
    let location = DeliveryLocation {
        bucket,
        prefix: &state.prefix,
        is_of_organization: state.trail.is_organization_trail,
    };
    let denies = encryption_denies(&policy.text, &state.trail.arn, key, others, location).ok()?;
    Some(BucketDenies { denies, policy })
}

impl BucketDenies<'_> {
    /// Adds a reason if a statement denies all deliveries.
    pub(super) fn refuse(&self, reasons: &mut Reasons) {
        if !self.denies.certain.is_empty() {
            reasons.push(
                RefusalCode::BucketPolicyDenies,
                format!(
                    "deliveries with the key are denied by {}",
                    self.named(&self.denies.certain)
                ),
                "change the bucket policy first, and wait until AWS Config has recorded it",
            );
        }
    }

    /// The warning about statements that may deny deliveries.
    pub(super) fn in_doubt(&self) -> Option<String> {
        let possible = &self.denies.possible;
        (!possible.is_empty()).then(|| {
            format!(
                "deliveries with the key may be denied by {}: compare its conditions and resources \
                 with the key and the trail, and look at GetTrailStatus after the next delivery",
                self.named(possible)
            )
        })
    }

    fn named(&self, statements: &[StatementRef]) -> String {
        let (listed, recorded) = (StatementRef::listed(statements), self.policy.recorded);
        format!("{listed} of the bucket policy that AWS Config recorded at {recorded}")
    }
}
