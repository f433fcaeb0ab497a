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

const REFUSED: &str = "unknown evidence-refused";

fn of_bucket_region(read: Reading<Region>) -> Box<Alter> {
    of_facts(move |facts| facts.bucket_region = read.clone())
}

#[test]
fn key_and_bucket() {
    let named = |key: &'static str| of_trail(move |trail| trail.key = KeyRef::parse(key));
    let manager = |word: &str| of_key(|key| key.manager = KeyManager::from_kms(word));
    let state = |word: &str| of_key(|key| key.state = KeyState::from_kms(word));
    let usage = |word: &str| of_key(|key| key.usage = KeyUsage::from_kms(word));
    let spec = |word: &str| of_key(|key| key.spec = KeySpec::from_kms(word));
    let origin = |word: &str| of_key(|key| key.origin = KeyOrigin::from_kms(word));
    let odd_and_disabled = of_key(|key| {
        key.origin = KeyOrigin::Unrecognized;
        key.state = KeyState::Disabled;
    });
    let dated = of_key(|key| {
        key.state = KeyState::PendingDeletion;
        key.deletion_date = time("2026-12-14T00:00:00Z");
    });
    let expired_and_odd = of_key(|key| {
        key.state = KeyState::Unrecognized("Odd".into());
        key.valid_to = Some(now());
    });
    let expired = of_key(|key| key.valid_to = Some(now()));
    let found = annotations(
        &strict(),
        [
            ("sealed", "pass", of_key(|_| {})),
            ("no key", "fail no-key", of_trail(|trail| trail.key = None)),
            ("missing key", "fail key-missing", of_facts(|facts| facts.key = Reading::Absent)),
            ("AWS managed key", "fail key-aws-managed", manager("AWS")),
            ("AWS managed alias", "fail key-aws-managed", named("alias/aws/s3")),
            ("unknown manager", "unknown key-manager-unknown", manager("Odd")),
            (
                "manager of a key before deployment",
                "unknown key-manager-unknown",
                manager("not known before deployment: the key is an import"),
            ),
            ("disabled", "fail key-disabled", state("Disabled")),
            ("updating", "pass", state("Updating")),
            ("creating", "fail key-creating", state("Creating")),
            ("pending import", "fail key-pending-import", state("PendingImport")),
            ("unavailable", "fail key-unavailable", state("Unavailable")),
            ("pending deletion", "fail key-pending-deletion", state("PendingDeletion")),
            ("pending deletion with a date", "fail key-pending-deletion", dated),
            (
                "pending deletion of replicas",
                "fail key-pending-deletion",
                state("PendingReplicaDeletion"),
            ),
            ("unknown state", "unknown key-state-unknown", state("Odd")),
            ("no state", "unknown key-state-unknown", state("")),
            (
                "state of a key before deployment",
                "unknown key-state-unknown",
                state("not known before deployment: the key is an import"),
            ),
            ("wrong usage", "fail key-of-wrong-kind", usage("SIGN_VERIFY")),
            ("wrong spec", "fail key-of-wrong-kind", spec("RSA_2048")),
            ("no usage", "unknown key-kind-unknown", usage("")),
            ("no spec", "unknown key-kind-unknown", spec("")),
            ("no origin", "unknown key-origin-unknown", origin("")),
            ("unknown origin", "unknown key-origin-unknown", origin("ODD")),
            ("unknown origin, disabled", "fail key-disabled", odd_and_disabled),
            ("expired material", "fail key-material-expired", expired),
            ("expired material, in an unknown state", "fail key-material-expired", expired_and_odd),
            (
                "other Region",
                "fail key-in-wrong-region",
                of_bucket_region(Reading::Known(region("eu-west-1"))),
            ),
            ("missing bucket", "fail bucket-missing", of_bucket_region(Reading::Absent)),
            ("no bucket", "unknown bucket-not-named", of_trail(|trail| trail.bucket = None)),
            ("other account", "fail key-of-other-account", named(FOREIGN)),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn rotation_and_delivery() {
    let every = |days: u32| {
        let next = time("2027-01-02T00:00:00Z");
        Reading::Known(Rotation::On { period_days: Some(days), next })
    };
    let rotation = |read: Reading<Rotation>, change: fn(&mut KeyFacts)| {
        let mut key = key();
        change(&mut key);
        of_facts(move |facts| {
            facts.key = Reading::Known(key.clone());
            facts.rotation = read.clone();
        })
    };
    let off = || Reading::Known(Rotation::Off);
    let not_supported = || Reading::Known(Rotation::NotSupported);
    let delivered = |read: Reading<Delivery>| of_facts(move |facts| facts.delivery = read.clone());
    let errors = |error: Option<&str>, digest_error: Option<&str>| {
        delivered(Reading::Known(delivery(error, digest_error)))
    };
    let (too_long, not_rotated) = ("fail key-rotation-period-too-long", "fail key-not-rotated");
    let cannot_rotate = "fail key-cannot-rotate";
    let broken = Some("KMS.DisabledException");
    let found = annotations(
        &strict(),
        [
            ("longest period", "pass", rotation(every(400), |_| {})),
            ("period too long", too_long, rotation(every(401), |_| {})),
            ("not rotated", not_rotated, rotation(off(), |_| {})),
            ("replica not rotated", not_rotated, rotation(off(), |key| key.is_replica = true)),
            ("kind without rotation", cannot_rotate, rotation(not_supported(), |_| {})),
            (
                "imported",
                cannot_rotate,
                rotation(not_supported(), |key| key.origin = KeyOrigin::External),
            ),
            (
                "CloudHSM",
                cannot_rotate,
                rotation(not_supported(), |key| key.origin = KeyOrigin::CloudHsm),
            ),
            ("rotation of a missing key", "fail key-missing", rotation(Reading::Absent, |_| {})),
            ("not from the key", "pass", errors(Some("NoSuchBucket"), Some("SlowDown"))),
            ("denied", "unknown delivery-denied", errors(Some("AccessDenied"), Some("SlowDown"))),
            ("digest denied", "unknown delivery-denied", errors(None, Some("AccessDenied"))),
            ("failed", "fail delivery-failed", errors(broken, None)),
            ("digest failed", "fail delivery-failed", errors(None, broken)),
            ("denied and failed", "fail delivery-failed", errors(Some("AccessDenied"), broken)),
            ("missing trail", "fail trail-missing", delivered(Reading::Absent)),
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
        of_facts(move |facts| facts.delivery_elsewhere = Some(Reading::Known(regions.clone())))
    };
    let one = |read: Reading<Delivery>| elsewhere(vec![("eu-west-1", read)]);
    let status = "cloudtrail:GetTrailStatus";
    let fine = vec![("eu-west-1", known(None)), ("sa-east-1", known(Some("SlowDown")))];
    let denied_and_broken = vec![("ap-south-1", denied(status)), ("eu-west-1", broken())];
    let rows = || {
        let home_denied: Box<Alter> = of_facts(move |facts| {
            facts.delivery = denied(status);
            facts.delivery_elsewhere =
                Some(Reading::Known([(region("eu-west-1"), broken())].into()));
        });
        [
            ("fine", "pass", elsewhere(fine.clone())),
            ("failed", "fail delivery-failed", elsewhere(denied_and_broken.clone())),
            ("status denied", REFUSED, one(denied(status))),
            ("trail not known there", "unknown trail-unknown-in-region", one(Reading::Absent)),
            ("delivery denied", "unknown delivery-denied", one(known(Some("AccessDenied")))),
            (
                "Regions not known",
                REFUSED,
                of_facts(|facts| facts.delivery_elsewhere = Some(denied("account:ListRegions"))),
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
            ("not read", REFUSED, external(Reading::Refused(Refusal::NotRead), None)),
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
    let (action, bction) =
        ("\"Action\":\"kms:GenerateDataKey*\"", "\"Bction\":\"kms:GenerateDataKey*\"");
    let others = "fail cloudtrail-granted-for-others";
    let unbound = "unknown cloudtrail-grant-undecided, cloudtrail-grant-unbound-undecided";
    let no_policy = of_facts(|facts| facts.key_policy = Reading::Absent);
    let not_granted = of_policy("kms:GenerateDataKey*", "kms:DescribeKey");
    let found = annotations(
        &strict(),
        [
            ("not granted", "fail cloudtrail-not-granted", not_granted),
            ("granted for others", others, of_policy("trail/lab", "trail/other")),
            ("denied", "fail cloudtrail-denied", of_policy("[{", deny)),
            ("unknown operator", unbound, of_policy("StringEquals", "StringResembles")),
            ("unknown element", "unknown cloudtrail-grant-undecided", of_policy(action, bction)),
            ("unknown condition key", unbound, of_policy("aws:SourceArn", "aws:Nonsense")),
            ("policy of a missing key", "fail key-missing", no_policy),
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
    let account = AccountId::parse("777788889999").unwrap();
    let policy_of = |refusal: Refusal| {
        of_facts(move |facts| facts.key_policy = Reading::Refused(refusal.clone()))
    };
    let other_account = Refusal::OtherAccount { action: "kms:GetKeyPolicy", account };
    let odd = Reading::Refused(Refusal::Malformed("odd".into()));
    let status = "cloudtrail:GetTrailStatus";
    let odd_reference: Box<Alter> = Box::new(|trail, facts| {
        trail.key = KeyRef::parse("key with blanks");
        *facts = trailseal_rule::Facts::unread();
    });
    let found = annotations(
        &strict(),
        [
            ("key denied", REFUSED, of_facts(|facts| facts.key = denied("kms:DescribeKey"))),
            ("status denied", REFUSED, of_facts(|facts| facts.delivery = denied(status))),
            ("policy in another account", REFUSED, policy_of(other_account)),
            ("policy by a role", REFUSED, policy_of(Refusal::RoleRefused { role: "r".into() })),
            ("odd rotation", REFUSED, of_facts(move |facts| facts.rotation = odd.clone())),
            (
                "odd reference",
                "unknown key-reference-unrecognized, evidence-refused",
                odd_reference,
            ),
        ],
    );
    insta::assert_snapshot!(found);
    let found = annotations(
        &Parameters::default(),
        [
            ("denied", Refusal::AccessDenied { action: "kms:DescribeKey" }),
            ("denied, not by KMS", Refusal::AccessDenied { action: "s3:ListBucket" }),
            ("not read", Refusal::NotRead),
            ("Region not enabled", Refusal::RegionNotEnabled(region("af-south-1"))),
            ("no account", Refusal::NamesNoAccount),
            ("needs more", Refusal::Needs("the Region of the bucket")),
            ("role not assumed", Refusal::RoleRefused { role: "r".into() }),
            ("before deployment", Refusal::NotKnownBeforeDeployment("a parameter".into())),
            ("malformed", Refusal::Malformed("odd".into())),
        ]
        .map(|(name, refusal)| (name, REFUSED, of_bucket_region(Reading::Refused(refusal)))),
    );
    insta::assert_snapshot!(found);
}
