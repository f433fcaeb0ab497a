//! Whose credentials these are: those that the AWS tools would use, too.

use std::env;
use std::error::Error;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use trailseal_aws::{Connection, Patience, Session, caller};
use trailseal_rule::Region;

/// Finds credentials and a Region, and asks whose they are.
///
/// # Errors
///
/// One line, with what to do next.
pub(super) async fn find_identity(
    profile: Option<&str>,
    wanted: Option<&Region>,
) -> Result<Session, String> {
    let direct = Connection::new(None, Patience::default());
    let mut loader =
        aws_config::defaults(Connection::behavior_version()).http_client(direct.http_client());
    if let Some(profile) = profile {
        // As for the other AWS tools, a profile that is named counts more than the environment.
        let config = ProviderConfig::without_region().with_http_client(direct.http_client());
        let provider =
            ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile);
        loader = loader.profile_name(profile).credentials_provider(provider.build());
    }
    let config = loader.load().await;
    let region = match (wanted, config.region()) {
        (Some(region), _) => region.clone(),
        (None, Some(name)) => Region::parse(name.as_ref()).map_err(|error| error.to_string())?,
        (None, None) => return Err(NO_REGION.to_owned()),
    };
    let credentials = config.credentials_provider().ok_or_else(|| no_credentials(""))?;
    let found = credentials.provide_credentials().await;
    found.map_err(|error| no_credentials(&causes(&error)))?;
    let endpoint = config.endpoint_url().map(str::to_owned);
    let connection = Connection::new(endpoint, patience());
    let caller = caller(&connection, &region, &credentials).await;
    let caller = caller.map_err(|error| format!("whose the credentials are is not known: {error}"));
    Ok(Session::new(connection, caller?.account, region, credentials))
}

fn patience() -> Patience {
    let attempts = env::var("AWS_MAX_ATTEMPTS").ok().and_then(|text| text.parse().ok());
    let attempts_max = attempts.filter(|attempts| *attempts > 0);
    let usual = Patience::default();
    Patience { attempts_max: attempts_max.unwrap_or(usual.attempts_max), ..usual }
}

const NO_REGION: &str = "no AWS Region is set: name it by --region, set AWS_REGION, or put `region` \
                         into the profile";

fn no_credentials(cause: &str) -> String {
    let cause = if cause.is_empty() { String::new() } else { format!(" ({cause})") };
    format!(
        "no AWS credentials were found{cause}: sign in with `aws sso login` or `aws configure`, name \
         a profile by --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )
}

/// The error and its causes in one line.
fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line.replace(['\n', '\r'], " ")
}
