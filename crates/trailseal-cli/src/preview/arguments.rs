//! The command line of `trailseal preview`.

use std::path::PathBuf;

use clap::Args;
use trailseal_rule::{AccountId, Region};

use crate::console::exit_codes;
use crate::settings::{ReportArguments, SettingsArguments};

const EXAMPLES: &str = concat!(
    "\
Examples:
  Judge the trails of a template before it is deployed:
    trailseal preview template.yaml --account 111122223333 --region eu-central-1

  Judge what CDK synthesized, for code scanning:
    cdk synth && trailseal preview cdk.out -o sarif=trailseal.sarif

  Judge the trails of a Terraform plan, with the configuration that it was made of:
    terraform plan -out=plan.bin && terraform show -json plan.bin > plan.json
    trailseal preview plan.json --source . --account 111122223333

",
    exit_codes!("wrong usage, or an unreadable --config file")
);

/// Judge the trails of templates and plans before they exist
///
/// Reads CloudFormation templates, CDK cloud assemblies and Terraform plans, evaluates their
/// functions, parameters and conditions, and judges each trail by the checks of the rule, without a
/// call to AWS. What only the deployment knows is unverified.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PreviewArguments {
    /// CloudFormation templates, YAML or JSON, folders of CDK cloud assemblies (`cdk.out`), and plans
    /// as `terraform show -json` prints them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// The account of the deployment; a cloud assembly or plan may state its own
    #[arg(long, value_name = "ID", value_parser = AccountId::parse)]
    pub(crate) account: Option<AccountId>,

    /// The Region of the deployment; a cloud assembly or plan may state its own
    #[arg(long, value_name = "REGION", value_parser = Region::parse)]
    pub(crate) region: Option<Region>,

    /// The parameters of the stack, as JSON: the list that the AWS CLI takes, or names and values
    #[arg(long, value_name = "FILE")]
    pub(crate) stack_parameters: Option<PathBuf>,

    /// What only the deployment knows, as JSON: `imports`, `references`, `keys` and `buckets`; the
    /// report lists every value
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Option<PathBuf>,

    /// The folder of the Terraform configuration that the plans were made of: its expressions say
    /// which key a trail gets, and its lines are reported
    #[arg(long, value_name = "DIR")]
    pub(crate) source: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}
