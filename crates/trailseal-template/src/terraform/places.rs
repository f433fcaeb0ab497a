//! The account and Region of a resource, as far as the plan states them.

mod alike;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use trailseal_rule::{AccountId, Arn, Region};

pub(super) use alike::OfSource;

use super::document::{CALLER, Configuration, Expression, ProviderConfig};
use super::resource::Resource;
use crate::model::Place;
use alike::Alike;

/// Arguments of a provider that decide in which account it works.
pub(super) const OF_ACCOUNT: [&str; 9] = [
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
pub(super) const DEFAULT_PROVIDER: &str = "aws";

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
    ///
    /// A plan leaves out `dynamic` blocks, such as one of `assume_role`, so that two configurations
    /// work in one account only if the source has none.
    pub(super) fn new(
        configuration: &Configuration<'_>,
        given: &Place,
        resources: &[(String, &Resource)],
        source: &OfSource<'_>,
    ) -> Self {
        let configs = &configuration.provider_config.0;
        let without_block = ProviderConfig::default();
        let is_used = resources.iter().any(|(key, _)| key == DEFAULT_PROVIDER);
        let default = configs.get(DEFAULT_PROVIDER).or_else(|| is_used.then_some(&without_block));
        let alike = Alike::new(configuration, default, source);
        let mut callers: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for (key, one) in resources {
            if one.address.kind == CALLER && one.is_of_aws {
                callers.entry(key).or_default().push(one);
            }
        }
        let provider = |(key, config): (&str, &ProviderConfig<'_>)| {
            let account = stated_account(config, callers.get(key)).unwrap_or_else(|| {
                let is_given = alike.has_given_account((key, config));
                if is_given { given.account.clone() } else { AccountId::not_known() }
            });
            let region = match config.expressions.0.get("region") {
                None => {
                    Some(given.region.clone()).filter(|_| alike.has_given_region((key, config)))
                }
                Some(raw) => constant(raw).and_then(|text| Region::parse(&text).ok()),
            };
            let region = region.or_else(|| source.regions.get(key).cloned());
            let region = region.unwrap_or_else(Region::not_known);
            let place = Place { account, region, scope: format!("provider {key}") };
            let is_each = |raw: &&RawValue| raw.get().contains("\"each.");
            let is_several =
                source.several.contains(key) || config.expressions.0.values().any(is_each);
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
fn constant(raw: &RawValue) -> Option<String> {
    Some(Expression::read(raw)?.constant_value?.as_str()?.to_owned())
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
