//! What came of one trail.

use std::path::PathBuf;

use trailseal_plan::{Plan, Progress, Refusals};
use trailseal_remediation::{DeliverySeen, PostCheck, Stop};
use trailseal_rule::Verdict;

use crate::console::Exit;

/// What came of one trail.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The trail as it was named.
    pub(super) trail: String,
    /// The plan, where there is one.
    pub(super) plan: Option<Plan>,
    /// The journal, where there is one.
    pub(super) journal: Option<PathBuf>,
    /// Where things stand by the journal.
    pub(super) progress: Option<Progress>,
    /// How it ended.
    pub(super) end: End,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// The plan was shown.
    Planned,
    /// The plan comes later: the trail gets the key that another plan makes.
    Follows(Follows),
    /// The planner refuses.
    Refused(Refusals),
    /// The user did not say yes.
    Declined,
    /// The plan was carried out.
    Done(Option<PostCheck>),
    /// It could not be begun; nothing was changed.
    Failed(String),
    /// It was begun and not gone on with.
    Stopped(Stopped),
}

/// A trail that gets the key of another one's plan.
#[derive(Debug)]
pub(super) struct Follows {
    /// The trail whose plan makes the key.
    pub(super) first: String,
    /// The statements that its own plan will add to the key's policy, each as JSON.
    pub(super) statements: Vec<String>,
}

/// Why a plan was not gone on with.
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
    /// An end without a plan.
    pub(super) fn without_plan(trail: &str, end: End) -> Self {
        Self { trail: trail.to_owned(), plan: None, journal: None, progress: None, end }
    }

    /// The exit code that it asks for.
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

    /// Whether other trails may still be gone on with.
    pub(super) fn is_no_doubt(&self) -> bool {
        self.exit() != Exit::Failure
    }
}

/// Nothing to do is no refusal to whoever asks whether all is done.
pub(super) fn is_nothing_to_do(refusals: &Refusals) -> bool {
    use trailseal_plan::RefusalCode::{AlreadySealed, NothingToBackOut};
    refusals.iter().all(|refusal| matches!(refusal.code, AlreadySealed | NothingToBackOut))
}
