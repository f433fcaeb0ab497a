//! The operations by service: each takes a valid request and returns a response.

mod account;
mod aggregate;
mod cloudtrail;
mod config;
mod history;
mod key_changes;
mod kms;
mod organizations;
mod pages;
mod s3;
mod security_hub;
mod sts;
mod trail_changes;

use serde_json::Value;

use crate::caller::Caller;
use crate::fault::FaultKind;
use crate::lab_state::LabState;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) use config::admit_limit;
pub(crate) use pages::{repeat_token, without_repetition};
pub(crate) use s3::{content, head_bucket, resource};

/// A valid request, with the caller and the lab's data.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) lab_state: &'a mut LabState,
    pub(crate) caller: &'a Caller,
    pub(crate) operation: Operation,
    pub(crate) body: &'a Value,
    pub(crate) fault: Option<FaultKind>,
}

impl<'a> Request<'a> {
    fn state(&self) -> &State {
        &self.lab_state.state
    }

    fn account(&self) -> &'a str {
        self.caller.account()
    }

    fn region(&self) -> &'a str {
        &self.caller.region
    }

    /// Whether the request is made in this account and Region.
    fn is_in(&self, account: &str, region: &str) -> bool {
        account == self.account() && region == self.region()
    }

    /// The text of a member, or an empty text if there is none.
    fn text(&self, name: &str) -> &'a str {
        text(self.body, name)
    }

    fn maybe_text(&self, name: &str) -> Option<&'a str> {
        self.body.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.body.get(name).and_then(Value::as_bool)
    }

    /// The elements of a list; none if there is no list.
    fn list(&self, name: &str) -> &'a [Value] {
        self.body.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn texts(&self, name: &str) -> Vec<&'a str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }
}

/// Runs an operation other than `HeadBucket`.
pub(crate) fn carry_out(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let answer = match request.operation {
        Operation::PutEvaluations => config::put_evaluations(request),
        Operation::GetComplianceDetailsByConfigRule => {
            config::get_compliance_details_by_config_rule(request)
        }
        Operation::ListDiscoveredResources => config::list_discovered_resources(request),
        Operation::DescribeConfigRules => config::describe_config_rules(request),
        Operation::GetResourceConfigHistory => history::get_resource_config_history(request),
        Operation::BatchGetResourceConfig => Ok(history::batch_get_resource_config(request)),
        Operation::SelectAggregateResourceConfig => {
            aggregate::select_aggregate_resource_config(request)
        }
        Operation::DescribeTrails => cloudtrail::describe_trails(request),
        Operation::GetTrail => cloudtrail::get_trail(request),
        Operation::GetTrailStatus => cloudtrail::get_trail_status(request),
        Operation::GetEventSelectors => cloudtrail::get_event_selectors(request),
        Operation::UpdateTrail => trail_changes::update_trail(request),
        Operation::ListTags => trail_changes::list_tags(request),
        Operation::DescribeKey => kms::describe_key(request),
        Operation::GetKeyPolicy => kms::get_key_policy(request),
        Operation::GetKeyRotationStatus => kms::get_key_rotation_status(request),
        Operation::PutKeyPolicy => key_changes::put_key_policy(request),
        Operation::CreateKey => key_changes::create_key(request),
        Operation::CreateAlias => key_changes::create_alias(request),
        Operation::EnableKeyRotation => key_changes::enable_key_rotation(request),
        Operation::EnableKey => key_changes::switch_key(request, "Enabled"),
        Operation::DisableKey => key_changes::switch_key(request, "Disabled"),
        Operation::CancelKeyDeletion => key_changes::cancel_key_deletion(request),
        Operation::ListKeys => kms::list_keys(request),
        Operation::ListResourceTags => kms::list_resource_tags(request),
        Operation::AssumeRole => sts::assume_role(request),
        Operation::GetCallerIdentity => Ok(sts::get_caller_identity(request.caller)),
        Operation::ListAccounts => organizations::list_accounts(request),
        Operation::ListDelegatedAdministrators => {
            organizations::list_delegated_administrators(request)
        }
        Operation::ListRegions => account::list_regions(request),
        Operation::ListObjectsV2 => s3::list_objects_v2(request),
        Operation::ListObjectVersions => s3::list_object_versions(request),
        Operation::HeadObject => s3::head_object(request),
        Operation::GetObject => s3::get_object(request),
        Operation::GetBucketMetadataConfiguration => s3::get_bucket_metadata_configuration(request),
        Operation::GetBucketAcl => s3::get_bucket_acl(request),
        Operation::GetBucketOwnershipControls => s3::get_bucket_ownership_controls(request),
        Operation::BatchImportFindings => Ok(security_hub::batch_import_findings(request)),
        Operation::GetFindings => security_hub::get_findings(request),
        Operation::HeadBucket => {
            Err(Refusal::new("UnknownOperationException", "HeadBucket is asked by path"))
        }
    };
    answer.map(without_nulls)
}

/// AWS leaves out members without a value.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(without_nulls).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// The object with one member replaced.
pub(crate) fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

/// The text of a member, or an empty text if there is none.
fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}
