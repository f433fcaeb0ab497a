//! Looks up the owner of credentials.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::retries::RetryPartition;
use futures_util::FutureExt as _;
use trailseal_rule::{AccountId, Region};

use crate::connection::Connection;
use crate::endpoints::Service;
use crate::failure::{AwsError, failed};
use crate::session::sdk_config;

/// The owner of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The ARN of the user or role.
    pub arn: String,
}

/// Asks STS for the owner of the credentials. No policy can deny this call.
///
/// # Errors
///
/// [`AwsError::ServiceFailure`], also if STS rejects the credentials.
pub async fn caller(
    connection: &Connection,
    region: &Region,
    credentials: &SharedCredentialsProvider,
) -> Result<Caller, AwsError> {
    const ACTION: &str = "sts:GetCallerIdentity";
    let config = sdk_config(connection, credentials, Service::Sts, region);
    let config = aws_sdk_sts::config::Builder::from(&config)
        .retry_partition(RetryPartition::custom("trailseal-caller").build())
        .interceptor(connection.calls.of(None, region));
    let client = aws_sdk_sts::Client::from_conf(config.build());
    let answer = client.get_caller_identity().send().boxed().await;
    let answer = answer.map_err(|error| failed(ACTION, region, &error))?;
    let account = AccountId::parse(answer.account.as_deref().unwrap_or_default());
    let account = account.map_err(|error| {
        AwsError::bad_answer(ACTION, region, format!("the answer names no account: {error}"))
    })?;
    Ok(Caller { account, arn: answer.arn.unwrap_or_default() })
}
