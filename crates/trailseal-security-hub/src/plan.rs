//! What is sent to Security Hub, given what the rule judged and what Security Hub has; pure.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};
use trailseal_aws::FoundFinding;
use trailseal_findings::{Finding, MEMBERS, is_uid_of_trail};
use trailseal_rule::{AccountId, Region, Timestamp};

/// How far another clock may be ahead of this one: five minutes.
const CLOCK_AHEAD_MILLIS_MAX: i64 = 300_000;

/// The product fields that Security Hub adds begin with this.
const ADDED: &str = "aws/";

/// The findings of ours that Security Hub has, by ID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(HashMap<String, Map<String, Value>>);

impl Known {
    pub(crate) fn of(found: Vec<FoundFinding>) -> Self {
        Self(found.into_iter().map(|finding| (finding.id, finding.members)).collect())
    }

    /// When a finding was made first.
    pub(crate) fn created(&self, id: &str) -> Option<Timestamp> {
        self.time(id, "CreatedAt")
    }

    /// When a finding was last updated.
    pub(crate) fn updated(&self, id: &str) -> Option<Timestamp> {
        self.time(id, "UpdatedAt")
    }

    fn time(&self, id: &str, name: &str) -> Option<Timestamp> {
        Timestamp::parse(self.0.get(id)?.get(name)?.as_str()?).ok()
    }

    /// The active findings of trails of an account and Region, or of the account itself, without
    /// those of `kept`: archived, as of `now`.
    ///
    /// Findings of log files and of trails that do not exist yet have other IDs and are not touched.
    pub(crate) fn gone(
        &self,
        account: &AccountId,
        region: &Region,
        kept: &HashSet<String>,
        now: Timestamp,
    ) -> Vec<Map<String, Value>> {
        let mut gone: Vec<_> = self
            .0
            .iter()
            .filter(|(id, _)| is_uid_of_trail(id, account, region))
            .filter(|(id, _)| !kept.contains(*id))
            .filter(|(_, finding)| finding.get("RecordState") == Some(&json!("ACTIVE")))
            .collect();
        gone.sort_unstable_by_key(|(id, _)| *id);
        gone.into_iter().map(|(_, finding)| archived(finding, now)).collect()
    }
}

fn archived(finding: &Map<String, Value>, now: Timestamp) -> Map<String, Value> {
    let members = finding.iter().filter(|(name, _)| MEMBERS.contains(&name.as_str()));
    let mut archived: Map<String, Value> =
        members.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(fields) = archived.get_mut("ProductFields").and_then(Value::as_object_mut) {
        fields.retain(|name, _| !name.starts_with(ADDED));
    }
    archived.insert("RecordState".to_owned(), json!("ARCHIVED"));
    archived.insert("UpdatedAt".to_owned(), json!(now));
    archived
}

/// The findings as JSON, each ID once, should AWS list a trail twice.
///
/// # Errors
///
/// A finding cannot be written as a JSON object.
pub(crate) fn distinct(findings: &[Finding]) -> Result<Vec<Map<String, Value>>, serde_json::Error> {
    let mut ids = HashSet::new();
    let first = findings.iter().filter(|finding| ids.insert(finding.id()));
    first.map(|finding| serde_json::from_value(serde_json::to_value(finding)?)).collect()
}

/// How the finding that Security Hub has relates to one that a run wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// It is older, or there is none.
    Older,
    /// Another run or an audit has updated it since this run began, by a clock that may be a little
    /// ahead.
    Newer,
    /// It was updated in the future: the clock that did it, or this one, is wrong.
    Future(Timestamp),
}

impl Age {
    /// Security Hub ignores an update whose `UpdatedAt` is not later than that of the finding.
    pub(crate) fn of(updated: Option<Timestamp>, began: Timestamp, now: Timestamp) -> Self {
        let ahead = |updated: Timestamp| {
            updated.epoch_millis().saturating_sub(now.epoch_millis()) > CLOCK_AHEAD_MILLIS_MAX
        };
        match updated {
            Some(updated) if ahead(updated) => Self::Future(updated),
            Some(updated) if updated >= began => Self::Newer,
            Some(_) | None => Self::Older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_not_replaced_by_older_evidence() {
        let at = Timestamp::from_epoch_millis;
        for (updated, expected) in [
            (None, Age::Older),
            (Some(at(999)), Age::Older),
            (Some(at(1000)), Age::Newer),
            (Some(at(2000)), Age::Newer),
            (Some(at(302_000)), Age::Newer),
            (Some(at(302_001)), Age::Future(at(302_001))),
        ] {
            assert_eq!(Age::of(updated, at(1000), at(2000)), expected, "{updated:?}");
        }
    }
}
