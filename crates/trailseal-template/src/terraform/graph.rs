//! The resources of a plan with their places in the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use hcl_edit::structure::{Block, Body};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::address::{Address, Call, prefix};
use super::document::{ConfigResource, Configuration, Variable};
use super::json::Names;
use super::places::Places;
use super::references::Agreements;
use super::resource::Resource;
use super::source::{ModuleSource, Placed, Sources};
use crate::model::{Location, Place};

/// What an expression can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An attribute of a resource.
    Attribute { address: String, name: String },
    /// Null.
    Null,
    /// This text.
    Text(String),
    /// It is not known; why.
    Unknown(String),
}

/// What an expression gives, in each case that the plan leaves open.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    /// At least one.
    pub(super) outcomes: Vec<Outcome>,
    /// Why there are several.
    pub(super) why: String,
}

/// The resources of a plan.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) file: &'a str,
    /// Those of the types that are read, with the data sources.
    pub(super) resources: Vec<Resource>,
    /// The resources that stay, by address.
    pub(super) by_address: BTreeMap<String, usize>,
    /// The resources that stay, by the declarations that they are instances of.
    pub(super) declarations: BTreeMap<String, Vec<usize>>,
    /// The instances of modules in which a resource stays, as the prefixes of its address.
    pub(super) modules: BTreeSet<String>,
    pub(super) configuration: &'a Configuration<'a>,
    pub(super) places: Places,
    pub(super) variables: &'a Names<Variable<'a>>,
    /// What the plan names as contributing to its changes, if it does.
    pub(super) contributing: Option<BTreeSet<(String, String)>>,
    /// Whether the plan may leave resources out.
    pub(super) is_partial: bool,
    pub(super) sources: Option<Sources>,
    pub(super) agreements: Agreements,
}

impl Graph<'_> {
    /// The resource with an address.
    pub(super) fn at(&self, address: &str) -> Option<&Resource> {
        self.resources.get(*self.by_address.get(address)?)
    }

    /// Whether a declaration has an instance, in any instance of its module.
    pub(super) fn has_instance(&self, path: &[String], declared: &str) -> bool {
        self.declarations.contains_key(&declaration(path, declared))
    }

    /// Whether an instance of a module that the source refers to exists for certain: the call makes
    /// one without an index, or a resource in it stays. Of others, no plan says it.
    pub(super) fn has_module(&self, module: &[Call], call: &Body) -> bool {
        let is_plain = !["count", "for_each"].iter().any(|name| call.has_attribute(name))
            && !call.has_blocks("lifecycle");
        if is_plain && module.last().is_some_and(|call| call.index.is_none()) {
            return true;
        }
        let prefix = prefix(module);
        let mut from = self.modules.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
        from.next().is_some_and(|first| first.starts_with(&prefix))
    }

    /// The instances of a declaration, in any instance of its module, with their deposed objects.
    pub(super) fn instances(&self, path: &[String], declared: &str) -> Vec<&Resource> {
        let found = self.declarations.get(&declaration(path, declared)).into_iter().flatten();
        found.filter_map(|at| self.resources.get(*at)).collect()
    }

    pub(super) fn configured(&self, resource: &Resource) -> Option<&ConfigResource<'_>> {
        configured(self.configuration, resource)
    }

    /// Whether the configuration of a resource has an argument; `None` if it has no configuration.
    pub(super) fn sets(&self, resource: &Resource, name: &str) -> Option<bool> {
        self.configured(resource).map(|config| config.sets(name))
    }

    /// The account and Region of a resource.
    pub(super) fn place(&self, resource: &Resource) -> Place {
        let config = self.configured(resource);
        let key = config.map(|config| config.provider_config_key.as_ref());
        let sets_region = config.is_none_or(|config| config.sets("region"));
        self.places.of(resource, key, sets_region)
    }

    /// The value of a variable of the root module.
    pub(super) fn variable(&self, name: &str) -> Option<Value> {
        let raw = self.variables.0.get(name)?.value?;
        serde_json::from_str(raw.get()).ok()
    }

    /// Whether the plan names an attribute as contributing to its changes.
    pub(super) fn contributes(&self, address: &str, name: &str) -> bool {
        let pair = (without_indices(address), name.to_owned());
        self.contributing.as_ref().is_some_and(|all| all.contains(&pair))
    }

    /// Where a resource, or an argument of it, is declared.
    pub(super) fn location(&self, resource: &Resource, name: Option<&str>) -> Location {
        let found = match name {
            Some(name) => self.attribute_location(resource, name),
            None => self.declaration(resource).and_then(|(source, block)| source.place_of(block)),
        };
        found.unwrap_or_else(|| Location { file: self.file.to_owned(), line: 0, column: 0 })
    }

    /// Where an argument of a resource is declared.
    pub(super) fn attribute_location(&self, resource: &Resource, name: &str) -> Option<Location> {
        let (source, block) = self.declaration(resource)?;
        source.place_in(block, name)
    }

    fn declaration(&self, resource: &Resource) -> Option<(&ModuleSource, &Placed<Block>)> {
        let address = &resource.address;
        let source = self.sources.as_ref()?.at(&address.path()).ok()?;
        let kind = if address.is_data { "data" } else { "resource" };
        let block = source.block(&format!("{kind} {} {}", address.kind, address.name))?;
        Some((source, block))
    }
}

/// What a plan names as contributing, as addresses without indices and attributes.
pub(super) fn contributing(raw: &RawValue) -> Option<BTreeSet<(String, String)>> {
    #[derive(Deserialize)]
    struct Relevant {
        resource: String,
        attribute: Vec<Value>,
    }
    let all: Vec<Relevant> = serde_json::from_str(raw.get()).ok()?;
    let pair = |one: Relevant| {
        let name = one.attribute.first()?.as_str()?.to_owned();
        Some((without_indices(&one.resource), name))
    };
    Some(all.into_iter().filter_map(pair).collect())
}

/// The resources that stay, by the declarations that they are instances of.
pub(super) fn declarations(resources: &[Resource]) -> BTreeMap<String, Vec<usize>> {
    let mut declarations: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, one) in resources.iter().enumerate().filter(|(_, one)| one.stays()) {
        let declared = declaration(&one.address.path(), &one.address.in_module());
        declarations.entry(declared).or_default().push(at);
    }
    declarations
}

fn without_indices(address: &str) -> String {
    let parsed = Address::parse(address);
    parsed.map(|address| declaration(&address.path(), &address.in_module())).unwrap_or_default()
}

fn declaration(path: &[String], declared: &str) -> String {
    format!("{}|{declared}", path.join("."))
}

/// A resource in the configuration.
pub(super) fn configured<'b>(
    configuration: &'b Configuration<'_>,
    resource: &Resource,
) -> Option<&'b ConfigResource<'b>> {
    let address = &resource.address;
    configuration.root_module.at(&address.path())?.resource(&address.in_module())
}
