//! A sealed trail, its facts, and how a case changes one thing about them.

use serde_json::json;
use trailseal_rule::{
    AccountId, BucketName, Delivery, Evaluation, EvaluationContext, Facts, KeyArn, KeyFacts,
    KeyManager, KeyOrigin, KeyPolicy, KeyRef, KeySpec, KeyState, KeyUsage, Parameters, Reading,
    Region, ResourceId, Rotation, Timestamp, Trail, TrailArn, evaluate,
};

pub(crate) const KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
pub(crate) const FOREIGN: &str =
    "arn:aws:kms:us-east-1:777788889999:key/66666666-0000-4000-8000-666666666666";

pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
}

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(crate) fn trail() -> Trail {
    Trail {
        arn: TrailArn::parse("arn:aws:cloudtrail:us-east-1:111122223333:trail/lab").unwrap(),
        account: AccountId::parse("111122223333").unwrap(),
        region: region("us-east-1"),
        home_region: region("us-east-1"),
        bucket: BucketName::parse("lab-logs").ok(),
        key: KeyRef::parse(KEY),
        is_multi_region_trail: true,
        is_organization_trail: false,
        changed: None,
    }
}

pub(crate) fn key() -> KeyFacts {
    KeyFacts {
        arn: KeyArn::parse(KEY).unwrap(),
        manager: KeyManager::Customer,
        state: KeyState::Enabled,
        usage: KeyUsage::EncryptDecrypt,
        spec: KeySpec::SymmetricDefault,
        origin: KeyOrigin::AwsKms,
        valid_to: None,
        deletion_date: None,
        is_replica: false,
    }
}

pub(crate) fn policy() -> String {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "root", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
          "Action": "kms:*", "Resource": "*" },
        { "Sid": "trail", "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" },
          "Action": "kms:GenerateDataKey*", "Resource": "*", "Condition": { "StringEquals": {
              "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab" } } },
    ]})
    .to_string()
}

pub(crate) fn facts() -> Facts {
    Facts {
        key: Reading::Known(key()),
        bucket_region: Reading::Known(region("us-east-1")),
        rotation: Reading::Known(Rotation::On { period_days: None, next: None }),
        key_policy: Reading::Known(KeyPolicy::new(policy())),
        delivery: Reading::Known(Delivery::default()),
        ..Facts::unread()
    }
}

pub(crate) fn parameters(raw: &serde_json::Value) -> Parameters {
    Parameters::parse(raw.as_object().unwrap()).unwrap()
}

pub(crate) fn strict() -> Parameters {
    parameters(&json!({
        "profile": "strict", "allowedKeyAccounts": "111122223333", "maxRotationPeriodDays": "400",
    }))
}

pub(crate) fn report(parameters: &Parameters, trail: &Trail, facts: &Facts) -> Evaluation {
    let judgement = evaluate(&EvaluationContext { parameters, now: now() }, trail, facts);
    let id = ResourceId::new("lab").unwrap();
    Evaluation::of_trail(id, &judgement, parameters.unverified, now())
}

/// Under the strict profile everything is asked, so one case shows what one fact does.
pub(crate) fn check(
    change: impl FnOnce(&mut Trail, &mut Facts),
    compliance: &str,
    annotation: &str,
) {
    let (mut trail, mut facts) = (trail(), facts());
    change(&mut trail, &mut facts);
    let evaluation = report(&strict(), &trail, &facts);
    assert_eq!(evaluation.compliance.as_str(), compliance, "{}", evaluation.annotation);
    let found = evaluation.annotation.as_str();
    assert!(found.starts_with(annotation), "{found}\nnot\n{annotation}");
}

pub(crate) fn of_key(change: impl FnOnce(&mut KeyFacts)) -> impl FnOnce(&mut Trail, &mut Facts) {
    let mut key = key();
    change(&mut key);
    move |_, facts| facts.key = Reading::Known(key)
}
