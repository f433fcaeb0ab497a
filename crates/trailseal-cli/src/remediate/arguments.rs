//! The command line of `trailseal remediate`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use trailseal_plan::shell_word;
use trailseal_rule::Region;

use crate::parameters::region;

const WAIT_SECONDS: u64 = 30;

const EXAMPLES: &str = "\
Examples:
  Show the plan that gives trail `audit` its own key; nothing is changed:
    trailseal remediate audit --create-key --alias alias/trail-logs

  Apply it, after a confirmation:
    trailseal remediate audit --create-key --alias alias/trail-logs --apply

  In a pipeline, give every failing trail of two Regions the same key without a confirmation:
    trailseal remediate --region eu-central-1,eu-west-1 --key alias/trail-logs --apply --yes

  Resume an interrupted run: the same command with --resume:
    trailseal remediate audit --create-key --alias alias/trail-logs --apply --resume

  Show a back-out, then apply it:
    trailseal remediate --back-out trailseal-111122223333-audit-2026-11-24.jsonl
    trailseal remediate --back-out trailseal-111122223333-audit-2026-11-24.jsonl --apply

Nothing is changed without --apply, and no key is ever deleted.

Exit codes:
  0  planned, done, or nothing to do
  1  refused, declined, or something remains to be fixed or verified
  2  a failure, an unexpected result (see the journal), or a partial report
  3  the command could not start: wrong usage, no credentials, unreadable file";

/// Give trails a working key, or back that out
///
/// Reads each trail and the key live, and shows every call in order, the change of the key policy,
/// the cost, and how to undo each step. With --apply it makes the calls: it writes each to a journal
/// first, reads back its effect before the next, and stops at the first unexpected result. The same
/// command with --resume resumes the journal.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RemediateArguments {
    /// Trails by name (in the Region of the credentials, or the first of --region) or by ARN; by
    /// default all failing trails of the account and Regions. With --back-out, the trail that the
    /// journal must belong to
    #[arg(value_name = "TRAIL")]
    pub(crate) trails: Vec<String>,

    /// Take the names of the failing trails from a report of `trailseal audit -o json`; their state
    /// is still read live
    #[arg(long, value_name = "REPORT.json", conflicts_with_all = ["trails", "back_out"])]
    pub(crate) report: Option<PathBuf>,

    /// The key for the trails: an ARN, or an ID or alias in the Region of the bucket
    #[arg(long, value_name = "KEY", conflicts_with_all = ["create_key", "back_out"])]
    pub(crate) key: Option<String>,

    /// Create a key, rotated every year. Several trails share one key in each Region of their
    /// buckets, which needs --alias so that a resumed run finds the key
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) create_key: bool,

    /// The new key's alias, `alias/…`
    #[arg(long, value_name = "ALIAS", requires = "create_key",
          conflicts_with_all = ["key", "back_out"])]
    pub(crate) alias: Option<String>,

    /// A tag of the new key (repeatable)
    #[arg(long = "tag", value_name = "KEY=VALUE", requires = "create_key",
          conflicts_with_all = ["key", "back_out"])]
    pub(crate) tags: Vec<String>,

    /// The new key's description
    #[arg(long, value_name = "TEXT", requires = "create_key",
          conflicts_with_all = ["key", "back_out"])]
    pub(crate) description: Option<String>,

    /// Replace the trail's key
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) replace_key: bool,

    /// Enable the requested key
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) enable_key: bool,

    /// Cancel the scheduled deletion of the requested key; this leaves it disabled, so --enable-key
    /// is needed as well
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) cancel_key_deletion: bool,

    /// Back out the run of a journal; without --apply, only show the plan
    #[arg(long, value_name = "JOURNAL", conflicts_with = "journal")]
    pub(crate) back_out: Option<PathBuf>,

    /// Back out although others have changed something since; their changes to the key policy stay,
    /// and the trail is never left with a key that cannot encrypt
    #[arg(long, requires = "back_out",
          conflicts_with_all = ["report", "key", "create_key", "alias", "tags", "description", "replace_key", "enable_key",
          "cancel_key_deletion", "journal", "resume"])]
    pub(crate) force: bool,

    /// Apply the plan
    #[arg(long)]
    pub(crate) apply: bool,

    /// Do not ask for confirmation; required without a terminal
    #[arg(long, requires = "apply")]
    pub(crate) yes: bool,

    /// The journal; by default a file in the current folder, named after the account, the trail and
    /// the date. An interrupted run in the file is resumed; the trail and the options must be those
    /// of that run
    #[arg(long, value_name = "FILE", requires = "apply")]
    pub(crate) journal: Option<PathBuf>,

    /// Resume the unfinished journals of the trails in the current folder, which must be that of the
    /// interrupted run; repeat its options
    #[arg(long, requires = "apply", conflicts_with_all = ["journal", "back_out"])]
    pub(crate) resume: bool,

    /// How long to wait for a delivery after the change, and for KMS to list the key of an
    /// interrupted run
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_SECONDS)]
    pub(crate) wait: u64,

    /// A parameter of the rule, such as `profile=strict` (repeatable; `trailseal schema` lists
    /// them). The trail becomes COMPLIANT under these parameters
    #[arg(long = "parameter", short = 'p', value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,

    /// The AWS profile for credentials, instead of the environment; it must exist
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Comma-separated Regions to search for failing trails; trail names belong to the first
    #[arg(long = "region", value_name = "LIST", value_delimiter = ',', value_parser = region)]
    pub(crate) regions: Vec<Region>,

    /// The output format
    #[arg(long, short = 'o', value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    pub(crate) output: Form,

    /// Print only the plan, its result and errors
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Also print each request with its status and milliseconds
    #[arg(long, short, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
}

impl RemediateArguments {
    /// The command that resumes this run; `None` for a back-out, which is simply repeated.
    pub(crate) fn to_resume(&self) -> Option<String> {
        let resume: &[&str] = if self.journal.is_none() { &["--resume"] } else { &[] };
        self.back_out.is_none().then(|| self.command(&[&["--apply"], resume].concat()))
    }

    /// The command that applies the plan of this run.
    pub(crate) fn to_apply(&self) -> String {
        self.command(&["--apply"])
    }

    /// The command line of this run with other options at its end.
    fn command(&self, last: &[&str]) -> String {
        let mut words: Vec<String> = ["trailseal", "remediate"].map(str::to_owned).to_vec();
        words.extend(self.trails.iter().cloned());
        let path = |path: &PathBuf| path.display().to_string();
        let regions = self.regions.iter().map(Region::as_str).collect::<Vec<_>>().join(",");
        for (name, value) in [
            ("--back-out", self.back_out.as_ref().map(path)),
            ("--report", self.report.as_ref().map(path)),
            ("--key", self.key.clone()),
            ("--alias", self.alias.clone()),
            ("--description", self.description.clone()),
            ("--profile", self.profile.clone()),
            ("--region", Some(regions).filter(|regions| !regions.is_empty())),
            ("--journal", self.journal.as_ref().map(path)),
            ("--wait", (self.wait != WAIT_SECONDS).then(|| self.wait.to_string())),
        ] {
            words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        }
        for (name, values) in [("--tag", &self.tags), ("--parameter", &self.parameters)] {
            words.extend(values.iter().flat_map(|value| [name.to_owned(), value.clone()]));
        }
        for (name, is_given) in [
            ("--create-key", self.create_key),
            ("--replace-key", self.replace_key),
            ("--enable-key", self.enable_key),
            ("--cancel-key-deletion", self.cancel_key_deletion),
            ("--force", self.force),
        ] {
            words.extend(is_given.then(|| name.to_owned()));
        }
        words.extend(last.iter().copied().map(str::to_owned));
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Text for people
    Text,
    /// One JSON document; `trailseal schema remediation` prints its schema
    Json,
}
