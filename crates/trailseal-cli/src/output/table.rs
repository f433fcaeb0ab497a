//! The report for people, failing trails first: a line for each trail, or all details of each.

mod details;
mod lines;

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use clap::Args;
use trailseal_rule::ComplianceType;

use super::columns::write_lines;
use super::{Screen, accounts, counted, shown};
use crate::report::{Report, Summary, TrailReport};

pub(crate) use details::write as write_details;

/// Trails that a terminal shows with their details; more get a line each.
const DETAILED_MAX: usize = 20;

/// Which trails the table lists, and how.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct TableOptions {
    /// In the table, show the details of each trail: why a finding matters, its fix, the key and the
    /// source. A terminal shows them anyway for up to 20 trails
    #[arg(long)]
    pub(crate) full: bool,

    /// In the table, list only trails that are non-compliant or unverified
    #[arg(long)]
    pub(crate) failed: bool,
}

pub(crate) fn write(report: &Report, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let TableOptions { full, failed } = screen.table;
    let (open, others): (Vec<_>, Vec<_>) =
        report.trails.iter().filter(|trail| !is_counted(report, trail)).partition(needs_action);
    let mut listed = open;
    if !failed {
        listed.extend(others);
    }
    let mut below = Vec::new();
    if full || screen.columns.is_some() && listed.len() <= DETAILED_MAX {
        details::write(&listed, report.profile(), screen, out)?;
    } else {
        lines::write(&listed, report.profile(), screen, out)?;
        write_skipped(&listed, &mut below)?;
    }
    accounts::write(report, failed, &mut below)?;
    writeln!(below, "{}", summary(report))?;
    write_lines(&below, screen, out)
}

fn needs_action(trail: &&TrailReport) -> bool {
    trail.open_checks().next().is_some() || trail.is_non_compliant()
}

/// Whether the trail is counted below the table instead of listed: an audit can find thousands of
/// copies. Trails that nothing evaluates have their own lines.
fn is_counted(report: &Report, trail: &TrailReport) -> bool {
    trail.not_evaluated.is_some() || !report.accounts.is_empty() && trail.copy_of().is_some()
}

/// Names the checks that `skipChecks` left out, which a line of a trail does not show.
fn write_skipped(trails: &[&TrailReport], out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for check in trails.iter().flat_map(|trail| &trail.skipped) {
        *counts.entry(check).or_default() += 1;
    }
    for (check, count) in counts {
        writeln!(out, "SKIPPED: {} of {}", shown(check), counted(count, "trail"))?;
    }
    Ok(())
}

/// The verdict in its color, which is not part of the width.
fn verdict(trail: &TrailReport, screen: Screen) -> String {
    let style = style(trail, screen);
    format!("{style}{}{style:#}", trail.compliance)
}

fn style(trail: &TrailReport, screen: Screen) -> Style {
    let color = match trail.compliance {
        ComplianceType::NotApplicable => AnsiColor::BrightBlack,
        _ if trail.unverified => AnsiColor::Yellow,
        ComplianceType::NonCompliant => AnsiColor::Red,
        ComplianceType::Compliant => AnsiColor::Green,
    };
    if screen.is_styled { color.on_default().bold() } else { Style::new() }
}

fn summary(report: &Report) -> String {
    let summary = &report.summary;
    let own = report.own_results();
    let of = |wanted| own.clone().filter(|trail| trail.compliance == wanted).count();
    let without = report.without_trails().map(|without| format!(", and {without}"));
    let mut line = format!(
        "{}{}: {} non-compliant, {} compliant, {} not applicable",
        counted(report.own_trails().count(), "trail"),
        without.unwrap_or_default(),
        of(ComplianceType::NonCompliant),
        of(ComplianceType::Compliant),
        of(ComplianceType::NotApplicable)
    );
    let unverified = own.filter(|trail| trail.unverified).count();
    if unverified > 0 {
        line.push_str(&format!(", {unverified} of them unverified"));
    }
    if summary.not_evaluated > 0 {
        line.push_str(&format!(", {} not evaluated", counted(summary.not_evaluated, "trail")));
    }
    match report.copies() {
        0 => {}
        1 => line.push_str("; 1 copy is not counted"),
        copies => line.push_str(&format!("; {copies} copies are not counted")),
    }
    line.push_str(&format!(" ({})", scope(report)));
    if !report.complete {
        line.push_str(". PARTIAL: not everything was evaluated");
    }
    line
}

/// The files that were read, or what became of the accounts of the audit.
fn scope(report: &Report) -> String {
    if !report.accounts.is_empty() {
        return report.scope().sentence();
    }
    let Summary { files, files_skipped, .. } = report.summary;
    let read = format!("{} read", counted(files, "file"));
    if files_skipped == 0 { read } else { format!("{read}, {files_skipped} skipped") }
}

#[cfg(test)]
mod tests;
