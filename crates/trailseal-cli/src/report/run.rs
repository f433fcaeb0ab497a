//! How a report was made: who ran which command, when, and over what.

use serde::{Deserialize, Serialize};
use trailseal_rule::{AccountId, Timestamp};

/// The options whose values are secrets.
const SECRET_OPTIONS: [&str; 1] = ["--external-id"];

const MASK: &str = "***";

/// One run of `check` or `audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) command: String,
    /// The words of the command line without program and command; secrets are `***`.
    pub(crate) arguments: Vec<String>,
    /// The owner of the credentials; absent without a call to AWS.
    pub(crate) caller: Option<CallerReport>,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    /// Whether the user ended the run early.
    pub(crate) interrupted: bool,
    pub(crate) config: Option<FileDigest>,
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

impl Run {
    /// A run that has just begun. `words` is the command line after the program.
    pub(crate) fn begun(command: &str, words: &[String], now: Timestamp) -> Self {
        let mut arguments = without_secrets(words);
        if let Some(position) = arguments.iter().position(|word| word == command) {
            arguments.remove(position);
        }
        Self {
            command: command.to_owned(),
            arguments,
            caller: None,
            started_at: now,
            finished_at: now,
            interrupted: false,
            config: None,
        }
    }

    /// The run with its end. The clock may have been set back since it began.
    pub(crate) fn ended(self, now: Timestamp) -> Self {
        Self { finished_at: now.max(self.started_at), ..self }
    }
}

fn without_secrets(words: &[String]) -> Vec<String> {
    let mut is_secret = false;
    let masked = words.iter().map(|word| {
        if std::mem::replace(&mut is_secret, SECRET_OPTIONS.contains(&word.as_str())) {
            is_secret = false;
            return MASK.to_owned();
        }
        match word.split_once('=') {
            Some((name, _)) if SECRET_OPTIONS.contains(&name) => format!("{name}={MASK}"),
            Some(_) | None => word.clone(),
        }
    });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_does_not_end_before_it_began() {
        let time = Timestamp::from_epoch_millis;
        let begun = Run::begun("check", &[], time(10));
        assert_eq!(begun.clone().ended(time(5)).finished_at, time(10));
        assert_eq!(begun.ended(time(15)).finished_at, time(15));
    }

    #[test]
    fn the_arguments_of_a_run_have_no_secret() {
        let check = |words: &str, expected: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let run = Run::begun("audit", &words, Timestamp::from_epoch_millis(0));
            assert_eq!(run.arguments.join(" "), expected);
        };
        check("audit --external-id s3cret -q", "--external-id *** -q");
        check("audit --external-id=s3cret=1 -q", "--external-id=*** -q");
        check("audit --external-id --external-id -q", "--external-id *** -q");
        check("audit --role-name audit --external-id", "--role-name audit --external-id");
        check("audit", "");
    }
}
