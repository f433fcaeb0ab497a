//! How a report was made: who ran which command, when, and over what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trailseal_rule::{AccountId, Timestamp};

/// One run of `check` or `audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) command: String,
    /// The words of the command line without program and command; secrets are `***`.
    pub(crate) arguments: Vec<String>,
    /// The environment variables that set options; secrets are `***`.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// The owner of the credentials; absent without a call to AWS.
    pub(crate) caller: Option<CallerReport>,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    /// Whether the user ended the run early.
    pub(crate) interrupted: bool,
    pub(crate) config: Option<FileDigest>,
    /// Whether the trails were also judged by their log files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) log_files: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CallerReport {
    pub(crate) arn: String,
    pub(crate) account: AccountId,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileDigest {
    /// Its path; `-` for standard input.
    pub(crate) file: String,
    /// SHA-256 of its bytes in lowercase hexadecimal digits; absent if it was not read to its end.
    pub(crate) sha256: Option<String>,
}

/// The command line and the environment variables that count, without secrets.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandLine {
    /// The command line after the program.
    pub(crate) words: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Run {
    /// A run that has just begun.
    pub(crate) fn begun(command: &str, command_line: CommandLine, now: Timestamp) -> Self {
        let CommandLine { words: mut arguments, environment } = command_line;
        if let Some(position) = arguments.iter().position(|word| word == command) {
            arguments.remove(position);
        }
        Self {
            command: command.to_owned(),
            arguments,
            environment,
            caller: None,
            started_at: now,
            finished_at: now,
            interrupted: false,
            config: None,
            log_files: false,
        }
    }

    /// The run with its end. The clock may have been set back since it began.
    pub(crate) fn ended(self, now: Timestamp) -> Self {
        Self { finished_at: now.max(self.started_at), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_does_not_end_before_it_began() {
        let time = Timestamp::from_epoch_millis;
        let begun = Run::begun("check", CommandLine::default(), time(10));
        assert_eq!(begun.clone().ended(time(5)).finished_at, time(10));
        assert_eq!(begun.ended(time(15)).finished_at, time(15));
    }
}
