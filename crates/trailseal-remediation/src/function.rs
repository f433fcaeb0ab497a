//! The remediation function: what the runbook asks for in, a plan and what was done out.
//!
//! It never asks back: consent is what the event says, and a refusal, a doubt or a deadline is an
//! error, so that the runbook fails with one line. The key is the one that the event names; there
//! is no way to make one here.

mod answer;
mod error;
mod event;
mod log;

use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use trailseal_aws::{Aws, Session};
use trailseal_plan::{Consent, TargetKey};
use trailseal_rule::{KeyRef, Parameters, TrailArn};

pub use crate::function::error::RemediationError;
pub use crate::function::event::{Event, EventFaults};
pub use crate::function::log::RemediationLog;

use crate::execute::Notice;
use crate::function::error::Cause;
use crate::function::log::LoggedJournal;
use crate::read::AwsReader;
use crate::remediate_trail::{Mode, RemediationOutcome, Request, remediate_one};
use crate::wait::WaitPolicy;

/// How long to wait for AWS: so little that the function ends before the runbook stops to wait.
///
/// A delivery after the change is not waited for, since it comes minutes later.
const WAIT_POLICY: WaitPolicy = WaitPolicy {
    propagation: Duration::from_secs(90),
    read_back: Duration::from_secs(20),
    pause: Duration::from_secs(2),
    wait: Duration::ZERO,
    between_trail_changes: Duration::from_secs(1),
};

/// The remediation function, as it stays warm between two invocations.
#[derive(Debug)]
pub struct Remediation {
    aws: Aws,
    session: Session,
    parameters: Parameters,
    log: RemediationLog,
}

impl Remediation {
    /// A function that asks AWS as `aws`, within `session`, for a rule with these parameters.
    #[must_use]
    pub fn new(aws: Aws, session: Session, parameters: Parameters, log: RemediationLog) -> Self {
        Self { aws, session, parameters, log }
    }

    /// Answers one event.
    ///
    /// # Errors
    ///
    /// What keeps the trail from being sealed, in one line: the event's faults, every refusal of
    /// the planner, the first doubt, or that the time was up. Where something was changed, it names
    /// the journal.
    pub async fn answer(&self, event: &[u8], deadline: Instant) -> Result<Value, RemediationError> {
        drop(self.aws.calls().take());
        let mut journal = LoggedJournal::new(&self.log);
        let outcome = self.remediate(event, deadline, &mut journal).await;
        let outcome = outcome.map_err(|cause| RemediationError::new(cause, journal.id()));
        let calls = self.aws.calls().take();
        if calls.values().any(|calls| calls.expired > 0) {
            // They ended before their time: a retry must not meet them again.
            self.aws.forget_roles();
        }
        self.log.finished(&outcome, &calls);
        outcome.map(|remediated| answer::answer(&remediated, journal.lines()))
    }

    async fn remediate(
        &self,
        event: &[u8],
        deadline: Instant,
        journal: &mut LoggedJournal<'_>,
    ) -> Result<RemediationOutcome, Cause> {
        let event = Event::parse(event)?;
        self.refuse_other_region(&event.trail)?;
        let mode = if event.is_dry_run { Mode::DryRun } else { Mode::Apply };
        let consent = Consent { replace_key: event.may_replace_key, ..Consent::default() };
        let request = Request {
            trail: event.trail,
            target_key: TargetKey::Existing(KeyRef::Key(event.key)),
            consent,
            mode,
        };
        let key_role = self.parameters.key_account_role_name.as_ref();
        let reader =
            AwsReader { aws: &self.aws, session: &self.session, delegation: None, key_role };
        let mut quietly = |_: Notice<'_>| {};
        let work =
            remediate_one(reader, &self.parameters, &request, journal, &WAIT_POLICY, &mut quietly);
        // Boxed, because the types of all that is awaited within would nest too deeply to compile.
        let remediated =
            timeout_at(deadline, work.boxed_local()).await.map_err(|_| Cause::Deadline)??;
        answer::proven(&remediated)?;
        Ok(remediated)
    }

    /// The role may change trails of its own Region only, and CloudTrail takes changes in the home
    /// Region only.
    fn refuse_other_region(&self, trail: &str) -> Result<(), Cause> {
        let own = self.session.region();
        match TrailArn::parse(trail) {
            Ok(arn) if arn.home_region() != own => Err(Cause::OtherRegion {
                trail: trail.to_owned(),
                home: arn.home_region().to_string(),
                own: own.to_string(),
            }),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// The parameters of the rule as the deployment hands them over: a JSON object, or nothing.
///
/// # Errors
///
/// What is no JSON object, or every parameter that is wrong.
pub fn read_parameters(text: Option<&str>) -> Result<Parameters, String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("{}");
    let given: Value = serde_json::from_str(text)
        .map_err(|error| format!("is no JSON (column {})", error.column()))?;
    let given = given.as_object().ok_or("is no JSON object")?;
    Parameters::parse(given).map_err(|faults| faults.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_the_rule() {
        for nothing in [None, Some(""), Some(" "), Some("{}"), Some("{\"profile\":\"\"}")] {
            assert_eq!(read_parameters(nothing).unwrap(), Parameters::default());
        }
        let strict = read_parameters(Some("{\"requireKeyRotation\":\"true\"}")).unwrap();
        assert!(strict.require_key_rotation);
        assert_eq!(read_parameters(Some("[1]")).unwrap_err(), "is no JSON object");
        assert_eq!(read_parameters(Some("{,}")).unwrap_err(), "is no JSON (column 2)");
        let faults = read_parameters(Some("{\"profile\":\"loose\",\"x\":\"\"}")).unwrap_err();
        assert!(faults.contains("`loose`") && faults.contains("`ruleParameters.x`"), "{faults}");
    }
}
