//! Keys of external key stores: KMS knows nothing about the external key, CloudTrail does.

use trailseal_rule::{Delivery, KeyFacts, KeyOrigin, Parameters, Reading, Refusal, Timestamp};

use crate::fixtures::{facts, key, report, trail};

fn time(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse(text).unwrap())
}

/// The annotation in the profile `effective`, for a delivery and the trail's last known change;
/// now is 2026-11-23T12:00:00Z.
fn said(delivery: Reading<Delivery>, changed: Option<Timestamp>) -> String {
    let (mut trail, mut facts) = (trail(), facts());
    trail.changed = changed;
    let origin = KeyOrigin::ExternalKeyStore;
    facts.key = Reading::Known(KeyFacts { origin, ..key() });
    facts.delivery = delivery;
    let said = report(&Parameters::default(), &trail, &facts);
    format!("{}: {}", said.compliance, said.annotation)
}

#[test]
fn an_external_key_passes_only_by_a_delivery_after_the_last_change() {
    let at = |text| Reading::Known(Delivery { delivered: time(text), ..Delivery::default() });
    let change = || time("2026-11-01T00:00:00Z");
    for (delivered, changed, passes) in [
        ("2026-11-01T00:00:00.001Z", change(), true),
        ("2026-11-01T00:00:00Z", change(), false),
        ("2026-10-31T00:00:00Z", change(), false),
        ("2026-11-22T12:00:00.001Z", None, true),
        ("2026-11-22T12:00:00Z", None, false),
        ("2020-01-01T00:00:00Z", None, false),
    ] {
        let found = said(at(delivered), changed);
        assert_eq!(found.starts_with("COMPLIANT"), passes, "{delivered}: {found}");
        let when =
            if changed.is_some() { "after 2026-11-01T00:00:00" } else { "in the last 24 hours" };
        let words = &format!(
            "could not verify that the key in the external key store works: nothing was delivered \
             {when}"
        );
        assert!(passes || found.contains(words.as_str()), "{found}");
    }
    let never = said(Reading::Known(Delivery::default()), change());
    assert!(never.contains("nothing was delivered after"), "{never}");
}

#[test]
fn an_error_of_the_key_fails_and_another_error_proves_nothing() {
    let with = |error: Option<&str>, digest_error: Option<&str>| {
        let (error, digest_error) = (error.map(str::to_owned), digest_error.map(str::to_owned));
        let delivered = time("2026-11-23T11:59:00Z");
        said(Reading::Known(Delivery { error, digest_error, delivered, is_logging: None }), None)
    };
    let fails = "NON_COMPLIANT: the key is in an external key store, and the latest delivery \
                 failed: KMS.KMSInvalidStateException. Fix: ";
    for found in [
        with(Some("KMS.KMSInvalidStateException"), None),
        with(None, Some("KMS.KMSInvalidStateException")),
        with(Some("AccessDenied"), Some("KMS.KMSInvalidStateException")),
    ] {
        assert!(found.starts_with(fails), "{found}");
    }
    for code in ["AccessDenied", "NoSuchBucket"] {
        let found = with(Some(code), None);
        assert!(found.contains(&format!("the latest delivery failed with {code}")), "{found}");
        assert!(found.contains("could not verify"), "{found}");
    }
    assert!(with(Some(""), None).starts_with("COMPLIANT"));
}

#[test]
fn a_status_that_was_not_read_proves_nothing() {
    let found = said(Reading::Refused(Refusal::NotRead), None);
    assert!(found.starts_with("NON_COMPLIANT: could not verify that the key in the external key store works: it was not read"), "{found}");
    let found = said(Reading::Absent, None);
    assert!(found.starts_with("NON_COMPLIANT: the trail does not exist any more"), "{found}");
}

#[test]
fn a_trail_that_does_not_log_says_it() {
    let (trail, mut facts) = (trail(), facts());
    for (is_logging, noted) in [(Some(false), true), (Some(true), false), (None, false)] {
        facts.delivery = Reading::Known(Delivery { is_logging, ..Delivery::default() });
        let said = report(&Parameters::default(), &trail, &facts);
        let found = said.annotation.as_str();
        assert_eq!(found.ends_with("(the trail does not log)"), noted, "{found}");
    }
}
