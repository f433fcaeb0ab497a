//! Delivering the steps to the function, one after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use trailseal_lab::{Function, FunctionSettings, Lab, Outcome};

use super::Failure;
use super::report::{Report, StepReport, Used};
use super::steps::{Expected, Origin, Step};

/// The time that a function has for an event.
const INVOCATION_TIME: Duration = Duration::from_secs(60);

/// The functions at work: one per account and Region, as a rule has them.
#[derive(Debug)]
pub(super) struct Runner<'a> {
    lab: &'a Lab,
    bootstrap: PathBuf,
    functions: BTreeMap<(String, String), Function>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(lab: &'a Lab, bootstrap: &Path) -> Self {
        Self { lab, bootstrap: bootstrap.to_owned(), functions: BTreeMap::new() }
    }

    /// Delivers one event, and gathers what the lab saw of it.
    pub(super) async fn run<'s>(&mut self, step: &'s Step) -> Result<StepReport<'s>, Failure> {
        let lab = self.lab;
        lab.clear_faults();
        for fault in &step.faults {
            lab.inject(fault.clone());
        }
        let mut event = step.event.clone();
        if let Some(event) = event.as_object_mut() {
            let token = lab.issue_token(&step.account, &step.region, &step.rule);
            event.insert("resultToken".to_owned(), Value::from(token));
        }
        let function = self.function(&step.account, &step.region).await?;
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
            Some(Expected::Failure) => {
                matches!(invocation.outcome, Outcome::Failed { .. }) && verdicts.is_empty()
            }
        };
        Ok(StepReport {
            step,
            calls: lab.take_calls(),
            evaluations,
            outcome: invocation.outcome,
            duration: invocation.duration,
            as_expected,
        })
    }

    async fn function(&mut self, account: &str, region: &str) -> Result<&mut Function, Failure> {
        let place = (account.to_owned(), region.to_owned());
        if !self.functions.contains_key(&place) {
            let settings = FunctionSettings::new(account, region);
            let function = Function::spawn(&self.bootstrap, self.lab, settings).await?;
            self.functions.insert(place.clone(), function);
        }
        self.functions.get_mut(&place).ok_or_else(|| Failure::of("the function is not there"))
    }

    /// The results of all steps.
    pub(super) fn report<'s>(&self, origin: Origin, steps: Vec<StepReport<'s>>) -> Report<'s> {
        let functions = self.functions.values();
        let used = functions
            .map(|function| Used { cold_start: function.cold_start(), memory: function.memory() })
            .collect();
        let bootstrap = self.bootstrap.clone();
        let created_keys = self.lab.created_aws_managed_keys();
        Report { origin, bootstrap, steps, used, created_keys }
    }
}
