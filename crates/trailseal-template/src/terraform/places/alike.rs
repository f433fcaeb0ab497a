//! Which provider configurations work in one account, or in one Region.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::Expression as Hcl;
use hcl_edit::structure::Block;
use serde_json::{Map, Value};
use trailseal_rule::Region;

use super::{DEFAULT_PROVIDER, OF_ACCOUNT, OF_REGION};
use crate::terraform::document::{Configuration, ProviderConfig};

/// What the source says of provider configurations, by their keys.
#[derive(Debug, Default)]
pub(in crate::terraform) struct OfSource<'a> {
    /// The Regions that it resolves.
    pub(in crate::terraform) regions: BTreeMap<String, Region>,
    /// The configurations whose arguments for the account are those of the plan, and no others.
    pub(in crate::terraform) whole: BTreeSet<String>,
    /// The configurations whose instances may work in several accounts.
    pub(in crate::terraform) several: BTreeSet<String>,
    /// What is written of each argument for the account or the Region. White space and comments do not
    /// count; a comma after the last element does.
    written: BTreeMap<String, BTreeMap<&'static str, Written<'a>>>,
}

/// An argument of a block, or the blocks with its name.
type Written<'a> = (Option<&'a Hcl>, Vec<&'a Block>);

impl<'a> OfSource<'a> {
    /// Adds what is written in the block of a provider.
    pub(in crate::terraform) fn add(&mut self, key: &str, block: &'a Block) {
        let argument = |name: &&'static str| {
            let value = block.body.get_attribute(name).map(|of| &of.value);
            let blocks: Vec<&Block> = block.body.get_blocks(name).collect();
            (value.is_some() || !blocks.is_empty()).then_some((*name, (value, blocks)))
        };
        let arguments = OF_ACCOUNT.iter().filter_map(argument).collect();
        self.written.insert(key.to_owned(), arguments);
    }

    /// Whether two configurations have these arguments, with the same expressions.
    fn has_same(&self, one: &str, other: &str, names: &[Argument<'_>]) -> bool {
        let of = |key: &str| -> Option<Vec<&Written<'a>>> {
            let written = self.written.get(key)?;
            names.iter().map(|(name, _)| written.get(name)).collect()
        };
        of(one).is_some_and(|one| of(other) == Some(one))
    }
}

/// A provider configuration, with its key.
type Keyed<'a> = (&'a str, &'a ProviderConfig<'a>);

/// An argument, as the plan states it.
type Argument<'a> = (&'static str, &'a str);

/// Compares provider configurations.
///
/// The place that the user states is that of the default provider, and of those that are configured
/// like it; without a default one, of all if they are configured alike.
pub(super) struct Alike<'a> {
    source: &'a OfSource<'a>,
    default: Option<Keyed<'a>>,
    /// Without a default one, whether all have the same arguments for the account.
    are_of_one_account: bool,
    /// The same for the Region.
    are_of_one_region: bool,
    /// Whether the source shows what it has to of those that are compared with others.
    are_whole: bool,
}

impl<'a> Alike<'a> {
    pub(super) fn new(
        configuration: &'a Configuration<'a>,
        default: Option<&'a ProviderConfig<'a>>,
        source: &'a OfSource<'a>,
    ) -> Self {
        let configs = configuration.provider_config.0.iter();
        let all: Vec<Keyed<'_>> = configs
            .filter(|(_, config)| config.is_of_aws())
            .map(|(key, config)| (key.as_str(), config))
            .collect();
        let is_alike = |names| match all.split_first() {
            Some((first, others)) if default.is_none() => {
                others.iter().all(|other| are_alike(*first, *other, names, source))
            }
            Some(_) | None => default.is_none(),
        };
        let is_whole = |key: &str| source.whole.contains(key);
        Self {
            source,
            default: default.map(|default| (DEFAULT_PROVIDER, default)),
            are_of_one_account: is_alike(&OF_ACCOUNT[..]),
            are_of_one_region: is_alike(&OF_REGION[..]),
            are_whole: match default {
                Some(_) => is_whole(DEFAULT_PROVIDER),
                None => all.len() < 2 || all.iter().all(|(key, _)| is_whole(key)),
            },
        }
    }

    /// Whether a configuration has the account that the user states.
    pub(super) fn has_given_account(&self, one: Keyed<'_>) -> bool {
        let (key, config) = one;
        match self.default {
            Some((default, _)) if key == default => true,
            Some(default) => {
                self.are_whole
                    && self.source.whole.contains(key)
                    && are_alike(default, one, &OF_ACCOUNT, self.source)
            }
            None => self.are_whole && self.are_of_one_account && config.is_of_aws(),
        }
    }

    /// Whether a configuration without a `region` has the Region that the user states.
    pub(super) fn has_given_region(&self, one: Keyed<'_>) -> bool {
        match self.default {
            Some(default) => are_alike(default, one, &OF_REGION, self.source),
            None => self.are_of_one_region,
        }
    }
}

/// Whether two provider configurations have the same of these arguments. A plan states what an
/// expression refers to and not what it makes of it, so that the source has to be the same too; and
/// each module has its own variables.
fn are_alike(one: Keyed<'_>, other: Keyed<'_>, names: &[&'static str], source: &OfSource) -> bool {
    let ((one_key, one), (other_key, other)) = (one, other);
    let arguments = stated(one, names);
    one_key == other_key
        || (arguments == stated(other, names)
            && (arguments.iter().all(|(_, text)| is_constant(text))
                || (one.module_address == other.module_address
                    && source.has_same(one_key, other_key, &arguments))))
}

/// What a provider configuration has of these arguments, as the plan writes it.
fn stated<'a>(config: &'a ProviderConfig<'_>, names: &[&'static str]) -> Vec<Argument<'a>> {
    let argument = |name: &&'static str| Some((*name, config.expressions.0.get(*name)?.get()));
    names.iter().filter_map(argument).collect()
}

/// Whether the plan states the values of an argument or block, and no references. Of a function
/// without references, it states nothing.
fn is_constant(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|value| has_values(&value))
}

fn has_values(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            !members.is_empty() && (is_value(members) || members.values().all(has_values))
        }
        Value::Array(items) => items.iter().all(has_values),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_value(expression: &Map<String, Value>) -> bool {
    expression.len() == 1 && expression.contains_key("constant_value")
}
