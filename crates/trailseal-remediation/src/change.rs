//! Makes one call that changes something.

use aws_sdk_cloudtrail::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudtrail::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use trailseal_aws::{AwsError, failed};
use trailseal_plan::{Call, JOURNAL_TAG, KeyTarget, Tag};
use trailseal_rule::{Denial, KeyArn, Region};

use crate::clients;
use crate::read::AwsReader;
use crate::wait::{WaitPolicy, before_trail_change};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallResult {
    /// AWS made the change.
    Done { request_id: Option<String>, created_key: Option<KeyArn> },
    /// AWS did not make the change.
    Refused {
        code: String,
        cause: String,
        /// The policy that denied it, if AWS names one.
        denial: Option<Denial>,
    },
    /// There is no response: AWS may have made the change.
    Unclear(String),
}

impl AwsReader<'_> {
    /// Makes the call. A created key has the journal's ID in a tag.
    pub(crate) async fn make(
        &self,
        call: &Call,
        journal: &str,
        wait_policy: &WaitPolicy,
    ) -> CallResult {
        match call {
            Call::CreateKey { region, description, tags, policy } => {
                self.create_key(region, description, tags, policy, journal).await
            }
            Call::UpdateTrail { trail, region, key } => {
                // An empty ID turns SSE-KMS off.
                let id = match key.as_ref().map(KeyTarget::arn) {
                    None => "",
                    Some(Some(arn)) => arn.as_str(),
                    Some(None) => return never_sent(NO_KEY),
                };
                before_trail_change(wait_policy).await;
                let client = clients::cloudtrail_for_changes(self.session, region);
                let request = client.update_trail().name(trail.as_str()).kms_key_id(id);
                result("cloudtrail:UpdateTrail", region, request.send().await)
            }
            Call::CreateAlias { key, .. }
            | Call::CancelKeyDeletion { key }
            | Call::EnableKey { key }
            | Call::DisableKey { key }
            | Call::PutKeyPolicy { key, .. }
            | Call::EnableKeyRotation { key, .. } => match key.arn() {
                Some(arn) => self.change_key(call, arn).await,
                None => never_sent(NO_KEY),
            },
        }
    }

    async fn create_key(
        &self,
        region: &Region,
        description: &str,
        tags: &[Tag],
        policy: &str,
        journal: &str,
    ) -> CallResult {
        let client = clients::kms_for_changes(self.session, region);
        let mut request = client.create_key().description(description).policy(policy);
        let journal = Tag { key: JOURNAL_TAG.to_owned(), value: journal.to_owned() };
        for tag in tags.iter().chain([&journal]) {
            let tag = aws_sdk_kms::types::Tag::builder().tag_key(&tag.key).tag_value(&tag.value);
            match tag.build() {
                Ok(tag) => request = request.tags(tag),
                Err(error) => return never_sent(&error.to_string()),
            }
        }
        let answer = request.send().await;
        let metadata = answer.as_ref().ok().and_then(|answer| answer.key_metadata());
        let arn = metadata.and_then(|key| KeyArn::parse(key.arn()?).ok());
        match (result("kms:CreateKey", region, answer), arn) {
            (CallResult::Done { request_id, .. }, Some(arn)) => {
                CallResult::Done { request_id, created_key: Some(arn) }
            }
            (CallResult::Done { .. }, None) => {
                CallResult::Unclear("CreateKey returned no key ARN".to_owned())
            }
            (failure, _) => failure,
        }
    }

    async fn change_key(&self, call: &Call, key: &KeyArn) -> CallResult {
        let (id, region) = (key.as_str(), key.region());
        let client = clients::kms_for_changes(self.session, region);
        match call {
            Call::CreateAlias { alias, .. } => {
                let request = client.create_alias().alias_name(alias).target_key_id(id);
                result("kms:CreateAlias", region, request.send().await)
            }
            Call::CancelKeyDeletion { .. } => {
                let request = client.cancel_key_deletion().key_id(id);
                result("kms:CancelKeyDeletion", region, request.send().await)
            }
            Call::EnableKey { .. } => {
                result("kms:EnableKey", region, client.enable_key().key_id(id).send().await)
            }
            Call::DisableKey { .. } => {
                result("kms:DisableKey", region, client.disable_key().key_id(id).send().await)
            }
            Call::PutKeyPolicy { policy, .. } => {
                let request = client.put_key_policy().key_id(id).policy_name("default");
                result("kms:PutKeyPolicy", region, request.policy(policy).send().await)
            }
            Call::EnableKeyRotation { period_days, .. } => {
                let days = period_days.and_then(|days| days.try_into().ok());
                let request = client.enable_key_rotation().key_id(id);
                let request = request.set_rotation_period_in_days(days);
                result("kms:EnableKeyRotation", region, request.send().await)
            }
            Call::CreateKey { .. } | Call::UpdateTrail { .. } => {
                never_sent("the call does not change an existing key")
            }
        }
    }
}

const NO_KEY: &str = "the key is not created yet";

fn never_sent(cause: &str) -> CallResult {
    CallResult::Refused { code: "NotSent".to_owned(), cause: cause.to_owned(), denial: None }
}

/// The result of a call. Only a response with a status below 500 proves that nothing was changed.
fn result<T, E>(
    action: &'static str,
    region: &Region,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> CallResult
where
    T: RequestId,
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let error = match answer {
        Ok(answer) => {
            let request_id = answer.request_id().map(str::to_owned);
            return CallResult::Done { request_id, created_key: None };
        }
        Err(error) => error,
    };
    let failed = failed(action, region, &error);
    let (cause, denial) = if let AwsError::Denied { code, denial, .. } = failed {
        (code, denial)
    } else if let AwsError::ServiceFailure { cause, .. } = failed {
        (cause, None)
    } else {
        (failed.to_string(), None)
    };
    if let SdkError::ServiceError(refusal) = &error
        && refusal.raw().status().as_u16() < 500
    {
        let code = refusal.err().code().unwrap_or("an error without a code");
        return CallResult::Refused { code: code.to_owned(), cause, denial };
    }
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return never_sent(&cause);
    }
    CallResult::Unclear(cause)
}
