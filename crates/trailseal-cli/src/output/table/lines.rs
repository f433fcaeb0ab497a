//! One line for each trail; on a narrow terminal, a few short ones.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::details::wrapped;
use super::verdict;
use crate::output::{Screen, shown};
use crate::report::{CheckReport, TrailReport};

/// The columns before the finding.
const HEADER: [&str; 4] = ["VERDICT", "ACCOUNT", "REGION", "TRAIL"];

/// Spaces between two columns.
const GAP: usize = 2;

/// Columns that a terminal must leave for findings; with fewer, a trail gets several lines.
const FINDING_COLUMNS_MIN: usize = 20;

pub(super) fn write(
    trails: &[&TrailReport],
    profile: &str,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    if trails.is_empty() {
        return Ok(());
    }
    let rows: Vec<[String; 4]> = trails.iter().map(|trail| cells(trail)).collect();
    let mut widths = HEADER.map(UnicodeWidthStr::width);
    for row in &rows {
        let both = widths.iter_mut().zip(row);
        both.for_each(|(width, cell)| *width = cell.width().max(*width));
    }
    let taken: usize = widths.iter().map(|width| width + GAP).sum();
    let rest = screen.columns.map(|columns| columns.saturating_sub(taken));
    if rest.is_some_and(|rest| rest < FINDING_COLUMNS_MIN) {
        return trails.iter().try_for_each(|trail| write_stacked(trail, profile, screen, out));
    }
    let line = |cells: [&str; 4]| {
        let padded = |(cell, width): (&str, usize)| {
            format!("{cell}{}", " ".repeat((width + GAP).saturating_sub(cell.width())))
        };
        cells.into_iter().zip(widths).map(padded).collect::<String>()
    };
    writeln!(out, "{}FINDING", line(HEADER))?;
    for (trail, row) in trails.iter().zip(&rows) {
        let cells = line(row.each_ref().map(String::as_str));
        // The color is not part of the width.
        let cells = cells.replacen(&*row_verdict(trail), &verdict(trail, screen), 1);
        writeln!(out, "{cells}{}", cut(&finding(trail, profile), rest))?;
    }
    Ok(())
}

fn row_verdict(trail: &TrailReport) -> String {
    trail.compliance.to_string()
}

fn cells(trail: &TrailReport) -> [String; 4] {
    let TrailReport { account, region, .. } = trail;
    [row_verdict(trail), account.to_string(), region.to_string(), shown(trail.name())]
}

/// The profile of a trail whose rule event has its own.
fn own_profile(trail: &TrailReport, profile: &str) -> Option<String> {
    let own = trail.profile.map(|own| own.as_str()).filter(|own| *own != profile);
    own.map(|own| format!("Profile: {own} (of its rule event). "))
}

/// What was found, in one line.
fn finding(trail: &TrailReport, profile: &str) -> String {
    let own = own_profile(trail, profile).unwrap_or_default();
    let unverified = if trail.unverified { "unverified: " } else { "" };
    let open = |check: &CheckReport| {
        format!("{}: {}", check.id, check.what.as_deref().unwrap_or_default())
    };
    let open: Vec<String> = trail.open_checks().map(open).collect();
    let text = match &trail.reason {
        Some(reason) => reason.clone(),
        None if open.is_empty() => trail.annotation.clone(),
        None => open.join("; "),
    };
    shown(&format!("{own}{unverified}{text}"))
}

/// The words that fit: an ARN or ID is shown whole or not at all.
fn cut(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns.filter(|columns| text.width() > *columns) else {
        return text.to_owned();
    };
    let mut shown = String::new();
    for word in text.split(' ') {
        if shown.width() + word.width() + 2 > columns {
            break;
        }
        shown.push_str(word);
        shown.push(' ');
    }
    format!("{shown}…")
}

/// The verdict and name, the place, and the checks or the reason.
fn write_stacked(
    trail: &TrailReport,
    profile: &str,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = screen.columns.unwrap_or(usize::MAX);
    let unverified = if trail.unverified { " (unverified)" } else { "" };
    writeln!(out, "{}{unverified} {}", verdict(trail, screen), shown(trail.name()))?;
    writeln!(out, "  {} {}", trail.account, trail.region)?;
    let checks: Vec<&str> = trail.open_checks().map(|check| check.id.as_str()).collect();
    let found = trail.reason.clone().unwrap_or_else(|| checks.join(", "));
    let found = format!("{}{found}", own_profile(trail, profile).unwrap_or_default());
    if !found.is_empty() {
        writeln!(out, "{}", wrapped(&shown(&found), columns, 2))?;
    }
    Ok(())
}
