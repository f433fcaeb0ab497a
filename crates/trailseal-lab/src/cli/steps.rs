//! The events to deliver: the default scenario, or events from files.

use std::io::Read;

use serde::Deserialize;
use serde_json::{Map, Value};
use trailseal_lab::{Fault, GivenEvent, HookRequest, Position};

use super::{Arguments, faults};

#[derive(Debug)]
pub(super) struct Steps {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) rule: String,
    /// The rule's parameters from the command line.
    pub(super) parameters: Map<String, Value>,
    pub(super) origin: Origin,
    pub(super) list: Vec<Step>,
}

/// Which function an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum For {
    Rule,
    Hook,
}

/// The source of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The default scenario, unchanged: its results are known.
    Scenario,
    /// The default scenario with another state, faults or parameters: its results are not known.
    ChangedScenario,
    Files,
}

/// One event to deliver.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: String,
    pub(super) function: For,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) rule: String,
    /// The event, without its result token.
    pub(super) event: Value,
    /// Null in the request of a Hook.
    pub(super) invoking_event: Value,
    pub(super) faults: Vec<Fault>,
    pub(super) expected: Option<Expected>,
}

/// The expected result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Verdict(String),
    /// The `hookStatus` of the answer to CloudFormation.
    HookStatus(String),
    /// A failed invocation without an evaluation.
    Failure,
}

const SCENARIO: &str = include_str!("../../state/scenario.json");

impl Steps {
    /// Reads the faults and every file of the command line; an error contains all that is wrong.
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Vec<String>> {
        let mut steps =
            scenario(arguments).map_err(|fault| vec![format!("scenario.json: {fault}")])?;
        let (injected, mut wrong) = match faults::parse(&arguments.faults) {
            Ok(injected) => (injected, Vec::new()),
            Err(wrong) => (Vec::new(), wrong),
        };
        let mut list = Vec::new();
        for name in &arguments.events {
            match read(name, arguments, &steps) {
                Ok(step) => list.push(step),
                Err(fault) => wrong.push(format!("{name}: {fault}")),
            }
        }
        if !arguments.events.is_empty() {
            steps.list = list;
            steps.origin = Origin::Files;
        }
        for step in &mut steps.list {
            step.faults.extend(injected.iter().cloned());
        }
        if wrong.is_empty() { Ok(steps) } else { Err(wrong) }
    }
}

fn read(name: &str, arguments: &Arguments, usual: &Steps) -> Result<Step, String> {
    let text = if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(name)
    };
    let text = text.map_err(|error| format!("cannot be read: {error}"))?;
    let title = if name == "-" { "standard input" } else { name };
    if let Ok(document) = serde_json::from_str::<Map<String, Value>>(&text)
        && HookRequest::is_one(&document)
    {
        if arguments.hook.is_none() {
            return Err("is a request for a Hook: name its program with --hook".to_owned());
        }
        return Ok(hook_step(title, HookRequest::new(document), usual));
    }
    let given = GivenEvent::parse(&text)?;
    Ok(step(title, &given, arguments, usual))
}

fn hook_step(title: &str, given: HookRequest, usual: &Steps) -> Step {
    Step {
        title: title.to_owned(),
        function: For::Hook,
        account: given.account.unwrap_or_else(|| usual.account.clone()),
        region: given.region.unwrap_or_else(|| usual.region.clone()),
        rule: usual.rule.clone(),
        event: given.request,
        invoking_event: Value::Null,
        faults: Vec::new(),
        expected: None,
    }
}

fn step(title: &str, given: &GivenEvent, arguments: &Arguments, usual: &Steps) -> Step {
    let account = given.account.clone().unwrap_or_else(|| usual.account.clone());
    let region = given.region.clone().unwrap_or_else(|| usual.region.clone());
    let rule = given.rule.clone().unwrap_or_else(|| usual.rule.clone());
    Step {
        title: title.to_owned(),
        function: For::Rule,
        event: given.to_json(&account, &region, &rule, &arguments.parameters(), ""),
        invoking_event: given.invoking_event.clone(),
        account,
        region,
        rule,
        faults: Vec::new(),
        expected: None,
    }
}

/// The scenario that ships with the lab.
#[derive(Debug, Deserialize)]
struct Scenario {
    account: String,
    region: String,
    rule: String,
    steps: Vec<Described>,
    hook: Vec<DescribedRequest>,
}

/// A request of CloudFormation in the scenario.
#[derive(Debug, Deserialize)]
struct DescribedRequest {
    title: String,
    expected: String,
    request: Map<String, Value>,
}

/// A step of the scenario.
#[derive(Debug, Deserialize)]
struct Described {
    title: String,
    expected: String,
    item: Value,
    #[serde(default)]
    faults: Vec<DescribedFault>,
}

/// A fault of the scenario: it affects every request of its operation.
#[derive(Debug, Deserialize)]
struct DescribedFault {
    operation: String,
    kind: String,
}

fn scenario(arguments: &Arguments) -> Result<Steps, String> {
    let scenario: Scenario = serde_json::from_str(SCENARIO).map_err(|error| error.to_string())?;
    let changed = arguments.state.is_some()
        || !arguments.parameters().is_empty()
        || !arguments.faults.is_empty();
    let mut steps = Steps {
        account: scenario.account,
        region: scenario.region,
        rule: scenario.rule,
        parameters: arguments.parameters(),
        origin: if changed { Origin::ChangedScenario } else { Origin::Scenario },
        list: Vec::new(),
    };
    for described in scenario.steps {
        let given = GivenEvent::parse(&described.item.to_string())?;
        let mut step = step(&described.title, &given, arguments, &steps);
        step.faults = described.faults.iter().map(fault).collect::<Result<_, _>>()?;
        step.expected = match described.expected.as_str() {
            _ if changed => None,
            "FAILURE" => Some(Expected::Failure),
            verdict => Some(Expected::Verdict(verdict.to_owned())),
        };
        steps.list.push(step);
    }
    for described in scenario.hook.into_iter().filter(|_| arguments.hook.is_some()) {
        let mut step = hook_step(&described.title, HookRequest::new(described.request), &steps);
        step.expected = (!changed).then_some(Expected::HookStatus(described.expected));
        steps.list.push(step);
    }
    Ok(steps)
}

fn fault(DescribedFault { operation, kind }: &DescribedFault) -> Result<Fault, String> {
    Ok(Fault::of(faults::operation(operation)?, Position::Every, faults::kind(kind)?))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn every_step_of_the_default_scenario_has_an_expected_result() {
        let arguments = Arguments::try_parse_from(["trailseal-lab", "--serve"]).unwrap();
        let steps = Steps::of(&arguments).unwrap();
        assert_eq!(steps.origin, Origin::Scenario);
        assert_eq!(steps.list.len(), 13);
        assert!(steps.list.iter().all(|step| step.expected.is_some()));
        let failures = steps.list.iter().filter(|step| step.expected == Some(Expected::Failure));
        assert_eq!(failures.count(), 1);
        let with_hook =
            Arguments::try_parse_from(["trailseal-lab", "--serve", "--hook", "x"]).unwrap();
        let steps = Steps::of(&with_hook).unwrap();
        assert_eq!(steps.list.len(), 15);
        assert!(steps.list.iter().all(|step| step.expected.is_some()));
    }
}
