//! Every command refuses an option without the option that it requires, also if the required one
//! conflicts with another option on the line: clap does not check `requires` then.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _};

use super::Arguments;

/// A subcommand whose options take any value.
struct Subcommand(Command);

impl Subcommand {
    /// All of them.
    fn all() -> Vec<Self> {
        let any_value = |argument: Arg| {
            let takes_values = argument.get_action().takes_values();
            if takes_values {
                argument.value_parser(clap::value_parser!(OsString))
            } else {
                argument
            }
        };
        let command = Arguments::command();
        let of = |command: &Command| {
            let mut command = command.clone().disable_help_flag(true).mut_args(any_value);
            command.build();
            Self(command)
        };
        command.get_subcommands().map(of).collect()
    }

    /// The IDs of its arguments.
    fn arguments(&self) -> Vec<String> {
        self.0.get_arguments().map(id).collect()
    }

    /// Parses these arguments; the IDs of each group of arguments of which one is missing.
    fn parse(&self, given: &BTreeSet<String>) -> Result<(), Refused> {
        let given = self.0.get_arguments().filter(|argument| given.contains(&id(argument)));
        let words = given.map(|argument| {
            let takes_values = argument.get_action().takes_values();
            match (argument.get_long(), takes_values) {
                (Some(name), true) => format!("--{name}=x"),
                (Some(name), false) => format!("--{name}"),
                (None, _) => "x".to_owned(),
            }
        });
        let words = std::iter::once("trailseal".to_owned()).chain(words);
        let Err(error) = self.0.clone().try_get_matches_from(words) else { return Ok(()) };
        match (error.kind(), error.get(ContextKind::InvalidArg)) {
            (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
                Err(Refused::Missing(missing.iter().map(|shown| self.shown_in(shown)).collect()))
            }
            (ErrorKind::ArgumentConflict, _) => Err(Refused::Conflict),
            _ => panic!("{error}"),
        }
    }

    /// The arguments that a message shows, as an argument or as a group of some.
    fn shown_in(&self, shown: &str) -> BTreeSet<String> {
        let arguments = self.0.get_arguments();
        // A message shows a positional argument as `<NAME>`, also one that is optional in usage.
        let is_shown = |argument: &&Arg| {
            let text = argument.to_string();
            shown.contains(text.trim_end_matches("...").trim_matches(['[', ']', '<', '>']))
        };
        let found: BTreeSet<String> = arguments.filter(is_shown).map(id).collect();
        assert!(!found.is_empty(), "{shown}");
        found
    }

    /// Adds what is missing, except one of `without`. Returns whether the line is then accepted.
    fn accepts(&self, mut given: BTreeSet<String>, without: &BTreeSet<String>) -> bool {
        loop {
            match self.parse(&given) {
                Ok(()) => return true,
                Err(Refused::Conflict) => return false,
                Err(Refused::Missing(missing)) if missing.contains(without) => return false,
                Err(Refused::Missing(missing)) => {
                    given.extend(missing.iter().filter_map(|group| group.first().cloned()));
                }
            }
        }
    }
}

enum Refused {
    Conflict,
    Missing(Vec<BTreeSet<String>>),
}

fn id(argument: &Arg) -> String {
    argument.get_id().to_string()
}

#[test]
fn an_option_without_what_it_requires_is_refused() {
    let (mut accepted, mut requirements) = (Vec::new(), 0);
    for subcommand in Subcommand::all() {
        let always: BTreeSet<String> = match subcommand.parse(&BTreeSet::new()) {
            Err(Refused::Missing(missing)) => missing.into_iter().flatten().collect(),
            Err(Refused::Conflict) | Ok(()) => BTreeSet::new(),
        };
        let with = |more: &[&String]| -> BTreeSet<String> {
            always.iter().chain(more.iter().copied()).cloned().collect()
        };
        for option in subcommand.arguments() {
            let Err(Refused::Missing(missing)) = subcommand.parse(&with(&[&option])) else {
                continue;
            };
            for required in missing {
                requirements += 1;
                let others = subcommand.arguments().into_iter();
                for other in others.filter(|one| *one != option && !required.contains(one)) {
                    if subcommand.accepts(with(&[&option, &other]), &required) {
                        let name = subcommand.0.get_name();
                        accepted.push(format!("{name} {option} {other} without {required:?}"));
                    }
                }
            }
        }
    }
    assert!(requirements > 10, "only {requirements} options require others");
    assert!(accepted.is_empty(), "{accepted:#?}");
}

/// The whole command and its subcommands.
fn commands() -> Vec<Command> {
    let command = Arguments::command();
    command.get_subcommands().cloned().chain([command.clone()]).collect()
}

/// clap wraps each line to the terminal, so that a paragraph that is broken by hand is broken twice.
#[test]
fn the_text_after_the_options_fits_a_terminal_of_80_columns() {
    for command in commands() {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let is_rest =
            |line: &&str| line.starts_with("     ") || line.starts_with(char::is_lowercase);
        let rests: Vec<&str> = text.lines().filter(is_rest).collect();
        assert_eq!(rests, [""; 0], "{}", command.get_name());
        let codes = text.lines().skip_while(|line| !line.starts_with("Exit codes"));
        let long: Vec<&str> = codes.filter(|line| line.len() > 80).collect();
        assert_eq!(long, [""; 0], "{}", command.get_name());
    }
}

#[test]
fn a_help_text_is_about_its_own_command() {
    for command in commands() {
        let name = command.get_name();
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let start = text.lines().find(|line| line.starts_with("  3  ")).unwrap_or_default();
        let asks_aws = ["trailseal", "audit", "logs", "remediate"].contains(&name);
        assert_eq!(start.contains("credentials"), asks_aws, "{name}: {start}");
        assert_eq!(start.contains("report"), name == "render", "{name}: {start}");
        for option in
            command.get_arguments().filter(|one| ["full", "failed"].contains(&id(one).as_str()))
        {
            let help = option.get_help().map(ToString::to_string).unwrap_or_default();
            let names_files = ["`logs`", "month", "files"].iter().any(|word| help.contains(word));
            assert_eq!(names_files, name == "logs", "{name}: {help}");
        }
    }
}

#[test]
fn the_options_of_every_command_come_after_its_own() {
    let mut whole = Arguments::command();
    whole.build();
    for command in whole.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        let help = command.render_long_help().to_string();
        let text = help.split("\nExample").next().unwrap();
        let words =
            text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("       "));
        let options = words.filter_map(|line| line.split("--").nth(1)?.split([' ', '.']).next());
        let options: Vec<&str> = options.filter(|option| !option.is_empty()).collect();
        let own = options.iter().take_while(|option| **option != "no-color").count();
        assert_eq!(
            options.get(own + 1..),
            Some(&["help"][..]),
            "{}: {options:?}",
            command.get_name()
        );
    }
}
