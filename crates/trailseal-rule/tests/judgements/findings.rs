//! Every outcome of every check: its code is asserted, its annotation is in a snapshot.

use std::collections::BTreeMap;

use serde_json::json;
use trailseal_rule::{
    AccountId, ComplianceType, Delivery, KeyFacts, KeyManager, KeyOrigin, KeyRef, KeySpec,
    KeyState, KeyUsage, Parameters, Reading, Refusal, Region, Rotation, Timestamp,
};

use crate::fixtures::{
    Alter, FOREIGN, annotations, facts, key, now, of_facts, of_key, of_policy, of_trail,
    parameters, region, report, strict, trail,
};

fn time(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse(text).unwrap())
}

fn delivery(error: Option<&str>, digest_error: Option<&str>) -> Delivery {
    let (error, digest_error) = (error.map(str::to_owned), digest_error.map(str::to_owned));
    Delivery { error, digest_error, ..Delivery::default() }
}

fn denied<T>(action: &'static str) -> Reading<T> {
    Reading::Refused(Refusal::AccessDenied { action })
}

#[test]
fn key_and_bucket() {
    let wrong_state = |state: KeyState| of_key(move |key| key.state = state.clone());
    let found = annotations(
        &strict(),
        [
            ("sealed", "pass", of_key(|_| {})),
            ("no key", "fail no-key", of_trail(|trail| trail.key = None)),
            ("missing key", "fail key-missing", of_facts(|facts| facts.key = Reading::Absent)),
            (
                "AWS managed key",
                "fail key-aws-managed",
                of_key(|key| key.manager = KeyManager::Aws),
            ),
            (
                "AWS managed alias",
                "fail key-aws-managed",
                of_trail(|trail| trail.key = KeyRef::parse("alias/aws/s3")),
            ),
            (
                "unknown manager",
                "unknown key-manager-unknown",
                of_key(|key| key.manager = KeyManager::Unrecognized("Odd".into())),
            ),
            ("disabled", "fail key-disabled", wrong_state(KeyState::Disabled)),
            ("updating", "pass", wrong_state(KeyState::Updating)),
            ("creating", "fail key-creating", wrong_state(KeyState::Creating)),
            ("pending import", "fail key-pending-import", wrong_state(KeyState::PendingImport)),
            ("unavailable", "fail key-unavailable", wrong_state(KeyState::Unavailable)),
            (
                "pending deletion",
                "fail key-pending-deletion",
                wrong_state(KeyState::PendingDeletion),
            ),
            (
                "pending deletion with a date",
                "fail key-pending-deletion",
                of_key(|key| {
                    key.state = KeyState::PendingDeletion;
                    key.deletion_date = time("2026-12-14T00:00:00Z");
                }),
            ),
            (
                "pending deletion of replicas",
                "fail key-pending-deletion",
                wrong_state(KeyState::PendingReplicaDeletion),
            ),
            (
                "unknown state",
                "unknown key-state-unknown",
                wrong_state(KeyState::Unrecognized("Odd".into())),
            ),
            (
                "no state",
                "unknown key-state-unknown",
                wrong_state(KeyState::Unrecognized(String::new())),
            ),
            (
                "wrong usage",
                "fail key-of-wrong-kind",
                of_key(|key| key.usage = KeyUsage::Other("SIGN_VERIFY".into())),
            ),
            (
                "wrong spec",
                "fail key-of-wrong-kind",
                of_key(|key| key.spec = KeySpec::Other("RSA_2048".into())),
            ),
            (
                "no usage",
                "unknown key-kind-unknown",
                of_key(|key| key.usage = KeyUsage::Other(String::new())),
            ),
            (
                "no spec",
                "unknown key-kind-unknown",
                of_key(|key| key.spec = KeySpec::Other(String::new())),
            ),
            (
                "expired material",
                "fail key-material-expired",
                of_key(|key| key.valid_to = Some(now())),
            ),
            (
                "expired material, in an unknown state",
                "fail key-material-expired",
                of_key(|key| {
                    key.state = KeyState::Unrecognized("Odd".into());
                    key.valid_to = Some(now());
                }),
            ),
            (
                "other Region",
                "fail key-in-wrong-region",
                of_facts(|facts| facts.bucket_region = Reading::Known(region("eu-west-1"))),
            ),
            (
                "missing bucket",
                "fail bucket-missing",
                of_facts(|facts| facts.bucket_region = Reading::Absent),
            ),
            ("no bucket", "unknown bucket-not-named", of_trail(|trail| trail.bucket = None)),
            (
                "other account",
                "fail key-of-other-account",
                of_trail(|trail| trail.key = KeyRef::parse(FOREIGN)),
            ),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn rotation_and_delivery() {
    let rotation = |period_days: u32| {
        let next = time("2027-01-02T00:00:00Z");
        let rotation = Rotation::On { period_days: Some(period_days), next };
        of_facts(move |facts| facts.rotation = Reading::Known(rotation.clone()))
    };
    let cannot_rotate = |origin: KeyOrigin| {
        of_facts(move |facts| {
            facts.key = Reading::Known(KeyFacts { origin, ..key() });
            facts.rotation = Reading::Known(Rotation::NotSupported);
        })
    };
    let off = |is_replica: bool| {
        of_facts(move |facts| {
            facts.key = Reading::Known(KeyFacts { is_replica, ..key() });
            facts.rotation = Reading::Known(Rotation::Off);
        })
    };
    let errors = |error: Option<&'static str>, digest_error: Option<&'static str>| {
        let read = delivery(error, digest_error);
        of_facts(move |facts| facts.delivery = Reading::Known(read.clone()))
    };
    let broken = Some("KMS.DisabledException");
    let found = annotations(
        &strict(),
        [
            ("longest period", "pass", rotation(400)),
            ("period too long", "fail key-rotation-period-too-long", rotation(401)),
            ("not rotated", "fail key-not-rotated", off(false)),
            ("replica not rotated", "fail key-not-rotated", off(true)),
            ("kind without rotation", "fail key-cannot-rotate", cannot_rotate(KeyOrigin::AwsKms)),
            ("imported", "fail key-cannot-rotate", cannot_rotate(KeyOrigin::External)),
            ("CloudHSM", "fail key-cannot-rotate", cannot_rotate(KeyOrigin::CloudHsm)),
            (
                "rotation of a missing key",
                "fail key-missing",
                of_facts(|facts| facts.rotation = Reading::Absent),
            ),
            ("not from the key", "pass", errors(Some("NoSuchBucket"), Some("SlowDown"))),
            ("denied", "unknown delivery-denied", errors(Some("AccessDenied"), Some("SlowDown"))),
            ("digest denied", "unknown delivery-denied", errors(None, Some("AccessDenied"))),
            ("failed", "fail delivery-failed", errors(broken, None)),
            ("digest failed", "fail delivery-failed", errors(None, broken)),
            ("denied and failed", "fail delivery-failed", errors(Some("AccessDenied"), broken)),
            (
                "missing trail",
                "fail trail-missing",
                of_facts(|facts| facts.delivery = Reading::Absent),
            ),
        ],
    );
    insta::assert_snapshot!(found);
}

/// A failure in any Region decides, then an unknown status.
#[test]
fn delivery_in_other_regions() {
    fn known(error: Option<&str>) -> Reading<Delivery> {
        Reading::Known(delivery(error, None))
    }
    let broken = || known(Some("KMS.DisabledException"));
    let elsewhere = |regions: Vec<(&str, Reading<Delivery>)>| {
        let regions: BTreeMap<Region, Reading<Delivery>> =
            regions.into_iter().map(|(name, read)| (region(name), read)).collect();
        of_facts(move |facts| facts.delivery_elsewhere = Reading::Known(regions.clone()))
    };
    let status = "cloudtrail:GetTrailStatus";
    let fine = vec![("eu-west-1", known(None)), ("sa-east-1", known(Some("SlowDown")))];
    let denied_and_broken = vec![("ap-south-1", denied(status)), ("eu-west-1", broken())];
    let rows = || {
        let home_denied: Box<Alter> = of_facts(move |facts| {
            facts.delivery = denied(status);
            facts.delivery_elsewhere = Reading::Known([(region("eu-west-1"), broken())].into());
        });
        [
            ("fine", "pass", elsewhere(fine.clone())),
            ("failed", "fail delivery-failed", elsewhere(denied_and_broken.clone())),
            (
                "status denied",
                "unknown evidence-refused",
                elsewhere(vec![("eu-west-1", denied(status))]),
            ),
            (
                "trail not known there",
                "unknown trail-unknown-in-region",
                elsewhere(vec![("eu-west-1", Reading::Absent)]),
            ),
            (
                "delivery denied",
                "unknown delivery-denied",
                elsewhere(vec![("eu-west-1", known(Some("AccessDenied")))]),
            ),
            (
                "Regions not known",
                "unknown evidence-refused",
                of_facts(|facts| facts.delivery_elsewhere = denied("account:ListRegions")),
            ),
            ("failed, home Region denied", "fail delivery-failed", home_denied),
        ]
    };
    let found = annotations(&strict(), rows());
    insta::assert_snapshot!(found);
    // No value of `unverified` hides a failure.
    let lenient = parameters(&json!({ "profile": "strict", "unverified": "COMPLIANT" }));
    let [_, (_, _, failed), ..] = rows();
    let (mut trail, mut facts) = (trail(), facts());
    failed(&mut trail, &mut facts);
    assert_eq!(report(&lenient, &trail, &facts).compliance, ComplianceType::NonCompliant);
}

/// KMS knows nothing about a key in an external key store. Only a delivery after the trail's last
/// known change, or within the last 24 hours, shows that it works.
#[test]
fn keys_of_external_key_stores() {
    let external = |read: Reading<Delivery>, changed: Option<&str>| -> Box<Alter> {
        let changed = changed.and_then(time);
        Box::new(move |trail, facts| {
            let origin = KeyOrigin::ExternalKeyStore;
            trail.changed = changed;
            facts.key = Reading::Known(KeyFacts { origin, ..key() });
            facts.delivery = read.clone();
        })
    };
    let at = |delivered: &str, changed: Option<&str>| {
        let delivered = time(delivered);
        external(Reading::Known(Delivery { delivered, ..Delivery::default() }), changed)
    };
    let with = |error: Option<&str>, digest_error: Option<&str>| {
        let delivered = time("2026-11-23T11:59:00Z");
        let read = Delivery { delivered, ..delivery(error, digest_error) };
        external(Reading::Known(read), None)
    };
    let (failed, unproven) = ("fail external-key-failed", "unknown external-key-unproven");
    let change = Some("2026-11-01T00:00:00Z");
    let broken = Some("KMS.KMSInvalidStateException");
    let found = annotations(
        &Parameters::default(),
        [
            ("after the change", "pass", at("2026-11-01T00:00:00.001Z", change)),
            ("at the change", unproven, at("2026-11-01T00:00:00Z", change)),
            ("before the change", unproven, at("2026-10-31T00:00:00Z", change)),
            ("within 24 hours", "pass", at("2026-11-22T12:00:00.001Z", None)),
            ("24 hours ago", unproven, at("2026-11-22T12:00:00Z", None)),
            ("years ago", unproven, at("2020-01-01T00:00:00Z", None)),
            ("never", unproven, external(Reading::Known(Delivery::default()), change)),
            ("blank error", "pass", with(Some(""), None)),
            ("failed", failed, with(broken, None)),
            ("digest failed", failed, with(None, broken)),
            ("denied, digest failed", failed, with(Some("AccessDenied"), broken)),
            ("denied", unproven, with(Some("AccessDenied"), None)),
            ("no such bucket", unproven, with(Some("NoSuchBucket"), None)),
            (
                "not read",
                "unknown evidence-refused",
                external(Reading::Refused(Refusal::NotRead), None),
            ),
            ("missing trail", "fail trail-missing", external(Reading::Absent, None)),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn key_policies() {
    let no_condition = "\"Condition\":{\"StringEquals\":{\"aws:SourceArn\":\
                        \"arn:aws:cloudtrail:us-east-1:111122223333:trail/lab\"}},";
    let deny = "[{\"Sid\":\"no\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:*\",\
                \"Resource\":\"*\"},{";
    let found = annotations(
        &strict(),
        [
            (
                "not granted",
                "fail cloudtrail-not-granted",
                of_policy("kms:GenerateDataKey*", "kms:DescribeKey"),
            ),
            (
                "granted for others",
                "fail cloudtrail-granted-for-others",
                of_policy("trail/lab", "trail/other"),
            ),
            ("denied", "fail cloudtrail-denied", of_policy("[{", deny)),
            (
                "unknown operator",
                "unknown cloudtrail-grant-undecided, cloudtrail-grant-unbound-undecided",
                of_policy("StringEquals", "StringResembles"),
            ),
            (
                "unknown element",
                "unknown cloudtrail-grant-undecided",
                of_policy(
                    "\"Action\":\"kms:GenerateDataKey*\"",
                    "\"Bction\":\"kms:GenerateDataKey*\"",
                ),
            ),
            (
                "unknown condition key",
                "unknown cloudtrail-grant-undecided, cloudtrail-grant-unbound-undecided",
                of_policy("aws:SourceArn", "aws:Nonsense"),
            ),
            (
                "policy of a missing key",
                "fail key-missing",
                of_facts(|facts| facts.key_policy = Reading::Absent),
            ),
            ("malformed", "unknown key-policy-malformed", of_policy("Statement", "Sentence")),
            (
                "open to everyone",
                "fail key-open-to-everyone, cloudtrail-grant-unbound",
                of_policy("arn:aws:iam::111122223333:root", "*"),
            ),
            ("unbound", "fail cloudtrail-grant-unbound", of_policy(no_condition, "")),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn refused_evidence() {
    let account = || AccountId::parse("777788889999").unwrap();
    let policy_of = |refusal: Refusal| {
        of_facts(move |facts| facts.key_policy = Reading::Refused(refusal.clone()))
    };
    let found = annotations(
        &strict(),
        [
            (
                "key denied",
                "unknown evidence-refused",
                of_facts(|facts| facts.key = denied("kms:DescribeKey")),
            ),
            (
                "status denied",
                "unknown evidence-refused",
                of_facts(|facts| facts.delivery = denied("cloudtrail:GetTrailStatus")),
            ),
            (
                "policy in another account",
                "unknown evidence-refused",
                policy_of(Refusal::OtherAccount { action: "kms:GetKeyPolicy", account: account() }),
            ),
            (
                "policy by a role",
                "unknown evidence-refused",
                policy_of(Refusal::RoleRefused { role: "r".into() }),
            ),
            (
                "odd rotation",
                "unknown evidence-refused",
                of_facts(|facts| {
                    facts.rotation = Reading::Refused(Refusal::Malformed("odd".into()));
                }),
            ),
            (
                "odd reference",
                "unknown key-reference-unrecognized, evidence-refused",
                Box::new(|trail, facts| {
                    trail.key = KeyRef::parse("key with blanks");
                    *facts = trailseal_rule::Facts::unread();
                }),
            ),
        ],
    );
    insta::assert_snapshot!(found);
    let bucket_region = |refusal: Refusal| {
        of_facts(move |facts| facts.bucket_region = Reading::Refused(refusal.clone()))
    };
    let refusals = [
        ("denied", Refusal::AccessDenied { action: "kms:DescribeKey" }),
        ("denied, not by KMS", Refusal::AccessDenied { action: "s3:ListBucket" }),
        ("not read", Refusal::NotRead),
        ("Region not enabled", Refusal::RegionNotEnabled(region("af-south-1"))),
        ("no account", Refusal::NamesNoAccount),
        ("needs more", Refusal::Needs("the Region of the bucket")),
        ("role not assumed", Refusal::RoleRefused { role: "r".into() }),
        ("malformed", Refusal::Malformed("odd".into())),
    ];
    let found = annotations(
        &Parameters::default(),
        refusals.map(|(name, refusal)| (name, "unknown evidence-refused", bucket_region(refusal))),
    );
    insta::assert_snapshot!(found);
}
