//! The command line of `trailseal audit`.

use clap::Args;
use trailseal_rule::{AccountId, Region, RoleName};

use crate::output::{Output, OutputParser};

const EXAMPLES: &str = "\
Examples:
  Judge the trails of the account of the current credentials, in all its Regions:
    trailseal audit

  Judge a whole organization from its management account, through a role in each account:
    trailseal audit --accounts organization --role-name SecurityAudit

  Judge two accounts, and keep a report beside the table:
    trailseal audit --accounts 111122223333,444455556666 --role-name Audit -o table -o json=r.json

  Judge two Regions by every check:
    trailseal audit --regions eu-central-1,eu-west-1 --parameter profile=strict

  Judge what a configuration aggregator knows of an organization, in a few queries:
    trailseal audit --aggregator organization --aggregator-region eu-central-1

It takes cloudtrail:DescribeTrails, kms:DescribeKey and account:ListRegions in each account; with
profile=strict also kms:GetKeyRotationStatus, kms:GetKeyPolicy and cloudtrail:GetTrailStatus, which
is asked in every enabled Region of a multi-Region trail: also with --regions.
With --aggregator it takes nothing but config:SelectAggregateResourceConfig, in the account and
Region of the aggregator.
Nothing is ever changed.

Exit codes:
  0  nothing is non-compliant
  1  something is non-compliant
  2  wrong usage, a failure, or something could not be judged, such as a trail of which only
     copies were seen";

/// Judge the trails of AWS accounts as they are now
///
/// Asks CloudTrail, KMS and S3 with the credentials that the AWS tools use: environment variables,
/// the profile, single sign-on, a credential process, a container's or an instance's role. An
/// account or a Region that refuses is listed with the reason, and the rest goes on. Ctrl-C ends
/// early and reports what was judged until then. The caller, its account and the Region are printed
/// first. AWS_ENDPOINT_URL, and AWS_ENDPOINT_URL_KMS and the like, name other endpoints.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AuditArguments {
    /// The profile whose credentials are used, in place of those of the environment; it must exist
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Account ids with commas between, or `organization` for all its active accounts; the account
    /// of the credentials where nothing is said
    #[arg(long, value_name = "LIST|organization", value_parser = accounts_wanted)]
    pub(crate) accounts: Option<AccountsWanted>,

    /// The role, with its path if it has one, that is assumed in accounts other than that of the
    /// credentials
    #[arg(long, value_name = "NAME", requires = "accounts", value_parser = role_name)]
    pub(crate) role_name: Option<RoleName>,

    /// The external id that the roles ask for
    #[arg(long, value_name = "ID", requires = "role_name")]
    pub(crate) external_id: Option<String>,

    /// Regions with commas between, or `all` that are enabled in the account. A trail is judged in
    /// its home Region only, which can be any, so that fewer than all may miss some
    #[arg(long, value_name = "LIST|all", default_value = "all", value_parser = regions_wanted)]
    pub(crate) regions: RegionsWanted,

    /// Ask this configuration aggregator for the trails, keys and buckets of all accounts and
    /// Regions that it gathers; what it does not gather cannot be seen
    ///
    /// What AWS Config does not record of a key or bucket leaves its trail unverified. An account
    /// and Region where no trail is recorded is not judged, and the exit code is 2.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["accounts", "role_name", "regions"])]
    pub(crate) aggregator: Option<String>,

    /// The Region of the aggregator, where it is not that of the credentials
    #[arg(long, value_name = "REGION", requires = "aggregator", value_parser = region)]
    pub(crate) aggregator_region: Option<Region>,

    /// A parameter of the rule, such as `profile=strict` (repeatable; `trailseal schema` lists
    /// them)
    #[arg(long = "parameter", short = 'p', value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,

    /// How and where to write the report (repeatable); a table on standard output unless another
    /// format goes there
    #[arg(long, short = 'o', value_name = "FORMAT[=FILE]", value_parser = OutputParser)]
    pub(crate) output: Vec<Output>,

    /// Requests to AWS that are under way at the same time
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,

    /// Say nothing but the report and what went wrong
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Tell of each account which calls were made
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Show the progress also where standard error is no terminal, line by line
    #[arg(long, conflicts_with_all = ["quiet", "no_progress"])]
    pub(crate) progress: bool,

    /// Never show the progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// Which accounts are to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountsWanted {
    /// All active ones of the organization.
    Organization,
    /// These, each once.
    List(Vec<AccountId>),
}

/// Which Regions are to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RegionsWanted {
    /// All that are enabled in the account.
    All,
    /// These, each once.
    List(Vec<Region>),
}

fn accounts_wanted(text: &str) -> Result<AccountsWanted, String> {
    if text == "organization" {
        return Ok(AccountsWanted::Organization);
    }
    let parse = |id: &str| AccountId::parse(id).map_err(|error| error.to_string());
    list(text, parse).map(AccountsWanted::List)
}

fn regions_wanted(text: &str) -> Result<RegionsWanted, String> {
    if text == "all" { Ok(RegionsWanted::All) } else { list(text, region).map(RegionsWanted::List) }
}

fn region(text: &str) -> Result<Region, String> {
    Region::parse(text).map_err(|error| error.to_string())
}

fn role_name(text: &str) -> Result<RoleName, String> {
    let expected = "expected a role's name, such as `SecurityAudit`, not its ARN";
    RoleName::parse(text).ok_or_else(|| expected.to_owned())
}

/// The members of a list, each once, in their order.
fn list<T: PartialEq>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut members = Vec::new();
    for member in text.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let member = parse(member)?;
        if !members.contains(&member) {
            members.push(member);
        }
    }
    if members.is_empty() { Err("the list is empty".to_owned()) } else { Ok(members) }
}
