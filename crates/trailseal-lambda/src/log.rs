//! The log for the operator: one JSON line per evaluation, and one with counts per invocation.
//!
//! *Invariant of absence*: IDs, verdicts, counts and error messages only. Never the event, the
//! token, a policy document or a credential.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Serialize, Serializer};
use trailseal_aws::Calls;
use trailseal_rule::{CheckResult, ComplianceType, Evaluation, Judgement, Timestamp};

use crate::error::FunctionError;
use crate::run::{Judged, RunResult};

/// The room for the lines of one evaluation, which have about 930 bytes.
const LINES_BYTES: usize = 1_024;

/// The destination of log lines: Lambda reads them from standard output.
pub struct Log {
    out: Mutex<Box<dyn Write + Send>>,
    makes_metrics: bool,
}

impl Log {
    /// Writes lines of JSON to `out`. The counts do not become metrics of CloudWatch, each of which
    /// is billed.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self { out: Mutex::new(Box::new(out)), makes_metrics: false }
    }

    /// Whether CloudWatch makes metrics from the counts.
    #[must_use]
    pub fn with_metrics(self, makes_metrics: bool) -> Self {
        Self { makes_metrics, ..self }
    }

    pub(crate) fn write(&self, summary: &InvocationSummary) {
        let mut lines = Vec::with_capacity(LINES_BYTES);
        let made = summary.write_lines(&mut lines, self.makes_metrics);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // An invocation must not fail because of its log, and such a failure cannot be logged.
        let _ = (made, out.write_all(&lines).and_then(|()| out.flush()));
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Log")
    }
}

#[derive(Debug)]
pub(crate) struct InvocationSummary {
    pub(crate) rule_name: Option<String>,
    pub(crate) refused: usize,
    now: Timestamp,
    is_cold: bool,
    judged: Vec<Judged>,
    clean_up_failure: Option<String>,
    exemptions_failures: Vec<String>,
    failure: Option<(&'static str, String)>,
    calls: BTreeMap<String, Calls>,
    elapsed: Duration,
}

impl InvocationSummary {
    pub(crate) fn new(now: Timestamp, is_cold: bool) -> Self {
        Self {
            rule_name: None,
            refused: 0,
            now,
            is_cold,
            judged: Vec::new(),
            clean_up_failure: None,
            exemptions_failures: Vec::new(),
            failure: None,
            calls: BTreeMap::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// Takes what the lines show; the failures stay.
    pub(crate) fn note(&mut self, outcome: &mut RunResult) {
        self.judged = mem::take(&mut outcome.judged);
        self.clean_up_failure = outcome.clean_up_failure.take();
        self.exemptions_failures =
            outcome.exemptions_failures.iter().map(ToString::to_string).collect();
    }

    pub(crate) fn finish(
        &mut self,
        error: Option<&FunctionError>,
        calls: BTreeMap<String, Calls>,
        elapsed: Duration,
    ) {
        self.failure = error.map(|error| (error.kind(), error.to_string()));
        self.calls = calls;
        self.elapsed = elapsed;
    }

    fn write_lines(&self, out: &mut Vec<u8>, makes_metrics: bool) -> serde_json::Result<()> {
        for judged in &self.judged {
            write_line(out, &self.evaluation_line(judged))?;
        }
        if let Some(error) = &self.clean_up_failure {
            let message = "clean-up failed";
            write_line(out, &FailureLine { level: "WARN", message, kind: None, error })?;
        }
        for error in &self.exemptions_failures {
            let message = "exemptions not read";
            write_line(out, &FailureLine { level: "ERROR", message, kind: None, error })?;
        }
        if let Some((kind, error)) = &self.failure {
            let message = "invocation failed";
            write_line(out, &FailureLine { level: "ERROR", message, kind: Some(kind), error })?;
        }
        write_line(out, &self.counts_line(makes_metrics))
    }

    fn evaluation_line<'a>(&'a self, judged: &'a Judged) -> EvaluationLine<'a> {
        let Judged { evaluation, of } = judged;
        let results = of.as_ref().map_or(&[][..], |(_, judgement)| judgement.verdict.results());
        let skipped = of.iter().flat_map(|(_, judgement)| &judgement.skipped);
        EvaluationLine {
            level: "INFO",
            message: "evaluation",
            rule: self.rule_name.as_deref(),
            resource_type: evaluation.resource_type,
            resource_id: evaluation.resource_id.as_str(),
            trail: of.as_ref().map(|(arn, _)| arn.as_str()),
            compliance: evaluation.compliance.as_str(),
            unverified: evaluation.is_unverified,
            annotation: evaluation.annotation.as_str(),
            checks: of.as_ref().map(|(_, judgement)| CheckOutcomes(judgement)),
            findings: results.iter().filter_map(finding).collect(),
            notes: of.as_ref().map_or(&[], |(_, judgement)| &judgement.notes),
            skipped: skipped.map(|check| check.as_str()).collect(),
            calls: &self.calls,
            milliseconds: self.milliseconds(),
        }
    }

    fn counts_line(&self, makes_metrics: bool) -> CountsLine<'_> {
        CountsLine {
            aws: makes_metrics.then(|| MetricsMeaning {
                timestamp: self.now.epoch_millis(),
                cloud_watch_metrics: [MetricsDirective {
                    namespace: "Trailseal",
                    dimensions: [["RuleName"]],
                    metrics: METRICS,
                }],
            }),
            rule_name: self.rule_name.as_deref().unwrap_or("unknown"),
            compliant: self.count(|one| one.compliance == ComplianceType::Compliant),
            non_compliant: self.count(|one| one.compliance == ComplianceType::NonCompliant),
            not_applicable: self.count(|one| one.compliance == ComplianceType::NotApplicable),
            unverified: self.count(|one| one.is_unverified),
            failed_evaluations: self.refused,
            clean_up_failures: u8::from(self.clean_up_failure.is_some()),
            throttles: self.calls.values().map(|calls| calls.throttled).sum(),
            cold_starts: u8::from(self.is_cold),
            invocation_errors: u8::from(self.failure.is_some()),
            duration_milliseconds: self.milliseconds(),
            calls: &self.calls,
        }
    }

    fn count(&self, is: impl Fn(&Evaluation) -> bool) -> usize {
        self.judged.iter().filter(|judged| is(&judged.evaluation)).count()
    }

    fn milliseconds(&self) -> f64 {
        (self.elapsed.as_secs_f64() * 1e6).round() / 1e3
    }
}

fn write_line(out: &mut Vec<u8>, line: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.push(b'\n');
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvaluationLine<'a> {
    level: &'static str,
    message: &'static str,
    rule: Option<&'a str>,
    resource_type: &'static str,
    resource_id: &'a str,
    trail: Option<&'a str>,
    compliance: &'static str,
    unverified: bool,
    annotation: &'a str,
    checks: Option<CheckOutcomes<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingLine<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    skipped: Vec<&'static str>,
    #[serde(serialize_with = "attempts")]
    calls: &'a BTreeMap<String, Calls>,
    milliseconds: f64,
}

#[derive(Serialize)]
struct FailureLine<'a> {
    level: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    error: &'a str,
}

/// The counts; with [`MetricsMeaning`] in the CloudWatch embedded metric format (CloudWatch User
/// Guide, "Specification: Embedded metric format"). The account is not a dimension: each one would
/// be billed as a metric.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CountsLine<'a> {
    #[serde(rename = "_aws", skip_serializing_if = "Option::is_none")]
    aws: Option<MetricsMeaning>,
    rule_name: &'a str,
    compliant: usize,
    non_compliant: usize,
    not_applicable: usize,
    unverified: usize,
    failed_evaluations: usize,
    clean_up_failures: u8,
    throttles: u32,
    cold_starts: u8,
    invocation_errors: u8,
    duration_milliseconds: f64,
    #[serde(rename = "calls", serialize_with = "attempts")]
    calls: &'a BTreeMap<String, Calls>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricsMeaning {
    timestamp: i64,
    cloud_watch_metrics: [MetricsDirective; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricsDirective {
    namespace: &'static str,
    dimensions: [[&'static str; 1]; 1],
    metrics: [Metric; 10],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

/// Those of [`CountsLine`].
const METRICS: [Metric; 10] = [
    Metric { name: "Compliant", unit: "Count" },
    Metric { name: "NonCompliant", unit: "Count" },
    Metric { name: "NotApplicable", unit: "Count" },
    Metric { name: "Unverified", unit: "Count" },
    Metric { name: "FailedEvaluations", unit: "Count" },
    Metric { name: "CleanUpFailures", unit: "Count" },
    Metric { name: "Throttles", unit: "Count" },
    Metric { name: "ColdStarts", unit: "Count" },
    Metric { name: "InvocationErrors", unit: "Count" },
    Metric { name: "DurationMilliseconds", unit: "Milliseconds" },
];

/// How often each operation was called.
fn attempts<S: Serializer>(calls: &&BTreeMap<String, Calls>, out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(calls.iter().map(|(name, calls)| (name, calls.attempts)))
}

/// What a check found or could not verify, with the whole fix: an annotation has less room.
#[derive(Serialize)]
struct FindingLine<'a> {
    check: &'static str,
    cause: &'a str,
    fix: String,
}

fn finding(result: &CheckResult) -> Option<FindingLine<'_>> {
    let finding = result.outcome.finding()?;
    let (cause, fix) = (finding.cause.as_str(), finding.fix_in_full());
    Some(FindingLine { check: result.check.as_str(), cause, fix })
}

struct CheckOutcomes<'a>(&'a Judgement);

impl Serialize for CheckOutcomes<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let results = self.0.verdict.results().iter();
        out.collect_map(results.map(|one| (one.check.as_str(), one.outcome.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn counts(makes_metrics: bool) -> Value {
        let now = Timestamp::from_epoch_millis(1_795_435_200_000);
        let mut line = Vec::new();
        InvocationSummary::new(now, true).write_lines(&mut line, makes_metrics).unwrap();
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn the_counts_become_billed_metrics_only_on_request() {
        assert!(!Log::new(std::io::sink()).makes_metrics);
        let (mut with, without) = (counts(true), counts(false));
        assert!(without.get("_aws").is_none(), "{without}");
        let meaning = with.as_object_mut().and_then(|line| line.remove("_aws")).unwrap();
        assert_eq!(meaning["CloudWatchMetrics"][0]["Namespace"], "Trailseal");
        // Metric filters and queries find the same counts.
        assert_eq!(with, without);
        assert_eq!(without["Unverified"], 0);
    }
}
