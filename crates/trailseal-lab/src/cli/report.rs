//! The results of the steps as data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_lab::{Call, Memory, Outcome, PutEvaluation, StandingResult};

use super::steps::{Expected, For, Origin, Step};

/// The results of all steps.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) origin: Origin,
    pub(super) bootstrap: PathBuf,
    pub(super) steps: Vec<StepReport<'a>>,
    pub(super) used: Vec<Used>,
    pub(super) created_keys: Vec<String>,
}

/// The time and memory that a function used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    pub(super) cold_start: Duration,
    pub(super) memory: Option<Memory>,
}

#[derive(Debug)]
pub(super) struct StepReport<'a> {
    pub(super) step: &'a Step,
    pub(super) calls: Vec<Call>,
    pub(super) evaluations: Vec<PutEvaluation>,
    /// What AWS Config holds for the rule after the event.
    pub(super) held: Vec<StandingResult>,
    pub(super) outcome: Outcome,
    pub(super) duration: Duration,
    pub(super) as_expected: bool,
}

impl StepReport<'_> {
    /// The item of the event, its summary, or null.
    fn subject(&self) -> Option<&Value> {
        let event = &self.step.invoking_event;
        event.get("configurationItem").or_else(|| event.get("configurationItemSummary"))
    }

    fn told(&self, name: &str) -> &str {
        self.subject().and_then(|item| item.get(name)).and_then(Value::as_str).unwrap_or_default()
    }

    /// The answer to CloudFormation.
    pub(super) fn hook_answer(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::Response(answer) if self.step.function == For::Hook => Some(answer),
            Outcome::Response(_)
            | Outcome::Failed { .. }
            | Outcome::Exited { .. }
            | Outcome::TimedOut => None,
        }
    }

    /// `hookStatus` and, if there is one, `errorCode`.
    pub(super) fn hook_status(&self) -> Option<String> {
        let answer = self.hook_answer()?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let status = text("hookStatus").unwrap_or("no status");
        Some(match text("errorCode") {
            Some(code) => format!("{status} ({code})"),
            None => status.to_owned(),
        })
    }

    fn requested(&self, pointer: &str) -> &str {
        self.step.event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn trigger(&self) -> String {
        if self.step.function == For::Hook {
            let target = self.requested("/requestData/targetName");
            return format!("{} of {target}", self.requested("/actionInvocationPoint"));
        }
        let kind = self.step.invoking_event.get("messageType").and_then(Value::as_str);
        let kind = kind.unwrap_or("a message without type");
        let resource_type = self.told("resourceType");
        match (kind, self.told("configurationItemStatus")) {
            ("ConfigurationItemChangeNotification", "ResourceDeleted") => {
                format!("deletion of {resource_type}")
            }
            ("ConfigurationItemChangeNotification", _) => format!("change of {resource_type}"),
            ("OversizedConfigurationItemChangeNotification", _) => {
                format!("oversized change of {resource_type}")
            }
            ("ScheduledNotification", _) => "schedule".to_owned(),
            _ => kind.to_owned(),
        }
    }

    pub(super) fn resource(&self) -> &str {
        match self.told("resourceId") {
            "" if self.step.function == For::Hook => self.requested("/requestData/targetLogicalId"),
            "" => "the whole account",
            id => id,
        }
    }

    /// The error of an invocation that failed.
    pub(super) fn failure(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Response(_) => None,
            Outcome::Failed { error_type, message, .. } => Some(format!("{error_type}: {message}")),
            Outcome::Exited { status } => Some(format!("the process ended with {status}")),
            Outcome::TimedOut => Some("the time was up, and the process was killed".to_owned()),
        }
    }

    /// The expected result of the step, if it had another one.
    pub(super) fn missed(&self) -> Option<&str> {
        self.step.expected.as_ref().filter(|_| !self.as_expected).map(|expected| match expected {
            Expected::Verdict(verdict) | Expected::HookStatus(verdict) => verdict.as_str(),
            Expected::Failure => "a failed invocation and no evaluation",
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "title": self.step.title,
            "account": self.step.account,
            "region": self.step.region,
            "trigger": self.trigger(),
            "resourceType": self.told("resourceType"),
            "resourceId": self.told("resourceId"),
            "calls": self.calls,
            "evaluations": self.evaluations,
            "held": self.held,
            "hookAnswer": self.hook_answer(),
            "reportsSuccess": matches!(self.outcome, Outcome::Response(_)),
            "failure": self.failure(),
            "missed": self.missed(),
            "milliseconds": milliseconds(self.duration),
        })
    }
}

/// The numbers of evaluations, calls and failures.
#[derive(Debug)]
pub(super) struct Totals {
    pub(super) verdicts: BTreeMap<String, usize>,
    /// The answers to CloudFormation.
    pub(super) answers: BTreeMap<String, usize>,
    pub(super) calls: BTreeMap<String, usize>,
    pub(super) failures: usize,
}

impl Report<'_> {
    /// Whether every step of the default scenario had its expected result; other events have none.
    pub(super) fn as_expected(&self) -> bool {
        self.steps.iter().all(|step| step.as_expected) && self.created_keys.is_empty()
    }

    pub(super) fn tally(&self) -> Totals {
        let (mut verdicts, mut calls) = (BTreeMap::new(), BTreeMap::new());
        let mut answers = BTreeMap::new();
        for step in &self.steps {
            if let Some(status) = step.hook_status() {
                *answers.entry(status).or_default() += 1;
            }
            for evaluation in &step.evaluations {
                *verdicts.entry(evaluation.compliance_type.clone()).or_default() += 1;
            }
            for call in &step.calls {
                *calls.entry(call.operation.clone()).or_default() += 1;
            }
        }
        let failures = self.steps.iter().filter(|step| step.failure().is_some()).count();
        Totals { verdicts, answers, calls, failures }
    }

    /// The report as one JSON document.
    pub(super) fn to_json(&self) -> Value {
        let Totals { verdicts, answers, calls, failures } = self.tally();
        let used = self.used.iter().map(|used| {
            json!({ "coldStartMilliseconds": milliseconds(used.cold_start), "memory": used.memory })
        });
        json!({
            "trailsealLab": 1,
            "events": self.steps.iter().map(StepReport::to_json).collect::<Vec<_>>(),
            "summary": {
                "events": self.steps.len(),
                "evaluations": verdicts,
                "hookAnswers": answers,
                "failedInvocations": failures,
                "calls": calls,
                "functions": used.collect::<Vec<_>>(),
                "awsManagedKeysCreated": self.created_keys,
                "asExpected": (self.origin == Origin::Scenario).then(|| self.as_expected()),
            },
        })
    }
}

/// A duration in milliseconds, to the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    let microseconds = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(microseconds) / 1000.0
}
