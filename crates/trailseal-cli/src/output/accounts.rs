//! What people need to know beside the trails: failed reads, Regions without a trail, and exemptions
//! that expired or match nothing.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::shown;
use crate::report::{AccountReport, NotEvaluated, Report, TrailReport};

/// Lines of one kind that are listed; the others are counted.
const LINES_MAX: usize = 20;

/// Writes the lines below the table of trails; `failed` leaves out those that need no action.
pub(super) fn write(report: &Report, failed: bool, out: &mut dyn Write) -> io::Result<()> {
    if !failed {
        write_copies(report, out)?;
    }
    write_not_evaluated(report, out)?;
    write_capped("NOT JUDGED", failed_accounts(report), out)?;
    let without_trail = report.accounts.iter().filter_map(without_trail);
    write_capped("NO TRAIL SEEN", without_trail.collect(), out)?;
    if failed {
        return Ok(());
    }
    let left_out = report.accounts.iter().filter_map(|account| {
        Some(format!("{}: {}", name(account), shown(account.left_out.as_deref()?)))
    });
    write_capped("SKIPPED", left_out.collect(), out)?;
    write_capped("EXEMPTION", report.warnings().map(|line| shown(&line)).collect(), out)
}

/// Counts the copies whose trail was evaluated.
fn write_copies(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let is_judged =
        |trail: &&TrailReport| trail.copy_of().is_some() && trail.not_evaluated.is_none();
    match report.trails.iter().filter(is_judged).count() {
        0 => Ok(()),
        count => writeln!(
            out,
            "and {count} {} of trails that are judged in their home Region, in the account that \
             owns them",
            if count == 1 { "copy" } else { "copies" }
        ),
    }
}

/// Names the trails that were not evaluated.
fn write_not_evaluated(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let lines = report.not_evaluated().into_iter().map(|left_out| {
        let NotEvaluated { trail, reason, source } = left_out;
        format!("{}: {} (seen in {})", shown(trail), shown(reason), shown(source))
    });
    write_capped("NOT EVALUATED", lines.collect(), out)
}

/// Writes lines of one kind; beyond the limit, only their number.
pub(crate) fn write_capped(title: &str, lines: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    for line in lines.iter().take(LINES_MAX) {
        writeln!(out, "{title}: {line}")?;
    }
    match lines.len().checked_sub(LINES_MAX) {
        Some(more) if more > 0 => {
            writeln!(out, "{title}: and {more} more; `-o json` lists them")
        }
        Some(_) | None => Ok(()),
    }
}

fn name(account: &AccountReport) -> String {
    match &account.name {
        Some(name) => format!("{} ({})", shown(&account.id), shown(name)),
        None => shown(&account.id),
    }
}

/// A line for each account with a failed read; accounts with the same problem share one.
fn failed_accounts(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shared: BTreeMap<&str, Vec<&AccountReport>> = BTreeMap::new();
    for account in report.accounts.iter().filter(|account| account.has_problem()) {
        match &account.problem {
            Some(problem) => shared.entry(problem).or_default().push(account),
            None => lines.push(failed_reads(account)),
        }
    }
    for (problem, accounts) in shared {
        let [first, others @ ..] = accounts.as_slice() else { continue };
        let more = match others.len() {
            0 => String::new(),
            number => format!(" and {number} more"),
        };
        lines.push(format!("{}{more}: {}", name(first), shown(problem)));
    }
    lines.sort_unstable();
    lines
}

fn failed_reads(account: &AccountReport) -> String {
    let failing = account.regions.iter().filter(|region| region.problem.is_some());
    let regions: Vec<&str> = failing.clone().map(|region| region.region.as_str()).collect();
    let first = failing.clone().find_map(|region| region.problem.as_deref()).unwrap_or_default();
    format!("{} in {}: {}", name(account), shown(&regions.join(", ")), shown(first))
}

/// The Regions of the account in which no trail of any kind is visible.
fn without_trail(account: &AccountReport) -> Option<String> {
    let without: Vec<&str> = account
        .regions
        .iter()
        .filter(|region| region.is_without_trail())
        .map(|region| region.region.as_str())
        .collect();
    match without.as_slice() {
        [] => None,
        [one] => Some(format!("{}: {}", name(account), shown(one))),
        all if all.len() == account.regions.len() => {
            Some(format!("{}: in none of its {} audited Regions", name(account), all.len()))
        }
        some => Some(format!("{}: {}", name(account), shown(&some.join(", ")))),
    }
}
