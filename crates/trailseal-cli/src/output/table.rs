//! The report as a table, failing trails first: what was found, why it matters, how to fix it.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};
use trailseal_rule::ComplianceType;

use super::{COLUMNS_ELSEWHERE, Screen, accounts, shown};
use crate::report::{Report, Summary, TrailReport};

/// Trails without a finding that are listed; the others are counted.
const OTHERS_SHOWN_MAX: usize = 20;

/// Columns of the narrowest readable table.
const COLUMNS_MIN: u16 = 60;

pub(crate) fn write(report: &Report, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let is_open =
        |trail: &&TrailReport| trail.open_checks().next().is_some() || trail.is_non_compliant();
    let (open, others): (Vec<_>, Vec<_>) =
        report.trails.iter().filter(|trail| !is_counted(report, trail)).partition(is_open);
    let listed = open.iter().chain(others.iter().take(OTHERS_SHOWN_MAX));
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["VERDICT", "TRAIL", "FINDING"]);
    if screen.is_styled {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    // A pseudo-terminal, such as a build server's, can report zero columns.
    let is_unsized = table.width() == Some(0);
    if let Some(columns) = screen.columns.or_else(|| is_unsized.then_some(COLUMNS_ELSEWHERE)) {
        table.set_width(columns.max(COLUMNS_MIN));
    }
    for trail in listed {
        table.add_row([
            verdict(trail),
            Cell::new(place(trail)),
            Cell::new(finding(trail, report.profile())),
        ]);
    }
    if let Some(verdicts) = table.column_mut(0) {
        verdicts.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(16)));
    }
    if !(open.is_empty() && others.is_empty()) {
        writeln!(out, "{table}")?;
    }
    if let Some(more) = others.len().checked_sub(OTHERS_SHOWN_MAX).filter(|more| *more > 0) {
        writeln!(out, "and {more} more without findings; `-o json` and `-o csv` list them")?;
    }
    accounts::write(report, out)?;
    writeln!(out, "{}", summary(&report.summary, report.complete))
}

/// Whether the trail is counted below the table instead of listed: an audit can find thousands of
/// copies. Trails that nothing evaluates have their own lines.
fn is_counted(report: &Report, trail: &TrailReport) -> bool {
    trail.not_evaluated.is_some() || !report.accounts.is_empty() && trail.copy_of().is_some()
}

fn verdict(trail: &TrailReport) -> Cell {
    let color = match trail.compliance {
        ComplianceType::NotApplicable => Color::DarkGrey,
        _ if trail.unverified => Color::Yellow,
        ComplianceType::NonCompliant => Color::Red,
        ComplianceType::Compliant => Color::Green,
    };
    let unverified = if trail.unverified { "\n(unverified)" } else { "" };
    let text = format!("{}{unverified}", trail.compliance);
    Cell::new(text).fg(color).add_attribute(Attribute::Bold)
}

fn place(trail: &TrailReport) -> String {
    let name = shown(&trail.resource_id);
    format!("{name}\n{} {}", trail.account, trail.region)
}

fn finding(trail: &TrailReport, profile: &str) -> String {
    let mut lines = Vec::new();
    for check in trail.open_checks() {
        let what = check.what.as_deref().unwrap_or_default();
        let fix = check.fix.as_deref().unwrap_or_default();
        lines.push(format!("{} [{}]", shown(what), check.id));
        lines.push(format!("Why: {}", check.why));
        lines.push(format!("Fix: {}\n", shown(fix)));
    }
    let is_passed = trail.reason.is_none() && lines.is_empty();
    match (&trail.reason, &trail.key) {
        _ if is_passed => lines.push(shown(&trail.annotation)),
        (Some(reason), _) => lines.push(shown(reason)),
        (None, Some(key)) => lines.push(format!("Key: {}", shown(key))),
        (None, None) => {}
    }
    if let Some(own) = trail.profile.map(|own| own.as_str()).filter(|own| *own != profile) {
        lines.push(format!("Profile: {own} (of its rule event)"));
    }
    // The annotation of a trail that passed contains the rule's notes.
    let is_listed = |note: &str| is_passed && trail.annotation.contains(note);
    let notes = trail.notes.iter().filter(|note| !is_listed(note));
    lines.extend(notes.map(|note| format!("Note: {}", shown(note))));
    lines.push(format!("Source: {}", shown(&trail.source)));
    lines.join("\n")
}

fn summary(summary: &Summary, is_complete: bool) -> String {
    let Summary { trails, non_compliant, compliant, not_applicable, unverified, .. } = summary;
    let mut line = format!(
        "{}: {non_compliant} non-compliant, {compliant} compliant, {not_applicable} not applicable",
        counted(*trails, "trail")
    );
    if *unverified > 0 {
        line.push_str(&format!(", {unverified} of them unverified"));
    }
    if summary.not_evaluated > 0 {
        line.push_str(&format!(", {} not evaluated", counted(summary.not_evaluated, "trail")));
    }
    line.push_str(&format!(" ({})", scope(summary)));
    if !is_complete {
        line.push_str(". PARTIAL: not everything was evaluated");
    }
    line
}

/// The number of files that were read, or of accounts that were audited.
fn scope(summary: &Summary) -> String {
    let Summary { files, files_skipped, accounts, accounts_with_problems, .. } = summary;
    match (*accounts, *accounts_with_problems, *files_skipped) {
        (0, _, 0) => format!("{} read", counted(*files, "file")),
        (0, _, skipped) => format!("{} read, {skipped} skipped", counted(*files, "file")),
        (accounts, 0, _) => format!("{} audited", counted(accounts, "account")),
        (accounts, failing, _) => {
            format!("{} audited, {failing} with problems", counted(accounts, "account"))
        }
    }
}

/// `1 trail`, `2 trails`.
fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
