//! States of `lab-states/` on a schedule, through the real function and `trailseal audit`.
//!
//! KMS reports two keys as enabled: one of a foreign account, to which an attacker moved a trail,
//! and one whose external key store does not respond. In a third state, the only statement for
//! CloudTrail in the key policy has no effect.

use super::audit::{Verdicts, verdicts, verdicts_by_audit};
use super::faults::desk::send_to_process;
use super::harness::{ACCOUNT, REGION, bootstrap, lab};
use accounts::{schedule, with};

const KEYS: &str = include_str!("lab-states/foreign-key-and-external-key-store.json");
const POLICY: &str = include_str!("lab-states/policy-statement-without-resource.json");
const RANSOMED: &str = "the key belongs to account 777788889999, which is neither this account nor \
                        in allowedKeyAccounts. Fix: if the account is yours, add it to allowedKeyAccounts";
const EXTERNAL: &str = "the key is in an external key store, and the latest delivery failed: \
                        KMS.KMSInvalidStateException. Fix: restore the external key and its key \
                        store proxy, or set kmsKeyId to another key";

/// What the function and the command both report for a state.
async fn verdicts_of(state: &str, parameters: &[(&str, &str)]) -> Verdicts {
    let lab = lab(&serde_json::from_str(state).unwrap()).await;
    let event = with(schedule(ACCOUNT, REGION), parameters);
    let sent = send_to_process(&lab, &mut bootstrap(&lab).await, &event).await;
    sent.accepted();
    let by_function = verdicts(sent.put);
    let by_audit = verdicts_by_audit("lab state", &lab, (ACCOUNT, REGION), &event.parameters);
    assert_eq!(by_audit, by_function);
    by_function
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_function_and_audit_report_a_foreign_key() {
    for parameters in [&[][..], &[("unverified", "COMPLIANT")], &[("profile", "strict")]] {
        let verdicts = verdicts_of(KEYS, parameters).await;
        let (verdict, why) = &verdicts["ransomed"];
        assert_eq!(verdict, "NON_COMPLIANT", "{parameters:?}");
        assert!(why.starts_with(RANSOMED.split(". Fix").next().unwrap()), "{why}");
    }
    assert_eq!(verdicts_of(KEYS, &[]).await["ransomed"].1, RANSOMED);
    let named = verdicts_of(KEYS, &[("allowedKeyAccounts", "777788889999")]).await;
    assert_eq!(named["ransomed"].0, "COMPLIANT", "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_function_and_audit_report_an_unreachable_external_key() {
    for parameters in [&[][..], &[("unverified", "COMPLIANT")]] {
        let verdicts = verdicts_of(KEYS, parameters).await;
        assert_eq!(verdicts["xks"], ("NON_COMPLIANT".to_owned(), EXTERNAL.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_without_resource_grants_nothing() {
    let verdicts = verdicts_of(POLICY, &[("profile", "strict")]).await;
    let (verdict, why) = &verdicts["main"];
    assert_eq!(verdict, "NON_COMPLIANT");
    let expected = "the key policy does not let CloudTrail encrypt this trail: ";
    assert!(why.contains(expected) && why.contains("without Resource has no effect"), "{why}");
}
