//! The account and Region of a resource, as far as the plan states them.

use std::collections::{BTreeMap, BTreeSet};

use trailseal_rule::{AccountId, Arn, Region};

use super::document::{CALLER, Configuration, Expression, ProviderConfig};
use super::resource::Resource;
use crate::model::Place;

/// Arguments of a provider that decide in which account it works.
const OF_ACCOUNT: [&str; 9] = [
    "access_key",
    "assume_role",
    "assume_role_with_web_identity",
    "profile",
    "secret_key",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "token",
];

/// Arguments of a provider that name what may decide its Region, if it has no `region`.
const OF_REGION: [&str; 4] =
    ["profile", "shared_config_files", "shared_credentials_file", "shared_credentials_files"];

/// The key of the default provider configuration, which a plan has only if a block or a requirement
/// names the provider.
const DEFAULT_PROVIDER: &str = "aws";

/// The places of provider configurations.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By the key of the provider configuration.
    providers: BTreeMap<String, Provider>,
}

#[derive(Debug)]
struct Provider {
    place: Place,
    /// Whether its instances may differ in Region or account: it is made for each value of a map.
    is_several: bool,
}

impl Places {
    /// The places of all provider configurations. `given` is what the user states; `resources` are
    /// those that the configuration has, each with the key of its provider configuration.
    pub(super) fn new(
        configuration: &Configuration<'_>,
        given: &Place,
        resources: &[(String, &Resource)],
        regions: &BTreeMap<String, Region>,
    ) -> Self {
        let configs = &configuration.provider_config.0;
        let without_block = ProviderConfig::default();
        let is_used = resources.iter().any(|(key, _)| key == DEFAULT_PROVIDER);
        let default = configs.get(DEFAULT_PROVIDER).or_else(|| is_used.then_some(&without_block));
        // The place that the user states is that of the default provider, and of those that are
        // configured like it; of all providers if all are configured alike.
        let are_alike = |names: &[&'static str]| {
            let mut all = configs.values().chain(default).map(|one| decisive(one, names));
            let first = all.next();
            all.all(|other| first.as_ref() == Some(&other))
        };
        let alike = [&OF_ACCOUNT[..], &OF_REGION].map(|names| (names, are_alike(names)));
        let is_given = |config: &ProviderConfig<'_>, names: &[&'static str]| {
            alike.contains(&(names, true))
                || default.is_some_and(|one| decisive(one, names) == decisive(config, names))
        };
        let mut callers: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for (key, one) in resources {
            if one.address.kind == CALLER && one.is_of_aws {
                callers.entry(key).or_default().push(one);
            }
        }
        let provider = |(key, config): (&str, &ProviderConfig<'_>)| {
            let account = stated_account(config, callers.get(key)).unwrap_or_else(|| {
                let is_given = is_given(config, &OF_ACCOUNT);
                if is_given { given.account.clone() } else { AccountId::not_known() }
            });
            let region = match config.expressions.0.get("region") {
                None => Some(given.region.clone()).filter(|_| is_given(config, &OF_REGION)),
                Some(raw) => constant(raw).and_then(|text| Region::parse(&text).ok()),
            };
            let region = region.or_else(|| regions.get(key).cloned());
            let region = region.unwrap_or_else(Region::not_known);
            let place = Place { account, region, scope: format!("provider {key}") };
            let is_several = config.expressions.0.values().any(|raw| raw.get().contains("\"each."));
            (key.to_owned(), Provider { place, is_several })
        };
        let stated = configs.iter().map(|(key, config)| (key.as_str(), config));
        let default = default.map(|default| (DEFAULT_PROVIDER, default));
        Self { providers: stated.chain(default).map(provider).collect() }
    }

    /// The place of a resource. `key` is that of its provider configuration, and `sets_region` says
    /// whether its configuration has the argument `region`.
    pub(super) fn of(&self, resource: &Resource, key: Option<&str>, sets_region: bool) -> Place {
        let provider = key.and_then(|key| self.providers.get(key));
        let own_scope = || format!("resource {}", resource.text);
        let mut place = match provider {
            Some(Provider { place, is_several: false }) => place.clone(),
            Some(_) | None => Place {
                account: AccountId::not_known(),
                region: Region::not_known(),
                scope: own_scope(),
            },
        };
        let arn = resource.hidden_text("arn").filter(|_| !resource.is_sensitive("arn"));
        let (arn_region, arn_account) = arn.map(of_arn).unwrap_or_default();
        // The `region` of a data source is where its provider looked, if it has both.
        let of_bucket = resource.address.is_data && resource.states("bucket_region");
        let names = if of_bucket { &["bucket_region"][..] } else { &["bucket_region", "region"] };
        let stated = names.iter().find_map(|name| {
            let text = resource.hidden_text(name).filter(|_| !resource.is_sensitive(name))?;
            Region::parse(text).ok()
        });
        if let Some(region) = arn_region.or(stated) {
            place.region = region;
        } else if sets_region || resource.address.is_data {
            // What a data source reads may be in another Region than its provider works in.
            place.region = Region::not_known();
            place.scope = own_scope();
        }
        if let Some(account) = arn_account {
            if place.account.is_not_known() {
                place.scope = format!("{} in {account}", place.scope);
            }
            place.account = account;
        }
        place
    }
}

/// The Region and account in an ARN.
pub(super) fn of_arn(arn: &str) -> (Option<Region>, Option<AccountId>) {
    let Some(arn) = Arn::split(arn) else { return (None, None) };
    (Region::parse(arn.region).ok(), AccountId::parse(arn.account).ok())
}

/// The text of an expression that is a constant.
fn constant(raw: &serde_json::value::RawValue) -> Option<String> {
    Some(Expression::read(raw)?.constant_value?.as_str()?.to_owned())
}

/// What a provider configuration has of these arguments, as the configuration writes it, with its
/// module if that decides what they are: each module has its own variables.
fn decisive<'a>(
    config: &'a ProviderConfig<'a>,
    names: &[&'static str],
) -> (Option<&'a str>, Vec<(&'static str, &'a str)>) {
    let argument = |name: &&'static str| Some((*name, config.expressions.0.get(*name)?.get()));
    let arguments: Vec<(&'static str, &str)> = names.iter().filter_map(argument).collect();
    // With an escape, the text can be any.
    let is_open = |text: &str| text.contains("\"references\"") || text.contains('\\');
    let module = config.module_address.as_deref();
    (module.filter(|_| arguments.iter().any(|(_, text)| is_open(text))), arguments)
}

/// The account that the plan states of a provider: the data sources of its caller, or the only
/// account that the provider allows. No account if they differ.
fn stated_account(
    config: &ProviderConfig<'_>,
    callers: Option<&Vec<&Resource>>,
) -> Option<AccountId> {
    let callers = callers.into_iter().flatten();
    let mut accounts: BTreeSet<String> = callers
        .filter(|one| !one.is_sensitive("account_id"))
        .filter_map(|one| one.hidden_text("account_id").map(str::to_owned))
        .collect();
    let allowed = config.expressions.0.get("allowed_account_ids");
    let allowed = allowed.and_then(|raw| Expression::read(raw)?.constant_value);
    if let Some([only]) = allowed.as_ref().and_then(|value| value.as_array()).map(Vec::as_slice) {
        accounts.extend(only.as_str().map(str::to_owned));
    }
    let is_one = accounts.len() == 1;
    match accounts.first() {
        Some(account) if is_one => {
            Some(AccountId::parse(account).unwrap_or_else(|_| AccountId::not_known()))
        }
        Some(_) => Some(AccountId::not_known()),
        None => None,
    }
}
