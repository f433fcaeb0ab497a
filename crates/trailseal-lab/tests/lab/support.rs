//! A lab and AWS SDK clients for it.

use std::path::PathBuf;

use aws_credential_types::Credentials as SdkCredentials;
use aws_sdk_kms::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use trailseal_lab::{Credentials, Lab, State};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const MEMBER: &str = "444455556666";
pub(super) const STRANGER: &str = "777788889999";
pub(super) const REGION: &str = "us-east-1";

/// A lab with the default state.
pub(super) async fn lab() -> Lab {
    Lab::start(State::default_state().unwrap()).await.unwrap()
}

/// The SDK's configuration for an account's own credentials, without retries.
pub(super) fn sdk(lab: &Lab, account: &str, region: &str) -> SdkConfig {
    sdk_with(lab, &lab.credentials(account), region)
}

/// The SDK's configuration for any credentials, without retries.
pub(super) fn sdk_with(lab: &Lab, credentials: &Credentials, region: &str) -> SdkConfig {
    sdk_at(&lab.url(), credentials, region)
}

/// The SDK's configuration for an endpoint, without retries.
pub(super) fn sdk_at(url: &str, credentials: &Credentials, region: &str) -> SdkConfig {
    let credentials = SdkCredentials::new(
        credentials.access_key_id.as_str(),
        credentials.secret_access_key.as_str(),
        Some(credentials.session_token.clone()),
        None,
        "lab",
    );
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

pub(super) fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    match answer {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.code().unwrap_or("an error without code").to_owned(),
    }
}

pub(super) fn stub() -> PathBuf {
    let command = PathBuf::from(env!("CARGO_BIN_EXE_trailseal-lab"));
    command.with_file_name("examples").join("stub_function")
}
