//! The function's log: one JSON line for each request.
//!
//! *Invariant of absence*: IDs, verdicts, counts and the answer only, which names the key, the bucket
//! and the trail. Never another property, a policy document or a credential.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_aws::Calls;
use trailseal_lambda::JsonLines;

use crate::answer::HookAnswer;
use crate::judge::Judged;
use crate::request::{Asked, Request};

/// Where log lines go: Lambda collects them from the standard output.
#[derive(Debug)]
pub struct HookLog(JsonLines);

impl HookLog {
    /// A log that writes JSON lines to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(JsonLines::new(out))
    }

    pub(crate) fn write(&self, line: &Line<'_>) {
        // A request must not fail because of its log, and such a failure cannot be logged.
        let _ = self.0.write(&line.to_json());
    }
}

/// What is logged of a request.
pub(crate) struct Line<'a> {
    pub(crate) request: &'a Request,
    pub(crate) answer: &'a HookAnswer,
    pub(crate) judged: Option<Judged>,
    pub(crate) calls: BTreeMap<String, Calls>,
    pub(crate) elapsed: Duration,
}

impl Line<'_> {
    fn to_json(&self) -> Value {
        let trail = match &self.request.asked {
            Ok(Asked::Trail(trail)) => Some(trail),
            Ok(Asked::Nothing(_)) | Err(_) => None,
        };
        let is_failure = self.answer.error_code == Some("InternalFailure");
        let calls: BTreeMap<&String, u32> =
            self.calls.iter().map(|(name, calls)| (name, calls.attempts)).collect();
        json!({
            "level": if is_failure { "ERROR" } else { "INFO" },
            "message": "hook",
            "token": self.request.token,
            "account": trail.map(|trail| trail.account.as_str()),
            "region": self.judged.as_ref().map(|judged| judged.trail.region.as_str()),
            "logicalId": trail.map(|trail| trail.logical_id.as_str()),
            "trail": self.judged.as_ref().map(|judged| judged.trail.arn.as_str()),
            "hookStatus": self.answer.status(),
            "errorCode": self.answer.error_code,
            "answer": self.answer.message,
            "checks": self.judged.as_ref().map(checks),
            "calls": calls,
            "milliseconds": (self.elapsed.as_secs_f64() * 1e6).round() / 1e3,
        })
    }
}

fn checks(judged: &Judged) -> BTreeMap<&'static str, &'static str> {
    let results = judged.judgement.verdict.results().iter();
    results.map(|one| (one.check.as_str(), one.outcome.as_str())).collect()
}
