//! CloudTrail's delegated administrator changes the organization trail.

use serde_json::json;
use trailseal_lab::{Account, Lab, Membership, State};

use super::support::{
    ACCOUNT, BACK, JOURNAL, KEY, REGION, changes, denied, folder, key_of, run, state,
};

const MANAGEMENT: &str = "999988887777";
const ORGANIZATION_TRAIL: &str = "arn:aws:cloudtrail:us-east-1:999988887777:trail/organization";
const OWN_KEYS: &str = "allowedKeyAccounts=111122223333";
const SEAL: &[&str] =
    &[ORGANIZATION_TRAIL, "--key", KEY, "-p", OWN_KEYS, "--apply", "--yes", "--wait", "0"];

/// The organization trail belongs to the management account, the key to the caller.
fn organization(membership: Membership) -> State {
    let mut state = state(None);
    let regions = vec![REGION.to_owned(), "eu-west-1".to_owned()];
    state.accounts = vec![
        Account { id: ACCOUNT.to_owned(), membership, regions: regions.clone() },
        Account { id: MANAGEMENT.to_owned(), membership: Membership::Management, regions },
    ];
    state.trails[0].arn = ORGANIZATION_TRAIL.to_owned();
    state.trails[0].is_organization_trail = true;
    state.trails[0].is_multi_region_trail = true;
    state.buckets[0].account = MANAGEMENT.to_owned();
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegated_administrator_seals_the_organization_trail_and_backs_out() {
    let lab = Lab::start(organization(Membership::DelegatedAdministrator)).await.unwrap();
    let before = lab.state();
    let folder = folder("delegated");
    let seal = [SEAL, &["--journal", JOURNAL]].concat();
    let ended = run(&lab, &folder, &seal).expect(0);
    assert!(ended.out.contains("verdict   COMPLIANT"), "{}", ended.out);
    assert_eq!(changes(&lab), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    let state = lab.state();
    assert_eq!(key_of(&state, ORGANIZATION_TRAIL).as_deref(), Some(KEY));
    // The statement names the trail of the management account.
    let policy = state.keys[0].policy.as_deref().unwrap();
    assert!(
        policy.contains(&json!({ "aws:SourceArn": ORGANIZATION_TRAIL }).to_string()),
        "{policy}"
    );
    run(&lab, &folder, BACK).expect(0);
    assert_eq!(lab.state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_members_and_denied_reads() {
    let mut refused = organization(Membership::DelegatedAdministrator);
    refused.denials.push(denied("organizations:ListDelegatedAdministrators"));
    for (name, state) in [("member", organization(Membership::Member)), ("denied", refused)] {
        let lab = Lab::start(state.clone()).await.unwrap();
        let ended = run(&lab, &folder(&format!("delegated-{name}")), SEAL).expect(1);
        for args in ["organization-trail-of-another-account", "ListDelegatedAdministrators"] {
            assert!(ended.err.contains(args), "{args}: {}", ended.err);
        }
        assert_eq!(changes(&lab), [""; 0]);
        assert_eq!(lab.state(), state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_delegated_administrator_must_be_allowed() {
    let lab = Lab::start(organization(Membership::DelegatedAdministrator)).await.unwrap();
    let args = [ORGANIZATION_TRAIL, "--key", KEY, "-p", "allowedKeyAccounts=444455556666"];
    let ended = run(&lab, &folder("delegated-key"), &args).expect(1);
    assert!(ended.err.contains("key-not-allowed"), "{}", ended.err);
    assert_eq!(changes(&lab), [""; 0]);
}
