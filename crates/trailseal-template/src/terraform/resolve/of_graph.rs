//! What the graph of a plan asks of the source.

use hcl_edit::expr::Expression as Hcl;
use hcl_edit::structure::Block;
use serde_json::value::RawValue;
use trailseal_rule::Region;

use super::Resolver;
use crate::model::Place;
use crate::terraform::document::ProviderConfig;
use crate::terraform::graph::{Graph, Outcome, Resolved};
use crate::terraform::places::{DEFAULT_PROVIDER, OF_ACCOUNT, OfSource, Places};
use crate::terraform::resource::Resource;

impl Graph<'_> {
    /// The places of the provider configurations.
    pub(in crate::terraform) fn read_places(&self, given: &Place) -> Places {
        let of = |one| Some((self.configured(one)?.provider_config_key.clone().into_owned(), one));
        let resources: Vec<(String, &Resource)> = self.resources.iter().filter_map(of).collect();
        Places::new(self.configuration, given, &resources, &self.providers_of_source())
    }

    /// What the source says of the provider configurations.
    fn providers_of_source(&self) -> OfSource<'_> {
        let mut found = OfSource::default();
        let Some(sources) = &self.sources else { return found };
        let configs = &self.configuration.provider_config.0;
        let without_block = ProviderConfig::default();
        let implied = (DEFAULT_PROVIDER, &without_block);
        let implied = (!configs.contains_key(DEFAULT_PROVIDER)).then_some(implied);
        let stated = configs.iter().map(|(key, config)| (key.as_str(), config));
        for (key, config) in stated.chain(implied) {
            let module = config.module_address.as_deref().unwrap_or_default();
            let Some(path) = module_path(module) else { continue };
            let own = key.strip_prefix(module).map_or(key, |own| own.trim_start_matches(':'));
            let (name, alias) = own.split_once('.').unwrap_or((own, ""));
            let Ok(source) = sources.at(&path) else {
                // Only one with an alias can have several instances.
                found.several.extend((!alias.is_empty()).then(|| key.to_owned()));
                continue;
            };
            let block = source.block(&format!("provider {name} {alias}")).map(|block| &block.part);
            if let Some(block) = block {
                found.add(key, block);
            }
            // A default configuration needs no block.
            let is_whole = match block {
                Some(block) => has_account_of(block, config),
                None => alias.is_empty() && config.expressions.0.is_empty(),
            };
            if is_whole {
                found.whole.insert(key.to_owned());
            }
            if block.is_some_and(|block| is_open(block) && block.body.has_attribute("for_each")) {
                found.several.insert(key.to_owned());
            }
            if path.is_empty()
                && let Some(stated) = config.expressions.0.get("region")
                && let Some(text) =
                    Resolver::new(self, sources).provider_argument((name, alias), "region", stated)
                && let Ok(region) = Region::parse(&text)
            {
                found.regions.insert(key.to_owned(), region);
            }
        }
        found
    }

    /// What an argument of a resource gives that is known only after the apply.
    pub(in crate::terraform) fn resolve(&self, resource: &Resource, name: &str) -> Resolved {
        match &self.sources {
            Some(sources) => Resolver::new(self, sources).argument(resource, name),
            None => {
                let why = format!("{}, and --source is not given", resource.after_apply(name));
                Resolved { outcomes: vec![Outcome::Unknown(why)], why: String::new() }
            }
        }
    }
}

impl Resolver<'_> {
    /// Whether an expression of the source refers to what the plan says that it refers to.
    pub(super) fn agree(&self, source: &Hcl, plan: Option<&RawValue>) -> bool {
        self.graph.agreements.has(source, plan)
    }
}

/// The names of the module calls in the address of a module of the configuration.
fn module_path(address: &str) -> Option<Vec<String>> {
    if address.is_empty() {
        return Some(Vec::new());
    }
    let calls = address.strip_prefix("module.")?.split(".module.");
    Some(calls.map(str::to_owned).collect())
}

/// Whether the block of a provider has the arguments for the account that the plan states, and no
/// others.
fn has_account_of(block: &Block, config: &ProviderConfig<'_>) -> bool {
    let is_stated = |name: &str| config.expressions.0.contains_key(name);
    let is_in_source = |name: &str| block.body.has_attribute(name) || block.body.has_blocks(name);
    !is_open(block) && OF_ACCOUNT.iter().all(|name| is_in_source(name) == is_stated(name))
}

/// Whether the block of a provider has a `dynamic` block that may decide its account.
fn is_open(block: &Block) -> bool {
    let mut dynamic = block.body.get_blocks("dynamic");
    dynamic.any(|one| one.labels.first().is_none_or(|label| OF_ACCOUNT.contains(&label.as_str())))
}
