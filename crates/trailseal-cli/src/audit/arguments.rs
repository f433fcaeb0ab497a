//! The command line of `trailseal audit`.

use clap::{ArgAction, ArgGroup, Args};
use trailseal_rule::{AccountId, Region, RoleName};

use crate::console::exit_codes;
use crate::log_files::{BucketRole, History, bucket_role};
use crate::parameters::region;
use crate::settings::{ReportArguments, SettingsArguments};

const EXAMPLES: &str = concat!(
    "\
Examples:
  Judge the trails of the account of the current credentials, in all its Regions:
    trailseal audit

  Judge a whole organization from its management account, through a role in each account:
    trailseal audit --accounts organization --role-name SecurityAudit

  Judge two accounts, and write a JSON report as well as the table:
    trailseal audit --accounts 111122223333,444455556666 --role-name Audit -o table -o json=r.json

  Judge two Regions with all checks:
    trailseal audit --region eu-central-1,eu-west-1 --parameter profile=strict

  Judge the trails also by the log files that they have delivered:
    trailseal audit --log-files --bucket-role arn:aws:iam::444455556666:role/ReadLogs

  Judge an organization by a configuration aggregator, in a few queries:
    trailseal audit --aggregator organization --aggregator-region eu-central-1

Required permissions: cloudtrail:DescribeTrails, kms:DescribeKey and account:ListRegions in each \
account; for keys in external key stores also cloudtrail:GetTrailStatus; with profile=strict also \
kms:GetKeyRotationStatus, kms:GetKeyPolicy and cloudtrail:GetTrailStatus, which is called in every \
enabled Region of a multi-Region trail, even with --region.
With --log-files also cloudtrail:GetTrailStatus, s3:ListBucket and s3:GetBucketAcl on the buckets, \
and s3:GetObject on their files, which HEAD requests need.
With --accounts organization also organizations:ListAccounts, and sts:AssumeRole on the roles.
With the parameter exemptionsFrom also s3:GetObject on the document; with exemptionTag also \
cloudtrail:ListTags on the trails.
With --aggregator only config:SelectAggregateResourceConfig, in the account and Region of the \
aggregator.
A trail of which only copies are seen cannot be judged. The audit changes nothing.

",
    exit_codes!("wrong usage, no credentials, unreadable file")
);

/// Judge the trails of AWS accounts as they are now
///
/// Reads CloudTrail, KMS and S3 with the same credentials as the AWS CLI: environment variables, the
/// profile, single sign-on, a credential process, the role of a container or an instance. An
/// account or Region that denies access is listed with the reason, and the others are judged.
/// Ctrl-C ends early and reports what was judged so far. The caller, its account and the Region are
/// printed first. AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KMS and so on set other endpoints.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("roles").args(["role_name", "bucket_role"]).multiple(true))]
pub(crate) struct AuditArguments {
    /// The profile whose credentials are used instead of those of the environment; it must exist
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Account IDs separated by commas, or `organization` for all its active accounts; by default the
    /// account of the credentials
    #[arg(long, value_name = "LIST|organization", value_parser = accounts_wanted)]
    pub(crate) accounts: Option<AccountsWanted>,

    /// The role to assume in accounts other than that of the credentials, with its path if it has
    /// one
    #[arg(long, value_name = "NAME", requires = "accounts", value_parser = role_name)]
    pub(crate) role_name: Option<RoleName>,

    /// The external ID that the roles require
    #[arg(long, value_name = "ID", requires = "roles", hide_env_values = true)]
    pub(crate) external_id: Option<String>,

    /// Regions separated by commas (repeatable); by default all that are enabled in the account. A
    /// trail is judged only in its home Region, so fewer Regions may miss trails
    #[arg(long = "region", alias = "regions", value_name = "LIST", value_delimiter = ',',
          value_parser = region)]
    pub(crate) regions: Vec<Region>,

    /// Read the trails, keys and buckets of all accounts and Regions that this configuration
    /// aggregator collects; others are not judged
    ///
    /// A trail whose key or bucket AWS Config does not record is unverified. An account and Region
    /// without a recorded trail is not judged, and the exit code is 2.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["accounts", "role_name", "regions"])]
    pub(crate) aggregator: Option<String>,

    /// The Region of the aggregator, if it is not that of the credentials
    #[arg(long, value_name = "REGION", requires = "aggregator",
          conflicts_with_all = ["accounts", "role_name", "regions", "log_files", "history", "bucket_role"])]
    pub(crate) aggregator_region: Option<Region>,

    /// Also judge each trail by a sample of the log files that it has delivered (the check
    /// `log-files-sealed`): the newest and the oldest file of each account, Region and kind, and
    /// those where the encryption changed
    ///
    /// The account of the trail reads the bucket. A trail whose bucket cannot be read is unverified
    /// and listed as a problem, and the exit code is 2. Copies of trails are not judged by log files.
    #[arg(long, conflicts_with = "aggregator")]
    pub(crate) log_files: bool,

    /// Whether older log files that are not encrypted with the trail's key are a failure. With `fail`,
    /// every log file is read, each by a request: a sample never passes
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = History::Report,
          requires = "log_files", conflicts_with = "aggregator")]
    pub(crate) history: History,

    /// The role to assume to read a bucket if the account of the trail is denied, such as one in the
    /// log archive account
    #[arg(long, value_name = "ARN", requires = "log_files", conflicts_with = "aggregator",
          value_parser = bucket_role)]
    pub(crate) bucket_role: Option<BucketRole>,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    #[command(flatten)]
    pub(crate) report: ReportArguments,

    /// The number of concurrent requests to AWS
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,

    /// Print the number of calls of each account; -vv also prints each request with the account of
    /// its credentials, Region, status and milliseconds
    #[arg(long, short, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Show the progress line by line even if standard error is not a terminal
    #[arg(long, conflicts_with_all = ["quiet", "no_progress"])]
    pub(crate) progress: bool,

    /// Never show the progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// The accounts to audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountsWanted {
    /// All active accounts of the organization.
    Organization,
    /// These, without duplicates.
    List(Vec<AccountId>),
}

fn accounts_wanted(text: &str) -> Result<AccountsWanted, String> {
    match text {
        "organization" => Ok(AccountsWanted::Organization),
        list => members(list).map(AccountsWanted::List),
    }
}

fn role_name(text: &str) -> Result<RoleName, String> {
    let expected = "expected a role's name, such as `SecurityAudit`, not its ARN";
    RoleName::parse(text).ok_or_else(|| expected.to_owned())
}

/// The accounts of a list without duplicates, in their order.
fn members(list: &str) -> Result<Vec<AccountId>, String> {
    let mut members = Vec::new();
    for member in list.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let member = AccountId::parse(member).map_err(|error| error.to_string())?;
        if !members.contains(&member) {
            members.push(member);
        }
    }
    if members.is_empty() { Err("the list is empty".to_owned()) } else { Ok(members) }
}
