//! The caller: the same credentials that the AWS CLI uses.

use std::env;
use std::io::{self, Write};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_types::SdkConfig;
use aws_types::os_shim_internal::{Env, Fs};
use trailseal_aws::{Attempt, Caller, Connection, Endpoints, RetryPolicy, Session, caller};
use trailseal_rule::{Region, error_chain};

use super::arguments::AuditArguments;
use super::messages;
use crate::console::Console;
use crate::output::clean;
use crate::report::CallerReport;

/// The caller and its session.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) session: Session,
    pub(super) caller: Caller,
    /// A note on the source of the credentials.
    note: Option<String>,
}

/// Longer timeouts than in the function, since an attempt includes waiting for a free slot among the
/// concurrent requests.
fn retry_policy() -> RetryPolicy {
    let attempts = env::var("AWS_MAX_ATTEMPTS").ok().and_then(|text| text.parse().ok());
    RetryPolicy {
        attempt: Duration::from_secs(30),
        attempts_max: attempts.filter(|attempts| *attempts > 0).unwrap_or(8),
        ..RetryPolicy::default()
    }
}

/// Prints each request, if it is wanted.
pub(crate) fn request_listener(is_wanted: bool) -> Option<fn(&Attempt)> {
    is_wanted.then_some(|attempt: &Attempt| {
        let Attempt { operation, account, region, status, elapsed } = attempt;
        let account = account.as_ref().map_or("-", |account| account.as_str());
        let region = region.as_ref().map_or("-", |region| region.as_str());
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let elapsed = elapsed.as_millis();
        // The requests run in other threads. A closed stream is ignored.
        let line = format!("request: {operation} {account} {region} {status} {elapsed} ms\n");
        let _is_closed = io::stderr().write_all(line.as_bytes());
    })
}

/// The configuration that the AWS CLI reads.
async fn load(profile: Option<&NamedProfile>, direct: &Connection) -> SdkConfig {
    let mut loader =
        aws_config::defaults(Connection::behavior_version()).http_client(direct.http_client());
    if let Some(profile) = profile {
        loader = loader.profile_name(&profile.name);
        if profile.overrides_environment() {
            let config = ProviderConfig::without_region().with_http_client(direct.http_client());
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(&profile.name);
            loader = loader.credentials_provider(provider.build());
        }
    }
    loader.load().await
}

impl Identity {
    /// Finds credentials and a Region, and calls STS for the account.
    ///
    /// # Errors
    ///
    /// One line, with what to do next.
    pub(super) async fn find(arguments: &AuditArguments) -> Result<Self, String> {
        let profile = arguments.profile.as_deref();
        let choose = |configured: Option<&str>| region(arguments, configured);
        let listener = request_listener(arguments.verbose > 1);
        Self::of(profile, arguments.concurrency.into(), listener, choose).await
    }

    /// The same with a profile, if one is named, and a function that chooses the Region.
    pub(crate) async fn of(
        profile: Option<&str>,
        requests_max: usize,
        listener: Option<fn(&Attempt)>,
        region: impl FnOnce(Option<&str>) -> Result<Region, String>,
    ) -> Result<Self, String> {
        let profile = NamedProfile::find(profile).await?;
        let config = load(profile.as_ref(), &Connection::at(None.into(), retry_policy())).await;
        let region = region(config.region().map(AsRef::as_ref))?;
        let credentials =
            config.credentials_provider().ok_or_else(|| messages::no_credentials(""))?;
        let found = credentials.provide_credentials().await;
        let name = profile.as_ref().map(|profile| profile.name.as_str());
        found.map_err(|error| messages::credentials(&error_chain(&error), name))?;
        let endpoints = Endpoints::configured(|name| env::var(name).ok(), &config);
        let connection = Connection::at(endpoints, retry_policy());
        let connection = connection.heard_by(listener).gated(requests_max);
        let asked = caller(&connection, &region, &credentials).await;
        let caller = asked.map_err(|error| messages::caller(&error, &region))?;
        let session = Session::new(connection, caller.account.clone(), region, credentials);
        Ok(Self { session, caller, note: profile.and_then(|profile| profile.note()) })
    }

    /// The caller for the report.
    pub(crate) fn report(&self) -> CallerReport {
        let Caller { account, arn } = self.caller.clone();
        CallerReport { arn, account }
    }

    /// Prints the caller, before any other call.
    pub(crate) fn introduce(&self, console: &mut Console<'_>) {
        let Caller { account, arn } = &self.caller;
        let region = self.session.region();
        let line = format!("caller: {arn} of account {account}, Region {region}");
        console.print_line(&clean(&line));
        if let Some(line) = &self.note {
            console.print_note(&clean(line));
        }
    }
}

/// The first Region to call: the aggregator's, the configured one, or the first of `--region`.
fn region(arguments: &AuditArguments, configured: Option<&str>) -> Result<Region, String> {
    if let Some(region) = &arguments.aggregator_region {
        return Ok(region.clone());
    }
    match configured {
        Some(name) => Region::parse(name).map_err(|error| messages::wrong_region(&error)),
        None => arguments
            .regions
            .first()
            .cloned()
            .ok_or_else(|| messages::no_region(Some("name Regions with --region"))),
    }
}

/// The variables that name a profile without `--profile`, in the order of the AWS CLI.
const VARIABLES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// The variables of credentials in the environment.
const KEY_VARIABLES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

#[derive(Clone, Debug, PartialEq, Eq)]
struct NamedProfile {
    name: String,
    /// `--profile` or a variable.
    named_by: &'static str,
}

impl NamedProfile {
    /// The profile that `--profile` names, or otherwise a variable. As in the AWS CLI, an empty
    /// variable names a profile that does not exist.
    ///
    /// # Errors
    ///
    /// The profile does not exist, or the configuration files cannot be read.
    async fn find(option: Option<&str>) -> Result<Option<Self>, String> {
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
    fn overrides_environment(&self) -> bool {
        self.named_by == "--profile"
    }

    /// A note if its credentials are not used.
    fn note(&self) -> Option<String> {
        let is_set = |variable: &&str| env::var_os(variable).is_some_and(|value| !value.is_empty());
        let has_keys = KEY_VARIABLES.iter().all(is_set);
        (has_keys && !self.overrides_environment())
            .then(|| messages::environment_wins(&self.name, self.named_by))
    }
}
