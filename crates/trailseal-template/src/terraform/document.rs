//! The parts of a plan that decide about trails, as `terraform show -json` prints them
//! (Terraform's documentation, "JSON Output Format").

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{Kept, Listed, Marks, Names};

/// The types of resources that are read, with those of [`OTHER_TYPES`].
const TYPES: [&str; 12] = [
    TRAIL,
    "aws_kms_key",
    "aws_kms_external_key",
    "aws_kms_replica_key",
    "aws_kms_replica_external_key",
    "awscc_kms_key",
    "awscc_kms_replica_key",
    OTHER_ALIAS,
    KEY_POLICY,
    ALIAS,
    BUCKET,
    CALLER,
];

pub(super) const TRAIL: &str = "aws_cloudtrail";
pub(super) const KEY_POLICY: &str = "aws_kms_key_policy";
pub(super) const ALIAS: &str = "aws_kms_alias";
pub(super) const BUCKET: &str = "aws_s3_bucket";
pub(super) const CALLER: &str = "aws_caller_identity";

pub(super) const CLOUD_CONTROL: &str = "aws_cloudcontrolapi_resource";
pub(super) const CLOUDTRAIL: &str = "awscc_cloudtrail_trail";
pub(super) const STACK_SET: &str = "aws_cloudformation_stack_set";

const STACK_INSTANCES: &str = "aws_cloudformation_stack_instances";
const STACK_SET_INSTANCE: &str = "aws_cloudformation_stack_set_instance";

/// The types of resources that deploy a stack set, which they name.
pub(super) const STACK_SET_INSTANCES: [&str; 2] = [STACK_INSTANCES, STACK_SET_INSTANCE];

/// The types of resources that make trails which are not read, or may make some.
pub(super) const OTHER_TYPES: [&str; 13] = [
    CLOUDTRAIL,
    CLOUD_CONTROL,
    "aws_cloudformation_stack",
    STACK_SET,
    STACK_INSTANCES,
    STACK_SET_INSTANCE,
    "awscc_cloudformation_stack",
    "awscc_cloudformation_stack_set",
    "aws_controltower_landing_zone",
    "awscc_controltower_landing_zone",
    "aws_serverlessapplicationrepository_cloudformation_stack",
    "aws_servicecatalog_provisioned_product",
    "awscc_servicecatalog_cloudformation_provisioned_product",
];

fn is_read(kind: &str) -> bool {
    TYPES.contains(&kind) || OTHER_TYPES.contains(&kind)
}

/// The types of keys of another provider, of which only what the plan does with them is read.
pub(super) const OTHER_KEYS: [&str; 2] = ["awscc_kms_key", "awscc_kms_replica_key"];

/// An alias of another provider, of which only what the plan does with it is read.
pub(super) const OTHER_ALIAS: &str = "awscc_kms_alias";

/// The types of keys.
pub(super) const KEY_TYPES: [&str; 4] =
    ["aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"];

/// The attributes that are read.
pub(super) const ATTRIBUTES: [&str; 39] = [
    "account_id",
    "alias_name",
    "arn",
    "bucket",
    "bucket_region",
    "custom_key_store_id",
    "customer_master_key_spec",
    "desired_state",
    "enable_key_rotation",
    "enable_logging",
    "enabled",
    "home_region",
    "id",
    "is_enabled",
    "is_multi_region_trail",
    "is_organization_trail",
    "key_id",
    "key_manager",
    "key_rotation_enabled",
    "key_spec",
    "key_state",
    "key_usage",
    "kms_key_id",
    "multi_region_configuration",
    "name",
    "name_prefix",
    "origin",
    "policy",
    "region",
    "rotation_period_in_days",
    "s3_bucket_name",
    "stack_set_name",
    "target_key_arn",
    "target_key_id",
    "template_body",
    "template_url",
    "type_name",
    "valid_to",
    "xks_key_id",
];

/// Of these, only whether they have a value is read; an empty text is none.
pub(super) const SECRET_ATTRIBUTES: [&str; 1] = ["key_material_base64"];

/// A plan.
#[derive(Debug, Deserialize)]
pub(super) struct Plan<'a> {
    pub(super) format_version: String,
    #[serde(default)]
    pub(super) errored: Option<bool>,
    #[serde(default)]
    pub(super) complete: Option<bool>,
    #[serde(borrow, default)]
    pub(super) variables: Names<Variable<'a>>,
    #[serde(borrow, default)]
    pub(super) planned_values: Option<State<'a>>,
    #[serde(borrow, default)]
    pub(super) resource_changes: Option<Kept<ResourceChange<'a>>>,
    #[serde(borrow, default)]
    pub(super) deferred_changes: Kept<DeferredChange<'a>>,
    #[serde(borrow, default)]
    pub(super) prior_state: Option<PriorState<'a>>,
    #[serde(borrow, default)]
    pub(super) configuration: Configuration<'a>,
    #[serde(borrow, default)]
    pub(super) relevant_attributes: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variable<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) value: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PriorState<'a> {
    #[serde(borrow, default)]
    pub(super) values: Option<State<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct State<'a> {
    #[serde(borrow, default)]
    pub(super) root_module: Option<StateModule<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StateModule<'a> {
    #[serde(borrow, default)]
    pub(super) address: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) resources: Kept<StateResource<'a>>,
    #[serde(borrow, default)]
    pub(super) child_modules: Vec<StateModule<'a>>,
}

impl<'a> StateModule<'a> {
    /// The resources of this module and of those below it.
    pub(super) fn into_all(self) -> Vec<StateResource<'a>> {
        let mut all = self.resources.0;
        all.extend(self.child_modules.into_iter().flat_map(Self::into_all));
        all
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct StateResource<'a> {
    #[serde(borrow)]
    pub(super) address: Cow<'a, str>,
    #[serde(borrow)]
    mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) index: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) provider_name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) values: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) sensitive_values: Marks,
}

impl StateResource<'_> {
    pub(super) fn is_data(&self) -> bool {
        self.mode == "data"
    }
}

impl Listed for StateResource<'_> {
    fn is_kept(&self) -> bool {
        is_read(&self.kind)
    }
}

/// A resource and its change.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceChange<'a> {
    #[serde(borrow)]
    pub(super) address: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) module_address: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) index: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) deposed: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) provider_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) change: &'a RawValue,
}

impl Listed for ResourceChange<'_> {
    fn is_kept(&self) -> bool {
        is_read(&self.kind)
    }
}

/// A change that another run will plan.
#[derive(Debug, Deserialize)]
pub(super) struct DeferredChange<'a> {
    #[serde(borrow)]
    pub(super) resource_change: ResourceChange<'a>,
}

impl Listed for DeferredChange<'_> {
    fn is_kept(&self) -> bool {
        self.resource_change.is_kept()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) before: Option<Attributes>,
    #[serde(default)]
    pub(super) after: Option<Attributes>,
    #[serde(default)]
    pub(super) after_unknown: Marks,
    #[serde(default)]
    pub(super) before_sensitive: Marks,
    #[serde(default)]
    pub(super) after_sensitive: Marks,
}

/// The attributes of a resource that are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes(pub(super) BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Names(members) = Names::<&'de RawValue>::deserialize(deserializer)?;
        let mut attributes = BTreeMap::new();
        for (name, raw) in members {
            if ATTRIBUTES.contains(&name.as_str()) {
                let value =
                    trailseal_rule::json::read(raw.get()).map_err(serde::de::Error::custom)?;
                attributes.insert(name, value);
            } else if SECRET_ATTRIBUTES.contains(&name.as_str()) {
                let is_given = !["null", r#""""#].contains(&raw.get());
                attributes.insert(name, Value::from(is_given));
            }
        }
        Ok(Self(attributes))
    }
}

/// The configuration that the plan was made of.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, default)]
    pub(super) provider_config: Names<ProviderConfig<'a>>,
    #[serde(borrow, default)]
    pub(super) root_module: Module<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ProviderConfig<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    /// The address of the provider, which Terraform before 0.13 does not state.
    #[serde(borrow, default)]
    full_name: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) module_address: Option<String>,
    #[serde(borrow, default)]
    pub(super) expressions: Names<&'a RawValue>,
}

impl ProviderConfig<'_> {
    pub(super) fn is_of_aws(&self) -> bool {
        is_of_aws(self.full_name.as_deref().unwrap_or(&self.name))
    }
}

/// Whether a provider is that of AWS, from any registry or mirror; Terraform 0.12 names no registry.
pub(super) fn is_of_aws(provider: &str) -> bool {
    provider == "aws" || provider.ends_with("/hashicorp/aws")
}

/// A module of the configuration.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Module<'a> {
    #[serde(borrow, default)]
    resources: ByAddress<'a>,
    #[serde(borrow, default)]
    pub(super) module_calls: Names<ModuleCall<'a>>,
    #[serde(borrow, default)]
    pub(super) outputs: Names<Output<'a>>,
    #[serde(borrow, default)]
    pub(super) variables: Names<ConfigVariable<'a>>,
}

/// A variable of a module.
#[derive(Debug, Deserialize)]
pub(super) struct ConfigVariable<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) default: Option<&'a RawValue>,
}

/// The resources of a module by `type.name` or `data.type.name`; `None` for those that it has twice.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Kept<ConfigResource<'a>>")]
struct ByAddress<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, Option<ConfigResource<'a>>>);

impl<'a> From<Kept<ConfigResource<'a>>> for ByAddress<'a> {
    fn from(Kept(all): Kept<ConfigResource<'a>>) -> Self {
        let mut by_address = BTreeMap::new();
        for one in all {
            by_address.entry(one.address.clone()).and_modify(|of| *of = None).or_insert(Some(one));
        }
        Self(by_address)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ConfigResource<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) provider_config_key: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) expressions: Names<&'a RawValue>,
}

impl Listed for ConfigResource<'_> {
    fn is_kept(&self) -> bool {
        is_read(&self.kind)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ModuleCall<'a> {
    #[serde(default)]
    pub(super) source: String,
    #[serde(borrow, default)]
    pub(super) expressions: Names<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) module: Module<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output<'a> {
    #[serde(borrow, default)]
    pub(super) expression: Option<&'a RawValue>,
}

/// What the plan keeps of an expression: its value, or the names in it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Expression {
    #[serde(default, deserialize_with = "present")]
    pub(super) constant_value: Option<Value>,
    #[serde(default)]
    pub(super) references: Vec<String>,
}

/// A member that is present with the value null is not one that is left out.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Expression {
    /// Reads one; `None` if it is a nested block or anything else.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}

impl<'a> Module<'a> {
    /// The module at a path of calls below this one.
    pub(super) fn at(&self, path: &[String]) -> Option<&Module<'a>> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.module_calls.0.get(first)?.module.at(rest)
    }

    /// A resource of this module, as `type.name` or `data.type.name`.
    pub(super) fn resource(&self, name: &str) -> Option<&ConfigResource<'a>> {
        self.resources.0.get(name)?.as_ref()
    }
}

impl ConfigResource<'_> {
    /// Whether the configuration sets an argument.
    pub(super) fn sets(&self, name: &str) -> bool {
        self.expressions.0.contains_key(name)
    }
}
