//! A judgement in AWS Config's form, within Config's limits.

use std::fmt;

use crate::checks::{CheckId, Finding, Outcome, Unverified};
use crate::evaluate::Judgement;
use crate::item::{ACCOUNT_TYPE, TRAIL_TYPE};
use crate::parameters::WhenUnverified;
use crate::timestamp::Timestamp;
use crate::verdict::{Proof, Verdict};
use crate::{AccountId, TrailGone};

/// Characters of an annotation, at most (AWS Config API Reference, `Evaluation`). Whether AWS
/// counts characters or bytes is documented nowhere: ours are ASCII, so that both are the same.
pub const ANNOTATION_CHARS_MAX: usize = 256;

/// Evaluations of one `PutEvaluations` call, at most (AWS Config API Reference, `PutEvaluations`).
pub const EVALUATIONS_PER_CALL_MAX: usize = 100;

/// Stands at the end of an annotation that was cut.
const CUT: &str = " [cut]";

/// The id under which Config knows a resource: 1 to 768 characters, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(String);

impl ResourceId {
    pub(crate) const EXPECTED: &'static str = "a resource id of 1 to 768 characters";

    /// Takes 1 to 768 characters (AWS Config API Reference, `Evaluation`,
    /// `ComplianceResourceId`).
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (1..=768).contains(&text.chars().count()).then(|| Self(text.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// `ComplianceType`. `INSUFFICIENT_DATA` is left out: `PutEvaluations` refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComplianceType {
    /// `COMPLIANT`
    Compliant,
    /// `NON_COMPLIANT`
    NonCompliant,
    /// `NOT_APPLICABLE`
    NotApplicable,
}

impl ComplianceType {
    /// The word as AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "COMPLIANT",
            Self::NonCompliant => "NON_COMPLIANT",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }
}

impl fmt::Display for ComplianceType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The types of resource that this rule reports on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReportedType {
    /// `AWS::CloudTrail::Trail`
    Trail,
    /// `AWS::::Account`
    Account,
}

impl ReportedType {
    /// The type as AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trail => TRAIL_TYPE,
            Self::Account => ACCOUNT_TYPE,
        }
    }
}

/// One evaluation, ready for `PutEvaluations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The type of the resource.
    pub resource_type: ReportedType,
    /// Its id.
    pub resource_id: ResourceId,
    /// The compliance type.
    pub compliance: ComplianceType,
    /// What was found, then the fix.
    pub annotation: Annotation,
    /// The event's own time: for a change when the item was captured, for a schedule when Config
    /// triggered it. Never the wall clock.
    pub ordering: Timestamp,
    /// Whether evidence could not be read, whatever `unverified` made of that.
    pub is_unverified: bool,
}

impl Evaluation {
    /// What is reported of a judged trail.
    #[must_use]
    pub fn of_trail(
        resource_id: ResourceId,
        judgement: &Judgement,
        when_unverified: WhenUnverified,
        ordering: Timestamp,
    ) -> Self {
        let verdict = &judgement.verdict;
        Self {
            resource_type: ReportedType::Trail,
            resource_id,
            compliance: compliance(verdict, when_unverified),
            annotation: Annotation::of(judgement, when_unverified),
            ordering,
            is_unverified: matches!(verdict, Verdict::Unverified(_)),
        }
    }

    /// What is reported of a trail that is gone.
    #[must_use]
    pub fn of_gone_trail(gone: &TrailGone) -> Self {
        Self::not_applicable(ReportedType::Trail, gone.resource_id.clone(), gone.why, gone.captured)
    }

    /// What takes the place of a result that does not apply any more.
    #[must_use]
    pub fn not_applicable(
        resource_type: ReportedType,
        resource_id: ResourceId,
        why: &str,
        ordering: Timestamp,
    ) -> Self {
        Self {
            resource_type,
            resource_id,
            compliance: ComplianceType::NotApplicable,
            annotation: Annotation::new(why),
            ordering,
            is_unverified: false,
        }
    }

    /// What is reported of an account and Region without any trail (`noTrails=NON_COMPLIANT`).
    #[must_use]
    pub fn of_account_without_trails(account: &AccountId, ordering: Timestamp) -> Option<Self> {
        Some(Self {
            resource_type: ReportedType::Account,
            resource_id: ResourceId::new(account.as_str())?,
            compliance: ComplianceType::NonCompliant,
            annotation: Annotation::new(
                "no trail is visible in this account and Region. Fix: make a multi-Region trail \
                 with a customer managed KMS key",
            ),
            ordering,
            is_unverified: false,
        })
    }
}

/// INVARIANT (compliant-by-proof) is relied upon here: `Compliant` comes of a proof, or of the
/// user's own word.
fn compliance(verdict: &Verdict, when_unverified: WhenUnverified) -> ComplianceType {
    match (verdict, when_unverified) {
        (Verdict::Sealed(_proof), _) => ComplianceType::Compliant,
        (Verdict::Broken(_), _) => ComplianceType::NonCompliant,
        (Verdict::NotApplicable(_), _) => ComplianceType::NotApplicable,
        (Verdict::Unverified(_), WhenUnverified::NonCompliant) => ComplianceType::NonCompliant,
        (Verdict::Unverified(_), WhenUnverified::NotApplicable) => ComplianceType::NotApplicable,
        (Verdict::Unverified(_), WhenUnverified::Compliant) => ComplianceType::Compliant,
    }
}

/// What a person reads beside a result: 1 to 256 printable ASCII characters, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation(String);

impl Annotation {
    /// Takes any text: whatever is not printable ASCII becomes `?`, and what is too long is cut
    /// and marked as cut.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        // Past this a character is a byte. Nearly every line is clean, and is copied whole.
        let mut line = if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            text.to_owned()
        } else {
            let clean = |character| if matches!(character, ' '..='~') { character } else { '?' };
            text.chars().map(clean).collect()
        };
        if line.is_empty() {
            line.push_str("(nothing to say)");
        }
        if line.len() > ANNOTATION_CHARS_MAX {
            line.truncate(ANNOTATION_CHARS_MAX - CUT.len());
            line.push_str(CUT);
        }
        Self(line)
    }

    /// What was found comes first, then the key and remarks, then the fix: what is cut is the
    /// least.
    fn of(judgement: &Judgement, when_unverified: WhenUnverified) -> Self {
        let (whats, fixes) = words(judgement, when_unverified);
        let mut text = whats.join("; ");
        let key = match &judgement.verdict {
            Verdict::Broken(_) | Verdict::Unverified(_) => judgement.key.as_ref(),
            // A proof begins with the key.
            Verdict::Sealed(_) | Verdict::NotApplicable(_) => None,
        };
        let key = key.map(|key| format!("key {key}"));
        for note in key.iter().chain(&judgement.notes) {
            text.push_str(&format!(" ({note})"));
        }
        if !fixes.is_empty() {
            text.push_str(&format!(". Fix: {}", fixes.join("; ")));
        }
        Self::new(&text)
    }

    /// The annotation.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What was found, and what to do: each once, in the order of the checks.
fn words(judgement: &Judgement, when_unverified: WhenUnverified) -> (Vec<String>, Vec<String>) {
    let mut whats = Vec::new();
    let mut fixes = Vec::new();
    let mut say = |what: &str, fix: &str| {
        push_new(&mut whats, what);
        push_new(&mut fixes, fix);
    };
    let verdict = &judgement.verdict;
    match verdict {
        Verdict::Sealed(proof) => return (vec![sealed(proof, judgement)], Vec::new()),
        Verdict::NotApplicable(why) => return (vec![why.clone()], Vec::new()),
        Verdict::Broken(results) => {
            for result in results {
                if let Outcome::Fail(Finding { what, fix }) = &result.outcome {
                    say(what, fix);
                }
            }
        }
        Verdict::Unverified(results) => {
            for result in results {
                if let Outcome::Unknown(Unverified { why, advice }) = &result.outcome {
                    say(why, advice);
                }
            }
        }
    }
    if matches!(verdict, Verdict::Unverified(_)) && when_unverified == WhenUnverified::Compliant {
        whats.insert(0, "reported as compliant because unverified=COMPLIANT".to_owned());
    }
    (whats, fixes)
}

/// A trail is sealed if its key works. Where nobody looked at that, as in the profile `cis`, it is
/// encrypted, and no more is said.
fn sealed(proof: &Proof, judgement: &Judgement) -> String {
    let passed = proof.passed();
    let key_works = passed.iter().any(|one| one.check == CheckId::KeyUsable);
    let verb = if key_works { "sealed" } else { "encrypted" };
    let key = judgement.key.as_deref().unwrap_or("a key");
    let (profile, count) = (judgement.profile.as_str(), passed.len());
    let checks = if count == 1 { "check" } else { "checks" };
    format!("{verb} with {key} (profile {profile}: {count} {checks} passed)")
}

fn push_new(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|one| one == text) {
        list.push(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_spelled_as_config_spells_it() {
        let id = ResourceId::new("lab").unwrap();
        assert_eq!(id.to_string(), "lab");
        for (compliance, word) in [
            (ComplianceType::Compliant, "COMPLIANT"),
            (ComplianceType::NonCompliant, "NON_COMPLIANT"),
            (ComplianceType::NotApplicable, "NOT_APPLICABLE"),
        ] {
            assert_eq!(compliance.to_string(), word);
            assert_eq!(compliance.as_str(), word);
        }
        assert_eq!(ReportedType::Trail.as_str(), "AWS::CloudTrail::Trail");
        assert_eq!(ReportedType::Account.as_str(), "AWS::::Account");
        assert_eq!(Annotation::new("found").to_string(), "found");
    }

    #[test]
    fn an_account_without_trails_is_reported_on_the_account() {
        let account = AccountId::parse("111122223333").unwrap();
        let ordering = Timestamp::from_epoch_millis(7);
        let said = Evaluation::of_account_without_trails(&account, ordering).unwrap();
        assert_eq!(said.resource_type, ReportedType::Account);
        assert_eq!(said.resource_id.as_str(), "111122223333");
        assert_eq!(said.compliance, ComplianceType::NonCompliant);
        assert_eq!(said.ordering, ordering);
        assert!(!said.is_unverified);
        let words = "no trail is visible in this account and Region. Fix: make a multi-Region";
        assert!(said.annotation.as_str().starts_with(words), "{}", said.annotation);
    }

    #[test]
    fn a_resource_id_has_its_bounds_in_characters() {
        assert_eq!(ResourceId::new(""), None);
        assert!(ResourceId::new(&"\u{fc}".repeat(768)).is_some());
        assert_eq!(ResourceId::new(&"x".repeat(769)), None);
    }
}
