//! Least privilege: `cdk/iam/least-privilege.json` grants exactly the operations that the function of
//! the import calls.

use std::collections::BTreeSet;

use accounts::{
    EXEMPTIONS, KEY_ACCOUNT, KEY_ROLE, account, add_exemptions, key_arn, key_of_trails, role,
    role_arn, trail, trail_arn,
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

#[tokio::test]
async fn the_role_of_the_import_grants_exactly_its_calls() {
    let desk = ImportDesk::open(everything()).await;
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
