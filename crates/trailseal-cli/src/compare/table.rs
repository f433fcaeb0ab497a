//! The comparison for people: a line for each trail that changed, how the runs differ, the counts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::change::{Change, TrailChange};
use super::run::Difference;
use super::{Compared, Comparison, Counts};
use crate::output::columns::{Columns, cut, wrapped, write_lines};
use crate::output::{Screen, counted, shown, write_capped};

/// The columns before the cause.
const HEADER: [&str; 6] = ["CHANGE", "ACCOUNT", "REGION", "TRAIL", "OLD", "NEW"];

pub(super) fn write(
    comparison: &Comparison,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let changed: Vec<&TrailChange> =
        comparison.trails.iter().filter(|trail| trail.change != Change::Same).collect();
    write_trails(&changed, screen, out)?;
    let mut below = Vec::new();
    write_run(&comparison.run, &mut below)?;
    write_checks(&comparison.trails, &mut below)?;
    writeln!(below, "{}", summary(comparison))?;
    write_lines(&below, screen, out)
}

fn write_trails(trails: &[&TrailChange], screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    if trails.is_empty() {
        return Ok(());
    }
    let rows: Vec<[String; 6]> = trails.iter().map(|trail| cells(trail)).collect();
    let columns = Columns::of(HEADER, &rows, screen);
    if columns.are_too_wide() {
        return trails.iter().try_for_each(|trail| write_stacked(trail, screen, out));
    }
    writeln!(out, "{}WHY", columns.line(HEADER, Style::new()))?;
    for (trail, row) in trails.iter().zip(&rows) {
        let cells = columns.line(row.each_ref().map(String::as_str), style(trail, screen));
        writeln!(out, "{cells}{}", cut(&why(trail), columns.rest()))?;
    }
    Ok(())
}

fn cells(trail: &TrailChange) -> [String; 6] {
    let TrailChange { change, account, region, trail: name, old, new, .. } = trail;
    let [change, old, new] = [change.as_str(), old.verdict.as_str(), new.verdict.as_str()];
    [
        change.to_owned(),
        account.clone(),
        region.clone(),
        shown(name),
        old.to_owned(),
        new.to_owned(),
    ]
}

fn style(trail: &TrailChange, screen: Screen) -> Style {
    let color = match trail.change {
        Change::Worse => AnsiColor::Red,
        Change::Better => AnsiColor::Green,
        Change::Other | Change::Same => AnsiColor::Yellow,
    };
    if screen.is_styled { color.on_default().bold() } else { Style::new() }
}

fn why(trail: &TrailChange) -> String {
    shown(&trail.why.join("; "))
}

/// The change and the name, the place, the verdicts, and the cause.
fn write_stacked(trail: &TrailChange, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let columns = screen.columns.unwrap_or(usize::MAX);
    let style = style(trail, screen);
    let TrailChange { change, account, region, trail: name, old, new, .. } = trail;
    writeln!(out, "{style}{}{style:#} {}", change.as_str(), shown(name))?;
    writeln!(out, "  {account} {region}")?;
    let verdicts = format!("{}, now {}", old.verdict.as_str(), new.verdict.as_str());
    writeln!(out, "{}", wrapped(&verdicts, columns, 2))?;
    if !trail.why.is_empty() {
        writeln!(out, "{}", wrapped(&why(trail), columns, 2))?;
    }
    Ok(())
}

/// How the runs differ, each subject by itself.
fn write_run(run: &[Difference], out: &mut dyn Write) -> io::Result<()> {
    for same in run.chunk_by(|one, other| one.of == other.of) {
        let Some(first) = same.first() else { continue };
        let lines = same.iter().map(|difference| shown(&difference.sentence()));
        write_capped(first.of.as_str(), lines.collect(), out)?;
    }
    Ok(())
}

/// The checks that passed on trails of the same verdict, and that only one report has.
fn write_checks(trails: &[TrailChange], out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let same = trails.iter().filter(|trail| trail.change == Change::Same);
    for check in same.flat_map(|trail| &trail.checks) {
        *counts.entry((&check.id, check.new.is_some())).or_default() += 1;
    }
    let lines = counts.into_iter().map(|((id, is_new), count)| {
        let of = counted(count, "trail");
        let what =
            if is_new { "is checked now and passes" } else { "passed and is not checked now" };
        shown(&format!("{id} {what} ({of} of the same verdict)"))
    });
    write_capped("CHECK", lines.collect(), out)
}

fn summary(comparison: &Comparison) -> String {
    let Counts { worse, better, other, same } = comparison.summary;
    let all = worse + better + other + same;
    let named = |name: &str, report: &Compared| {
        let Compared { file, generated_at, trails, .. } = report;
        format!("{name}: {} of {generated_at}, {}", shown(file), counted(*trails, "trail"))
    };
    let mut line = format!(
        "{}: {worse} worse, {better} better, {other} changed otherwise, {same} the same ({}; {})",
        counted(all, "trail"),
        named("old", &comparison.old),
        named("new", &comparison.new)
    );
    for (name, report) in [("old", &comparison.old), ("new", &comparison.new)] {
        if !report.complete {
            line.push_str(&format!(". PARTIAL: the {name} report did not evaluate everything"));
        }
    }
    line
}
