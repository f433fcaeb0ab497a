//! Judgements as AWS Config's evaluations.

use config_rule::{
    ACCOUNT_TYPE, AccountId, Annotation, AnnotationParts, ComplianceType, Evaluation, ResourceId,
    Timestamp,
};

use crate::checks::CheckId;
use crate::evaluate::Judgement;
use crate::invocation::TrailGone;
use crate::parameters::WhenUnverified;
use crate::trail::TRAIL_TYPE;
use crate::verdict::{Proof, Verdict};

impl Judgement {
    /// The evaluation of a trail.
    pub fn evaluation(
        &self,
        resource_id: ResourceId,
        when_unverified: WhenUnverified,
        ordering: Timestamp,
    ) -> Evaluation {
        Evaluation {
            resource_type: TRAIL_TYPE,
            resource_id,
            compliance: self.compliance(when_unverified),
            annotation: self.annotation(when_unverified),
            ordering,
            is_unverified: matches!(self.verdict, Verdict::Unverified(_)),
        }
    }

    /// The compliance.
    ///
    /// INVARIANT (compliant-by-proof): `Compliant` comes from a proof, or from the user's
    /// `unverified=COMPLIANT`.
    pub fn compliance(&self, when_unverified: WhenUnverified) -> ComplianceType {
        match (&self.verdict, when_unverified) {
            (Verdict::Sealed(_proof), _) => ComplianceType::Compliant,
            (Verdict::Broken(_), _) => ComplianceType::NonCompliant,
            (Verdict::NotApplicable(_), _) => ComplianceType::NotApplicable,
            (Verdict::Unverified(_), WhenUnverified::NonCompliant) => ComplianceType::NonCompliant,
            (Verdict::Unverified(_), WhenUnverified::NotApplicable) => {
                ComplianceType::NotApplicable
            }
            (Verdict::Unverified(_), WhenUnverified::Compliant) => ComplianceType::Compliant,
        }
    }

    /// The text beside the compliance.
    pub fn annotation(&self, when_unverified: WhenUnverified) -> Annotation {
        annotation(self, when_unverified)
    }
}

impl TrailGone {
    /// The reason of a deleted trail. Every other reason is one of a trail that may exist.
    pub const DELETED: &str = "the trail was deleted";

    /// The evaluation that replaces the trail's last result.
    pub fn evaluation(&self) -> Evaluation {
        Evaluation::not_applicable(TRAIL_TYPE, self.resource_id.clone(), self.why, self.captured)
    }
}

/// The evaluation of an account and Region without any trail (`noTrails=NON_COMPLIANT`).
pub fn no_trails_evaluation(account: &AccountId, ordering: Timestamp) -> Evaluation {
    Evaluation {
        resource_type: ACCOUNT_TYPE,
        resource_id: account.into(),
        compliance: ComplianceType::NonCompliant,
        annotation: Annotation::new(
            "no trail is visible in this account and Region. Fix: make a multi-Region trail with a \
             customer managed KMS key",
        ),
        ordering,
        is_unverified: false,
    }
}

fn annotation(judgement: &Judgement, when_unverified: WhenUnverified) -> Annotation {
    let mut parts = AnnotationParts::default();
    let is_sealed = matches!(judgement.verdict, Verdict::Sealed(_));
    // The cause of a sealed trail contains the skipped checks.
    for note in judgement.skipped().filter(|_| !is_sealed).iter().chain(&judgement.notes) {
        parts.add_note(note);
    }
    match &judgement.verdict {
        Verdict::Sealed(proof) => parts.add_cause(&sealed(proof, judgement)),
        Verdict::NotApplicable(why) => parts.add_cause(why),
        Verdict::Unverified(_) if when_unverified == WhenUnverified::Compliant => {
            parts.set_premise("reported as compliant because unverified=COMPLIANT;");
        }
        Verdict::Broken(_) | Verdict::Unverified(_) => {}
    }
    for finding in judgement.verdict.deciding() {
        parts.add_cause(&finding.cause);
        parts.add_fix(&finding.fix);
    }
    parts.join()
}

/// "Sealed" requires that the key works. If that was not checked, as in the profile `cis`, the trail
/// is "encrypted".
fn sealed(proof: &Proof, judgement: &Judgement) -> String {
    let passed = proof.passed();
    let key_works = passed.iter().any(|result| result.check == CheckId::KeyUsable);
    let verb = if key_works { "sealed" } else { "encrypted" };
    let key = judgement.key.as_deref().unwrap_or("a key");
    let (profile, count) = (judgement.profile.as_str(), passed.len());
    let checks = if count == 1 { "check" } else { "checks" };
    let skipped = judgement.skipped().map(|skipped| format!(", {skipped}")).unwrap_or_default();
    format!("{verb} with {key} (profile {profile}: {count} {checks} passed{skipped})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_trails_is_reported_on_the_account() {
        let account = AccountId::parse("111122223333").unwrap();
        let ordering = Timestamp::from_epoch_millis(7);
        let evaluation = no_trails_evaluation(&account, ordering);
        assert_eq!(evaluation.resource_type, "AWS::::Account");
        assert_eq!(evaluation.resource_id.as_str(), "111122223333");
        assert_eq!(evaluation.compliance, ComplianceType::NonCompliant);
        assert_eq!(evaluation.ordering, ordering);
        assert!(!evaluation.is_unverified);
        let start = "no trail is visible in this account and Region. Fix: make a multi-Region";
        assert!(evaluation.annotation.as_str().starts_with(start), "{}", evaluation.annotation);
    }
}
