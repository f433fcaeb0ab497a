//! What the operator reads: one JSON line per evaluation, one with the metrics per invocation.
//!
//! *Invariant of absence*: ids, verdicts, counts and error messages only. Never the event, the
//! token, a policy document or a credential.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use trailseal_aws::Calls;
use trailseal_rule::{ComplianceType, Evaluation, Judgement, Outcome as CheckOutcome, Timestamp};

use crate::error::FunctionError;
use crate::function::{Answer, Occasion};
use crate::turn::{Judged, Outcome};

/// Where log lines go: Lambda takes them from the standard output.
pub struct Log(Mutex<Box<dyn Write + Send>>);

impl Log {
    /// Writes lines of JSON to `out`.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(out)))
    }

    pub(crate) fn write(&self, tally: &Tally) {
        let mut text = String::new();
        for line in tally.lines() {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An invocation must not fail for its log: there is nowhere left to say so.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Log")
    }
}

/// What is to be said of one invocation.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) rule_name: Option<String>,
    pub(crate) refused: usize,
    now: Timestamp,
    is_cold: bool,
    judged: Vec<Judged>,
    clean_up_failure: Option<String>,
    failure: Option<(&'static str, String)>,
    calls: BTreeMap<String, Calls>,
    elapsed: Duration,
}

impl Tally {
    pub(crate) fn new(occasion: &Occasion) -> Self {
        Self {
            rule_name: None,
            refused: 0,
            now: occasion.now,
            is_cold: occasion.is_cold,
            judged: Vec::new(),
            clean_up_failure: None,
            failure: None,
            calls: BTreeMap::new(),
            elapsed: Duration::ZERO,
        }
    }

    pub(crate) fn note(&mut self, outcome: &Outcome) {
        self.judged.clone_from(&outcome.judged);
        self.clean_up_failure = outcome.clean_up_failure.as_ref().map(ToString::to_string);
    }

    pub(crate) fn finish(
        &mut self,
        answer: &Result<Answer, FunctionError>,
        calls: BTreeMap<String, Calls>,
        elapsed: Duration,
    ) {
        self.failure = answer.as_ref().err().map(|error| (error.kind(), error.to_string()));
        self.calls = calls;
        self.elapsed = elapsed;
    }

    fn lines(&self) -> Vec<Value> {
        let evaluations = self.judged.iter().map(|judged| self.evaluation_line(judged));
        let clean_up = self
            .clean_up_failure
            .iter()
            .map(|error| json!({ "level": "WARN", "message": "clean-up failed", "error": error }));
        let failure = self.failure.iter().map(|(kind, error)| {
            json!({ "level": "ERROR", "message": "invocation failed", "kind": kind, "error": error })
        });
        evaluations.chain(clean_up).chain(failure).chain([self.metrics_line()]).collect()
    }

    fn evaluation_line(&self, judged: &Judged) -> Value {
        let Judged { evaluation, of } = judged;
        let trail = of.as_ref().map(|(arn, _)| arn.as_str());
        let checks = of.as_ref().map(|(_, judgement)| check_outcomes(judgement));
        json!({
            "level": "INFO",
            "message": "evaluation",
            "rule": self.rule_name,
            "resourceType": evaluation.resource_type.as_str(),
            "resourceId": evaluation.resource_id.as_str(),
            "trail": trail,
            "compliance": evaluation.compliance.as_str(),
            "unverified": evaluation.is_unverified,
            "annotation": evaluation.annotation.as_str(),
            "checks": checks,
            "calls": self.call_counts(),
            "milliseconds": self.milliseconds(),
        })
    }

    /// CloudWatch embedded metric format (CloudWatch User Guide, "Specification: Embedded metric
    /// format"). The account is no dimension: every one would be a metric to pay for.
    fn metrics_line(&self) -> Value {
        const METRICS: [(&str, &str); 10] = [
            ("Compliant", "Count"),
            ("NonCompliant", "Count"),
            ("NotApplicable", "Count"),
            ("Unverified", "Count"),
            ("FailedEvaluations", "Count"),
            ("CleanUpFailures", "Count"),
            ("Throttles", "Count"),
            ("ColdStarts", "Count"),
            ("InvocationErrors", "Count"),
            ("DurationMilliseconds", "Milliseconds"),
        ];
        let metrics: Vec<Value> =
            METRICS.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
        json!({
            "_aws": {
                "Timestamp": self.now.epoch_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": "Trailseal",
                    "Dimensions": [["RuleName"]],
                    "Metrics": metrics,
                }],
            },
            "RuleName": self.rule_name.as_deref().unwrap_or("unknown"),
            "Compliant": self.count(|one| one.compliance == ComplianceType::Compliant),
            "NonCompliant": self.count(|one| one.compliance == ComplianceType::NonCompliant),
            "NotApplicable": self.count(|one| one.compliance == ComplianceType::NotApplicable),
            "Unverified": self.count(|one| one.is_unverified),
            "FailedEvaluations": self.refused,
            "CleanUpFailures": u8::from(self.clean_up_failure.is_some()),
            "Throttles": self.calls.values().map(|calls| calls.throttled).sum::<u32>(),
            "ColdStarts": u8::from(self.is_cold),
            "InvocationErrors": u8::from(self.failure.is_some()),
            "DurationMilliseconds": self.milliseconds(),
            "calls": self.call_counts(),
        })
    }

    fn count(&self, is: impl Fn(&Evaluation) -> bool) -> usize {
        self.judged.iter().filter(|judged| is(&judged.evaluation)).count()
    }

    fn call_counts(&self) -> Map<String, Value> {
        self.calls.iter().map(|(name, calls)| (name.clone(), json!(calls.attempts))).collect()
    }

    fn milliseconds(&self) -> f64 {
        (self.elapsed.as_secs_f64() * 1e6).round() / 1e3
    }
}

fn check_outcomes(judgement: &Judgement) -> Map<String, Value> {
    let word = |outcome: &CheckOutcome| match outcome {
        CheckOutcome::Pass => "pass",
        CheckOutcome::Fail(_) => "fail",
        CheckOutcome::Unknown(_) => "unknown",
    };
    let results = judgement.verdict.results().iter();
    results.map(|one| (one.check.to_string(), json!(word(&one.outcome)))).collect()
}
