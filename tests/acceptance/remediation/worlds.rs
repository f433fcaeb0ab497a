//! The product of states, requested keys, consents and parameters.

use serde_json::{Map, Value, json};
use trailseal_lab::State;
use trailseal_plan::{Consent, NewKey, TargetKey};
use trailseal_rule::{KeyRef, Parameters};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit";
const NEIGHBOUR: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/neighbour";
const REQUESTED: &str =
    "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const PRESENT: &str = "arn:aws:kms:us-east-1:111122223333:key/22222222-0000-4000-8000-222222222222";
const ELSEWHERE: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/33333333-0000-4000-8000-333333333333";

/// The key that the trail has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Has {
    None,
    Working,
    NotAdmitting,
    Disabled,
    PendingDeletion,
    Gone,
    InAnotherRegion,
    /// The requested key.
    Requested,
}

/// The policy of the requested key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Root,
    Admits,
    AdmitsTheNeighbour,
    SingleStatement,
    Denies,
    Odd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    Existing { policy: Policy, state: &'static str, rotates: bool },
    New { alias: Option<&'static str> },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    has: Has,
    requested: Requested,
    consents: bool,
    profile: &'static str,
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    for has in [
        Has::None,
        Has::Working,
        Has::NotAdmitting,
        Has::Disabled,
        Has::PendingDeletion,
        Has::Gone,
        Has::InAnotherRegion,
        Has::Requested,
    ] {
        for requested in requested_keys() {
            for consents in [false, true] {
                for profile in ["effective", "strict"] {
                    all.push(Scenario { has, requested, consents, profile });
                }
            }
        }
    }
    all
}

fn requested_keys() -> Vec<Requested> {
    let mut all = vec![
        Requested::New { alias: None },
        Requested::New { alias: Some("alias/free") },
        Requested::New { alias: Some("alias/taken") },
    ];
    for policy in [
        Policy::Root,
        Policy::Admits,
        Policy::AdmitsTheNeighbour,
        Policy::SingleStatement,
        Policy::Denies,
        Policy::Odd,
    ] {
        for state in ["Enabled", "Disabled", "PendingDeletion"] {
            for rotates in [false, true] {
                all.push(Requested::Existing { policy, state, rotates });
            }
        }
    }
    all
}

impl Scenario {
    pub(crate) fn target_key(&self) -> TargetKey {
        match self.requested {
            Requested::Existing { .. } => TargetKey::Existing(KeyRef::parse(REQUESTED).unwrap()),
            Requested::New { alias } => {
                TargetKey::New(NewKey { alias: alias.map(str::to_owned), ..NewKey::default() })
            }
        }
    }

    pub(crate) fn consent(&self) -> Consent {
        Consent {
            replace_key: self.consents,
            enable_key: self.consents,
            cancel_key_deletion: self.consents,
        }
    }

    pub(crate) fn parameters(&self) -> Parameters {
        let given = Map::from_iter([("profile".to_owned(), Value::from(self.profile))]);
        Parameters::parse(&given).unwrap()
    }

    pub(crate) fn state(&self) -> State {
        let (policy, state, rotates) = match self.requested {
            Requested::Existing { policy, state, rotates } => (policy, state, rotates),
            Requested::New { .. } => (Policy::AdmitsTheNeighbour, "Enabled", true),
        };
        let deletion_date =
            |state: &str| (state == "PendingDeletion").then_some("2026-12-24T00:00:00Z");
        let (present, present_state, present_policy) = self.present();
        let document = json!({
            "trailsealLab": 1,
            "accounts": [{ "id": ACCOUNT, "regions": [REGION, "eu-west-1"] }],
            "trails": [
                { "arn": TRAIL, "s3BucketName": "example-logs", "kmsKeyId": present },
                { "arn": NEIGHBOUR, "s3BucketName": "example-logs", "kmsKeyId": REQUESTED },
            ],
            "keys": [
                {
                    "arn": REQUESTED,
                    "state": state,
                    "deletionDate": deletion_date(state),
                    "policy": document_of(policy),
                    "rotation": { "enabled": rotates },
                },
                {
                    "arn": PRESENT,
                    "state": present_state,
                    "deletionDate": deletion_date(present_state),
                    "policy": document_of(present_policy),
                    "rotation": { "enabled": true },
                },
                { "arn": ELSEWHERE, "policy": document_of(Policy::Admits) },
            ],
            "aliases": [{
                "arn": format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/taken"),
                "targetKeyArn": PRESENT,
            }],
            "buckets": [{ "name": "example-logs", "account": ACCOUNT, "region": REGION }],
        });
        State::from_value("scenario", &document).unwrap()
    }

    /// The trail's key, and the state and policy of the present key.
    fn present(&self) -> (Option<&'static str>, &'static str, Policy) {
        match self.has {
            Has::None => (None, "Enabled", Policy::Admits),
            Has::Working => (Some(PRESENT), "Enabled", Policy::Admits),
            Has::NotAdmitting => (Some(PRESENT), "Enabled", Policy::Root),
            Has::Disabled => (Some(PRESENT), "Disabled", Policy::Admits),
            Has::PendingDeletion => (Some(PRESENT), "PendingDeletion", Policy::Admits),
            Has::Gone => (
                Some("arn:aws:kms:us-east-1:111122223333:key/99999999-0000-4000-8000-999999999999"),
                "Enabled",
                Policy::Admits,
            ),
            Has::InAnotherRegion => (Some(ELSEWHERE), "Enabled", Policy::Admits),
            Has::Requested => (Some(REQUESTED), "Enabled", Policy::Admits),
        }
    }
}

fn document_of(policy: Policy) -> Value {
    let root = json!({
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "kms:*",
        "Resource": "*",
    });
    let cloudtrail = |effect: &str, condition: Value| {
        json!({
            "Effect": effect,
            "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": condition,
        })
    };
    let of = |trail: &str| json!({ "StringEquals": { "aws:SourceArn": trail } });
    let neighbour = cloudtrail("Allow", of(NEIGHBOUR));
    let statements = match policy {
        Policy::Root => json!([root]),
        Policy::Admits => json!([root, cloudtrail("Allow", of(TRAIL)), neighbour]),
        Policy::AdmitsTheNeighbour => json!([root, neighbour]),
        Policy::SingleStatement => root,
        Policy::Denies => json!([root, neighbour, cloudtrail("Deny", of(TRAIL))]),
        Policy::Odd => json!([
            root,
            neighbour,
            cloudtrail(
                "Deny",
                json!({ "DateGreaterThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })
            ),
        ]),
    };
    json!({ "Version": "2012-10-17", "Statement": statements })
}
