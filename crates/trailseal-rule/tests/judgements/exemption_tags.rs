//! Exemptions by the tag of a trail.

use serde_json::json;
use trailseal_rule::{
    AccountId, ComplianceType, EvaluationContext, Facts, Parameters, Reading, Refusal, Trail,
    evaluate, exemption_by_tag, exemption_tag_to_read,
};

use crate::fixtures::{facts, now, parameters, region, report, trail};

const TAG: &str = "trailseal:exempt-until";

fn tagged() -> Parameters {
    parameters(&json!({ "exemptionTag": TAG }))
}

fn from_document() -> Parameters {
    parameters(&json!({
        "exemptionTag": TAG, "exemptionsFrom": "s3://lab-exemptions/e.json",
    }))
}

fn broken() -> Facts {
    Facts { bucket_region: Reading::Absent, ..facts() }
}

fn unverified() -> Facts {
    Facts { bucket_region: Reading::Refused(Refusal::NotRead), ..facts() }
}

fn with_tag(value: &str, facts: Facts) -> Facts {
    Facts { exemption_tag: Reading::Known(value.to_owned()), ..facts }
}

fn asked(parameters: &Parameters, trail: &Trail, facts: &Facts) -> Option<String> {
    let context = EvaluationContext { parameters, now: now() };
    exemption_tag_to_read(&context, trail, facts).map(|key| key.as_str().to_owned())
}

#[test]
fn a_tag_exempts_a_trail_that_would_fail_from_today_to_the_ninetieth_day() {
    for day in ["2026-11-23", "2026-12-31", "2027-02-21"] {
        for facts in [broken(), unverified()] {
            let said = report(&tagged(), &trail(), &with_tag(day, facts));
            assert_eq!(said.compliance, ComplianceType::NotApplicable, "{day}");
            let why = format!(
                "the trail is exempt until {day} (tag {TAG}): a tag names no reason and no approver"
            );
            assert_eq!(said.annotation.as_str(), why);
        }
    }
}

#[test]
fn a_trail_that_a_tag_exempts_has_no_checks() {
    let parameters = parameters(&json!({ "exemptionTag": TAG, "skipChecks": "key-usable" }));
    let context = EvaluationContext { parameters: &parameters, now: now() };
    let failed = evaluate(&context, &trail(), &broken());
    assert_eq!((failed.skipped.len(), failed.key.is_some()), (1, true));
    let exempt = evaluate(&context, &trail(), &with_tag("2026-12-31", broken()));
    assert_eq!((exempt.skipped.len(), exempt.key), (0, None));
}

#[test]
fn a_tag_exempts_an_unverified_trail_only_if_unverified_trails_fail() {
    for (unverified_is, untagged, with_day) in [
        ("NON_COMPLIANT", ComplianceType::NonCompliant, "the trail is exempt until"),
        ("NOT_APPLICABLE", ComplianceType::NotApplicable, "could not verify"),
        ("COMPLIANT", ComplianceType::Compliant, "reported as compliant because"),
    ] {
        let parameters = parameters(&json!({ "exemptionTag": TAG, "unverified": unverified_is }));
        let fails = untagged == ComplianceType::NonCompliant;
        let said = report(&parameters, &trail(), &with_tag("2026-12-31", unverified()));
        let expected = if fails { ComplianceType::NotApplicable } else { untagged };
        assert_eq!(said.compliance, expected, "{unverified_is}");
        assert!(said.annotation.as_str().contains(with_day), "{}", said.annotation);
        let unread = report(&parameters, &trail(), &unverified());
        assert_eq!(unread.compliance, untagged, "{unverified_is}");
        assert_eq!(unread.annotation.as_str().contains("its tag"), fails, "{}", unread.annotation);
        assert_eq!(asked(&parameters, &trail(), &unverified()).is_some(), fails, "{unverified_is}");
        // A trail that fails is exempt with any value.
        let failed = report(&parameters, &trail(), &with_tag("2026-12-31", broken()));
        assert_eq!(failed.compliance, ComplianceType::NotApplicable, "{unverified_is}");
        assert_eq!(asked(&parameters, &trail(), &broken()).as_deref(), Some(TAG));
    }
}

#[test]
fn a_tag_does_not_prolong_a_named_exemption_that_has_ended() {
    let arn = trail().arn;
    for (pattern, day, is_exempt) in [
        (arn.as_str(), "2026-11-22", false),
        ("arn:aws:cloudtrail:*:*:trail/*", "2026-11-22", false),
        // The named exemption is in force.
        (arn.as_str(), "2026-11-23", true),
        // That of another trail has ended.
        ("arn:aws:cloudtrail:*:*:trail/other", "2026-11-22", true),
    ] {
        let exempt = format!("{pattern}@{day}");
        let parameters = parameters(&json!({ "exemptionTag": TAG, "exemptTrails": exempt }));
        let said = report(&parameters, &trail(), &with_tag("2026-12-31", broken()));
        assert_eq!(said.compliance == ComplianceType::NotApplicable, is_exempt, "{exempt}");
        if !is_exempt {
            let note = "(its exemption ended on 2026-11-22)";
            assert!(said.annotation.as_str().contains(note), "{}", said.annotation);
            // Nothing is read, so nothing is said about the tag.
            assert_eq!(asked(&parameters, &trail(), &broken()), None);
            let unread = report(&parameters, &trail(), &broken());
            assert!(!unread.annotation.as_str().contains("tag"), "{}", unread.annotation);
            let context = EvaluationContext { parameters: &parameters, now: now() };
            let tag = with_tag("2026-12-31", broken());
            assert_eq!(exemption_by_tag(&context, &trail(), &tag), None);
        }
    }
}

#[test]
fn a_tag_does_not_prolong_an_exemption_of_the_document() {
    let document = json!([{
        "trail": trail().arn.as_str(), "until": "2026-11-22", "reason": "r", "approver": "a",
    }]);
    let mut parameters = from_document();
    parameters.add_exemptions(document.to_string().as_bytes()).unwrap();
    let said = report(&parameters, &trail(), &with_tag("2026-12-31", broken()));
    assert_eq!(said.compliance, ComplianceType::NonCompliant);
    let note = "(its exemption ended on 2026-11-22)";
    assert!(said.annotation.as_str().contains(note), "{}", said.annotation);
    assert_eq!(asked(&parameters, &trail(), &broken()), None);
}

#[test]
fn an_exemption_by_tag_keeps_the_note_of_a_document_that_was_not_read() {
    let said = report(&from_document(), &trail(), &with_tag("2026-12-31", broken()));
    assert_eq!(said.compliance, ComplianceType::NotApplicable);
    let note = "(exemptions of s3://lab-exemptions/e.json not read)";
    assert!(said.annotation.as_str().contains(note), "{}", said.annotation);
    assert!(said.annotation.as_str().contains("exempt until 2026-12-31"), "{}", said.annotation);
}

#[test]
fn a_tag_without_a_day_in_these_days_exempts_nothing_and_says_so() {
    let no_day = format!("(its tag {TAG} is not a date, YYYY-MM-DD)");
    let ended = "(its exemption by tag ended on 2026-11-22)";
    let far = |day: &str| format!("(its tag {TAG} is {day}, more than 90 days ahead)");
    for (value, note) in [
        ("2026-11-22", ended),
        ("0001-01-01", "(its exemption by tag ended on 0001-01-01)"),
        ("2027-02-22", &far("2027-02-22")),
        ("9999-12-31", &far("9999-12-31")),
        ("", &no_day),
        ("true", &no_day),
        ("2026-12-32", &no_day),
        ("2027-02-29", &no_day),
        (" 2026-12-31", &no_day),
        ("2026-12-31\n", &no_day),
        ("2026-12-31T00:00:00Z", &no_day),
        ("26-12-31", &no_day),
        ("+026-12-31", &no_day),
        ("2026-1\u{662}-31", &no_day),
        ("*", &no_day),
    ] {
        let said = report(&tagged(), &trail(), &with_tag(value, broken()));
        assert_eq!(said.compliance, ComplianceType::NonCompliant, "{value}");
        assert!(said.annotation.as_str().contains(note), "{value}: {}", said.annotation);
    }
}

#[test]
fn a_tag_that_is_absent_or_not_read_exempts_nothing() {
    let absent = report(&tagged(), &trail(), &Facts { exemption_tag: Reading::Absent, ..broken() });
    assert_eq!(absent.compliance, ComplianceType::NonCompliant);
    assert!(!absent.annotation.as_str().contains("tag"), "{}", absent.annotation);
    let unread = report(&tagged(), &trail(), &broken());
    assert_eq!(unread.compliance, ComplianceType::NonCompliant);
    let note = format!("(its tag {TAG} was not read)");
    assert!(unread.annotation.as_str().contains(&note), "{}", unread.annotation);
    // Without the parameter, the same tag means nothing.
    let tag = with_tag("2026-12-31", broken());
    let off = report(&Parameters::default(), &trail(), &tag);
    assert_eq!(off.compliance, ComplianceType::NonCompliant);
    assert!(!off.annotation.as_str().contains("tag"), "{}", off.annotation);
}

#[test]
fn a_sealed_trail_stays_compliant_whatever_its_tag_says() {
    for value in ["2026-12-31", "2020-01-01", "x"] {
        let said = report(&tagged(), &trail(), &with_tag(value, facts()));
        assert_eq!(said.compliance, ComplianceType::Compliant, "{value}");
        assert!(!said.annotation.as_str().contains("tag"), "{}", said.annotation);
    }
}

#[test]
fn the_tag_is_read_only_if_the_trail_would_fail() {
    let key = Some(TAG.to_owned());
    assert_eq!(asked(&tagged(), &trail(), &broken()), key);
    assert_eq!(asked(&tagged(), &trail(), &unverified()), key);
    assert_eq!(asked(&tagged(), &trail(), &facts()), None);
    assert_eq!(asked(&Parameters::default(), &trail(), &broken()), None);
    let exempt = parameters(&json!({
        "exemptionTag": TAG, "exemptTrails": "arn:aws:cloudtrail:*:*:trail/lab",
    }));
    assert_eq!(asked(&exempt, &trail(), &broken()), None);
    let member = Trail {
        is_organization_trail: true,
        account: AccountId::parse("444455556666").unwrap(),
        ..trail()
    };
    let shadow = Trail { home_region: region("eu-west-1"), ..trail() };
    assert_eq!(asked(&tagged(), &shadow, &broken()), None);
    let copies = parameters(&json!({ "exemptionTag": TAG, "replicas": "EVALUATE" }));
    assert_eq!(asked(&copies, &shadow, &broken()), key);
    assert_eq!(asked(&copies, &member, &broken()), None);
    let said = report(&copies, &member, &broken());
    assert_eq!(said.compliance, ComplianceType::NonCompliant);
    assert!(said.annotation.as_str().contains("was not read"), "{}", said.annotation);
}

#[test]
fn the_exemption_for_reports_is_the_one_that_the_tag_states() {
    let parameters = tagged();
    let context = EvaluationContext { parameters: &parameters, now: now() };
    let of = |value: &str| exemption_by_tag(&context, &trail(), &with_tag(value, broken()));
    for (day, has_ended) in [("2026-12-31", false), ("2026-11-22", true)] {
        let exemption = of(day).unwrap();
        assert_eq!(exemption.pattern(), trail().arn.as_str());
        assert_eq!(exemption.last_day(), Some(day));
        assert_eq!(exemption.has_ended(now()), has_ended);
    }
    assert_eq!((of("2027-02-22"), of("x")), (None, None));
    assert_eq!(exemption_by_tag(&context, &trail(), &broken()), None);
}
