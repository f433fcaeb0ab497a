//! How far the audit is, for whoever waits.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::AuditArguments;

/// Between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(2);

const TEMPLATE: &str = "{bar:30} {pos} of {len} accounts, {msg}, {eta} left";

/// Where the progress goes.
#[derive(Debug)]
pub(super) enum Progress {
    /// Nobody wants to know.
    Nowhere,
    /// A bar on a terminal.
    Bar(ProgressBar),
    /// Lines, now and then.
    Lines { accounts: usize, begun: Instant, told: Instant },
}

impl Progress {
    pub(super) fn of(arguments: &AuditArguments, accounts: usize) -> Self {
        if arguments.quiet || arguments.no_progress {
            return Self::Nowhere;
        }
        if stderr().is_terminal() {
            let length = u64::try_from(accounts).ok();
            let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
            // A template that cannot be read would be a fault of this file; the usual one is shown.
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style);
            }
            bar.set_message(found(0, 0));
            bar.enable_steady_tick(Duration::from_millis(250));
            return Self::Bar(bar);
        }
        if arguments.progress {
            let now = Instant::now();
            return Self::Lines { accounts, begun: now, told: now };
        }
        Self::Nowhere
    }

    /// So many accounts are done, with so many trails and findings.
    pub(super) fn tell(&mut self, done: usize, counts: (usize, usize), err: &mut dyn Write) {
        let (trails, findings) = counts;
        match self {
            Self::Nowhere => {}
            Self::Bar(bar) => {
                bar.set_position(u64::try_from(done).unwrap_or_default());
                bar.set_message(found(trails, findings));
            }
            Self::Lines { accounts, begun, told } => {
                let is_last = done == *accounts;
                if told.elapsed() < BETWEEN_LINES && !is_last {
                    return;
                }
                *told = Instant::now();
                let left = left(begun.elapsed(), done, *accounts);
                // If nobody reads the progress, nothing is lost.
                let _nobody_reads = writeln!(
                    err,
                    "progress: {done} of {accounts} accounts, {}, about {left} s left",
                    found(trails, findings)
                );
            }
        }
    }

    /// Writes a line without the bar in its way.
    pub(super) fn line(&self, line: &str, err: &mut dyn Write) {
        let mut write = || {
            let _nobody_reads = writeln!(err, "{line}");
        };
        match self {
            Self::Bar(bar) => bar.suspend(write),
            Self::Nowhere | Self::Lines { .. } => write(),
        }
    }

    pub(super) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn found(trails: usize, findings: usize) -> String {
    format!("{trails} trails, {findings} findings")
}

/// Seconds, if the rest takes as long as what is done.
fn left(elapsed: Duration, done: usize, accounts: usize) -> u64 {
    let each = elapsed.as_secs_f64() / f64::from(u32::try_from(done.max(1)).unwrap_or(u32::MAX));
    let rest = u32::try_from(accounts.saturating_sub(done)).unwrap_or(u32::MAX);
    Duration::try_from_secs_f64(each * f64::from(rest)).unwrap_or_default().as_secs()
}
