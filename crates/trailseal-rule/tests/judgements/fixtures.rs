//! A sealed trail, its facts, and ways to change them.

use serde_json::json;
use trailseal_rule::{
    AccountId, BucketName, CHECKS, Check, ComplianceType, Delivery, Evaluation, EvaluationContext,
    Facts, Judgement, KeyArn, KeyFacts, KeyPolicy, KeyRef, Parameters, Reading, Region, ResourceId,
    Rotation, Timestamp, Trail, TrailArn, Verdict, evaluate,
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
    KeyFacts::symmetric(KeyArn::parse(KEY).unwrap())
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

/// The checks that the function evaluates: the others are the command's.
pub(crate) fn rule_checks() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().copied().filter(|check| check.profile.is_some())
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

pub(crate) fn judge(parameters: &Parameters, trail: &Trail, facts: &Facts) -> Judgement {
    evaluate(&EvaluationContext { parameters, now: now() }, trail, facts)
}

pub(crate) fn report(parameters: &Parameters, trail: &Trail, facts: &Facts) -> Evaluation {
    let judgement = judge(parameters, trail, facts);
    let id = ResourceId::new("lab").unwrap();
    judgement.evaluation(id, parameters.unverified, now())
}

/// A change of the sealed trail or of its facts.
pub(crate) type Alter = dyn Fn(&mut Trail, &mut Facts);

/// The outcomes that decide the verdict, each as "fail CODE" or "unknown CODE"; "pass" if none does.
pub(crate) fn outcomes(judgement: &Judgement) -> String {
    let kind = match judgement.verdict {
        Verdict::Sealed(_) => return "pass".to_owned(),
        Verdict::Broken(_) => "fail",
        Verdict::Unverified(_) => "unknown",
        Verdict::NotApplicable(_) => panic!("{judgement:?}"),
    };
    // Of a failing trail, other checks may be unknown.
    let outcomes = judgement.verdict.results().iter().map(|result| result.outcome.as_str());
    assert!(outcomes.clone().any(|outcome| outcome == kind), "{judgement:?}");
    let mut codes: Vec<&str> = Vec::new();
    for finding in judgement.verdict.deciding() {
        if !codes.contains(&finding.code.as_str()) {
            codes.push(finding.code.as_str());
        }
    }
    format!("{kind} {}", codes.join(", "))
}

/// The annotations of all rows, for a snapshot. The outcome of each row is asserted here, so that
/// updating the snapshot cannot change it.
pub(crate) fn annotations<'a>(
    parameters: &Parameters,
    rows: impl IntoIterator<Item = (&'a str, &'a str, Box<Alter>)>,
) -> String {
    let mut lines = String::new();
    for (name, outcome, alter) in rows {
        let (mut trail, mut facts) = (trail(), facts());
        alter(&mut trail, &mut facts);
        let judgement = judge(parameters, &trail, &facts);
        assert_eq!(outcomes(&judgement), outcome, "{name}");
        let evaluation = report(parameters, &trail, &facts);
        let is_compliant = evaluation.compliance == ComplianceType::Compliant;
        assert_eq!(is_compliant, outcome == "pass", "{name}");
        lines.push_str(&format!("{name}: {}\n", evaluation.annotation));
    }
    lines
}

pub(crate) fn of_key(change: impl FnOnce(&mut KeyFacts)) -> Box<Alter> {
    let mut key = key();
    change(&mut key);
    Box::new(move |_, facts| facts.key = Reading::Known(key.clone()))
}

pub(crate) fn of_facts(change: impl Fn(&mut Facts) + 'static) -> Box<Alter> {
    Box::new(move |_, facts| change(facts))
}

pub(crate) fn of_trail(change: impl Fn(&mut Trail) + 'static) -> Box<Alter> {
    Box::new(move |trail, _| change(trail))
}

/// The key policy, with one text replaced.
pub(crate) fn of_policy(from: &str, to: &str) -> Box<Alter> {
    let text = policy().replacen(from, to, 1);
    assert_ne!(text, policy(), "{from}");
    of_facts(move |facts| facts.key_policy = Reading::Known(KeyPolicy::new(text.clone())))
}
