//! Making one call, and what AWS said to it.

use aws_sdk_cloudtrail::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudtrail::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use trailseal_aws::{AwsError, failed};
use trailseal_plan::{Call, JOURNAL_TAG, KeyTarget, Tag};
use trailseal_rule::{Denial, KeyArn, Region, TrailArn};

use crate::clients;
use crate::read::AwsReader;
use crate::wait::{WaitPolicy, before_trail_change};

/// What AWS said to a call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has done it.
    Done { request_id: Option<String>, created_key: Option<KeyArn> },
    /// It has not done it, and says why.
    Refused {
        code: String,
        cause: String,
        /// The policy that denied it, where AWS names one.
        denial: Option<Denial>,
    },
    /// It did not say: it may have done it.
    Unclear(String),
}

impl Answer {
    fn done(request_id: Option<&str>) -> Self {
        Self::Done { request_id: request_id.map(str::to_owned), created_key: None }
    }
}

impl AwsReader<'_> {
    /// Makes the call. A key that is created carries the journal's id in a tag.
    pub(crate) async fn make(
        &self,
        call: &Call,
        journal: &str,
        wait_policy: &WaitPolicy,
    ) -> Answer {
        match call {
            Call::CreateKey { region, description, tags, policy } => {
                self.create_key(region, description, tags, policy, journal).await
            }
            Call::UpdateTrail { trail, region, key } => {
                self.update_trail(trail, region, key.as_ref(), wait_policy).await
            }
            Call::CreateAlias { key, region, alias } => match key.arn() {
                Some(arn) => self.create_alias(arn, region, alias).await,
                None => not_bound(),
            },
            Call::CancelKeyDeletion { key }
            | Call::EnableKey { key }
            | Call::DisableKey { key }
            | Call::PutKeyPolicy { key, .. }
            | Call::EnableKeyRotation { key, .. } => match key.arn() {
                Some(arn) => self.change_key(call, arn).await,
                None => not_bound(),
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
    ) -> Answer {
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
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return unsuccessful("kms:CreateKey", region, &error),
        };
        let request_id = answer.request_id().map(str::to_owned);
        let arn = answer.key_metadata.and_then(|key| KeyArn::parse(key.arn()?).ok());
        match arn {
            Some(arn) => Answer::Done { request_id, created_key: Some(arn) },
            None => Answer::Unclear("CreateKey named no key".to_owned()),
        }
    }

    async fn create_alias(&self, key: &KeyArn, region: &Region, alias: &str) -> Answer {
        let client = clients::kms_for_changes(self.session, region);
        let request = client.create_alias().alias_name(alias).target_key_id(key.as_str());
        match request.send().await {
            Ok(answer) => Answer::done(answer.request_id()),
            Err(error) => unsuccessful("kms:CreateAlias", region, &error),
        }
    }

    async fn change_key(&self, call: &Call, key: &KeyArn) -> Answer {
        let (id, region) = (key.as_str(), key.region());
        let client = clients::kms_for_changes(self.session, region);
        match call {
            Call::CancelKeyDeletion { .. } => {
                match client.cancel_key_deletion().key_id(id).send().await {
                    Ok(answer) => Answer::done(answer.request_id()),
                    Err(error) => unsuccessful("kms:CancelKeyDeletion", region, &error),
                }
            }
            Call::EnableKey { .. } => match client.enable_key().key_id(id).send().await {
                Ok(answer) => Answer::done(answer.request_id()),
                Err(error) => unsuccessful("kms:EnableKey", region, &error),
            },
            Call::DisableKey { .. } => match client.disable_key().key_id(id).send().await {
                Ok(answer) => Answer::done(answer.request_id()),
                Err(error) => unsuccessful("kms:DisableKey", region, &error),
            },
            Call::PutKeyPolicy { policy, .. } => {
                let request = client.put_key_policy().key_id(id).policy_name("default");
                match request.policy(policy).send().await {
                    Ok(answer) => Answer::done(answer.request_id()),
                    Err(error) => unsuccessful("kms:PutKeyPolicy", region, &error),
                }
            }
            Call::EnableKeyRotation { period_days, .. } => {
                let days = period_days.and_then(|days| days.try_into().ok());
                let request = client.enable_key_rotation().key_id(id);
                match request.set_rotation_period_in_days(days).send().await {
                    Ok(answer) => Answer::done(answer.request_id()),
                    Err(error) => unsuccessful("kms:EnableKeyRotation", region, &error),
                }
            }
            Call::CreateKey { .. } | Call::CreateAlias { .. } | Call::UpdateTrail { .. } => {
                never_sent("the call is not about a key that exists")
            }
        }
    }

    async fn update_trail(
        &self,
        trail: &TrailArn,
        region: &Region,
        key: Option<&KeyTarget>,
        wait_policy: &WaitPolicy,
    ) -> Answer {
        let id = match key {
            // An empty id turns SSE-KMS off.
            None => "",
            Some(key) => match key.arn() {
                Some(arn) => arn.as_str(),
                None => return not_bound(),
            },
        };
        before_trail_change(wait_policy).await;
        let client = clients::cloudtrail_for_changes(self.session, region);
        match client.update_trail().name(trail.as_str()).kms_key_id(id).send().await {
            Ok(answer) => Answer::done(answer.request_id()),
            Err(error) => unsuccessful("cloudtrail:UpdateTrail", region, &error),
        }
    }
}

fn not_bound() -> Answer {
    never_sent("the key is not created yet")
}

fn never_sent(cause: &str) -> Answer {
    Answer::Refused { code: "NotSent".to_owned(), cause: cause.to_owned(), denial: None }
}

/// Only an answer below 500 says for certain that nothing was done.
fn unsuccessful<E>(
    action: &'static str,
    region: &Region,
    error: &SdkError<E, HttpResponse>,
) -> Answer
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let (cause, denial) = match failed(action, region, error) {
        AwsError::Denied { code, denial, .. } => (code, denial),
        AwsError::ServiceFailure { cause, .. } => (cause, None),
        failed => (failed.to_string(), None),
    };
    if let SdkError::ServiceError(refusal) = error
        && refusal.raw().status().as_u16() < 500
    {
        let code = refusal.err().code().unwrap_or("an error without a code");
        return Answer::Refused { code: code.to_owned(), cause, denial };
    }
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return never_sent(&cause);
    }
    Answer::Unclear(cause)
}
