//! The totals of a process of the function over the soak.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use trailseal_lab::Memory;

/// Events after which the memory of a process is taken as its baseline.
pub(crate) const WARM_EVENTS: u64 = 100;

/// Events over which memory must not grow; fewer prove nothing.
const FLAT_EVENTS: u64 = 10_000;

/// How much the resident memory of a warm process may grow, in percent.
const GROWTH_PERCENT_MAX: u64 = 10;

/// The counts of one process.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) events: u64,
    /// Events that succeeded at the first attempt.
    pub(crate) at_once: u64,
    /// Attempts after a failed invocation, as Lambda makes them.
    pub(crate) retries: u64,
    /// The most retries of one event.
    pub(crate) retries_max: u64,
    pub(crate) requests: u64,
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) evaluations: BTreeMap<String, u64>,
    /// Descriptions of wrong results.
    pub(crate) wrong: Vec<String>,
    pub(crate) starts: u32,
    pub(crate) warm: Option<Memory>,
    pub(crate) at_end: Option<Memory>,
}

impl Totals {
    pub(crate) fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }

    /// The reasons why the soak fails.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = self.wrong.clone();
        if self.starts != 1 {
            problems.push(format!("the process was started {} times", self.starts));
        }
        match (&self.warm, &self.at_end) {
            (Some(warm), Some(at_end)) if self.events >= FLAT_EVENTS => {
                let most = warm.resident_kib * (100 + GROWTH_PERCENT_MAX) / 100;
                if at_end.resident_kib > most {
                    problems.push(format!(
                        "memory grew from {} KiB to {} KiB",
                        warm.resident_kib, at_end.resident_kib
                    ));
                }
            }
            (Some(_), Some(_)) => {}
            (None, _) | (_, None) => problems.push("memory could not be read".to_owned()),
        }
        problems
    }
}

/// Writes the figures.
pub(crate) fn report(
    out: &mut impl Write,
    all_totals: &[Totals],
    elapsed: Duration,
) -> io::Result<()> {
    let sum = |count: fn(&Totals) -> u64| all_totals.iter().map(count).sum::<u64>();
    let (events, requests) = (sum(|of| of.events), sum(|of| of.requests));
    let faults = sum(|of| of.faults.values().sum());
    writeln!(
        out,
        "{events} events through {} processes of the real function in {} s",
        all_totals.len(),
        elapsed.as_secs()
    )?;
    writeln!(out, "  requests to AWS    {requests}, of which {faults} met a fault")?;
    writeln!(out, "  faults             {}", all(all_totals, |of| &of.faults))?;
    writeln!(out, "  answered at once   {}", sum(|of| of.at_once))?;
    writeln!(out, "  failed invocations {}", all(all_totals, |of| &of.failures))?;
    let most = all_totals.iter().map(|of| of.retries_max).max().unwrap_or_default();
    writeln!(out, "  retries            {}, at most {most} for one event", sum(|of| of.retries))?;
    writeln!(out, "  evaluations        {}", all(all_totals, |of| &of.evaluations))?;
    for (number, totals) in all_totals.iter().enumerate() {
        let resident = |memory: &Option<Memory>| memory.map_or(0, |memory| memory.resident_kib);
        let peak = totals.at_end.map_or(0, |memory| memory.peak_kib);
        writeln!(
            out,
            "  memory of process {} {} KiB after {WARM_EVENTS} events, {} KiB after {} (peak {peak} KiB)",
            number + 1,
            resident(&totals.warm),
            resident(&totals.at_end),
            totals.events,
        )?;
    }
    let problems: Vec<String> = all_totals.iter().flat_map(Totals::problems).collect();
    writeln!(out, "  wrong or lost      {}", problems.len())?;
    for complaint in problems.iter().take(20) {
        writeln!(out, "    {complaint}")?;
    }
    Ok(())
}

/// The counts of all processes together, by name.
fn all(all_totals: &[Totals], counts: fn(&Totals) -> &BTreeMap<String, u64>) -> String {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in all_totals.iter().flat_map(counts) {
        *sums.entry(name).or_default() += count;
    }
    let parts: Vec<String> = sums.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}
