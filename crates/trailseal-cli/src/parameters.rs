//! The rule's parameters as they are given on the command line.

use serde_json::{Map, Value};
use trailseal_rule::{Fault, PARAMETERS, ParameterSpec, Parameters, Values};

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
            let words = fault.to_string().replacen("`ruleParameters.", "`", 1);
            format!("--parameter {words}{}", suggestion(fault, &given).unwrap_or_default())
        };
        faults.extend(wrong.iter().map(here));
    });
    match parameters {
        Ok(parameters) if faults.is_empty() => Ok((given, parameters)),
        Ok(_) | Err(()) => Err(faults),
    }
}

/// How alike two words must be, from 0 to 1, for one to be meant by the other; as in the errors on
/// options.
const LIKENESS_MIN: f64 = 0.7;

/// What a wrong name or value may have been meant for.
fn suggestion(fault: &Fault, given: &Map<String, Value>) -> Option<String> {
    let name = fault.field().strip_prefix("ruleParameters.")?;
    let meant = match PARAMETERS.iter().find(|spec| spec.name == name) {
        None => nearest(name, PARAMETERS.iter().map(|spec| spec.name)),
        Some(ParameterSpec { values: Values::OneOf(words), .. }) => {
            let value = given.get(name)?.as_str()?;
            nearest(value, words.iter().copied())
        }
        Some(ParameterSpec { values: Values::Text { .. } | Values::SkippableChecks, .. }) => None,
    };
    meant.map(|meant| format!("; did you mean `{meant}`?"))
}

fn nearest(word: &str, words: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let likeness = |known: &str| strsim::jaro(&word.to_lowercase(), &known.to_lowercase());
    let rated = words.map(|known| (likeness(known), known));
    let best = rated.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness > LIKENESS_MIN).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        given_parameters(&arguments).unwrap_err()
    }

    #[test]
    fn what_was_meant_is_suggested() {
        let told = |argument: &str| faults(&[argument]).join("\n");
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
            assert!(told(argument).ends_with(&expected), "{argument}: {}", told(argument));
        }
        for argument in ["zzz=1", "unverified=42", "maxRotationPeriodDays=9", "profile"] {
            assert!(!told(argument).contains("did you mean"), "{argument}: {}", told(argument));
        }
    }

    #[test]
    fn every_fault_is_told() {
        assert_eq!(faults(&["profile=cis", "profile=cis", "x", "replicas=no", "y=1"]).len(), 4);
    }
}
