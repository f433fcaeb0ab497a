//! Why a task did not come to its end.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// Why a task did not come to its end, by who must act.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// Something failed; the message says what and what to do.
    Task(String),
    /// A program failed that has said why itself; its exit code is passed on.
    Told(u8),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn task(message: impl Into<String>) -> Self {
        Self::Task(message.into())
    }

    /// An argument that a task does not know.
    pub(crate) fn argument(task: &str, argument: &str) -> Self {
        Self::Usage(format!(
            "`cargo xtask {task}` does not know `{argument}`; see `cargo xtask help`"
        ))
    }

    /// A file that could not be read or written; `doing` is the infinitive.
    pub(crate) fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::Task(format!("could not {doing} `{}`: {error}", path.display()))
    }

    /// Standard output could not be written.
    pub(crate) fn output(error: impl Display) -> Self {
        Self::Task(format!("could not write to standard output: {error}"))
    }

    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Task(message) => Some(message),
            Self::Told(_) => None,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Task(_) => 1,
            Self::Told(code) => *code,
        }
    }
}
