//! The steps of a back-out, where there is something to undo.

use trailseal_rule::{KeyFacts, KeyRef, KeyState, Reading, Refusal};

use crate::back_out::{BackOut, Force};
use crate::call::{Call, KeyTarget};
use crate::condition::{Condition, TrailBucket};
use crate::current_state::KeyReadings;
use crate::journal::Phase;
use crate::plan_data::{PolicyChange, Step, StepId, Undo, Warning, WarningCode};
use crate::policy::{Removed, is_generated, remove, same_policy};
use crate::refusal::RefusalCode;
use crate::render::policy_diff;

/// What a back-out leaves in place.
pub(super) fn advice(remediation: &Phase) -> Vec<String> {
    let happened =
        |step: &&Step| remediation.step(step.id).is_some_and(|step| step.may_have_happened);
    let steps = remediation.plan.steps.iter().filter(happened);
    steps
        .filter_map(|step| match &step.undo {
            Undo::Advice(words) => Some(words.clone()),
            Undo::Call(_) => None,
        })
        .collect()
}

const RESTORES: &str =
    "find out who changed it and why; `--force` restores the former state anyway";

fn no_undo() -> Undo {
    Undo::Advice("run `trailseal remediate` to seal the trail again".to_owned())
}

impl<'a> BackOut<'a> {
    /// The trail's bucket, or a refusal: another key must be in its Region.
    fn require_bucket(&mut self) -> Option<&'a TrailBucket> {
        match &self.present.bucket {
            Reading::Known(_) => {}
            Reading::Refused(refusal) => self.unread("the Region of the trail's bucket", refusal),
            Reading::Absent => self.reasons.push(
                RefusalCode::Unverified,
                "the trail's bucket does not exist, so that its Region is not known",
                "make the bucket, or give the trail another one",
            ),
        }
        self.bucket
    }

    pub(super) fn restore_trail(&mut self) -> Option<Step> {
        if !self.happened(StepId::UpdateTrail) {
            return None;
        }
        let former = self.former_key();
        let now = self.present_key()?;
        if now.as_ref() == former {
            return None;
        }
        let named =
            |key: Option<&KeyRef>| key.map_or("no key".to_owned(), |key| format!("key {key}"));
        if now.as_ref().map(KeyRef::as_str) != Some(self.key.as_str()) {
            self.changed(
                format!("the trail now has {} instead of key {}", named(now.as_ref()), self.key),
                format!("-key {}\n+{}\n", self.key, named(now.as_ref())),
                RESTORES,
            )?;
        }
        let plan = &self.remediation.plan;
        let target = match former {
            None => None,
            Some(KeyRef::Key(arn)) => Some(KeyTarget::Existing(arn.clone())),
            Some(named) => {
                self.reasons.push(
                    RefusalCode::FormerKeyCannotEncrypt,
                    format!("the trail's former key `{named}` is not a key ARN"),
                    "set it by hand if you still need it",
                );
                return None;
            }
        };
        let mut requires =
            vec![Condition::TrailHasKey { trail: plan.trail.clone(), key: now.clone() }];
        if let Some(key) = &target {
            let region = &self.require_bucket()?.region;
            requires.extend(Condition::can_encrypt(key, region, &plan.trail));
        }
        Some(Step {
            id: StepId::RestoreTrail,
            requires,
            call: Call::UpdateTrail {
                trail: plan.trail.clone(),
                region: plan.home_region.clone(),
                key: target,
            },
            proves: vec![Condition::TrailHasKey {
                trail: plan.trail.clone(),
                key: former.cloned(),
            }],
            undo: no_undo(),
        })
    }

    /// The key that the trail has now, if it has one.
    fn present_key(&mut self) -> Option<&'a Option<KeyRef>> {
        match &self.present.trail_key {
            Reading::Known(now) => Some(now),
            Reading::Absent => {
                self.reasons.push(
                    RefusalCode::ChangedMeanwhile,
                    "the trail no longer exists",
                    "only an existing trail can be restored",
                );
                None
            }
            Reading::Refused(refusal) => {
                self.unread("the trail", refusal);
                None
            }
        }
    }

    /// INVARIANT (a-back-out-only-removes): the new policy is the present one without statements that
    /// the planner generates. It contains nothing from the journal.
    pub(super) fn restore_policy(&mut self) -> Option<Step> {
        if !self.happened(StepId::PutKeyPolicy) {
            return None;
        }
        let change = self.remediation.plan.policy_change.as_ref()?;
        let before = change.before.as_deref()?;
        let now = self.readable(|readings| &readings.policy, "the key policy")?;
        if same_policy(now, before) {
            return None;
        }
        let removed = self.removed(change, now, before)?;
        if removed.count == 0 && self.force == Force::Yes {
            return None;
        }
        if !same_policy(&removed.document, before) {
            self.changed(
                format!("somebody has changed the policy of key {} since", self.key),
                policy_diff(Some(before), &removed.document),
                "find out who changed it and why; `--force` removes the added statements and \
                 keeps the change",
            )?;
        }
        let (key, policy) = (KeyTarget::Existing(self.key.clone()), removed.document);
        Some(Step {
            id: StepId::RestoreKeyPolicy,
            call: Call::PutKeyPolicy { key: key.clone(), policy: policy.clone() },
            requires: vec![Condition::PolicyIs { key: key.clone(), policy: now.clone() }],
            proves: vec![Condition::PolicyIs { key, policy }],
            undo: no_undo(),
        })
    }

    /// The present policy without the statements of the journal, if the planner generates them.
    fn removed(&mut self, change: &PolicyChange, now: &str, before: &str) -> Option<Removed> {
        let trail = &self.remediation.plan.trail;
        if let Some(other) = change.added.iter().find(|added| !is_generated(added, trail)) {
            self.reasons.push_difference(
                RefusalCode::JournalMismatch,
                "the journal lists an added statement that this program never adds",
                "find out who wrote the journal; if a statement must go, remove it by hand",
                format!("{other}\n"),
            );
            return None;
        }
        let removed = remove(now, &change.added, before);
        if removed.is_none() {
            self.reasons.push_difference(
                RefusalCode::ChangedMeanwhile,
                format!("the policy of key {} is not a list of statements", self.key),
                "check the key policy: an object repeats a member, or it is not a policy",
                policy_diff(Some(before), now),
            );
        }
        removed
    }

    pub(super) fn disable_key(&mut self) -> Option<Step> {
        if !self.happened(StepId::EnableKey) {
            return None;
        }
        let facts: &KeyFacts = self.readable(|readings| &readings.key, "the key")?;
        match &facts.state {
            KeyState::Enabled | KeyState::Updating => {}
            // As before the plan: not enabled, or still pending deletion.
            KeyState::Disabled => return None,
            KeyState::PendingDeletion if self.happened(StepId::CancelKeyDeletion) => return None,
            KeyState::Creating
            | KeyState::PendingDeletion
            | KeyState::PendingImport
            | KeyState::PendingReplicaDeletion
            | KeyState::Unavailable
            | KeyState::Unrecognized(_) => {
                let state = facts.state.as_str();
                self.changed(
                    format!("the state of key {} is {state} instead of Enabled", self.key),
                    format!("-Enabled\n+{state}\n"),
                    RESTORES,
                )?;
                return None;
            }
        }
        let key = KeyTarget::Existing(self.key.clone());
        Some(Step {
            id: StepId::DisableKey,
            call: Call::DisableKey { key: key.clone() },
            requires: vec![Condition::KeyUsable { key: key.clone() }],
            proves: vec![Condition::KeyHasState { key, state: KeyState::Disabled }],
            undo: no_undo(),
        })
    }

    /// A change by somebody else: a refusal, or a warning with force.
    fn changed(&mut self, what: String, difference: String, fix: &str) -> Option<()> {
        match self.force {
            Force::Yes => {
                self.warnings.push(Warning { code: WarningCode::ChangedMeanwhile, what });
                Some(())
            }
            Force::No => {
                self.reasons.push_difference(RefusalCode::ChangedMeanwhile, what, fix, difference);
                None
            }
        }
    }

    /// A reading of the key, or a refusal.
    fn readable<T>(
        &mut self,
        part: impl Fn(&'a KeyReadings) -> &'a Reading<T>,
        name: &str,
    ) -> Option<&'a T> {
        match self.present.keys.get(self.key).map(part) {
            Some(Reading::Known(value)) => Some(value),
            // A key that no longer exists has neither policy nor state.
            Some(Reading::Absent) => None,
            Some(Reading::Refused(refusal)) => {
                self.unread(name, refusal);
                None
            }
            None => {
                self.unread(name, &Refusal::NotRead);
                None
            }
        }
    }

    fn unread(&mut self, name: &str, refusal: &Refusal) {
        if !self.reasons.was_denied(refusal) {
            self.reasons.push(
                RefusalCode::Unverified,
                format!("could not read {name}: {refusal}"),
                "allow the read: a back-out needs the present state",
            );
        }
    }
}
