//! Evidence as plain JSON, and its conversion to the rule's facts.
//!
//! Each fact is `{"known": …}` with AWS's own member names, `{"absent": true}`, or `{"refused":
//! "denied"}` (or `not read`, or another refusal, with its details as further members).

use serde_json::{Value, json};
use trailseal_rule::{
    AccountId, Delivery, Denial, Facts, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyPolicy,
    KeySpec, KeyState, KeyUsage, Reading, Refusal, Region, Rotation, Timestamp,
};

use super::reference::Evidence;

const DESCRIBE_KEY: &str = "kms:DescribeKey";

impl Evidence {
    /// No evidence was read.
    pub(super) fn nothing() -> Self {
        let [key, bucket_region, rotation, key_policy, delivery] =
            std::array::from_fn(|_| json!({ "refused": "not read" }));
        Self { key, bucket_region, rotation, key_policy, delivery }
    }

    pub(super) fn to_facts(&self) -> Facts {
        Facts {
            key: key(&self.key),
            bucket_region: bucket_region(&self.bucket_region),
            rotation: rotation(&self.rotation),
            key_policy: key_policy(&self.key_policy),
            delivery: delivery(&self.delivery),
            ..Facts::unread()
        }
    }
}

pub(super) fn key(found: &Value) -> Reading<KeyFacts> {
    reading(found, DESCRIBE_KEY, |key| KeyFacts {
        arn: KeyArn::parse(text(key, "Arn")).unwrap(),
        manager: KeyManager::from_kms(text(key, "KeyManager")),
        state: KeyState::from_kms(text(key, "KeyState")),
        usage: KeyUsage::from_kms(text(key, "KeyUsage")),
        spec: KeySpec::from_kms(text(key, "KeySpec")),
        origin: KeyOrigin::from_kms(text(key, "Origin")),
        valid_to: moment(key, "ValidTo"),
        deletion_date: moment(key, "DeletionDate"),
        is_replica: key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA",
    })
}

fn bucket_region(found: &Value) -> Reading<Region> {
    reading(found, "s3:HeadBucket", |region| Region::parse(region.as_str().unwrap()).unwrap())
}

fn rotation(found: &Value) -> Reading<Rotation> {
    reading(found, "kms:GetKeyRotationStatus", |status| {
        if status["NotSupported"] == true {
            return Rotation::NotSupported;
        }
        if status["KeyRotationEnabled"] == true {
            let days = status["RotationPeriodInDays"].as_u64();
            let period_days = days.map(|days| u32::try_from(days).unwrap());
            return Rotation::On { period_days, next: moment(status, "NextRotationDate") };
        }
        Rotation::Off
    })
}

fn key_policy(found: &Value) -> Reading<KeyPolicy> {
    reading(found, "kms:GetKeyPolicy", |known| KeyPolicy::new(text(known, "policy")))
}

fn delivery(found: &Value) -> Reading<Delivery> {
    reading(found, "cloudtrail:GetTrailStatus", |status| {
        let code = |name: &str| status[name].as_str().map(str::to_owned);
        Delivery {
            error: code("LatestDeliveryError"),
            digest_error: code("LatestDigestDeliveryError"),
            delivered: moment(status, "LatestDeliveryTime"),
            is_logging: status["IsLogging"].as_bool(),
        }
    })
}

fn reading<T>(found: &Value, action: &'static str, read: impl Fn(&Value) -> T) -> Reading<T> {
    if let Some(known) = found.get("known") {
        return Reading::Known(read(known));
    }
    if found.get("absent").is_some() {
        return Reading::Absent;
    }
    Reading::Refused(match text(found, "refused") {
        "not read" => Refusal::NotRead,
        "denied" if found["policy"].as_str().is_some_and(|policy| policy != "none") => {
            let policy = text(found, "policy");
            let denial =
                Denial::from_message(&format!("User: x with an explicit deny in a {policy}"));
            let described = found["action"] == DESCRIBE_KEY;
            let action = if described { DESCRIBE_KEY } else { action };
            Refusal::DeniedByPolicy { action, denial: denial.unwrap() }
        }
        // If the key could not be described, evidence that depends on it has the same refusal.
        "denied" if found["action"] == DESCRIBE_KEY => {
            Refusal::AccessDenied { action: DESCRIBE_KEY }
        }
        "denied" => Refusal::AccessDenied { action },
        "another account" => Refusal::OtherAccount {
            action,
            account: AccountId::parse(text(found, "account")).unwrap(),
        },
        "role" => Refusal::RoleRefused { role: text(found, "role").to_owned() },
        "needs the bucket" => Refusal::Needs("the Region of the bucket"),
        "unintelligible" => Refusal::Malformed(text(found, "what").to_owned()),
        other => panic!("unknown refusal `{other}`"),
    })
}

fn moment(value: &Value, name: &str) -> Option<Timestamp> {
    value[name].as_str().map(|text| Timestamp::parse(text).unwrap())
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}
