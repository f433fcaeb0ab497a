//! The query for Athena, and trails judged by its result.

use std::fs::File;
use std::path::Path;

use trailseal_aws::Session;
use trailseal_logs::athena::{Table, query, read};
use trailseal_logs::enforces_owner;
use trailseal_logs::live::Cause;
use trailseal_rule::{BucketName, Refusal};

use super::arguments::Target;
use super::recorded::Recorded;
use super::report::SourceKind;
use crate::console::{Console, Failure};

/// Prints the query for a table, below the commands that run it as comments.
pub(super) fn print_query(
    table: &str,
    targets: &[Target],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let wrong = |line: String| Failure::NotStarted(vec![line]);
    let [Target::Bucket(bucket, prefix)] = targets else {
        let line = "--athena-sql takes one bucket: name it as `s3://BUCKET`";
        return Err(wrong(line.to_owned()));
    };
    if !prefix.is_empty() {
        let line = "--athena-sql takes a bucket without a prefix: a table lists a whole bucket";
        return Err(wrong(line.to_owned()));
    }
    let table = Table::parse(table, bucket);
    let table = table.map_err(|error| wrong(format!("--athena-sql: {error}")))?;
    let mut text = "-- Save this as coverage.sql; then:\n".to_owned();
    for line in table.commands(bucket).lines() {
        text.push_str(format!("-- {line}").trim_end());
        text.push('\n');
    }
    text.push_str(query(&table, bucket).trim_end());
    text.push('\n');
    let out = &mut console.out;
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::standard_output)
}

/// Reads the result of the query.
///
/// # Errors
///
/// It cannot be read, or it is not the whole result of the query. Nothing of it is counted then.
pub(super) fn results(path: &Path, bucket: BucketName) -> Result<Recorded, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::NotStarted(vec![format!("--athena-results `{}`: {error}", path.display())])
    };
    let file = File::open(path).map_err(|error| wrong(&error))?;
    let outcome = read(file, &bucket).map_err(|error| wrong(&error))?;
    Ok(Recorded {
        confirmed: None,
        // Until `other_owners` says otherwise.
        other_owners: Some(Refusal::NotRead),
        bucket,
        kind: SourceKind::Athena,
        as_of: outcome.as_of,
        queried_at: outcome.queried_at,
        coverage: outcome.coverage,
        problems: Vec::new(),
    })
}

/// Why files of the bucket may belong to other accounts, if they may: the statement asks for no owners.
///
/// # Errors
///
/// S3 did not answer.
pub(super) async fn other_owners(
    session: &Session,
    bucket: &BucketName,
) -> Result<Option<Refusal>, Cause> {
    let is_enforced = enforces_owner(session, bucket).await?;
    Ok((!is_enforced).then(|| {
        Refusal::LogFiles(
            "files of the bucket can belong to other accounts, and the table names no owners"
                .to_owned(),
            "read the files without --athena-results, or set the bucket's Object Ownership to \
             BucketOwnerEnforced",
        )
    }))
}

#[cfg(test)]
mod tests;
