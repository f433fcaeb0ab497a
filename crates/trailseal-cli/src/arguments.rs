//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use trailseal_rule::CHECKS;

use crate::audit::AuditArguments;
use crate::compare::CompareArguments;
use crate::console::exit_codes;
use crate::logs::LogsArguments;
use crate::preview::PreviewArguments;
use crate::remediate::RemediateArguments;
use crate::settings::{ReportArguments, SettingsArguments};

const AFTER_HELP: &str = exit_codes!("wrong usage, no credentials, unreadable file");

const CHECK_EXAMPLES: &str = concat!(
    "\
Examples:
  Judge the trails of a Config snapshot, with the keys and buckets that it holds:
    trailseal check 111122223333_Config_eu-central-1_ConfigSnapshot_20261123T190000Z.json.gz

  Judge the current trails of CloudTrail, with key items from a file:
    aws cloudtrail describe-trails | trailseal check - --facts keys.json

  Run all checks, and write a JSON report as well as the table:
    trailseal check snapshots/ --parameter profile=strict -o table -o json=report.json

",
    exit_codes!("wrong usage, or an unreadable --config file")
);

const RENDER_EXAMPLES: &str = concat!(
    "\
Examples:
  Write a report once, and convert it later:
    trailseal check snapshots/ -o json=report.json
    trailseal render report.json -o junit=trailseal.xml -o sarif=trailseal.sarif

  Show a report from standard input:
    gzip -dc report.json.gz | trailseal render -

",
    exit_codes!("wrong usage, or an unreadable report")
);

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  trailseal explain
  trailseal explain key-usable";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  trailseal schema parameters
  trailseal schema report > report-1.schema.json
  trailseal schema remediation > remediation-1.schema.json
  trailseal schema comparison > comparison-1.schema.json
  trailseal schema logs > logs-1.schema.json";

/// After the options of every command, and before `--help`.
const NO_COLOR_ORDER: usize = 998;

/// Proves that CloudTrail logs are encrypted with a KMS key that the customer controls and that
/// works
#[derive(Debug, Parser)]
#[command(name = "trailseal", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Print no colors; files and pipes never get any, and NO_COLOR has the same effect
    #[arg(long, global = true, display_order = NO_COLOR_ORDER)]
    pub(crate) no_color: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(CheckArguments),
    Audit(AuditArguments),
    Preview(Box<PreviewArguments>),
    Logs(LogsArguments),
    Remediate(Box<RemediateArguments>),
    Render(RenderArguments),
    Compare(CompareArguments),

    /// Explain a check: what it requires, why, its evidence, and the fix
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain {
        /// The check; all checks if absent
        #[arg(value_name = "CHECK", value_parser = checks())]
        check: Option<String>,
    },

    /// Print a JSON Schema
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema {
        /// The schema to print
        #[arg(value_enum, default_value_t = SchemaOf::Parameters)]
        of: SchemaOf,
    },

    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  trailseal completions bash > ~/.local/share/bash-completion/completions/trailseal"
    )]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },

    /// Print a manual page
    #[command(after_help = "Example:\n  trailseal man audit > trailseal-audit.1")]
    Man {
        /// The subcommand; the whole command if absent
        #[arg(value_name = "COMMAND")]
        subcommand: Option<String>,
    },
}

/// Judge trails from files, without a call to AWS
///
/// Reads rule events, configuration items, Config snapshots and history files, notifications of SNS
/// and EventBridge, and the output of the AWS CLI for trails, items and keys, as JSON or
/// `.json.gz`, recognized by content. The state of keys and the Region of buckets come from the
/// items of keys, aliases and buckets in the same input; missing evidence is reported as
/// unverified. --parameter and the parameters and exemptions of --config override the parameters of
/// rule events.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct CheckArguments {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub(crate) paths: Vec<PathBuf>,

    /// More items of keys and buckets; trails in it are not judged (repeatable)
    #[arg(long, value_name = "FILE|DIR|-")]
    pub(crate) facts: Vec<PathBuf>,

    /// Output of the AWS CLI that does not name its key or bucket (get-key-policy,
    /// get-key-rotation-status, get-bucket-location), with the ARN of that key or bucket (repeatable)
    #[arg(long, value_name = "ARN=FILE|-")]
    pub(crate) evidence: Vec<String>,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    #[command(flatten)]
    pub(crate) report: ReportArguments,

    /// Also print the content of each file, the files that were skipped, and what was written
    #[arg(long, short, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
}

/// Write a JSON report in any other format
///
/// Prints exactly what the original run would have printed in that format, with the same exit code.
/// Unknown members are ignored; a report of another version is refused.
#[derive(Debug, Args)]
#[command(after_help = RENDER_EXAMPLES)]
pub(crate) struct RenderArguments {
    /// A report of `-o json`, or `-` for standard input
    #[arg(value_name = "REPORT.json|-")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The parameters of the rule
    Parameters,
    /// The file of `--config`
    Config,
    /// The document of the parameter `exemptionsFrom`
    Exemptions,
    /// The report of `-o json`
    Report,
    /// The output of `trailseal remediate -o json`
    Remediation,
    /// The output of `trailseal compare -o json`
    Comparison,
    /// The output of `trailseal logs -o json`
    Logs,
}

fn checks() -> clap::builder::PossibleValuesParser {
    CHECKS.iter().map(|check| check.id.as_str()).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests;
