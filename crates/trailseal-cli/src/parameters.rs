//! The rule's parameters as they are given on the command line.

use serde_json::{Map, Value};
use trailseal_rule::{Fault, Parameters};

use crate::output::clean;

/// The names and values of the command line, and what the rule makes of them; all faults at once.
pub(crate) fn given_parameters(
    arguments: &[String],
) -> Result<(Map<String, Value>, Parameters), Vec<String>> {
    let mut faults = Vec::new();
    let mut given = Map::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some((name, value)) => {
                if given.insert(name.to_owned(), Value::from(value)).is_some() {
                    faults.push(format!("--parameter `{}` is given twice", clean(name)));
                }
            }
            None => faults.push(format!(
                "--parameter `{}` has no value; expected NAME=VALUE",
                clean(argument)
            )),
        }
    }
    let parameters = Parameters::parse(&given).map_err(|wrong| {
        // The rule names its parameters as events do; here they have another name.
        let here = |fault: &Fault| {
            format!("--parameter {}", fault.to_string().replacen("`ruleParameters.", "`", 1))
        };
        faults.extend(wrong.iter().map(here));
    });
    match parameters {
        Ok(parameters) if faults.is_empty() => Ok((given, parameters)),
        Ok(_) | Err(()) => Err(faults),
    }
}
