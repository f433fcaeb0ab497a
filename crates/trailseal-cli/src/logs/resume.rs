//! `--resume FILE`: the answers of earlier runs.

use std::sync::Arc;

use trailseal_logs::live::{Answers, RunBucket, RunId};
use trailseal_rule::Region;

use super::arguments::LogsArguments;
use super::live::{known_prefixes, mode};
use super::report::LogsReport;
use super::targets::Jobs;
use crate::console::Failure;
use crate::output::clean;
use crate::report::CallerReport;

/// With `--history fail`, each file decides.
pub(super) const NO_HISTORY: &str = "--history fail cannot be used with --resume: each file decides \
                                     about the trail, and the file of --resume is not trusted";

/// Opens the file of `--resume`, if there is one.
pub(super) fn open(
    region: &Region,
    arguments: &LogsArguments,
    jobs: &Jobs,
    report: &LogsReport,
) -> Result<Option<Arc<Answers>>, Failure> {
    let (Some(path), Some(caller)) = (&arguments.resume, &report.run.caller) else {
        return Ok(None);
    };
    let run = run_id(caller, region, arguments, jobs);
    let answers = Answers::open(path, &run, report.generated_at).map_err(|error| {
        Failure::NotStarted(vec![clean(&format!("--resume `{}` {error}", path.display()))])
    })?;
    Ok(Some(Arc::new(answers)))
}

/// The answers of the run that are not in the file.
pub(super) fn not_written(arguments: &LogsArguments, why: &str) -> String {
    let path = arguments.resume.as_deref().unwrap_or_else(|| "".as_ref()).display();
    format!(
        "--resume `{path}` has not all answers of this run, which reads them again if it is resumed: {why}"
    )
}

fn run_id(caller: &CallerReport, region: &Region, arguments: &LogsArguments, jobs: &Jobs) -> RunId {
    let buckets = jobs.jobs.iter().map(|job| RunBucket {
        bucket: job.bucket.clone(),
        prefix: job.prefix.clone(),
        trail_prefixes: known_prefixes(job),
    });
    RunId {
        caller: without_session(&caller.arn),
        account: caller.account.clone(),
        region: region.clone(),
        bucket_role: arguments
            .bucket_role
            .as_ref()
            .map(|role| format!("{}/{}", role.account, role.name.as_str())),
        buckets: buckets.collect(),
        mode: mode(arguments),
        since: arguments.since,
        until: arguments.until,
        accounts: arguments.accounts.clone(),
        regions: arguments.regions.clone(),
    }
}

/// A caller's ARN without the name of a role's session, which can be another one in each run.
fn without_session(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(3, '/').collect();
    match parts.as_slice() {
        [role, name, _session] if role.ends_with(":assumed-role") => format!("{role}/{name}"),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_the_role_and_not_its_session() {
        for (arn, expected) in [
            (
                "arn:aws:sts::111122223333:assumed-role/audit/botocore-session-1",
                "arn:aws:sts::111122223333:assumed-role/audit",
            ),
            ("arn:aws:iam::111122223333:user/team/me", "arn:aws:iam::111122223333:user/team/me"),
            ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ] {
            assert_eq!(without_session(arn), expected);
        }
    }
}
