//! How far a run is, on a terminal, and whether the user has stopped it.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;
use trailseal_logs::live::{Progress, Step};

use super::arguments::LogsArguments;

/// Whether the user has stopped the run.
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// The first Ctrl-C stops the reading; a second one ends the program without a report.
    pub(super) fn at_ctrl_c() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                sender.send_replace(true);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(2);
                }
            }
            // Without a handler, nothing stops the run.
            std::future::pending::<()>().await;
        });
        Self(receiver)
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    pub(super) async fn stopped(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|is_stopped| *is_stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A line on a terminal that changes.
pub(super) fn bar(arguments: &LogsArguments) -> ProgressBar {
    let is_silent = arguments.report.quiet || arguments.no_progress || arguments.verbose > 0;
    let is_drawn = !is_silent && stderr().is_terminal();
    let target = if is_drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if is_drawn {
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}

pub(super) fn words(progress: Progress) -> String {
    let Progress { step, done, total } = progress;
    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
    match step {
        Step::Folders => format!("finding the folders: {done}{of} requests"),
        Step::Counting => format!("counting the files: {done}{of}"),
        Step::Samples => format!("reading samples: {done}{of} folders or months"),
        Step::Files => format!("reading files: {done}{of}"),
        Step::Versions => format!("counting versions: {done}{of} folders"),
    }
}
