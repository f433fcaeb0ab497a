//! One trail in full: what was found, why it matters, the fix, and the evidence.

use trailseal_rule::Refusal;

use super::name;
use super::policy::KeyPolicy;
use super::standing::{Standing, open_checks};
use super::words::moment;
use crate::report::{
    CheckOutcome, CheckReport, DeliveryReport, EvidenceReport, EvidenceValue, KeyReport,
    RotationReport, TrailReport,
};

/// A trail with all that is known of it.
pub(super) struct TrailEvidence<'a> {
    pub(super) number: usize,
    pub(super) trail: &'a TrailReport,
    pub(super) standing: Standing,
    pub(super) name: &'a str,
    /// For the page's filters.
    pub(super) open: String,
    pub(super) findings: Vec<Finding<'a>>,
    pub(super) passed: Vec<&'a str>,
    pub(super) facts: Vec<Fact>,
    pub(super) policy: Option<KeyPolicy>,
}

/// A check that did not pass.
pub(super) struct Finding<'a> {
    pub(super) check: &'a CheckReport,
    pub(super) standing: Standing,
}

/// A piece of evidence in words.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) words: String,
    /// Whether it is a name that machines use.
    pub(super) is_code: bool,
}

impl Fact {
    fn words(name: &'static str, words: impl Into<String>) -> Self {
        Self { name, words: words.into(), is_code: false }
    }

    fn code(name: &'static str, words: impl Into<String>) -> Self {
        Self { name, words: words.into(), is_code: true }
    }
}

impl<'a> TrailEvidence<'a> {
    pub(super) fn of(number: usize, trail: &'a TrailReport) -> Self {
        let with =
            |wanted: CheckOutcome| trail.checks.iter().filter(move |check| check.outcome == wanted);
        let failed =
            with(CheckOutcome::Fail).map(|check| Finding { check, standing: Standing::Failing });
        let unknown = with(CheckOutcome::Unknown)
            .map(|check| Finding { check, standing: Standing::Unverified });
        let policy = trail.evidence.as_ref().and_then(|evidence| match &evidence.key_policy {
            EvidenceValue::Known { value } => Some(KeyPolicy::read(value)),
            EvidenceValue::Absent | EvidenceValue::Refused { .. } => None,
        });
        Self {
            number,
            trail,
            standing: Standing::of(trail),
            name: name(trail),
            open: open_checks(trail).collect::<Vec<_>>().join(" "),
            findings: failed.chain(unknown).collect(),
            passed: with(CheckOutcome::Pass).map(|check| check.id.as_str()).collect(),
            facts: facts(trail),
            policy,
        }
    }
}

fn facts(trail: &TrailReport) -> Vec<Fact> {
    let mut facts = Vec::new();
    match &trail.key {
        Some(key) => facts.push(Fact::code("Key that the trail names", key)),
        None if trail.arn.is_some() => {
            facts.push(Fact::words("Key that the trail names", "none"));
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
        facts.extend(of_others(evidence, &mut unread));
    }
    if !unread.is_empty() {
        facts.push(Fact::words("Not read", unread.join(", ")));
    }
    if let Some(profile) = &trail.profile {
        facts.push(Fact::words("Profile", profile));
    }
    if let Some(why) = &trail.not_evaluated {
        facts.push(Fact::words("Not evaluated", why));
    }
    if let Some(captured) = &trail.captured {
        facts.push(Fact::words("Captured by AWS Config", moment(captured)));
    }
    facts.push(Fact::words("Annotation for AWS Config", &trail.annotation));
    facts.push(Fact::code("Source", &trail.source));
    facts
}

/// What a reading says, or that it says nothing; what nobody asked for is only named.
fn read<'a, T>(
    told: &'a EvidenceValue<T>,
    name: &'static str,
    absent: &str,
    unread: &mut Vec<&'static str>,
) -> Result<&'a T, Option<Fact>> {
    match told {
        EvidenceValue::Known { value } => Ok(value),
        EvidenceValue::Absent => Err(Some(Fact::words(name, absent))),
        EvidenceValue::Refused { why } if *why == Refusal::NotRead.to_string() => {
            unread.push(name);
            Err(None)
        }
        EvidenceValue::Refused { why } => Err(Some(Fact::words(name, format!("not known: {why}")))),
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
    let KeyReport { arn, manager, state, usage, spec, origin, .. } = key;
    let mut facts = Vec::new();
    if named != Some(arn.as_str()) {
        facts.push(Fact::code("Key, by its ARN", arn));
    }
    let region = arn.split(':').nth(3).unwrap_or_default();
    let replica = if key.replica { ", replica of a multi-Region key" } else { "" };
    facts.push(Fact::code("Key Region", format!("{region}{replica}")));
    facts.push(Fact::code("Key manager", manager));
    facts.push(Fact::code("Key state", state));
    facts.push(Fact::code("Key usage and spec", format!("{usage}, {spec}")));
    facts.push(Fact::code("Key origin", origin));
    let dates =
        [("Key is deleted on", &key.deletion_date), ("Key material ends on", &key.valid_to)];
    for (name, date) in dates {
        facts.extend(date.as_deref().map(|date| Fact::words(name, moment(date))));
    }
    facts
}

fn of_others(evidence: &EvidenceReport, unread: &mut Vec<&'static str>) -> Vec<Fact> {
    let no_key = "the key does not exist";
    let bucket = &evidence.bucket_region;
    let facts = [
        read(bucket, "Bucket Region", "the bucket does not exist", unread)
            .map(|region| Fact::code("Bucket Region", region)),
        read(&evidence.rotation, "Key rotation", no_key, unread)
            .map(|rotation| Fact::words("Key rotation", of_rotation(rotation))),
        read(&evidence.delivery, "Latest delivery", "the trail does not exist", unread)
            .map(|delivery| Fact::words("Latest delivery", of_delivery(delivery))),
        // The policy itself stands below the facts.
        read(&evidence.key_policy, "Key policy", no_key, unread)
            .map(|_| Fact::words("Key policy", "below")),
    ];
    facts.into_iter().filter_map(|fact| fact.map_or_else(|instead| instead, Some)).collect()
}

fn of_rotation(rotation: &RotationReport) -> String {
    let mut words = rotation.status.clone();
    if let Some(days) = rotation.period_days {
        words.push_str(&format!(", every {days} days"));
    }
    if let Some(next) = &rotation.next {
        words.push_str(&format!(", next on {}", moment(next)));
    }
    words
}

fn of_delivery(delivery: &DeliveryReport) -> String {
    let named = [("log files", &delivery.error), ("digest files", &delivery.digest_error)];
    let errors: Vec<String> = named
        .into_iter()
        .filter_map(|(what, error)| error.as_ref().map(|error| format!("{what}: {error}")))
        .collect();
    if errors.is_empty() { "no error".to_owned() } else { errors.join("; ") }
}
