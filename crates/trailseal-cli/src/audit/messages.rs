//! Error messages of the audit: what happened, and what to do next, in one line.

use trailseal_aws::{AwsError, Caller};
use trailseal_rule::{IdError, Region};

use super::regions::unknown_region;
use crate::output::clean;

pub(super) fn no_credentials(cause: &str) -> String {
    let cause = if cause.is_empty() { String::new() } else { format!(" ({cause})") };
    format!(
        "no AWS credentials were found{cause}: sign in with `aws sso login` or `aws configure`, \
         name a profile with --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY"
    )
}

pub(super) fn no_such_profile(name: &str, named_by: &str) -> String {
    let fix = match named_by {
        "--profile" => "name another one".to_owned(),
        variable => format!("set {variable} to one of them, or unset it"),
    };
    format!(
        "the profile `{}` that {named_by} names does not exist, so no call was made: `aws \
         configure list-profiles` lists the profiles; {fix}",
        clean(name)
    )
}

/// The files that contain the profiles cannot be read.
pub(super) fn profile_files(cause: &str) -> String {
    format!(
        "the AWS configuration files cannot be read ({}), so no call was made: check \
         AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/config and ~/.aws/credentials",
        clean(cause)
    )
}

/// A variable names a profile, but the credentials of the environment have priority.
pub(super) fn environment_wins(name: &str, named_by: &str) -> String {
    format!(
        "the credentials are those of AWS_ACCESS_KEY_ID and not those of the profile `{name}` that \
         {named_by} names, as in the AWS CLI; use --profile {name} for those of the profile"
    )
}

/// The configured credentials cannot be loaded.
pub(super) fn credentials(cause: &str, profile: Option<&str>) -> String {
    let with_profile = profile.map_or_else(String::new, |name| format!(" --profile {name}"));
    let small = cause.to_lowercase();
    if small.contains("sso") && !small.contains("was not defined") {
        format!(
            "the session of AWS single sign-on is missing or has expired ({cause}): run `aws sso \
             login{with_profile}` and try again"
        )
    } else if small.contains("was not defined") || small.contains("no profiles were defined") {
        let named = profile.map_or_else(String::new, |name| format!(" `{name}`"));
        format!(
            "there is no profile{named} with credentials ({cause}): `aws configure list-profiles` \
             lists the profiles"
        )
    } else if small.contains("not enabled") || small.contains("no providers in chain") {
        no_credentials(cause)
    } else {
        format!(
            "the AWS credentials cannot be read ({cause}): check with `aws sts \
             get-caller-identity{with_profile}` whether the AWS CLI has the same problem"
        )
    }
}

/// `option` is what names a Region on the command line, where an option does.
pub(crate) fn no_region(option: Option<&str>) -> String {
    let variable = "set AWS_REGION (such as `AWS_REGION=eu-central-1`)";
    let fix = match option {
        Some(option) => format!("{variable}, set `region` in the profile, or {option}"),
        None => format!("{variable}, or set `region` in the profile"),
    };
    format!("no AWS Region is set: {fix}")
}

pub(crate) fn wrong_region(error: &IdError) -> String {
    format!("the AWS Region that is set is wrong: {error}; check AWS_REGION and the profile")
}

/// STS does not identify the caller.
pub(super) fn caller(error: &AwsError, region: &Region) -> String {
    match error.code() {
        Some(code) if is_unrecognized(code) => format!(
            "AWS does not know these credentials in `{region}` ({code}): check that they are complete \
             (including the session token, if there is one) and not deleted, and that AWS_REGION or \
             the profile names a Region that is enabled in the account{}",
            hint(region)
        ),
        Some(code) if code.starts_with("SignatureDoesNotMatch") => format!(
            "AWS rejects these credentials ({code}): check that the secret access key is complete, and \
             that the clock of this computer is right"
        ),
        Some(code) if is_expired(code) => expired(code),
        Some(_) => error.to_string(),
        None => format!(
            "{error}: check that `{region}` is the name of a Region (AWS_REGION, the profile, \
             --region), and that AWS is reachable (proxy, firewall){}{}",
            endpoint(),
            hint(region)
        ),
    }
}

/// Where requests to STS go if not to AWS.
fn endpoint() -> String {
    let mut variables = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].into_iter();
    let set = variables.find_map(|name| Some((name, std::env::var(name).ok()?)));
    set.map_or_else(String::new, |(name, url)| {
        format!(". {name} is set, so requests go to {}", clean(&url))
    })
}

/// A better name for a Region that does not exist.
fn hint(region: &Region) -> String {
    unknown_region(region).map_or_else(String::new, |line| format!(". {line}"))
}

fn is_unrecognized(code: &str) -> bool {
    ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"].contains(&code)
}

fn is_expired(code: &str) -> bool {
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(&code)
}

fn expired(code: &str) -> String {
    format!(
        "the session of the AWS credentials has expired ({code}): sign in again, for example with `aws \
         sso login`, and try again"
    )
}

/// The accounts of the organization cannot be listed.
pub(super) fn organization(error: &AwsError, caller: &Caller) -> String {
    match error.code() {
        Some("AWSOrganizationsNotInUseException") => format!(
            "account {} is not in an organization: leave --accounts out, or name accounts with \
             --accounts ID,ID",
            caller.account
        ),
        _ if matches!(error, AwsError::Denied { .. }) => format!(
            "organizations:ListAccounts was denied to {}: only the management account and delegated \
             administrators may list the accounts; use such an account, allow the action, or name \
             accounts with --accounts ID,ID",
            caller.arn
        ),
        _ => failed(error, None),
    }
}

/// The aggregator cannot be read.
pub(super) fn aggregator(error: &AwsError, name: &str, caller: &Caller, region: &Region) -> String {
    match error.code() {
        Some("NoSuchConfigurationAggregatorException") => format!(
            "account {} has no configuration aggregator `{name}` in {region}: `aws configservice \
             describe-configuration-aggregators --region {region}` lists them, and \
             --aggregator-region names another Region",
            caller.account
        ),
        _ => failed(error, None),
    }
}

/// An account or Region cannot be evaluated; `role` is the role that was denied.
pub(crate) fn failed(error: &AwsError, role: Option<&str>) -> String {
    let whom = role.map_or_else(|| "the caller".to_owned(), |role| format!("`{role}`"));
    match error {
        AwsError::Role { .. } => format!(
            "{error}; check that the account has this role, that it trusts the caller, and that \
             --external-id is the one that it requires"
        ),
        AwsError::Denied { .. } => error.with_advice(&whom),
        AwsError::ServiceFailure { operation, region, cause, .. } => match error.code() {
            Some(code) if is_unrecognized(code) => {
                let fix = if Region::parse(region).is_ok_and(|one| unknown_region(&one).is_some()) {
                    "the Region does not exist, or is not enabled in this account: correct \
                     --region, or enable it"
                } else {
                    "the Region is not enabled in this account: enable it, or leave it out of \
                     --region"
                };
                format!("{operation} in {region} failed: {code}; {fix}")
            }
            Some(code) if is_expired(code) => expired(code),
            Some(_) => format!(
                "{operation} in {region} failed, even when retried: {cause}; try again \
                 later, or with a smaller --concurrency"
            ),
            None => format!(
                "{operation} in {region} got no answer: {cause}; check that the Region exists \
                 and that AWS is reachable"
            ),
        },
        AwsError::EndlessList { .. } => {
            format!("{error}; nothing that depends on the list is judged: try again later")
        }
        AwsError::Refused { .. }
        | AwsError::TokenRefused(_)
        | AwsError::RuleGone(_)
        | AwsError::NotAccepted { .. }
        | AwsError::NotInHistory { .. }
        | AwsError::Deadline(_) => error.to_string(),
    }
}
