//! The operations, service by service: a request that its model admits goes in, an answer comes out.

mod account;
mod aggregate;
mod cloudtrail;
mod config;
mod history;
mod key_changes;
mod key_lists;
mod kms;
mod organizations;
mod pages;
mod s3;
mod sts;
mod trail_changes;

use serde_json::Value;

use crate::caller::Caller;
use crate::lab_state::LabState;
use crate::operation::Operation;
use crate::refusal::Refusal;

pub(crate) use config::admit_limit;
pub(crate) use pages::{repeat_token, without_repetition};
pub(crate) use s3::{HeadBucket, head_bucket};

/// Carries out an operation of any protocol but that of S3.
pub(crate) fn carry_out(
    lab_state: &mut LabState,
    caller: &Caller,
    operation: Operation,
    body: &Value,
) -> Result<Value, Refusal> {
    match operation {
        Operation::PutEvaluations => config::put_evaluations(lab_state, caller, body),
        Operation::GetComplianceDetailsByConfigRule => {
            config::get_compliance_details_by_config_rule(lab_state, caller, body)
        }
        Operation::ListDiscoveredResources => {
            config::list_discovered_resources(lab_state, caller, body)
        }
        Operation::GetResourceConfigHistory => {
            history::get_resource_config_history(lab_state, caller, body)
        }
        Operation::DescribeTrails => cloudtrail::describe_trails(lab_state, caller, body),
        Operation::GetTrail => cloudtrail::get_trail(lab_state, caller, body),
        Operation::GetTrailStatus => cloudtrail::get_trail_status(lab_state, caller, body),
        Operation::DescribeKey => kms::describe_key(lab_state, caller, body),
        Operation::GetKeyPolicy => kms::get_key_policy(lab_state, caller, body),
        Operation::GetKeyRotationStatus => kms::get_key_rotation_status(lab_state, caller, body),
        Operation::AssumeRole => sts::assume_role(lab_state, caller, body),
        Operation::GetCallerIdentity => Ok(sts::get_caller_identity(caller)),
        Operation::UpdateTrail => trail_changes::update_trail(lab_state, caller, body),
        Operation::ListTags => trail_changes::list_tags(lab_state, caller, body),
        Operation::PutKeyPolicy => key_changes::put_key_policy(lab_state, caller, body),
        Operation::CreateKey => key_changes::create_key(lab_state, caller, body),
        Operation::CreateAlias => key_changes::create_alias(lab_state, caller, body),
        Operation::EnableKeyRotation => key_changes::enable_key_rotation(lab_state, caller, body),
        Operation::EnableKey => key_changes::enable_key(lab_state, caller, body),
        Operation::DisableKey => key_changes::disable_key(lab_state, caller, body),
        Operation::CancelKeyDeletion => key_changes::cancel_key_deletion(lab_state, caller, body),
        Operation::ListKeys => key_lists::list_keys(lab_state, caller, body),
        Operation::ListResourceTags => key_lists::list_resource_tags(lab_state, caller, body),
        Operation::SelectAggregateResourceConfig => {
            aggregate::select_aggregate_resource_config(lab_state, caller, body)
        }
        Operation::BatchGetResourceConfig => {
            history::batch_get_resource_config(lab_state, caller, body)
        }
        Operation::ListAccounts => organizations::list_accounts(lab_state, caller, body),
        Operation::ListDelegatedAdministrators => {
            organizations::list_delegated_administrators(lab_state, caller, body)
        }
        Operation::ListRegions => account::list_regions(lab_state, caller, body),
        Operation::HeadBucket => {
            Err(Refusal::new("UnknownOperationException", "HeadBucket is asked by path"))
        }
    }
}

/// The text of a member, or the empty text where there is none.
fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}
