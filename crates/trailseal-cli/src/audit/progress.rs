//! The progress of the audit.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::AuditArguments;

/// The time between two lines without a terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(2);

const TEMPLATE: &str = "{bar:30} {pos} of {len} accounts, {msg}, {eta} left";

/// Where the progress is shown.
#[derive(Debug)]
pub(super) enum Progress {
    /// It is not shown.
    Nowhere,
    /// A bar on a terminal.
    Bar(ProgressBar),
    /// Lines, at intervals.
    Lines { accounts: usize, begun: Instant, printed: Instant },
}

impl Progress {
    pub(super) fn of(arguments: &AuditArguments, accounts: usize) -> Self {
        if arguments.quiet || arguments.no_progress {
            return Self::Nowhere;
        }
        if stderr().is_terminal() {
            let length = u64::try_from(accounts).ok();
            let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
            // The template is a constant; if it were invalid, the default would be shown.
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style);
            }
            bar.set_message(found(0, 0));
            bar.enable_steady_tick(Duration::from_millis(250));
            return Self::Bar(bar);
        }
        if arguments.progress {
            let now = Instant::now();
            return Self::Lines { accounts, begun: now, printed: now };
        }
        Self::Nowhere
    }

    /// Shows the number of accounts that are done, of trails and of findings.
    pub(super) fn update(&mut self, done: usize, counts: (usize, usize), err: &mut dyn Write) {
        let (trails, findings) = counts;
        match self {
            Self::Nowhere => {}
            Self::Bar(bar) => {
                bar.set_position(u64::try_from(done).unwrap_or_default());
                bar.set_message(found(trails, findings));
            }
            Self::Lines { accounts, begun, printed } => {
                let is_last = done == *accounts;
                if printed.elapsed() < BETWEEN_LINES && !is_last {
                    return;
                }
                *printed = Instant::now();
                let left = left(begun.elapsed(), done, *accounts);
                let _is_closed = writeln!(
                    err,
                    "progress: {done} of {accounts} accounts, {}, about {left} s left",
                    found(trails, findings)
                );
            }
        }
    }

    /// Prints a line above the bar.
    pub(super) fn line(&self, line: &str, err: &mut dyn Write) {
        let mut write = || {
            let _is_closed = writeln!(err, "{line}");
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

/// The remaining seconds, at the speed so far.
fn left(elapsed: Duration, done: usize, accounts: usize) -> u64 {
    let each = elapsed.as_secs_f64() / f64::from(u32::try_from(done.max(1)).unwrap_or(u32::MAX));
    let rest = u32::try_from(accounts.saturating_sub(done)).unwrap_or(u32::MAX);
    Duration::try_from_secs_f64(each * f64::from(rest)).unwrap_or_default().as_secs()
}
