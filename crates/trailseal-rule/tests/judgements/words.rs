//! What each check says, and what people read of it.

use serde_json::json;
use trailseal_rule::{
    AccountId, Annotation, CHECKS, ComplianceType, EvaluationContext, Facts, KeyFacts, KeyManager,
    KeyRef, KeySpec, KeyState, KeyUsage, Outcome, Parameters, Reading, Refusal, Timestamp, Trail,
    Verdict, evaluate,
};

use crate::fixtures::{
    FOREIGN, KEY, check, facts, key, now, of_key, parameters, region, report, strict, trail,
};

#[test]
fn a_sealed_trail_says_with_which_key_and_what_was_verified() {
    let said = |raw: &serde_json::Value, words: &str| {
        let evaluation = report(&parameters(raw), &trail(), &facts());
        assert_eq!(evaluation.annotation.as_str(), words);
        assert_eq!(evaluation.compliance, ComplianceType::Compliant);
        assert!(!evaluation.is_unverified);
    };
    let sealed = |count: &str| format!("sealed with {KEY} (profile {count} checks passed)");
    said(&json!({}), &sealed("effective: 5"));
    said(&json!({ "profile": "strict" }), &sealed("strict: 10"));
    let more = json!({ "requireKeyRotation": "true", "checkKeyPolicy": "true" });
    said(&more, &sealed("effective: 8"));
}

#[test]
fn a_key_of_which_nobody_asked_whether_it_works_seals_nothing() {
    let words = format!("encrypted with {KEY} (profile cis: 2 checks passed)");
    let (cis, mut unusable) = (parameters(&json!({ "profile": "cis" })), facts());
    assert_eq!(report(&cis, &trail(), &unusable).annotation.as_str(), words);
    unusable.key = Reading::Known(KeyFacts { state: KeyState::Disabled, ..key() });
    assert_eq!(report(&cis, &trail(), &unusable).annotation.as_str(), words);
}

#[test]
fn what_is_skipped_is_named_whatever_the_verdict() {
    let skip = |profile: &str, checks: &str| {
        parameters(&json!({ "profile": profile, "skipChecks": checks }))
    };
    let said = |parameters: &Parameters, facts: &Facts| {
        report(parameters, &trail(), facts).annotation.as_str().to_owned()
    };
    let mut facts = facts();
    facts.delivery = Reading::Refused(Refusal::NotRead);
    let strict = skip("strict", "delivery-unbroken");
    assert_eq!(
        said(&strict, &facts),
        format!("sealed with {KEY} (profile strict: 9 checks passed, skipped: delivery-unbroken)")
    );
    // In this profile nobody asked for it.
    let effective = skip("effective", "delivery-unbroken, key-in-bucket-region,key-usable");
    assert_eq!(
        said(&effective, &facts),
        format!(
            "encrypted with {KEY} (profile effective: 3 checks passed, skipped: key-usable, \
             key-in-bucket-region)"
        )
    );
    facts.rotation = Reading::Known(trailseal_rule::Rotation::Off);
    assert!(said(&strict, &facts).contains(" (skipped: delivery-unbroken)"));
    facts.rotation = Reading::Refused(Refusal::NotRead);
    assert!(said(&strict, &facts).contains(" (skipped: delivery-unbroken)"));
}

#[test]
fn every_check_but_the_first_can_be_skipped() {
    for check in CHECKS {
        let raw = json!({ "profile": "strict", "skipChecks": check.id.as_str() });
        let read = Parameters::parse(raw.as_object().unwrap());
        if check.id.as_str() == "sse-kms-enabled" {
            let refusal = read.unwrap_err().to_string();
            assert!(refusal.contains("`ruleParameters.skipChecks` is `sse-kms-enabled`; expected"));
            continue;
        }
        let read = read.unwrap();
        assert!(!check.id.is_enabled(&read) && check.id.is_skipped(&read), "{}", check.id);
        let others = CHECKS.iter().filter(|other| other.id != check.id);
        assert!(others.into_iter().all(|other| other.id.is_enabled(&read)), "{}", check.id);
    }
}

#[test]
fn a_setting_that_asks_for_a_skipped_check_is_refused() {
    let policy = "key-policy-admits-cloudtrail,key-policy-guards-decryption";
    for (name, value, skipped) in [
        ("allowedKmsKeyArns", KEY, "key-allowed"),
        ("allowedKeyAccounts", "777788889999", "key-allowed"),
        ("requireKeyRotation", "true", "key-rotated"),
        ("checkKeyPolicy", "true", policy),
        ("checkDelivery", "true", "delivery-unbroken"),
    ] {
        let raw = json!({ "profile": "strict", name: value, "skipChecks": skipped });
        let refusal = Parameters::parse(raw.as_object().unwrap()).unwrap_err().to_string();
        let names = skipped.replace(',', "`, `");
        let expected =
            format!("`ruleParameters.{name}` has no effect; `skipChecks` names `{names}`");
        assert_eq!(refusal, expected);
    }
    let one = json!({ "checkKeyPolicy": "true", "skipChecks": "key-policy-guards-decryption" });
    assert!(Parameters::parse(one.as_object().unwrap()).is_ok());
    // `false` takes nothing away from a profile.
    let off = json!({ "profile": "strict", "requireKeyRotation": "false",
                      "checkKeyPolicy": "false", "checkDelivery": "false" });
    let off = Parameters::parse(off.as_object().unwrap()).unwrap();
    assert!(CHECKS.iter().all(|check| check.id.is_enabled(&off)));
}

#[test]
fn every_way_to_fail_has_its_words() {
    let fails = |change: &dyn Fn(&mut KeyFacts), words: &str| {
        check(of_key(change), "NON_COMPLIANT", words);
    };
    let day = Timestamp::parse("2026-12-14T00:00:00Z").ok();
    fails(
        &|key| key.manager = KeyManager::Aws,
        "the key is managed by AWS, not by the customer. Fix: ",
    );
    fails(&|key| key.state = KeyState::Disabled, "the key is disabled. Fix: ");
    fails(&|key| key.state = KeyState::Creating, "the key is still being created. Fix: ");
    fails(
        &|key| key.state = KeyState::PendingImport,
        "the key has no key material (PendingImport). Fix",
    );
    fails(&|key| key.state = KeyState::Unavailable, "the key is unavailable: its custom key store");
    fails(&|key| key.state = KeyState::PendingDeletion, "the key will be deleted. Fix: ");
    fails(
        &|key| {
            key.state = KeyState::PendingDeletion;
            key.deletion_date = day;
        },
        "the key will be deleted on 2026-12-14. Fix: ",
    );
    fails(&|key| key.state = KeyState::PendingReplicaDeletion, "the key will be deleted. Fix: ");
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
    check(|_, facts| facts.key = Reading::Absent, "NON_COMPLIANT", "the key does not exist. Fix: ");
    check(
        |trail, _| trail.key = KeyRef::parse("alias/aws/s3"),
        "NON_COMPLIANT",
        "the key is managed by AWS, not by the customer. Fix: set",
    );
    check(
        |_, facts| facts.bucket_region = Reading::Known(region("eu-west-1")),
        "NON_COMPLIANT",
        "the key is in us-east-1, but the trail's bucket is in eu-west-1. Fix: ",
    );
    check(
        |_, facts| facts.bucket_region = Reading::Absent,
        "NON_COMPLIANT",
        "the trail's bucket lab-logs does not exist. Fix: ",
    );
    check(
        |trail, _| trail.key = KeyRef::parse(FOREIGN),
        "NON_COMPLIANT",
        "the key belongs to account 777788889999, which is neither this account nor in \
         allowedKeyAccounts. Fix: ",
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
        "could not verify the Region of bucket lab-logs: it was not read. Fix: ",
    );
    check(
        |_, facts| {
            facts.delivery =
                Reading::Refused(Refusal::AccessDenied { action: "cloudtrail:GetTrailStatus" })
        },
        "NON_COMPLIANT",
        "could not verify the delivery of the trail: cloudtrail:GetTrailStatus was denied. Fix: ",
    );
    let account = AccountId::parse("777788889999").unwrap();
    check(
        |_, facts| {
            facts.key_policy =
                Reading::Refused(Refusal::OtherAccount { action: "kms:GetKeyPolicy", account })
        },
        "NON_COMPLIANT",
        "could not verify the policy of the key: kms:GetKeyPolicy does not work across accounts and the key is in 777788889999. Fix: ",
    );
    check(
        |_, facts| facts.key_policy = Reading::Refused(Refusal::RoleRefused { role: "r".into() }),
        "NON_COMPLIANT",
        "could not verify the policy of the key: role r cannot be assumed. Fix: ",
    );
    check(
        |_, facts| facts.rotation = Reading::Refused(Refusal::Malformed("odd".into())),
        "NON_COMPLIANT",
        "could not verify the rotation of the key: odd. Fix: ",
    );
    check(
        of_key(|key| key.state = KeyState::Unrecognized("Odd".into())),
        "NON_COMPLIANT",
        "could not verify the state of the key: KMS says `Odd`. Fix: ",
    );
    check(
        of_key(|key| key.manager = KeyManager::Unrecognized("Odd".into())),
        "NON_COMPLIANT",
        "could not verify who manages the key: KMS says `Odd`. Fix: ",
    );
    let advices = [
        (denied, "allow kms:DescribeKey to the rule's role, in IAM and in the key policy"),
        (
            Refusal::AccessDenied { action: "cloudtrail:GetTrailStatus" },
            "allow cloudtrail:GetTrailStatus to the rule's role",
        ),
        (Refusal::NotRead, "let the evidence be read"),
        (
            Refusal::RegionNotEnabled(region("af-south-1")),
            "enable Region af-south-1 in the rule's account",
        ),
        (Refusal::NamesNoAccount, "set kmsKeyId to the ARN of the key"),
        (Refusal::Needs("the Region of the bucket"), "let the Region of the bucket be read"),
        (
            Refusal::RoleRefused { role: "r".into() },
            "make the role, and let the rule's role assume it",
        ),
        (Refusal::Malformed("odd".into()), "look it up in AWS, and update this rule"),
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
        evaluate(&EvaluationContext { parameters: &strict(), now: now() }, &trail(), facts).verdict
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
    let mut two = facts();
    two.key = Reading::Known(KeyFacts { state: KeyState::Disabled, ..key() });
    two.bucket_region = Reading::Known(region("eu-west-1"));
    match judge(&two) {
        Verdict::Broken(results) => {
            assert_eq!(results.len(), CHECKS.len(), "no other failure settles the rest");
            let failed = results.iter().filter(|one| matches!(one.outcome, Outcome::Fail(_)));
            assert_eq!(failed.count(), 2);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(judge(&facts()).results().len(), CHECKS.len());
}

#[test]
fn a_failure_counts_before_a_state_that_nobody_knows() {
    let change = of_key(|key| {
        key.state = KeyState::Unrecognized("Odd".into());
        key.valid_to = Some(now());
    });
    check(change, "NON_COMPLIANT", "the imported material of the key ended on 2026-11-23. Fix: ");
    let silent = of_key(|key| key.state = KeyState::Unrecognized(String::new()));
    let words = "could not verify the state of the key: KMS does not say. Fix: ";
    check(silent, "NON_COMPLIANT", words);
}

#[test]
fn a_reference_or_a_bucket_that_cannot_be_asked_about_is_told_as_that() {
    let odd = |trail: &mut Trail, facts: &mut Facts| {
        trail.key = KeyRef::parse("key with blanks");
        *facts = Facts::unread();
    };
    let words = "could not verify the manager of the key: kmsKeyId is no key ARN, id or alias; ";
    check(odd, "NON_COMPLIANT", words);
    let words =
        "could not verify the Region of the bucket: the trail names no possible bucket. Fix: ";
    check(|trail, _| trail.bucket = None, "NON_COMPLIANT", words);
}

/// The reason behind a finding is about what was found: a missing key has nothing to do with who
/// manages it.
#[test]
fn a_missing_key_matters_for_its_own_reason() {
    let mut gone = facts();
    gone.key = Reading::Absent;
    let judgement =
        evaluate(&EvaluationContext { parameters: &strict(), now: now() }, &trail(), &gone);
    let results = judgement.verdict.results();
    let reasons: Vec<(&str, Option<&str>)> = results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Fail(finding) => Some((finding.what.as_str(), finding.why)),
            Outcome::Pass | Outcome::Unknown(_) => None,
        })
        .collect();
    let reason = "without its key a trail cannot deliver log files, and the log files that the key \
                  encrypted cannot be read";
    assert_eq!(reasons, [("the key does not exist", Some(reason))]);
    let mut elsewhere = facts();
    elsewhere.bucket_region = Reading::Known(region("eu-west-1"));
    let judgement =
        evaluate(&EvaluationContext { parameters: &strict(), now: now() }, &trail(), &elsewhere);
    let results = judgement.verdict.results().iter();
    let own =
        results.filter(|result| matches!(&result.outcome, Outcome::Fail(one) if one.why.is_none()));
    assert_eq!(own.count(), 1, "the reason of the check fits");
}
