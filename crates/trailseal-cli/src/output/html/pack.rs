//! Packs: trails of one account and verdict that the reader opens together.
//!
//! Facts that all trails share, of the pack or of a key in it, are written once.

use std::collections::BTreeMap;

use super::policy::KeyPolicy;
use super::status::{TrailStatus, open_check_ids};
use super::text::{Count, counted};
use super::trail_evidence::{Fact, Finding, facts, findings, kind, policy};
use crate::report::{CheckOutcome, Report, TrailReport};

/// The most trails of a pack.
const PACK_MAX: usize = 100;

/// A group with at most this number of trails has its packs open.
const OPEN_MAX: usize = 20;

/// With more results than this, a browser does not parse packs before the reader opens them.
const PARSED_MAX: usize = 5000;

pub(super) struct Pack<'a> {
    pub(super) account: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) status: TrailStatus,
    /// What it counts as in the page's filters.
    pub(super) kind: &'static str,
    pub(super) is_open: bool,
    /// Whether its content is text for the script, and markup without a script.
    pub(super) is_inert: bool,
    pub(super) trails: Vec<&'a TrailReport>,
    first: usize,
    /// The trails in all packs of the account.
    total: usize,
}

/// What a pack shows.
pub(super) struct Content<'a> {
    /// The facts that all its trails share, if it has several.
    pub(super) shared: Vec<Fact>,
    pub(super) sets: Vec<Set<'a>>,
}

/// The trails of a pack that name the same key.
pub(super) struct Set<'a> {
    /// The other facts that all of them share, if they are several.
    pub(super) shared: Vec<Fact>,
    pub(super) policies: Vec<KeyPolicy>,
    pub(super) records: Vec<Record<'a>>,
}

/// A trail in short: its findings, and the facts that are its own.
pub(super) struct Record<'a> {
    pub(super) trail: &'a TrailReport,
    pub(super) open: String,
    pub(super) findings: Vec<Finding<'a>>,
    pub(super) facts: Vec<Fact>,
}

/// The packs of trails of one kind.
pub(super) fn packs<'a>(trails: &[&'a TrailReport], report: &'a Report) -> Vec<Pack<'a>> {
    let named = report.accounts.iter().filter_map(|account| {
        Some((account.id.as_str(), account.name.as_deref().filter(|name| !name.is_empty())?))
    });
    let names: BTreeMap<&str, &str> = named.collect();
    let mut by_account: BTreeMap<(&str, TrailStatus), Vec<&TrailReport>> = BTreeMap::new();
    for trail in trails {
        by_account.entry((trail.account.as_str(), TrailStatus::of(trail))).or_default().push(trail);
    }
    let is_open = trails.len() <= OPEN_MAX;
    let is_inert = report.trails.len() > PARSED_MAX;
    let of_account = |((account, status), mut trails): ((&'a str, _), Vec<&'a TrailReport>)| {
        // Trails with the same key share the most facts.
        trails.sort_by_key(|trail| (&trail.key, &trail.region, trail.name()));
        let (name, total) = (names.get(account).copied(), trails.len());
        let pack = |(index, trails): (usize, &[&'a TrailReport])| Pack {
            account,
            name,
            status,
            kind: trails.first().map_or("trail", |trail| kind(trail)),
            is_open,
            is_inert,
            trails: trails.to_vec(),
            first: index * PACK_MAX + 1,
            total,
        };
        trails.chunks(PACK_MAX).enumerate().map(pack).collect::<Vec<_>>()
    };
    by_account.into_iter().flat_map(of_account).collect()
}

impl<'a> Pack<'a> {
    /// `36 results`, or `101 to 200 of 340`.
    pub(super) fn words(&self) -> String {
        let last = self.first + self.trails.len() - 1;
        match self.kind {
            _ if self.total > self.trails.len() => {
                format!("{} to {} of {}", Count(self.first), Count(last), Count(self.total))
            }
            "copy" if self.total == 1 => "1 copy".to_owned(),
            "copy" => format!("{} copies", self.total),
            "account" => counted(self.total, "Region"),
            _ => counted(self.total, "trail"),
        }
    }

    pub(super) fn content(&self) -> Content<'a> {
        let by_key = self.trails.chunk_by(|one, other| one.key == other.key);
        let mut sets: Vec<Set<'a>> = by_key.map(Set::of).collect();
        let shared = take_shared(sets.iter_mut().flat_map(|set| &mut set.records).collect());
        for set in &mut sets {
            set.shared = take_shared(set.records.iter_mut().collect());
        }
        Content { shared, sets }
    }
}

/// Takes the facts out of the records that all of them have, if there are several records.
fn take_shared(mut records: Vec<&mut Record<'_>>) -> Vec<Fact> {
    let Some((first, others)) = records.split_first().filter(|(_, others)| !others.is_empty())
    else {
        return Vec::new();
    };
    let is_shared = |fact: &&Fact| others.iter().all(|other| other.facts.contains(fact));
    let shared: Vec<Fact> = first.facts.iter().filter(is_shared).cloned().collect();
    for record in &mut records {
        record.facts.retain(|fact| !shared.contains(fact));
    }
    shared
}

impl<'a> Set<'a> {
    fn of(trails: &[&'a TrailReport]) -> Self {
        let mut policies: Vec<&str> = Vec::new();
        for text in trails.iter().filter_map(|trail| policy(trail)) {
            if !policies.contains(&text) {
                policies.push(text);
            }
        }
        let records = trails.iter().map(|trail| Record::of(trail, &policies)).collect();
        let policies = policies.into_iter().map(KeyPolicy::read).collect();
        Self { shared: Vec::new(), policies, records }
    }
}

impl<'a> Record<'a> {
    /// `policies` are those of its set.
    fn of(trail: &'a TrailReport, policies: &[&str]) -> Self {
        let number = policies.iter().position(|text| policy(trail) == Some(text));
        let place = match number {
            Some(index) if policies.len() > 1 => format!("number {}", index + 1),
            Some(_) | None => "below".to_owned(),
        };
        let passed: Vec<&str> = trail
            .checks
            .iter()
            .filter(|check| check.outcome == CheckOutcome::Pass)
            .map(|check| check.id.as_str())
            .collect();
        let passed = (!passed.is_empty()).then(|| Fact::text("Passed", passed.join(", ")));
        let reason = trail.reason.iter().map(|reason| Fact::text("Reason", reason));
        let notes = trail.notes.iter().map(|note| Fact::text("Note", note));
        // The source of a live audit only repeats the account, the Region and the name.
        let live = format!("aws/{}/{}/cloudtrail/{}", trail.account, trail.region, trail.name());
        let of_evidence = facts(trail, &place)
            .into_iter()
            .filter(|fact| fact.name != "Source" || fact.text != live);
        Self {
            trail,
            open: open_check_ids(trail),
            findings: findings(trail),
            facts: reason.chain(passed).chain(notes).chain(of_evidence).collect(),
        }
    }
}
