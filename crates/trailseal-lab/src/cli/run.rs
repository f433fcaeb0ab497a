//! Delivers the steps to the function one after the other.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use trailseal_lab::{Function, FunctionSettings, Lab, Outcome};

use super::Failure;
use super::report::{Report, StepReport, Used};
use super::steps::{Expected, For, Origin, Step, Steps};

/// The timeout of a function for an event.
const INVOCATION_TIME: Duration = Duration::from_secs(60);

/// The variable with the rule's parameters for the function of the Hook.
const HOOK_PARAMETERS: &str = "TRAILSEAL_PARAMETERS";

/// The programs of the functions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Programs<'a> {
    pub(super) rule: &'a Path,
    pub(super) rule_arguments: &'a [String],
    pub(super) hook: Option<&'a Path>,
}

/// Delivers every event to the function of its account and Region: a rule has one in each.
pub(super) async fn run<'a>(
    lab: &Lab,
    programs: Programs<'_>,
    steps: &'a Steps,
    err: &mut impl Write,
) -> Result<Report<'a>, Failure> {
    let mut functions: BTreeMap<(For, &str, &str), Function> = BTreeMap::new();
    let mut reports = Vec::new();
    for step in &steps.list {
        let Step { account, region, .. } = step;
        if steps.origin == Origin::Files && lab.ensure_account(account, region) {
            writeln!(
                err,
                "trailseal-lab: account `{account}` has nothing in `{region}` in the lab's state, \
                 so its keys and buckets are missing: describe them with --state",
            )?;
        }
        lab.clear_faults();
        for fault in &step.faults {
            lab.inject(fault.clone());
        }
        let function = match functions.entry((step.function, account, region)) {
            Entry::Occupied(function) => function.into_mut(),
            Entry::Vacant(place) => {
                let mut settings = FunctionSettings::new(account, region);
                let program = match (step.function, programs.hook) {
                    (For::Hook, Some(hook)) => {
                        let parameters = Value::Object(steps.parameters.clone()).to_string();
                        settings.environment.push((HOOK_PARAMETERS.to_owned(), parameters));
                        hook
                    }
                    (For::Hook, None) => {
                        let message = "no function of a Hook is given: name it by --hook";
                        return Err(Failure::of(message));
                    }
                    (For::Rule, _) => {
                        programs.rule_arguments.clone_into(&mut settings.arguments);
                        programs.rule
                    }
                };
                place.insert(Function::spawn(program, lab, settings).await?)
            }
        };
        reports.push(deliver(lab, step, function).await?);
    }
    // Whoever uses the account afterwards, with `--serve`, expects it to answer.
    lab.clear_faults();
    let used = functions
        .values()
        .map(|function| Used { cold_start: function.cold_start(), memory: function.memory() })
        .collect();
    Ok(Report {
        origin: steps.origin,
        bootstrap: programs.rule.to_owned(),
        steps: reports,
        used,
        created_keys: lab.created_aws_managed_keys(),
    })
}

/// Delivers one event and collects what the lab recorded.
async fn deliver<'a>(
    lab: &Lab,
    step: &'a Step,
    function: &mut Function,
) -> Result<StepReport<'a>, Failure> {
    let mut event = step.event.clone();
    if let Some(event) = event.as_object_mut().filter(|_| step.function == For::Rule) {
        let token = lab.issue_token(&step.account, &step.region, &step.rule);
        event.insert("resultToken".to_owned(), Value::from(token));
    }
    drop((lab.take_calls(), lab.take_put_evaluations()));
    let invocation = function.invoke(event.to_string().as_bytes(), INVOCATION_TIME).await?;
    let evaluations = lab.take_put_evaluations();
    let verdicts: Vec<&str> =
        evaluations.iter().map(|evaluation| evaluation.compliance_type.as_str()).collect();
    let as_expected = match &step.expected {
        None => true,
        Some(Expected::Verdict(verdict)) => {
            matches!(invocation.outcome, Outcome::Response(_)) && verdicts == [verdict]
        }
        Some(Expected::HookStatus(status)) => match &invocation.outcome {
            Outcome::Response(answer) => answer.get("hookStatus") == Some(&Value::from(&**status)),
            Outcome::Failed { .. } | Outcome::Exited { .. } | Outcome::TimedOut => false,
        },
        Some(Expected::Failure) => {
            matches!(invocation.outcome, Outcome::Failed { .. }) && verdicts.is_empty()
        }
    };
    Ok(StepReport {
        step,
        calls: lab.take_calls(),
        evaluations,
        held: lab.results(&step.account, &step.region, &step.rule),
        outcome: invocation.outcome,
        duration: invocation.duration,
        as_expected,
    })
}
