//! The command line of `trailseal remediate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use trailseal_plan::shell_word;
use trailseal_rule::Region;

const EXAMPLES: &str = "\
Examples:
  Show how trail `audit` would get a key of its own; nothing is changed:
    trailseal remediate audit --create-key --alias alias/trail-logs

  Carry it out, asking first:
    trailseal remediate audit --create-key --alias alias/trail-logs --apply

  Give every failing trail of two Regions the same key, without questions, in a pipeline:
    trailseal remediate --region eu-central-1,eu-west-1 --key alias/trail-logs --apply --yes

  Go on where that run was interrupted: the same command with --resume:
    trailseal remediate audit --create-key --alias alias/trail-logs --apply --resume

  Show, and then carry out, the way back:
    trailseal remediate --back-out trailseal-111122223333-audit-2026-11-24.jsonl
    trailseal remediate --back-out trailseal-111122223333-audit-2026-11-24.jsonl --apply

Nothing is changed without --apply, and no key is ever deleted.

Exit codes:
  0  planned, done, or nothing to do
  1  refused, declined, or something remains to be mended
  2  wrong usage, a failure, or a doubt: the journal says where things stand";

/// Give trails a key that works, or go back
///
/// Reads each trail and the key live, and shows every call in the order in which it would be made,
/// the change of the key policy, the cost, and how each step is taken back. With --apply it makes
/// the calls: each is written into a journal first and read back before the next, and at the first
/// doubt nothing more is done. The same command with --resume goes on with the journal.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RemediateArguments {
    /// Trails by name (in the Region of the credentials, or the first of --region) or by ARN; all
    /// failing trails of the account and Regions where none is named. With --back-out, the trail
    /// that the journal must be of
    #[arg(value_name = "TRAIL")]
    pub(crate) trails: Vec<String>,

    /// Take the names of the failing trails from a report of `trailseal audit -o json`; what is true
    /// of them is read live all the same
    #[arg(long, value_name = "REPORT.json", conflicts_with_all = ["trails", "back_out"])]
    pub(crate) report: Option<PathBuf>,

    /// The key that the trails are to have: its ARN, or an id or alias in the Region of the bucket
    #[arg(long, value_name = "KEY", conflicts_with_all = ["create_key", "back_out"])]
    pub(crate) key: Option<String>,

    /// Make a new key, rotated every year: one for all trails that are meant, in each Region of
    /// their buckets; that takes --alias, by which the key is found again
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) create_key: bool,

    /// The new key's alias, `alias/…`
    #[arg(long, value_name = "ALIAS", requires = "create_key")]
    pub(crate) alias: Option<String>,

    /// A tag of the new key (repeatable)
    #[arg(long = "tag", value_name = "KEY=VALUE", requires = "create_key")]
    pub(crate) tags: Vec<String>,

    /// The new key's description
    #[arg(long, value_name = "TEXT", requires = "create_key")]
    pub(crate) description: Option<String>,

    /// The trail's key may be replaced by another one
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) replace_key: bool,

    /// The requested key may be enabled
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) enable_key: bool,

    /// The requested key's scheduled deletion may be cancelled; it is disabled then, so that
    /// --enable-key is needed, too
    #[arg(long, conflicts_with = "back_out")]
    pub(crate) cancel_key_deletion: bool,

    /// Take back what a journal tells of; shown only, unless --apply is given
    #[arg(long, value_name = "JOURNAL", conflicts_with = "journal")]
    pub(crate) back_out: Option<PathBuf>,

    /// Go back although others have changed something since; what they changed in the key policy
    /// stays, and the trail is never left with a key that cannot encrypt
    #[arg(long, requires = "back_out")]
    pub(crate) force: bool,

    /// Carry it out
    #[arg(long)]
    pub(crate) apply: bool,

    /// Do not ask before something is changed; needed where there is no terminal to ask at
    #[arg(long, requires = "apply")]
    pub(crate) yes: bool,

    /// The journal; a name with the account, the trail and the date in the current folder where
    /// none is given. If the file holds a run of the trail that was interrupted, goes on with it;
    /// the trail and the options must be those of that run
    #[arg(long, value_name = "FILE", requires = "apply")]
    pub(crate) journal: Option<PathBuf>,

    /// Go on with the unfinished journals of the trails in the current folder, if there are any;
    /// give the options of the interrupted run
    #[arg(long, requires = "apply", conflicts_with_all = ["journal", "back_out"])]
    pub(crate) resume: bool,

    /// How long to wait for a delivery after the change, and for a key of an interrupted run to be
    /// listed
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,

    /// A parameter of the rule, such as `profile=strict` (repeatable; `trailseal schema` lists
    /// them): the trail is to be COMPLIANT under them
    #[arg(long = "parameter", short = 'p', value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,

    /// The profile whose credentials are used, in place of those of the environment; it must exist
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Regions with commas between, in which failing trails are looked for; the first is also the
    /// one in which trails are named
    #[arg(long = "region", value_name = "LIST", value_delimiter = ',', value_parser = region)]
    pub(crate) regions: Vec<Region>,

    /// How to write what is planned and what was done
    #[arg(long, short = 'o', value_enum, default_value_t = Form::Text)]
    pub(crate) output: Form,
}

impl RemediateArguments {
    /// The command that goes on with the run of this one; nothing for a back-out, which is run
    /// again as it is.
    pub(crate) fn again(&self) -> Option<String> {
        if self.back_out.is_some() {
            return None;
        }
        let mut words: Vec<String> = ["trailseal", "remediate"].map(str::to_owned).to_vec();
        words.extend(self.trails.iter().cloned());
        let path = |path: &PathBuf| path.display().to_string();
        let regions = self.regions.iter().map(Region::as_str).collect::<Vec<_>>().join(",");
        for (name, value) in [
            ("--report", self.report.as_ref().map(path)),
            ("--key", self.key.clone()),
            ("--alias", self.alias.clone()),
            ("--description", self.description.clone()),
            ("--profile", self.profile.clone()),
            ("--region", Some(regions).filter(|regions| !regions.is_empty())),
            ("--journal", self.journal.as_ref().map(path)),
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
            ("--apply", true),
            ("--resume", self.journal.is_none()),
        ] {
            words.extend(is_given.then(|| name.to_owned()));
        }
        Some(words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "))
    }
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Text,
    /// For programs: one JSON document, by the schema that `trailseal schema remediation` prints
    Json,
}

fn region(text: &str) -> Result<Region, String> {
    Region::parse(text).map_err(|error| error.to_string())
}
