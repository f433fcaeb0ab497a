//! The events that start the function, and the calls and results of each without faults.
//!
//! The rule belongs to a member account and the function is central, so every trigger assumes a
//! role first. The key of trail `alpha` belongs to a third account, and another role reads its
//! policy; one key of the member account seals `beta` and `gamma`. A tag exempts `delta`, which has
//! no key.

use trailseal_lab::Operation::{
    self, AssumeRole, DescribeKey, DescribeTrails, GetComplianceDetailsByConfigRule, GetKeyPolicy,
    GetKeyRotationStatus, GetObject, GetResourceConfigHistory, GetTrailStatus, HeadBucket,
    ListDiscoveredResources, ListTags, PutEvaluations,
};
use trailseal_lab::{DiscoveredResource, Membership, RuleEvent, StandingResult, State, Trail};

use crate::acceptance::harness::{ACCOUNT, REGION};
use accounts::{
    EXEMPTION_TAG, EXEMPTIONS, KEY_ACCOUNT, KEY_ROLE, MEMBER, MEMBER_ROLE, STRICT, account,
    add_exemptions, bucket, change, deleted, history, key_arn, key_item, key_of_trails, oversized,
    role, role_arn, rule, schedule, standing, trail, trail_arn, trail_item, with,
};

/// The deleted trails that still have results: more than a page, and more than a batch.
const OBSOLETE: usize = 101;

/// The event that starts the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    TrailChange,
    OversizedTrail,
    TrailDeleted,
    KeyChange,
    OversizedKey,
    Schedule,
}

/// The calls of each operation without faults, for the triggers in the order of [`Trigger::ALL`],
/// written by hand.
const CALLS: [(Operation, [usize; 6]); 13] = [
    (AssumeRole, [2, 2, 1, 1, 1, 2]),
    (GetResourceConfigHistory, [0, 2, 0, 0, 2, 0]),
    (DescribeTrails, [0, 0, 0, 1, 1, 1]),
    (ListDiscoveredResources, [0, 0, 0, 2, 2, 2]),
    (GetComplianceDetailsByConfigRule, [0, 0, 0, 0, 0, 2]),
    (DescribeKey, [1, 1, 0, 1, 1, 2]),
    (HeadBucket, [1, 1, 0, 2, 2, 2]),
    (GetKeyRotationStatus, [1, 1, 0, 1, 1, 2]),
    (GetKeyPolicy, [1, 1, 0, 1, 1, 2]),
    (GetTrailStatus, [1, 1, 0, 2, 2, 2]),
    (GetObject, [1, 1, 0, 1, 1, 1]),
    (ListTags, [0, 0, 0, 0, 0, 1]),
    (PutEvaluations, [1, 1, 1, 1, 1, 2]),
];

impl Trigger {
    pub(crate) const ALL: [Self; 6] = [
        Self::TrailChange,
        Self::OversizedTrail,
        Self::TrailDeleted,
        Self::KeyChange,
        Self::OversizedKey,
        Self::Schedule,
    ];

    /// The trails that are evaluated without faults.
    pub(crate) const fn trails(self) -> &'static [&'static str] {
        match self {
            Self::TrailChange | Self::OversizedTrail => &["alpha"],
            Self::TrailDeleted => &[],
            Self::KeyChange | Self::OversizedKey => &["beta", "gamma"],
            Self::Schedule => &["alpha", "beta"],
        }
    }

    /// The trails that a tag exempts.
    pub(crate) const fn exempt(self) -> &'static [&'static str] {
        match self {
            Self::Schedule => &["delta"],
            Self::TrailChange
            | Self::OversizedTrail
            | Self::TrailDeleted
            | Self::KeyChange
            | Self::OversizedKey => &[],
        }
    }

    /// The number of calls of an operation without faults.
    pub(crate) fn calls(self, operation: Operation) -> usize {
        let calls = CALLS.iter().find(|(of, _)| *of == operation);
        calls.map_or(0, |(_, counts)| counts[self as usize])
    }

    /// The submitted evaluations without faults, in order: id and verdict.
    pub(crate) fn submission(self) -> Vec<(String, &'static str)> {
        let sealed = self.trails().iter().map(|name| ((*name).to_owned(), "COMPLIANT"));
        let obsolete = match self {
            // On a schedule, `gamma` is deleted as well.
            Self::Schedule => {
                ["gamma".to_owned()].into_iter().chain((0..OBSOLETE).map(obsolete_id)).collect()
            }
            Self::TrailDeleted => vec!["alpha".to_owned()],
            Self::TrailChange | Self::OversizedTrail | Self::KeyChange | Self::OversizedKey => {
                Vec::new()
            }
        };
        let exempt = self.exempt().iter().map(|name| (*name).to_owned());
        let not_judged = exempt.chain(obsolete).map(|id| (id, "NOT_APPLICABLE"));
        sealed.chain(not_judged).collect()
    }

    pub(crate) fn event(self) -> RuleEvent {
        let event = match self {
            Self::TrailChange => change(&alpha_item()),
            Self::OversizedTrail => oversized(&alpha_item()),
            Self::TrailDeleted => change(&deleted(alpha_item())),
            Self::KeyChange => change(&own_key_item()),
            Self::OversizedKey => oversized(&own_key_item()),
            Self::Schedule => schedule(MEMBER, REGION),
        };
        let more = [
            ("executionRoleName", MEMBER_ROLE),
            ("exemptionsFrom", EXEMPTIONS),
            ("exemptionTag", EXEMPTION_TAG),
        ];
        with(with(event, &STRICT), &more)
    }

    pub(crate) fn state(self) -> State {
        let mut trails = trails();
        if !matches!(self, Self::KeyChange | Self::OversizedKey) {
            trails.pop();
        }
        trails.extend(self.exempt().iter().map(|name| {
            let tags = [(EXEMPTION_TAG.to_owned(), "2026-12-31".to_owned())].into();
            Trail { tags, ..trail(&arn(name), &format!("logs-of-{name}"), None) }
        }));
        let mut state = State {
            accounts: vec![
                account(ACCOUNT, Membership::Management, &[REGION]),
                account(MEMBER, Membership::Member, &[REGION]),
                account(KEY_ACCOUNT, Membership::Outside, &[REGION]),
            ],
            keys: vec![
                key_of_trails(&foreign_key(), &[&arn("alpha")]),
                key_of_trails(&own_key(), &[&arn("beta"), &arn("gamma")]),
            ],
            buckets: trails.iter().map(|of| bucket(&of.s3_bucket_name, MEMBER, REGION)).collect(),
            trails,
            roles: vec![
                role(&role_arn(REGION, MEMBER, MEMBER_ROLE), None),
                role(&role_arn(REGION, KEY_ACCOUNT, KEY_ROLE), None),
            ],
            config_rules: vec![rule(MEMBER, REGION, standing_results())],
            discovered_resources: (0..OBSOLETE).map(discovered).collect(),
            history: vec![history(1, vec![alpha_item()]), history(1, vec![own_key_item()])],
            ..State::default()
        };
        add_exemptions(&mut state, b"[]");
        state
    }
}

pub(crate) fn arn(name: &str) -> String {
    trail_arn(MEMBER, REGION, name)
}

pub(crate) fn key_of(name: &str) -> String {
    if name == "alpha" { foreign_key() } else { own_key() }
}

fn foreign_key() -> String {
    key_arn(KEY_ACCOUNT, REGION, 1)
}

fn own_key() -> String {
    key_arn(MEMBER, REGION, 2)
}

fn trails() -> Vec<Trail> {
    let of = |name: &str| trail(&arn(name), &format!("logs-of-{name}"), Some(&key_of(name)));
    ["alpha", "beta", "gamma"].map(of).to_vec()
}

fn alpha_item() -> serde_json::Value {
    trail_item(&trails()[0], MEMBER, REGION)
}

fn own_key_item() -> serde_json::Value {
    key_item(&key_of_trails(&own_key(), &[]))
}

fn obsolete_id(number: usize) -> String {
    format!("gone-{number:03}")
}

/// The inventory of AWS Config still lists deleted trails.
fn discovered(number: usize) -> DiscoveredResource {
    DiscoveredResource {
        account: MEMBER.to_owned(),
        region: REGION.to_owned(),
        resource_type: "AWS::CloudTrail::Trail".to_owned(),
        resource_id: obsolete_id(number),
        ..DiscoveredResource::default()
    }
}

/// All trails, including the deleted ones, have a COMPLIANT result.
fn standing_results() -> Vec<StandingResult> {
    let ids = ["alpha", "beta", "gamma", "delta"].map(str::to_owned).into_iter();
    ids.chain((0..OBSOLETE).map(obsolete_id))
        .map(|id| standing("AWS::CloudTrail::Trail", &id, "COMPLIANT"))
        .collect()
}
