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
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) use config::admit_limit;
pub(crate) use kms::default_policy;
pub(crate) use pages::{repeat_token, without_repetition};
pub(crate) use s3::{HeadBucket, head_bucket};

/// Carries out an operation of any protocol but that of S3.
pub(crate) fn carry_out(
    world: &mut World,
    caller: &Caller,
    operation: Operation,
    body: &Value,
) -> Result<Value, Refusal> {
    match operation {
        Operation::PutEvaluations => config::put_evaluations(world, caller, body),
        Operation::GetComplianceDetailsByConfigRule => {
            config::get_compliance_details_by_config_rule(world, caller, body)
        }
        Operation::ListDiscoveredResources => {
            config::list_discovered_resources(world, caller, body)
        }
        Operation::GetResourceConfigHistory => {
            history::get_resource_config_history(world, caller, body)
        }
        Operation::DescribeTrails => cloudtrail::describe_trails(world, caller, body),
        Operation::GetTrail => cloudtrail::get_trail(world, caller, body),
        Operation::GetTrailStatus => cloudtrail::get_trail_status(world, caller, body),
        Operation::DescribeKey => kms::describe_key(world, caller, body),
        Operation::GetKeyPolicy => kms::get_key_policy(world, caller, body),
        Operation::GetKeyRotationStatus => kms::get_key_rotation_status(world, caller, body),
        Operation::AssumeRole => sts::assume_role(world, caller, body),
        Operation::GetCallerIdentity => Ok(sts::get_caller_identity(caller)),
        Operation::UpdateTrail => trail_changes::update_trail(world, caller, body),
        Operation::ListTags => trail_changes::list_tags(world, caller, body),
        Operation::PutKeyPolicy => key_changes::put_key_policy(world, caller, body),
        Operation::CreateKey => key_changes::create_key(world, caller, body),
        Operation::CreateAlias => key_changes::create_alias(world, caller, body),
        Operation::EnableKeyRotation => key_changes::enable_key_rotation(world, caller, body),
        Operation::EnableKey => key_changes::enable_key(world, caller, body),
        Operation::DisableKey => key_changes::disable_key(world, caller, body),
        Operation::CancelKeyDeletion => key_changes::cancel_key_deletion(world, caller, body),
        Operation::ListKeys => key_lists::list_keys(world, caller, body),
        Operation::ListResourceTags => key_lists::list_resource_tags(world, caller, body),
        Operation::SelectAggregateResourceConfig => {
            aggregate::select_aggregate_resource_config(world, caller, body)
        }
        Operation::BatchGetResourceConfig => {
            history::batch_get_resource_config(world, caller, body)
        }
        Operation::ListAccounts => organizations::list_accounts(world, caller, body),
        Operation::ListDelegatedAdministrators => {
            organizations::list_delegated_administrators(world, caller, body)
        }
        Operation::ListRegions => account::list_regions(world, caller, body),
        Operation::HeadBucket => {
            Err(Refusal::new("UnknownOperationException", "HeadBucket is asked by path"))
        }
    }
}

/// The text of a member, or the empty text where there is none.
fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}
