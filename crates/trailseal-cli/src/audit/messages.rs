//! What is said where AWS does not answer: what happened, and what to do next, in one line.

use trailseal_aws::{AwsError, Caller};
use trailseal_rule::{IdError, Region};

use crate::output::clean;

/// There is nothing to ask with.
pub(super) fn no_credentials(cause: &str) -> String {
    let cause = if cause.is_empty() { String::new() } else { format!(" ({cause})") };
    format!(
        "no AWS credentials were found{cause}: sign in with `aws sso login` or `aws configure`, \
         name a profile by --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY"
    )
}

/// A profile is named that does not exist.
pub(super) fn no_such_profile(name: &str, named_by: &str) -> String {
    let fix = match named_by {
        "--profile" => "name another one".to_owned(),
        variable => format!("set {variable} to one of them, or unset it"),
    };
    format!(
        "the profile `{}` that {named_by} names does not exist, so nothing was asked: `aws \
         configure list-profiles` lists the profiles; {fix}",
        clean(name)
    )
}

/// Whether a profile exists cannot be found out.
pub(super) fn profile_files(cause: &str) -> String {
    format!(
        "the AWS configuration files cannot be read ({}), so nothing was asked: see \
         AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/config and ~/.aws/credentials",
        clean(cause)
    )
}

/// A variable names a profile, and the credentials of the environment are used all the same.
pub(super) fn environment_wins(name: &str, named_by: &str) -> String {
    format!(
        "the credentials are those of AWS_ACCESS_KEY_ID and not those of the profile `{name}` that \
         {named_by} names, as for the AWS CLI; use --profile {name} for those of the profile"
    )
}

/// Credentials are configured, and cannot be had.
pub(super) fn credentials(cause: &str, profile: Option<&str>) -> String {
    let with_profile = profile.map_or_else(String::new, |name| format!(" --profile {name}"));
    let small = cause.to_lowercase();
    if small.contains("sso") && !small.contains("was not defined") {
        format!(
            "the session of AWS single sign-on is missing or has expired ({cause}): run `aws sso \
             login{with_profile}` and start anew"
        )
    } else if small.contains("was not defined") || small.contains("no profiles were defined") {
        let named = profile.map_or_else(String::new, |name| format!(" `{name}`"));
        format!(
            "there is no profile{named} with credentials ({cause}): `aws configure list-profiles` \
             tells which profiles there are"
        )
    } else if small.contains("not enabled") || small.contains("no providers in chain") {
        no_credentials(cause)
    } else {
        format!(
            "the AWS credentials cannot be read ({cause}): see with `aws sts \
             get-caller-identity{with_profile}` whether the AWS command line has the same trouble"
        )
    }
}

/// No Region is configured.
pub(super) fn no_region() -> String {
    "no AWS Region is set: set AWS_REGION (such as `AWS_REGION=eu-central-1`), put `region` into \
     the profile, or name Regions by --regions"
        .to_owned()
}

/// What is configured as the Region is none.
pub(super) fn wrong_region(error: &IdError) -> String {
    format!("the AWS Region that is set is wrong: {error}; see AWS_REGION and the profile")
}

/// Nobody knows whose the credentials are.
pub(super) fn caller(error: &AwsError, region: &Region) -> String {
    match error.code() {
        Some(code) if is_unrecognized(code) => format!(
            "AWS does not know these credentials in `{region}` ({code}): see that they are whole \
             (a session token, where there is one) and not deleted, and that AWS_REGION or the \
             profile names a Region that is enabled in the account"
        ),
        Some(code) if code.starts_with("SignatureDoesNotMatch") => format!(
            "AWS does not take these credentials ({code}): see that the secret access key is whole, \
             and that the clock of this computer is right"
        ),
        Some(code) if is_expired(code) => expired(code),
        Some(_) | None => unreached(error, region),
    }
}

fn is_unrecognized(code: &str) -> bool {
    ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"].contains(&code)
}

fn is_expired(code: &str) -> bool {
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(&code)
}

fn expired(code: &str) -> String {
    format!(
        "the session of the AWS credentials has expired ({code}): sign in anew, such as by `aws sso \
         login`, and start again"
    )
}

/// Something else than an answer of AWS.
fn unreached(error: &AwsError, region: &Region) -> String {
    if error.code().is_some() {
        return error.to_string();
    }
    format!(
        "{error}: see that `{region}` is the name of a Region (AWS_REGION, the profile, --regions), \
         and that AWS can be reached from here (proxy, firewall)"
    )
}

/// Which accounts the organization has cannot be told.
pub(super) fn organization(error: &AwsError, caller: &Caller) -> String {
    match error.code() {
        Some("AWSOrganizationsNotInUseException") => format!(
            "account {} is in no organization, so that `--accounts organization` means nothing: \
             leave --accounts out, or name accounts by --accounts ID,ID",
            caller.account
        ),
        _ if matches!(error, AwsError::Denied { .. }) => format!(
            "organizations:ListAccounts was denied to {}: only the management account and delegated \
             administrators may list the accounts; use such an account, allow the action, or name \
             accounts by --accounts ID,ID",
            caller.arn
        ),
        _ => failed(error, None),
    }
}

/// The aggregator tells nothing.
pub(super) fn aggregator(error: &AwsError, name: &str, caller: &Caller, region: &Region) -> String {
    match error.code() {
        Some("NoSuchConfigurationAggregatorException") => format!(
            "account {} has no configuration aggregator `{name}` in {region}: `aws configservice \
             describe-configuration-aggregators --region {region}` tells which there are, and \
             --aggregator-region names another Region",
            caller.account
        ),
        _ => failed(error, None),
    }
}

/// What keeps one account or Region from being judged; `role` is whose rights were too few.
pub(super) fn failed(error: &AwsError, role: Option<&str>) -> String {
    let whom = role.map_or_else(|| "whoever asks".to_owned(), |role| format!("`{role}`"));
    match error {
        AwsError::Role { .. } => format!(
            "{error}; see that the account has this role, that it trusts whoever asks, and that \
             --external-id is the one that it asks for"
        ),
        AwsError::Denied { operation, denial: Some(denial), .. } => {
            format!("{error}; {}", denial.advice(operation))
        }
        AwsError::Denied { denial: None, .. } => format!("{error}; allow it to {whom}"),
        AwsError::ServiceFailure { operation, region, cause, .. } => match error.code() {
            Some(code) if is_unrecognized(code) => format!(
                "{operation} in {region} failed: {code}; the Region is not enabled in this account: \
                 enable it, or leave it out of --regions"
            ),
            Some(code) if is_expired(code) => expired(code),
            Some(_) => format!(
                "{operation} in {region} failed, also when it was asked again: {cause}; try again \
                 later, or with a smaller --concurrency"
            ),
            None => format!(
                "{operation} in {region} got no answer: {cause}; see that the Region exists, and \
                 that AWS can be reached from here"
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
