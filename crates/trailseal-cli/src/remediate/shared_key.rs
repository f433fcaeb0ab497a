//! One new key for several trails: the first plan in the Region of a bucket creates it, and the other
//! trails get it as an existing key.
//!
//! A resumed run finds the key by its alias. It uses that key only if a journal in the current folder
//! creates the alias, the key has the journal's tag, and its policy is the planned one.

use std::collections::BTreeMap;

use trailseal_plan::{Plan, PlannedKey, StepId};
use trailseal_remediation::{Failure as NotBegun, made_by};
use trailseal_rule::{KeyArn, KeyRef, Reading, Region, Trail};

use super::RemediateContext;
use super::files::of_account;
use super::outcome::{End, Follows, Outcome};
use crate::console::Failure;

pub(super) struct SharedKey {
    /// The alias; `None` if trails do not share a key.
    alias: Option<String>,
    by_region: BTreeMap<Region, Shared>,
}

enum Shared {
    Key(KeyArn),
    /// The plan of this trail, which was only shown, creates it.
    ByPlanOf(String),
}

impl SharedKey {
    /// A single named trail does not share a key.
    pub(super) fn of(context: &RemediateContext<'_>, named: &[String]) -> Result<Self, Failure> {
        let arguments = context.arguments;
        if named.len() > 1 && arguments.create_key && arguments.alias.is_none() {
            return Err(Failure::NotStarted(vec![format!(
                "--create-key creates one key for these {} trails and needs --alias, so that a resumed \
                 run finds the key: {}",
                named.len(),
                named.join(", ")
            )]));
        }
        let is_for_one = arguments.trails.len() == 1;
        let alias = arguments.alias.clone().filter(|_| arguments.create_key && !is_for_one);
        Ok(Self { alias, by_region: BTreeMap::new() })
    }

    /// The existing key for a trail, created by this run or the interrupted one.
    pub(super) async fn key_for(
        &mut self,
        context: &RemediateContext<'_>,
        trail: &Trail,
    ) -> Result<Option<KeyRef>, NotBegun> {
        let Some(alias) = &self.alias else { return Ok(None) };
        let Reading::Known(region) = context.reader().bucket_region(trail).await? else {
            return Ok(None);
        };
        if context.arguments.resume && !self.by_region.contains_key(&region) {
            let journals = of_account(context.aws.own().account());
            if let Some(arn) = made_by(context.reader(), &region, alias, &journals).await? {
                self.by_region.insert(region.clone(), Shared::Key(arn));
            }
        }
        Ok(match self.by_region.get(&region) {
            Some(Shared::Key(arn)) => Some(KeyRef::Key(arn.clone())),
            Some(Shared::ByPlanOf(_)) | None => None,
        })
    }

    /// Whether a plan would create the key again, so that its trail must use another plan's key.
    pub(super) fn follows(&self, plan: &Plan) -> Option<Follows> {
        match (&plan.key, self.by_region.get(&plan.bucket_region)) {
            (PlannedKey::ToCreate { .. }, Some(Shared::ByPlanOf(first))) => {
                Some(Follows { first: first.clone(), statements: statements_for(plan) })
            }
            _ => None,
        }
    }

    /// Remembers the key of a result for the next trails.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        let Some(plan) = outcome.plan.as_ref().filter(|_| self.alias.is_some()) else { return };
        // A resumed journal may belong to a run with another key.
        if plan.step(StepId::CreateKey).is_none() {
            return;
        }
        let shared = match (&outcome.end, &plan.key) {
            (End::Done(_), PlannedKey::Existing(arn)) => Shared::Key(arn.clone()),
            (End::Planned, PlannedKey::ToCreate { .. }) => Shared::ByPlanOf(plan.trail.to_string()),
            _ => return,
        };
        self.by_region.entry(plan.bucket_region.clone()).or_insert(shared);
    }
}

/// The statements of a new key's policy that are for the plan's trail.
fn statements_for(plan: &Plan) -> Vec<String> {
    let added = plan.policy_change.iter().flat_map(|change| &change.added);
    added.filter(|statement| statement.contains(plan.trail.as_str())).cloned().collect()
}
