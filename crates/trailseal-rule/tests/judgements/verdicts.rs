//! Verdicts, annotations and what the checks state about themselves.

use serde_json::json;
use trailseal_rule::{
    AccountId, Annotation, CHECKS, CheckId, ComplianceType, Delivery, Facts, KeyArn, KeyFacts,
    KeyManager, KeyRef, KeyState, Outcome, Parameters, Reading, Refusal, Region, Rotation, Trail,
    TrailArn, Verdict,
};

use crate::fixtures::{
    FOREIGN, KEY, facts, judge, key, parameters, region, report, rule_checks, strict, trail,
};

#[test]
fn a_compliant_annotation_names_the_key_and_counts_the_checks() {
    let said = |raw: &serde_json::Value, words: &str| {
        let evaluation = report(&parameters(raw), &trail(), &facts());
        assert_eq!(evaluation.annotation.as_str(), words);
        assert_eq!(evaluation.compliance, ComplianceType::Compliant);
        assert!(!evaluation.is_unverified);
    };
    let sealed = |count: &str| format!("sealed with {KEY} (profile {count} checks passed)");
    said(&json!({}), &sealed("effective: 5"));
    said(&json!({ "profile": "strict" }), &sealed(&format!("strict: {}", rule_checks().count())));
    let more = json!({ "requireKeyRotation": "true", "checkKeyPolicy": "true" });
    said(&more, &sealed("effective: 8"));
}

#[test]
fn a_trail_is_encrypted_but_not_sealed_if_the_state_of_its_key_is_not_checked() {
    let words = format!("encrypted with {KEY} (profile cis: 2 checks passed)");
    let (cis, mut unusable) = (parameters(&json!({ "profile": "cis" })), facts());
    assert_eq!(report(&cis, &trail(), &unusable).annotation.as_str(), words);
    unusable.key = Reading::Known(KeyFacts { state: KeyState::Disabled, ..key() });
    assert_eq!(report(&cis, &trail(), &unusable).annotation.as_str(), words);
}

#[test]
fn every_verdict_names_the_skipped_checks() {
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
        format!(
            "sealed with {KEY} (profile strict: {} checks passed, skipped: delivery-unbroken)",
            rule_checks().count() - 1
        )
    );
    // This profile does not enable delivery-unbroken.
    let effective = skip("effective", "delivery-unbroken, key-in-bucket-region,key-usable");
    assert_eq!(
        said(&effective, &facts),
        format!(
            "encrypted with {KEY} (profile effective: 3 checks passed, skipped: key-usable, \
             key-in-bucket-region)"
        )
    );
    facts.rotation = Reading::Known(Rotation::Off);
    assert!(said(&strict, &facts).contains(" (skipped: delivery-unbroken)"));
    facts.rotation = Reading::Refused(Refusal::NotRead);
    assert!(said(&strict, &facts).contains(" (skipped: delivery-unbroken)"));
}

#[test]
fn every_check_but_the_first_can_be_skipped() {
    for check in rule_checks() {
        let raw = json!({ "profile": "strict", "skipChecks": check.id.as_str() });
        let read = Parameters::parse(raw.as_object().unwrap());
        if check.id.as_str() == "sse-kms-enabled" {
            let refusal = read.unwrap_err().to_string();
            assert!(refusal.contains("`ruleParameters.skipChecks` is `sse-kms-enabled`; expected"));
            continue;
        }
        let read = read.unwrap();
        assert!(!check.id.is_enabled(&read) && check.is_skipped(&read), "{}", check.id);
        let mut others = rule_checks().filter(|other| other.id != check.id);
        assert!(others.all(|other| other.id.is_enabled(&read)), "{}", check.id);
    }
}

#[test]
fn a_setting_that_enables_a_skipped_check_is_rejected() {
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
    // `false` does not disable a check that the profile enables.
    let off = json!({ "profile": "strict", "requireKeyRotation": "false",
                      "checkKeyPolicy": "false", "checkDelivery": "false" });
    let off = Parameters::parse(off.as_object().unwrap()).unwrap();
    assert!(rule_checks().all(|check| check.id.is_enabled(&off)));
}

#[test]
fn the_parameter_unverified_decides_and_the_annotation_says_so() {
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
    assert_eq!(Annotation::new(" \t").as_str(), "(no annotation)");
    assert_eq!(Annotation::new(&"x".repeat(256)).as_str(), "x".repeat(256));
    assert_eq!(
        Annotation::new(&"\u{fc}".repeat(257)).as_str(),
        format!("{} [cut]", "?".repeat(250))
    );
}

#[test]
fn every_check_describes_itself_under_a_unique_name() {
    let mut names: Vec<&str> = CHECKS.iter().map(|check| check.id.as_str()).collect();
    insta::assert_debug_snapshot!(names);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHECKS.len());
    for check in CHECKS {
        assert_eq!(check.id.to_string(), check.id.as_str());
        for words in [check.title, check.rationale, check.evidence, check.fails_when, check.fix] {
            assert!(words.len() > 5 && !words.ends_with('.'), "{words}");
        }
    }
}

#[test]
fn only_passes_and_at_least_one_make_a_proof() {
    assert!(matches!(Verdict::of(Vec::new()), Verdict::NotApplicable(_)));
    let verdict = |facts: &Facts| judge(&strict(), &trail(), facts).verdict;
    match verdict(&facts()) {
        Verdict::Sealed(proof) => assert_eq!(proof.passed().len(), rule_checks().count()),
        other => panic!("{other:?}"),
    }
    assert!(
        matches!(verdict(&Facts::unread()), Verdict::Unverified(results) if results.len() == rule_checks().count())
    );
    let mut one = facts();
    one.key = Reading::Known(KeyFacts { manager: KeyManager::Aws, ..key() });
    assert!(
        matches!(verdict(&one), Verdict::Broken(results) if results.len() == 2),
        "the other checks are irrelevant"
    );
    let mut two = facts();
    two.key = Reading::Known(KeyFacts { state: KeyState::Disabled, ..key() });
    two.bucket_region = Reading::Known(region("eu-west-1"));
    match verdict(&two) {
        Verdict::Broken(results) => {
            assert_eq!(
                results.len(),
                rule_checks().count(),
                "no other failure makes checks irrelevant"
            );
            let failed = results.iter().filter(|one| matches!(one.outcome, Outcome::Fail(_)));
            assert_eq!(failed.count(), 2);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(verdict(&facts()).results().len(), rule_checks().count());
}

/// The rationale for a missing key is not about who manages it.
#[test]
fn a_missing_key_has_a_rationale_of_its_own() {
    let mut gone = facts();
    gone.key = Reading::Absent;
    let reasons = |facts: &Facts| {
        let judgement = judge(&strict(), &trail(), facts);
        judgement
            .verdict
            .deciding()
            .map(|one| (one.cause.clone(), one.rationale))
            .collect::<Vec<_>>()
    };
    let reason = "without its key a trail cannot deliver log files, and the log files that the key \
                  encrypted cannot be read";
    assert_eq!(reasons(&gone), [("the key does not exist".to_owned(), Some(reason))]);
    let mut elsewhere = facts();
    elsewhere.bucket_region = Reading::Known(region("eu-west-1"));
    let own = reasons(&elsewhere);
    assert!(matches!(own.as_slice(), [(_, None)]), "the rationale of the check fits: {own:?}");
}

#[test]
fn a_note_says_that_the_trail_does_not_log() {
    let (trail, mut facts) = (trail(), facts());
    for (is_logging, noted) in [(Some(false), true), (Some(true), false), (None, false)] {
        facts.delivery = Reading::Known(Delivery { is_logging, ..Delivery::default() });
        let said = report(&Parameters::default(), &trail, &facts);
        let found = said.annotation.as_str();
        assert_eq!(found.ends_with("(the trail does not log)"), noted, "{found}");
    }
}

/// A key of another account is not compliant under any value of `unverified`, even if KMS
/// describes it.
#[test]
fn a_strangers_key_is_not_compliant_unless_its_account_is_named() {
    let ransomed = Trail { key: KeyRef::parse(FOREIGN), ..trail() };
    for given in [json!({}), json!({ "profile": "strict" }), json!({ "unverified": "COMPLIANT" })] {
        let said = report(&parameters(&given), &ransomed, &facts());
        assert_eq!(said.compliance, ComplianceType::NonCompliant, "{given}");
        let words = "the key belongs to account 777788889999, which is neither this account nor in \
                     allowedKeyAccounts";
        assert!(said.annotation.as_str().starts_with(words), "{}", said.annotation);
    }
    for given in [
        json!({ "profile": "cis" }),
        json!({ "allowedKeyAccounts": "777788889999" }),
        json!({ "allowedKmsKeyArns": FOREIGN }),
    ] {
        let said = report(&parameters(&given), &ransomed, &facts());
        assert_eq!(said.compliance, ComplianceType::Compliant, "{given} {}", said.annotation);
    }
}

/// The outcome of one check: `pass`, or what it is and its code.
fn outcome(check: CheckId, given: &serde_json::Value, trail: &Trail, facts: &Facts) -> String {
    let judgement = judge(&parameters(given), trail, facts);
    let mut results = judgement.verdict.results().iter();
    match &results.find(|result| result.check == check).unwrap().outcome {
        Outcome::Pass => "pass".to_owned(),
        Outcome::Fail(finding) => format!("fail {}", finding.code.as_str()),
        Outcome::Unknown(finding) => format!("unknown {}", finding.code.as_str()),
    }
}

/// The check that rejects AWS aliases can be skipped; the others then say why they know nothing.
#[test]
fn an_aws_alias_is_not_looked_up_even_if_its_check_is_skipped() {
    let skip = json!({ "skipChecks": "key-customer-managed" });
    let trail = Trail { key: KeyRef::parse("alias/aws/s3"), ..trail() };
    let facts = Facts { key: Reading::Refused(Refusal::NotRead), ..facts() };
    let found = outcome(CheckId::KeyUsable, &skip, &trail, &facts);
    assert_eq!(found, "unknown key-alias-aws-managed");
}

/// The account of a planned key may be that of the trail.
#[test]
fn a_key_of_an_account_that_is_not_known_is_not_verified() {
    let region = Region::parse("us-east-1").unwrap();
    let key = KeyArn::planned("aws", &region, &AccountId::not_known(), "stack.Key");
    let trail = Trail { key: Some(KeyRef::Key(key)), ..trail() };
    for given in [json!({}), json!({ "allowedKmsKeyArns": KEY })] {
        let found = outcome(CheckId::KeyAllowed, &given, &trail, &facts());
        assert!(found.starts_with("unknown "), "{given} {found}");
    }
}

/// A Region that is not known before deployment may be that of the other.
#[test]
fn a_region_that_is_not_known_is_not_the_wrong_one() {
    let known = Region::parse("us-east-1").unwrap();
    let elsewhere = Region::parse("eu-west-1").unwrap();
    let account = AccountId::parse("111122223333").unwrap();
    for (of_key, of_bucket, expected) in [
        (&known, &known, "pass"),
        (&Region::not_known(), &Region::not_known(), "pass"),
        (&known, &elsewhere, "fail key-in-wrong-region"),
        (&Region::not_known(), &known, "unknown evidence-refused"),
        (&known, &Region::not_known(), "unknown evidence-refused"),
    ] {
        let key = KeyArn::planned("aws", of_key, &account, "Key");
        let trail = Trail { key: Some(KeyRef::Key(key)), ..trail() };
        let facts = Facts { bucket_region: Reading::Known(of_bucket.clone()), ..facts() };
        let found = outcome(CheckId::KeyInBucketRegion, &json!({}), &trail, &facts);
        assert_eq!(found, expected, "{of_key} {of_bucket}");
    }
}

/// A list restricts the keys of the trail's account. A planned key may become a listed one.
#[test]
fn a_key_of_the_account_must_be_on_the_list_of_keys() {
    const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/other";
    let region = Region::parse("us-east-1").unwrap();
    let (own, unknown) = (AccountId::parse("111122223333").unwrap(), AccountId::not_known());
    let existing = (trail().arn, KeyArn::parse(KEY).unwrap());
    let planned = (trail().arn, KeyArn::planned("aws", &region, &own, "Key"));
    let in_new_account = (
        TrailArn::unnamed("aws", &region, &unknown),
        KeyArn::planned("aws", &region, &unknown, "Key"),
    );
    for ((arn, key), allowed, expected) in [
        (&existing, KEY, "pass"),
        (&existing, OTHER, "fail key-not-listed"),
        (&existing, FOREIGN, "fail key-not-listed"),
        (&planned, FOREIGN, "fail key-not-listed"),
        (&planned, OTHER, "unknown evidence-refused"),
        (&in_new_account, OTHER, "unknown evidence-refused"),
    ] {
        let trail = Trail { arn: arn.clone(), key: Some(KeyRef::Key(key.clone())), ..trail() };
        let given = json!({ "allowedKmsKeyArns": allowed });
        let found = outcome(CheckId::KeyAllowed, &given, &trail, &facts());
        assert_eq!(found, expected, "{key} {allowed}");
    }
}

/// The account in an alias ARN decides as long as no key of that account can be allowed.
#[test]
fn an_alias_of_an_account_without_allowed_keys_fails_without_kms() {
    let refused = Facts { key: Reading::Refused(Refusal::NotRead), ..facts() };
    let of = |account: &str, given: serde_json::Value| {
        let alias = format!("arn:aws:kms:us-east-1:{account}:alias/logs");
        let trail = Trail { key: KeyRef::parse(&alias), ..trail() };
        outcome(CheckId::KeyAllowed, &given, &trail, &refused)
    };
    assert_eq!(of("777788889999", json!({})), "fail key-of-other-account");
    assert_eq!(
        of("777788889999", json!({ "allowedKmsKeyArns": KEY })),
        "fail key-of-other-account"
    );
    assert_eq!(of("111122223333", json!({ "allowedKmsKeyArns": FOREIGN })), "fail key-not-listed");
    for (account, given) in [
        ("777788889999", json!({ "allowedKeyAccounts": "777788889999" })),
        ("777788889999", json!({ "allowedKmsKeyArns": FOREIGN })),
        ("111122223333", json!({})),
    ] {
        assert_eq!(of(account, given.clone()), "unknown evidence-refused", "{account} {given}");
    }
}

/// Only for a key of another account may the manager be missing; the trail's account cannot use
/// an AWS managed key of another account.
#[test]
fn an_unrecognized_manager_is_not_a_pass() {
    let of = |key: &str, manager: &str| {
        let manager = KeyManager::from_kms(manager);
        let facts = Facts {
            key: Reading::Known(KeyFacts { manager, ..crate::fixtures::key() }),
            ..facts()
        };
        let trail = Trail { key: KeyRef::parse(key), ..trail() };
        outcome(CheckId::KeyCustomerManaged, &json!({}), &trail, &facts)
    };
    assert_eq!(of(FOREIGN, ""), "pass");
    assert_eq!(of(FOREIGN, "ROBOT"), "unknown key-manager-unknown");
    assert_eq!(of(KEY, ""), "unknown key-manager-unknown");
    assert_eq!(of(KEY, "ROBOT"), "unknown key-manager-unknown");
    assert_eq!(of(FOREIGN, "AWS"), "fail key-aws-managed");
}

#[test]
fn failures_decide_before_evidence_that_could_not_be_read() {
    let deciding = |facts: &Facts| -> Vec<&str> {
        let judgement = judge(&parameters(&json!({ "profile": "strict" })), &trail(), facts);
        judgement.verdict.deciding().map(|finding| finding.code.as_str()).collect()
    };
    let delivery = Reading::Refused(Refusal::NotRead);
    let off = Reading::Known(Rotation::Off);
    let both = Facts { rotation: off, delivery: delivery.clone(), ..facts() };
    assert_eq!(deciding(&both), ["key-not-rotated"]);
    assert_eq!(deciding(&Facts { delivery, ..facts() }), ["evidence-refused"]);
    assert_eq!(deciding(&facts()), [""; 0]);
}
