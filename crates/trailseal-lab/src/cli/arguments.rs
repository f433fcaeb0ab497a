//! The command line.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// What `--help` prints.
pub(super) const USAGE: &str = "\
An AWS account on loopback, and the real function in it.

Usage: trailseal-lab --bootstrap PATH [OPTION]... [EVENT.json... | -]
       trailseal-lab --serve [--state FILE]

Without events, the default scenario is delivered. An event is a rule's event, a bare invoking
event or a bare configuration item; `-` reads one from standard input.

  --bootstrap PATH        the function's program, run as a process of its own
  --state FILE            the account's trails, keys and buckets (STATE.md); default: built in
  --parameter NAME=VALUE  a rule parameter for every event; may be repeated
  --json                  one JSON document instead of a page
  --serve                 keep the endpoints up and print the lines to export
  --transcript FILE       write requests and answers of every operation, for the contract test
  --help                  this page

Exit code: 0 it ran; 1 the default scenario came out otherwise than expected; 2 wrong usage or
failure.
";

/// In which form the findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A page for people.
    Text,
    /// One JSON document.
    Json,
}

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Arguments {
    pub(super) bootstrap: Option<PathBuf>,
    pub(super) state: Option<PathBuf>,
    pub(super) parameters: Map<String, Value>,
    pub(super) form: Form,
    pub(super) serve: bool,
    pub(super) transcript: Option<PathBuf>,
    pub(super) events: Vec<String>,
}

impl Arguments {
    /// Reads the command line; `None` is a question for help, an error is every fault at once.
    pub(super) fn parse(words: impl Iterator<Item = String>) -> Result<Option<Self>, Vec<String>> {
        let mut arguments = Self {
            bootstrap: None,
            state: None,
            parameters: Map::new(),
            form: Form::Text,
            serve: false,
            transcript: None,
            events: Vec::new(),
        };
        let mut faults = Vec::new();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let (flag, attached) = match word.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
                Some(_) | None => (word.as_str(), None),
            };
            let mut value =
                || attached.clone().or_else(|| words.next_if(|word| !word.starts_with("--")));
            match flag {
                "--help" | "-h" => return Ok(None),
                "--json" => arguments.form = Form::Json,
                "--serve" => arguments.serve = true,
                "--bootstrap" => arguments.bootstrap = path(flag, value(), &mut faults),
                "--state" => arguments.state = path(flag, value(), &mut faults),
                "--transcript" => arguments.transcript = path(flag, value(), &mut faults),
                "--parameter" => match value().as_deref().and_then(|pair| pair.split_once('=')) {
                    Some((name, value)) if !name.is_empty() => {
                        arguments.parameters.insert(name.to_owned(), Value::from(value));
                    }
                    Some(_) | None => faults.push("`--parameter` needs NAME=VALUE".to_owned()),
                },
                _ if flag.starts_with('-') && flag != "-" => {
                    faults.push(format!("there is no option `{flag}`"));
                }
                _ => arguments.events.push(word),
            }
        }
        arguments.admit(&mut faults);
        if faults.is_empty() { Ok(Some(arguments)) } else { Err(faults) }
    }

    fn admit(&self, faults: &mut Vec<String>) {
        let idle = self.bootstrap.is_none() && self.transcript.is_none();
        if idle && (!self.serve || !self.events.is_empty()) {
            faults.push("`--bootstrap PATH` is missing: the lab runs the real function".to_owned());
        }
        if self.events.iter().filter(|event| *event == "-").count() > 1 {
            faults.push("`-` can be given once only".to_owned());
        }
    }
}

fn path(flag: &str, value: Option<String>, faults: &mut Vec<String>) -> Option<PathBuf> {
    if value.is_none() {
        faults.push(format!("`{flag}` needs a path"));
    }
    value.map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Arguments>, Vec<String>> {
        Arguments::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn both_ways_of_giving_a_value_are_read() {
        let spaced = parse(&["--bootstrap", "b", "--parameter", "a=x=y", "--json", "e.json", "-"]);
        let joined = parse(&["--bootstrap=b", "--parameter=a=x=y", "--json", "e.json", "-"]);
        assert_eq!(spaced, joined);
        let arguments = spaced.unwrap().unwrap();
        assert_eq!(arguments.parameters.get("a"), Some(&Value::from("x=y")));
        assert_eq!(arguments.events, ["e.json", "-"]);
        assert_eq!(arguments.form, Form::Json);
    }

    #[test]
    fn all_faults_are_told_at_once_by_name() {
        let faults = parse(&["--state", "--parameter", "x", "--frob", "-", "-"]).unwrap_err();
        assert_eq!(
            faults,
            [
                "`--state` needs a path",
                "`--parameter` needs NAME=VALUE",
                "there is no option `--frob`",
                "`--bootstrap PATH` is missing: the lab runs the real function",
                "`-` can be given once only",
            ]
        );
    }

    #[test]
    fn help_and_serving_need_no_function() {
        assert_eq!(parse(&["--help"]), Ok(None));
        assert!(parse(&["--serve"]).is_ok());
        assert!(parse(&["--serve", "e.json"]).is_err());
        assert!(parse(&[]).is_err());
    }
}
