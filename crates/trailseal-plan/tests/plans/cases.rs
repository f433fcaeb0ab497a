//! Every combination of the finite states that a plan depends on.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};
use strum::VariantArray;
use trailseal_plan::{
    Consent, CurrentState, KeyReadings, NewKey, Plan, Readers, Refusals, TargetKey, plan,
};
use trailseal_rule::{
    EvaluationContext, Facts, KeyArn, KeyManager, KeyPolicy, KeyRef, KeySpec, KeyState, Parameters,
    Reading, Refusal, Rotation, Timestamp, Trail, Verdict, evaluate, needs,
};

use crate::aws::{
    ACCOUNT, Aws, BUCKET_REGION, OTHER_ACCOUNT, Readable, TRAIL, account, key, key_arn, region,
};

pub(crate) const ALIAS: &str = "alias/trail-logs";

pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
}

pub(crate) fn parameters(raw: &Value) -> Parameters {
    Parameters::parse(raw.as_object().unwrap()).unwrap()
}

/// The key that the trail has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub(crate) enum Has {
    None,
    TheRequested,
    Healthy,
    Disabled,
    Gone,
    Denied,
    ElsewhereRegion,
    AwsAlias,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    Key(Sort),
    New,
    NewWithAlias,
    NewWithTakenAlias,
    AwsAlias,
    Nonsense,
}

/// The kind of an existing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    State(KeyState),
    Gone,
    Unread(Readable),
    AwsManaged,
    Asymmetric,
    Replica,
    Foreign,
    ForeignDisabled,
    ForeignUnread,
    ElsewhereRegion,
    MaterialEnded,
}

pub(crate) fn requested_keys() -> Vec<Requested> {
    let states = [
        KeyState::Enabled,
        KeyState::Updating,
        KeyState::Creating,
        KeyState::Disabled,
        KeyState::PendingDeletion,
        KeyState::PendingImport,
        KeyState::PendingReplicaDeletion,
        KeyState::Unavailable,
        KeyState::Unrecognized("Sleeping".into()),
    ];
    let unread = [
        Readable::KeyDenied,
        Readable::KeyNotRead,
        Readable::PolicyDenied,
        Readable::RotationDenied,
    ];
    let others = [
        Sort::Gone,
        Sort::AwsManaged,
        Sort::Asymmetric,
        Sort::Replica,
        Sort::Foreign,
        Sort::ForeignDisabled,
        Sort::ForeignUnread,
        Sort::ElsewhereRegion,
        Sort::MaterialEnded,
    ];
    let sorts = states
        .into_iter()
        .map(Sort::State)
        .chain(unread.into_iter().map(Sort::Unread))
        .chain(others)
        .map(Requested::Key);
    sorts
        .chain([
            Requested::New,
            Requested::NewWithAlias,
            Requested::NewWithTakenAlias,
            Requested::AwsAlias,
            Requested::Nonsense,
        ])
        .collect()
}

/// Key policies, by name.
pub(crate) fn policies() -> &'static [(&'static str, String)] {
    static POLICIES: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(write_policies);
    &POLICIES
}

fn write_policies() -> Vec<(&'static str, String)> {
    let root = json!({ "Sid": "root", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") } });
    let cloudtrail = |sid: &str, action: &str, trail: &str| {
        json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*",
            "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Condition": { "StringEquals": { "aws:SourceArn": trail } } })
    };
    let deny = |condition: Value| {
        json!({ "Sid": "no", "Effect": "Deny", "Action": "kms:GenerateDataKey*", "Resource": "*",
            "Principal": "*", "Condition": condition })
    };
    let encrypts = cloudtrail("encrypt", "kms:GenerateDataKey*", TRAIL);
    let describes = cloudtrail("describe", "kms:DescribeKey", TRAIL);
    let other = cloudtrail(
        "Allow CloudTrail to encrypt logs",
        "kms:GenerateDataKey*",
        "arn:aws:cloudtrail:us-east-1:111122223333:trail/other",
    );
    let open = json!({ "Sid": "open", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Principal": "*" });
    let long = json!({ "Sid": "long", "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:role/{}", "x".repeat(32_300)) } });
    let list = |statements: &[&Value]| {
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    };
    vec![
        ("root alone", list(&[&root])),
        ("root alone, no list", json!({ "Statement": root }).to_string()),
        ("admits", list(&[&root, &encrypts, &describes])),
        ("admits, describes not", list(&[&root, &encrypts])),
        ("admits another trail", list(&[&root, &other])),
        ("denies", list(&[&root, &encrypts, &deny(json!({}))])),
        (
            "may deny",
            list(&[&root, &deny(json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-1" } }))]),
        ),
        ("open", list(&[&root, &open, &encrypts, &describes])),
        ("long", list(&[&root, &long])),
        ("unreadable", "{}".to_owned()),
    ]
}

pub(crate) fn rotations() -> Vec<Rotation> {
    vec![
        Rotation::On { period_days: None, next: None },
        Rotation::On { period_days: Some(90), next: None },
        Rotation::Off,
        Rotation::NotSupported,
    ]
}

pub(crate) fn settings() -> Vec<(&'static str, Parameters)> {
    let requested = key_arn(BUCKET_REGION, ACCOUNT, 'a').to_string();
    [
        ("cis", json!({ "profile": "cis" })),
        ("effective", json!({})),
        ("strict", json!({ "profile": "strict", "allowedKeyAccounts": OTHER_ACCOUNT })),
        (
            "rotation",
            json!({ "requireKeyRotation": "true", "maxRotationPeriodDays": "180",
                    "allowedKeyAccounts": OTHER_ACCOUNT }),
        ),
        (
            "policy",
            json!({ "checkKeyPolicy": "true", "unverified": "COMPLIANT",
                    "allowedKeyAccounts": OTHER_ACCOUNT }),
        ),
        ("account", json!({ "allowedKeyAccounts": ACCOUNT, "checkDelivery": "true" })),
        ("one key", json!({ "allowedKmsKeyArns": requested })),
        ("exempt", json!({ "exemptTrails": TRAIL })),
    ]
    .into_iter()
    .map(|(name, raw)| (name, parameters(&raw)))
    .collect()
}

pub(crate) fn consents() -> Vec<Consent> {
    (0..8)
        .map(|bits| Consent {
            replace_key: bits & 1 != 0,
            enable_key: bits & 2 != 0,
            cancel_key_deletion: bits & 4 != 0,
        })
        .collect()
}

/// One combination: the state of AWS and the request.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) aws: Aws,
    pub(crate) target_key: TargetKey,
    pub(crate) consent: Consent,
    pub(crate) change_trail: fn(&mut Trail),
    pub(crate) caller: &'static str,
}

impl Case {
    pub(crate) fn new(
        has: Has,
        requested: &Requested,
        policy: &str,
        rotation: &Rotation,
        consent: Consent,
    ) -> Self {
        let mut aws = Aws {
            trail_key: None,
            keys: BTreeMap::new(),
            aliases: BTreeMap::new(),
            bucket_region: Reading::Known(region(BUCKET_REGION)),
        };
        let target_key = target_key(&mut aws, requested, policy, rotation);
        aws.trail_key = trail_key(&mut aws, has, &target_key);
        Self { aws, target_key, consent, change_trail: |_| {}, caller: ACCOUNT }
    }

    pub(crate) fn alias(&self) -> Option<&str> {
        match &self.target_key {
            TargetKey::New(new) => new.alias.as_deref(),
            TargetKey::Existing(_) => None,
        }
    }

    pub(crate) fn trail(&self) -> Trail {
        let mut trail = self.aws.trail();
        (self.change_trail)(&mut trail);
        trail
    }

    /// The state as the remediation reads it: only what the parameters need of the trail's key.
    pub(crate) fn current_state(&self, parameters: &Parameters) -> CurrentState {
        let trail = self.trail();
        let candidate = match &self.target_key {
            TargetKey::Existing(KeyRef::Key(arn)) => self.aws.readings(arn),
            TargetKey::Existing(_) | TargetKey::New(_) => KeyReadings::unread(),
        };
        CurrentState {
            facts: self.facts(parameters, &trail),
            trail,
            caller: account(self.caller),
            bucket_region: self.aws.bucket_region.clone(),
            candidate,
            alias: match self.alias().and_then(|alias| self.aws.aliases.get(alias)) {
                Some(arn) => Reading::Known(arn.clone()),
                None => Reading::Absent,
            },
            readers: Reading::Known(Readers {
                named: vec![format!("arn:aws:iam::{ACCOUNT}:role/auditor")],
                others: Vec::new(),
                recorded: now(),
            }),
            bucket_policy: Reading::Absent,
            prefix: String::new(),
            bucket_key: Reading::Refused(Refusal::NotRead),
            delegated: Reading::Refused(Refusal::NotRead),
            tags: Reading::Refused(Refusal::NotRead),
        }
    }

    pub(crate) fn facts(&self, parameters: &Parameters, trail: &Trail) -> Facts {
        let needs = needs(&EvaluationContext { parameters, now: now() }, trail);
        let mut facts = Facts::unread();
        if needs.bucket.is_some() {
            facts.bucket_region = self.aws.bucket_region.clone();
        }
        if needs.delivery {
            let error = (!self.aws.can_deliver()).then(|| "KMS.DisabledException".to_owned());
            facts.delivery = Reading::Known(trailseal_rule::Delivery {
                error,
                ..trailseal_rule::Delivery::default()
            });
        }
        if let (Some(_), Some(KeyRef::Key(arn))) = (&needs.key, &trail.key) {
            let readings = self.aws.readings(arn);
            facts.key = readings.key;
            if needs.key_policy {
                facts.key_policy = readings.policy.map(KeyPolicy::new);
            }
            if needs.rotation {
                facts.rotation = readings.rotation;
            }
        }
        facts
    }

    pub(crate) fn verdict(&self, parameters: &Parameters) -> Verdict {
        let trail = self.trail();
        let facts = self.facts(parameters, &trail);
        evaluate(&EvaluationContext { parameters, now: now() }, &trail, &facts).verdict
    }

    pub(crate) fn plan(&self, parameters: &Parameters) -> Result<Plan, Refusals> {
        let context = EvaluationContext { parameters, now: now() };
        plan(&context, &self.current_state(parameters), &self.target_key, &self.consent)
    }
}

/// A case with this one of the policies, and without rotation.
pub(crate) fn case(has: Has, requested: &Requested, policy: usize, consent: Consent) -> Case {
    Case::new(has, requested, &policies()[policy].1, &Rotation::Off, consent)
}

pub(crate) fn enabled() -> Requested {
    Requested::Key(Sort::State(KeyState::Enabled))
}

fn target_key(
    aws: &mut Aws,
    requested: &Requested,
    policy: &str,
    rotation: &Rotation,
) -> TargetKey {
    let new = |alias: Option<&str>| {
        TargetKey::New(NewKey { alias: alias.map(str::to_owned), ..NewKey::default() })
    };
    let named = |text: &str| TargetKey::Existing(KeyRef::parse(text).unwrap());
    match requested {
        Requested::New => new(None),
        Requested::NewWithAlias => new(Some(ALIAS)),
        Requested::NewWithTakenAlias => {
            aws.aliases.insert(ALIAS.to_owned(), key_arn(BUCKET_REGION, ACCOUNT, '9'));
            new(Some(ALIAS))
        }
        Requested::AwsAlias => named("alias/aws/s3"),
        Requested::Nonsense => named("arn:aws:s3:::bucket"),
        Requested::Key(sort) => {
            TargetKey::Existing(KeyRef::Key(put_key(aws, sort, policy, rotation)))
        }
    }
}

fn put_key(aws: &mut Aws, sort: &Sort, policy: &str, rotation: &Rotation) -> KeyArn {
    let (of_region, owner) = match sort {
        Sort::ElsewhereRegion => ("us-east-1", ACCOUNT),
        Sort::Foreign | Sort::ForeignDisabled | Sort::ForeignUnread => {
            (BUCKET_REGION, OTHER_ACCOUNT)
        }
        Sort::State(_)
        | Sort::Gone
        | Sort::Unread(_)
        | Sort::AwsManaged
        | Sort::Asymmetric
        | Sort::Replica
        | Sort::MaterialEnded => (BUCKET_REGION, ACCOUNT),
    };
    let arn = key_arn(of_region, owner, 'a');
    let mut key = key(arn.clone(), policy);
    key.rotation = rotation.clone();
    match sort {
        Sort::Gone => return arn,
        Sort::State(state) => key.facts.state = state.clone(),
        Sort::Unread(readable) => key.readable = *readable,
        Sort::AwsManaged => key.facts.manager = KeyManager::Aws,
        Sort::Asymmetric => key.facts.spec = KeySpec::Other("RSA_2048".into()),
        Sort::Replica => key.facts.is_replica = true,
        Sort::ForeignDisabled => key.facts.state = KeyState::Disabled,
        Sort::ForeignUnread => key.readable = Readable::PolicyOfOther,
        Sort::MaterialEnded => {
            key.facts.valid_to = Some(Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
        }
        Sort::Foreign | Sort::ElsewhereRegion => {}
    }
    aws.add(key);
    arn
}

fn trail_key(aws: &mut Aws, has: Has, target_key: &TargetKey) -> Option<KeyRef> {
    let admitting = &policies()[2].1;
    let mut other = key(key_arn(BUCKET_REGION, ACCOUNT, 'b'), admitting);
    let elsewhere = key(key_arn("us-west-2", ACCOUNT, 'b'), admitting);
    match (has, target_key) {
        (Has::None, _) => return None,
        (Has::TheRequested, TargetKey::Existing(key)) => return Some(key.clone()),
        (Has::TheRequested, TargetKey::New(_)) => return None,
        (Has::AwsAlias, _) => return KeyRef::parse("alias/aws/cloudtrail"),
        (Has::Gone, _) => return Some(KeyRef::Key(other.facts.arn)),
        (Has::ElsewhereRegion, _) => {
            let arn = elsewhere.facts.arn.clone();
            aws.add(elsewhere);
            return Some(KeyRef::Key(arn));
        }
        (Has::Healthy, _) => {}
        (Has::Disabled, _) => other.facts.state = KeyState::Disabled,
        (Has::Denied, _) => other.readable = Readable::KeyDenied,
    }
    let arn = other.facts.arn.clone();
    aws.add(other);
    Some(KeyRef::Key(arn))
}
