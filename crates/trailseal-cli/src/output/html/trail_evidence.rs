//! One trail in full: the findings, why they matter, the fixes, and the evidence.

use trailseal_rule::{Delivery, KeyFacts, Refusal};

use super::policy::KeyPolicy;
use super::status::{TrailStatus, open_check_ids};
use crate::output::counted;
use crate::report::{
    CheckOutcome, CheckReport, EvidenceReport, Kind, LogFilesReport, ReportedReading,
    RotationReport, TrailReport,
};

pub(super) struct TrailEvidence<'a> {
    pub(super) number: usize,
    pub(super) trail: &'a TrailReport,
    pub(super) status: TrailStatus,
    pub(super) name: &'a str,
    /// For the page's filters.
    pub(super) open: String,
    pub(super) kind: &'static str,
    pub(super) findings: Vec<Finding<'a>>,
    pub(super) passed: Vec<&'a str>,
    pub(super) facts: Vec<Fact>,
    pub(super) policy: Option<KeyPolicy>,
}

/// A check that did not pass.
pub(super) struct Finding<'a> {
    pub(super) check: &'a CheckReport,
    pub(super) status: TrailStatus,
}

/// A fact of the evidence.
#[derive(Clone, PartialEq)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) text: String,
    /// Whether the value is an identifier.
    pub(super) is_code: bool,
}

impl Fact {
    pub(super) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), is_code: false }
    }

    fn code(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), is_code: true }
    }
}

impl<'a> TrailEvidence<'a> {
    pub(super) fn of(number: usize, trail: &'a TrailReport) -> Self {
        Self {
            number,
            trail,
            status: TrailStatus::of(trail),
            name: trail.name(),
            open: open_check_ids(trail),
            kind: kind(trail),
            findings: findings(trail),
            passed: with(trail, CheckOutcome::Pass).map(|check| check.id.as_str()).collect(),
            facts: facts(trail, "below"),
            policy: policy(trail).map(KeyPolicy::read),
        }
    }
}

fn with(trail: &TrailReport, wanted: CheckOutcome) -> impl Iterator<Item = &CheckReport> {
    trail.checks.iter().filter(move |check| check.outcome == wanted)
}

/// The checks that a trail did not pass, failed ones first.
pub(super) fn findings(trail: &TrailReport) -> Vec<Finding<'_>> {
    let of = |(outcome, status)| with(trail, outcome).map(move |check| Finding { check, status });
    let open = [
        (CheckOutcome::Fail, TrailStatus::Failing),
        (CheckOutcome::Unknown, TrailStatus::Unverified),
    ];
    open.into_iter().flat_map(of).collect()
}

/// The text of the key policy, if it was read.
pub(super) fn policy(trail: &TrailReport) -> Option<&str> {
    match &trail.evidence.as_ref()?.key_policy {
        ReportedReading::Known { value } => Some(value),
        ReportedReading::Absent | ReportedReading::Refused { .. } => None,
    }
}

/// The facts of a trail's evidence. `policy` says where the page has its key policy.
pub(super) fn facts(trail: &TrailReport, policy: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    match &trail.key {
        Some(key) => facts.push(Fact::code("Key that the trail names", key)),
        None if trail.arn.is_some() => {
            facts.push(Fact::text("Key that the trail names", "none"));
        }
        None => {}
    }
    let mut unread = Vec::new();
    if let Some(evidence) = &trail.evidence {
        facts.extend(of_key(evidence, trail.key.as_deref(), &mut unread));
    }
    if let Some(bucket) = &trail.bucket {
        facts.push(Fact::code("Bucket", bucket));
    }
    if let Some(evidence) = &trail.evidence {
        facts.extend(of_others(evidence, policy, &mut unread));
    }
    if !unread.is_empty() {
        facts.push(Fact::text("Not read", unread.join(", ")));
    }
    if let Some(profile) = &trail.profile {
        facts.push(Fact::text("Profile", profile.as_str()));
    }
    if let Some(why) = &trail.not_evaluated {
        facts.push(Fact::text("Not evaluated", why));
    }
    if let Some(captured) = trail.captured {
        facts.push(Fact::text("Captured by AWS Config", captured.minute()));
    }
    facts.extend(reading_times(trail).map(|times| Fact::text("Read from AWS", times)));
    facts.push(Fact::text("Annotation for AWS Config", &trail.annotation));
    facts.push(Fact::code("Source", &trail.source));
    facts
}

/// When the audit read the trail and each fact.
fn reading_times(trail: &TrailReport) -> Option<String> {
    let mut text = format!("trail {}", trail.read_at?);
    let times = trail.evidence.as_ref().and_then(|evidence| evidence.read_at).unwrap_or_default();
    for (fact, read_at) in [
        ("key", times.key),
        ("bucket Region", times.bucket_region),
        ("key rotation", times.rotation),
        ("key policy", times.key_policy),
        ("latest delivery", times.delivery),
        ("deliveries in other Regions", times.delivery_elsewhere),
        ("log files", times.log_files),
    ] {
        if let Some(read_at) = read_at {
            text.push_str(&format!(", {fact} {read_at}"));
        }
    }
    Some(text)
}

/// The value of a reading, or the fact that takes its place. Evidence that no check needs is only
/// named.
fn read<'a, T>(
    reading: &'a ReportedReading<T>,
    name: &'static str,
    absent: &str,
    unread: &mut Vec<&'static str>,
) -> Result<&'a T, Option<Fact>> {
    match reading {
        ReportedReading::Known { value } => Ok(value),
        ReportedReading::Absent => Err(Some(Fact::text(name, absent))),
        ReportedReading::Refused { why } if *why == Refusal::NotRead.to_string() => {
            unread.push(name);
            Err(None)
        }
        ReportedReading::Refused { why } => {
            Err(Some(Fact::text(name, format!("not known: {why}"))))
        }
    }
}

fn of_key(
    evidence: &EvidenceReport,
    named: Option<&str>,
    unread: &mut Vec<&'static str>,
) -> Vec<Fact> {
    let key = match read(&evidence.key, "Key", "does not exist", unread) {
        Ok(key) => key,
        Err(instead) => return instead.into_iter().collect(),
    };
    let KeyFacts { arn, manager, state, usage, spec, .. } = key;
    let mut facts = Vec::new();
    if named != Some(arn.as_str()) {
        facts.push(Fact::code("Key, by its ARN", arn.as_str()));
    }
    let replica = if key.is_replica { ", replica of a multi-Region key" } else { "" };
    facts.push(Fact::code("Key Region", format!("{}{replica}", arn.region())));
    facts.push(Fact::code("Key manager", manager.as_str()));
    facts.push(Fact::code("Key state", state.as_str()));
    facts.push(Fact::code("Key usage and spec", format!("{}, {}", usage.as_str(), spec.as_str())));
    facts.push(Fact::code("Key origin", key.origin.as_str()));
    let dates =
        [("Key is deleted on", key.deletion_date), ("Key material expires on", key.valid_to)];
    for (name, date) in dates {
        facts.extend(date.map(|date| Fact::text(name, date.minute())));
    }
    facts
}

fn of_others(evidence: &EvidenceReport, policy: &str, unread: &mut Vec<&'static str>) -> Vec<Fact> {
    let no_key = "the key does not exist";
    let no_bucket = "the bucket does not exist";
    let bucket = &evidence.bucket_region;
    let facts = [
        read(bucket, "Bucket Region", no_bucket, unread)
            .map(|region| Fact::code("Bucket Region", region.as_str())),
        read(&evidence.rotation, "Key rotation", no_key, unread)
            .map(|rotation| Fact::text("Key rotation", of_rotation(rotation))),
        read(&evidence.delivery, "Latest delivery", "the trail does not exist", unread)
            .map(|delivery| Fact::text("Latest delivery", of_delivery(delivery))),
        read(&evidence.key_policy, "Key policy", no_key, unread)
            .map(|_| Fact::text("Key policy", policy)),
    ];
    let log_files = evidence.log_files.as_ref().map(|files| {
        read(files, "Log files", no_bucket, unread)
            .map(|files| Fact::text("Log files", of_log_files(files)))
    });
    let facts = facts.into_iter().chain(log_files);
    facts.filter_map(|fact| fact.map_or_else(|instead| instead, Some)).collect()
}

/// What the newest files of the folders prove.
fn of_log_files(files: &LogFilesReport) -> String {
    let LogFilesReport { folders, sealed, undecided, first_sealed, newest_sealed } = files;
    let mut text = format!(
        "of {}, the newest file of {sealed} is encrypted with the trail's key",
        counted(*folders, "folder")
    );
    if *undecided > 0 {
        text.push_str(&format!(", and {undecided} decide nothing"));
    }
    if let Some(first) = first_sealed {
        text.push_str(&format!("; the first file with the key is of {}", first.minute()));
    }
    if let Some(newest) = newest_sealed {
        text.push_str(&format!(", the newest is {}", newest.file));
    }
    text
}

fn of_rotation(rotation: &RotationReport) -> String {
    let mut text = rotation.status.clone();
    if let Some(days) = rotation.period_days {
        text.push_str(&format!(", every {days} days"));
    }
    if let Some(next) = rotation.next {
        text.push_str(&format!(", next on {}", next.minute()));
    }
    text
}

fn of_delivery(delivery: &Delivery) -> String {
    let named = [("log files", &delivery.error), ("digest files", &delivery.digest_error)];
    let errors: Vec<String> = named
        .into_iter()
        .filter_map(|(what, error)| error.as_ref().map(|error| format!("{what}: {error}")))
        .collect();
    if errors.is_empty() { "no error".to_owned() } else { errors.join("; ") }
}

/// What a result counts as in the page's filters.
pub(super) fn kind(trail: &TrailReport) -> &'static str {
    match trail.kind() {
        Kind::Trail => "trail",
        Kind::Copy => "copy",
        Kind::Account => "account",
    }
}
