//! Judgements: what each check says, what is read for it, and what people read of it.

use serde_json::json;
use trailseal_rule::{
    AccountId, Annotation, BucketName, CHECKS, ComplianceType, Delivery, Evaluation, Facts, KeyArn,
    KeyFacts, KeyManager, KeyOrigin, KeyQuery, KeyRef, KeySpec, KeyState, KeyUsage, Needs,
    Parameters, Reading, Refusal, Region, ResourceId, Rotation, Setting, Timestamp, Trail,
    TrailArn, Verdict, evaluate, needs,
};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const FOREIGN: &str = "arn:aws:kms:us-east-1:777788889999:key/66666666-0000-4000-8000-666666666666";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
}

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn trail() -> Trail {
    Trail {
        arn: TrailArn::parse("arn:aws:cloudtrail:us-east-1:111122223333:trail/lab").unwrap(),
        account: AccountId::parse("111122223333").unwrap(),
        region: region("us-east-1"),
        home_region: region("us-east-1"),
        bucket: BucketName::parse("lab-logs").ok(),
        key: KeyRef::parse(KEY),
        is_organization_trail: false,
    }
}

fn key() -> KeyFacts {
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

fn policy() -> String {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "root", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
          "Action": "kms:*", "Resource": "*" },
        { "Sid": "trail", "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" },
          "Action": "kms:GenerateDataKey*", "Resource": "*", "Condition": { "StringEquals": {
              "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab" } } },
    ]})
    .to_string()
}

fn facts() -> Facts {
    Facts {
        key: Reading::Known(key()),
        bucket_region: Reading::Known(region("us-east-1")),
        rotation: Reading::Known(Rotation::On { period_days: None, next: None }),
        key_policy: Reading::Known(policy()),
        delivery: Reading::Known(Delivery { error: None, digest_error: None }),
    }
}

fn parameters(raw: &serde_json::Value) -> Parameters {
    Parameters::parse(raw.as_object().unwrap()).unwrap()
}

fn strict() -> Parameters {
    parameters(&json!({
        "profile": "strict", "allowedKeyAccounts": "111122223333", "maxRotationPeriodDays": "400",
    }))
}

fn report(parameters: &Parameters, trail: &Trail, facts: &Facts) -> Evaluation {
    let judgement = evaluate(&Setting { parameters, now: now() }, trail, facts);
    let id = ResourceId::new("lab").unwrap();
    Evaluation::of_trail(id, &judgement, parameters.unverified, now())
}

/// Under the strict profile everything is asked, so one case shows what one fact does.
fn check(change: impl FnOnce(&mut Trail, &mut Facts), compliance: &str, annotation: &str) {
    let (mut trail, mut facts) = (trail(), facts());
    change(&mut trail, &mut facts);
    let evaluation = report(&strict(), &trail, &facts);
    assert_eq!(evaluation.compliance.as_str(), compliance, "{}", evaluation.annotation);
    let found = evaluation.annotation.as_str();
    assert!(found.starts_with(annotation), "{found}\nnot\n{annotation}");
}

fn of_key(change: impl FnOnce(&mut KeyFacts)) -> impl FnOnce(&mut Trail, &mut Facts) {
    let mut key = key();
    change(&mut key);
    move |_, facts| facts.key = Reading::Known(key)
}

#[test]
fn a_sealed_trail_says_with_which_key_and_what_was_verified() {
    check(
        |_, _| {},
        "COMPLIANT",
        &format!("sealed with {KEY}: sse-kms-enabled, key-customer-managed"),
    );
    let evaluation = report(&Parameters::default(), &trail(), &facts());
    assert_eq!(
        evaluation.annotation.as_str(),
        format!(
            "sealed with {KEY}: sse-kms-enabled, key-customer-managed, key-usable, \
             key-in-bucket-region"
        )
    );
    assert!(!evaluation.is_unverified);
}

#[test]
fn every_way_to_fail_has_its_words() {
    let fails = |change: &dyn Fn(&mut KeyFacts), words: &str| {
        check(of_key(change), "NON_COMPLIANT", words);
    };
    let day = Timestamp::parse("2026-12-14T00:00:00Z").ok();
    fails(
        &|key| key.manager = KeyManager::Aws,
        "the key is managed by AWS, not by the customer (key",
    );
    fails(&|key| key.state = KeyState::Disabled, "the key is disabled (key");
    fails(&|key| key.state = KeyState::Creating, "the key is still being created (");
    fails(&|key| key.state = KeyState::PendingImport, "the key has no key material (");
    fails(&|key| key.state = KeyState::Unavailable, "the key is unavailable: its custom key store");
    fails(&|key| key.state = KeyState::PendingDeletion, "the key will be deleted (key");
    fails(
        &|key| {
            key.state = KeyState::PendingDeletion;
            key.deletion_date = day;
        },
        "the key will be deleted on 2026-12-14 (key",
    );
    fails(&|key| key.state = KeyState::PendingReplicaDeletion, "the key will be deleted (key");
    fails(
        &|key| key.usage = KeyUsage::Other("SIGN_VERIFY".into()),
        "the key is for SIGN_VERIFY, not",
    );
    fails(&|key| key.spec = KeySpec::Other("RSA_2048".into()), "the key is of kind RSA_2048, not");
    fails(
        &|key| key.valid_to = Some(now()),
        "the imported material of the key ended on 2026-11-23",
    );
    check(|trail, _| trail.key = None, "NON_COMPLIANT", "the trail has no KMS key: its log files");
    check(|_, facts| facts.key = Reading::Absent, "NON_COMPLIANT", "the key does not exist (key");
    check(
        |trail, _| trail.key = KeyRef::parse("alias/aws/s3"),
        "NON_COMPLIANT",
        "the key is managed by AWS, not by the customer (key alias/aws/s3). Fix: set",
    );
    check(
        |_, facts| facts.bucket_region = Reading::Known(region("eu-west-1")),
        "NON_COMPLIANT",
        "the key is in us-east-1, but the trail's bucket is in eu-west-1 (key",
    );
    check(
        |_, facts| facts.bucket_region = Reading::Absent,
        "NON_COMPLIANT",
        "the trail's bucket lab-logs does not exist (key",
    );
    check(
        |trail, _| trail.key = KeyRef::parse(FOREIGN),
        "NON_COMPLIANT",
        "the key is not one that allowedKmsKeyArns or allowedKeyAccounts allows (key",
    );
}

#[test]
fn every_way_to_fail_strictly_has_its_words() {
    let on = |days: u32| Rotation::On {
        period_days: Some(days),
        next: Timestamp::parse("2027-01-02T00:00:00Z").ok(),
    };
    let rotation = |rotation: Rotation| {
        move |_: &mut Trail, facts: &mut Facts| facts.rotation = Reading::Known(rotation)
    };
    check(rotation(on(400)), "COMPLIANT", "sealed");
    check(
        rotation(on(401)),
        "NON_COMPLIANT",
        "the key is rotated every 401 days (next on 2027-01-02), more than the allowed 400 (key",
    );
    check(rotation(Rotation::Off), "NON_COMPLIANT", "the key is not rotated (key");
    check(
        rotation(Rotation::NotSupported),
        "NON_COMPLIANT",
        "the key cannot be rotated automatically: KMS does not rotate its kind",
    );
    for (origin, why) in [
        (KeyOrigin::External, "its material is imported"),
        (KeyOrigin::CustomKeyStore, "it is in a custom key store"),
    ] {
        let change = move |_: &mut Trail, facts: &mut Facts| {
            facts.key = Reading::Known(KeyFacts { origin, ..key() });
            facts.rotation = Reading::Known(Rotation::NotSupported);
        };
        check(
            change,
            "NON_COMPLIANT",
            &format!("the key cannot be rotated automatically: {why} (key"),
        );
    }
    let parameters = parameters(&json!({ "profile": "strict" }));
    let mut replica = facts();
    replica.key = Reading::Known(KeyFacts { is_replica: true, ..key() });
    replica.rotation = Reading::Known(Rotation::Off);
    let said = report(&parameters, &trail(), &replica);
    assert!(
        said.annotation.as_str().contains("rotation of the primary key"),
        "{}",
        said.annotation
    );
    let delivery = |error: Option<&str>, digest_error: Option<&str>| {
        let (error, digest_error) = (error.map(str::to_owned), digest_error.map(str::to_owned));
        move |_: &mut Trail, facts: &mut Facts| {
            facts.delivery = Reading::Known(Delivery { error, digest_error })
        }
    };
    check(delivery(Some("NoSuchBucket"), Some("AccessDenied")), "COMPLIANT", "sealed");
    let broken = "the latest delivery failed because of the key: KMS.DisabledException (key";
    check(delivery(Some("KMS.DisabledException"), None), "NON_COMPLIANT", broken);
    check(delivery(None, Some("KMS.DisabledException")), "NON_COMPLIANT", broken);
    check(
        |_, facts| facts.delivery = Reading::Absent,
        "NON_COMPLIANT",
        "the trail does not exist any more",
    );
}

#[test]
fn the_key_policy_is_judged_with_the_statement_that_decided() {
    let check = |from: &str, to: &str, compliance: &str, words: &str| {
        let text = policy().replacen(from, to, 1);
        assert_ne!(text, policy(), "{from}");
        check(|_, facts| facts.key_policy = Reading::Known(text), compliance, words);
    };
    let not = "the key policy does not let CloudTrail encrypt this trail: ";
    check(
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
        "NON_COMPLIANT",
        &format!("{not}no statement grants it (key"),
    );
    check(
        "trail/lab",
        "trail/other",
        "NON_COMPLIANT",
        &format!("{not}statement `trail` excludes it by aws:SourceArn (key"),
    );
    check(
        "[{",
        "[{\"Sid\":\"no\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:*\",\"Resource\":\"*\"},{",
        "NON_COMPLIANT",
        &format!("{not}statement `no` denies it (key"),
    );
    check(
        "StringEquals",
        "StringResembles",
        "NON_COMPLIANT",
        "could not verify that the key policy admits CloudTrail: it depends on",
    );
    check(
        "\"Action\":\"kms:GenerateDataKey*\"",
        "\"Bction\":\"kms:GenerateDataKey*\"",
        "NON_COMPLIANT",
        "could not verify that the key policy admits",
    );
    check("Statement", "Sentence", "NON_COMPLIANT", "could not verify the key policy: ");
    check(
        "arn:aws:iam::111122223333:root",
        "*",
        "NON_COMPLIANT",
        "the key policy opens the logs: statement `root` allows everyone kms:Decrypt, kms:ReEncryptFrom",
    );
    check("aws:SourceArn", "aws:Nonsense", "NON_COMPLIANT", "could not verify that the key policy");
}

#[test]
fn a_grant_that_every_account_can_use_is_an_exposure() {
    let mut document: serde_json::Value = serde_json::from_str(&policy()).unwrap();
    document["Statement"][1].as_object_mut().unwrap().remove("Condition").unwrap();
    let text = document.to_string();
    check(
        |_, facts| facts.key_policy = Reading::Known(text),
        "NON_COMPLIANT",
        "the key policy opens the logs: statement `trail` allows the trails of any account kms:GenerateDataKey (key",
    );
}

#[test]
fn what_could_not_be_read_is_told_with_its_reason() {
    let denied = Refusal::AccessDenied { action: "kms:DescribeKey" };
    let refused = denied.clone();
    check(
        |_, facts| facts.key = Reading::Refused(refused),
        "NON_COMPLIANT",
        "could not verify the manager of the key: kms:DescribeKey was denied; could not verify the state",
    );
    check(
        |_, facts| facts.bucket_region = Reading::Refused(Refusal::NotRead),
        "NON_COMPLIANT",
        "could not verify the Region of bucket lab-logs: it was not read (key",
    );
    check(
        |_, facts| {
            facts.delivery =
                Reading::Refused(Refusal::AccessDenied { action: "cloudtrail:GetTrailStatus" })
        },
        "NON_COMPLIANT",
        "could not verify the delivery of the trail: cloudtrail:GetTrailStatus was denied (key",
    );
    let account = AccountId::parse("777788889999").unwrap();
    check(
        |_, facts| {
            facts.key_policy =
                Reading::Refused(Refusal::OtherAccount { action: "kms:GetKeyPolicy", account })
        },
        "NON_COMPLIANT",
        "could not verify the policy of the key: kms:GetKeyPolicy does not work across accounts and the key is in 777788889999 (key",
    );
    check(
        |_, facts| facts.key_policy = Reading::Refused(Refusal::RoleRefused { role: "r".into() }),
        "NON_COMPLIANT",
        "could not verify the policy of the key: role r cannot be assumed (key",
    );
    check(
        |_, facts| facts.rotation = Reading::Refused(Refusal::Unintelligible("odd".into())),
        "NON_COMPLIANT",
        "could not verify the rotation of the key: odd (key",
    );
    check(
        of_key(|key| key.state = KeyState::Unrecognized("Odd".into())),
        "NON_COMPLIANT",
        "could not verify the state of the key: KMS says `Odd` (key",
    );
    check(
        of_key(|key| key.manager = KeyManager::Unrecognized("Odd".into())),
        "NON_COMPLIANT",
        "could not verify who manages the key: KMS says `Odd` (key",
    );
    let advices = [
        (denied, "allow kms:DescribeKey to the rule's role, in IAM and in the key policy"),
        (
            Refusal::AccessDenied { action: "cloudtrail:GetTrailStatus" },
            "allow cloudtrail:GetTrailStatus to the rule's role",
        ),
        (Refusal::NotRead, "let the evidence be read"),
        (Refusal::Needs("the Region of the bucket"), "let the Region of the bucket be read"),
        (
            Refusal::RoleRefused { role: "r".into() },
            "make the role, and let the rule's role assume it",
        ),
        (Refusal::Unintelligible("odd".into()), "look it up in AWS, and update this rule"),
    ];
    for (refusal, advice) in advices {
        let mut facts = facts();
        facts.bucket_region = Reading::Refused(refusal);
        let said = report(&Parameters::default(), &trail(), &facts);
        assert!(
            said.annotation.as_str().contains(&format!("Fix: {advice}")),
            "{}",
            said.annotation
        );
    }
}

#[test]
fn unverified_is_what_the_user_says_and_says_so() {
    let mut facts = facts();
    facts.bucket_region = Reading::Refused(Refusal::NotRead);
    let check = |word: &str, compliance: ComplianceType, start: &str| {
        let said = report(&parameters(&json!({ "unverified": word })), &trail(), &facts);
        assert_eq!((said.compliance, said.is_unverified), (compliance, true));
        assert!(said.annotation.as_str().starts_with(start), "{}", said.annotation);
    };
    check("", ComplianceType::NonCompliant, "could not verify");
    check("NOT_APPLICABLE", ComplianceType::NotApplicable, "could not verify");
    check(
        "COMPLIANT",
        ComplianceType::Compliant,
        "reported as compliant because unverified=COMPLIANT; could not",
    );
    facts.key = Reading::Absent;
    let said = report(&parameters(&json!({ "unverified": "COMPLIANT" })), &trail(), &facts);
    assert_eq!((said.compliance, said.is_unverified), (ComplianceType::NonCompliant, false));
}

#[test]
fn what_is_read_is_what_is_asked_for() {
    let ask = |parameters: &Parameters, change: &dyn Fn(&mut Trail)| {
        let mut trail = trail();
        change(&mut trail);
        needs(&Setting { parameters, now: now() }, &trail)
    };
    let (cis, effective) = (parameters(&json!({ "profile": "cis" })), Parameters::default());
    let set =
        |reference: &'static str| move |trail: &mut Trail| trail.key = KeyRef::parse(reference);
    let at = |reference: &str| {
        Some(KeyQuery::At(region("us-east-1"), KeyRef::parse(reference).unwrap()))
    };
    let key_only = Needs { key: at(KEY), ..Needs::default() };
    let bucket = trail().bucket;
    assert_eq!(ask(&cis, &|_| {}), key_only);
    assert_eq!(
        ask(&cis, &set(FOREIGN)),
        Needs::default(),
        "AWS managed keys serve one account only"
    );
    assert_eq!(ask(&effective, &|_| {}), Needs { bucket: bucket.clone(), ..key_only.clone() });
    assert_eq!(
        ask(&effective, &set(FOREIGN)),
        Needs { key: at(FOREIGN), bucket: bucket.clone(), ..Needs::default() }
    );
    let everything = Needs {
        bucket: bucket.clone(),
        rotation: true,
        key_policy: true,
        delivery: true,
        ..key_only
    };
    assert_eq!(ask(&strict(), &|_| {}), everything);
    for settled in
        ["alias/aws/s3", "arn:aws:kms:us-east-1:111122223333:alias/aws/s3", "what is this"]
    {
        assert_eq!(ask(&strict(), &set(settled)), Needs::default(), "{settled}");
    }
    assert_eq!(ask(&strict(), &|trail| trail.key = None), Needs::default());
    assert_eq!(
        ask(&strict(), &|trail| trail.region = region("eu-west-1")),
        Needs::default(),
        "a copy"
    );
    for bare in ["alias/logs", "11111111-0000-4000-8000-111111111111"] {
        let key = Some(KeyQuery::InBucketRegion(KeyRef::parse(bare).unwrap()));
        assert_eq!(
            ask(&cis, &set(bare)),
            Needs { key, bucket: bucket.clone(), ..Needs::default() }
        );
    }
    let alias = "arn:aws:kms:us-east-1:777788889999:alias/logs";
    let allowed = parameters(&json!({ "profile": "cis", "allowedKeyAccounts": "777788889999" }));
    assert_eq!(ask(&allowed, &set(alias)), Needs { key: at(alias), ..Needs::default() });
    assert_eq!(ask(&allowed, &set(FOREIGN)), Needs::default());
    for (name, expected) in [
        ("requireKeyRotation", Needs { key: at(FOREIGN), rotation: true, ..Needs::default() }),
        ("checkKeyPolicy", Needs { key: at(FOREIGN), key_policy: true, ..Needs::default() }),
        ("checkDelivery", Needs { delivery: true, ..Needs::default() }),
    ] {
        let parameters = parameters(&json!({ "profile": "cis", name: "true" }));
        assert_eq!(ask(&parameters, &set(FOREIGN)), expected, "{name}");
    }
}

#[test]
fn copies_and_exemptions() {
    let mut copy = trail();
    copy.home_region = region("eu-west-1");
    let said = report(&Parameters::default(), &copy, &facts());
    assert_eq!(
        said.annotation.as_str(),
        "this is the copy of a multi-Region trail that is judged in its home Region eu-west-1"
    );
    assert_eq!(said.compliance, ComplianceType::NotApplicable);
    let mut member = trail();
    member.is_organization_trail = true;
    member.account = AccountId::parse("444455556666").unwrap();
    let said = report(&Parameters::default(), &member, &facts());
    assert_eq!(
        said.annotation.as_str(),
        "this is the copy of an organization trail that account 111122223333 owns and is judged there"
    );
    let evaluated = parameters(&json!({ "replicas": "EVALUATE" }));
    let mut broken = facts();
    broken.bucket_region = Reading::Absent;
    let said = report(&evaluated, &member, &broken);
    assert!(
        said.annotation.as_str().contains("(copy of a trail of account 111122223333). Fix:"),
        "{}",
        said.annotation
    );
    let said = report(&evaluated, &copy, &broken);
    assert!(
        said.annotation.as_str().contains("(copy of a trail of eu-west-1). Fix:"),
        "{}",
        said.annotation
    );
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab";
    let exempt = |until: &str| {
        report(&parameters(&json!({ "exemptTrails": format!("{arn}{until}") })), &trail(), &broken)
    };
    assert_eq!(exempt("").annotation.as_str(), "the trail is exempt (exemptTrails)");
    assert_eq!(
        exempt("@2026-11-23").annotation.as_str(),
        "the trail is exempt until 2026-11-23 (exemptTrails)"
    );
    let expired = exempt("@2026-11-22");
    assert_eq!(expired.compliance, ComplianceType::NonCompliant);
    assert!(
        expired.annotation.as_str().contains("(its exemption ended on 2026-11-22). Fix:"),
        "{}",
        expired.annotation
    );
}

#[test]
fn an_annotation_is_one_printable_line_of_at_most_256_characters() {
    assert_eq!(Annotation::new("a\u{fc}\nb\u{1f512}").as_str(), "a??b?");
    assert_eq!(Annotation::new(" \t").as_str(), "(nothing to say)");
    assert_eq!(Annotation::new(&"x".repeat(256)).as_str(), "x".repeat(256));
    assert_eq!(
        Annotation::new(&"\u{fc}".repeat(257)).as_str(),
        format!("{} [cut]", "?".repeat(250))
    );
}

#[test]
fn every_check_has_its_words_and_a_name_of_its_own() {
    let mut names: Vec<&str> = CHECKS.iter().map(|check| check.id.as_str()).collect();
    insta::assert_debug_snapshot!(names);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHECKS.len());
    for check in CHECKS {
        assert_eq!(check.id.to_string(), check.id.as_str());
        for words in [check.sentence, check.why, check.evidence, check.fails_when] {
            assert!(words.len() > 5 && !words.ends_with('.'), "{words}");
        }
    }
}

#[test]
fn a_proof_takes_at_least_one_pass_and_nothing_else() {
    assert!(matches!(Verdict::of(Vec::new()), Verdict::NotApplicable(_)));
    let judge = |facts: &Facts| {
        evaluate(&Setting { parameters: &strict(), now: now() }, &trail(), facts).verdict
    };
    match judge(&facts()) {
        Verdict::Sealed(proof) => assert_eq!(proof.passed().len(), CHECKS.len()),
        other => panic!("{other:?}"),
    }
    assert!(
        matches!(judge(&Facts::unread()), Verdict::Unverified(results) if results.len() == CHECKS.len())
    );
    let mut one = facts();
    one.key = Reading::Known(KeyFacts { manager: KeyManager::Aws, ..key() });
    assert!(
        matches!(judge(&one), Verdict::Broken(results) if results.len() == 2),
        "the rest is settled"
    );
    assert_eq!(judge(&facts()).results().len(), CHECKS.len());
}
