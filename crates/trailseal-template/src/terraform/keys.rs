//! The keys of a plan, with their policies and aliases.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trailseal_rule::{Arn, KeyArn, KeyState};

use super::document::{ALIAS, CLOUD_CONTROL, KEY_POLICY, KEY_TYPES, OTHER_ALIAS, OTHER_KEYS};
use super::graph::{Graph, Outcome};
use super::key_types::{
    external_key, is_computed, key_locations, other_key, own_key, read_key, replica_key,
};
use super::resource::{Fate, Resource};
use crate::cloudformation::{ALIAS_TYPE, plain};
use crate::model::PlannedKey;
use crate::planned::Planned;
use crate::value::has_escaped_marks;

/// Resources that name a multi-Region key by its ID, at most.
const POLICIES_MAX: usize = 100;

/// What a trail or an alias names.
#[derive(Clone, Debug)]
pub(super) enum Named {
    /// A key of the plan.
    Key(Arc<PlannedKey>),
    /// A text that names nothing in the plan.
    Text(String),
    /// It is not known; why.
    Unknown(String),
}

impl Named {
    /// The same, without a text that is the value of a sensitive attribute.
    pub(super) fn unless_sensitive(self, resource: &Resource, name: &str) -> Self {
        match self {
            Self::Text(text) if !text.trim().is_empty() && resource.is_sensitive(name) => {
                Self::Unknown(resource.marked(name))
            }
            named @ (Self::Key(_) | Self::Text(_) | Self::Unknown(_)) => named,
        }
    }
}

/// The keys, aliases and key policies by what names them.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The resources by the ARN of a key after the apply, or of one that the plan destroys.
    by_arn: BTreeMap<String, Vec<usize>>,
    /// The aliases by ARN.
    aliases: BTreeMap<String, Vec<usize>>,
    /// One of the aliases that the plan changes, or of which not everything is known, by ARN and by
    /// name.
    changed_aliases: BTreeMap<String, usize>,
    /// The key policies by the text that names the key.
    policies: BTreeMap<String, Vec<usize>>,
    /// The key policies of keys that are known by address.
    policies_by_address: BTreeMap<String, Vec<usize>>,
    /// A key policy that may be that of any key.
    open_policy: Option<String>,
    /// A resource that may change or destroy any key.
    open_key: Option<String>,
    /// A resource that may change or destroy any alias.
    open_alias: Option<String>,
    /// What the texts name that were read.
    shared: RefCell<BTreeMap<String, Named>>,
}

impl Keys {
    pub(super) fn new(graph: &Graph<'_>) -> Self {
        let mut keys = Self::default();
        for (index, resource) in graph.resources.iter().enumerate() {
            match resource.address.kind.as_str() {
                kind if KEY_TYPES.contains(&kind)
                    || (OTHER_KEYS.contains(&kind) && is_changed(resource)) =>
                {
                    let after = resource.hidden_text("arn").filter(|_| resource.stays());
                    let arns = [after, resource.former_text("arn")];
                    if is_other(resource) && arns.iter().all(Option::is_none) {
                        keys.open_key = Some(resource.text.clone());
                    }
                    for arn in arns.into_iter().flatten() {
                        keys.by_arn.entry(arn.to_owned()).or_default().push(index);
                    }
                }
                ALIAS => keys.add_alias(index, resource),
                OTHER_ALIAS if resource.fate != Fate::Kept => keys.add_other_alias(index, resource),
                KEY_POLICY => keys.add_policy(graph, index, resource),
                CLOUD_CONTROL if is_changed(resource) => keys.add_open(resource),
                _ => {}
            }
        }
        keys
    }

    fn add_alias(&mut self, index: usize, alias: &Resource) {
        let arn = alias.hidden_text("arn");
        if let Some(arn) = arn {
            self.aliases.entry(arn.to_owned()).or_default().push(index);
        }
        if alias.is_of_aws && alias.fate == Fate::Kept {
            return;
        }
        // One that is not made yet has no ARN.
        let name = alias.hidden_text("name").unwrap_or_default();
        for text in [arn, alias.destroyed_text("arn"), Some(name)].into_iter().flatten() {
            self.changed_aliases.entry(text.to_owned()).or_insert(index);
        }
    }

    fn add_other_alias(&mut self, index: usize, alias: &Resource) {
        let names = [alias.hidden_text("alias_name"), alias.destroyed_text("alias_name")];
        let mut names = names.into_iter().flatten().peekable();
        if names.peek().is_none() {
            self.open_alias = Some(alias.text.clone());
        }
        for name in names {
            self.changed_aliases.entry(name.to_owned()).or_insert(index);
        }
    }

    /// Adds a resource of the Cloud Control API. Which key or alias it is, is not read.
    fn add_open(&mut self, resource: &Resource) {
        let types = [resource.hidden_text("type_name"), resource.destroyed_text("type_name")];
        let is_unknown = types.iter().all(Option::is_none);
        for kind in types.into_iter().flatten().filter(|kind| kind.starts_with("AWS::KMS::")) {
            let open = if kind == ALIAS_TYPE { &mut self.open_alias } else { &mut self.open_key };
            *open = Some(resource.text.clone());
        }
        if is_unknown {
            self.open_key = Some(resource.text.clone());
            self.open_alias = Some(resource.text.clone());
        }
    }

    fn add_policy(&mut self, graph: &Graph<'_>, index: usize, policy: &Resource) {
        // What a fork of the provider of AWS does with it is not known.
        if !policy.is_of_aws {
            self.open_policy = Some(policy.text.clone());
            return;
        }
        let former = policy.former_text("key_id");
        if former.is_none() && (policy.destroys || policy.fate == Fate::Updated) {
            self.open_policy = Some(policy.text.clone());
            return;
        }
        let texts = BTreeSet::from([policy.hidden_text("key_id"), former]);
        for text in texts.into_iter().flatten() {
            self.policies.entry(text.to_owned()).or_default().push(index);
        }
        if policy.hidden_text("key_id").is_some() {
            return;
        }
        match graph.resolve(policy, "key_id").outcomes.as_slice() {
            [Outcome::Attribute { address, name }]
                if ["key_id", "id", "arn"].contains(&name.as_str())
                    && graph.at(address).is_some_and(Resource::makes_key) =>
            {
                self.policies_by_address.entry(address.clone()).or_default().push(index);
            }
            _ => self.open_policy = Some(policy.text.clone()),
        }
    }

    /// What an ARN or an alias in a trail or alias names. What many resources name is read once.
    pub(super) fn named(&self, graph: &Graph<'_>, text: &str) -> Named {
        if let Some(named) = self.shared.borrow().get(text) {
            return named.clone();
        }
        let named = self.read(graph, text);
        self.shared.borrow_mut().insert(text.to_owned(), named.clone());
        named
    }

    fn read(&self, graph: &Graph<'_>, text: &str) -> Named {
        if let Some(alias) = alias_name(text).filter(|name| !name.starts_with("alias/aws/")) {
            return self.of_alias(graph, text, alias);
        }
        match self.by_arn.get(text) {
            Some(found) => match self.of_arn(graph, text, found) {
                Ok(key) => Named::Key(Arc::new(key)),
                Err(why) => Named::Unknown(why),
            },
            None => Named::Text(plain(text)),
        }
    }

    /// The key of an existing alias. One that is changed by this plan may be read before or after.
    fn of_alias<'g>(&self, graph: &'g Graph<'_>, text: &str, name: &str) -> Named {
        if let Some(open) = &self.open_alias {
            return Named::Unknown(format!("`{open}` may change the alias"));
        }
        let changed = [text, name].into_iter().find_map(|text| self.changed_aliases.get(text));
        if let Some(other) = changed.and_then(|at| graph.resources.get(*at)) {
            let is_changed = other.is_of_aws || other.address.kind == OTHER_ALIAS;
            let what = if is_changed { "changes the alias" } else { "is of another provider" };
            return Named::Unknown(format!("`{}` {what}", other.text));
        }
        const TARGET: &str = "target_key_arn";
        let found = self.aliases.get(text).into_iter().flatten();
        let found = found.filter_map(|at| graph.resources.get(*at));
        let target = |one: &'g Resource| {
            let arn = one.hidden_text(TARGET).filter(|arn| arn.contains(":key/"))?;
            Some((one, arn))
        };
        let found: Vec<(&Resource, &str)> = found.filter_map(target).collect();
        let Some((_, target)) = found.first() else { return Named::Text(plain(text)) };
        if found.iter().any(|(_, other)| other != target) {
            return Named::Unknown("the plan has the alias twice, with two keys".to_owned());
        }
        let named = self.named(graph, target);
        found.iter().fold(named, |named, (alias, _)| named.unless_sensitive(alias, TARGET))
    }

    fn of_arn(&self, graph: &Graph<'_>, arn: &str, found: &[usize]) -> Result<PlannedKey, String> {
        let all: Vec<&Resource> = found.iter().filter_map(|at| graph.resources.get(*at)).collect();
        let is_managed = |one: &&&Resource| !one.address.is_data;
        if let Some(destroyed) = all.iter().find(|one| one.destroyed_text("arn") == Some(arn)) {
            let mut key = self.key(graph, destroyed);
            key.existing = KeyArn::parse(arn).ok().filter(|_| !destroyed.was_sensitive("arn"));
            key.state = Planned::Known(KeyState::PendingDeletion);
            return Ok(key);
        }
        let is_changed = |one: &&&Resource| is_other(one) || one.hidden_text("arn") != Some(arn);
        if let Some(other) = all.iter().find(is_changed) {
            return Err(format!("`{}` changes the key", other.text));
        }
        let managed: Vec<&&Resource> = all.iter().filter(is_managed).collect();
        let read: Vec<&&Resource> = all.iter().filter(|one| one.address.is_data).collect();
        let keys =
            |of: &[&&Resource]| of.iter().map(|one| self.key(graph, one)).collect::<Vec<_>>();
        let read = keys(&read);
        let own = keys(&managed);
        if let (true, Some(open)) = (managed.is_empty(), &self.open_key) {
            return Err(format!("`{open}` may change the key"));
        }
        let chosen = if managed.is_empty() { &read } else { &own };
        let what = |key: &PlannedKey| {
            let (manager, state) = (key.manager.clone(), key.state.clone());
            (manager, state, key.spec.clone(), key.usage.clone(), key.origin.clone())
        };
        let Some(first) = chosen.first() else { return Err("the plan has no such key".to_owned()) };
        if chosen.iter().any(|other| what(other) != what(first)) || managed.len() > 1 {
            return Err("two resources of the plan have the ARN of the key".to_owned());
        }
        if read.iter().any(|one| one.manager != first.manager) {
            return Err("resource and data source differ on who manages the key".to_owned());
        }
        Ok(first.clone())
    }

    /// A key, with its policy.
    pub(super) fn key(&self, graph: &Graph<'_>, resource: &Resource) -> PlannedKey {
        let location = graph.location(resource, None);
        let mut key = PlannedKey::new(&resource.text, graph.place(resource), location);
        let arn = resource.hidden_text("arn").filter(|_| !resource.is_sensitive("arn"));
        key.existing = arn.and_then(|arn| KeyArn::parse(arn).ok());
        if resource.address.is_data {
            read_key(&mut key, resource);
        }
        // Without its ARN, a key that the provider did not make may be in any account and Region.
        if key.existing.is_none() && (resource.address.is_data || arn.is_some()) {
            let why = format!("account and Region of `{}` are not known", resource.text);
            key.manager = Planned::Unknown(why.clone());
            key.state = Planned::Unknown(why);
        }
        if !resource.is_of_aws {
            let why = format!("`{}` is of another provider", resource.text);
            key.manager = Planned::Unknown(why.clone());
            key.state = Planned::Unknown(why);
        }
        if resource.address.is_data {
            return key;
        }
        if is_other(resource) {
            other_key(&mut key, resource);
            return key;
        }
        match resource.address.kind.as_str() {
            "aws_kms_key" => own_key(&mut key, graph, resource),
            "aws_kms_external_key" => external_key(&mut key, graph, resource),
            _ => replica_key(&mut key, resource),
        }
        key.policy = self.policy(graph, resource);
        key.locations = key_locations(graph, resource);
        key
    }

    /// The resources that set the policy of a key, or which of them may do so; of several, not all.
    fn policies_of(&self, graph: &Graph<'_>, key: &Resource) -> Result<BTreeSet<usize>, String> {
        let by_address = self.policies_by_address.get(&key.text).into_iter().flatten();
        let mut found: BTreeSet<usize> = by_address.take(2).copied().collect();
        for name in ["arn", "key_id", "id"].into_iter().filter_map(|name| key.hidden_text(name)) {
            let policies = self.policies.get(name).map(Vec::as_slice).unwrap_or_default();
            // The keys of a multi-Region key have one ID.
            if !name.starts_with("mrk-") {
                found.extend(policies.iter().take(2));
                continue;
            }
            if policies.len() > POLICIES_MAX {
                return Err(several_policies(key));
            }
            let region = graph.place(key).region;
            for at in policies {
                let Some(policy) = graph.resources.get(*at) else { continue };
                let other = graph.place(policy).region;
                let is_moved = policy.destroys && policy.stays();
                if is_moved || region.is_not_known() || other.is_not_known() {
                    return Err(format!("`{}` may set the policy of `{}`", policy.text, key.text));
                }
                if region == other {
                    found.insert(*at);
                }
            }
        }
        Ok(found)
    }

    /// Whether the apply leaves the policy of a resource on a key that the resource names, before the
    /// apply or after it. The provider writes it when it makes the resource; on an update, to the key
    /// of the state, and only if it changes. To delete the resource, it writes the default policy.
    fn is_left(&self, policy: (usize, &Resource), key: &Resource) -> bool {
        let (at, policy) = policy;
        let is_key = |named: Option<&str>| {
            let names = ["arn", "key_id", "id"].map(|name| key.hidden_text(name));
            named.is_some() && names.contains(&named)
        };
        let was = is_key(policy.former_text("key_id"));
        let by_address = self.policies_by_address.get(&key.text);
        let is =
            is_key(policy.hidden_text("key_id")) || by_address.is_some_and(|of| of.contains(&at));
        match policy.fate {
            Fate::Kept | Fate::Forgotten => true,
            Fate::Updated => was && is,
            Fate::Made if policy.destroys_last => !was,
            Fate::Made => is,
            Fate::Destroyed => false,
        }
    }

    /// The policy of a key: its own, or that of the resource that sets it.
    fn policy(&self, graph: &Graph<'_>, key: &Resource) -> Planned<String> {
        let found = match self.policies_of(graph, key) {
            Ok(found) => found,
            Err(why) => return Planned::Unknown(why),
        };
        if let Some(open) = &self.open_policy {
            return Planned::Unknown(format!("`{open}` may set the policy of `{}`", key.text));
        }
        let own = match policy_text(key) {
            // Without an argument, KMS gives the key its default policy.
            Planned::Unknown(_) if key.fate == Fate::Made && is_computed(graph, key, "policy") => {
                Planned::Absent
            }
            own @ (Planned::Known(_) | Planned::Absent | Planned::Unknown(_)) => own,
        };
        let mut found = found.into_iter().filter_map(|at| Some((at, graph.resources.get(at)?)));
        match (found.next(), found.next()) {
            (None, _) => own,
            (Some((at, policy)), None) => {
                if policy.fate == Fate::Destroyed || policy.is_deposed {
                    return Planned::Unknown(format!("`{}` is destroyed", policy.text));
                }
                if !self.is_left((at, policy), key) {
                    let (policy, key) = (&policy.text, &key.text);
                    return Planned::Unknown(format!(
                        "the apply may not leave the policy of `{policy}` on `{key}`"
                    ));
                }
                let text = policy_text(policy);
                if graph.sets(key, "policy") == Some(false) || text == own {
                    return text.and_then(Planned::Known);
                }
                Planned::Unknown(format!("`{}` and `{}` set one policy", key.text, policy.text))
            }
            (Some(_), Some(_)) => Planned::Unknown(several_policies(key)),
        }
    }
}

fn several_policies(key: &Resource) -> String {
    format!("several resources set the policy of `{}`", key.text)
}

/// Whether the plan changes or destroys what a resource stands for, so that what a data source read
/// of it may no longer hold.
fn is_changed(resource: &Resource) -> bool {
    !resource.address.is_data && (resource.destroys || resource.fate == Fate::Updated)
}

/// Whether it is a key of another provider.
fn is_other(resource: &Resource) -> bool {
    OTHER_KEYS.contains(&resource.address.kind.as_str())
}

/// `alias/…`, of its ARN or of the name itself.
fn alias_name(text: &str) -> Option<&str> {
    if text.starts_with("alias/") {
        return Some(text);
    }
    Arn::split(text).map(|arn| arn.resource).filter(|name| name.starts_with("alias/"))
}

fn policy_text(resource: &Resource) -> Planned<String> {
    let raw = resource.hidden_text("policy").unwrap_or_default();
    // Decoded, they would look like stand-ins.
    if has_escaped_marks(raw) {
        return Planned::Unknown(format!("the policy of `{}` escapes `<` or `>`", resource.text));
    }
    match resource.text("policy") {
        Planned::Known(text) if text.trim().is_empty() => Planned::Absent,
        policy @ (Planned::Known(_) | Planned::Absent | Planned::Unknown(_)) => policy,
    }
}
