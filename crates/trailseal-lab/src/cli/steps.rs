//! What is to be delivered: the default scenario, or events from files.

use std::io::Read;
use std::time::Duration;

use serde_json::Value;
use trailseal_lab::{Fault, FaultKind, GivenEvent, Operation, Position};

use super::arguments::Arguments;

/// The steps to take, and where they come from.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) rule: String,
    pub(super) origin: Origin,
    pub(super) list: Vec<Step>,
}

/// Where the steps come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The default scenario, as it ships: what comes of it is known.
    Scenario,
    /// The default scenario with another state or with parameters: what comes of it is not known.
    ChangedScenario,
    /// Files that someone gave.
    Files,
}

/// One event to deliver.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) rule: String,
    /// The event; its result token is yet to be put in.
    pub(super) event: Value,
    pub(super) invoking_event: Value,
    pub(super) faults: Vec<Fault>,
    pub(super) expected: Option<Expected>,
}

/// What ought to come of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// One evaluation with this verdict.
    Verdict(String),
    /// A failed invocation, and nothing reported.
    Failure,
}

const SCENARIO: &str = include_str!("../../state/scenario.json");

/// The version of the scenario's form.
const SCENARIO_VERSION: u64 = 1;

impl Steps {
    /// Reads all that the command line names; an error is every fault of every file at once.
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Vec<String>> {
        let mut steps =
            scenario(arguments).map_err(|fault| vec![format!("scenario.json: {fault}")])?;
        if arguments.events.is_empty() {
            return Ok(steps);
        }
        let (list, faults) =
            partition(arguments.events.iter().map(|name| {
                read(name, arguments, &steps).map_err(|fault| format!("{name}: {fault}"))
            }));
        steps.list = list;
        steps.origin = Origin::Files;
        if faults.is_empty() { Ok(steps) } else { Err(faults) }
    }
}

fn partition<T>(results: impl Iterator<Item = Result<T, String>>) -> (Vec<T>, Vec<String>) {
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => right.push(value),
            Err(fault) => wrong.push(fault),
        }
    }
    (right, wrong)
}

fn read(name: &str, arguments: &Arguments, usual: &Steps) -> Result<Step, String> {
    let text = if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(name)
    };
    let text = text.map_err(|error| format!("cannot be read: {error}"))?;
    let given = GivenEvent::parse(&text)?;
    let title = if name == "-" { "standard input" } else { name };
    Ok(step(title, &given, arguments, usual))
}

fn step(title: &str, given: &GivenEvent, arguments: &Arguments, usual: &Steps) -> Step {
    let account = given.account.clone().unwrap_or_else(|| usual.account.clone());
    let region = given.region.clone().unwrap_or_else(|| usual.region.clone());
    let rule = given.rule.clone().unwrap_or_else(|| usual.rule.clone());
    Step {
        title: title.to_owned(),
        event: given.to_json(&account, &region, &rule, &arguments.parameters, ""),
        invoking_event: given.invoking_event.clone(),
        account,
        region,
        rule,
        faults: Vec::new(),
        expected: None,
    }
}

/// Reads the scenario that ships with the lab.
fn scenario(arguments: &Arguments) -> Result<Steps, String> {
    let document: Value = serde_json::from_str(SCENARIO).map_err(|error| error.to_string())?;
    if document.get("trailsealScenario").and_then(Value::as_u64) != Some(SCENARIO_VERSION) {
        return Err(format!("`trailsealScenario` is not {SCENARIO_VERSION}"));
    }
    let changed = arguments.state.is_some() || !arguments.parameters.is_empty();
    let mut steps = Steps {
        account: text(&document, "account")?,
        region: text(&document, "region")?,
        rule: text(&document, "rule")?,
        origin: if changed { Origin::ChangedScenario } else { Origin::Scenario },
        list: Vec::new(),
    };
    let described = document.get("steps").and_then(Value::as_array).ok_or("`steps` is no list")?;
    for described in described {
        let item = described.get("item").ok_or("a step without `item`")?;
        let given = GivenEvent::parse(&item.to_string())?;
        let mut step = step(&text(described, "title")?, &given, arguments, &steps);
        step.faults = faults(described)?;
        step.expected = match text(described, "expected")?.as_str() {
            _ if changed => None,
            "FAILURE" => Some(Expected::Failure),
            verdict => Some(Expected::Verdict(verdict.to_owned())),
        };
        steps.list.push(step);
    }
    Ok(steps)
}

fn text(value: &Value, name: &str) -> Result<String, String> {
    let text = value.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("`{name}` is no text"))
}

fn faults(step: &Value) -> Result<Vec<Fault>, String> {
    let described = step.get("faults").and_then(Value::as_array);
    described.into_iter().flatten().map(fault).collect()
}

/// A fault of the scenario: it meets every request of its operation.
fn fault(described: &Value) -> Result<Fault, String> {
    let operation = text(described, "operation")?;
    let kind = text(described, "kind")?;
    Ok(Fault::of(
        Operation::from_iam(&operation).ok_or_else(|| format!("no operation `{operation}`"))?,
        Position::Every,
        FaultKind::from_name(&kind, Duration::from_secs(5))
            .ok_or_else(|| format!("no fault `{kind}`"))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_that_ships_is_read_and_expects_something_of_every_step() {
        let words = ["--serve"].map(str::to_owned);
        let arguments = Arguments::parse(words.into_iter()).unwrap().unwrap();
        let steps = Steps::of(&arguments).unwrap();
        assert_eq!(steps.origin, Origin::Scenario);
        assert_eq!(steps.list.len(), 13);
        assert!(steps.list.iter().all(|step| step.expected.is_some()));
        let failures = steps.list.iter().filter(|step| step.expected == Some(Expected::Failure));
        assert_eq!(failures.count(), 1);
    }
}
