//! Keys that KMS describes as enabled: one of a stranger, to which an attacker moved a trail, and
//! one whose external key does not answer.

use serde_json::{Map, Value};
use trailseal_lab::Lab;

use super::audit::{Verdicts, verdicts_by_audit};
use super::faults::accounts::{schedule, with};
use super::harness::{ACCOUNT, REGION, RULE, TIME, bootstrap_of, error_of, lab};

const STATE: &str = include_str!("lab-states/foreign-key-and-external-key-store.json");
const RANSOMED: &str = "the key belongs to account 777788889999, which is neither this account nor \
                        in allowedKeyAccounts. Fix: add the account if it is yours";
const EXTERNAL: &str = "the key is in an external key store, and the latest delivery failed: \
                        KMS.KMSInvalidStateException. Fix: restore the external key and its key \
                        store proxy, or set kmsKeyId to another key";

async fn verdicts_by_function(lab: &Lab, parameters: &[(&str, &str)]) -> Verdicts {
    let mut function = bootstrap_of(lab, ACCOUNT, REGION).await;
    let token = lab.issue_token(ACCOUNT, REGION, RULE);
    let event = with(schedule(ACCOUNT, REGION), parameters).to_json(&token).to_string();
    let outcome = function.invoke(event.as_bytes(), TIME).await.unwrap().outcome;
    assert_eq!(error_of(outcome), None);
    let put = lab.take_put_evaluations().into_iter();
    put.map(|one| {
        let name = one.resource_id.rsplit('/').next().unwrap().to_owned();
        (name, (one.compliance_type, one.annotation.unwrap()))
    })
    .collect()
}

/// What function and command say of both trails; they say the same.
async fn verdicts(parameters: &[(&str, &str)]) -> Verdicts {
    let lab = lab(&serde_json::from_str(STATE).unwrap()).await;
    let by_function = verdicts_by_function(&lab, parameters).await;
    let given: Map<String, Value> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    assert_eq!(verdicts_by_audit("foreign-key", &lab, (ACCOUNT, REGION), &given), by_function);
    by_function
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_function_and_audit_report_a_strangers_key() {
    for parameters in [&[][..], &[("unverified", "COMPLIANT")], &[("profile", "strict")]] {
        let verdicts = verdicts(parameters).await;
        let (verdict, why) = &verdicts["ransomed"];
        assert_eq!(verdict, "NON_COMPLIANT", "{parameters:?}");
        assert!(why.starts_with(RANSOMED.split(". Fix").next().unwrap()), "{why}");
    }
    assert_eq!(verdicts(&[]).await["ransomed"].1, RANSOMED);
    let named = verdicts(&[("allowedKeyAccounts", "777788889999")]).await;
    assert_eq!(named["ransomed"].0, "COMPLIANT", "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_function_and_audit_report_an_external_key_that_does_not_answer() {
    for parameters in [&[][..], &[("unverified", "COMPLIANT")]] {
        let verdicts = verdicts(parameters).await;
        assert_eq!(verdicts["xks"], ("NON_COMPLIANT".to_owned(), EXTERNAL.to_owned()));
    }
}
