//! The command line.

use std::path::PathBuf;

use clap::Parser;
use serde_json::{Map, Value};

/// An AWS account on loopback, and the real function in it.
///
/// Without events, the default scenario is delivered. An event is a rule's event, a bare invoking
/// event or a bare configuration item; `-` reads one from standard input.
#[derive(Debug, Parser)]
#[command(
    name = "trailseal-lab",
    after_help = "Exit code: 0 it ran; 1 the default scenario came out otherwise than expected; \
                  2 wrong usage or failure."
)]
pub(super) struct Arguments {
    /// The function's program, run as a process of its own
    #[arg(long, value_name = "PATH", required_unless_present_any = ["serve", "transcript"])]
    pub(super) bootstrap: Option<PathBuf>,
    /// The account's trails, keys and buckets (STATE.md) instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// A rule parameter for every event; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
    /// Print one JSON document instead of a page
    #[arg(long)]
    pub(super) json: bool,
    /// Keep the endpoints up and print the lines to export
    #[arg(long)]
    pub(super) serve: bool,
    /// Write requests and answers of every operation, for the contract test
    #[arg(long, value_name = "FILE")]
    pub(super) transcript: Option<PathBuf>,
    /// The files that hold the events
    #[arg(value_name = "EVENT.json", requires = "bootstrap")]
    pub(super) events: Vec<String>,
}

impl Arguments {
    pub(super) fn parameters(&self) -> Map<String, Value> {
        self.parameters.iter().cloned().collect()
    }
}

fn parameter(text: &str) -> Result<(String, Value), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Value::from(value))),
        Some(_) | None => Err("it has the form NAME=VALUE"),
    }
}
