//! The function that the remediation runbook invokes: an event in, the outputs of the runbook out.
//!
//! It does not prompt. The event gives the consent and the key; this function creates no key. A
//! refusal, an unexpected result or the deadline is an error of one line, which fails the runbook.

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
use trailseal_remediation::{
    AwsReader, Mode, Notice, RemediationOutcome, Request, WaitPolicy, remediate_one,
};
use trailseal_rule::{KeyRef, Parameters, TrailArn};

pub use crate::error::RemediationError;
pub use crate::event::{Event, EventFaults};
pub use crate::log::RemediationLog;

use crate::error::Cause;
use crate::log::LoggedJournal;

/// How long to wait for AWS: short enough that the function ends before the runbook times out.
///
/// It does not wait for a delivery, which takes minutes, nor for a key: it creates none.
const WAIT_POLICY: WaitPolicy = WaitPolicy {
    propagation: Duration::from_secs(90),
    read_back: Duration::from_secs(20),
    pause: Duration::from_secs(2),
    wait: Duration::ZERO,
    between_trail_changes: Duration::from_secs(1),
};

/// The state of the function that is kept between invocations.
#[derive(Debug)]
pub struct Remediation {
    aws: Aws,
    session: Session,
    parameters: Parameters,
    log: RemediationLog,
}

impl Remediation {
    /// Creates the function for a rule with these parameters.
    pub fn new(aws: Aws, session: Session, parameters: Parameters, log: RemediationLog) -> Self {
        Self { aws, session, parameters, log }
    }

    /// Handles one event.
    ///
    /// # Errors
    ///
    /// One line: the faults of the event, every refusal of the planner, the first unexpected
    /// result, or the deadline. It names the journal if something was changed.
    pub async fn answer(&self, event: &[u8], deadline: Instant) -> Result<Value, RemediationError> {
        let mut journal = LoggedJournal::new(&self.log);
        let work = self.remediate(event, deadline, &mut journal);
        let (outcome, calls) = self.aws.count_calls(work).await;
        let outcome = outcome.map_err(|cause| RemediationError::new(cause, journal.id()));
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
        // Boxed: the type of the future nests too deeply for the compiler otherwise.
        let remediated =
            timeout_at(deadline, work.boxed_local()).await.map_err(|_| Cause::Deadline)??;
        answer::require_success(&remediated)?;
        Ok(remediated)
    }

    /// The function's role can change only trails of its own Region, and CloudTrail accepts changes
    /// only in the home Region.
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
