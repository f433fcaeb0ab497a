//! The trails of a plan.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use trailseal_rule::TRAIL_TYPE;

use super::document::{ALIAS, BUCKET, CLOUDTRAIL, KEY_TYPES};
use super::graph::{Graph, Outcome};
use super::keys::{Keys, Named};
use super::resource::{Fate, Resource};
use crate::cloudformation::plain;
use crate::model::{BucketTarget, Deployment, Place, PlannedBucket, PlannedKey, PlannedTrail};
use crate::planned::Planned;
use crate::preview::{PreviewedTrail, World};

/// Reads the trails of a plan.
#[derive(Debug)]
pub(super) struct Trails<'a> {
    graph: &'a Graph<'a>,
    keys: Keys,
    /// The buckets by name.
    buckets: BTreeMap<String, Vec<usize>>,
    /// The buckets by name that were read.
    shared: RefCell<BTreeMap<String, Option<PlannedBucket>>>,
}

/// The key of a trail in one case.
struct TrailKey {
    text: Planned<String>,
    key: Option<Arc<PlannedKey>>,
}

impl TrailKey {
    fn unknown(why: impl Into<String>) -> Self {
        Self { text: Planned::Unknown(why.into()), key: None }
    }
}

impl From<Named> for TrailKey {
    fn from(named: Named) -> Self {
        match named {
            Named::Key(key) => {
                Self { text: Planned::Known(key.arn().as_str().to_owned()), key: Some(key) }
            }
            Named::Text(text) => Self { text: Planned::Known(text), key: None },
            Named::Unknown(why) => Self::unknown(why),
        }
    }
}

impl<'a> Trails<'a> {
    pub(super) fn new(graph: &'a Graph<'a>) -> Self {
        let mut buckets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, resource) in graph.resources.iter().enumerate() {
            let name = resource.hidden_text("bucket").or_else(|| resource.hidden_text("id"));
            if let Some(name) = name.filter(|_| resource.address.kind == BUCKET) {
                buckets.entry(name.to_owned()).or_default().push(index);
            }
        }
        Self { graph, keys: Keys::new(graph), buckets, shared: RefCell::default() }
    }

    /// A trail in each case that the plan leaves open.
    pub(super) fn read(&self, resource: &Resource) -> PreviewedTrail {
        let mut notes = Vec::new();
        let (cases, why) = self.key(resource, &mut notes);
        let (bucket, planned_bucket) = self.bucket(resource);
        let graph = self.graph;
        let declared = PlannedTrail {
            address: resource.text.clone(),
            location: graph.location(resource, None),
            key_location: graph.attribute_location(resource, "kms_key_id"),
            place: graph.place(resource),
            name: resource.text("name"),
            bucket,
            key: Planned::Absent,
            is_multi_region: resource.flag("is_multi_region_trail") == Planned::Known(true),
            is_organization: resource.flag("is_organization_trail"),
            is_logging: resource.flag("enable_logging").known().copied(),
        };
        if resource.fate == Fate::Forgotten {
            notes
                .push("the plan leaves it as it is, and Terraform no longer manages it".to_owned());
        }
        if !resource.stays() {
            let worlds = vec![World { trail: None, deployment: Arc::default() }];
            let why = "the plan destroys it".to_owned();
            return PreviewedTrail { declared, worlds, why, notes };
        }
        let world = |case: TrailKey| {
            let mut deployment = Deployment::default();
            deployment.keys.extend(case.key.map(|key| (key.address.clone(), key)));
            let bucket = planned_bucket.clone();
            deployment.buckets.extend(bucket.map(|bucket| (bucket.address.clone(), bucket)));
            let trail = PlannedTrail { key: case.text, ..declared.clone() };
            World { trail: Some(trail), deployment: Arc::new(deployment) }
        };
        let worlds: Vec<World> = cases.into_iter().map(world).collect();
        let declared = worlds.first().and_then(|one| one.trail.clone()).unwrap_or(declared.clone());
        PreviewedTrail { declared, worlds, why, notes }
    }

    /// The key in each case, and why there are several.
    fn key(&self, trail: &Resource, notes: &mut Vec<String>) -> (Vec<TrailKey>, String) {
        const NAME: &str = "kms_key_id";
        let only = |key: TrailKey| (vec![key], String::new());
        if !trail.is_of_aws {
            return only(TrailKey::unknown(format!("`{}` is of another provider", trail.text)));
        }
        if !trail.states(NAME) {
            return only(TrailKey { text: trail.text(NAME), key: None });
        }
        if !trail.is_unknown(NAME) {
            return only(match trail.value(NAME) {
                None => TrailKey { text: Planned::Absent, key: None },
                Some(Value::String(text)) => self.of_text(trail, text),
                Some(_) => TrailKey { text: trail.text(NAME), key: None },
            });
        }
        let resolved = self.graph.resolve(trail, NAME);
        let is_only = resolved.outcomes.len() == 1;
        let outcomes = resolved.outcomes.into_iter();
        let keys = outcomes.map(|outcome| self.outcome(trail, outcome, is_only, notes)).collect();
        (keys, resolved.why)
    }

    /// The key that a text names, which is shown only if the trail does not mark it.
    fn of_text(&self, trail: &Resource, text: &str) -> TrailKey {
        self.keys.named(self.graph, text).unless_sensitive(trail, "kms_key_id").into()
    }

    /// The key that the source gives. `is_only` says that it gives no other, so that the plan would
    /// know a value that it knows.
    fn outcome(
        &self,
        trail: &Resource,
        outcome: Outcome,
        is_only: bool,
        notes: &mut Vec<String>,
    ) -> TrailKey {
        let contradiction = || {
            TrailKey::unknown(format!(
                "the source gives a value for `kms_key_id` of `{}` that the plan would know",
                trail.text
            ))
        };
        let (address, name) = match outcome {
            Outcome::Unknown(why) => return TrailKey::unknown(why),
            Outcome::Null | Outcome::Text(_) if is_only => return contradiction(),
            Outcome::Null => return TrailKey { text: Planned::Absent, key: None },
            Outcome::Text(text) => return self.of_text(trail, &text),
            Outcome::Attribute { address, name } => (address, name),
        };
        let found = self.graph.at(&address).filter(|one| one.fate != Fate::Forgotten);
        let Some(resource) = found else {
            return TrailKey::unknown(format!("`{address}` is not in the plan"));
        };
        if is_only && resource.value(&name).is_some() {
            return contradiction();
        }
        let kind = resource.address.kind.as_str();
        match name.as_str() {
            "arn" if KEY_TYPES.contains(&kind) => self.of_key(resource).into(),
            "key_id" | "id" if KEY_TYPES.contains(&kind) => {
                notes.push(format!(
                    "the provider takes an ARN as `kms_key_id`: with `{address}.{name}` the apply fails"
                ));
                // No key has such a name.
                TrailKey { text: Planned::Known(format!("{address}.{name}")), key: None }
            }
            "arn" | "target_key_arn" if kind == ALIAS => self.of_alias(resource).into(),
            _ => TrailKey::unknown(format!("`{address}.{name}` is not the ARN of a key")),
        }
    }

    fn of_key(&self, resource: &Resource) -> Named {
        match resource.hidden_text("arn") {
            Some(arn) => self.keys.named(self.graph, arn),
            None if resource.address.is_data => {
                Named::Unknown(format!("`{}` is read during the apply", resource.text))
            }
            None => Named::Key(Arc::new(self.keys.key(self.graph, resource))),
        }
    }

    /// The key of an alias of the plan.
    fn of_alias(&self, alias: &Resource) -> Named {
        let unknown = || Named::Unknown(format!("which key `{}` names", alias.text));
        if !matches!(alias.fate, Fate::Made | Fate::Kept) || alias.destroys || alias.address.is_data
        {
            return unknown();
        }
        if !alias.is_of_aws
            || alias.hidden_text("name").is_some_and(|name| name.starts_with("alias/aws/"))
        {
            return unknown();
        }
        const TARGET: &str = "target_key_id";
        if let Some(arn) = alias.hidden_text(TARGET).and_then(|text| self.target_arn(alias, text)) {
            return self.keys.named(self.graph, &arn).unless_sensitive(alias, TARGET);
        }
        match self.graph.resolve(alias, TARGET).outcomes.as_slice() {
            [Outcome::Attribute { address, name }]
                if alias.is_unknown(TARGET) && ["key_id", "id", "arn"].contains(&name.as_str()) =>
            {
                let key = self.graph.at(address).filter(|one| {
                    KEY_TYPES.contains(&one.address.kind.as_str()) && one.fate != Fate::Forgotten
                });
                key.map_or_else(unknown, |key| self.of_key(key))
            }
            _ => unknown(),
        }
    }

    /// The ARN of the key that an alias names by its ARN, or by its ID: that is a key of the alias's
    /// account and Region.
    fn target_arn(&self, alias: &Resource, text: &str) -> Option<String> {
        if text.starts_with("arn:") {
            return Some(text.to_owned());
        }
        let place = self.graph.place(alias);
        let (partition, Place { account, region, .. }) = (place.partition(), &place);
        let is_id = |one: u8| one.is_ascii_alphanumeric() || one == b'-';
        let is_key = place.is_known() && !text.is_empty() && text.bytes().all(is_id);
        is_key.then(|| format!("arn:{partition}:kms:{region}:{account}:key/{text}"))
    }

    /// The bucket of a trail, and if the plan has it, what it is.
    fn bucket(&self, trail: &Resource) -> (Planned<BucketTarget>, Option<PlannedBucket>) {
        const NAME: &str = "s3_bucket_name";
        if let Some(name) = trail.hidden_text(NAME) {
            return match self.named_bucket(name) {
                Some(bucket) => {
                    (Planned::Known(BucketTarget::Planned(bucket.address.clone())), Some(bucket))
                }
                None => (trail.text(NAME).map(BucketTarget::Named), None),
            };
        }
        if !trail.is_unknown(NAME) {
            return (trail.text(NAME).map(BucketTarget::Named), None);
        }
        let outcomes = self.graph.resolve(trail, NAME).outcomes;
        let found: Option<Vec<&Resource>> = outcomes
            .iter()
            .map(|outcome| match outcome {
                Outcome::Attribute { address, name }
                    if ["id", "bucket"].contains(&name.as_str()) =>
                {
                    self.graph.at(address).filter(|one| one.address.kind == BUCKET)
                }
                Outcome::Attribute { .. }
                | Outcome::Null
                | Outcome::Text(_)
                | Outcome::Unknown(_) => None,
            })
            .collect();
        match self.one_bucket(found.unwrap_or_default().into_iter()) {
            Some(bucket) => {
                (Planned::Known(BucketTarget::Planned(bucket.address.clone())), Some(bucket))
            }
            None => {
                let why = outcomes.into_iter().find_map(|outcome| match outcome {
                    Outcome::Unknown(why) => Some(why),
                    Outcome::Attribute { .. } | Outcome::Null | Outcome::Text(_) => None,
                });
                (Planned::Unknown(why.unwrap_or_else(|| trail.after_apply(NAME))), None)
            }
        }
    }

    fn named_bucket(&self, name: &str) -> Option<PlannedBucket> {
        let found = self.buckets.get(name)?;
        let read = || self.one_bucket(found.iter().filter_map(|at| self.graph.resources.get(*at)));
        if let Some(bucket) = self.shared.borrow().get(name) {
            return bucket.clone();
        }
        let bucket = read();
        self.shared.borrow_mut().insert(name.to_owned(), bucket.clone());
        bucket
    }

    /// The only bucket of several resources that name it; no bucket if they differ in their Region.
    fn one_bucket<'b>(
        &self,
        resources: impl Iterator<Item = &'b Resource>,
    ) -> Option<PlannedBucket> {
        let mut buckets = resources.filter(|one| one.is_of_aws).map(|resource| PlannedBucket {
            address: resource.text.clone(),
            place: self.graph.place(resource),
            name: resource.optional_text("bucket"),
            is_made: resource.fate != Fate::Destroyed,
        });
        let first = buckets.next()?;
        let is_same = |other: PlannedBucket| {
            other.place.region == first.place.region
                && !other.place.region.is_not_known()
                && other.is_made == first.is_made
        };
        buckets.all(is_same).then_some(first)
    }
}

/// Whether a resource that is not of the provider of AWS makes a trail.
pub(super) fn is_other_trail(resource: &Resource) -> bool {
    resource.address.kind == CLOUDTRAIL
        || (resource.is_unknown("type_name")
            || resource.hidden_text("type_name") == Some(TRAIL_TYPE))
}

/// A trail of which only the address is read.
pub(super) fn named_in_words(text: &str) -> String {
    format!("`{}` makes a trail that is not read", plain(text))
}
