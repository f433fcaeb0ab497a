//! The command line of `trailseal logs`.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{ArgAction, Args};
use trailseal_logs::live::Day;
use trailseal_rule::{AccountId, BucketName, Region, TrailArn};

use crate::console::exit_codes;
use crate::log_files::{BucketRole, History, bucket_role};
use crate::parameters::region;
use crate::settings::ReportArguments;

const EXAMPLES: &str = concat!(
    "\
Examples:
  Show how the files of a trail are encrypted, and judge whether the trail's key encrypts them:
    trailseal logs management-events

  Show every file of a prefix, month by month:
    trailseal logs s3://trail-logs/org --all --full

  Read every file, and go on after an interruption when the command is run again:
    trailseal logs management-events --all --resume answers.jsonl

  Read the bucket of a log archive account through a role there:
    trailseal logs management-events --bucket-role arn:aws:iam::444455556666:role/ReadLogs

  Count all files by an S3 Inventory that was copied with `aws s3 sync`:
    trailseal logs --inventory inventory/2026-11-22T01-00Z/manifest.json

  The same from the bucket of the inventory, without a copy:
    trailseal logs --inventory s3://reports/trail-logs/all/2026-11-22T01-00Z/manifest.json

  The same, and compare 100 of the files with S3, which also names their keys:
    trailseal logs --inventory inventory/2026-11-22T01-00Z/manifest.json --confirm 100

  Read a sample of each month, and write a page for auditors:
    trailseal logs management-events --monthly -o html=logs.html

Required permissions: s3:ListBucket and s3:GetBucketAcl on the bucket, and s3:GetObject on its \
files, which HEAD requests need; cloudtrail:DescribeTrails, cloudtrail:GetTrailStatus and \
cloudtrail:GetEventSelectors for a trail; s3:GetBucketOwnershipControls for a trail with \
--athena-results. No permission of KMS is needed, except kms:Decrypt for an inventory in a bucket \
that is encrypted with a KMS key. Nothing is changed.

",
    exit_codes!("wrong usage, no credentials, unreadable file")
);

const FAILED: &str =
    "In the table, list only files that are not encrypted with the key of their trail";

/// Show how the delivered log files are encrypted, and judge the trail by them
///
/// Reads the encryption of each file by a HEAD request; without --monthly or --all, of the newest and
/// the oldest file of each account, Region and kind, and of those where the encryption changed. The
/// files between are not read. The number of requests and their approximate cost are printed first.
/// A trail is judged by the check `log-files-sealed`. Ctrl-C ends early and reports what was read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("full", |option| option.help("In the table, show each month")))]
#[command(mut_arg("failed", |option| option.help(FAILED)))]
pub(crate) struct LogsArguments {
    /// A trail by name or ARN, which is judged; or a bucket with an optional prefix, whose files are
    /// counted only
    #[arg(required_unless_present = "inventory", value_name = "TRAIL|s3://BUCKET[/PREFIX]",
          value_parser = target)]
    pub(super) targets: Vec<Target>,

    /// Read a sample of each month instead of one of all time
    #[arg(long)]
    pub(super) monthly: bool,

    /// Read every file
    #[arg(long, conflicts_with = "monthly")]
    pub(super) all: bool,

    /// Count noncurrent versions and deleted files too, which takes s3:ListBucketVersions. Their
    /// encryption is not read
    #[arg(long, conflicts_with_all = ["inventory", "athena_sql", "athena_results"])]
    pub(super) versions: bool,

    /// Count the files that an S3 Inventory in CSV or Parquet lists, by its `manifest.json` on this
    /// machine or in its bucket (`s3://BUCKET/KEY`), instead of reading the bucket of the trail. An
    /// inventory names no key, so that it never proves a trail. Without TRAIL, AWS is not called for a
    /// file on this machine
    #[arg(long, value_name = "MANIFEST", value_parser = manifest_parser(),
          conflicts_with_all = ["monthly", "all"])]
    pub(super) inventory: Option<ManifestPlace>,

    /// Print the query for Athena that counts the files of a bucket, with the commands that run it:
    /// for the S3 Metadata table of the bucket (`metadata[=NAMESPACE.TABLE]`), or for a table over
    /// reports of S3 Inventory in ORC or Parquet (`inventory=DATABASE.TABLE`) or in CSV
    /// (`inventory-csv=DATABASE.TABLE`)
    #[arg(long, value_name = "KIND[=TABLE]",
          conflicts_with_all = ["inventory", "athena_results", "monthly", "all", "bucket_role",
          "since", "until", "accounts", "regions", "output", "config"])]
    pub(super) athena_sql: Option<String>,

    /// Count the files by the CSV result of that query, instead of reading the bucket; with a bucket
    /// and not a trail, AWS is not called
    #[arg(long, value_name = "FILE", conflicts_with_all = ["inventory", "monthly", "all", "bucket_role",
          "since", "until", "accounts", "regions"])]
    pub(super) athena_results: Option<PathBuf>,

    /// Keep the encryption of the files that --all reads in a file, and use what an earlier run with
    /// the same options kept there for files that have not changed. The file is created if it does
    /// not exist. It is not trusted: the files that decide about a trail are read again
    #[arg(long, value_name = "FILE", requires = "all",
          conflicts_with_all = ["monthly", "inventory", "athena_sql", "athena_results", "confirm"])]
    pub(super) resume: Option<PathBuf>,

    /// Compare N files of the inventory with S3, by a HEAD request for each: the newest and the oldest
    /// of each account, Region and kind, then others. A sample proves no trail
    #[arg(long, value_name = "N", requires = "inventory",
          conflicts_with_all = ["monthly", "all", "versions", "athena_sql", "athena_results"],
          value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(super) confirm: Option<u16>,

    /// Read no files of days before this one, by the time in their names in UTC; trails are then not verified
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) since: Option<Day>,

    /// Read no files of days after this one, by the time in their names in UTC; trails are then not verified
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) until: Option<Day>,

    /// Read only the folders of these accounts, separated by commas (repeatable); trails are then not
    /// verified
    #[arg(long = "account", value_name = "LIST", value_delimiter = ',', value_parser = account)]
    pub(super) accounts: Vec<AccountId>,

    /// Read only the folders of these Regions, separated by commas (repeatable); trails are then not
    /// verified
    #[arg(long = "region", value_name = "LIST", value_delimiter = ',', value_parser = region)]
    pub(super) regions: Vec<Region>,

    /// The number of concurrent requests to AWS
    #[arg(long, value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) concurrency: u16,

    /// Whether older files that are not encrypted with the trail's key are a failure
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = History::Report)]
    pub(super) history: History,

    /// The role to assume to read the bucket, and the bucket of an inventory, such as one in the log
    /// archive account
    #[arg(long, value_name = "ARN", value_parser = bucket_role)]
    pub(super) bucket_role: Option<BucketRole>,

    /// The external ID that the role requires
    #[arg(long, value_name = "ID", requires = "bucket_role", hide_env_values = true,
          conflicts_with_all = ["athena_sql", "athena_results"])]
    pub(super) external_id: Option<String>,

    /// The profile whose credentials are used instead of those of the environment; it must exist
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,

    /// A TOML file as `audit` reads it, of which only the outputs are used: no parameter or exemption is
    /// about log files. Only a file that is named here is read. --output overrides all its outputs
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    #[command(flatten)]
    pub(super) report: ReportArguments,

    /// Print each request with the account of its credentials, Region, status and milliseconds
    #[arg(long, short, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,

    /// Never show the progress
    #[arg(long)]
    pub(super) no_progress: bool,
}

/// Where the manifest of an inventory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ManifestPlace {
    /// A file on this machine.
    File(PathBuf),
    /// An object, by its bucket and key.
    Object(BucketName, String),
}

/// What the command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A trail of the session's Region by its name.
    TrailName(String),
    /// A trail by its ARN.
    TrailArn(TrailArn),
    /// A bucket, with a prefix without slashes at its ends; empty for the whole bucket.
    Bucket(BucketName, String),
}

impl Target {
    pub(super) fn is_trail(&self) -> bool {
        match self {
            Self::TrailName(_) | Self::TrailArn(_) => true,
            Self::Bucket(..) => false,
        }
    }
}

impl LogsArguments {
    /// Whether the run reads a part of the files only, so that it cannot prove a trail.
    pub(super) fn is_limited(&self) -> bool {
        self.has_days() || !self.accounts.is_empty() || !self.regions.is_empty()
    }

    /// Whether the run reads the files of a part of the days only.
    pub(super) fn has_days(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }
}

fn target(text: &str) -> Result<Target, String> {
    if let Some(rest) = text.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let bucket = BucketName::parse(bucket).map_err(|error| error.to_string())?;
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        return Ok(Target::Bucket(bucket, prefix.to_owned()));
    }
    if text.starts_with("arn:") {
        return TrailArn::parse(text).map(Target::TrailArn).map_err(|error| error.to_string());
    }
    let is_name = (3..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_name {
        return Ok(Target::TrailName(text.to_owned()));
    }
    Err("expected the name or ARN of a trail, or `s3://BUCKET` with an optional prefix".to_owned())
}

fn manifest_parser() -> impl TypedValueParser<Value = ManifestPlace> {
    PathBufValueParser::new().try_map(manifest_place)
}

fn manifest_place(path: PathBuf) -> Result<ManifestPlace, String> {
    let Some(rest) = path.to_str().and_then(|text| text.strip_prefix("s3://")) else {
        return Ok(ManifestPlace::File(path));
    };
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if key.is_empty() || key.ends_with('/') {
        return Err(
            "expected the `manifest.json` of a report: `s3://BUCKET/…/manifest.json`".to_owned()
        );
    }
    let bucket = BucketName::parse(bucket).map_err(|error| error.to_string())?;
    Ok(ManifestPlace::Object(bucket, key.to_owned()))
}

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use clap::error::ErrorKind;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        logs: LogsArguments,
    }

    fn refused(words: &[&str]) -> Option<ErrorKind> {
        let words = ["logs", "s3://logs"].iter().chain(words);
        Line::try_parse_from(words).err().map(|error| error.kind())
    }

    /// Clap does not require an option that conflicts with another one of the command line.
    #[test]
    fn an_option_never_counts_for_nothing() {
        let (conflict, missing) = (ErrorKind::ArgumentConflict, ErrorKind::MissingRequiredArgument);
        let of_results = ["--athena-results", "x"];
        let of_query = ["--athena-sql", "metadata"];
        let result = |words: &[&str], expected: ErrorKind| {
            assert_eq!(refused(words), Some(expected), "{words:?}");
        };
        for dependent in [&["--resume", "x"][..], &["--confirm", "5"], &["--external-id", "id"]] {
            result(dependent, missing);
            for other in [&of_results, &of_query] {
                result(&[dependent, other].concat(), conflict);
            }
        }
        for other in [&["--monthly"][..], &["--inventory", "x"], &["--confirm", "5"]] {
            result(&[&["--resume", "x"], other].concat(), conflict);
        }
        for other in [&["--all"][..], &["--monthly"], &["--versions"], &["--all", "--resume", "x"]]
        {
            result(&[&["--confirm", "5"], other].concat(), conflict);
        }
        for other in [
            ["--since", "2026-11-01"],
            ["--until", "2026-11-01"],
            ["--account", "111122223333"],
            ["--region", "eu-west-1"],
            ["-o", "json=x.json"],
            ["--config", "x.toml"],
        ] {
            result(&[of_query, other].concat(), conflict);
        }
        for accepted in [
            &["--all", "--resume", "x"][..],
            &["--inventory", "x", "--confirm", "5"],
            &of_query,
            &of_results,
        ] {
            assert_eq!(refused(accepted), None, "{accepted:?}");
        }
    }

    #[test]
    fn a_target_is_a_trail_or_a_bucket() {
        let bucket = |name: &str, prefix: &str| {
            Ok(Target::Bucket(BucketName::parse(name).unwrap(), prefix.to_owned()))
        };
        assert_eq!(target("s3://logs"), bucket("logs", ""));
        assert_eq!(target("s3://logs/"), bucket("logs", ""));
        assert_eq!(target("s3://logs/a/b/"), bucket("logs", "a/b"));
        assert_eq!(target("main"), Ok(Target::TrailName("main".to_owned())));
        let arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main";
        assert_eq!(target(arn), Ok(Target::TrailArn(TrailArn::parse(arn).unwrap())));
        for wrong in ["", "a b", "s3://", "s3://a", "s3:/logs", "arn:aws:s3:::logs", "ab"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
    #[test]
    fn a_manifest_is_a_file_or_an_object() {
        let of = |text: &str| manifest_place(PathBuf::from(text));
        assert_eq!(of("a/manifest.json"), Ok(ManifestPlace::File("a/manifest.json".into())));
        let bucket = BucketName::parse("reports").unwrap();
        let object = ManifestPlace::Object(bucket, "a/b/manifest.json".to_owned());
        assert_eq!(of("s3://reports/a/b/manifest.json"), Ok(object));
        for wrong in ["s3://reports", "s3://reports/", "s3://reports/a/", "s3://R/manifest.json"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
