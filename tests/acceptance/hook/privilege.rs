//! Least privilege: `cdk/iam/least-privilege.json` grants exactly the operations that the function of
//! the Hook calls.

use std::collections::BTreeSet;

use accounts::{KEY_ACCOUNT, KEY_ROLE};
use serde_json::json;
use trailseal_lab::Alias;

use super::faults::{KeyOf, scene};
use super::{HookDesk, Reply, key, sealed, with, without};
use crate::acceptance::harness::{ACCOUNT, REGION};
use crate::acceptance::privilege::granted;

/// The operations that an account is asked with; without one, those without a signature.
fn of(replies: &[Reply], account: Option<&str>) -> BTreeSet<String> {
    let calls = replies.iter().flat_map(|reply| &reply.calls);
    let own = calls.filter(|call| call.account.as_deref() == account);
    own.map(|call| call.operation.clone()).collect()
}

#[tokio::test]
async fn the_role_of_the_hook_grants_exactly_its_calls() {
    let (mut state, foreign) = scene(KeyOf::Other);
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/logs");
    state.aliases.push(Alias { arn, target_key_arn: key() });
    let parameters = [
        ("profile", "strict"),
        ("allowedKeyAccounts", KEY_ACCOUNT),
        ("keyAccountRoleName", KEY_ROLE),
    ];
    let desk = HookDesk::open(state, &parameters).await;
    let mut replies = Vec::new();
    for properties in [
        sealed(),
        foreign,
        with(sealed(), "KMSKeyId", json!("alias/logs")),
        with(sealed(), "IsOrganizationTrail", json!(true)),
        without(sealed(), "TrailName"),
        without(sealed(), "KMSKeyId"),
    ] {
        replies.push(desk.send_trail(&properties).await);
    }
    assert_eq!(of(&replies, Some(ACCOUNT)), granted("hook"));
    // The role of a key account only reads keys, and S3 returns a bucket's Region to every caller.
    let reads = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"];
    assert_eq!(of(&replies, Some(KEY_ACCOUNT)), reads.map(str::to_owned).into());
    assert_eq!(of(&replies, None), ["s3:HeadBucket".to_owned()].into());
}
