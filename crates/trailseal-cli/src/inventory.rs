//! The content of the input: its trails, keys, aliases, buckets, accounts and problems.

mod accounts;
mod answers;
mod documents;
mod events;
mod gaps;
mod items;
mod parameters;

use std::collections::HashSet;

use serde_json::Value;
use trailseal_rule::{
    AccountId, BucketName, KEY_TYPE, KeyRef, Region, ResourceId, TRAIL_TYPE, Timestamp, Trail,
    TrailArn, json,
};

use crate::evidence::Evidence;
use crate::newest::{Conflict, Newest, Observation, Observed};
use crate::scan::Document;

pub(crate) use accounts::Accounts;
pub(crate) use answers::Subject;
use parameters::NotKnown;
pub(crate) use parameters::RuleParameters;

/// How the documents of a source are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Trails are evaluated, and everything else is evidence.
    Judged,
    /// Everything is evidence; trails are ignored.
    FactsOnly,
}

/// Which parameters apply to a rule event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventParameters {
    /// The parameters of the event.
    Own,
    /// The parameters of the command line; the event's are not read.
    Overridden,
}

/// How documents are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanOptions<'a> {
    pub(crate) role: Role,
    pub(crate) event_parameters: EventParameters,
    /// The key or bucket of responses that do not name one.
    pub(crate) subject: Option<&'a Subject>,
}

/// Two observations with the same identity are of the same trail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TrailIdentity {
    account: AccountId,
    region: Region,
    id: String,
    /// `DescribeTrails` output has no time, so it neither replaces an item nor is replaced by one.
    is_described: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct InputTrail {
    pub(crate) resource_id: ResourceId,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) presence: Presence,
}

impl Observed for InputTrail {
    fn differs_from(&self, other: &Self) -> bool {
        self.presence != other.presence
    }
}

/// Whether a trail exists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Presence {
    Present(Box<Trail>),
    /// The reason, in the rule's words.
    Gone(&'static str),
    /// AWS Config does not record the trail, so its state is unknown.
    NotRecorded,
}

/// Why a part of the input cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputProblem {
    pub(crate) source: usize,
    pub(crate) message: String,
}

/// An item that was too large for its notification; the input must contain it elsewhere.
#[derive(Clone, Debug)]
struct OversizedItem {
    source: usize,
    resource_type: String,
    resource_id: String,
    account: AccountId,
    /// The Region, if the summary has a valid one.
    region: Option<Region>,
    captured: Timestamp,
}

/// The content of one or more sources.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) trails: Newest<TrailIdentity, InputTrail>,
    pub(crate) evidence: Evidence,
    pub(crate) problems: Vec<InputProblem>,
    /// The accounts of the evaluated input.
    pub(crate) accounts: Accounts,
    /// The parameters of its rule events.
    pub(crate) parameters: RuleParameters,
    oversized: Vec<OversizedItem>,
    /// Of the items of the current list.
    item_times: gaps::ItemTimes,
    /// Items without a `resourceType`.
    pub(crate) untyped_items: u64,
    pub(crate) unknown_documents: u64,
    /// Those of the unknown documents that are reports of this program.
    pub(crate) reports: u64,
    pub(crate) known_documents: u64,
}

impl Inventory {
    pub(crate) fn merge(&mut self, other: Self) {
        self.trails.merge(other.trails);
        self.evidence.merge(other.evidence);
        self.problems.extend(other.problems);
        self.accounts.merge(other.accounts);
        self.parameters.merge(other.parameters);
        self.oversized.extend(other.oversized);
        self.untyped_items += other.untyped_items;
        self.unknown_documents += other.unknown_documents;
        self.reports += other.reports;
        self.known_documents += other.known_documents;
    }

    /// Reads one document of a source.
    pub(crate) fn read(
        &mut self,
        document: Document<'_>,
        options: ScanOptions<'_>,
        source: usize,
        position: u64,
    ) {
        let observation = Observation { source, position, ..Observation::default() };
        let mut reader = DocumentReader { inventory: self, options, observation };
        let result = match document {
            Document::Item(text) => reader.item_text(text),
            Document::Described(text) => reader.described_text(text),
            Document::Other(text) => reader.document_text(text),
            Document::Remainder(text) => reader.remainder_text(text),
        };
        reader.add_problem(result);
    }

    pub(crate) fn add_problem(&mut self, source: usize, message: impl Into<String>) {
        self.problems.push(InputProblem { source, message: message.into() });
    }

    /// Removes resources that conflict, and reports them and the oversized items that are missing.
    pub(crate) fn drop_conflicts(&mut self) {
        let mut conflicts: Vec<(Conflict, String)> = Vec::new();
        for (trail, conflict) in self.trails.drop_conflicts() {
            self.accounts.may_have_a_trail(Some(trail.account.as_str()));
            conflicts.push((conflict, format!("trail `{}`", trail.id)));
        }
        conflicts.extend(self.evidence.drop_conflicts());
        conflicts.sort_unstable();
        for (Conflict { sources }, what) in conflicts {
            let why = "is described in two ways and no time shows which is newer, so neither is \
                used: give only the newer one";
            self.add_problem_of_two(sources, format!("{what} {why}"));
        }
        for item in std::mem::take(&mut self.oversized) {
            if !self.contains(&item) {
                self.report_missing(&item);
            }
        }
        self.drop_accounts_without_parameters();
    }

    /// Removes the trails of accounts whose rule has parameters that are not known.
    fn drop_accounts_without_parameters(&mut self) {
        let not_known = self.parameters.not_known();
        let not_known: Vec<_> = not_known.map(|(account, why)| (account.clone(), why)).collect();
        for (account, why) in &not_known {
            self.accounts.may_have_a_trail(Some(account.as_str()));
            match why {
                NotKnown::Different(sources) => self.add_problem_of_two(
                    *sources,
                    format!(
                        "account {account} has rule events with different parameters, so none of \
                         its trails is evaluated: give the events of one rule only, or set the \
                         parameters with --parameter"
                    ),
                ),
                NotKnown::Unread(source) => self.add_problem(
                    *source,
                    format!(
                        "account {account} has a rule event that cannot be read, so the parameters \
                         of its rule are not known and none of its trails is evaluated: correct the \
                         event, or set the parameters with --parameter"
                    ),
                ),
            }
        }
        let unread_of_any = self.parameters.unread_of_any();
        if let Some(source) = unread_of_any {
            self.accounts.may_have_more_trails = true;
            let problem = "contains a rule event that cannot be read and names no account, so the \
                parameters of no rule are known and no trail is evaluated: correct the event, or \
                set the parameters with --parameter";
            // Without others, the event's own problem says everything.
            if !self.trails.is_empty() || self.accounts.iter().len() > 0 {
                self.add_problem(source, problem);
            }
        }
        let accounts: HashSet<AccountId> =
            not_known.into_iter().map(|(account, _)| account).collect();
        self.trails.remove_if(|trail| unread_of_any.is_some() || accounts.contains(&trail.account));
    }

    /// Adds one problem of two sources, which may be the same.
    fn add_problem_of_two(&mut self, [one, other]: [usize; 2], message: String) {
        if other != one {
            self.add_problem(other, message.clone());
        }
        self.add_problem(one, message);
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

/// Reads one document into an inventory.
struct DocumentReader<'a> {
    inventory: &'a mut Inventory,
    options: ScanOptions<'a>,
    /// Without the time and state ID, which differ for each item.
    observation: Observation,
}

impl DocumentReader<'_> {
    fn is_judged(&self) -> bool {
        self.options.role == Role::Judged
    }

    fn add_problem(&mut self, result: Result<(), String>) {
        if let Err(message) = result {
            self.inventory.add_problem(self.observation.source, message);
        }
    }

    fn add_account(&mut self, account: Option<&str>, region: Option<&str>) {
        if self.is_judged() {
            self.inventory.accounts.add(account, region, self.observation.source);
        }
    }

    /// `described_as` is the ARN of a trail of `DescribeTrails`.
    fn add_trail(
        &mut self,
        observation: Observation,
        described_as: Option<&str>,
        trail: InputTrail,
    ) {
        let identity = TrailIdentity {
            account: trail.account.clone(),
            region: trail.region.clone(),
            id: described_as.unwrap_or(trail.resource_id.as_str()).to_owned(),
            is_described: described_as.is_some(),
        };
        self.inventory.trails.add(identity, observation, trail);
    }

    fn described_text(&mut self, text: &[u8]) -> Result<(), String> {
        self.inventory.known_documents += 1;
        if !self.is_judged() {
            return Ok(());
        }
        let described = read_json(text, "a trail")?;
        self.described_trail(&described)
    }

    fn described_trail(&mut self, described: &Value) -> Result<(), String> {
        let trail = trail_of(described)?;
        self.add_account(Some(trail.account.as_str()), Some(trail.region.as_str()));
        let arn = trail.arn.clone();
        let trail = InputTrail {
            resource_id: ResourceId::new(arn.name()).ok_or("a trail has no name")?,
            account: trail.account.clone(),
            region: trail.region.clone(),
            presence: Presence::Present(Box::new(trail)),
        };
        self.add_trail(self.observation, Some(arn.as_str()), trail);
        Ok(())
    }
}

/// A trail in the output of CloudTrail's `DescribeTrails` (CloudTrail API Reference, `Trail`).
///
/// The output does not name the account and Region of the request, so the trail is evaluated once:
/// as its owner sees it, in its home Region.
fn trail_of(described: &Value) -> Result<Trail, String> {
    let text = |name: &str| match described.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("a trail's `{name}` is not text")),
    };
    let arn = text("TrailARN")?.ok_or("a trail has no `TrailARN`")?;
    let arn = TrailArn::parse(arn).map_err(|error| format!("a trail's `TrailARN`: {error}"))?;
    let home_region = match text("HomeRegion")? {
        Some(name) => Region::parse(name).map_err(|error| format!("trail `{arn}`: {error}"))?,
        None => arn.home_region().clone(),
    };
    Ok(Trail {
        account: arn.owner().clone(),
        region: home_region.clone(),
        home_region,
        bucket: text("S3BucketName")?.and_then(|name| BucketName::parse(name).ok()),
        key: text("KmsKeyId")?.and_then(KeyRef::parse),
        is_multi_region_trail: described.get("IsMultiRegionTrail") == Some(&Value::Bool(true)),
        is_organization_trail: described.get("IsOrganizationTrail") == Some(&Value::Bool(true)),
        changed: None,
        arn,
    })
}

/// Reads JSON in which no object has a name twice. A fault has its position in the text, never the
/// content.
fn read_json(text: impl AsRef<[u8]>, what: &str) -> Result<Value, String> {
    let fault = |error| json::fault(&error).replace(')', " of it)");
    json::read(text).map_err(|error| format!("{what} {}", fault(error)))
}

#[cfg(test)]
mod tests;
