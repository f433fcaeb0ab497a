//! What the graph of a plan asks of the source.

use std::collections::BTreeMap;

use trailseal_rule::Region;

use super::Resolver;
use crate::model::Place;
use crate::terraform::document::ProviderConfig;
use crate::terraform::graph::{Graph, Outcome, Resolved};
use crate::terraform::places::Places;
use crate::terraform::resource::Resource;

impl Graph<'_> {
    /// The places of the provider configurations.
    pub(in crate::terraform) fn read_places(&self, given: &Place) -> Places {
        let of = |one| Some((self.configured(one)?.provider_config_key.clone().into_owned(), one));
        let resources: Vec<(String, &Resource)> = self.resources.iter().filter_map(of).collect();
        Places::new(self.configuration, given, &resources, &self.provider_regions())
    }

    /// The Regions of provider configurations of the root module that the source resolves.
    fn provider_regions(&self) -> BTreeMap<String, Region> {
        let Some(sources) = &self.sources else { return BTreeMap::new() };
        let configs = self.configuration.provider_config.0.iter();
        let region = |(key, config): (&String, &ProviderConfig<'_>)| {
            let raw =
                config.expressions.0.get("region").filter(|_| config.module_address.is_none())?;
            let name = key.split_once('.').unwrap_or((key, ""));
            let text = Resolver::new(self, sources).provider_argument(name, "region", raw)?;
            Some((key.clone(), Region::parse(&text).ok()?))
        };
        configs.filter_map(region).collect()
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
