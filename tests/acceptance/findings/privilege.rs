//! Least privilege: `cdk/iam/least-privilege.json` grants exactly the operations that the function of
//! the import calls.

use std::collections::BTreeSet;

use accounts::{
    EXEMPTION_TAG, EXEMPTIONS, KEY_ACCOUNT, KEY_ROLE, account, add_exemptions, denial, key_arn,
    key_of_trails, role, role_arn, trail, trail_arn,
};
use trailseal_lab::{Membership, State};

use super::{ImportDesk, id, stored, two_trails};
use crate::acceptance::harness::{ACCOUNT, REGION};
use crate::acceptance::privilege::granted;

/// A state in which a run makes every call: an own key, a key that a role reads, a document with
/// exemptions, and a finding whose trail is gone.
pub(super) fn everything() -> State {
    let mut state = two_trails(&[
        ("profile", "strict"),
        ("allowedKeyAccounts", KEY_ACCOUNT),
        ("keyAccountRoleName", KEY_ROLE),
        ("exemptionsFrom", EXEMPTIONS),
    ]);
    add_exemptions(&mut state, b"[]");
    let (foreign, arn) = (key_arn(KEY_ACCOUNT, REGION, 7), trail_arn(ACCOUNT, REGION, "t2"));
    state.accounts.push(account(KEY_ACCOUNT, Membership::Outside, &[REGION]));
    state.keys.push(key_of_trails(&foreign, &[&arn]));
    state.trails.push(trail(&arn, "logs-0", Some(&foreign)));
    state.roles.push(role(&role_arn(REGION, KEY_ACCOUNT, KEY_ROLE), None));
    state.findings.push(stored(&id("gone")));
    state
}

/// The same, with a trail without a key, which a tag may exempt.
fn with_tag() -> State {
    let mut state = everything();
    let arn = trail_arn(ACCOUNT, REGION, "t3");
    let tags = [(EXEMPTION_TAG.to_owned(), "2026-12-31".to_owned())].into();
    state.trails.push(trailseal_lab::Trail { tags, ..trail(&arn, "logs-0", None) });
    let parameters = &mut state.config_rules[0].parameters;
    parameters.insert("exemptionTag".to_owned(), EXEMPTION_TAG.into());
    state
}

#[tokio::test]
async fn a_tag_exempts_a_trail_of_the_import_unless_it_cannot_be_read() {
    let desk = ImportDesk::open(with_tag()).await;
    desk.run().await.done();
    assert_eq!(desk.finding("t3")["Compliance"]["Status"], "NOT_AVAILABLE");
    let denied = State { denials: vec![denial("cloudtrail:ListTags")], ..with_tag() };
    let desk = ImportDesk::open(denied).await;
    let ran = desk.run().await;
    let error = ran.outcome.as_ref().unwrap_err();
    assert_eq!(error.kind(), "NotAllImported");
    assert!(error.to_string().contains("cloudtrail:ListTags in us-east-1 was denied"), "{error}");
    assert_eq!(desk.finding("t3")["Compliance"]["Status"], "FAILED");
}

#[tokio::test]
async fn the_role_of_the_import_grants_exactly_its_calls() {
    let desk = ImportDesk::open(with_tag()).await;
    let ran = desk.run().await;
    assert_eq!(ran.done().archived, 1);
    let of = |account: Option<&str>| -> BTreeSet<String> {
        let own = ran.calls.iter().filter(|call| call.account.as_deref() == account);
        own.map(|call| call.operation.clone()).collect()
    };
    assert_eq!(of(Some(ACCOUNT)), granted("findings"));
    // The role of a key account only reads keys, and S3 returns a bucket's Region to every caller.
    let reads = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"];
    assert!(of(Some(KEY_ACCOUNT)).is_subset(&reads.map(str::to_owned).into()));
    assert_eq!(of(None), ["s3:HeadBucket".to_owned()].into());
}
