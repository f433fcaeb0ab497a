//! The report for people, failing trails first: a line for each trail, or all details of each.

mod details;
mod lines;

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use clap::Args;

use super::columns::write_lines;
use super::{Screen, accounts, counted, shown};
use crate::report::{Report, Summary, TrailReport, TrailState};

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
    let color = match trail.state() {
        TrailState::NonCompliant => AnsiColor::Red,
        TrailState::Unverified | TrailState::NotEvaluated => AnsiColor::Yellow,
        TrailState::Compliant => AnsiColor::Green,
        TrailState::NotApplicable => AnsiColor::BrightBlack,
    };
    if screen.is_styled { color.on_default().bold() } else { Style::new() }
}

fn summary(report: &Report) -> String {
    let without = report.without_trails().map(|without| format!(", and {without}"));
    let mut line = format!(
        "{}{}: {}",
        counted(report.own_trails().len(), "trail"),
        without.unwrap_or_default(),
        counts(report)
    );
    // The trails of open copies are named as not evaluated.
    match report.copies() - report.open_copies().count() {
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

/// The results by state, each counted once: `1 non-compliant, 2 compliant, 0 not applicable`.
fn counts(report: &Report) -> String {
    let states: Vec<TrailState> = report.own_results().iter().map(|trail| trail.state()).collect();
    let of = |state: TrailState| {
        let count = states.iter().filter(|one| **one == state).count();
        let is_rare = matches!(state, TrailState::Unverified | TrailState::NotEvaluated);
        (count > 0 || !is_rare).then(|| format!("{count} {}", state.as_str()))
    };
    let order = [
        TrailState::NonCompliant,
        TrailState::Unverified,
        TrailState::Compliant,
        TrailState::NotApplicable,
        TrailState::NotEvaluated,
    ];
    order.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
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
