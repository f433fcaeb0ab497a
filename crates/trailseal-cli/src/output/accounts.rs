//! The accounts of an audit, for people: where something could not be asked, and where there is no
//! trail.

use std::io::{self, Write};

use super::shown;
use crate::report::{AccountReport, NotEvaluated, Report, TrailReport};

/// Lines of one kind; of more, only their number is told.
const LINES_MAX: usize = 20;

/// Writes what the table of trails cannot show.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_copies(report, out)?;
    let refusing = report.accounts.iter().filter(|account| account.has_problem());
    write_lines("NOT JUDGED", refusing.map(refusal).collect(), out)?;
    let silent = report.accounts.iter().filter_map(without_trail);
    write_lines("NO TRAIL SEEN", silent.collect(), out)?;
    let left_out = report.accounts.iter().filter_map(|account| {
        Some(format!("{}: {}", name(account), shown(account.left_out.as_deref()?)))
    });
    write_lines("LEFT OUT", left_out.collect(), out)
}

/// Copies whose trail was evaluated are counted; trails that were evaluated nowhere are named.
fn write_copies(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let is_judged =
        |trail: &&TrailReport| trail.copy_of().is_some() && trail.not_evaluated.is_none();
    match report.trails.iter().filter(is_judged).count() {
        0 => {}
        count => writeln!(
            out,
            "and {} of trails that are judged where they were made: in their home Region, \
             organization trails in the account that owns them",
            if count == 1 { "1 copy".to_owned() } else { format!("{count} copies") }
        )?,
    }
    let lines = report.not_evaluated().into_iter().map(|left_out| {
        let NotEvaluated { trail, reason, source } = left_out;
        format!("{}: {} (seen in {})", shown(trail), shown(reason), shown(source))
    });
    write_lines("NOT EVALUATED", lines.collect(), out)
}

fn write_lines(title: &str, lines: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
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
        Some(name) => format!("{} ({})", account.id, shown(name)),
        None => account.id.clone(),
    }
}

fn refusal(account: &AccountReport) -> String {
    if let Some(problem) = &account.problem {
        return format!("{}: {}", name(account), shown(problem));
    }
    let failing = account.regions.iter().filter(|region| region.problem.is_some());
    let regions: Vec<&str> = failing.clone().map(|region| region.region.as_str()).collect();
    let first = failing.clone().find_map(|region| region.problem.as_deref()).unwrap_or_default();
    format!("{} in {}: {}", name(account), regions.join(", "), shown(first))
}

/// The Regions of the account in which no trail of any kind is visible.
fn without_trail(account: &AccountReport) -> Option<String> {
    let is_silent =
        |region: &&crate::report::RegionReport| region.trails == 0 && region.problem.is_none();
    let silent: Vec<&str> =
        account.regions.iter().filter(is_silent).map(|region| region.region.as_str()).collect();
    match silent.as_slice() {
        [] => None,
        [one] => Some(format!("{}: {one}", name(account))),
        all if all.len() == account.regions.len() => {
            Some(format!("{}: in none of its {} Regions that were asked", name(account), all.len()))
        }
        some => Some(format!("{}: {}", name(account), some.join(", "))),
    }
}
