//! The evidence that is read, and the trails that are not evaluated.

use serde_json::json;
use trailseal_rule::{
    AccountId, Answer, Check, CheckId, ComplianceType, EvaluationContext, EvidenceSource, Facts,
    Gathering, KeyArn, KeyFacts, KeyOrigin, KeyQuery, KeyRef, Needs, Parameters, Query, Reading,
    Refusal, Trail, key_arn, needs, needs_in_items,
};

use crate::fixtures::{
    FOREIGN, KEY, facts, key, now, parameters, region, report, rule_checks, strict, trail,
};

#[test]
fn only_evidence_of_enabled_checks_is_read() {
    let ask = |parameters: &Parameters, change: &dyn Fn(&mut Trail)| {
        let mut trail = trail();
        change(&mut trail);
        needs(&EvaluationContext { parameters, now: now() }, &trail)
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
    let none = Needs::default();
    assert_eq!(ask(&cis, &set(FOREIGN)), none, "AWS managed keys serve one account only");
    let mut foreign = trail();
    set(FOREIGN)(&mut foreign);
    let in_items = needs_in_items(&EvaluationContext { parameters: &cis, now: now() }, &foreign);
    assert_eq!(in_items, Needs { key: at(FOREIGN), ..Needs::default() }, "an item costs no call");
    let of_effective = |key| Needs {
        key,
        bucket: bucket.clone(),
        delivery_of_external_key: true,
        ..Needs::default()
    };
    assert_eq!(ask(&effective, &|_| {}), of_effective(at(KEY)));
    assert_eq!(ask(&effective, &set(FOREIGN)), of_effective(at(FOREIGN)));
    let everything =
        Needs { rotation: true, key_policy: true, delivery: true, ..of_effective(at(KEY)) };
    assert_eq!(ask(&strict(), &|_| {}), everything);
    for undescribable in
        ["alias/aws/s3", "arn:aws:kms:us-east-1:111122223333:alias/aws/s3", "not a key", ""]
    {
        assert_eq!(ask(&strict(), &set(undescribable)), none, "{undescribable}");
    }
    let is_copy = |trail: &mut Trail| trail.region = region("eu-west-1");
    assert_eq!(ask(&strict(), &is_copy), none, "a copy");
    let only_region =
        parameters(&json!({ "skipChecks": "key-customer-managed,key-usable,key-allowed" }));
    let in_region = |key| Needs { key, bucket: bucket.clone(), ..Needs::default() };
    assert_eq!(ask(&only_region, &|_| {}), in_region(None));
    for bare in ["alias/logs", "11111111-0000-4000-8000-111111111111"] {
        let key = Some(KeyQuery::InBucketRegion(KeyRef::parse(bare).unwrap()));
        assert_eq!(ask(&only_region, &set(bare)), in_region(key));
        let key = Some(KeyQuery::InBucketRegion(KeyRef::parse(bare).unwrap()));
        let expected = Needs { key, bucket: bucket.clone(), ..Needs::default() };
        assert_eq!(ask(&cis, &set(bare)), expected);
    }
    let alias = "arn:aws:kms:us-east-1:777788889999:alias/logs";
    let allowed = parameters(&json!({ "profile": "cis", "allowedKeyAccounts": "777788889999" }));
    assert_eq!(ask(&allowed, &set(alias)), Needs { key: at(alias), ..Needs::default() });
    assert_eq!(ask(&allowed, &set(FOREIGN)), none);
    for (name, expected) in [
        ("requireKeyRotation", Needs { key: at(FOREIGN), rotation: true, ..Needs::default() }),
        ("checkKeyPolicy", Needs { key_policy: true, ..Needs::default() }),
        ("checkDelivery", Needs { delivery: true, ..Needs::default() }),
    ] {
        let parameters = parameters(&json!({ "profile": "cis", name: "true" }));
        assert_eq!(ask(&parameters, &set(FOREIGN)), expected, "{name}");
    }
}

#[test]
fn copies_and_exempt_trails_are_not_evaluated() {
    let said = |parameters: &Parameters, trail: &Trail, facts: &Facts, words: &str| {
        let said = report(parameters, trail, facts);
        let text = said.annotation.as_str();
        let is_note = words.starts_with('(');
        assert!(if is_note { text.contains(words) } else { text == words }, "{text}");
        said.compliance
    };
    let copy = Trail { home_region: region("eu-west-1"), ..trail() };
    let member = Trail {
        is_organization_trail: true,
        account: AccountId::parse("444455556666").unwrap(),
        ..trail()
    };
    let words = "this copy of a multi-Region trail is not evaluated; its home Region is eu-west-1";
    let default = Parameters::default();
    assert_eq!(said(&default, &copy, &facts(), words), ComplianceType::NotApplicable);
    let words =
        "this copy of an organization trail is not evaluated; account 111122223333 owns the trail";
    assert_eq!(said(&default, &member, &facts(), words), ComplianceType::NotApplicable);
    let evaluated = parameters(&json!({ "replicas": "EVALUATE" }));
    let broken = Facts { bucket_region: Reading::Absent, ..facts() };
    said(&evaluated, &member, &broken, "(copy of a trail of account 111122223333). Fix:");
    said(&evaluated, &copy, &broken, "(copy of a trail of eu-west-1). Fix:");
    let exempt = |until: &str, words: &str| {
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab";
        let parameters = parameters(&json!({ "exemptTrails": format!("{arn}{until}") }));
        let compliance = said(&parameters, &trail(), &broken, words);
        let context = EvaluationContext { parameters: &parameters, now: now() };
        let is_exempt = compliance == ComplianceType::NotApplicable;
        assert_eq!(context.exempts(&trail().arn), is_exempt, "{until}");
        compliance
    };
    let none = ComplianceType::NotApplicable;
    assert_eq!(exempt("", "the trail is exempt (exemptTrails)"), none);
    let until = "the trail is exempt until 2026-11-23 (exemptTrails)";
    assert_eq!(exempt("@2026-11-23", until), none);
    let ended = exempt("@2026-11-22", "(its exemption ended on 2026-11-22). Fix:");
    assert_eq!(ended, ComplianceType::NonCompliant);
}

#[test]
fn the_key_arn_comes_from_kms_or_else_from_the_trail() {
    let of = |reference: &str, reading: Reading<KeyFacts>| {
        let (mut trail, mut facts) = (trail(), facts());
        trail.key = KeyRef::parse(reference);
        facts.key = reading;
        key_arn(&trail, &facts).map(|arn| arn.as_str().to_owned())
    };
    let known = || KeyFacts { arn: KeyArn::parse(FOREIGN).unwrap(), ..key() };
    assert_eq!(of("alias/logs", Reading::Known(known())).as_deref(), Some(FOREIGN));
    assert_eq!(of(KEY, Reading::Known(known())).as_deref(), Some(FOREIGN));
    assert_eq!(of(KEY, Reading::Absent).as_deref(), Some(KEY));
    assert_eq!(of("alias/logs", Reading::Absent), None);
    assert_eq!(of("", Reading::Absent), None);
}

/// `GetTrailStatus` costs a call only where the key turns out to be in an external key store.
#[test]
fn the_delivery_is_read_for_keys_of_external_key_stores_only() {
    let context = |parameters| EvaluationContext { parameters, now: now() };
    let effective = Parameters::default();
    let wanted = needs(&context(&effective), &trail());
    for (origin, wants) in [
        (KeyOrigin::AwsKms, false),
        (KeyOrigin::External, false),
        (KeyOrigin::CloudHsm, false),
        (KeyOrigin::Unrecognized, false),
        (KeyOrigin::ExternalKeyStore, true),
    ] {
        let key = Reading::Known(KeyFacts { origin, ..key() });
        assert_eq!(wanted.wants_delivery(&key), wants, "{origin:?}");
    }
    assert!(!wanted.wants_delivery(&Reading::Absent));
    let external = Reading::Known(KeyFacts { origin: KeyOrigin::ExternalKeyStore, ..key() });
    let cis = parameters(&json!({ "profile": "cis" }));
    assert!(!needs(&context(&cis), &trail()).wants_delivery(&external));
    assert!(needs(&context(&strict()), &trail()).wants_delivery(&Reading::Absent));
}

/// With all other checks off, each check still gets all evidence that it reads, for every form of key
/// reference.
#[test]
fn no_check_reads_evidence_that_it_does_not_declare() {
    let not_read = Refusal::NotRead.to_string();
    for check in rule_checks() {
        for reference in [
            KEY,
            FOREIGN,
            "alias/logs",
            "11111111-0000-4000-8000-111111111111",
            "arn:aws:kms:us-east-1:111122223333:alias/logs",
            "arn:aws:kms:us-east-1:777788889999:alias/logs",
        ] {
            for origin in [KeyOrigin::AwsKms, KeyOrigin::ExternalKeyStore] {
                let trail = Trail { key: KeyRef::parse(reference), ..trail() };
                let parameters = only(check);
                let context = EvaluationContext { parameters: &parameters, now: now() };
                let arn = if reference.contains("777788889999") { FOREIGN } else { KEY };
                let arn = KeyArn::parse(arn).unwrap();
                let facts = gathered(&context, &trail, &KeyFacts { arn, origin, ..key() });
                let outcome = check.evaluate(&context, &trail, &facts);
                let cause = outcome.finding().map(|finding| finding.cause.clone());
                let is_open = cause.as_ref().is_some_and(|cause| cause.contains(&not_read));
                assert!(!is_open, "{} {reference} {origin:?}: {cause:?}", check.name);
            }
        }
    }
}

/// Parameters that enable this check, and no other that can be skipped.
fn only(check: &Check) -> Parameters {
    let others = rule_checks().filter(|other| other.id != check.id && other.can_be_skipped);
    let others: Vec<&str> = others.map(|other| other.name).collect();
    let parameters = parameters(&json!({ "profile": "strict", "skipChecks": others.join(",") }));
    let enabled = rule_checks().filter(|other| other.is_enabled(&parameters));
    let enabled: Vec<CheckId> = enabled.map(|check| check.id).collect();
    assert!(enabled.contains(&check.id) && enabled.len() <= 2, "{enabled:?}");
    parameters
}

/// The facts where every query has an answer.
fn gathered(context: &EvaluationContext<'_>, trail: &Trail, key: &KeyFacts) -> Facts {
    let mut gathering = Gathering::new(context, trail, EvidenceSource::Items);
    for _ in 0..4 {
        for query in gathering.next_queries() {
            let Facts { bucket_region, rotation, key_policy, delivery, .. } = facts();
            gathering.answer(match query {
                Query::Key(..) => Answer::Key(Reading::Known(key.clone())),
                Query::BucketRegion(_) => Answer::BucketRegion(bucket_region),
                Query::Rotation(_) => Answer::Rotation(rotation),
                Query::KeyPolicy(_) => Answer::KeyPolicy(key_policy),
                Query::Delivery => Answer::Delivery(delivery),
                Query::DeliveryElsewhere => Answer::DeliveryElsewhere(None),
            });
        }
    }
    assert!(gathering.next_queries().is_empty());
    gathering.into_facts()
}
