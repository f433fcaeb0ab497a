//! A judgement in AWS Config's form, within Config's limits.

use std::fmt;

use config_rule::{AccountId, ResourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::checks::{CheckId, FIX_CHARS_MAX, Finding, Outcome};
use crate::evaluate::Judgement;
use crate::parameters::WhenUnverified;
use crate::trail::TRAIL_TYPE;
use crate::verdict::{Proof, Verdict};

/// `AWS::::Account`, on which an account without trails is reported.
pub const ACCOUNT_TYPE: &str = "AWS::::Account";
use crate::invocation::TrailGone;

/// Characters of an annotation, at most (AWS Config API Reference, `Evaluation`). Whether AWS
/// counts characters or bytes is documented nowhere: ours are ASCII, so that both are the same.
pub const ANNOTATION_CHARS_MAX: usize = 256;

/// Evaluations of one `PutEvaluations` call, at most (AWS Config API Reference, `PutEvaluations`).
pub const EVALUATIONS_PER_CALL_MAX: usize = 100;

/// Characters that the first cause keeps, at least.
const CAUSE_CHARS_MIN: usize = 40;

/// What stands for a fix that is too long. No check has one: a test tries all of them.
const FIX_ELSEWHERE: &str = "see the fix in the log of the function or by `trailseal audit`";

/// Stands where text was cut.
const CUT: &str = " [cut]";

/// `ComplianceType`. `INSUFFICIENT_DATA` is left out: `PutEvaluations` refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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
    /// Whether evidence could not be read, for every value of `unverified`.
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
    /// Takes any text: anything else than printable ASCII becomes `?`, and what is too long is cut
    /// and marked as cut.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut line = printable(text);
        if line.is_empty() {
            line.push_str("(nothing to say)");
        }
        Self(shortened(&line, ANNOTATION_CHARS_MAX))
    }

    /// The fix is never cut: notes and causes share the room that it leaves.
    fn of(judgement: &Judgement, when_unverified: WhenUnverified) -> Self {
        let words = Words::of(judgement, when_unverified);
        let first_fix = words.fixes.first().map_or_else(String::new, |fix| fix_part(&[fix], false));
        let mut room = ANNOTATION_CHARS_MAX.saturating_sub(first_fix.len() + words.premise.len());
        let first_cause = words.causes.first().map_or(0, String::len);
        let notes =
            notes_within(&words.notes, room.saturating_sub(first_cause.min(CAUSE_CHARS_MIN)));
        room = room.saturating_sub(notes.len());
        let causes = causes_within(&words.causes, room);
        room = room.saturating_sub(causes.len()) + first_fix.len();
        let fixes = fixes_within(&words.fixes, room);
        Self::new(&format!("{}{causes}{notes}{fixes}", words.premise))
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

/// What an annotation is made of, each text once and in the order of the checks.
#[derive(Debug, Default)]
struct Words {
    /// What must be said before everything else.
    premise: String,
    causes: Vec<String>,
    notes: Vec<String>,
    fixes: Vec<String>,
}

impl Words {
    fn of(judgement: &Judgement, when_unverified: WhenUnverified) -> Self {
        // The count of a proof names what was skipped.
        let is_named = matches!(judgement.verdict, Verdict::Sealed(_));
        let skipped = judgement.skipped().filter(|_| !is_named);
        let notes = skipped.iter().chain(&judgement.notes).map(|note| printable(note)).collect();
        let mut words = Self { notes, ..Self::default() };
        match &judgement.verdict {
            Verdict::Sealed(proof) => {
                words.causes.push(printable(&sealed(proof, judgement)));
            }
            Verdict::NotApplicable(why) => words.causes.push(printable(why)),
            Verdict::Broken(results) => {
                for result in results {
                    if let Outcome::Fail(Finding { cause, fix, .. }) = &result.outcome {
                        words.add(cause, fix);
                    }
                }
            }
            Verdict::Unverified(results) => {
                for result in results {
                    if let Outcome::Unknown(Finding { cause, fix, .. }) = &result.outcome {
                        words.add(cause, fix);
                    }
                }
                if when_unverified == WhenUnverified::Compliant {
                    "reported as compliant because unverified=COMPLIANT; "
                        .clone_into(&mut words.premise);
                }
            }
        }
        words
    }

    fn add(&mut self, cause: &str, fix: &str) {
        push_new(&mut self.causes, &printable(cause));
        let fix = printable(fix);
        let is_too_long = fix.len() > FIX_CHARS_MAX;
        push_new(&mut self.fixes, if is_too_long { FIX_ELSEWHERE } else { &fix });
    }
}

/// As many fixes as fit, each whole, and the first in any case.
fn fixes_within(fixes: &[String], room: usize) -> String {
    let all: Vec<&String> = fixes.iter().collect();
    let first = |count: usize| {
        let some = all.get(..count).unwrap_or_default();
        fix_part(some, count < all.len())
    };
    let fitting = (1..=all.len()).rev().map(first).find(|part| part.len() <= room);
    fitting.unwrap_or_else(|| fix_part(all.get(..1).unwrap_or_default(), false))
}

/// What stands for fixes; `are_some` says that there are more of them.
fn fix_part(fixes: &[&String], are_some: bool) -> String {
    if fixes.is_empty() {
        return String::new();
    }
    let label = if are_some { ". Fix first: " } else { ". Fix: " };
    let fixes: Vec<&str> = fixes.iter().map(|fix| fix.as_str()).collect();
    format!("{label}{}", fixes.join("; "))
}

/// As many causes as fit, each whole, and how many more there are; the first one in any case,
/// shortened where it is too long.
fn causes_within(causes: &[String], room: usize) -> String {
    let first = |count: usize| {
        let mut text = causes.get(..count).unwrap_or_default().join("; ");
        if count < causes.len() {
            text.push_str(&format!("; {} more", causes.len() - count));
        }
        text
    };
    let fitting = (1..=causes.len()).rev().map(first).find(|text| text.len() <= room);
    fitting.unwrap_or_else(|| causes.first().map_or_else(String::new, |one| shortened(one, room)))
}

/// The notes that fit, each whole and in brackets.
fn notes_within(notes: &[String], room: usize) -> String {
    let mut text = String::new();
    for note in notes {
        let note = format!(" ({note})");
        if text.len() + note.len() <= room {
            text.push_str(&note);
        }
    }
    text
}

/// ASCII text, cut and marked as cut where it is too long: behind a word, unless a long one would
/// leave little.
fn shortened(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let kept = text.get(..room.saturating_sub(CUT.len())).unwrap_or_default();
    let whole_words = kept.rsplit_once(' ').map_or(kept, |(whole_words, _)| whole_words);
    let kept = if whole_words.len() * 2 > kept.len() { whole_words } else { kept };
    format!("{kept}{CUT}")
}

/// One line in which a character is a byte: anything else than printable ASCII becomes `?`.
fn printable(text: &str) -> String {
    let text = text.trim();
    // Nearly every line is clean, and is copied whole.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let clean = |character| if matches!(character, ' '..='~') { character } else { '?' };
    text.chars().map(clean).collect()
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
    let skipped = judgement.skipped().map(|skipped| format!(", {skipped}")).unwrap_or_default();
    format!("{verb} with {key} (profile {profile}: {count} {checks} passed{skipped})")
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
}
