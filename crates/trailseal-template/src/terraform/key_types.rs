//! The attributes of each type of key.

use std::collections::BTreeMap;

use serde_json::Value;
use trailseal_rule::{
    KeyManager, KeyOrigin, KeySpec, KeyState, KeyUsage, ROTATION_DAYS_DEFAULT, Rotation,
};

use super::graph::Graph;
use super::resource::{Fate, Resource};
use crate::model::{KeyProperty, PlannedKey};
use crate::planned::Planned;

/// A key of the data source `aws_kms_key`. Its rotation and its policy are not in it.
pub(super) fn read_key(key: &mut PlannedKey, data: &Resource) {
    let word = |name: &str| data.text(name);
    key.manager = word("key_manager").map(|word| KeyManager::from_kms(&word));
    key.state = word("key_state").map(|word| KeyState::from_kms(&word));
    key.usage = word("key_usage").map(|word| KeyUsage::from_kms(&word));
    key.origin = word("origin").map(|word| KeyOrigin::from_kms(&word));
    let spec = if data.states("key_spec") { "key_spec" } else { "customer_master_key_spec" };
    key.spec = word(spec).map(|word| KeySpec::from_kms(&word));
    key.is_replica = data.value("multi_region_configuration").is_some_and(is_replica);
    // `data.aws_kms_external_key` and its kind do not exist.
    if data.address.kind != "aws_kms_key" {
        key.manager = Planned::Unknown(format!("`{}` is not known as a data source", data.text));
    }
    let why = format!("the data source `{}` does not state it", data.text);
    key.rotation = Planned::Unknown(why.clone());
    key.policy = Planned::Unknown(why);
    match data.optional_text("valid_to") {
        Planned::Absent => {}
        Planned::Known(_) => {
            key.state = Planned::Unknown("its key material expires".to_owned());
        }
        Planned::Unknown(why) => key.state = Planned::Unknown(why),
    }
}

fn is_replica(configuration: &Value) -> bool {
    let kind = configuration.get(0).and_then(|of| of.get("multi_region_key_type"));
    kind.and_then(Value::as_str) == Some("REPLICA")
}

fn state(enabled: Planned<bool>) -> Planned<KeyState> {
    enabled.map(|is| if is { KeyState::Enabled } else { KeyState::Disabled })
}

pub(super) fn own_key(key: &mut PlannedKey, graph: &Graph<'_>, resource: &Resource) {
    if key.state.known().is_some() {
        key.state = state(resource.flag("is_enabled"));
    }
    key.spec = resource.text("customer_master_key_spec").map(|word| KeySpec::from_kms(&word));
    key.usage = resource.text("key_usage").map(|word| KeyUsage::from_kms(&word));
    let text = |name: &str| resource.optional_text(name);
    key.origin = match (text("xks_key_id"), text("custom_key_store_id")) {
        (Planned::Known(_), _) => Planned::Known(KeyOrigin::ExternalKeyStore),
        (Planned::Unknown(why), _) | (Planned::Absent, Planned::Unknown(why)) => {
            Planned::Unknown(why)
        }
        (Planned::Absent, Planned::Known(_)) => Planned::Known(KeyOrigin::CloudHsm),
        (Planned::Absent, Planned::Absent) => Planned::Known(KeyOrigin::AwsKms),
    };
    key.rotation = crate::cloudformation::rotation(
        resource.flag("enable_key_rotation"),
        period(graph, resource),
    );
}

/// The rotation period; absent if the version of the provider does not read that of an existing key.
fn period(graph: &Graph<'_>, resource: &Resource) -> Planned<String> {
    const NAME: &str = "rotation_period_in_days";
    if !resource.states(NAME) && resource.fate != Fate::Made {
        return Planned::Absent;
    }
    default_if_left_out(graph, resource, NAME, &ROTATION_DAYS_DEFAULT.to_string())
}

/// A key of which nothing but its ARN is read.
pub(super) fn other_key(key: &mut PlannedKey, resource: &Resource) {
    let why = format!("`{}` is of another provider", resource.text);
    key.usage = Planned::Unknown(why.clone());
    key.spec = Planned::Unknown(why.clone());
    key.rotation = Planned::Unknown(why.clone());
    key.policy = Planned::Unknown(why);
}

pub(super) fn external_key(key: &mut PlannedKey, graph: &Graph<'_>, resource: &Resource) {
    key.origin = Planned::Known(KeyOrigin::External);
    key.rotation = Planned::Known(Rotation::NotSupported);
    key.spec = default_if_left_out(graph, resource, "key_spec", "SYMMETRIC_DEFAULT")
        .map(|word| KeySpec::from_kms(&word));
    key.usage = default_if_left_out(graph, resource, "key_usage", "ENCRYPT_DECRYPT")
        .map(|word| KeyUsage::from_kms(&word));
    if key.state.known().is_some() {
        key.state = material_state(resource);
    }
}

/// The state of a key whose material the customer imports: by this resource, or not at all.
fn material_state(resource: &Resource) -> Planned<KeyState> {
    const MATERIAL: &str = "key_material_base64";
    if resource.optional_text("valid_to") != Planned::Absent {
        return Planned::Unknown("its key material expires".to_owned());
    }
    if resource.is_unknown(MATERIAL) {
        return Planned::Unknown(resource.after_apply(MATERIAL));
    }
    let is_given = resource.value(MATERIAL).and_then(Value::as_bool) == Some(true);
    let is_new = resource.fate == Fate::Made;
    // The provider's documentation and its code differ on what it does if it is left out.
    let enabled = match resource.optional_text("enabled") {
        Planned::Known(word) => Planned::Known(word == "true"),
        Planned::Absent => Planned::Unknown(format!("whether `{}` is enabled", resource.text)),
        Planned::Unknown(why) => Planned::Unknown(why),
    };
    if is_new {
        let missing = Planned::Known(KeyState::PendingImport);
        return if is_given { state(enabled) } else { missing };
    }
    // The material of an existing key may have expired or been deleted since it was imported.
    match resource.optional_text("key_state") {
        Planned::Known(word) if ["Enabled", "Disabled"].contains(&word.as_str()) => state(enabled),
        Planned::Known(word) => Planned::Known(KeyState::from_kms(&word)),
        Planned::Absent | Planned::Unknown(_) => {
            Planned::Unknown(format!("whether `{}` has key material", resource.text))
        }
    }
}

pub(super) fn replica_key(key: &mut PlannedKey, resource: &Resource) {
    let of_primary = |name: &str| match resource.optional_text(name) {
        Planned::Known(word) => Planned::Known(word),
        Planned::Absent | Planned::Unknown(_) => Planned::Unknown(
            "a replica has the key spec and the rotation of its primary key".to_owned(),
        ),
    };
    key.is_replica = true;
    key.usage = of_primary("key_usage").map(|word| KeyUsage::from_kms(&word));
    key.spec = of_primary("key_spec").map(|word| KeySpec::from_kms(&word));
    key.rotation = of_primary("key_rotation_enabled")
        .and_then(|_| Planned::Unknown("a replica has the rotation of its primary key".to_owned()));
    let is_external = resource.address.kind == "aws_kms_replica_external_key";
    if is_external {
        key.origin = Planned::Known(KeyOrigin::External);
    } else {
        key.origin = Planned::Unknown("a replica has the origin of its primary key".to_owned());
    }
    if key.state.known().is_none() {
        return;
    }
    key.state = if is_external {
        material_state(resource)
    } else {
        state(match resource.optional_text("enabled") {
            Planned::Known(word) => Planned::Known(word == "true"),
            Planned::Absent => Planned::Unknown(format!("whether `{}` is enabled", resource.text)),
            Planned::Unknown(why) => Planned::Unknown(why),
        })
    };
}

/// An attribute that the provider computes: AWS's default if the configuration leaves it out.
fn default_if_left_out(
    graph: &Graph<'_>,
    resource: &Resource,
    name: &str,
    default: &str,
) -> Planned<String> {
    match resource.optional_text(name) {
        Planned::Unknown(why) if !is_computed(graph, resource, name) => Planned::Unknown(why),
        Planned::Known(word) => Planned::Known(word),
        Planned::Absent | Planned::Unknown(_) => Planned::Known(default.to_owned()),
    }
}

/// Whether the apply gives an attribute its value because the configuration leaves it out.
pub(super) fn is_computed(graph: &Graph<'_>, resource: &Resource, name: &str) -> bool {
    resource.is_unknown(name) && graph.sets(resource, name) == Some(false)
}

pub(super) fn key_locations(
    graph: &Graph<'_>,
    resource: &Resource,
) -> BTreeMap<KeyProperty, crate::model::Location> {
    let properties = [
        (KeyProperty::Enabled, "is_enabled"),
        (KeyProperty::Enabled, "enabled"),
        (KeyProperty::Spec, "customer_master_key_spec"),
        (KeyProperty::Usage, "key_usage"),
        (KeyProperty::Origin, "custom_key_store_id"),
        (KeyProperty::Rotation, "enable_key_rotation"),
        (KeyProperty::Policy, "policy"),
    ];
    let place = |name: &str| graph.attribute_location(resource, name);
    properties.into_iter().filter_map(|(property, name)| Some((property, place(name)?))).collect()
}
