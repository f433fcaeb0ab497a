//! Problems that only the complete input shows: conflicts, and missing oversized items.

use trailseal_rule::{AccountId, KEY_TYPE, Region, TRAIL_TYPE};

use super::{Inventory, OversizedItem};
use crate::newest::{Conflict, Difference, Observation};

impl Inventory {
    /// Removes resources that conflict, and reports them and the oversized items that are missing.
    pub(crate) fn drop_conflicts(&mut self) {
        let mut conflicts: Vec<(Conflict, String)> = Vec::new();
        for (trail, conflict) in self.trails.drop_conflicts() {
            self.accounts.may_have_a_trail(Some(trail.account.as_str()));
            conflicts.push((conflict, format!("trail `{}`", trail.id)));
        }
        conflicts.extend(self.evidence.drop_conflicts());
        conflicts.sort_unstable();
        for (Conflict { sources: [one, other], difference }, what) in conflicts {
            let why = match difference {
                Difference::Content => {
                    "is described in two ways and no time shows which is newer, so neither is \
                     used: give only the newer one"
                }
                Difference::Parameters => {
                    "has rule events with different parameters, so neither is used: give only one \
                     of them, or set the parameters with --parameter"
                }
            };
            self.add_problem(one, format!("{what} {why}"));
            if other != one {
                self.add_problem(other, format!("{what} {why}"));
            }
        }
        for item in std::mem::take(&mut self.oversized) {
            if !self.contains(&item) {
                self.report_missing(&item);
            }
        }
    }

    fn report_missing(&mut self, item: &OversizedItem) {
        let OversizedItem { source, resource_type, resource_id, captured, account, .. } = item;
        if resource_type == TRAIL_TYPE {
            self.accounts.may_have_a_trail(Some(account.as_str()));
        }
        let message = format!(
            "the item of `{resource_id}` was too large for the event: also give its item of \
             {captured}, as `aws configservice get-resource-config-history` prints it"
        );
        self.add_problem(*source, message);
    }

    /// Whether the input contains the item or a newer one.
    fn contains(&self, item: &OversizedItem) -> bool {
        let OversizedItem { resource_type, resource_id, account, region, captured, .. } = item;
        let is_found = |seen: &Observation, of: &AccountId, at: &Region, id: &String| {
            seen.captured >= Some(*captured)
                && of == account
                && region.as_ref().is_none_or(|region| region == at)
                && id == resource_id
        };
        let (trails, evidence) = (&self.trails, &self.evidence);
        match resource_type.as_str() {
            TRAIL_TYPE => trails
                .iter()
                .any(|(trail, seen, _)| is_found(seen, &trail.account, &trail.region, &trail.id)),
            KEY_TYPE => (evidence.keys.iter())
                .any(|(key, seen, _)| is_found(seen, &key.account, &key.region, &key.id)),
            _ => (evidence.aliases.iter())
                .any(|(alias, seen, _)| is_found(seen, &alias.account, &alias.region, &alias.name)),
        }
    }
}
