//! The resources of a template as the model's.

use std::collections::BTreeMap;

use trailseal_rule::{
    KeyOrigin, KeySpec, KeyState, KeyUsage, ROTATION_DAYS_DEFAULT, Rotation, stand_in,
};

use crate::model::{
    BucketTarget, Deployment, KeyProperty, Location, PlannedAlias, PlannedBucket, PlannedKey,
    PlannedTrail,
};
use crate::node::{Member, Node};
use crate::planned::Planned;
use crate::value::{Value, has_escaped_marks};

use super::kinds::{BUCKET_TYPE, KEY_TYPES, REPLICA_TYPE, kind};
use super::properties::{TrailProperties, flag_property, text_property};
use super::stack::{Run, Stack};

impl Run<'_> {
    /// A trail, with what the deployment makes of the key and bucket that it names; no trail if its
    /// condition does not hold.
    pub(crate) fn trail(&self, index: usize, id: &str) -> (Option<PlannedTrail>, Deployment) {
        let mut deployment = Deployment::default();
        let Some(stack) = self.stacks.list.get(index) else { return (None, deployment) };
        let Some(resource) = stack.resource(id) else { return (None, deployment) };
        let mut trail = self.declared(index, stack, id, resource);
        match self.is_made(index, resource) {
            Ok(true) => {}
            Ok(false) => return (None, deployment),
            Err(why) => {
                return (Some(PlannedTrail { key: Planned::Unknown(why), ..trail }), deployment);
            }
        }
        if let Err(why) = self.add_keys(index, &trail, &mut deployment) {
            trail.key = Planned::Unknown(why);
        }
        if let Planned::Known(BucketTarget::Planned(address)) = &trail.bucket {
            self.add_bucket(address, &mut deployment);
        }
        (Some(trail), deployment)
    }

    /// Whether the condition of a resource, and of each stack that nests its stack, holds.
    pub(super) fn is_made(&self, index: usize, resource: &Node) -> Result<bool, String> {
        if let Some(why) = self.rewritten(index) {
            return Err(why);
        }
        let is_own = match self.whole(resource)?.get("Condition") {
            Some(name) => {
                let text = name.text().ok_or_else(|| {
                    format!("the condition (line {}) is not the name of one", name.line)
                })?;
                self.condition(index, text)?
            }
            None => true,
        };
        let parent = self.stacks.list.get(index).and_then(|stack| stack.parent.as_ref());
        let Some((parent, id)) = parent else { return Ok(is_own) };
        let nesting = self.stacks.list.get(*parent).and_then(|stack| stack.resource(id));
        let nesting = nesting.ok_or("the stack that nests it is not at hand")?;
        Ok(is_own && self.is_made(*parent, nesting)?)
    }

    pub(crate) fn declared(
        &self,
        index: usize,
        stack: &Stack,
        id: &str,
        resource: &Node,
    ) -> PlannedTrail {
        let properties = TrailProperties::read(|name| self.property(index, resource, name));
        PlannedTrail {
            address: stack.address(id),
            location: resource_location(stack, id).unwrap_or_else(|| location(stack, resource)),
            key_location: member_location(stack, resource.get("Properties"), "KMSKeyId"),
            place: stack.place.clone(),
            name: properties.name,
            bucket: self.bucket(index, properties.bucket),
            key: properties.key,
            is_multi_region: properties.is_multi_region == Planned::Known(true),
            is_organization: properties.is_organization,
            is_logging: properties.is_logging.known().copied(),
        }
    }

    /// A bucket of the deployment, by its stand-in or its name, or any other.
    ///
    /// Two stacks whose Region is not known may be deployed to different ones, unless they are
    /// deployed together or one refers to the other; a name that both state does not.
    fn bucket(&self, own: usize, name: Planned<String>) -> Planned<BucketTarget> {
        name.and_then(|name| {
            let mut found: Vec<(usize, &Stack, &Member)> = Vec::new();
            let stacks = match self.all_stacks() {
                Ok(stacks) => stacks,
                Err(why) => return Planned::Unknown(why),
            };
            for (index, stack) in stacks {
                let is_near = self.is_together(index, own)
                    || !stack.place.region.is_not_known()
                    || name.starts_with('<');
                let named =
                    stack.buckets(&name).filter(|one| self.is_bucket(index, stack, one, &name));
                found.extend(named.filter(|_| is_near).map(|one| (index, stack, one)));
            }
            // Only one of several buckets of a name exists at a time.
            if found.len() > 1 {
                let all = found.clone();
                found.retain(|(index, _, one)| self.is_made(*index, &one.node) != Ok(false));
                if found.is_empty() {
                    found = all;
                }
            }
            match found.as_slice() {
                [(_, stack, one)] => {
                    Planned::Known(BucketTarget::Planned(stack.address(&one.name)))
                }
                [_, ..] => Planned::Unknown("several buckets have the name".to_owned()),
                [] if name.contains('<') => {
                    Planned::Unknown("the bucket name is not known in full".to_owned())
                }
                [] => Planned::Known(BucketTarget::Named(name)),
            }
        })
    }

    /// Whether a bucket has this name or stand-in.
    fn is_bucket(&self, index: usize, stack: &Stack, bucket: &Member, name: &str) -> bool {
        let stated = text_property(self.property(index, &bucket.node, "BucketName"));
        let stand_in = || stand_in(&stack.address(&bucket.name));
        match stated {
            Planned::Known(stated) => stated == name,
            Planned::Absent => stand_in() == name,
            Planned::Unknown(_) => false,
        }
    }

    fn add_bucket(&self, address: &str, deployment: &mut Deployment) {
        for (index, stack) in self.all_stacks().into_iter().flatten() {
            let found = stack.logical_id(address).and_then(|id| stack.member(id));
            if let Some(member) = found.filter(|one| kind(&one.node) == BUCKET_TYPE)
                // Without an answer, the bucket and its Region are not known.
                && let Ok(is_made) = self.is_made(index, &member.node)
            {
                let bucket = PlannedBucket {
                    address: address.to_owned(),
                    place: stack.place.clone(),
                    name: text_property(self.property(index, &member.node, "BucketName")),
                    is_made,
                };
                deployment.buckets.insert(address.to_owned(), bucket);
            }
        }
    }

    /// The key that the trail names, and the alias if it names one.
    ///
    /// # Errors
    ///
    /// Why the key or the alias is not known.
    fn add_keys(
        &self,
        index: usize,
        trail: &PlannedTrail,
        deployment: &mut Deployment,
    ) -> Result<(), String> {
        let Planned::Known(text) = &trail.key else { return Ok(()) };
        self.add_named_keys(text, deployment)?;
        for alias in self.named_aliases(index, text)? {
            if let Planned::Known(target) = &alias.target {
                self.add_named_keys(target, deployment)?;
            }
            deployment.aliases.push(alias);
        }
        Ok(())
    }

    /// The keys whose stand-ins are in a text.
    ///
    /// # Errors
    ///
    /// There are too many steps.
    fn add_named_keys(&self, text: &str, deployment: &mut Deployment) -> Result<(), String> {
        if !text.contains('<') {
            return Ok(());
        }
        for (index, stack) in self.all_stacks()? {
            let named = stand_ins(text).filter_map(|text| stack.of_stand_in(text));
            for Member { name: id, node: resource, .. } in named {
                if KEY_TYPES.contains(&kind(resource)) {
                    let key = self.key(index, stack, id, resource);
                    deployment.keys.insert(key.address.clone(), self.stacks.shared(key));
                }
            }
        }
        Ok(())
    }

    /// The aliases with this name or ARN, as a stack names them: its own, and those of its nested
    /// stacks and of the stacks that nest it, before others.
    ///
    /// # Errors
    ///
    /// One is of a stack that may be deployed to another account or Region, or there are too many
    /// steps.
    fn named_aliases(&self, own: usize, text: &str) -> Result<Vec<PlannedAlias>, String> {
        let name = text.find("alias/").and_then(|start| text.get(start..));
        let (Some(name), Some(stack)) = (name, self.stacks.list.get(own)) else {
            return Ok(Vec::new());
        };
        let place = &stack.place;
        let (mut near, mut others) = (Vec::new(), Vec::new());
        for (index, stack) in self.all_stacks()? {
            let named = stack.aliases(name).filter_map(|one| self.alias(index, stack, &one.node));
            let named = named.filter(|alias| alias.is_named(text, place));
            if self.is_together(index, own) { near.extend(named) } else { others.extend(named) }
        }
        if !near.is_empty() {
            return Ok(near);
        }
        if others.iter().all(|alias| alias.place.is_known()) {
            return Ok(others);
        }
        Err(format!(
            "`{text}` is in another stack, which may be deployed to another account or Region unless \
             --account and --region are given"
        ))
    }

    /// Whether two stacks are deployed to one account and Region because one stack nests both, or one
    /// of them the other, directly or not.
    fn is_together(&self, one: usize, other: usize) -> bool {
        self.root_of(one) == self.root_of(other)
    }

    /// The stack that nests this one, directly or not, and that none nests.
    fn root_of(&self, index: usize) -> usize {
        let parent = self.stacks.list.get(index).and_then(|stack| stack.parent.as_ref());
        parent.map_or(index, |(parent, _)| self.root_of(*parent))
    }

    fn alias(&self, index: usize, stack: &Stack, resource: &Node) -> Option<PlannedAlias> {
        let target = match self.is_made(index, resource) {
            Ok(true) => text_property(self.property(index, resource, "TargetKeyId")),
            Ok(false) => return None,
            Err(why) => Planned::Unknown(why),
        };
        let name = text_property(self.property(index, resource, "AliasName"));
        Some(PlannedAlias { place: stack.place.clone(), name, target })
    }

    fn key(&self, index: usize, stack: &Stack, id: &str, resource: &Node) -> PlannedKey {
        let property = |name: &str| self.property(index, resource, name);
        let text = |name: &str, default: &str| {
            text_property(property(name)).or_default(default.to_owned())
        };
        let mut key =
            PlannedKey::new(stack.address(id), stack.place.clone(), location(stack, resource));
        key.location = resource_location(stack, id).unwrap_or_else(|| location(stack, resource));
        key.locations = key_locations(stack, resource);
        key.is_made = match self.is_made(index, resource) {
            Ok(is_made) => is_made,
            Err(why) => {
                key.manager = Planned::Unknown(why.clone());
                key.state = Planned::Unknown(why);
                true
            }
        };
        key.policy = policy(property("KeyPolicy"));
        let enabled = flag_property(property("Enabled")).or_default(true);
        if key.state.known().is_some() {
            key.state = enabled.map(|is| if is { KeyState::Enabled } else { KeyState::Disabled });
        }
        if kind(resource) == REPLICA_TYPE {
            let why = "a replica has the key spec and the rotation of its primary key";
            key.is_replica = true;
            key.usage = Planned::Unknown(why.to_owned());
            key.spec = Planned::Unknown(why.to_owned());
            key.rotation = Planned::Unknown(why.to_owned());
            return key;
        }
        key.spec = text("KeySpec", "SYMMETRIC_DEFAULT").map(|word| KeySpec::from_kms(&word));
        key.usage = text("KeyUsage", "ENCRYPT_DECRYPT").map(|word| KeyUsage::from_kms(&word));
        key.origin = text("Origin", "AWS_KMS").map(|word| KeyOrigin::from_kms(&word));
        // KMS imports key material into a key that exists; until then the key cannot be used.
        if key.origin == Planned::Known(KeyOrigin::External)
            && key.state == Planned::Known(KeyState::Enabled)
        {
            key.state = Planned::Known(KeyState::PendingImport);
        }
        key.rotation = rotation(
            flag_property(property("EnableKeyRotation")).or_default(false),
            text("RotationPeriodInDays", &ROTATION_DAYS_DEFAULT.to_string()),
        );
        key
    }
}

/// The rotation of a key whose material KMS generates. If `days` is absent, its period is not known.
pub(crate) fn rotation(is_on: Planned<bool>, days: Planned<String>) -> Planned<Rotation> {
    is_on.and_then(|is_on| {
        if !is_on {
            return Planned::Known(Rotation::Off);
        }
        match days {
            Planned::Known(text) => match text.parse() {
                Ok(days) => Planned::Known(Rotation::On { period_days: Some(days), next: None }),
                Err(_) => Planned::Unknown("the rotation period is not a number".to_owned()),
            },
            Planned::Absent => Planned::Known(Rotation::On { period_days: None, next: None }),
            Planned::Unknown(why) => Planned::Unknown(why),
        }
    })
}

/// The stand-ins in a text, each with its marks.
fn stand_ins(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('<').filter_map(move |(start, _)| {
        let end = text.get(start..)?.find('>')?;
        text.get(start..=start + end)
    })
}

/// A policy document: a map, or the text of one.
fn policy(value: Value) -> Planned<String> {
    if matches!(value, Value::Omitted | Value::Null) {
        return Planned::Absent;
    }
    if let Value::Text(text) = value {
        // Decoded, they would look like stand-ins.
        if has_escaped_marks(&text) {
            return Planned::Unknown("the text of the key policy escapes `<` or `>`".to_owned());
        }
        return Planned::Known(text);
    }
    match value.to_json() {
        Ok(json) => Planned::Known(json.to_string()),
        Err(why) => Planned::Unknown(why),
    }
}

fn key_locations(stack: &Stack, resource: &Node) -> BTreeMap<KeyProperty, Location> {
    let properties = [
        (KeyProperty::Enabled, "Enabled"),
        (KeyProperty::Spec, "KeySpec"),
        (KeyProperty::Usage, "KeyUsage"),
        (KeyProperty::Origin, "Origin"),
        (KeyProperty::Rotation, "EnableKeyRotation"),
        (KeyProperty::Policy, "KeyPolicy"),
    ];
    let place = |name: &str| member_location(stack, resource.get("Properties"), name);
    properties.into_iter().filter_map(|(property, name)| Some((property, place(name)?))).collect()
}

fn location(stack: &Stack, node: &Node) -> Location {
    Location { file: stack.file.clone(), line: node.line, column: node.column }
}

/// The place of the logical ID of a resource.
fn resource_location(stack: &Stack, id: &str) -> Option<Location> {
    let member = stack.member(id)?;
    Some(Location { file: stack.file.clone(), line: member.line, column: member.column })
}

/// The place of the name of a member.
fn member_location(stack: &Stack, map: Option<&Node>, name: &str) -> Option<Location> {
    let member = map?.member(name)?;
    Some(Location { file: stack.file.clone(), line: member.line, column: member.column })
}
