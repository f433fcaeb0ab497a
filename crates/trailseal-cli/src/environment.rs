//! Options from environment variables: `TRAILSEAL_` and the option's name, such as
//! `TRAILSEAL_FAIL_ON`. The command line has priority.

use std::collections::{BTreeMap, BTreeSet};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

const PREFIX: &str = "TRAILSEAL_";

/// The most typing errors with which a variable still means the option's. Variables of other programs
/// that begin with [`PREFIX`] are not ours to mention.
const TYPOS_MAX: usize = 2;

/// A command whose options have no variables: a forgotten variable must not change AWS.
const WITHOUT_VARIABLES: &str = "remediate";

/// Options without a variable: a configuration file is read only if the command line names it.
const ONLY_ARGUMENTS: [&str; 2] = ["config", "help"];

/// What replaces a secret in a report.
const MASK: &str = "***";

/// Lets the options of the subcommands be set by environment variables.
pub(crate) fn with_variables(command: Command) -> Command {
    command.mut_subcommands(|subcommand| {
        if subcommand.get_name() == WITHOUT_VARIABLES {
            return subcommand;
        }
        subcommand.mut_args(|argument| match argument.get_long().map(str::to_owned) {
            Some(name) if !ONLY_ARGUMENTS.contains(&name.as_str()) => {
                argument.env(variable(&name)).hide_env(true)
            }
            Some(_) | None => argument,
        })
    })
}

fn variable(option: &str) -> String {
    format!("{PREFIX}{}", option.replace('-', "_").to_uppercase())
}

/// The variables that set an option of this command line, with their values; secrets are masked.
pub(crate) fn variables_used(command: &Command, matches: &ArgMatches) -> BTreeMap<String, String> {
    let Some((name, matches)) = matches.subcommand() else { return BTreeMap::new() };
    let arguments = command.find_subcommand(name).into_iter().flat_map(Command::get_arguments);
    let used = arguments.filter(|argument| {
        argument.get_env().is_some()
            && matches.value_source(argument.get_id().as_str()) == Some(ValueSource::EnvVariable)
    });
    used.filter_map(assignment).collect()
}

/// The variables of options that this command line sets itself: they have no effect, also if the option
/// is repeatable.
pub(crate) fn variables_overridden(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let Some((name, matches)) = matches.subcommand() else { return Vec::new() };
    let arguments = command.find_subcommand(name).into_iter().flat_map(Command::get_arguments);
    let overridden = arguments.filter(|argument| {
        argument.get_env().is_some()
            && matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    });
    overridden.filter_map(assignment).map(|(name, _)| name).collect()
}

/// The variables that are set and that an option of any command reads.
pub(crate) fn variables_set(command: &Command) -> Vec<String> {
    let arguments = command.get_subcommands().flat_map(Command::get_arguments);
    let set: BTreeMap<String, String> = arguments.filter_map(assignment).collect();
    set.into_keys().collect()
}

/// A warning for each variable that no option reads and whose name is similar to one that is read.
pub(crate) fn misspelled(command: &Command) -> Vec<String> {
    let arguments = command.get_subcommands().flat_map(Command::get_arguments);
    let known: BTreeSet<&str> = arguments
        .filter_map(|argument| argument.get_env()?.to_str()?.strip_prefix(PREFIX))
        .collect();
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unread =
        set.filter(|name| name.strip_prefix(PREFIX).is_some_and(|option| !known.contains(option)));
    let warning = |name: String| {
        let option = name.strip_prefix(PREFIX)?;
        if name == variable("config") {
            return Some(format!("no variable sets --config, so that {name} has no effect"));
        }
        let typos = |known: &&&str| strsim::damerau_levenshtein(option, known);
        let meant = known.iter().min_by_key(typos).filter(|known| typos(known) <= TYPOS_MAX)?;
        Some(format!("no option reads {name}; did you mean {PREFIX}{meant}?"))
    };
    let warnings: BTreeSet<String> = unread.filter_map(warning).collect();
    warnings.into_iter().collect()
}

/// Whether the command prints errors only.
pub(crate) fn is_quiet(matches: &ArgMatches) -> bool {
    let given = matches.subcommand().map(|(_, matches)| matches.try_get_one::<bool>("quiet"));
    given.and_then(Result::ok).flatten().copied().unwrap_or_default()
}

fn assignment(argument: &Arg) -> Option<(String, String)> {
    let name = argument.get_env()?;
    let value = std::env::var_os(name)?;
    let value = if is_secret(argument) { MASK.into() } else { value.to_string_lossy() };
    Some((name.to_string_lossy().into_owned(), value.into_owned()))
}

/// An option whose value never appears in help is a secret.
fn is_secret(argument: &Arg) -> bool {
    argument.is_hide_env_values_set()
}

/// The words of a command line with `***` for secrets.
pub(crate) fn without_secrets(command: &Command, words: &[String]) -> Vec<String> {
    let arguments = command.get_subcommands().flat_map(Command::get_arguments);
    let secret: Vec<String> = arguments
        .filter(|argument| is_secret(argument))
        .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
        .collect();
    let is_secret_option = |word: &str| secret.iter().any(|option| option == word);
    let mut is_value = false;
    let masked = words.iter().map(|word| {
        if std::mem::replace(&mut is_value, is_secret_option(word)) {
            is_value = false;
            return MASK.to_owned();
        }
        match word.split_once('=') {
            Some((name, _)) if is_secret_option(name) => format!("{name}={MASK}"),
            Some(_) | None => word.clone(),
        }
    });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn the_words_of_a_command_line_have_no_secret() {
        let command = Arguments::command();
        let check = |words: &str, expected: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(without_secrets(&command, &words).join(" "), expected);
        };
        check("audit --external-id s3cret -q", "audit --external-id *** -q");
        check("audit --external-id=s3cret=1 -q", "audit --external-id=*** -q");
        check("audit --external-id --external-id -q", "audit --external-id *** -q");
        check("audit --role-name audit --external-id", "audit --role-name audit --external-id");
        check("audit", "audit");
    }

    #[test]
    fn every_option_but_those_of_remediate_has_a_variable() {
        let command = with_variables(Arguments::command());
        for subcommand in command.get_subcommands() {
            for argument in subcommand.get_arguments() {
                let Some(name) = argument.get_long() else { continue };
                let expected = subcommand.get_name() != "remediate"
                    && !["config", "help", "no-color"].contains(&name);
                assert_eq!(argument.get_env().is_some(), expected, "{name}");
            }
        }
    }
}
