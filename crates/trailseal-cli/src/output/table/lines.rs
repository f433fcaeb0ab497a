//! One line for each trail; on a narrow terminal, a few short ones.

use std::io::{self, Write};

use anstyle::Style;

use super::details::source;
use super::{style, verdict};
use crate::output::columns::{Columns, cut, wrapped};
use crate::output::{Screen, shown};
use crate::report::{CheckReport, TrailReport};

/// The columns before the finding.
const HEADER: [&str; 4] = ["VERDICT", "ACCOUNT", "REGION", "TRAIL"];

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
    let columns = Columns::of(HEADER, &rows, screen);
    if columns.are_too_wide() {
        return trails.iter().try_for_each(|trail| write_stacked(trail, profile, screen, out));
    }
    writeln!(out, "{}FINDING", columns.line(HEADER, Style::new()))?;
    for (trail, row) in trails.iter().zip(&rows) {
        let cells = columns.line(row.each_ref().map(String::as_str), style(trail, screen));
        writeln!(out, "{cells}{}", cut(&finding(trail, profile), columns.rest()))?;
    }
    Ok(())
}

fn cells(trail: &TrailReport) -> [String; 4] {
    let TrailReport { account, region, .. } = trail;
    [trail.compliance.to_string(), account.to_string(), region.to_string(), shown(trail.name())]
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
    // Documents often give their trails the same name.
    let place = match &trail.declared {
        Some(_) => format!("{}: ", source(trail)),
        None => String::new(),
    };
    shown(&format!("{place}{own}{unverified}{text}"))
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
