//! KMS, called with the AWS SDK.

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyManagerType, KeyState};
use trailseal_lab::{Denial, Lab, State};

use super::support::{ACCOUNT, MEMBER, REGION, STRANGER, code, lab, sdk};

const SEALED: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const DOOMED: &str = "arn:aws:kms:us-east-1:111122223333:key/33333333-0000-4000-8000-333333333333";
const GONE: &str = "arn:aws:kms:us-east-1:111122223333:key/44444444-0000-4000-8000-444444444444";
const SHARED: &str = "arn:aws:kms:us-east-1:111122223333:key/55555555-0000-4000-8000-555555555555";

async fn lab_and_client() -> (Lab, Client) {
    changed(|_| {}).await
}

/// The same with a changed state.
async fn changed(change: impl FnOnce(&mut State)) -> (Lab, Client) {
    let lab = lab().await;
    lab.edit(change);
    let client = Client::new(&sdk(&lab, ACCOUNT, REGION));
    (lab, client)
}

#[tokio::test]
async fn a_key_is_described_by_id_arn_and_alias() {
    let (lab, kms) = lab_and_client().await;
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/trail-logs";
    for name in [SEALED, "11111111-0000-4000-8000-111111111111", "alias/trail-logs", alias] {
        let key = kms.describe_key().key_id(name).send().await.unwrap().key_metadata.unwrap();
        assert_eq!(key.arn(), Some(SEALED), "{name}");
        assert_eq!(key.key_manager(), Some(&KeyManagerType::Customer));
        assert_eq!(key.key_state(), Some(&KeyState::Enabled));
        assert!(key.enabled());
    }
    let doomed = kms.describe_key().key_id(DOOMED).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(doomed.key_state(), Some(&KeyState::PendingDeletion));
    assert_eq!(doomed.deletion_date().unwrap().secs(), 1_797_242_400);
    assert!(lab.created_aws_managed_keys().is_empty());
}

#[tokio::test]
async fn missing_keys_and_malformed_arns_have_different_errors() {
    let (lab, kms) = lab_and_client().await;
    let elsewhere = "arn:aws:kms:eu-west-1:111122223333:key/77777777-0000-4000-8000-777777777777";
    for (name, expected) in [
        (GONE, "NotFoundException"),
        ("44444444-0000-4000-8000-444444444444", "NotFoundException"),
        ("no-key-id", "NotFoundException"),
        ("alias/none", "NotFoundException"),
        (elsewhere, "NotFoundException"),
        ("arn:aws:kms:us-east-1", "InvalidArnException"),
    ] {
        let answer = kms.describe_key().key_id(name).send().await;
        let error = answer.unwrap_err().into_service_error();
        assert_eq!(error.is_not_found_exception(), expected == "NotFoundException", "{name}");
        assert_eq!(error.is_invalid_arn_exception(), expected == "InvalidArnException", "{name}");
    }
    let ireland = Client::new(&sdk(&lab, ACCOUNT, "eu-west-1"));
    assert!(ireland.describe_key().key_id(elsewhere).send().await.is_ok());
}

#[tokio::test]
async fn another_account_can_describe_only_permitted_keys_and_only_by_arn() {
    let lab = lab().await;
    let member = Client::new(&sdk(&lab, MEMBER, REGION));
    assert!(member.describe_key().key_id(SHARED).send().await.is_ok());
    assert!(member.get_key_rotation_status().key_id(SHARED).send().await.is_ok());
    let policy = member.get_key_policy().key_id(SHARED).send().await;
    assert_eq!(code(policy), "AccessDeniedException");
    // KMS hides from other accounts whether the key exists.
    for name in [SEALED, GONE] {
        assert_eq!(code(member.describe_key().key_id(name).send().await), "AccessDeniedException");
    }
    let bare = SHARED.rsplit('/').next().unwrap();
    assert_eq!(code(member.describe_key().key_id(bare).send().await), "NotFoundException");
    let stranger = Client::new(&sdk(&lab, STRANGER, REGION));
    assert_eq!(code(stranger.describe_key().key_id(SHARED).send().await), "AccessDeniedException");
}

#[tokio::test]
async fn describing_a_predefined_alias_creates_its_key_and_is_recorded() {
    let (lab, kms) = lab_and_client().await;
    let made = kms.describe_key().key_id("alias/aws/s3").send().await.unwrap();
    assert_eq!(made.key_metadata.unwrap().key_manager(), Some(&KeyManagerType::Aws));
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/aws/s3";
    assert_eq!(lab.created_aws_managed_keys(), [alias]);
    assert!(kms.describe_key().key_id(alias).send().await.is_ok());
    assert_eq!(lab.created_aws_managed_keys().len(), 1);
}

#[tokio::test]
async fn policies_and_rotation_are_read() {
    let (_lab, kms) = lab_and_client().await;
    let policy = kms.get_key_policy().key_id(SEALED).send().await.unwrap();
    assert!(policy.policy().unwrap().contains("kms:GenerateDataKey*"));
    assert_eq!(policy.policy_name(), Some("default"));
    let usual = kms.get_key_policy().key_id(SHARED).send().await.unwrap();
    assert!(usual.policy().unwrap().contains("key-default-1"));
    let by_alias = kms.get_key_policy().key_id("alias/trail-logs").send().await;
    assert_eq!(code(by_alias), "NotFoundException");
    let other = kms.get_key_policy().key_id(SEALED).policy_name("other").send().await;
    assert_eq!(code(other), "NotFoundException");
    let rotation = kms.get_key_rotation_status().key_id(SEALED).send().await.unwrap();
    assert!(rotation.key_rotation_enabled());
    assert_eq!(rotation.rotation_period_in_days(), Some(365));
    let doomed = kms.get_key_rotation_status().key_id(DOOMED).send().await.unwrap();
    assert!(!doomed.key_rotation_enabled());
}

#[tokio::test]
async fn rotation_of_asymmetric_and_imported_keys_is_unsupported() {
    let (_lab, kms) = changed(|state| {
        for key in &mut state.keys {
            match key.arn.as_str() {
                SEALED => key.spec = "RSA_2048".to_owned(),
                SHARED => key.origin = "EXTERNAL".to_owned(),
                DOOMED => key.manager = "AWS".to_owned(),
                _ => {}
            }
        }
    })
    .await;
    for name in [SEALED, SHARED] {
        let answer = kms.get_key_rotation_status().key_id(name).send().await;
        let error = answer.unwrap_err().into_service_error();
        assert!(error.is_unsupported_operation_exception(), "{name}");
    }
    let managed = kms.get_key_rotation_status().key_id(DOOMED).send().await.unwrap();
    assert!(managed.key_rotation_enabled());
}

#[tokio::test]
async fn denials_in_the_state_apply_to_the_accounts_own_identities() {
    let denial = Denial {
        account: ACCOUNT.to_owned(),
        operation: "kms:DescribeKey".to_owned(),
        about: Some(SEALED.to_owned()),
        policy: Some("none".to_owned()),
        ..Denial::default()
    };
    let (_lab, kms) = changed(|state| state.denials.push(denial)).await;
    let denied = kms.describe_key().key_id(SEALED).send().await;
    let message = format!("{:?}", denied.as_ref().unwrap_err());
    assert!(message.contains("is not authorized to perform: kms:DescribeKey on resource"));
    assert_eq!(code(denied), "AccessDeniedException");
    assert!(kms.describe_key().key_id(SHARED).send().await.is_ok());
}

#[tokio::test]
async fn a_call_is_recorded_with_account_region_and_outcome() {
    let (lab, kms) = lab_and_client().await;
    drop(kms.describe_key().key_id(SEALED).send().await);
    drop(kms.describe_key().key_id(GONE).send().await);
    assert_eq!(lab.call_counts().get("kms:DescribeKey"), Some(&2));
    let calls = lab.take_calls();
    assert_eq!(lab.take_calls(), []);
    assert_eq!(calls[0].account.as_deref(), Some(ACCOUNT));
    assert_eq!(calls[0].region.as_deref(), Some(REGION));
    assert_eq!(calls[0].request["KeyId"], SEALED);
    assert_eq!((calls[0].status, calls[0].error.as_deref()), (Some(200), None));
    assert_eq!(calls[1].error.as_deref(), Some("NotFoundException"));
}
