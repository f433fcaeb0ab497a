//! The rule's parameters on the command line.

use serde_json::{Map, Value};
use trailseal_rule::{Fault, PARAMETERS, ParameterSpec, Parameters, Region, Values};

use crate::output::clean;

/// The parameters, as given and as parsed.
type GivenParameters = (Map<String, Value>, Parameters);

/// A Region of `--region`.
pub(crate) fn region(text: &str) -> Result<Region, String> {
    Region::parse(text).map_err(|error| error.to_string())
}

/// Parses `NAME=VALUE` arguments, which override the parameters of the configuration file `file`,
/// and reports all faults at once.
pub(crate) fn given_parameters(
    arguments: &[String],
    file: &str,
    of_file: &Map<String, Value>,
) -> Result<GivenParameters, Vec<String>> {
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
    let is_argument = |name: &str| given.contains_key(name);
    let of_config = of_file.iter().filter(|(name, _)| !is_argument(name));
    let all: Map<String, Value> =
        of_config.chain(&given).map(|(name, value)| (name.clone(), value.clone())).collect();
    let parameters = Parameters::parse(&all).map_err(|wrong| {
        // The rule names parameters as events do.
        let message = |fault: &Fault| {
            let name = fault.field().strip_prefix("ruleParameters.").unwrap_or_default();
            let place = if of_file.contains_key(name) && !is_argument(name) {
                format!("--config `{}`: parameter", clean(file))
            } else {
                "--parameter".to_owned()
            };
            let words = fault.to_string().replacen("`ruleParameters.", "`", 1);
            format!("{place} {words}{}", suggestion(fault, &all).unwrap_or_default())
        };
        faults.extend(wrong.iter().map(message));
    });
    match parameters {
        Ok(parameters) if faults.is_empty() => Ok((all, parameters)),
        Ok(_) | Err(()) => Err(faults),
    }
}

/// The similarity of two words, from 0 to 1, from which one is suggested for the other; clap uses
/// the same for options.
const SIMILARITY_MIN: f64 = 0.7;

/// Suggests a name or value for a wrong one.
fn suggestion(fault: &Fault, given: &Map<String, Value>) -> Option<String> {
    let name = fault.field().strip_prefix("ruleParameters.")?;
    let meant = match PARAMETERS.iter().find(|spec| spec.name == name) {
        None => nearest(name, PARAMETERS.iter().map(|spec| spec.name)),
        Some(ParameterSpec { values: Values::OneOf(words), .. }) => {
            let value = given.get(name)?.as_str()?;
            nearest(value, words.iter().copied())
        }
        Some(ParameterSpec { values: Values::Text { .. } | Values::SomeOf { .. }, .. }) => None,
    };
    meant.map(|meant| format!("; did you mean `{meant}`?"))
}

/// The most similar of some words, if it is similar enough.
pub(crate) fn nearest(
    word: &str,
    words: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let similarity = |known: &str| strsim::jaro(&word.to_lowercase(), &known.to_lowercase());
    let rated = words.map(|known| (similarity(known), known));
    let best = rated.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(similarity, _)| *similarity > SIMILARITY_MIN).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        given_parameters(&arguments, "", &Map::new()).unwrap_err()
    }

    #[test]
    fn similar_names_and_values_are_suggested() {
        let message = |argument: &str| faults(&[argument]).join("\n");
        for (argument, meant) in [
            ("profil=strict", "profile"),
            ("Profile=strict", "profile"),
            ("requireRotation=true", "requireKeyRotation"),
            ("exemptTrial=", "exemptTrails"),
            ("unverified=COMPLAINT", "COMPLIANT"),
            ("unverified=NON-COMPLIANT", "NON_COMPLIANT"),
            ("checkDelivery=ture", "true"),
        ] {
            let expected = format!("; did you mean `{meant}`?");
            assert!(message(argument).ends_with(&expected), "{argument}: {}", message(argument));
        }
        for argument in ["zzz=1", "unverified=42", "maxRotationPeriodDays=9", "profile"] {
            assert!(
                !message(argument).contains("did you mean"),
                "{argument}: {}",
                message(argument)
            );
        }
    }

    #[test]
    fn all_faults_are_reported() {
        assert_eq!(faults(&["profile=cis", "profile=cis", "x", "replicas=no", "y=1"]).len(), 4);
    }
}
