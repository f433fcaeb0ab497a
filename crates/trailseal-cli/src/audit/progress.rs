//! The progress of the audit.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::AuditArguments;
use crate::output::counted;

/// The time between two lines without a terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(2);

/// A wide message is cut at the width of the terminal, so that it never wraps.
const TEMPLATE: &str = "{spinner} {wide_msg}";

/// The progress: a line that changes on a terminal, and otherwise line by line.
#[derive(Debug)]
pub(super) struct Progress {
    /// Not drawn without a terminal.
    bar: ProgressBar,
    /// When the latest line was printed; `None` if there are no lines.
    printed: Option<Instant>,
}

impl Progress {
    pub(super) fn of(arguments: &AuditArguments, accounts: usize) -> Self {
        let is_shown = !(arguments.report.quiet || arguments.no_progress || arguments.verbose > 1);
        let is_drawn = is_shown && stderr().is_terminal();
        let target =
            if is_drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(accounts as u64), target);
        if is_drawn {
            // The template is a constant; if it were invalid, the default would be shown.
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style);
            }
            bar.set_message(words(0, accounts as u64, (0, 0), Duration::ZERO));
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        let has_lines = is_shown && !is_drawn && arguments.progress;
        Self { bar, printed: has_lines.then(Instant::now) }
    }

    /// Shows the number of finished accounts, of trails and of findings.
    pub(super) fn update(&mut self, done: usize, counts: (usize, usize), err: &mut dyn Write) {
        let (done, accounts) = (done as u64, self.bar.length().unwrap_or_default());
        let words = words(done, accounts, counts, self.bar.elapsed());
        self.bar.set_position(done);
        self.bar.set_message(words.clone());
        if let Some(printed) = &mut self.printed
            && (printed.elapsed() >= BETWEEN_LINES || done == accounts)
        {
            *printed = Instant::now();
            let _is_closed = writeln!(err, "progress: {words}");
        }
    }

    /// Prints a line above the progress.
    pub(super) fn line(&self, line: &str, err: &mut dyn Write) {
        self.bar.suspend(|| {
            let _is_closed = writeln!(err, "{line}");
        });
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The time that is left is estimated from the speed so far.
fn words(
    done: u64,
    accounts: u64,
    (trails, findings): (usize, usize),
    elapsed: Duration,
) -> String {
    let rest = u128::from(accounts.saturating_sub(done));
    let left = match done {
        0 => String::new(),
        done => format!(", about {} s left", elapsed.as_millis() * rest / u128::from(done) / 1000),
    };
    let counts = [counted(trails, "trail"), counted(findings, "finding")].join(", ");
    format!("{done} of {accounts} accounts, {counts}{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trail_is_not_counted_as_several() {
        let words = |counts| words(2, 2, counts, Duration::ZERO);
        assert_eq!(words((1, 1)), "2 of 2 accounts, 1 trail, 1 finding, about 0 s left");
        assert_eq!(words((2, 0)), "2 of 2 accounts, 2 trails, 0 findings, about 0 s left");
    }
}
