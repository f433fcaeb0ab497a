//! The report as one HTML page, readable without network, in the style of the page of `check`.
//!
//! INVARIANT (inert): the template escapes all text from the input, the content security policy
//! allows only the page's own style, and `HtmlWriter` replaces characters that could hide text.

mod chart;

use std::io::{self, Write};

use askama::Template;

use self::chart::Chart;
use super::history::{FIRST_STEPS, unencrypted};
use super::report::{BucketLogs, LogsReport, TrailLogs};
use super::table::{Keys, Line, kind, lines, remarks, title};
use crate::output::HtmlWriter;
use crate::output::html::{
    STYLE, TrailStatus, command, content_security_policy, ticked as parts_of,
};
use crate::report::CheckOutcome;

pub(super) fn write(report: &LogsReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = HtmlWriter::new(out);
    let rendered = Page::of(report).render_into(&mut writer);
    writer.finish()?;
    rendered.map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "logs_page.html")]
struct Page<'a> {
    report: &'a LogsReport,
    style: &'static str,
    policy: String,
    statement: String,
    /// The command line of the run, as a shell reads it.
    command: String,
    buckets: Vec<Bucket<'a>>,
    history: Option<String>,
    first_steps: &'static str,
}

/// A bucket with its chart and its lines.
struct Bucket<'a> {
    logs: &'a BucketLogs,
    title: String,
    remarks: Vec<String>,
    chart: Chart,
    rows: Vec<Row>,
    keys: Vec<String>,
}

/// A folder's files of one kind of encryption.
struct Row {
    account: String,
    region: String,
    kind: String,
    encryption: String,
    files: u64,
    /// The folder above its account.
    root: String,
}

impl<'a> Page<'a> {
    fn of(report: &'a LogsReport) -> Self {
        Self {
            report,
            style: STYLE,
            policy: content_security_policy(STYLE, None),
            statement: statement(report),
            command: command(&report.run),
            buckets: report.buckets.iter().map(|logs| Bucket::of(logs, &report.trails)).collect(),
            history: unencrypted(report),
            first_steps: FIRST_STEPS,
        }
    }

    fn status(&self, trail: &TrailLogs) -> TrailStatus {
        status(trail)
    }

    /// The parts of a message, and whether each is a value in backticks.
    fn ticked<'t>(&self, message: &'t str) -> Vec<(bool, &'t str)> {
        parts_of(message)
    }
}

fn status(trail: &TrailLogs) -> TrailStatus {
    match trail.check.outcome {
        CheckOutcome::Pass => TrailStatus::Compliant,
        CheckOutcome::Fail => TrailStatus::Failing,
        CheckOutcome::Unknown => TrailStatus::Unverified,
    }
}

/// The report in one sentence.
fn statement(report: &LogsReport) -> String {
    let of = |wanted| report.trails.iter().filter(|trail| status(trail) == wanted).count();
    let (failing, unverified) = (of(TrailStatus::Failing), of(TrailStatus::Unverified));
    match (report.trails.len(), failing, unverified) {
        (0, ..) => format!("The log files of {} were counted.", buckets(report)),
        (1, 0, 0) => "The newest log files of the trail are encrypted with its key.".to_owned(),
        (1, 1, _) => "The log files of the trail are not encrypted with its key.".to_owned(),
        (1, 0, _) => "The log files of the trail could not be verified.".to_owned(),
        (all, 0, 0) => {
            format!("The newest log files of all {all} trails are encrypted with their keys.")
        }
        (all, failing, unverified) => format!(
            "Of {all} trails, the log files of {failing} are not encrypted with the trail's key, and \
             those of {unverified} could not be verified."
        ),
    }
}

fn buckets(report: &LogsReport) -> String {
    match report.buckets.as_slice() {
        [one] => format!("bucket {}", one.bucket),
        more => format!("{} buckets", more.len()),
    }
}

impl<'a> Bucket<'a> {
    fn of(logs: &'a BucketLogs, trails: &'a [TrailLogs]) -> Self {
        let lines = lines(logs, false);
        let keys = Keys::of(&lines);
        Self {
            logs,
            title: title(logs),
            remarks: remarks(logs),
            chart: Chart::of(logs, trails),
            rows: lines.iter().map(|line| Row::of(line, &keys)).collect(),
            keys: keys.named(trails).collect(),
        }
    }
}

impl Row {
    fn of(line: &Line<'_>, keys: &Keys<'_>) -> Self {
        let folder = &line.folder.folder;
        Self {
            account: folder.account.to_string(),
            region: folder.region.to_string(),
            kind: kind(line),
            encryption: keys.encryption(line),
            files: line.files,
            root: folder.root(),
        }
    }
}

#[cfg(test)]
mod tests;
