//! The named profile, which must exist: otherwise the wrong account could be audited.

use std::env;

use aws_types::os_shim_internal::{Env, Fs};
use trailseal_rule::error_chain;

use super::messages;

/// The variables that name a profile without `--profile`, in the order of the AWS CLI.
const VARIABLES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// The variables of credentials in the environment.
const KEY_VARIABLES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedProfile {
    pub(super) name: String,
    /// `--profile` or a variable.
    pub(super) named_by: &'static str,
}

impl NamedProfile {
    /// The profile that `--profile` names, or otherwise a variable. As in the AWS CLI, an empty
    /// variable names a profile that does not exist.
    ///
    /// # Errors
    ///
    /// The profile does not exist, or the configuration files cannot be read.
    pub(super) async fn find(option: Option<&str>) -> Result<Option<Self>, String> {
        let by_option = option.map(|name| (name.to_owned(), "--profile"));
        let by_variable = || {
            VARIABLES.into_iter().find_map(|variable| {
                let name = env::var_os(variable)?;
                Some((name.to_string_lossy().into_owned(), variable))
            })
        };
        let Some((name, named_by)) = by_option.or_else(by_variable) else {
            return Ok(None);
        };
        let files = Default::default();
        let known = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await;
        let known = known.map_err(|error| messages::profile_files(&error_chain(&error)))?;
        match known.get_profile(&name) {
            Some(_) => Ok(Some(Self { name, named_by })),
            None => Err(messages::no_such_profile(&name, named_by)),
        }
    }

    /// Whether its credentials have priority over the environment: as in the AWS CLI, only if
    /// `--profile` names it.
    pub(super) fn overrides_environment(&self) -> bool {
        self.named_by == "--profile"
    }

    /// A note if its credentials are not used.
    pub(super) fn note(&self) -> Option<String> {
        let is_set = |variable: &&str| env::var_os(variable).is_some_and(|value| !value.is_empty());
        let has_keys = KEY_VARIABLES.iter().all(is_set);
        (has_keys && !self.overrides_environment())
            .then(|| messages::environment_wins(&self.name, self.named_by))
    }
}
