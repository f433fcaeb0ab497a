//! One new key for several trails: the first plan of a bucket's Region makes it, the other trails
//! get it as a key that exists.
//!
//! An alias names one key of an account and Region, and so a resumed run finds by it what the
//! interrupted one has made. A key counts as that only if a journal in the current folder names it,
//! the key carries the journal's id, and its policy is the one that was planned.

use std::collections::BTreeMap;

use trailseal_plan::{Plan, PlannedKey, StepId};
use trailseal_remediation::{Failure as NotBegun, made_by};
use trailseal_rule::{KeyArn, KeyRef, Reading, Region, Trail};

use super::RemediateContext;
use super::files::of_account;
use super::outcome::{End, Follows, Outcome};
use crate::console::Failure;

/// The keys for several trails.
pub(super) struct SharedKey {
    /// The alias; nothing where each plan is for itself.
    alias: Option<String>,
    by_region: BTreeMap<Region, Made>,
}

/// What there is of a key.
enum Made {
    /// It is there.
    Key(KeyArn),
    /// The plan of this trail was shown, which would make it.
    ByPlanOf(String),
}

impl SharedKey {
    /// Whoever names one trail gets a plan for that one, and is told where the alias is taken.
    pub(super) fn of(context: &RemediateContext<'_>, named: &[String]) -> Result<Self, Failure> {
        let arguments = context.arguments;
        if named.len() > 1 && arguments.create_key && arguments.alias.is_none() {
            return Err(Failure::Usage(vec![format!(
                "--create-key makes one key for the {} trails that are meant, and takes --alias for \
                 that: by its alias the key is found again if the run is interrupted; the trails \
                 are {}",
                named.len(),
                named.join(", ")
            )]));
        }
        let is_for_one = arguments.trails.len() == 1;
        let alias = arguments.alias.clone().filter(|_| arguments.create_key && !is_for_one);
        Ok(Self { alias, by_region: BTreeMap::new() })
    }

    /// The key that is there for a trail already: made by this run, or by an earlier one.
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
                self.by_region.insert(region.clone(), Made::Key(arn));
            }
        }
        Ok(match self.by_region.get(&region) {
            Some(Made::Key(arn)) => Some(KeyRef::Key(arn.clone())),
            Some(Made::ByPlanOf(_)) | None => None,
        })
    }

    /// Whether a plan is not to be shown as it is, since it would make the key once more.
    pub(super) fn follows(&self, plan: &Plan) -> Option<Follows> {
        match (&plan.key, self.by_region.get(&plan.bucket_region)) {
            (PlannedKey::ToCreate { .. }, Some(Made::ByPlanOf(first))) => {
                Some(Follows { first: first.clone(), statements: statements_for(plan) })
            }
            _ => None,
        }
    }

    /// What came of a trail: its key is there for the next ones, or would be.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        let Some(plan) = outcome.plan.as_ref().filter(|_| self.alias.is_some()) else { return };
        // A journal that was gone on with may be of a run that asked for another key.
        if plan.step(StepId::CreateKey).is_none() {
            return;
        }
        let made = match (&outcome.end, &plan.key) {
            (End::Done(_), PlannedKey::Existing(arn)) => Made::Key(arn.clone()),
            (End::Planned, PlannedKey::ToCreate { .. }) => Made::ByPlanOf(plan.trail.to_string()),
            _ => return,
        };
        self.by_region.entry(plan.bucket_region.clone()).or_insert(made);
    }
}

/// What a new key's policy would hold for the plan's trail alone.
fn statements_for(plan: &Plan) -> Vec<String> {
    let added = plan.policy_change.iter().flat_map(|change| &change.added);
    added.filter(|statement| statement.contains(plan.trail.as_str())).cloned().collect()
}
