//! Changes of keys and trails, as the AWS SDK sees them.

use std::time::Duration;

use aws_sdk_cloudtrail::Client as CloudTrail;
use aws_sdk_kms::Client as Kms;
use trailseal_lab::{Hang, Lab};

use super::support::{ACCOUNT, MEMBER, REGION, code, lab, sdk};

const BARE: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/unencrypted";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const DISABLED: &str =
    "arn:aws:kms:us-east-1:111122223333:key/22222222-0000-4000-8000-222222222222";
const DOOMED: &str = "arn:aws:kms:us-east-1:111122223333:key/33333333-0000-4000-8000-333333333333";

fn cloudtrail(lab: &Lab, account: &str, region: &str) -> CloudTrail {
    CloudTrail::new(&sdk(lab, account, region))
}

fn kms(lab: &Lab) -> Kms {
    Kms::new(&sdk(lab, ACCOUNT, REGION))
}

async fn seal(client: &CloudTrail, trail: &str, key: &str) -> String {
    let answer = client.update_trail().name(trail).kms_key_id(key).send().await;
    code(answer)
}

fn policy(trail: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"kms:*","Resource":"*"}},
        {{"Effect":"Allow","Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":"kms:GenerateDataKey*",
          "Resource":"*","Condition":{{"StringEquals":{{"aws:SourceArn":"{trail}"}}}}}}]}}"#
    )
}

async fn put(client: &Kms, key: &str, policy: &str) -> String {
    let put = client.put_key_policy().key_id(key).policy_name("default").policy(policy);
    code(put.send().await)
}

fn key_of(lab: &Lab, trail: &str) -> Option<String> {
    let state = lab.state();
    state.trails.iter().find(|one| one.arn == trail).and_then(|one| one.kms_key_id.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn update_trail_accepts_a_key_only_if_cloudtrail_can_encrypt_with_it() {
    let lab = lab().await;
    let client = cloudtrail(&lab, ACCOUNT, REGION);
    for (trail, key, expected) in [
        ("unencrypted", KEY, "InsufficientEncryptionPolicyException"),
        ("unencrypted", DISABLED, "KmsException"),
        ("unencrypted", DOOMED, "KmsException"),
        ("unencrypted", "alias/missing", "KmsKeyNotFoundException"),
        ("unencrypted", "arn:aws:s3:::a", "InvalidKmsKeyIdException"),
        ("key-elsewhere", KEY, "KmsKeyNotFoundException"),
        ("missing", KEY, "TrailNotFoundException"),
        (
            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/ireland",
            KEY,
            "InvalidHomeRegionException",
        ),
        ("ireland", KEY, "InvalidHomeRegionException"),
    ] {
        assert_eq!(seal(&client, trail, key).await, expected, "{trail} {key}");
    }
    assert_eq!(key_of(&lab, BARE), None);
    let member = cloudtrail(&lab, MEMBER, REGION);
    let organization = "arn:aws:cloudtrail:us-east-1:111122223333:trail/organization";
    let refused = seal(&member, organization, KEY).await;
    assert_eq!(refused, "NotOrganizationMasterAccountException");

    assert_eq!(put(&kms(&lab), KEY, &policy(BARE)).await, "no error");
    assert_eq!(seal(&client, "unencrypted", KEY).await, "no error");
    assert_eq!(key_of(&lab, BARE).as_deref(), Some(KEY));
    assert_eq!(seal(&client, BARE, "").await, "no error");
    assert_eq!(key_of(&lab, BARE), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_change_takes_time_to_propagate_and_a_wrong_policy_stops_delivery() {
    let lab = lab().await;
    lab.set_policy_propagation(Duration::from_millis(300));
    let client = cloudtrail(&lab, ACCOUNT, REGION);
    assert_eq!(put(&kms(&lab), KEY, &policy(BARE)).await, "no error");
    let shown = kms(&lab).get_key_policy().key_id(KEY).send().await.unwrap();
    assert_eq!(shown.policy(), Some(policy(BARE).as_str()));
    let early = seal(&client, "unencrypted", KEY).await;
    assert_eq!(early, "InsufficientEncryptionPolicyException");
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(seal(&client, "unencrypted", KEY).await, "no error");
    // The policy now admits one trail and no longer the other.
    let sealed = "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed";
    let broken = lab.broken_deliveries();
    assert_eq!(broken.get(sealed).map(String::as_str), Some("AccessDenied"));
    assert_eq!(broken.get(BARE), None);
    let moments = lab.take_delivery_moments();
    let after: Vec<&str> = moments.iter().map(|moment| moment.after.as_str()).collect();
    assert_eq!(after, ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    assert!(kms(&lab).disable_key().key_id(KEY).send().await.is_ok());
    let status = client.get_trail_status().name(BARE).send().await.unwrap();
    assert_eq!(status.latest_delivery_error(), Some("KMS.DisabledException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_created_listed_and_saved_from_deletion() {
    let lab = lab().await;
    let client = kms(&lab);
    let tag = aws_sdk_kms::types::Tag::builder().tag_key("journal").tag_value("a").build().unwrap();
    let made = client.create_key().policy(policy(BARE)).tags(tag).send().await.unwrap();
    let made = made.key_metadata.unwrap().arn.unwrap();
    let name = || client.create_alias().alias_name("alias/trails").target_key_id(&made);
    assert!(name().send().await.is_ok());
    let again = code(name().send().await);
    assert_eq!(again, "AlreadyExistsException");
    assert!(client.enable_key_rotation().key_id(&made).send().await.is_ok());
    let rotation = client.get_key_rotation_status().key_id(&made).send().await.unwrap();
    assert!(rotation.key_rotation_enabled);
    let mut found = Vec::new();
    let mut pages = client.list_keys().limit(1).into_paginator().send();
    while let Some(page) = pages.next().await {
        for key in page.unwrap().keys.unwrap_or_default() {
            let arn = key.key_arn.unwrap();
            let tags = client.list_resource_tags().key_id(&arn).send().await.unwrap();
            if tags.tags().iter().any(|tag| tag.tag_key == "journal") {
                found.push(arn);
            }
        }
    }
    assert_eq!(found, [made]);

    let enable = || client.enable_key().key_id(DOOMED);
    let early = code(enable().send().await);
    assert_eq!(early, "KMSInvalidStateException");
    assert!(client.cancel_key_deletion().key_id(DOOMED).send().await.is_ok());
    let saved = client.describe_key().key_id(DOOMED).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(saved.key_state.unwrap().as_str(), "Disabled");
    assert!(enable().send().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_lock_out_the_caller_or_are_too_long_are_refused() {
    let lab = lab().await;
    let client = kms(&lab);
    let locked = policy(BARE).replace(":root", ":role/somebody");
    assert_eq!(put(&client, KEY, &locked).await, "MalformedPolicyDocumentException");
    assert_eq!(put(&client, KEY, "{").await, "MalformedPolicyDocumentException");
    let fits = format!("{:<32768}", policy(BARE));
    assert_eq!(put(&client, KEY, &fits).await, "no error");
    assert_eq!(put(&client, KEY, &format!("{fits} ")).await, "LimitExceededException");
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudtrail_accepts_one_change_per_second() {
    let lab = lab().await;
    lab.keep_write_rate();
    let client = cloudtrail(&lab, ACCOUNT, REGION);
    assert_eq!(seal(&client, "sealed", KEY).await, "no error");
    assert_eq!(seal(&client, "sealed", KEY).await, "ThrottlingException");
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(seal(&client, "sealed", KEY).await, "no error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_hangs_before_or_after_it_is_carried_out() {
    for (hang, expected) in [(Hang::BeforeTheChange, Some(KEY)), (Hang::AfterTheChange, None)] {
        let lab = lab().await;
        let client = cloudtrail(&lab, ACCOUNT, REGION);
        lab.hang_at_change(2, hang);
        assert_eq!(seal(&client, "sealed", KEY).await, "no error");
        assert!(!lab.has_hung());
        let sealed = "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed";
        let waiting = seal(&client, "sealed", "");
        let waited = tokio::time::timeout(Duration::from_millis(200), waiting).await;
        assert!(waited.is_err() && lab.has_hung());
        assert_eq!(key_of(&lab, sealed).as_deref(), expected);
        assert_eq!(seal(&client, "sealed", KEY).await, "no error");
        lab.clear_hang();
        assert!(!lab.has_hung());
    }
}
