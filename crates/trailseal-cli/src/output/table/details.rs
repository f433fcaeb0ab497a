//! The details of each trail: what was found, why it matters, how to fix it.

use std::io::{self, Write};

use super::verdict;
use crate::output::columns::wrapped;
use crate::output::{COLUMNS_ELSEWHERE, Screen, shown};
use crate::report::{PlaceReport, TrailReport};

/// Columns of a text, at most: longer lines are hard to read.
const COLUMNS_MAX: usize = 120;

pub(crate) fn write(
    trails: &[&TrailReport],
    profile: &str,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = screen.columns.unwrap_or(COLUMNS_ELSEWHERE).min(COLUMNS_MAX);
    for trail in trails {
        let unverified = if trail.unverified { " (unverified)" } else { "" };
        writeln!(out, "{}{unverified} {}", verdict(trail, screen), shown(trail.name()))?;
        for (indent, text) in details(trail, profile) {
            writeln!(out, "{}", wrapped(&text, columns, indent))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The texts below the verdict and the name, each with its indentation.
fn details(trail: &TrailReport, profile: &str) -> Vec<(usize, String)> {
    let mut lines = vec![(2, place(trail))];
    for check in trail.open_checks() {
        let what = check.what.as_deref().unwrap_or_default();
        let fix = check.fix.as_deref().unwrap_or_default();
        lines.push((2, format!("{}: {}", shown(&check.id), shown(what))));
        lines.push((4, format!("Why: {}", shown(&check.why))));
        lines.push((4, format!("Fix: {}", shown(fix))));
    }
    let is_passed = trail.reason.is_none() && trail.open_checks().next().is_none();
    match (&trail.reason, &trail.key) {
        _ if is_passed => lines.push((2, shown(&trail.annotation))),
        (Some(reason), _) => lines.push((2, shown(reason))),
        (None, Some(key)) => lines.push((2, format!("Key: {}", shown(key)))),
        (None, None) => {}
    }
    if let Some(own) = trail.profile.map(|own| own.as_str()).filter(|own| *own != profile) {
        lines.push((2, format!("Profile: {own} (of its rule event)")));
    }
    // The annotation of a trail that passed contains the rule's notes.
    let is_listed = |note: &str| is_passed && trail.annotation.contains(note);
    let notes = trail.notes.iter().filter(|note| !is_listed(note));
    lines.extend(notes.map(|note| (2, format!("Note: {}", shown(note)))));
    lines.push((2, format!("Source: {}", shown(&source(trail)))));
    lines
}

/// The file, with line and column of the key or else of the trail, if a document with lines declares
/// it.
pub(super) fn source(trail: &TrailReport) -> String {
    let Some(declared) = &trail.declared else { return trail.source.clone() };
    let PlaceReport { file, line, column } = declared.key_place.as_ref().unwrap_or(&declared.place);
    if *line == 0 {
        return file.clone();
    }
    format!("{file}:{line}:{column}")
}

/// The ARN; also the account and Region where they are not those of the ARN.
fn place(trail: &TrailReport) -> String {
    let seen = format!("{} {}", trail.account, trail.region);
    match &trail.arn {
        Some(arn) if *arn.owner() == trail.account && *arn.home_region() == trail.region => {
            shown(arn.as_str())
        }
        Some(arn) => format!("{} seen in {seen}", shown(arn.as_str())),
        None => seen,
    }
}
