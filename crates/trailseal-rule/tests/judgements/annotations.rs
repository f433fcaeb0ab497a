//! Every annotation shows a complete fix, also if names are as long as AWS allows.

use serde_json::json;
use trailseal_rule::{
    ANNOTATION_CHARS_MAX, AccountId, BucketName, Delivery, Denial, FIX_CHARS_MAX, Facts, KeyArn,
    KeyFacts, KeyManager, KeyOrigin, KeyPolicy, KeyRef, KeySpec, KeyState, KeyUsage, Parameters,
    PolicyType, Reading, Refusal, Region, ResourceId, Rotation, Timestamp, Trail, TrailArn,
    WhenUnverified,
};

use crate::fixtures::{facts, judge, key, now, parameters, region, report, trail};

const KEY: &str = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/\
                   mrk-12345678901234567890123456789012";

/// A trail whose name, bucket and key have the maximum length.
fn longest_trail() -> Trail {
    let arn =
        format!("arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/{}", "t".repeat(128));
    Trail {
        arn: TrailArn::parse(&arn).unwrap(),
        region: region("us-gov-west-1"),
        home_region: region("us-gov-west-1"),
        bucket: BucketName::parse(&"b".repeat(63)).ok(),
        key: KeyRef::parse(KEY),
        ..trail()
    }
}

/// Every reason for missing evidence, with the longest texts.
fn unreadable<T>() -> Vec<Reading<T>> {
    let account = AccountId::parse("777788889999").unwrap();
    let role = format!("arn:aws-us-gov:iam::777788889999:role/{}", "r".repeat(64));
    let actions = ["kms:GetKeyRotationStatus", "cloudtrail:GetTrailStatus"];
    let mut refusals = vec![
        Refusal::NotRead,
        Refusal::OtherAccount { action: "kms:GetKeyRotationStatus", account },
        Refusal::RoleRefused { role },
        Refusal::RegionNotEnabled(region("ap-southeast-5")),
        Refusal::NamesNoAccount,
        Refusal::Needs("the Region of the bucket"),
        Refusal::NotKnownBeforeDeployment("u\u{fc} ".repeat(200)),
        Refusal::Malformed("u\u{fc} ".repeat(200)),
    ];
    let policies = [PolicyType::ServiceControl, PolicyType::PermissionsBoundary];
    for policy in policies {
        for is_explicit in [true, false] {
            let denial = Denial { policy, is_explicit };
            let action = "kms:GetKeyRotationStatus";
            refusals.push(Refusal::DeniedByPolicy { action, denial });
        }
    }
    refusals.extend(actions.map(|action| Refusal::AccessDenied { action }));
    refusals.into_iter().map(Reading::Refused).chain([Reading::Absent]).collect()
}

fn keys() -> Vec<Reading<KeyFacts>> {
    let long = "W".repeat(300);
    let usual = KeyFacts { arn: KeyArn::parse(KEY).unwrap(), ..key() };
    let day = Timestamp::parse("2026-11-20T00:00:00Z").ok();
    let states = [
        KeyState::Disabled,
        KeyState::PendingDeletion,
        KeyState::PendingReplicaDeletion,
        KeyState::PendingImport,
        KeyState::Unavailable,
        KeyState::Creating,
        KeyState::Unrecognized(long.as_str().into()),
    ];
    let mut keys: Vec<KeyFacts> = states
        .into_iter()
        .map(|state| KeyFacts { state, deletion_date: day, ..usual.clone() })
        .collect();
    keys.extend([
        KeyFacts { manager: KeyManager::Aws, ..usual.clone() },
        KeyFacts { manager: KeyManager::Unrecognized(long.as_str().into()), ..usual.clone() },
        KeyFacts { usage: KeyUsage::Other(long.as_str().into()), ..usual.clone() },
        KeyFacts { spec: KeySpec::Other(long.into()), is_replica: true, ..usual.clone() },
        KeyFacts { origin: KeyOrigin::ExternalKeyStore, ..usual.clone() },
        KeyFacts { valid_to: day, origin: KeyOrigin::External, ..usual.clone() },
        usual,
    ]);
    keys.into_iter().map(Reading::Known).chain(unreadable()).collect()
}

fn buckets() -> Vec<Reading<Region>> {
    let known = ["us-gov-west-1", "ap-southeast-5"].map(region).map(Reading::Known);
    known.into_iter().chain(unreadable()).collect()
}

fn rotations() -> Vec<Reading<Rotation>> {
    let on = Rotation::On { period_days: Some(2560), next: Some(now()) };
    let known = [on, Rotation::Off, Rotation::NotSupported].map(Reading::Known);
    known.into_iter().chain(unreadable()).collect()
}

fn deliveries() -> Vec<Reading<Delivery>> {
    let delivery = |error: Option<&str>| {
        let (error, digest_error) = (error.map(str::to_owned), None);
        Reading::Known(Delivery { error, digest_error, ..Delivery::default() })
    };
    let code = format!("KMS.{}", "X".repeat(300));
    let known = [None, Some("AccessDenied"), Some(&*code)].map(delivery);
    known.into_iter().chain(unreadable()).collect()
}

fn policies() -> Vec<Reading<String>> {
    let statement = |effect: &str, principal: &serde_json::Value, condition: &str| {
        let value = json!({ condition: "111122223333" });
        let operator =
            if condition.is_empty() { json!({}) } else { json!({ "StringLike": value }) };
        json!({ "Sid": "S".repeat(120), "Effect": effect, "Principal": principal,
                "Action": "kms:*", "Resource": "*", "Condition": operator })
    };
    let cloudtrail = json!({ "Service": "cloudtrail.amazonaws.com" });
    let everyone = json!("*");
    let mut without_effect = statement("Allow", &cloudtrail, "");
    without_effect.as_object_mut().unwrap().remove("Resource").unwrap();
    let statements = [
        json!([]),
        json!([without_effect]),
        json!([statement("Allow", &cloudtrail, "")]),
        json!([statement("Allow", &cloudtrail, "aws:SourceArn")]),
        json!([statement("Allow", &cloudtrail, "kms:Nonsense")]),
        json!([statement("Allow", &everyone, "")]),
        json!([statement("Allow", &everyone, "kms:Nonsense")]),
        json!([statement("Allow", &cloudtrail, ""), statement("Deny", &everyone, "")]),
        json!([statement("Allow", &cloudtrail, ""), statement("Deny", &everyone, "aws:Nonsense")]),
        json!("no statements"),
    ];
    let document =
        |statements| json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    statements.map(document).map(Reading::Known).into_iter().chain(unreadable()).collect()
}

/// Evaluates under values of `unverified`: the annotation has a cause and ends with complete fixes,
/// the first one first.
fn assert_complete(parameters: &Parameters, trail: &Trail, facts: &Facts) {
    let judgement = judge(parameters, trail, facts);
    let fixes: Vec<&str> = judgement.verdict.deciding().map(|found| found.fix.as_str()).collect();
    for when in [WhenUnverified::NonCompliant, WhenUnverified::Compliant] {
        let id = ResourceId::new("t").unwrap();
        let said = judgement.evaluation(id, when, now());
        let text = said.annotation.as_str();
        assert!(text.len() <= ANNOTATION_CHARS_MAX && text.is_ascii(), "{text}");
        let Some(first) = fixes.first() else {
            assert!(!text.contains("Fix"), "{text}");
            continue;
        };
        assert!(fixes.iter().all(|fix| fix.len() <= FIX_CHARS_MAX), "{fixes:?}");
        let (cause, fix) = text.split_once(". Fix").unwrap_or_else(|| panic!("{text}"));
        assert!(cause.len() >= 20, "{text}");
        let (_, fix) = fix.split_once(": ").unwrap();
        let mut rest = fix.strip_prefix(first).unwrap_or_else(|| panic!("{text}"));
        while let Some(more) = rest.strip_prefix("; ") {
            let next = fixes.iter().filter(|fix| more.starts_with(**fix));
            let longest = next.max_by_key(|fix| fix.len()).unwrap_or_else(|| panic!("{text}"));
            rest = more.get(longest.len()..).unwrap_or_default();
        }
        assert_eq!(rest, "", "{text}");
    }
}

#[test]
fn every_fix_of_a_key_is_complete() {
    let trail = longest_trail();
    let given = parameters(&json!({
        "profile": "strict", "maxRotationPeriodDays": "2559", "allowedKeyAccounts": "999988887777",
        "exemptTrails": "arn:aws-us-gov:cloudtrail:*:*:trail/*@2026-11-22",
    }));
    // Clones of the facts share the parsed policy.
    let usual = facts();
    for key in keys() {
        for bucket_region in buckets() {
            for rotation in rotations() {
                let (key, bucket_region) = (key.clone(), bucket_region.clone());
                let facts = Facts { key, bucket_region, rotation, ..usual.clone() };
                assert_complete(&given, &trail, &facts);
            }
        }
    }
    let external = KeyFacts { origin: KeyOrigin::ExternalKeyStore, ..key() };
    for delivery in deliveries() {
        for rotation in rotations() {
            let key = Reading::Known(external.clone());
            let (delivery, rotation) = (delivery.clone(), rotation.clone());
            assert_complete(&given, &trail, &Facts { key, delivery, rotation, ..usual.clone() });
        }
    }
    for key_policy in policies().into_iter().map(|text| text.map(KeyPolicy::new)) {
        for rotation in rotations() {
            for delivery in deliveries() {
                let key_policy = key_policy.clone();
                let rotation = rotation.clone();
                let facts = Facts { key_policy, rotation, delivery, ..usual.clone() };
                assert_complete(&given, &trail, &facts);
            }
        }
    }
}

#[test]
fn every_fix_of_a_trail_is_complete() {
    let strict = parameters(&json!({ "profile": "strict" }));
    let alias = format!("alias/{}", "a".repeat(250));
    for reference in ["", "alias/aws/s3", "\u{fc}", &alias, "a ".repeat(300).as_str()] {
        for bucket in [None, longest_trail().bucket] {
            let trail = Trail { key: KeyRef::parse(reference), bucket, ..longest_trail() };
            for key in keys() {
                assert_complete(&strict, &trail, &Facts { key, ..facts() });
            }
        }
    }
}

#[test]
fn causes_are_shortened_before_a_fix_is() {
    let said = |parameters: serde_json::Value, facts: &Facts| {
        let parameters = crate::fixtures::parameters(&parameters);
        report(&parameters, &longest_trail(), facts).annotation.to_string()
    };
    let long = Facts { key: Reading::Refused(Refusal::Malformed("word ".repeat(100))), ..facts() };
    assert_eq!(
        said(json!({ "profile": "cis" }), &long),
        format!(
            "could not verify the manager of the key: {}word [cut]. Fix: look it up in AWS, and install a \
             later release of Trailseal",
            "word ".repeat(27)
        )
    );
    let several = Facts {
        key: Reading::Known(KeyFacts {
            arn: KeyArn::parse(KEY).unwrap(),
            state: KeyState::PendingDeletion,
            ..key()
        }),
        rotation: Reading::Known(Rotation::Off),
        ..facts()
    };
    assert_eq!(
        said(json!({ "requireKeyRotation": "true" }), &several),
        "the key will be deleted; the key is in us-gov-west-1, but the trail's bucket is in \
         us-east-1; the key is not rotated. Fix first: cancel the deletion and enable the key: once \
         it is deleted, logs encrypted with it cannot be read"
    );
}
