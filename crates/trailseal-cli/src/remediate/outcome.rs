//! The result for one trail, and what a run leaves as it is.

use std::path::PathBuf;

use serde::Serialize;
use trailseal_plan::{Plan, Progress, Refusals};
use trailseal_remediation::{DeliverySeen, PostCheck, Stop};
use trailseal_rule::Verdict;

use crate::console::Exit;

/// The result for one trail.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) trail: String,
    pub(super) plan: Option<Plan>,
    pub(super) journal: Option<PathBuf>,
    /// The progress according to the journal.
    pub(super) progress: Option<Progress>,
    pub(super) end: End,
}

#[derive(Debug)]
pub(super) enum End {
    /// The plan was shown.
    Planned,
    /// The trail gets the key that another plan creates, so its plan comes later.
    Follows(Follows),
    Refused(Refusals),
    /// The user did not confirm.
    Declined,
    /// The plan was applied.
    Done(Option<PostCheck>),
    /// The run did not begin; nothing was changed.
    Failed(String),
    Stopped(Stopped),
}

/// A trail that gets the key of another trail's plan.
#[derive(Debug)]
pub(super) struct Follows {
    /// The trail whose plan creates the key.
    pub(super) first: String,
    /// The statements that its own plan will add to the key's policy, each as JSON.
    pub(super) statements: Vec<String>,
}

/// What a run without names does not plan, although it may need a fix.
#[derive(Debug, Serialize)]
pub(super) struct NotPlanned {
    /// The ARN of a trail, an account and Region, or the file of the report.
    pub(super) what: String,
    pub(super) why: String,
    /// The lowest exit code of the run.
    #[serde(skip)]
    pub(super) exit: Exit,
}

/// Why a run stopped.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) why: String,
    /// Whether AWS denied a call because an IAM permission is missing.
    pub(super) is_denied: bool,
}

impl From<Stop> for Stopped {
    fn from(stop: Stop) -> Self {
        let is_denied = matches!(stop, Stop::Denied { denial: None, .. });
        Self { is_denied, why: stop.to_string() }
    }
}

impl Outcome {
    pub(super) fn without_plan(trail: &str, end: End) -> Self {
        Self { trail: trail.to_owned(), plan: None, journal: None, progress: None, end }
    }

    pub(super) fn exit(&self) -> Exit {
        match &self.end {
            End::Planned | End::Follows(_) => Exit::Clean,
            End::Refused(refusals) if is_nothing_to_do(refusals) => Exit::Clean,
            End::Refused(_) | End::Declined => Exit::Findings,
            End::Done(None) => Exit::Clean,
            End::Done(Some(after)) => match (&after.delivery, &after.judgement.verdict) {
                (DeliverySeen::Failed(_), _) => Exit::Failure,
                (_, Verdict::Sealed(_)) => Exit::Clean,
                (_, Verdict::Broken(_) | Verdict::Unverified(_) | Verdict::NotApplicable(_)) => {
                    Exit::Findings
                }
            },
            End::Failed(_) | End::Stopped(_) => Exit::Failure,
        }
    }

    /// Whether the run can continue with other trails.
    pub(super) fn is_as_expected(&self) -> bool {
        self.exit() != Exit::Failure
    }
}

/// Whether all reasons mean that there is nothing to do, which is a success.
fn is_nothing_to_do(refusals: &Refusals) -> bool {
    use trailseal_plan::RefusalCode::{AlreadySealed, NothingToBackOut};
    refusals.iter().all(|refusal| matches!(refusal.code, AlreadySealed | NothingToBackOut))
}
