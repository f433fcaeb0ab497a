//! What CloudFormation wants back (CloudFormation Hooks User Guide, "Create Lambda functions for
//! Hooks").

use config_rule::ascii_line;
use serde_json::{Value, json};
use trailseal_rule::{
    CHECKS, Check, CheckId, CheckResult, ComplianceType, Finding, Judgement, Outcome, Parameters,
    Verdict, WhenUnverified,
};

use crate::judge::Judged;
use crate::request::Limit;

/// Characters of the remediation message of an annotation, at most (CloudFormation API Reference,
/// `Annotation`).
const FIX_CHARS_MAX: usize = 16_384;

/// Characters of a status message, at most. AWS allows more; a cause is one sentence.
const CAUSE_CHARS_MAX: usize = 2048;

/// An answer.
#[derive(Debug)]
pub(crate) struct HookAnswer {
    /// `errorCode`, if the Hook fails.
    pub(crate) error_code: Option<&'static str>,
    /// The message to the caller: one line.
    pub(crate) message: String,
    annotations: Vec<Value>,
}

impl HookAnswer {
    /// The request is not one for this function.
    pub(crate) fn nothing(why: &str) -> Self {
        let message = ascii_line(why, Limit::CLOUD_CONTROL.chars());
        Self { error_code: None, message, annotations: Vec::new() }
    }

    /// Nothing could be decided.
    pub(crate) fn internal_failure(why: &str, limit: Limit) -> Self {
        let message = ascii_line(why, limit.chars());
        Self { error_code: Some("InternalFailure"), message, annotations: Vec::new() }
    }

    /// The verdict of the rule. Only what the rule reports as NON_COMPLIANT fails the Hook.
    pub(crate) fn of(judged: &Judged, parameters: &Parameters, limit: Limit) -> Self {
        let Judged { judgement, logical_id, .. } = judged;
        let when = parameters.unverified;
        let is_refused = judgement.compliance(when) == ComplianceType::NonCompliant;
        let is_unverified = matches!(judgement.verdict, Verdict::Unverified(_));
        let message = match (is_refused, is_unverified) {
            (true, _) => causes(judgement, &format!("trail `{logical_id}`"), limit),
            (false, true) => {
                let mut premise = format!("trail `{logical_id}`");
                if when == WhenUnverified::Compliant {
                    premise += ": reported as compliant because unverified=COMPLIANT";
                }
                causes(judgement, &premise, limit)
            }
            (false, false) => format!("trail `{logical_id}`: {}", judgement.annotation(when)),
        };
        Self {
            error_code: is_refused.then_some("NonCompliant"),
            message: ascii_line(&message, limit.chars()),
            annotations: annotations(judgement, parameters),
        }
    }

    /// The value of `hookStatus`.
    pub(crate) fn status(&self) -> &'static str {
        if self.error_code.is_some() { "FAILED" } else { "SUCCESS" }
    }

    /// The answer to a request with this token.
    pub(crate) fn into_json(self, token: Option<&str>) -> Value {
        let mut answer = json!({
            "hookStatus": self.status(),
            "message": self.message,
            "annotations": self.annotations,
        });
        let optional = [("errorCode", self.error_code), ("clientRequestToken", token)];
        if let Some(members) = answer.as_object_mut() {
            let present = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
            members.extend(present.map(|(name, value)| (name.to_owned(), json!(value))));
        }
        answer
    }
}

/// Every cause with its fix, behind a premise. If that is too long, without the policy statements that fixes add.
fn causes(judgement: &Judgement, premise: &str, limit: Limit) -> String {
    let notes = judgement.skipped().into_iter().chain(judgement.notes.iter().cloned());
    let notes: String = notes.map(|note| format!(" ({note})")).collect();
    let with = |fix: fn(&Finding) -> String| {
        let each = judgement.verdict.deciding();
        let each = each.map(|finding| format!("{}. Fix: {}", finding.cause, fix(finding)));
        let all = each.collect::<Vec<_>>().join("; ");
        format!("{premise}{notes}: {all}")
    };
    let whole = with(Finding::fix_in_full);
    if whole.chars().count() <= limit.chars() { whole } else { with(|finding| finding.fix.clone()) }
}

/// One annotation for each enabled check, also if an earlier failure made it irrelevant, and for
/// each check that `skipChecks` left out.
fn annotations(judgement: &Judgement, parameters: &Parameters) -> Vec<Value> {
    let results = judgement.verdict.results();
    if results.is_empty() {
        return Vec::new();
    }
    let annotation = |check: &&Check| {
        let result = results.iter().find(|result| result.check == check.id);
        if let Some(result) = result {
            return Some(of_result(check, result, parameters.unverified));
        }
        let why = if check.id == CheckId::DeliveryUnbroken && check.is_skipped(parameters) {
            "not evaluated before a deployment: nothing was delivered with these properties"
        } else if judgement.skipped.contains(&check.id) {
            "left out by skipChecks"
        } else if check.is_enabled(parameters) {
            "not evaluated: an earlier check decides"
        } else {
            return None;
        };
        Some(skipped(check, why))
    };
    CHECKS.iter().filter_map(annotation).collect()
}

fn of_result(check: &Check, result: &CheckResult, when_unverified: WhenUnverified) -> Value {
    let (status, finding) = match (&result.outcome, when_unverified) {
        (Outcome::Pass, _) => {
            return json!({
                "annotationName": check.name,
                "status": "PASSED",
                "statusMessage": check.title,
            });
        }
        (Outcome::Fail(finding), _) | (Outcome::Unknown(finding), WhenUnverified::NonCompliant) => {
            ("FAILED", finding)
        }
        (Outcome::Unknown(finding), WhenUnverified::Compliant | WhenUnverified::NotApplicable) => {
            ("SKIPPED", finding)
        }
    };
    json!({
        "annotationName": check.name,
        "status": status,
        "statusMessage": ascii_line(&finding.cause, CAUSE_CHARS_MAX),
        "remediationMessage": ascii_line(&finding.fix_in_full(), FIX_CHARS_MAX),
        "severityLevel": check.severity.as_str(),
    })
}

fn skipped(check: &Check, why: &str) -> Value {
    json!({ "annotationName": check.name, "status": "SKIPPED", "statusMessage": why })
}
