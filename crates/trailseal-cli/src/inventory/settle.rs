//! What only the whole input shows: conflicts, and announced items that are missing.

use trailseal_rule::{AccountId, KEY_TYPE, Region, TRAIL_TYPE};

use super::{Announcement, Complaint, Inventory};
use crate::newest::{Contest, Difference, Sighting};

impl Inventory {
    /// What only the whole input shows, as complaints: resources that are told of in two ways, and
    /// announced items that were not found.
    pub(crate) fn settle(&mut self) {
        let mut contested: Vec<(Contest, String)> = Vec::new();
        for (trail, contest) in self.trails.take_contested() {
            self.accounts.may_have_a_trail(Some(trail.account.as_str()));
            contested.push((contest, format!("trail `{}`", trail.id)));
        }
        contested.extend(self.evidence.take_contested());
        contested.sort_unstable();
        for (Contest { sources: [one, other], difference }, what) in contested {
            let why = match difference {
                Difference::Content => {
                    "is told of in two ways that no time tells apart, so that neither counts: give \
                     the newer one alone"
                }
                Difference::Parameters => {
                    "is told of by rule events with different parameters, so that neither counts: \
                     give one of them alone, or its parameters by --parameter"
                }
            };
            let message = format!("{what} {why}");
            self.complaints.push(Complaint { source: one, message: message.clone() });
            if other != one {
                self.complaints.push(Complaint { source: other, message });
            }
        }
        self.settle_announcements();
    }

    fn settle_announcements(&mut self) {
        for announcement in std::mem::take(&mut self.announcements) {
            if self.holds(&announcement) {
                continue;
            }
            let Announcement { sighting, resource_type, resource_id, captured, account, .. } =
                announcement;
            if resource_type == TRAIL_TYPE {
                self.accounts.may_have_a_trail(Some(account.as_str()));
            }
            let message = format!(
                "the item of `{resource_id}` was too large for the event: give its item of \
                 {captured} too, as `aws configservice get-resource-config-history` tells it"
            );
            self.complaints.push(Complaint { source: sighting.source, message });
        }
    }

    /// Whether the announced item, or a newer one, was seen.
    fn holds(&self, announcement: &Announcement) -> bool {
        let Announcement { resource_type, resource_id, account, region, captured, .. } =
            announcement;
        let is_here = |seen: &Sighting, of: &AccountId, at: &Region| {
            seen.captured >= Some(*captured)
                && of == account
                && region.as_ref().is_none_or(|region| region == at)
        };
        match resource_type.as_str() {
            TRAIL_TYPE => self.trails.iter().any(|(identity, seen, _)| {
                is_here(seen, &identity.account, &identity.region) && identity.id == *resource_id
            }),
            KEY_TYPE => self.evidence.keys.iter().any(|(identity, seen, _)| {
                is_here(seen, &identity.account, &identity.region) && identity.id == *resource_id
            }),
            _ => self.evidence.aliases.iter().any(|(identity, seen, _)| {
                is_here(seen, &identity.account, &identity.region) && identity.name == *resource_id
            }),
        }
    }
}
