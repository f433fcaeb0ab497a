//! `--history`: what older log files without the trail's key are.

use clap::ValueEnum;
use trailseal_logs::live::Mode;
use trailseal_rule::LogFileScope;

/// What older files that are not encrypted with the trail's key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum History {
    /// They are not a failure
    Report,
    /// The trail fails
    Fail,
}

impl History {
    /// What the check decides.
    pub(crate) fn scope(self) -> LogFileScope {
        match self {
            Self::Report => LogFileScope::Newest,
            Self::Fail => LogFileScope::All,
        }
    }

    /// Which files must be read for a trail to pass.
    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::Report => Mode::Sample,
            Self::Fail => Mode::All,
        }
    }
}
